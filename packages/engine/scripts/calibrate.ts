/**
 * Prints what a unit of fuel takes for each instruction, in baseline and in
 * optimised code: `node packages/engine/scripts/calibrate.ts [names...]`.
 *
 * A slice of 1,000,000 units has to end within 5 ms whatever it is spent on, so
 * the script ends with status 1 if anything takes 5 ns or more a unit.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { deltas, fdDeltas, FdKind, fdKinds, Kind, kinds } from "../src/internal/core/opcodes.ts"
import { assemble, leb, module, section } from "../test/support/components.ts"
import { run } from "../test/support/metered.ts"
import type { Running } from "../test/support/metered.ts"

const tiers = new Map([["baseline", "--liftoff-only"], ["optimised", "--no-liftoff"]])
const most = 5

interface Case {
  readonly name: string
  readonly bytes: Uint8Array
}

const types = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b]
const shapes: ReadonlyArray<ReadonlyArray<number>> = [
  [],
  ...types.map((a) => [a]),
  ...types.flatMap((a) => types.map((b) => [a, b])),
  ...types.map((b) => [0x7b, b, 0x7b])
]
const copies = 200

/** A function that does one instruction many times, on values that make it slow. */
const repeated = (
  params: ReadonlyArray<number>,
  results: ReadonlyArray<number>,
  code: ReadonlyArray<number>,
  small: boolean,
  turns = copies
): Uint8Array => {
  const local = (type: number): number => 1 + types.indexOf(type)
  const f32 = small ? [1, 0, 0, 0] : [0xc3, 0xf5, 0x48, 0x40]
  const f64 = small ? [1, 0, 0, 0, 0, 0, 0, 0] : [0x1f, 0x85, 0xeb, 0x51, 0xb8, 0x1e, 0x09, 0x40]
  const setup = [
    [0x41, ...(small ? [0x03] : [0xff, 0xff, 0xff, 0xff, 0x07]), 0x21, 1],
    [0x42, ...(small ? [0x03] : [...Array<number>(9).fill(0xff), 0x00]), 0x21, 2],
    [0x43, ...f32, 0x21, 3, 0x44, ...f64, 0x21, 4],
    [0xfd, 0x0c, ...f64, ...f64, 0x21, 5]
  ]
  const addressed = params.length + results.length > 1 && code.length > 2
  const one = [
    ...params.flatMap((type, index) => type === 0x7f && (index > 0 || addressed) ? [0x41, 3] : [0x20, local(type)]),
    ...code,
    ...results.flatMap((type) => [0x21, local(type) + 5])
  ]
  const locals = [...types, ...types].flatMap((type) => [1, type])
  const loop = Array.from({ length: turns }, () => one)
  const body = [
    [types.length * 2, ...locals],
    ...setup,
    [0x03, 0x40],
    ...loop,
    [0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b]
  ].flat()
  return module(
    section(1, 1, 0x60, 1, 0x7f, 0),
    section(3, 1, 0),
    section(5, 1, 0, 1),
    section(7, 1, 3, 0x72, 0x75, 0x6e, 0, 0),
    section(10, 1, ...leb(body.length), ...body)
  )
}

const hex = (code: number): string => code.toString(16).padStart(2, "0")

const plain = (): ReadonlyArray<Case> => {
  const found: Array<Case> = []
  const add = (name: string, code: ReadonlyArray<number>, delta: number): void => {
    for (const params of shapes) {
      const results = params.length + delta
      if (results < 0 || results > 1) continue
      for (const result of results === 0 ? [[]] : types.map((type) => [type])) {
        if (!WebAssembly.validate(Uint8Array.from(repeated(params, result, code, false, 1)))) continue
        for (const small of [false, true]) {
          found.push({ name: `${name}${small ? " small" : ""}`, bytes: repeated(params, result, code, small) })
        }
        return
      }
    }
  }
  for (let code = 0; code < 256; code++) {
    if (kinds[code] === Kind.plain) add(hex(code), [code], deltas[code] ?? 0)
    if (kinds[code] === Kind.memory) add(hex(code), [code, 0, 0x80, 0x01], deltas[code] ?? 0)
  }
  for (let code = 0; code < 8; code++) add(`fc ${hex(code)}`, [0xfc, code], 0)
  for (const [code, kind] of fdKinds.entries()) {
    const rest = kind === FdKind.memory
      ? [0, 0x80, 0x01]
      : kind === FdKind.memoryLane
      ? [0, 0x80, 0x01, 0]
      : kind === FdKind.lane
      ? [1]
      : kind === FdKind.bytes16
      ? [15, 3, 7, 8, 1, 0, 31, 30, 22, 17, 5, 6, 13, 12, 2, 9]
      : []
    if (kind !== FdKind.unknown) add(`fd ${hex(code)}`, [0xfd, ...leb(code), ...rest], fdDeltas[code] ?? 0)
  }
  return found
}

/** Text for the loop of a function that takes how often to run; `$n` counts down. */
const texts: ReadonlyArray<readonly [name: string, body: string, around?: string]> = [
  ["empty loop", ``],
  ["local.set", `(local.set $a (local.get $b))`.repeat(100)],
  ["constants", `(local.set $a (i32.const 77)) (local.set $b (i32.const 78))`.repeat(100)],
  ["global.set", `(global.set $g (local.get $n))`.repeat(100), `(global $g (mut i32) (i32.const 0))`],
  ["br_if", `(block $o (br_if $o (local.get $n)))`.repeat(100)],
  ["if else", `(if (local.get $n) (then (nop)) (else (local.set $a (i32.const 1))))`.repeat(100)],
  ["br_table", `(block $o (block $p (br_table $o $p $o $p $o $p (i32.and (local.get $n) (i32.const 3)))))`.repeat(50)],
  [
    "call",
    `(call $f)`.repeat(50),
    `(func $f (local i64) (local.set 0 (i64.extend_i32_u (memory.size))) (call $g)) (func $g) (memory 1)`
  ],
  ["call of a leaf", `(call $f)`.repeat(50), `(func $f)`],
  [
    "call with parameters",
    `(call $f ${`(local.get $n)`.repeat(20)})`.repeat(10),
    `(func $f (param ${"i32 ".repeat(20)}) (call $g)) (func $g)`
  ],
  ["call with 1,000 locals", `(call $f)`.repeat(10), `(func $f (local ${"i64 ".repeat(1000)}) (call $g)) (func $g)`],
  ["call with 4,000 vectors", `(call $f)`.repeat(10), `(func $f (local ${"v128 ".repeat(4000)}) (call $g)) (func $g)`],
  [
    "call_indirect",
    `(call_indirect (i32.const 0))`.repeat(50),
    `(table funcref (elem $f)) (func $f (call $g)) (func $g)`
  ],
  [
    "call_indirect of a leaf",
    `(call_indirect (i32.and (local.get $n) (i32.const 3)))`.repeat(50),
    `(table funcref (elem $f $g $f $g)) (func $f) (func $g (drop (memory.size))) (memory 1)`
  ],
  [
    "call_indirect of a dear leaf",
    `(call_indirect (i32.const 0))`.repeat(50),
    `(table funcref (elem $f)) (memory 1) (func $f (drop (i64.div_u (i64.const -1) (i64.extend_i32_u (memory.size)))))`
  ],
  ["call_ref", `(call_ref $t (ref.func $f))`.repeat(50), `(type $t (func)) (elem declare func $f) (func $f)`],
  [
    "tail calls",
    `(call $f (i32.const 50))`,
    `(func $f (param i32) (if (local.get 0)
    (then (return_call $f (i32.sub (local.get 0) (i32.const 1))))))`
  ],
  [
    "tail calls through a table",
    `(call $f (i32.const 50))`,
    `(table funcref (elem $f)) (func $f (param i32)
    (if (local.get 0) (then (return_call_indirect (param i32) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))`
  ],
  [
    "recursion",
    `(call $f (i32.const 500))`,
    `(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))`
  ],
  ["ref.func", `(local.set $r (ref.func $f))`.repeat(50), `(elem declare func $f) (func $f)`],
  ["table.get", `(local.set $r (table.get $t (i32.const 0)))`.repeat(50), `(table $t 1 funcref)`],
  [
    "table.get of functions",
    `(local.set $r (table.get $t (i32.const 0)))`.repeat(50),
    `(table $t funcref (elem $f)) (func $f)`
  ],
  [
    "table.set",
    `(table.set $t (i32.const 0) (ref.func $f))`.repeat(50),
    `(table $t 1 funcref) (elem declare func $f) (func $f)`
  ],
  ["table.set of null", `(table.set $t (i32.const 0) (ref.null func))`.repeat(50), `(table $t 1 funcref)`],
  ["table.set of externref", `(table.set $t (i32.const 0) (ref.null extern))`.repeat(50), `(table $t 1 externref)`],
  ["table.size", `(local.set $a (table.size $t))`.repeat(50), `(table $t 1 funcref)`],
  ["table.grow by 0", `(drop (table.grow $t (ref.null func) (i32.const 0)))`, `(table $t 1000 funcref)`],
  ["table.grow by 0 of 100,000", `(drop (table.grow $t (ref.null func) (i32.const 0)))`, `(table $t 100000 funcref)`],
  [
    "table.grow by 1",
    `(drop (table.grow $t (ref.func $f) (i32.const 1)))`,
    `(table $t 1000 funcref) (elem declare func $f) (func $f)`
  ],
  ["table.grow of externref", `(drop (table.grow $t (ref.null extern) (i32.const 1)))`, `(table $t 1000 externref)`],
  [
    "table.fill",
    `(table.fill $t (i32.const 0) (ref.func $f) (i32.const 100000))`,
    `(table $t 100000 funcref) (elem declare func $f) (func $f)`
  ],
  [
    "table.fill of 1",
    `(table.fill $t (i32.const 0) (ref.func $f) (i32.const 1))`,
    `(table $t 100000 funcref) (elem declare func $f) (func $f)`
  ],
  ["table.fill of 0", `(table.fill $t (i32.const 0) (ref.null func) (i32.const 0))`, `(table $t 1 funcref)`],
  [
    "table.fill of externref",
    `(table.fill $t (i32.const 0) (ref.null extern) (i32.const 100000))`,
    `(table $t 100000 externref)`
  ],
  [
    "table.copy",
    `(table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 50000))`,
    `(table $t 50000 funcref) (table $u 50000 funcref (ref.func $f)) (elem declare func $f) (func $f)`
  ],
  [
    "table.copy within",
    `(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 49999))`,
    `(table $t 50000 funcref (ref.func $f)) (elem declare func $f) (func $f)`
  ],
  ["table.copy of 0", `(table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 0))`, `(table $t 1 funcref)`],
  [
    "table.init",
    `(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1000))`,
    `(table $t 1000 funcref) (elem $e func ${"$f ".repeat(1000)}) (func $f)`
  ],
  [
    "table.init of 0",
    `(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0))`,
    `(table $t 1 funcref) (elem $e func $f) (func $f)`
  ],
  ["elem.drop", `(elem.drop $e)`, `(elem $e func $f) (func $f)`],
  ["data.drop", `(data.drop $d)`, `(memory 1) (data $d "a")`],
  ["memory.size", `(local.set $a (memory.size))`.repeat(100), `(memory 1)`],
  ["memory.grow by 0", `(drop (memory.grow (i32.const 0)))`, `(memory 1)`],
  ["memory.grow by 1", `(drop (memory.grow (i32.const 1)))`, `(memory 1)`],
  ["memory.grow refused", `(drop (memory.grow (i32.const 1)))`, `(memory 1 1)`],
  [
    "first use of pages",
    `(i32.store (i32.shl (memory.grow (i32.const 1)) (i32.const 16)) (i32.const 1))
    ${
      Array.from(
        { length: 16 },
        (_, i) =>
          `(i32.store offset=${
            i * 4096
          } (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 65536)) (i32.const 1))`
      ).join(" ")
    }`,
    `(memory 1)`
  ],
  ...[0, 1, 16, 64, 1_000, 65_536, 1 << 20, 8 << 20].flatMap((size) => [
    [
      `memory.fill of ${size}`,
      `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${size}))`,
      `(memory 400)`
    ] as const,
    [
      `memory.copy of ${size}`,
      `(memory.copy (i32.const 1) (i32.const 9000000) (i32.const ${size}))`,
      `(memory 400)`
    ] as const,
    [
      `memory.copy within of ${size}`,
      `(memory.copy (i32.const 1) (i32.const 0) (i32.const ${size}))`,
      `(memory 400)`
    ] as const
  ]),
  ["memory.init of 0", `(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))`, `(memory 1) (data $d "a")`],
  [
    "memory.init of 1000",
    `(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1000))`,
    `(memory 1) (data $d "${"a".repeat(1000)}")`
  ],
  ["throw and catch", `(block $h (try_table (catch_all $h) (throw $e)))`, `(tag $e)`],
  [
    "throw 8 values",
    `(block $h (result ${"i64 ".repeat(8)}) (try_table (catch $e $h) (throw $e ${
      "(i64.const 1)".repeat(8)
    })) (unreachable)) ${"(drop)".repeat(8)}`,
    `(tag $e (param ${"i64 ".repeat(8)}))`
  ],
  [
    "throw_ref",
    `(block $o (try_table (catch_all $o) (block $h (result exnref) (try_table (catch_all_ref $h) (throw $e)) (unreachable)) (throw_ref)))`,
    `(tag $e)`
  ],
  ["throw through 1 frame", `(block $h (try_table (catch_all $h) (call $f (i32.const 1))))`, "deep"],
  ["throw through 100 frames", `(block $h (try_table (catch_all $h) (call $f (i32.const 100))))`, "deep"],
  ["throw through 1,000 frames", `(block $h (try_table (catch_all $h) (call $f (i32.const 1000))))`, "deep"],
  [
    "throw at depth 1,000",
    `(call $f (i32.const 1000))`,
    `(tag $e) (func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (return)))
    ${`(block $h (try_table (catch_all $h) (throw $e)))`.repeat(20)})`
  ],
  [
    "rethrow in 200 frames",
    `(block $h (try_table (catch_all $h) (call $f (i32.const 200))))`,
    `(tag $e) (func $f (param i32) (if (i32.eqz (local.get 0)) (then (throw $e)))
      (block $h (result exnref) (try_table (catch_all_ref $h) (call $f (i32.sub (local.get 0) (i32.const 1)))) (return)) (throw_ref))`
  ],
  [
    "stores to many pages, warm",
    `(local.set $a (i32.and (i32.add (local.get $a) (i32.const 4096)) (i32.const 0x1ffffff)))
      (i64.store (local.get $a) (i64.const 1))`.repeat(50),
    `(memory 512) (func $warm (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x2000000))) (start $warm)`
  ],
  [
    "loads that depend",
    `(local.set $a (i32.load (i32.and (i32.add (i32.load (local.get $a)) (i32.mul (local.get $n) (i32.const 1103515245))) (i32.const 0x1fffffc))))`
      .repeat(20),
    `(memory 512)`
  ]
]

const deep = `(tag $e) (func $f (param i32) (if (i32.eqz (local.get 0)) (then (throw $e)))
  (call $f (i32.sub (local.get 0) (i32.const 1))))`

const special = async (): Promise<ReadonlyArray<Case>> =>
  Promise.all(texts.map(async ([name, body, around = ""]) => ({
    name,
    bytes: await assemble(
      `(module ${around === "deep" ? deep : around} (func (export "run") (param $n i32) (local $a i32) (local $b i32)
        (local $r funcref) (loop $l ${body} (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`
    )
  })))

/** Nanoseconds of a unit: the fastest of some runs of about a million units each. */
const measure = ({ bytes }: Case): { readonly perUnit: number; readonly units: number } => {
  const start = (): Running =>
    run(bytes, { fuel: 2_000_000_000, refill: (needed) => needed + 1_000_000_000, stack: 600_000 })
  const first = start()
  first.used()
  first.exports["run"]?.(1)
  const units = first.used()
  const turns = Math.max(1, Math.ceil(1_000_000 / units))
  let fastest = Infinity
  for (let i = 0; i < 5; i++) {
    const one = start()
    one.exports["run"]?.(1)
    one.used()
    const before = performance.now()
    one.exports["run"]?.(turns)
    fastest = Math.min(fastest, ((performance.now() - before) * 1e6) / one.used())
  }
  return { perUnit: fastest, units }
}

const line = (...cells: ReadonlyArray<string>): void => {
  process.stdout.write(`${cells.map((cell, index) => index === 0 ? cell.padEnd(34) : cell.padStart(12)).join("")}\n`)
}

const flagOf = process.argv[2] === "tier" ? process.argv[3] : undefined
const names = process.argv.slice(flagOf === undefined ? 2 : 4)

if (flagOf === undefined) {
  const found = [...tiers].map(([tier, flag]) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [flag, fileURLToPath(import.meta.url), "tier", tier, ...names],
      { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }
    )
    if (status !== 0) process.exit(2)
    return JSON.parse(stdout) as ReadonlyArray<readonly [name: string, perUnit: number, units: number]>
  })
  const rows = (found[0] ?? []).map(([name, baseline, units], index) => ({
    name,
    units,
    baseline,
    optimised: found[1]?.[index]?.[1] ?? 0
  }))
  rows.sort((a, b) => Math.max(b.baseline, b.optimised) - Math.max(a.baseline, a.optimised))
  line("ns a unit", ...tiers.keys(), "units")
  for (const { baseline, name, optimised, units } of rows) {
    line(name, baseline.toFixed(2), optimised.toFixed(2), String(units))
  }
  process.exit(rows.some(({ baseline, optimised }) => Math.max(baseline, optimised) >= most) ? 1 : 0)
} else {
  const cases = [...plain(), ...await special()].filter(({ name }) =>
    names.length === 0 || names.some((part) => name.includes(part))
  )
  const rows = cases.map((one) => {
    const { perUnit, units } = measure(one)
    return [one.name, perUnit, units]
  })
  process.stdout.write(JSON.stringify(rows))
}
