/**
 * Guests that do nothing but compute: what fuel costs them. `core` is the same
 * module without a meter.
 */
import * as Engine from "@airssys/engine/Engine"
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import { createHash } from "node:crypto"
import type { Work } from "../../harness/Suite.ts"
import { answering } from "./Work.ts"

const id = "bench:compute/compute@0.1.0"

const wit = `package bench:compute@0.1.0;

interface compute {
  fib: func(n: u32) -> u32;
  sieve: func(below: u32) -> u32;
  mandelbrot: func(side: u32) -> u32;
  sha256: func(blocks: u32) -> u32;
}

world guest {
  export compute;
}
`

const fractions = (root: (prime: number) => number, count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let candidate = 2; found.length < count; candidate++) {
    let divisor = 2
    while (candidate % divisor !== 0) divisor++
    if (divisor === candidate) found.push(Math.floor((root(candidate) % 1) * 2 ** 32))
  }
  return found
}

const littleEndian = (words: ReadonlyArray<number>): string =>
  words.flatMap((word) => [0, 8, 16, 24].map((shift) => `\\${((word >>> shift) & 255).toString(16).padStart(2, "0")}`))
    .join("")

const swapped = (word: string): string =>
  `(i32.or
    (i32.rotl (i32.and ${word} (i32.const 0x00ff00ff)) (i32.const 24))
    (i32.rotl (i32.and ${word} (i32.const 0xff00ff00)) (i32.const 8)))`

const mixed = (word: string, a: number, b: number, c: number, last: "rotr" | "shr_u"): string =>
  `(i32.xor (i32.xor
    (i32.rotr ${word} (i32.const ${a})) (i32.rotr ${word} (i32.const ${b}))) (i32.${last} ${word} (i32.const ${c})))`

const state = ["a", "b", "c", "d", "e", "f", "g", "h"] as const

/** The round constants are at 0, the state at 256, the schedule at 1024; everything else works from 4096 on. */
const wat = `(module
  (memory (export "memory") 4)
  (data (i32.const 0) "${littleEndian(fractions(Math.cbrt, 64))}")
  (data (i32.const 512) "${littleEndian(fractions(Math.sqrt, 8))}")

  (func $fib (export "${id}#fib") (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func (export "${id}#sieve") (param $below i32) (result i32)
    (local $at i32) (local $multiple i32) (local $found i32)
    (memory.fill (i32.const 4096) (i32.const 0) (local.get $below))
    (local.set $at (i32.const 2))
    (loop $numbers
      (if (i32.eqz (i32.load8_u offset=4096 (local.get $at))) (then
        (local.set $found (i32.add (local.get $found) (i32.const 1)))
        (local.set $multiple (i32.shl (local.get $at) (i32.const 1)))
        (block $done (loop $multiples
          (br_if $done (i32.ge_u (local.get $multiple) (local.get $below)))
          (i32.store8 offset=4096 (local.get $multiple) (i32.const 1))
          (local.set $multiple (i32.add (local.get $multiple) (local.get $at)))
          (br $multiples)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $numbers (i32.lt_u (local.get $at) (local.get $below))))
    (local.get $found))

  (func (export "${id}#mandelbrot") (param $side i32) (result i32)
    (local $x i32) (local $y i32) (local $left i32) (local $sum i32)
    (local $a f64) (local $b f64) (local $aa f64) (local $bb f64) (local $ca f64) (local $cb f64)
    (loop $rows
      (local.set $x (i32.const 0))
      (local.set $cb (f64.sub
        (f64.div (f64.mul (f64.convert_i32_u (local.get $y)) (f64.const 2.5)) (f64.convert_i32_u (local.get $side)))
        (f64.const 1.25)))
      (loop $columns
        (local.set $ca (f64.sub
          (f64.div (f64.mul (f64.convert_i32_u (local.get $x)) (f64.const 2.5)) (f64.convert_i32_u (local.get $side)))
          (f64.const 2)))
        (local.set $a (f64.const 0))
        (local.set $b (f64.const 0))
        (local.set $left (i32.const 100))
        (block $out (loop $points
          (local.set $aa (f64.mul (local.get $a) (local.get $a)))
          (local.set $bb (f64.mul (local.get $b) (local.get $b)))
          (br_if $out (f64.gt (f64.add (local.get $aa) (local.get $bb)) (f64.const 4)))
          (local.set $b (f64.add
            (f64.mul (f64.mul (local.get $a) (local.get $b)) (f64.const 2))
            (local.get $cb)))
          (local.set $a (f64.add (f64.sub (local.get $aa) (local.get $bb)) (local.get $ca)))
          (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
          (br_if $points (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $x) (local.get $side))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $y) (local.get $side))))
    (local.get $sum))

  (func $block (param $at i32)
    (local $t i32) (local $word i32) (local $one i32) (local $two i32)
    ${state.map((name) => `(local $${name} i32)`).join(" ")}
    (loop $first
      (local.set $word (i32.load (i32.add (local.get $at) (i32.shl (local.get $t) (i32.const 2)))))
      (i32.store offset=1024 (i32.shl (local.get $t) (i32.const 2)) ${swapped("(local.get $word)")})
      (local.set $t (i32.add (local.get $t) (i32.const 1)))
      (br_if $first (i32.lt_u (local.get $t) (i32.const 16))))
    (loop $rest
      (local.set $one (i32.load offset=964 (i32.shl (local.get $t) (i32.const 2))))
      (local.set $two (i32.load offset=1016 (i32.shl (local.get $t) (i32.const 2))))
      (i32.store offset=1024 (i32.shl (local.get $t) (i32.const 2)) (i32.add
        (i32.add
          (i32.load offset=960 (i32.shl (local.get $t) (i32.const 2)))
          ${mixed("(local.get $one)", 7, 18, 3, "shr_u")})
        (i32.add
          (i32.load offset=996 (i32.shl (local.get $t) (i32.const 2)))
          ${mixed("(local.get $two)", 17, 19, 10, "shr_u")})))
      (local.set $t (i32.add (local.get $t) (i32.const 1)))
      (br_if $rest (i32.lt_u (local.get $t) (i32.const 64))))
    ${state.map((name, i) => `(local.set $${name} (i32.load (i32.const ${256 + i * 4})))`).join(" ")}
    (local.set $t (i32.const 0))
    (loop $rounds
      (local.set $one (i32.add
        (i32.add (local.get $h) ${mixed("(local.get $e)", 6, 11, 25, "rotr")})
        (i32.add
          (i32.xor (i32.and (local.get $e) (local.get $f))
            (i32.and (i32.xor (local.get $e) (i32.const -1)) (local.get $g)))
          (i32.add
            (i32.load (i32.shl (local.get $t) (i32.const 2)))
            (i32.load offset=1024 (i32.shl (local.get $t) (i32.const 2)))))))
      (local.set $two (i32.add
        ${mixed("(local.get $a)", 2, 13, 22, "rotr")}
        (i32.xor
          (i32.xor (i32.and (local.get $a) (local.get $b)) (i32.and (local.get $a) (local.get $c)))
          (i32.and (local.get $b) (local.get $c)))))
      (local.set $h (local.get $g)) (local.set $g (local.get $f)) (local.set $f (local.get $e))
      (local.set $e (i32.add (local.get $d) (local.get $one)))
      (local.set $d (local.get $c)) (local.set $c (local.get $b)) (local.set $b (local.get $a))
      (local.set $a (i32.add (local.get $one) (local.get $two)))
      (local.set $t (i32.add (local.get $t) (i32.const 1)))
      (br_if $rounds (i32.lt_u (local.get $t) (i32.const 64))))
    ${
  state.map((name, i) =>
    `(i32.store (i32.const ${256 + i * 4}) (i32.add (i32.load (i32.const ${256 + i * 4})) (local.get $${name})))`
  ).join("\n    ")
})

  (func (export "${id}#sha256") (param $blocks i32) (result i32)
    (local $at i32)
    (memory.copy (i32.const 256) (i32.const 512) (i32.const 32))
    (memory.fill (i32.const 4096) (i32.const 0) (i32.shl (i32.add (local.get $blocks) (i32.const 1)) (i32.const 6)))
    (local.set $at (i32.add (i32.const 4096) (i32.shl (local.get $blocks) (i32.const 6))))
    (i32.store8 (local.get $at) (i32.const 128))
    (i32.store8 offset=61 (local.get $at) (i32.shr_u (local.get $blocks) (i32.const 7)))
    (i32.store8 offset=62 (local.get $at) (i32.shl (local.get $blocks) (i32.const 1)))
    (local.set $at (i32.const 4096))
    (loop $all
      (call $block (local.get $at))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br_if $all (i32.le_u (local.get $at)
        (i32.add (i32.const 4096) (i32.shl (local.get $blocks) (i32.const 6))))))
    (i32.load (i32.const 256)))
)`

const fib = (n: number): number => {
  let [now, next] = [0, 1]
  for (let left = n; left > 0; left--) [now, next] = [next, now + next]
  return now
}

const primes = (below: number): number => {
  const composite = new Uint8Array(below)
  let found = 0
  for (let at = 2; at < below; at++) {
    if (composite[at] === 0) found++
    for (let multiple = at * 2; multiple < below; multiple += at) composite[multiple] = 1
  }
  return found
}

const escapes = (ca: number, cb: number): number => {
  let [a, b, steps] = [0, 0, 0]
  while (steps < 100 && a * a + b * b <= 4) {
    ;[a, b] = [a * a - b * b + ca, a * b * 2 + cb]
    steps++
  }
  return steps
}

const mandelbrot = (side: number): number => {
  let sum = 0
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) sum += escapes(x * 2.5 / side - 2, y * 2.5 / side - 1.25)
  }
  return sum
}

const sha256 = (blocks: number): number =>
  createHash("sha256").update(new Uint8Array(blocks * 64)).digest().readUInt32BE(0)

/** What the guest has to come to, by other means. */
const answers = { fib, sieve: primes, mandelbrot, sha256 }

export type Name = keyof typeof answers

/** Answers with the guest's function `name`, each time for `size`. */
export interface Compute {
  readonly now: (name: Name, size: number) => Promise<Work>
  readonly yielding: (name: Name, size: number) => Promise<Work>
}

const binary = (): Promise<Uint8Array> => parse(wat)

const exported = async (name: Name) => {
  const bytes = await componentNew(await componentEmbed({ binary: await binary(), witSource: wit }))
  const engine = Engine.make()
  return engine.instantiate(await engine.load(bytes)).func(id, name)
}

export const ours: Compute = {
  now: async (name, size) => {
    const func = await exported(name)
    return answering(answers[name](size), (count, into) => {
      for (let call = 0; call < count; call++) into.take(func.callSync([size]) as number)
    })
  },
  yielding: async (name, size) => {
    const func = await exported(name)
    return answering(answers[name](size), async (count, into) => {
      for (let call = 0; call < count; call++) into.take((await func.call([size])).value as number)
    })
  }
}

const inCore = async (name: Name, size: number): Promise<Work> => {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(await binary()))
  const func = instance.exports[`${id}#${name}`] as (size: number) => number
  return answering(answers[name](size), (count, into) => {
    for (let call = 0; call < count; call++) into.take(func(size) >>> 0)
  })
}

export const core: Compute = { now: inCore, yielding: inCore }
