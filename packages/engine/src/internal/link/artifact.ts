/**
 * Prepared components as bytes: a header, then the generated text, what makes
 * compiling it cheaper, and the metered modules.
 *
 * Reading is strict: what is not exactly as it was written throws
 * `RefusedEntry`. It does not make bytes trustworthy that anybody can write.
 */
import { version as costTable } from "../../CostTable.ts"
import { RefusedEntry } from "../../EngineCache.ts"
import type { Metered } from "../core/meter.ts"
import { joined } from "../core/sink.ts"
import type { CoreLimits } from "../coreExtern.ts"
import type { CoreRef, Expansion } from "./expansion.ts"
import type { Prepared } from "./plan.ts"
import { modulesOf } from "./plan.ts"

/** Number of the format that this module writes and reads. */
export const format = 2

export interface Artifact {
  readonly prepared: Prepared
  /** Of the text, for `Compilers.script`. */
  readonly code: Uint8Array<ArrayBuffer> | undefined
}

const magic = new TextEncoder().encode("airsplan")
const prefix = magic.length + 4
const maxHeader = 8 * 1_024 * 1_024

/** Writes an entry for this key. */
export const encodeArtifact = (key: string, { code, prepared }: Artifact): Uint8Array<ArrayBuffer> => {
  const { generated, heavy, modules } = prepared
  const source = new TextEncoder().encode(generated.source)
  const header = new TextEncoder().encode(JSON.stringify({
    key,
    format,
    costTable,
    heavy,
    source: source.length,
    code: code?.length ?? -1,
    memories: generated.memories,
    funcs: generated.funcs,
    modules: modules.map(({ bytes, codeSize, memories, names, tables }) => ({
      size: bytes.length,
      codeSize,
      names: { ...names, start: names.start ?? null },
      memories: memories.map(writtenLimits),
      tables: tables.map(writtenLimits)
    }))
  }))
  const parts = [magic, u32(header.length), header, source, ...code === undefined ? [] : [code]]
  for (const { bytes } of modules) parts.push(bytes)
  return joined(parts)
}

const writtenLimits = ({ maximum, minimum }: CoreLimits) => [minimum, maximum ?? null]

const u32 = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

const refuse = (why: string): never => {
  throw new RefusedEntry(why)
}

/** What an entry says that has not been compared with its component. */
export interface Opened {
  readonly source: string
  readonly code: Uint8Array<ArrayBuffer> | undefined
  readonly modules: ReadonlyArray<Metered>
  readonly heavy: boolean
  readonly memories: unknown
  readonly funcs: unknown
}

/** Reads an entry that was written for this key. Modules are views of the entry. */
export const openArtifact = (key: string, entry: Uint8Array<ArrayBuffer>): Opened => {
  const header = readHeader(entry)
  const fields = fieldsOf(
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(header)),
    ["key", "format", "costTable", "heavy", "source", "code", "memories", "funcs", "modules"]
  )
  if (fields.key !== key) refuse("it is of another key")
  if (fields.format !== format || fields.costTable !== costTable) refuse("it is of another version")
  let at = prefix + header.length
  const take = (size: number): Uint8Array<ArrayBuffer> => {
    if (size > entry.length - at) refuse("it is cut off")
    at += size
    return entry.subarray(at - size, at)
  }
  const source = new TextDecoder("utf-8", { fatal: true }).decode(take(natural(fields.source)))
  const code = fields.code === -1 ? undefined : take(natural(fields.code))
  const modules = listOf(fields.modules, (one) => readModule(one, take))
  if (at !== entry.length) refuse("bytes are left over")
  return { source, code, modules, heavy: truth(fields.heavy), memories: fields.memories, funcs: fields.funcs }
}

/** The artifact of a component, if the entry has the component's modules and names nothing else of it. */
export const artifactOf = (
  { code, funcs, heavy, memories, modules, source }: Opened,
  expansion: Expansion
): Artifact => {
  if (modules.length !== modulesOf(expansion).length) refuse("it has other modules")
  const generated = {
    source,
    memories: listOf(memories, (one) => readRef(one, expansion)),
    funcs: listOf(funcs, (one) => readRef(one, expansion))
  }
  return { prepared: { generated, modules, heavy }, code }
}

const readHeader = (entry: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  if (entry.length < prefix || magic.some((byte, i) => entry[i] !== byte)) refuse("it is no entry")
  const size = new DataView(entry.buffer, entry.byteOffset).getUint32(magic.length, true)
  if (size > maxHeader || size > entry.length - prefix) refuse("its header is too long")
  return entry.subarray(prefix, prefix + size)
}

const readModule = (value: unknown, take: (size: number) => Uint8Array<ArrayBuffer>): Metered => {
  const fields = fieldsOf(value, ["size", "codeSize", "names", "memories", "tables"])
  const names = fieldsOf(fields.names, ["setFuel", "fuel", "init", "hooks", "start", "memories", "tables"])
  const bytes = take(natural(fields.size))
  const metered: Metered = {
    bytes,
    names: {
      setFuel: text(names.setFuel),
      fuel: text(names.fuel),
      init: text(names.init),
      hooks: text(names.hooks),
      start: names.start === null ? undefined : text(names.start),
      memories: listOf(names.memories, text),
      tables: listOf(names.tables, text)
    },
    memories: listOf(fields.memories, readLimits),
    tables: listOf(fields.tables, readLimits),
    codeSize: natural(fields.codeSize)
  }
  if (metered.memories.length !== metered.names.memories.length) refuse("its memories have not as many names")
  if (metered.tables.length !== metered.names.tables.length) refuse("its tables have not as many names")
  return metered
}

const readLimits = (value: unknown): CoreLimits => {
  const [minimum, maximum, ...others] = listOf(value, (bound) => bound)
  if (others.length > 0) refuse("limits have two numbers")
  return { minimum: natural(minimum), maximum: maximum === null ? undefined : natural(maximum) }
}

/** A core item that the component has. */
const readRef = (value: unknown, expansion: Expansion): CoreRef => {
  if (!isObject(value)) return refuse("there is a value of another type")
  if (value.from === "instance") {
    const { instance, name } = fieldsOf(value, ["from", "instance", "name"])
    const exported = expansion.coreInstances[natural(instance)]?.module.type.exports.has(text(name))
    if (exported !== true) refuse("it names an export that there is not")
    return { from: "instance", instance: natural(instance), name: text(name) }
  }
  const { from, id } = fieldsOf(value, ["from", "id"])
  if (from !== "lower" && from !== "builtin") return refuse("there is a value of another type")
  const all = from === "lower" ? expansion.lowers : expansion.builtins
  if (natural(id) >= all.length) refuse("it names a function that there is not")
  return { from, id: natural(id) }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The fields of an object that has these and no others. */
const fieldsOf = <const K extends string>(value: unknown, names: ReadonlyArray<K>): Readonly<Record<K, unknown>> => {
  if (!isObject(value) || Object.keys(value).length !== names.length) return refuse("there is a value of another type")
  for (const name of names) if (!Object.hasOwn(value, name)) refuse("there is a value of another type")
  return value
}

const listOf = <A>(value: unknown, read: (one: unknown) => A): ReadonlyArray<A> =>
  Array.isArray(value) ? value.map((one) => read(one)) : refuse("there is a value of another type")

const truth = (value: unknown): boolean =>
  typeof value === "boolean" ? value : refuse("there is a value of another type")

const text = (value: unknown): string => typeof value === "string" ? value : refuse("there is a value of another type")

const natural = (value: unknown): number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
    ? value
    : refuse("there is a value of another type")
