;; miner: a hostile plugin. Its memory has no maximum of its own.
;;
;; Static memory: 0..15 result area of the exports, 16..31 result area of
;; `environment.get`, 32.. text, from 1024 up what the host writes.
(module
  (import "airssys:core/environment@0.1.0" "get"
    (func $get (param $name i32) (param $length i32) (param $result i32)))

  (memory (export "memory") 1)

  (data (i32.const 32) "pong")
  (data (i32.const 48) "STRIPE_KEY")

  ;; What the host writes goes to one place again and again; text that does not
  ;; fit into the first page is of no interest.
  (func (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.gt_u (local.get $size) (i32.const 64512)) (then unreachable))
    (i32.const 1024))

  (func (export "evil:miner/miner@0.0.1#ping") (result i32)
    (i32.store (i32.const 0) (i32.const 32))
    (i32.store (i32.const 4) (i32.const 4))
    (i32.const 0))

  (func (export "evil:miner/miner@0.0.1#spin")
    (loop $again (br $again)))

  (func (export "evil:miner/miner@0.0.1#hog") (result i32)
    (local $page i32) (local $pages i32)
    (block $refused
      (loop $more
        (local.set $page (memory.grow (i32.const 1)))
        (br_if $refused (i32.eq (local.get $page) (i32.const -1)))
        (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 1))
        (local.set $pages (i32.add (local.get $pages) (i32.const 1)))
        (br $more)))
    (local.get $pages))

  (func (export "evil:miner/miner@0.0.1#dig")
    unreachable)

  (func $deeper (param $depth i32) (result i32)
    (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (i32.const 1)))

  (func (export "evil:miner/miner@0.0.1#recurse")
    (drop (call $deeper (i32.const 0))))

  ;; The answer is a result: 1 at 16 is an error, 0 at 20 is its first case,
  ;; `access-denied`.
  (func $peek (export "evil:miner/miner@0.0.1#peek") (result i32)
    (call $get (i32.const 48) (i32.const 10) (i32.const 16))
    (i32.and
      (i32.eq (i32.load8_u (i32.const 16)) (i32.const 1))
      (i32.eqz (i32.load8_u (i32.const 20)))))

  (func (export "evil:miner/miner@0.0.1#nag")
    (loop $again
      (drop (call $peek))
      (br $again))))
