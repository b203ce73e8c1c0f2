/**
 * Checks the meter on core modules: those of the files that are given, and those
 * that are generated from seeds. Prints what does not hold, and exits with 1.
 *
 *     node packages/engine/scripts/checkMeter.ts [--seeds from to] [file.wasm ...]
 *     node packages/engine/scripts/checkMeter.ts --digests from to
 *     node packages/engine/scripts/checkMeter.ts --recursion from to stack
 *
 * To be compared between runs with other flags of V8: a digest of results and
 * fuel for each seed, and how unbounded recursion ends within a stack.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { table as costs } from "../src/CostTable.ts"
import { meter } from "../src/internal/core/meter.ts"
import { checkMetered } from "../test/checker/checkMetered.ts"
import { differences, outcome, recursion } from "../test/generator/differential.ts"
import { generate } from "../test/generator/generate.ts"

const write = (text: string): void => void process.stdout.write(`${text}\n`)

let drawn = 0

const check = (bytes: Uint8Array): ReturnType<typeof checkMetered> =>
  checkMetered(bytes, meter(bytes, { randomName: () => `name ${drawn++}` }), costs)

const printDigests = (from: number, to: number): void => {
  for (let seed = from; seed < to; seed++) {
    write(`${seed} ${createHash("sha256").update(JSON.stringify(outcome(seed))).digest("hex")}`)
  }
}

const printRecursion = (from: number, to: number, stack: number): void => {
  for (let seed = from; seed < to; seed++) write(recursion(seed, stack))
}

const checkSeeds = (from: number, to: number): number => {
  let failed = 0
  for (let seed = from; seed < to; seed++) {
    const problems = [...check(generate(seed).bytes).problems, ...differences(seed)]
    for (const problem of problems) write(`seed ${seed}: ${problem}`)
    if (problems.length > 0) failed++
  }
  write(`${to - from} seeds, ${failed} failed`)
  return failed
}

const checkFile = (path: string): number => {
  const started = performance.now()
  const { functions, instructions, problems, tail } = check(readFileSync(path))
  for (const problem of problems) write(`${path}: ${problem}`)
  const time = Math.round(performance.now() - started)
  write(`${path}: ${functions} functions, ${instructions} instructions, ${problems.length} problems, ${time} ms`)
  write(`  most after a call without a check: ${tail.fuel} with a frame of ${tail.frame} (function ${tail.func})`)
  return problems.length
}

const main = (args: ReadonlyArray<string>): void => {
  const [first, from = "0", to = "0", ...rest] = args
  if (first === "--digests") return printDigests(Number(from), Number(to))
  if (first === "--recursion") return printRecursion(Number(from), Number(to), Number(rest[0]))
  const seeded = first === "--seeds" ? checkSeeds(Number(from), Number(to)) : 0
  const failed = (first === "--seeds" ? rest : args).map(checkFile).reduce((sum, problems) => sum + problems, seeded)
  if (failed > 0) process.exitCode = 1
}

main(process.argv.slice(2))
