;; primes: trial division by all smaller numbers up to the root.
(module
  (func $is-prime (param $n i32) (result i32)
    (local $d i32)
    (if (i32.lt_u (local.get $n) (i32.const 2)) (then (return (i32.const 0))))
    (local.set $d (i32.const 2))
    (block $yes
      (loop $next
        (br_if $yes (i32.gt_u (i32.mul (local.get $d) (local.get $d)) (local.get $n)))
        (if (i32.eqz (i32.rem_u (local.get $n) (local.get $d))) (then (return (i32.const 0))))
        (local.set $d (i32.add (local.get $d) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  (func (export "acme:primes/primes@1.0.0#count") (param $below i32) (result i32)
    (local $n i32) (local $count i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $n) (local.get $below)))
        (local.set $count (i32.add (local.get $count) (call $is-prime (local.get $n))))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $count)))
