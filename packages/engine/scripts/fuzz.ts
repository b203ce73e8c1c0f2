/**
 * Decodes mutated components until a number of cases is done:
 * `node packages/engine/scripts/fuzz.ts [cases] [seed] [--compare] [--corpus folder]`.
 *
 * Ends with status 1 at the first case that throws anything but `DecodeError`
 * or takes longer than a second, and writes its bytes to `fuzz-case.wasm`.
 * `--compare` also asks wasm-tools about every case, in a process of its own,
 * and prints how often the two disagree and why, with the first case of each
 * class in hexadecimal. A folder adds its `.wasm` files to what is mutated.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as ComponentBinary from "../src/ComponentBinary.ts"
import * as CoreModule from "../src/CoreModule.ts"
import { DecodeError } from "../src/DecodeError.ts"
import * as WitText from "../src/WitText.ts"
import { assemble, dummy, mutate, random, worlds } from "../test/support/components.ts"
import { texts } from "../test/support/componentTexts.ts"
import { Oracle } from "./oracle.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { compare: { type: "boolean", default: false }, corpus: { type: "string" } }
})
const cases = Number(positionals[0] ?? 1_000_000)
const seed = Number(positionals[1] ?? 1)
const maxMillis = 1_000
const batch = 500

const corpus: Array<Uint8Array> = []
for (const wit of worlds.values()) corpus.push(await dummy(wit))
for (const text of texts.values()) corpus.push(await assemble(text))
if (values.corpus !== undefined) {
  for (const name of readdirSync(values.corpus)) {
    if (name.endsWith(".wasm")) corpus.push(new Uint8Array(readFileSync(join(values.corpus, name))))
  }
}

const next = random(seed)
const seen = new Map<string, number>()
const oracle = values.compare ? new Oracle() : undefined

const printModules = (bytes: Uint8Array, description: ComponentBinary.ComponentDescription): void => {
  WitText.print(description.world)
  for (const { offset, size } of description.coreModules) {
    const module = bytes.subarray(offset, offset + size)
    try {
      CoreModule.tables(module)
      CoreModule.limitMemories(module, CoreModule.memories(module).defined.map((one) => Math.max(one.minimum, 16)))
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }
}

/** `read`, `Refused`, `TooLarge`, or what is malformed. */
const attempt = (bytes: Uint8Array): string => {
  let description: ComponentBinary.ComponentDescription
  try {
    description = ComponentBinary.decode(bytes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return error.reason === "Malformed" ? general(error.message) : `${error.reason} ${error.feature ?? ""}`.trim()
  }
  printModules(bytes, description)
  return description.coreModules.every(({ offset, size }) => WebAssembly.validate(bytes.slice(offset, offset + size)))
    ? "read"
    : "read, a core module is not valid"
}

const general = (message: string): string => message.replace(/".*"/g, "_").replace(/[0-9]+/g, "_").slice(0, 120)

const fail = (bytes: Uint8Array, problem: unknown): never => {
  writeFileSync("fuzz-case.wasm", bytes)
  process.stderr.write(`${String(problem)}\n`)
  process.exit(1)
}

const pick = (): Uint8Array => corpus[next(corpus.length)] ?? new Uint8Array()

/** Any bytes, numbers that may be indices, or whole sections. */
const change = (bytes: Uint8Array): Uint8Array => {
  switch (next(3)) {
    case 0:
      return mutate(bytes, next)
    case 1:
      return renumber(bytes)
    default:
      return rearrange(bytes)
  }
}

/** Small numbers become other small numbers, or what they are elsewhere. */
const renumber = (bytes: Uint8Array): Uint8Array => {
  const out = Uint8Array.from(bytes)
  for (let edits = 1 + next(3); edits > 0; edits--) {
    for (let tries = 0; tries < 50; tries++) {
      const at = 8 + next(Math.max(1, out.length - 8))
      if ((out[at] ?? 255) > 0x12) continue
      out[at] = next(4) === 0 ? out[next(out.length)] ?? 0 : next(9)
      break
    }
  }
  return out
}

const sectionsOf = (bytes: Uint8Array): Array<Uint8Array> => {
  const sections: Array<Uint8Array> = []
  for (let at = 8; at < bytes.length;) {
    let end = at + 1
    let size = 0
    for (let shift = 0; end < bytes.length; shift += 7) {
      const byte = bytes[end++] ?? 0
      size += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    sections.push(bytes.subarray(at, end + size))
    at = end + size
  }
  return sections
}

/** Sections of one component are dropped, doubled, moved, or come from another one. */
const rearrange = (bytes: Uint8Array): Uint8Array => {
  const sections = sectionsOf(bytes)
  for (let edits = 1 + next(3); edits > 0; edits--) {
    const at = next(sections.length + 1)
    const others = next(2) === 0 ? sections : sectionsOf(pick())
    const other = others[next(Math.max(1, others.length))]
    if (next(3) === 0) sections.splice(at, 1)
    else if (other !== undefined) sections.splice(at, next(2), other)
  }
  return Uint8Array.from([...bytes.subarray(0, 8), ...sections.flatMap((section) => [...section])])
}

const one = (run: number): { readonly bytes: Uint8Array; readonly result: string } => {
  const bytes = change(pick())
  const start = performance.now()
  try {
    const result = attempt(bytes)
    if (!seen.has(result) && bytes.length < 10_000 && corpus.length < 4_000) corpus.push(bytes)
    seen.set(result, (seen.get(result) ?? 0) + 1)
    if (result === "read" && next(50) === 0 && bytes.length < 10_000 && corpus.length < 4_000) corpus.push(bytes)
    if (performance.now() - start > maxMillis) fail(bytes, `case ${run} took longer than ${maxMillis} ms`)
    return { bytes, result }
  } catch (error) {
    return fail(bytes, error instanceof Error ? error.stack : error)
  }
}

interface Disagreement {
  count: number
  readonly first: Uint8Array
}

const disagreements = new Map<string, Disagreement>()
let agreed = 0

const compare = async (
  tried: ReadonlyArray<{ readonly bytes: Uint8Array; readonly result: string }>
): Promise<void> => {
  const decided = tried.filter(({ result }) => !/^(Refused|TooLarge|read,)/.test(result))
  const answers = await oracle?.ask(decided.map(({ bytes }) => bytes)) ?? []
  decided.forEach(({ bytes, result }, i) => {
    const problem = answers[i]
    const key = result === "read"
      ? problem === undefined ? undefined : `accepted, invalid for wasm-tools: ${general(problem)}`
      : problem === undefined
      ? `malformed, valid for wasm-tools: ${result}`
      : undefined
    if (key === undefined) {
      agreed++
      return
    }
    const known = disagreements.get(key)
    if (known === undefined) disagreements.set(key, { count: 1, first: bytes })
    else known.count++
  })
}

for (let run = 0; run < cases;) {
  const tried: Array<{ readonly bytes: Uint8Array; readonly result: string }> = []
  for (; run < cases && tried.length < batch; run++) tried.push(one(run))
  if (oracle !== undefined) await compare(tried)
}
oracle?.stop()

for (const [result, count] of [...seen].sort((a, b) => b[1] - a[1]).slice(0, 40)) {
  process.stdout.write(`${count} ${result}\n`)
}
if (oracle !== undefined) {
  process.stdout.write(`\n${agreed} agreed, ${oracle.panics} made wasm-tools panic\n`)
  for (const [key, { count, first }] of [...disagreements].sort((a, b) => b[1].count - a[1].count)) {
    process.stdout.write(`${count} ${key}\n  ${Buffer.from(first).toString("hex").slice(0, 20_000)}\n`)
  }
}
