/**
 * Prints what metering costs on small programs and how fast modules are metered:
 * `node packages/engine/scripts/overhead.ts [modules...]`.
 *
 * Each program runs as it is, with fuel for all of it, and with slices of
 * 1,000,000; the fastest of 25 runs counts.
 */
import { readFileSync } from "node:fs"
import * as Admission from "../src/Admission.ts"
import { meter } from "../src/internal/core/meter.ts"
import { assemble } from "../test/support/components.ts"
import { original, randomName, run } from "../test/support/metered.ts"

const loop = (body: string): string =>
  `(loop $l ${body} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))`

const round = `(local.set $h (i32.add (i32.xor (i32.rotl (local.get $h) (i32.const 5))
    (i32.load (i32.and (local.get $i) (i32.const 0xffffc)))) (i32.mul (local.get $g) (i32.const 0x9e3779b1))))
  (local.set $g (i32.add (i32.rotr (local.get $g) (i32.const 7)) (i32.xor (local.get $h)
    (i32.shr_u (local.get $h) (i32.const 3)))))`

const programs: ReadonlyArray<readonly [name: string, turns: number, body: string, around?: string]> = [
  [
    "fib",
    30,
    `(call $fib (local.get $n))`,
    `(func $fib (param i32) (result i32) (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2)))))))`
  ],
  [
    "sieve",
    1_000_000,
    `(memory.fill (i32.const 0) (i32.const 0) (local.get $n)) (local.set $i (i32.const 2))
      ${
      loop(`(if (i32.eqz (i32.load8_u (local.get $i))) (then
        (local.set $h (i32.add (local.get $h) (i32.const 1))) (local.set $g (i32.shl (local.get $i) (i32.const 1)))
        (block $d (loop $m (br_if $d (i32.ge_u (local.get $g) (local.get $n))) (i32.store8 (local.get $g) (i32.const 1))
          (local.set $g (i32.add (local.get $g) (local.get $i))) (br $m)))))`)
    } (local.get $h)`
  ],
  [
    "mandelbrot",
    20_000,
    `${
      loop(`(local.set $c (f64.sub (f64.div (f64.convert_i32_u (local.get $i)) (f64.const 10000)) (f64.const 1.5)))
        (local.set $z (f64.const 0)) (local.set $g (i32.const 0))
        (block $d (loop $m (br_if $d (f64.gt (f64.mul (local.get $z) (local.get $z)) (f64.const 4)))
          (local.set $z (f64.add (f64.mul (local.get $z) (local.get $z)) (local.get $c)))
          (br_if $m (i32.lt_u (local.tee $g (i32.add (local.get $g) (i32.const 1))) (i32.const 200)))))
        (local.set $h (i32.add (local.get $h) (local.get $g)))`)
    } (local.get $h)`
  ],
  ["hash, a round a turn", 3_000_000, `${loop(round)} (local.get $h)`],
  ["hash, 16 rounds a turn", 200_000, `${loop(round.repeat(16))} (local.get $h)`],
  [
    "sum of words",
    5_000_000,
    `${
      loop(`(local.set $h (i32.add (local.get $h)
        (i32.load (i32.and (i32.shl (local.get $i) (i32.const 2)) (i32.const 0xfffff)))))`)
    } (local.get $h)`
  ],
  [
    "collatz",
    60_000,
    `${
      loop(`(local.set $g (i32.add (local.get $i) (i32.const 2)))
        (loop $m (local.set $h (i32.add (local.get $h) (i32.const 1)))
          (if (i32.and (local.get $g) (i32.const 1))
            (then (local.set $g (i32.add (i32.mul (local.get $g) (i32.const 3)) (i32.const 1))))
            (else (local.set $g (i32.shr_u (local.get $g) (i32.const 1)))))
          (br_if $m (i32.gt_u (local.get $g) (i32.const 1))))`)
    } (local.get $h)`
  ],
  [
    "getter and setter",
    2_000_000,
    `${
      loop(`(call $set (i32.const 16) (i32.add (call $get (i32.const 16)) (local.get $i)))`)
    } (call $set (i32.const 16) (i32.const 0)) (local.get $i)`,
    `(func $get (param i32) (result i32) (i32.load offset=8 (local.get 0)))
      (func $set (param i32 i32) (i32.store offset=8 (local.get 0) (local.get 1)))`
  ],
  [
    "indirect calls",
    2_000_000,
    `${
      loop(`(local.set $h (call_indirect (param i32) (result i32) (local.get $h)
        (i32.and (i32.shr_u (local.get $i) (i32.const 3)) (i32.const 1))))`)
    } (local.get $h)`,
    `(table funcref (elem $a $b)) (func $a (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func $b (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))`
  ],
  [
    "memory.copy of 64",
    1_000_000,
    `${
      loop(`(memory.copy (i32.and (local.get $i) (i32.const 0xffff)) (i32.const 0x20000)
        (i32.or (i32.and (local.get $i) (i32.const 1)) (i32.const 64)))`)
    } (local.get $i)`
  ]
]

const fastest = (work: () => void): number => {
  let best = Infinity
  for (let i = 0; i < 25; i++) {
    const start = performance.now()
    work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

const line = (...cells: ReadonlyArray<string>): void => {
  process.stdout.write(`${cells.map((cell, index) => index === 0 ? cell.padEnd(26) : cell.padStart(13)).join("")}\n`)
}

line("", "ms", "all fuel", "slices", "ns a unit")
for (const [name, turns, body, around = ""] of programs) {
  const bytes = await assemble(
    `(module (memory 17) ${around} (func (export "run") (param $n i32) (result i32)
      (local $i i32) (local $h i32) (local $g i32) (local $c f64) (local $z f64) ${body}))`
  )
  const plain = original(bytes)
  const all = run(bytes, { fuel: 2_000_000_000 })
  const slices = run(bytes, { refill: () => 1_000_000 })
  const expected = plain["run"]?.(turns)
  for (const one of [all, slices]) {
    if (one.exports["run"]?.(turns) !== expected) throw new Error(`${name} differs`)
  }
  const raw = fastest(() => plain["run"]?.(turns))
  const [whole, sliced] = [all, slices].map((one) => {
    one.setFuel(2_000_000_000)
    return fastest(() => {
      one.setFuel(one === all ? 2_000_000_000 : 1_000_000)
      one.exports["run"]?.(turns)
    })
  })
  all.setFuel(2_000_000_000)
  all.used()
  all.exports["run"]?.(turns)
  const percent = (time: number | undefined): string => `${(((time ?? 0) / raw - 1) * 100).toFixed(0)} %`
  line(name, raw.toFixed(2), percent(whole), percent(sliced), ((raw * 1e6) / all.used()).toFixed(3))
}

for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path)
  const speed = (work: () => void): string => `${(bytes.length / 1_000 / fastest(work)).toFixed(0)} MB/s`
  line("", "admit", "meter", "valid", "size")
  const metered = meter(bytes, { randomName }).bytes
  const validate = fastest(() => void WebAssembly.validate(bytes))
  const time = fastest(() => void meter(bytes, { randomName })) - validate
  line(
    path.split("/").at(-1) ?? path,
    speed(() => void Admission.admit(bytes)),
    `${(bytes.length / 1_000 / time).toFixed(0)} MB/s`,
    String(WebAssembly.validate(metered)),
    `x ${(metered.length / bytes.length).toFixed(2)}`
  )
}
