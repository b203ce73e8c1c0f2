/**
 * Types of values and of functions.
 */
import type { Primitive } from "../WitType.ts"
import type { Frame } from "./frame.ts"
import { itemAt } from "./frame.ts"
import { alike, isLabel, labelKey, maxNameBytes } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { isResource, isValue } from "./typeNodes.ts"
import type { AliasNode, FuncNode, NamedItem, ResourceNode, ValueNode } from "./typeNodes.ts"

/** The type that starts with `byte`, which has been read; undefined where it starts none of values. */
export const readStructure = (reader: Reader, frame: Frame, byte: number): ValueNode | undefined => {
  switch (byte) {
    case 0x72:
      return frame.nodes.record(readFields(reader, frame, "record"))
    case 0x71:
      return readVariant(reader, frame)
    case 0x70:
      return frame.nodes.list("list", readValueType(reader, frame))
    case 0x6f: {
      const count = atLeastOne(reader, reader.count("types"), "a tuple")
      const items: Array<ValueNode> = []
      for (let i = 0; i < count; i++) items.push(readValueType(reader, frame))
      return frame.nodes.tuple(items)
    }
    case 0x6e:
    case 0x6d:
      return readLabels(reader, frame, byte === 0x6e ? "flags" : "enum")
    case 0x6b:
      return frame.nodes.list("option", readValueType(reader, frame))
    case 0x6a:
      return frame.nodes.result(readOptionalType(reader, frame), readOptionalType(reader, frame))
    case 0x69:
    case 0x68:
      return frame.nodes.handle(byte === 0x69 ? "own" : "borrow", readResource(reader, frame))
    default: {
      const primitive = primitives.get(byte)
      return primitive === undefined ? undefined : frame.nodes.primitive(primitive)
    }
  }
}

const readValueType = (reader: Reader, frame: Frame): ValueNode => {
  const start = reader.offset
  const byte = reader.peek()
  if (byte >= 0x40 && byte < 0x80) {
    reader.byte()
    const primitive = primitives.get(byte)
    if (primitive !== undefined) return frame.nodes.primitive(primitive)
    return byte === 0x64
      ? reader.refused("error-context", start)
      : reader.malformed(`unknown type ${byte}`, start)
  }
  const index = reader.typeIndex()
  const node = frame.types[index]
  if (node === undefined) return reader.malformed(`type ${index} is out of range (${frame.types.length})`, start)
  return isValue(node) ? node : reader.malformed(`type ${index} is not a type of values`, start)
}

const readOptionalType = (reader: Reader, frame: Frame): ValueNode | undefined => {
  const byte = reader.byte()
  if (byte > 0x01) return reader.malformed(`byte 0 or 1 expected, ${byte} found`, reader.offset - 1)
  return byte === 0x01 ? readValueType(reader, frame) : undefined
}

export const readResource = (reader: Reader, frame: Frame): ResourceNode | AliasNode => {
  const start = reader.offset
  const node = itemAt(reader, frame.types, "type")
  return isResource(node)
    ? node
    : reader.malformed("not a resource", start)
}

export const readFunc = (reader: Reader, frame: Frame, async: boolean): FuncNode => {
  const params = readFields(reader, frame, "function")
  const start = reader.offset
  const byte = reader.byte()
  if (byte === 0x01) {
    if (reader.u32() !== 0) return reader.malformed("named results", start)
    return frame.nodes.func(params, undefined, async)
  }
  if (byte !== 0x00) return reader.malformed(`byte 0 or 1 expected, ${byte} found`, start)
  const result = readValueType(reader, frame)
  if (result.borrows) return reader.malformed("a function returns a borrowed handle", start)
  return frame.nodes.func(params, result, async)
}

const readFields = (reader: Reader, frame: Frame, what: "record" | "function"): ReadonlyArray<NamedItem<ValueNode>> => {
  const count = reader.count(what === "record" ? "fields" : "parameters", 3)
  if (what === "record") atLeastOne(reader, count, "a record")
  const seen = new Map<string, string>()
  const fields: Array<NamedItem<ValueNode>> = []
  for (let i = 0; i < count; i++) {
    const name = readLabel(reader, seen)
    fields.push({ name, type: readValueType(reader, frame) })
  }
  return fields
}

const readVariant = (reader: Reader, frame: Frame): ValueNode => {
  const count = atLeastOne(reader, reader.count("cases", 4), "a variant")
  const seen = new Map<string, string>()
  const cases: Array<NamedItem<ValueNode | undefined>> = []
  for (let i = 0; i < count; i++) {
    const name = readLabel(reader, seen)
    cases.push({ name, type: readOptionalType(reader, frame) })
    reader.expect(0x00)
  }
  return frame.nodes.variant(cases)
}

const readLabels = (reader: Reader, frame: Frame, kind: "enum" | "flags"): ValueNode => {
  const count = atLeastOne(reader, reader.count("labels", 2), kind === "enum" ? "an enum" : "a flags type")
  if (kind === "flags" && count > 32) return reader.tooLarge(`flags with ${count} labels, at most 32 are allowed`)
  const seen = new Map<string, string>()
  const labels: Array<string> = []
  for (let i = 0; i < count; i++) labels.push(readLabel(reader, seen))
  return frame.nodes.labels(kind, labels)
}

const readLabel = (reader: Reader, seen: Map<string, string>): string => {
  const start = reader.offset
  const text = reader.name(maxNameBytes)
  if (!isLabel(text)) return reader.malformed(`${quote(text)} is not a valid name`, start)
  const key = labelKey(text)
  const taken = seen.get(key)
  if (taken !== undefined) return alike(reader, text, taken, start)
  seen.set(key, text)
  return text
}

const atLeastOne = (reader: Reader, count: number, what: string): number =>
  count === 0 ? reader.malformed(`${what} without members`) : count

const primitives: ReadonlyMap<number, Primitive> = new Map([
  [0x7f, "bool"],
  [0x7e, "s8"],
  [0x7d, "u8"],
  [0x7c, "s16"],
  [0x7b, "u16"],
  [0x7a, "s32"],
  [0x79, "u32"],
  [0x78, "s64"],
  [0x77, "u64"],
  [0x76, "f32"],
  [0x75, "f64"],
  [0x74, "char"],
  [0x73, "string"]
])
