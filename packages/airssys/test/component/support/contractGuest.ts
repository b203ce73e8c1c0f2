/**
 * Source of the component that `ComponentEngineTest` runs.
 */
import { component, memory } from "./guests.ts"

export const wit = `package airssys:contract@1.0.0;
interface host {
  ask: func(question: string) -> result<string, string>;
  tick: func() -> u32;
}
interface echo {
  record point { x: u32, far-away: s64, label: string }
  flags rights { read, write-all, owner }
  enum colour { red, dark-green, blue }
  variant shape { nothing, circle(u32), text(string) }
  a-bool: func(v: bool) -> bool;
  a-s8: func(v: s8) -> s8;
  a-u8: func(v: u8) -> u8;
  a-s16: func(v: s16) -> s16;
  a-u16: func(v: u16) -> u16;
  a-s32: func(v: s32) -> s32;
  a-u32: func(v: u32) -> u32;
  a-s64: func(v: s64) -> s64;
  a-u64: func(v: u64) -> u64;
  a-f32: func(v: f32) -> f32;
  a-f64: func(v: f64) -> f64;
  a-char: func(v: char) -> char;
  a-string: func(v: string) -> string;
  bytes: func(v: list<u8>) -> list<u8>;
  words: func(v: list<u32>) -> list<u32>;
  strings: func(v: list<string>) -> list<string>;
  nested: func(v: list<list<s16>>) -> list<list<s16>>;
  maybe: func(v: option<u32>) -> option<u32>;
  maybe-maybe: func(v: option<option<u32>>) -> option<option<u32>>;
  pair: func(v: tuple<u32, string>) -> tuple<u32, string>;
  a-point: func(v: point) -> point;
  points: func(v: list<point>) -> list<point>;
  a-rights: func(v: rights) -> rights;
  a-colour: func(v: colour) -> colour;
  a-shape: func(v: shape) -> shape;
  outcome: func(v: result<u32, string>) -> result<u32, string>;
  outcomes: func(v: list<result<u32, string>>) -> list<result<u32, string>>;
  done: func(v: result) -> result;
}
interface faults {
  unreachable: func();
  memory-out-of-bounds: func() -> u32;
  table-out-of-bounds: func();
  bad-indirect-call: func();
  integer-overflow: func() -> s32;
  division-by-zero: func() -> u32;
  bad-conversion: func() -> s32;
  recurse: func() -> u32;
  spin: func();
  not-utf8: func() -> string;
  not-a-char: func() -> char;
  not-a-colour: func() -> colour;
  not-in-memory: func() -> list<u8>;
  amplified: func() -> list<list<u8>>;
  enum colour { red, blue }
}
interface work {
  add: func(a: u32, b: u32) -> u32;
  count: func() -> u32;
  grow: func(pages: u32) -> s32;
  relay: func(question: string) -> result<string, string>;
  tick-twice: func() -> u32;
  stubborn: func(question: string) -> u32;
  stubborn-spin: func() -> u32;
  stubborn-recurse: func() -> u32;
  stubborn-text: func() -> u32;
  babble: func();
  rounds: func(count: u32) -> u32;
}
world contract { import host; export echo; export faults; export work; }`

type Flat = "i32" | "i64" | "f32" | "f64"

const ns = (name: string) => `airssys:contract/${name}@1.0.0`

const same = (name: string, type: Flat) =>
  `(func (export "${ns("echo")}#${name}") (param ${type}) (result ${type}) local.get 0)`

/** Stores its flat parameters at 1024 by the layout of the type, and returns that address. */
const spill = (name: string, fields: ReadonlyArray<readonly [type: Flat, op: string, at: number]>) =>
  `(func (export "${ns("echo")}#${name}") (param ${fields.map(([type]) => type).join(" ")}) (result i32)
    ${fields.map(([, op, at], i) => `(${op} (i32.const ${1024 + at}) (local.get ${i}))`).join("\n    ")}
    (i32.const 1024))`

const word = (at: number) => ["i32", "i32.store", at] as const
const byte = (at: number) => ["i32", "i32.store8", at] as const

const fault = (name: string, body: string, result = "") => `(func (export "${ns("faults")}#${name}") ${result} ${body})`

export const wat = `(module
 (import "${ns("host")}" "ask" (func $ask (param i32 i32 i32)))
 (import "${ns("host")}" "tick" (func $tick (result i32)))
 (type $nothing (func))
 (table 2 funcref)
 (elem (i32.const 0) $one)
 (func $one (param i32))
 ${memory(1, `(data (i32.const 512) "\\ff\\fe") (data (i32.const 520) "\\00\\02\\00\\00\\02\\00\\00\\00")`)}
 ${["a-bool", "a-s8", "a-u8", "a-s16", "a-u16", "a-s32", "a-u32", "a-char"].map((_) => same(_, "i32")).join("\n ")}
 ${["a-rights", "a-colour", "done"].map((_) => same(_, "i32")).join("\n ")}
 ${same("a-s64", "i64")} ${same("a-u64", "i64")} ${same("a-f32", "f32")} ${same("a-f64", "f64")}
 ${
  ["a-string", "bytes", "words", "strings", "nested", "points", "outcomes"].map((_) => spill(_, [word(0), word(4)]))
    .join("\n ")
}
 ${spill("maybe", [byte(0), word(4)])}
 ${spill("maybe-maybe", [byte(0), byte(4), word(8)])}
 ${spill("pair", [word(0), word(4), word(8)])}
 ${spill("a-point", [word(0), ["i64", "i64.store", 8], word(16), word(20)])}
 ${spill("a-shape", [byte(0), word(4), word(8)])}
 ${spill("outcome", [byte(0), word(4), word(8)])}
 ${fault("unreachable", "unreachable")}
 ${fault("memory-out-of-bounds", "(i32.load (i32.const -8))", "(result i32)")}
 ${fault("table-out-of-bounds", "(call_indirect (type $nothing) (i32.const 7))")}
 ${fault("bad-indirect-call", "(call_indirect (type $nothing) (i32.const 0))")}
 ${fault("integer-overflow", "(i32.div_s (i32.load (i32.const 2048)) (i32.load (i32.const 2052)))", "(result i32)")}
 ${fault("division-by-zero", "(i32.div_u (i32.const 1) (i32.load (i32.const 2056)))", "(result i32)")}
 ${fault("bad-conversion", "(i32.trunc_f64_s (f64.load (i32.const 2064)))", "(result i32)")}
 (data (i32.const 2048) "\\00\\00\\00\\80\\ff\\ff\\ff\\ff")
 (data (i32.const 2064) "\\00\\00\\00\\00\\00\\00\\f8\\7f")
 (func $recurse (export "${ns("faults")}#recurse") (result i32) (i32.add (call $recurse) (i32.const 1)))
 ${fault("spin", "(loop $again (br $again))")}
 ${
  fault(
    "not-utf8",
    "(i32.store (i32.const 1024) (i32.const 512)) (i32.store (i32.const 1028) (i32.const 2)) (i32.const 1024)",
    "(result i32)"
  )
}
 ${fault("not-a-char", "(i32.const 0xd800)", "(result i32)")}
 ${fault("not-a-colour", "(i32.const 9)", "(result i32)")}
 ${
  fault(
    "not-in-memory",
    "(i32.store (i32.const 1024) (i32.const 65000)) (i32.store (i32.const 1028) (i32.const 0x100000)) (i32.const 1024)",
    "(result i32)"
  )
}
 (func (export "${ns("faults")}#amplified") (result i32) (local $i i32)
   (loop $next
     (i32.store (i32.add (i32.const 16384) (i32.shl (local.get $i) (i32.const 3))) (i32.const 0))
     (i32.store (i32.add (i32.const 16388) (i32.shl (local.get $i) (i32.const 3))) (i32.const 65536))
     (local.set $i (i32.add (local.get $i) (i32.const 1)))
     (br_if $next (i32.lt_u (local.get $i) (i32.const 6000))))
   (i32.store (i32.const 1024) (i32.const 16384)) (i32.store (i32.const 1028) (i32.const 6000)) (i32.const 1024))
 (func (export "${ns("work")}#add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
 (global $count (mut i32) (i32.const 0))
 (func (export "${ns("work")}#count") (result i32)
   (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
 (func (export "${ns("work")}#grow") (param i32) (result i32) (memory.grow (local.get 0)))
 (func (export "${ns("work")}#relay") (param i32 i32) (result i32)
   (call $ask (local.get 0) (local.get 1) (i32.const 1024)) (i32.const 1024))
 (func (export "${ns("work")}#tick-twice") (result i32) (i32.add (call $tick) (call $tick)))
 (func (export "${ns("work")}#stubborn") (param i32 i32) (result i32)
   (block $caught
     (try_table (catch_all $caught) (call $ask (local.get 0) (local.get 1) (i32.const 1024)))
     (return (i32.const 0)))
   (call $tick))
 (func (export "${ns("work")}#stubborn-spin") (result i32)
   (block $caught (try_table (catch_all $caught) (loop $again (br $again))))
   (call $tick))
 (func (export "${ns("work")}#stubborn-recurse") (result i32)
   (block $caught (try_table (catch_all $caught) (drop (call $recurse))))
   (call $tick))
 (func (export "${ns("work")}#stubborn-text") (result i32)
   (block $caught (try_table (catch_all $caught) (call $ask (i32.const 512) (i32.const 2) (i32.const 1024))))
   (call $tick))
 (func (export "${ns("work")}#rounds") (param i32) (result i32) (local i32)
   (loop $next
     (local.set 1 (i32.add (local.get 1) (i32.const 1)))
     (br_if $next (i32.lt_u (local.get 1) (local.get 0))))
   (local.get 1))
 (func (export "${ns("work")}#babble") (loop $again (drop (call $tick)) (br $again)))
)`

/**
 * The binary, built anew.
 */
export const build = (): Promise<Uint8Array<ArrayBuffer>> => component(wat, wit)
