/**
 * Decodes mutated components until a number of cases is done:
 * `node packages/engine/scripts/fuzz.ts [cases] [seed]`.
 *
 * Ends with status 1 at the first case that throws anything but `DecodeError`
 * or takes longer than a second, and writes its bytes to `fuzz-case.wasm`.
 */
import { writeFileSync } from "node:fs"
import * as ComponentBinary from "../src/ComponentBinary.ts"
import * as CoreModule from "../src/CoreModule.ts"
import { DecodeError } from "../src/DecodeError.ts"
import * as WitText from "../src/WitText.ts"
import { dummy, mutate, random, worlds } from "../test/support/components.ts"

const cases = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? 1)
const maxMillis = 1_000

const seeds: Array<Uint8Array> = []
for (const wit of worlds.values()) seeds.push(await dummy(wit))

const next = random(seed)
const seen = new Map<string, number>()
const corpus = [...seeds]

const attempt = (bytes: Uint8Array): string => {
  try {
    const { coreModules, world } = ComponentBinary.decode(bytes)
    WitText.print(world)
    for (const { offset, size } of coreModules) {
      const module = bytes.subarray(offset, offset + size)
      CoreModule.tables(module)
      CoreModule.limitMemories(module, CoreModule.memories(module).defined.map((one) => Math.max(one.minimum, 16)))
    }
    return "read"
  } catch (error) {
    if (error instanceof DecodeError) return error.feature ?? error.message.replace(/[0-9]+|".*"/g, "_")
    throw error
  }
}

const fail = (bytes: Uint8Array, problem: unknown): never => {
  writeFileSync("fuzz-case.wasm", bytes)
  process.stderr.write(`${String(problem)}\n`)
  process.exit(1)
}

for (let run = 0; run < cases; run++) {
  const bytes = mutate(corpus[next(corpus.length)] ?? new Uint8Array(), next)
  const start = performance.now()
  try {
    const result = attempt(bytes)
    if (!seen.has(result) && corpus.length < 4_000) corpus.push(bytes)
    seen.set(result, (seen.get(result) ?? 0) + 1)
    if (result === "read" && next(500) === 0 && corpus.length < 4_000) corpus.push(bytes)
  } catch (error) {
    fail(bytes, error instanceof Error ? error.stack : error)
  }
  if (performance.now() - start > maxMillis) fail(bytes, `case ${run} took longer than ${maxMillis} ms`)
}
for (const [result, count] of [...seen].sort((a, b) => b[1] - a[1]).slice(0, 40)) {
  process.stdout.write(`${count} ${result}\n`)
}
