/**
 * The type section: types of values, functions, instances and resources.
 */
import { readAlias } from "./aliases.ts"
import { named, readExternName, readExternType } from "./externs.ts"
import { define, Frame, push, readCoreIndex } from "./frame.ts"
import type { Reader } from "./reader.ts"
import type { Node } from "./typeNodes.ts"
import { readFunc, readStructure } from "./valueTypes.ts"

export const readType = (reader: Reader, frame: Frame): Node => {
  const start = reader.offset
  const byte = reader.byte()
  switch (byte) {
    case 0x40:
      return readFunc(reader, frame, false)
    case 0x43:
      return readFunc(reader, frame, true)
    case 0x42:
      return readInstanceType(reader, frame)
    case 0x3f:
      return readResourceType(reader, frame, start)
    default: {
      const structure = readStructure(reader, frame, byte)
      if (structure !== undefined) return structure
      const feature = refusedTypes.get(byte)
      return feature === undefined
        ? reader.malformed(`unknown type ${byte}`, start)
        : reader.refused(feature, start)
    }
  }
}

const readInstanceType = (reader: Reader, parent: Frame): Node => {
  let depth = 0
  for (let f: Frame | undefined = parent; f !== undefined; f = f.parent) depth++
  if (depth > parent.maxDepth) {
    return reader.tooLarge(`instance types nest deeper than ${parent.maxDepth}`)
  }
  const frame = new Frame("instance type", parent, parent.path, parent)
  const count = reader.count("declarations", 2)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x00:
        return reader.refused("core types", start)
      case 0x01:
        push(reader, frame.types, readType(reader, frame))
        break
      case 0x02:
        readAlias(reader, frame)
        break
      case 0x04: {
        const name = readExternName(reader, frame.exportNames)
        const extern = named(reader, frame, name, readExternType(reader, frame), frame.scope)
        frame.exports.set(name.text, extern)
        define(reader, frame, extern)
        break
      }
      default:
        return reader.malformed(`unknown declaration ${byte}`, start)
    }
  }
  return frame.nodes.instance(frame.scope, frame.exports)
}

const readResourceType = (reader: Reader, frame: Frame, start: number): Node => {
  if (frame.kind !== "component") return reader.malformed("a resource defined inside a type", start)
  const rep = reader.byte()
  if (rep === 0x7e) return reader.refused("resources with a 64-bit representation", start)
  if (rep !== 0x7f) return reader.malformed("a resource is represented by an i32", start)
  const destructor = reader.byte()
  if (destructor > 0x01) return reader.malformed(`byte 0 or 1 expected, ${destructor} found`, reader.offset - 1)
  const destroy = destructor === 0x01 ? readCoreIndex(reader, frame, "func") : undefined
  const resource = frame.nodes.resource(frame.scope)
  frame.ownResources.add(resource)
  frame.steps.push({ op: "resource", node: resource, destructor: destroy })
  return resource
}

const refusedTypes: ReadonlyMap<number, string> = new Map([
  [0x3e, "resources with an async destructor"],
  [0x41, "component types"],
  [0x63, "map types"],
  [0x64, "error-context"],
  [0x65, "futures"],
  [0x66, "streams"],
  [0x67, "fixed-length lists"]
])
