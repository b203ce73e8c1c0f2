/**
 * The guests of the component suite, as text.
 *
 * `wat` is the core module of the component and, unchanged, the module that
 * the `core` contender instantiates by itself. `plugin` does the same for
 * Extism's interface.
 */

export const hostId = "bench:suite/host@0.1.0"
export const guestId = "bench:suite/guest@0.1.0"

export const wit = `package bench:suite@0.1.0;

interface host {
  add: func(a: u32, b: u32) -> u32;
  echo: func(text: string) -> string;
  add-later: func(a: u32, b: u32) -> u32;
}

interface guest {
  record item { id: u32, weight: f64, active: bool, name: string }
  record size { width: u32, height: u32 }
  variant shape { empty, dot(u32), circle(f64), box(size) }

  add: func(a: u32, b: u32) -> u32;
  echo: func(text: string) -> string;
  echo-bytes: func(bytes: list<u8>) -> list<u8>;
  echo-item: func(item: item) -> item;
  echo-shape: func(shape: shape) -> shape;
  divide: func(a: u32, b: u32) -> result<u32, string>;

  resource counter {
    constructor(start: u32);
    increase: func(by: u32) -> u32;
  }
  /// How many counters have been dropped.
  dropped: func() -> u32;

  /// Adds 1 to 0 so many times through the host.
  add-often: func(times: u32) -> u32;
  /// Has the host echo the text so many times; the lengths and last bytes that came back, summed.
  echo-often: func(text: string, times: u32) -> u32;
  /// \`add-often\` through the function of the host that answers later.
  add-later-often: func(times: u32) -> u32;
}

world suite {
  import host;
  export guest;
}
`

/** What is exported and imported under the component's binary conventions. */
/** The error of `divide`. */
export const divisionByZero = "division by zero"

const exported = (name: string): string => `${guestId}#${name}`

export const wat = `(module
  (import "${hostId}" "add" (func $host-add (param i32 i32) (result i32)))
  (import "${hostId}" "echo" (func $host-echo (param i32 i32 i32)))
  (import "${hostId}" "add-later" (func $host-add-later (param i32 i32) (result i32)))
  (import "[export]${guestId}" "[resource-new]counter" (func $counter-new (param i32) (result i32)))
  (memory (export "memory") 3)
  (global $heap (mut i32) (i32.const 1024))
  (global $free-counter (mut i32) (i32.const 0))
  (global $next-counter (mut i32) (i32.const 640))
  (global $dropped (mut i32) (i32.const 0))
  (data (i32.const 512) "${divisionByZero}")

  (func $realloc (export "cabi_realloc")
    (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $heap) (i32.const 196608)) (then unreachable))
    (if (local.get $old-size)
      (then (memory.copy (local.get $at) (local.get $old) (local.get $old-size))))
    (local.get $at))

  (func $free-all (param i32) (global.set $heap (i32.const 1024)))
  (export "cabi_post_${exported("echo")}" (func $free-all))
  (export "cabi_post_${exported("echo-bytes")}" (func $free-all))
  (export "cabi_post_${exported("echo-item")}" (func $free-all))
  (export "cabi_post_${exported("echo-often")}" (func $free-all))

  (func (export "${exported("add")}") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))

  (func (export "${exported("echo")}") (export "${
  exported("echo-bytes")
}") (param $text i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $length))
    (i32.const 0))

  (func (export "${exported("echo-item")}")
    (param $id i32) (param $weight f64) (param $active i32) (param $name i32) (param $length i32) (result i32)
    (i32.store (i32.const 0) (local.get $id))
    (f64.store (i32.const 8) (local.get $weight))
    (i32.store8 (i32.const 16) (local.get $active))
    (i32.store (i32.const 20) (local.get $name))
    (i32.store (i32.const 24) (local.get $length))
    (i32.const 0))

  (func (export "${exported("echo-shape")}") (param $case i32) (param $first i64) (param $second i32) (result i32)
    (i32.store8 (i32.const 0) (local.get $case))
    (i64.store (i32.const 8) (local.get $first))
    (if (i32.eq (local.get $case) (i32.const 3)) (then (i32.store (i32.const 12) (local.get $second))))
    (i32.const 0))

  (func (export "${exported("divide")}") (param $a i32) (param $b i32) (result i32)
    (i32.store8 (i32.const 0) (i32.eqz (local.get $b)))
    (if (local.get $b)
      (then (i32.store (i32.const 4) (i32.div_u (local.get $a) (local.get $b))))
      (else (i32.store (i32.const 4) (i32.const 512)) (i32.store (i32.const 8) (i32.const ${divisionByZero.length}))))
    (i32.const 0))

  (func (export "${exported("[constructor]counter")}") (param $start i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free-counter))
    (if (local.get $at)
      (then (global.set $free-counter (i32.load (local.get $at))))
      (else
        (local.set $at (global.get $next-counter))
        (if (i32.ge_u (local.get $at) (i32.const 1024)) (then unreachable))
        (global.set $next-counter (i32.add (local.get $at) (i32.const 4)))))
    (i32.store (local.get $at) (local.get $start))
    (call $counter-new (local.get $at)))

  (func (export "${exported("[method]counter.increase")}") (param $at i32) (param $by i32) (result i32)
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $by)))
    (i32.load (local.get $at)))

  (func (export "${exported("[dtor]counter")}") (param $at i32)
    (i32.store (local.get $at) (global.get $free-counter))
    (global.set $free-counter (local.get $at))
    (global.set $dropped (i32.add (global.get $dropped) (i32.const 1))))

  (func (export "${exported("dropped")}") (result i32) (global.get $dropped))

  (func (export "${exported("add-often")}") (param $times i32) (result i32)
    (local $sum i32)
    (loop $again
      (if (local.get $times) (then
        (local.set $sum (call $host-add (local.get $sum) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (local.get $sum))

  (func (export "${exported("add-later-often")}") (param $times i32) (result i32)
    (local $sum i32)
    (loop $again
      (if (local.get $times) (then
        (local.set $sum (call $host-add-later (local.get $sum) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (local.get $sum))

  (func (export "${exported("echo-often")}") (param $text i32) (param $length i32) (param $times i32) (result i32)
    (local $sum i32)
    (local $heap i32)
    (local.set $heap (global.get $heap))
    (loop $again
      (if (local.get $times) (then
        (call $host-echo (local.get $text) (local.get $length) (i32.const 0))
        (local.set $sum (i32.add (local.get $sum) (i32.add
          (i32.load (i32.const 4))
          (i32.load8_u (i32.sub (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 4))) (i32.const 1))))))
        (global.set $heap (local.get $heap))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (local.get $sum))
)`

/**
 * Input and output are copied between Extism's blocks and the plugin's own
 * memory eight bytes at a time, as its PDKs do: a component finds its
 * arguments in its own memory too.
 */
export const plugin = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load-u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load-u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store-u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store-u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input-length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input-load-u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input-load-u64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output-set (param i64 i64)))
  (import "extism:host/user" "add" (func $host-add (param i32 i32) (result i32)))
  (import "extism:host/user" "echo" (func $host-echo (param i64) (result i64)))
  (import "extism:host/user" "add_later" (func $host-add-later (param i32 i32) (result i32)))
  (memory (export "memory") 3)

  (func $read-input (param $to i32) (result i32)
    (local $length i32) (local $at i32)
    (local.set $length (i32.wrap_i64 (call $input-length)))
    (block $words-done (loop $words
      (br_if $words-done (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $to) (local.get $at))
        (call $input-load-u64 (i64.extend_i32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $words)))
    (block $done (loop $bytes
      (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
      (i32.store8 (i32.add (local.get $to) (local.get $at))
        (call $input-load-u8 (i64.extend_i32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $bytes)))
    (local.get $length))

  (func $store (param $from i32) (param $length i32) (result i64)
    (local $block i64) (local $at i32)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (block $words-done (loop $words
      (br_if $words-done (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $length)))
      (call $store-u64 (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
        (i64.load (i32.add (local.get $from) (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $words)))
    (block $done (loop $bytes
      (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
      (call $store-u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u (i32.add (local.get $from) (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $bytes)))
    (local.get $block))

  (func $load (param $block i64) (param $to i32) (result i32)
    (local $length i32) (local $at i32)
    (local.set $length (i32.wrap_i64 (call $length (local.get $block))))
    (block $words-done (loop $words
      (br_if $words-done (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $length)))
      (i64.store (i32.add (local.get $to) (local.get $at))
        (call $load-u64 (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $words)))
    (block $done (loop $bytes
      (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
      (i32.store8 (i32.add (local.get $to) (local.get $at))
        (call $load-u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $bytes)))
    (local.get $length))

  (func $write-u32 (param $value i32)
    (i32.store (i32.const 0) (local.get $value))
    (call $output-set (call $store (i32.const 0) (i32.const 4)) (i64.const 4)))

  (func (export "add") (result i32)
    (drop (call $read-input (i32.const 0)))
    (call $write-u32 (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 4))))
    (i32.const 0))

  (func (export "echo") (result i32)
    (local $length i32)
    (local.set $length (call $read-input (i32.const 1024)))
    (call $output-set (call $store (i32.const 1024) (local.get $length)) (i64.extend_i32_u (local.get $length)))
    (i32.const 0))

  (func (export "add_often") (result i32)
    (local $times i32) (local $sum i32)
    (drop (call $read-input (i32.const 0)))
    (local.set $times (i32.load (i32.const 0)))
    (loop $again
      (if (local.get $times) (then
        (local.set $sum (call $host-add (local.get $sum) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (call $write-u32 (local.get $sum))
    (i32.const 0))

  (func (export "add_later_often") (result i32)
    (local $times i32) (local $sum i32)
    (drop (call $read-input (i32.const 0)))
    (local.set $times (i32.load (i32.const 0)))
    (loop $again
      (if (local.get $times) (then
        (local.set $sum (call $host-add-later (local.get $sum) (i32.const 1)))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (call $write-u32 (local.get $sum))
    (i32.const 0))

  (func (export "echo_often") (result i32)
    (local $times i32) (local $sum i32) (local $length i32) (local $asked i64) (local $answer i64)
    (local.set $length (i32.sub (call $read-input (i32.const 1020)) (i32.const 4)))
    (local.set $times (i32.load (i32.const 1020)))
    (loop $again
      (if (local.get $times) (then
        (local.set $asked (call $store (i32.const 1024) (local.get $length)))
        (local.set $answer (call $host-echo (local.get $asked)))
        (local.set $sum (i32.add (local.get $sum) (call $load (local.get $answer) (i32.const 8192))))
        (local.set $sum (i32.add (local.get $sum)
          (i32.load8_u (i32.add (i32.const 8191) (i32.wrap_i64 (call $length (local.get $answer)))))))
        (call $free (local.get $asked))
        (call $free (local.get $answer))
        (local.set $times (i32.sub (local.get $times) (i32.const 1)))
        (br $again))))
    (call $write-u32 (local.get $sum))
    (i32.const 0))
)`
