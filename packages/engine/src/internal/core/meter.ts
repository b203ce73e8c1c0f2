/**
 * Rewrites a core module so that it pays for what it does, and asks before it grows.
 *
 * Everything is appended: a global for the fuel that is left, one for the stack
 * that is left, one for the number by which the host knows the instance, a table
 * of two hooks, and functions. No index of the original changes.
 */
import type { CostTable } from "../../CostTable.ts"
import { table as currentCosts } from "../../CostTable.ts"
import { DecodeError } from "../../DecodeError.ts"
import type { CoreLimits } from "../coreExtern.ts"
import { Budget } from "../reader.ts"
import { atOnce } from "../steps.ts"
import type { Steps } from "../steps.ts"
import { Additions } from "./additions.ts"
import { BodyMeter } from "./bodyMeter.ts"
import { findLeaves } from "./leaves.ts"
import { Scan } from "./scan.ts"
import { SectionId, Sections } from "./sections.ts"
import { joined, Sink, u32 } from "./sink.ts"

export interface Metered {
  /** The rewritten module. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Exports that were added: random, and none of them an export of the original. */
  readonly names: {
    /** (i32) -> (): sets the fuel that is left. */
    readonly setFuel: string
    /** () -> i32 */
    readonly fuel: string
    /** (id i32, stack i32) -> (): who this instance is, and how many bytes of stack it may use. */
    readonly init: string
    /**
     * A table of two functions, null at first. The first, (id, needed) -> i32, is
     * called when the fuel is negative and gives what to add, at least `needed`.
     * The second, (id, kind, amount) -> i32, is asked whether a memory (kind 0)
     * or a table (1) may grow by `amount` pages or elements, 1 for yes, and told
     * that the stack is used up (2), which it never answers.
     */
    readonly hooks: string
    /** The function that the original starts with. The rewritten module does not start by itself. */
    readonly start: string | undefined
    /** Of the memories and tables that the original defines. */
    readonly memories: ReadonlyArray<string>
    readonly tables: ReadonlyArray<string>
  }
  /** Of the memories and tables that the original defines. */
  readonly memories: ReadonlyArray<CoreLimits>
  readonly tables: ReadonlyArray<CoreLimits>
  /** Bytes of the rewritten code. */
  readonly codeSize: number
}

export interface MeterOptions {
  readonly randomName: () => string
  readonly costs?: CostTable | undefined
}

export const notValid = (): DecodeError =>
  new DecodeError({ reason: "Malformed", offset: 0, section: "core module", message: "not a valid module" })

/**
 * Meters a module. Throws `DecodeError`: `Malformed` for a module that the
 * platform does not take, since what is appended could make an invalid one valid.
 */
export const meter = (original: Uint8Array, options: MeterOptions): Metered => {
  if (!WebAssembly.validate(original as Uint8Array<ArrayBuffer>)) throw notValid()
  return atOnce(metering(original, options))
}

/** Meters a module that the platform has found to be valid, in steps of about a millisecond. */
export function* metering(original: Uint8Array, options: MeterOptions): Steps<Metered> {
  const scan = new Scan(new Sections(original, 0, original.length, new Budget(10_000_000)))
  const costs = options.costs ?? currentCosts
  const additions = new Additions(scan, costs)
  const leaves = findLeaves(scan, costs)
  yield
  const code = yield* rewriteCode(scan, additions, costs, leaves)
  const names = drawNames(scan, options.randomName)
  return {
    bytes: assemble(scan, additions, names, code),
    names,
    memories: scan.memories.slice(scan.importedMemories),
    tables: scan.tables.slice(scan.importedTables).map(({ limits }) => limits),
    codeSize: code.bodies.length
  }
}

/**
 * What a module without anything in it takes. V8 forgets how objects are made
 * with the last of them, and the code that it compiled for them too: modules
 * that come one at a time would each be metered by an interpreter.
 */
export const kept: ReadonlyArray<object> = (() => {
  const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  const scan = new Scan(new Sections(empty, 0, empty.length, new Budget(empty.length)))
  const additions = new Additions(scan, currentCosts)
  return [scan, additions, new BodyMeter(scan, additions, currentCosts, new Uint8Array(0), new Sink(64))]
})()

interface Code {
  /** All bodies, the appended ones last, without their number. */
  readonly bodies: Sink
  /** The content of the section of branch hints. */
  readonly hints: Sink
}

/** Bytes of bodies in one step. */
const stepSize = 65_536

function* rewriteCode(
  scan: Scan,
  additions: Additions,
  costs: CostTable,
  leaves: Uint8Array
): Steps<Code> {
  const section = scan.code
  const code = new Sink(section === undefined ? 1_024 : Math.ceil((section.end - section.content) * 1.5))
  const bodies = new BodyMeter(scan, additions, costs, leaves, code)
  let stepEnd = stepSize
  const ranges = scan.bodies
  for (let i = 0; i < ranges.length; i += 2) {
    const index = scan.importedFunctions + (i >> 1)
    const start = ranges[i] ?? 0
    const end = ranges[i + 1] ?? 0
    if (code.length > stepEnd) {
      stepEnd = code.length + stepSize
      yield
    }
    if ((leaves[index] ?? 0) === 0) bodies.write(index, start)
    else {
      code.u32(end - start)
      code.copy(scan.sections.bytes, start, end)
    }
  }
  for (const { body } of additions.functions) {
    code.u32(body.length)
    code.copy(Uint8Array.from(body), 0, body.length)
  }
  const { functions, written } = bodies.hints
  const hints = new Sink(written.length + 64)
  hints.copy(hintName, 0, hintName.length)
  hints.u32(functions)
  hints.copy(written.bytes, 0, written.length)
  return { bodies: code, hints }
}

const hintText = new TextEncoder().encode("metadata.code.branch_hint")
const hintName = Uint8Array.of(hintText.length, ...hintText)

const drawNames = (scan: Scan, randomName: () => string): Metered["names"] => {
  const taken = new Set<string>(scan.exports)
  const draw = (): string => {
    for (;;) {
      const name = randomName()
      if (taken.has(name)) continue
      taken.add(name)
      return name
    }
  }
  return {
    setFuel: draw(),
    fuel: draw(),
    init: draw(),
    hooks: draw(),
    start: scan.start === undefined ? undefined : draw(),
    memories: scan.memories.slice(scan.importedMemories).map(draw),
    tables: scan.tables.slice(scan.importedTables).map(draw)
  }
}

/** The sections in their order, those that something is appended to among them. */
const assemble = (
  scan: Scan,
  additions: Additions,
  exportNames: Metered["names"],
  code: Code
): Uint8Array<ArrayBuffer> => {
  const { bytes } = scan.sections
  const parts: Array<Uint8Array> = [bytes.subarray(0, 8)]
  const append = (id: number, count: number, items: Sink): void => {
    const reader = scan.sections.reader(id)
    const before = reader === undefined ? 0 : reader.u32()
    const original = reader === undefined ? noBytes : reader.bytes.subarray(reader.offset, reader.end)
    const total = u32(before + count)
    const size = u32(total.length + original.length + items.length)
    parts.push(Uint8Array.of(id, ...size, ...total), original, items.bytes.subarray(0, items.length))
  }
  const copy = (...ids: ReadonlyArray<number>): void => {
    for (const id of ids) {
      const section = scan.sections.get(id)
      if (section !== undefined) parts.push(bytes.subarray(section.start, section.end))
    }
  }
  append(SectionId.type, additions.types.length, flat(additions.types))
  copy(SectionId.import)
  append(SectionId.function, additions.functions.length, flat(additions.functions.map(({ type }) => u32(type))))
  append(SectionId.table, 1, flat([[0x70, 0x01, 2, 2]]))
  copy(SectionId.memory, SectionId.tag)
  append(SectionId.global, 3, flat(Array.from({ length: 3 }, () => [0x7f, 0x01, 0x41, 0x00, 0x0b])))
  const exported = exportsOf(scan, additions, exportNames)
  append(SectionId.export, exported.length, flat(exported))
  copy(SectionId.element, SectionId.dataCount)
  const functions = u32(scan.functions.length - scan.importedFunctions + additions.functions.length)
  parts.push(
    Uint8Array.of(SectionId.custom, ...u32(code.hints.length)),
    code.hints.bytes.subarray(0, code.hints.length),
    Uint8Array.of(SectionId.code, ...u32(functions.length + code.bodies.length), ...functions),
    code.bodies.bytes.subarray(0, code.bodies.length)
  )
  copy(SectionId.data)
  const names = scan.sections.names
  if (names !== undefined) parts.push(bytes.subarray(names.start, names.end))
  return joined(parts)
}

const noBytes = new Uint8Array(0)

const flat = (items: ReadonlyArray<ReadonlyArray<number>>): Sink => {
  const sink = new Sink(1_024)
  for (const item of items) for (const byte of item) sink.byte(byte)
  return sink
}

const exportsOf = (scan: Scan, additions: Additions, names: Metered["names"]): Array<ReadonlyArray<number>> => {
  const found: Array<ReadonlyArray<number>> = []
  const add = (name: string, kind: number, index: number): void => {
    const text = new TextEncoder().encode(name)
    found.push([...u32(text.length), ...text, kind, ...u32(index)])
  }
  add(names.setFuel, 0, additions.setFuel)
  add(names.fuel, 0, additions.getFuel)
  add(names.init, 0, additions.init)
  add(names.hooks, 1, additions.hooks)
  if (names.start !== undefined && scan.start !== undefined) add(names.start, 0, scan.start)
  for (const [index, name] of names.memories.entries()) add(name, 2, scan.importedMemories + index)
  for (const [index, name] of names.tables.entries()) add(name, 1, scan.importedTables + index)
  return found
}
