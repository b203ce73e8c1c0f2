/** Guests that give their host more than it wants. */
import { answered, forever, run, type Spec, trap } from "./hostileText.ts"

const log = "airssys:core/log@0.1.0"
const environment = "airssys:core/environment@0.1.0"

const writes = `(import "${log}" "write" (func $write (param i32 i32 i32 i32 i32 i32)))`
const gets = `(import "${environment}" "get" (func $get (param i32 i32 i32)))`

const replies: ReadonlyArray<Spec> = [
  {
    name: "reply-flood",
    does: "replies with more than a reply may have",
    limits: { memory: "16 MiB" },
    pages: 256,
    run: "func() -> list<u8>",
    core: `(func (export "run") (result i32)
      (i32.store (i32.const 4) (i32.const 16000000)) (i32.const 0))`,
    ending: trap("InvalidValue")
  },
  {
    name: "error-flood",
    does: "answers with a long error each time",
    run: "func() -> result<_, string>",
    pages: 2,
    core: `(func (export "run") (result i32)
      (memory.fill (i32.const 64) (i32.const 120) (i32.const 65536))
      (i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 4) (i32.const 64))
      (i32.store (i32.const 8) (i32.const 65536)) (i32.const 0))`,
    ending: answered({ tag: "err", val: "x".repeat(65_536) })
  },
  {
    name: "argument-flood",
    does: "gives its host a line of 8 MiB to log",
    limits: { memory: "16 MiB" },
    pages: 256,
    grants: ["log"],
    imports: [log],
    imported: writes,
    core: run(
      `(call $write (i32.const 2) (i32.const 0) (i32.const 8388608) (i32.const 0) (i32.const 0) (i32.const 64))`
    ),
    ending: trap("InvalidValue")
  }
]

const calls: ReadonlyArray<Spec> = [
  {
    name: "log-flood",
    does: "writes lines until its host takes no more, and answers how many it took",
    run: "func() -> u32",
    limits: { fuel: 100_000_000 },
    grants: ["log"],
    imports: [log],
    imported: writes,
    core: `(func (export "run") (result i32) (local $taken i32) (local $left i32)
      (local.set $left (i32.const 2000))
      (loop $again
        (call $write (i32.const 2) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 0) (i32.const 1024))
        (local.set $taken (i32.add (local.get $taken) (i32.eqz (i32.load8_u (i32.const 1024)))))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (local.get $taken))`,
    ending: answered(256)
  },
  {
    name: "log-loop",
    does: "writes lines without end",
    grants: ["log"],
    imports: [log],
    imported: writes,
    core: run(forever(
      "(call $write (i32.const 2) (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 0) (i32.const 1024))"
    )),
    ending: trap("OutOfFuel")
  },
  {
    name: "stdout-flood",
    does: "writes to its standard output without end",
    grants: ["log"],
    imports: ["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.0"],
    imported: `(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
      (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
        (func $write (param i32 i32 i32 i32)))`,
    core: `(func (export "run") (local $out i32)
      (local.set $out (call $stdout))
      ${forever("(call $write (local.get $out) (i32.const 0) (i32.const 4096) (i32.const 8192))")})`,
    ending: trap("OutOfFuel")
  },
  {
    name: "audit-flood",
    does: "asks for what it is denied without end, each time for something else",
    limits: { fuel: 50_000_000 },
    imports: [environment],
    imported: gets,
    core: `(global $next (mut i32) (i32.const 0))
      (func $digit (param $at i32) (param $shift i32)
        (i32.store8 (local.get $at) (i32.add (i32.const 65)
          (i32.and (i32.shr_u (global.get $next) (local.get $shift)) (i32.const 15)))))
      (func (export "run") ${
      forever(`
        (global.set $next (i32.add (global.get $next) (i32.const 1)))
        (call $digit (i32.const 0) (i32.const 0)) (call $digit (i32.const 1) (i32.const 4))
        (call $digit (i32.const 2) (i32.const 8)) (call $digit (i32.const 3) (i32.const 12))
        (call $digit (i32.const 4) (i32.const 16)) (call $digit (i32.const 5) (i32.const 20))
        (call $get (i32.const 0) (i32.const 6) (i32.const 64))`)
    })`,
    ending: trap("OutOfFuel")
  },
  {
    name: "denial-flood",
    does: "asks for one thing that it is denied without end",
    limits: { fuel: 50_000_000 },
    imports: [environment],
    imported: gets,
    core: `(data (i32.const 0) "SECRET") ${run(forever("(call $get (i32.const 0) (i32.const 6) (i32.const 64))"))}`,
    ending: trap("OutOfFuel")
  },
  {
    name: "inert-flood",
    does: "draws numbers that are none without end",
    limits: { fuel: 50_000_000 },
    imports: ["wasi:random/random@0.2.0"],
    imported: `(import "wasi:random/random@0.2.0" "get-random-u64" (func $draw (result i64)))`,
    core: run(forever("(drop (call $draw))")),
    ending: trap("OutOfFuel")
  },
  {
    name: "denied-crash",
    does: "traps when it is denied",
    imports: [environment],
    imported: gets,
    core: `(data (i32.const 0) "SECRET")
      ${run("(call $get (i32.const 0) (i32.const 6) (i32.const 64)) unreachable")}`,
    ending: trap("Unreachable"),
    isCounted: false
  }
]

export const specs: ReadonlyArray<Spec> = [...replies, ...calls]
