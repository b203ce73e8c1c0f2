/**
 * Source of the component that `ComponentEngineTest` runs.
 */
import { echoExports, echoInterface } from "./echoGuest.ts"
import { component, memory } from "./guests.ts"

export const wit = `package airssys:contract@1.0.0;
interface host {
  ask: func(question: string) -> result<string, string>;
  tick: func() -> u32;
}
${echoInterface}
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

const ns = (name: string) => `airssys:contract/${name}@1.0.0`

const fault = (name: string, body: string, result = "") => `(func (export "${ns("faults")}#${name}") ${result} ${body})`

export const wat = `(module
 (import "${ns("host")}" "ask" (func $ask (param i32 i32 i32)))
 (import "${ns("host")}" "tick" (func $tick (result i32)))
 (type $nothing (func))
 (table 2 funcref)
 (elem (i32.const 0) $one)
 (func $one (param i32))
 ${memory(1, `(data (i32.const 512) "\\ff\\fe") (data (i32.const 520) "\\00\\02\\00\\00\\02\\00\\00\\00")`)}
 ${echoExports(ns("echo"))}
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
