;; totals: the canonical ABI by hand.
;;
;; Static memory: 0..15 result area of the export, 16..31 result area of
;; `log.write`, 32..79 the two fields of the log line, 96.. text. Everything
;; from 1024 up is given out by `cabi_realloc` and taken back when the export
;; has returned.
(module
  (import "airssys:core/log@0.1.0" "write"
    (func $write (param $level i32) (param $message i32) (param $length i32)
      (param $context i32) (param $fields i32) (param $result i32)))

  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))

  (data (i32.const 96) "summed")
  (data (i32.const 104) "lines")
  (data (i32.const 112) "cents")

  ;; Gives out memory in ascending order and grows it when it ends.
  (func $realloc (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (if (i32.lt_u (local.get $end) (local.get $at)) (then unreachable))
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq
              (memory.grow
                (i32.add
                  (i32.shr_u
                    (i32.sub (i32.sub (local.get $end) (i32.const 1)) (i32.shl (memory.size) (i32.const 16)))
                    (i32.const 16))
                  (i32.const 1)))
              (i32.const -1))
          (then unreachable))))
    (memory.copy (local.get $at) (local.get $old) (local.get $old-size))
    (global.set $top (local.get $end))
    (local.get $at))

  (func $reset (param i32)
    (global.set $top (i32.const 1024)))
  (export "cabi_post_acme:totals/totals@1.0.0#sum" (func $reset))
  (export "cabi_post_acme:totals/totals@1.0.0#echo" (func $reset))

  ;; One log line at level info: "summed" with lines and cents as integers.
  ;; Whatever the host answers, the sum stands.
  (func $log (param $lines i32) (param $cents i64)
    (i32.store (i32.const 32) (i32.const 104))
    (i32.store (i32.const 36) (i32.const 5))
    (i32.store8 (i32.const 40) (i32.const 1))
    (i64.store (i32.const 48) (i64.extend_i32_u (local.get $lines)))
    (i32.store (i32.const 56) (i32.const 112))
    (i32.store (i32.const 60) (i32.const 5))
    (i32.store8 (i32.const 64) (i32.const 1))
    (i64.store (i32.const 72) (local.get $cents))
    (call $write
      (i32.const 2)
      (i32.const 96) (i32.const 6)
      (i32.const 32) (i32.const 2)
      (i32.const 16)))

  (func (export "acme:totals/totals@1.0.0#sum") (param $lines i32) (param $count i32) (result i32)
    (local $at i32) (local $end i32) (local $total i64)
    (local.set $at (local.get $lines))
    (local.set $end (i32.add (local.get $lines) (i32.shl (local.get $count) (i32.const 3))))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $total
          (i64.add (local.get $total)
            (i64.mul (i64.load32_u (local.get $at)) (i64.load32_u offset=4 (local.get $at)))))
        (if (i64.gt_u (local.get $total) (i64.const 0xffffffff))
          (then
            (i32.store8 (i32.const 0) (i32.const 1))
            (i32.store8 (i32.const 4) (i32.const 0))
            (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (call $log (local.get $count) (local.get $total))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i64.store32 (i32.const 4) (local.get $total))
    (i32.const 0))

  (func (export "acme:totals/totals@1.0.0#add") (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b)))

  (func (export "acme:totals/totals@1.0.0#echo") (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (i32.const 0))

  (func (export "acme:totals/totals@1.0.0#echo-line") (param $quantity i32) (param $cents i32) (result i32)
    (i32.store (i32.const 0) (local.get $quantity))
    (i32.store (i32.const 4) (local.get $cents))
    (i32.const 0)))
