;; corpus: lies to its host about lists, text and pointers.
;;
;; Static memory: 0..15 result area of the exports, 16..31 result area of
;; `log.write`, 32.. text, from 1024 up what the host writes.
(module
  (import "airssys:core/log@0.1.0" "write"
    (func $write (param $level i32) (param $message i32) (param $length i32)
      (param $context i32) (param $fields i32) (param $result i32)))

  (memory (export "memory") 1)

  (data (i32.const 32) "pong")
  (data (i32.const 40) "\ff\fe\fd")

  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.gt_u (local.get $size) (i32.const 64512)) (then unreachable))
    (i32.const 1024))

  ;; A list or a string: where it is, and how long.
  (func $answer (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (i32.const 0))

  (func (export "evil:corpus/corpus@0.0.1#ping") (result i32)
    (call $answer (i32.const 32) (i32.const 4)))

  (func (export "evil:corpus/corpus@0.0.1#bomb") (result i32)
    (call $answer (i32.const 0) (i32.const 0xffff_fff0)))

  (func (export "evil:corpus/corpus@0.0.1#lie") (result i32)
    (call $answer (i32.const 40) (i32.const 3)))

  (func (export "evil:corpus/corpus@0.0.1#smuggle")
    (call $write (i32.const 2) (i32.const 0xffff_0000) (i32.const 64)
      (i32.const 0) (i32.const 0) (i32.const 16)))

  (func (export "evil:corpus/corpus@0.0.1#flood") (result i32)
    (local $lines i32)
    (loop $more
      (call $write (i32.const 2) (i32.const 32) (i32.const 4)
        (i32.const 0) (i32.const 0) (i32.const 16))
      (if (i32.eqz (i32.load8_u (i32.const 16)))
        (then
          (local.set $lines (i32.add (local.get $lines) (i32.const 1)))
          (br $more))))
    (local.get $lines)))
