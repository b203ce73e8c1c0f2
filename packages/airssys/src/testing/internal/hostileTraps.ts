/** Guests that break a rule, or use more than their share, in one call. */
import { answered, forever, run, type Spec, trap } from "./hostileText.ts"

const broken: ReadonlyArray<Spec> = [
  { name: "unreachable", does: "traps", core: run("unreachable"), ending: trap("Unreachable") },
  {
    name: "out-of-bounds",
    does: "reads what is not its memory",
    core: run("(drop (i32.load (i32.const -1)))"),
    ending: trap("MemoryOutOfBounds")
  },
  {
    name: "out-of-table",
    does: "reads what is not in its table",
    core: `(table $t 1 funcref) ${run("(drop (table.get $t (i32.const 9)))")}`,
    ending: trap("TableOutOfBounds")
  },
  {
    name: "bad-call",
    does: "calls a function as one of another type",
    core: `(type $f (func)) (func $g (param i64)) (table $t funcref (elem $g))
      ${run("(call_indirect $t (type $f) (i32.const 0))")}`,
    ending: trap("BadIndirectCall")
  },
  {
    name: "division-by-zero",
    does: "divides by zero",
    core: `(global $zero (mut i32) (i32.const 0)) ${run("(drop (i32.div_u (i32.const 1) (global.get $zero)))")}`,
    ending: trap("DivisionByZero")
  },
  {
    name: "integer-overflow",
    does: "divides the least integer by -1",
    core: `(global $minus (mut i32) (i32.const -1))
      ${run("(drop (i32.div_s (i32.const 0x80000000) (global.get $minus)))")}`,
    ending: trap("IntegerOverflow")
  },
  {
    name: "bad-conversion",
    does: "makes an integer of what is no number",
    core: `(global $nan (mut f32) (f32.const nan)) ${run("(drop (i32.trunc_f32_s (global.get $nan)))")}`,
    ending: trap("BadConversion")
  },
  {
    name: "uncaught-exception",
    does: "throws an exception that it does not catch",
    core: `(tag $t) ${run("(throw $t)")}`,
    ending: trap("UncaughtException")
  },
  {
    name: "bad-reply",
    does: "replies with text that is no UTF-8",
    run: "func() -> string",
    core: `(data (i32.const 8) "\\ff") (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 1)) (i32.const 0))`,
    ending: trap("InvalidValue")
  },
  {
    name: "bad-realloc",
    does: "has arguments put where it has no memory",
    run: "func(text: string)",
    args: ["text"],
    realloc: "(i32.const -16)",
    core: `(func (export "run") (param i32 i32))`,
    ending: trap("MemoryOutOfBounds")
  },
  {
    name: "exit",
    does: "ends its program, as if it were the process",
    imports: ["wasi:cli/exit@0.2.0"],
    imported: `(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))`,
    core: run("(call $exit (i32.const 0))"),
    ending: trap("Cancelled")
  }
]

const endless: ReadonlyArray<Spec> = [
  { name: "endless-loop", does: "never returns", core: run(forever("")), ending: trap("OutOfFuel") },
  {
    name: "endless-loop-unmetered",
    does: "never returns, with nothing but a limit of time",
    limits: { fuel: null, timeout: "50 ms" },
    core: run(forever("")),
    ending: { _tag: "Deadline" }
  },
  {
    name: "stack-overflow",
    does: "calls itself without end",
    core: `(func $deeper (call $deeper)) ${run("(call $deeper)")}`,
    ending: trap("StackOverflow")
  },
  {
    name: "throw-storm",
    does: "throws and catches without end",
    core: `(tag $t) ${run(forever("(block $caught (try_table (catch $t $caught) (throw $t)))"))}`,
    ending: trap("OutOfFuel")
  },
  {
    name: "memory-fill",
    does: "fills its memory without end",
    limits: { memory: "16 MiB" },
    pages: 256,
    core: run(forever("(memory.fill (i32.const 0) (i32.const 7) (i32.const 16777216))")),
    ending: trap("OutOfFuel")
  },
  {
    name: "table-fill",
    does: "fills a table without end",
    core: `(table $t 100000 funcref)
      ${run(forever("(table.fill $t (i32.const 0) (ref.null func) (i32.const 100000))"))}`,
    ending: trap("OutOfFuel")
  },
  {
    name: "realloc-loop",
    does: "never says where an argument may be put",
    run: "func(text: string)",
    args: ["text"],
    realloc: `${forever("")} (i32.const 0)`,
    core: `(func (export "run") (param i32 i32))`,
    ending: trap("OutOfFuel")
  },
  {
    name: "post-return-loop",
    does: "never returns from cleaning up after its answer",
    run: "func() -> string",
    core: `(func (export "run") (result i32) (i32.const 64)) (func (export "cabi_post_run") (param i32) ${
      forever("")
    })`,
    ending: trap("OutOfFuel")
  }
]

const hoarding: ReadonlyArray<Spec> = [
  {
    name: "memory-hog",
    does: "takes memory until it gets no more, and answers how many pages it has",
    run: "func() -> u32",
    core: `(func (export "run") (result i32)
      (block $full ${forever("(br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))")})
      (memory.fill (i32.const 65536) (i32.const 7) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 65536)))
      (memory.size))`,
    ending: answered(16)
  },
  {
    name: "table-hog",
    does: "takes elements of a table until it gets no more, and answers how many it has",
    limits: { fuel: 100_000_000 },
    run: "func() -> u32",
    core: `(table $t 0 funcref) (func (export "run") (result i32)
      (block $full
        ${forever("(br_if $full (i32.eq (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)))")})
      (table.size $t))`,
    ending: answered(100_000)
  },
  {
    name: "handle-bomb",
    does: "makes resources of its own without end",
    limits: { fuel: 100_000_000 },
    wit: "interface things { resource thing; }",
    world: "export things;",
    imported:
      `(import "[export]evil:handle-bomb/things@1.0.0" "[resource-new]thing" (func $new (param i32) (result i32)))`,
    core: run(forever("(drop (call $new (i32.const 0)))")),
    ending: trap("InvalidValue")
  },
  {
    name: "handle-hoard",
    does: "takes handles of its host without end",
    limits: { fuel: 100_000_000 },
    imports: ["wasi:cli/stdout@0.2.0"],
    imported: `(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))`,
    core: run(forever("(drop (call $stdout))")),
    ending: trap("InvalidValue")
  },
  {
    name: "lifting-bomb",
    does: "replies with 64 KiB that say 6 GiB: each list in its list is the same",
    run: "func() -> list<list<u8>>",
    pages: 16,
    limits: { fuel: 1_500_000 },
    core: `(func (export "run") (result i32) (local $at i32)
      (local.set $at (i32.const 65536))
      (block $done (loop $again
        (br_if $done (i32.ge_u (local.get $at) (i32.const 851968)))
        (i32.store (local.get $at) (i32.const 0))
        (i32.store offset=4 (local.get $at) (i32.const 65536))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $again)))
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 98304))
      (i32.const 0))`,
    ending: trap("InvalidValue")
  }
]

export const specs: ReadonlyArray<Spec> = [...broken, ...endless, ...hoarding]
