;; Names that JavaScript finds on every object, or takes for a promise, are
;; names like any other.
(component
  (core module $M
    (func (export "one") (result i32) (i32.const 1))
    (func (export "two") (result i32) (i32.const 2)))
  (core instance $m (instantiate $M))
  (func (export "then") (result u32) (canon lift (core func $m "one")))
  (func (export "constructor") (result u32) (canon lift (core func $m "two")))
  (func (export "to-string") (result u32) (canon lift (core func $m "one")))
  (func (export "value-of") (result u32) (canon lift (core func $m "two")))
  (func (export "has-own-property") (result u32) (canon lift (core func $m "one")))
)
(assert_return (invoke "then") (u32.const 1))
(assert_return (invoke "constructor") (u32.const 2))
(assert_return (invoke "to-string") (u32.const 1))
(assert_return (invoke "value-of") (u32.const 2))
(assert_return (invoke "has-own-property") (u32.const 1))

;; The same names inside: an import called constructor is what is given for it.
(component
  (component $Giver
    (core module $M (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))
    (core instance $m (instantiate $M))
    (func (export "constructor") (param "value" u32) (result u32) (canon lift (core func $m "f"))))
  (component $Taker
    (import "constructor" (func $f (param "value" u32) (result u32)))
    (core func $lowered (canon lower (func $f)))
    (core module $M
      (import "constructor" "prototype" (func $f (param i32) (result i32)))
      (func (export "run") (result i32) (call $f (i32.const 41))))
    (core instance $m (instantiate $M (with "constructor" (instance (export "prototype" (func $lowered))))))
    (func (export "run") (result u32) (canon lift (core func $m "run"))))
  (instance $giver (instantiate $Giver))
  (instance $taker (instantiate $Taker (with "constructor" (func $giver "constructor"))))
  (func (export "run") (alias export $taker "run"))
)
(assert_return (invoke "run") (u32.const 42))
