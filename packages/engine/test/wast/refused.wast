;; A core module is validated although nothing instantiates it.
(assert_invalid
  (component (core module (func (result i32) (i64.const 0))))
  "type mismatch")
(assert_invalid
  (component (component (core module (func (local.get 3)))))
  "unknown local")

;; What is asynchronous is refused by name when a component is loaded.
(component
  (core module $M (func (export "f")))
  (core instance $m (instantiate $M))
  (func (export "f") async (canon lift (core func $m "f") async)))
(assert_return (invoke "f"))
(component definition (type (stream u8)))
(component definition (type (future u8)))
(component definition (core func (canon task.return)))

;; Bytes that end too early, have a section too many, or lie about a length.
(assert_malformed (component binary "\00asm\0d\00\01") "unexpected end")
(assert_malformed (component binary "\00asm\0d\00\01\00" "\07\ff\ff\ff\ff\0f") "unexpected end")
(assert_malformed (component binary "\00asm\0d\00\01\00" "\0d\00") "malformed section id")
