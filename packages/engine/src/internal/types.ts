/**
 * The type section: types of values, functions, instances, components and resources.
 */
import { readAlias } from "./aliases.ts"
import { readCoreType } from "./coreItems.ts"
import { readExportDeclaration, readImport } from "./externs.ts"
import { Frame, push, readIndex } from "./frame.ts"
import type { Reader } from "./reader.ts"
import { sameCoreFunc } from "./subtyping.ts"
import type { TypeNode } from "./typeNodes.ts"
import { readFunc, readStructure } from "./valueTypes.ts"

export const readType = (reader: Reader, frame: Frame): TypeNode => {
  const start = reader.offset
  const byte = reader.byte()
  switch (byte) {
    case 0x40:
      return readFunc(reader, frame, false)
    case 0x43:
      return readFunc(reader, frame, true)
    case 0x41:
      return readComponentType(reader, frame)
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

const readInstanceType = (reader: Reader, parent: Frame): TypeNode => {
  const frame = new Frame(reader, "instance type", parent, parent.path, parent)
  readDeclarations(reader, frame)
  return frame.nodes.instance(frame.scope, frame.exports)
}

const readComponentType = (reader: Reader, parent: Frame): TypeNode => {
  const frame = new Frame(reader, "component type", parent, parent.path, parent)
  readDeclarations(reader, frame)
  return frame.nodes.component(frame.scope, frame.imports, frame.exports)
}

const readDeclarations = (reader: Reader, frame: Frame): void => {
  const count = reader.count("declarations", 2)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x00:
        push(reader, frame.coreTypes, readCoreType(reader, frame))
        break
      case 0x01:
        push(reader, frame.types, readType(reader, frame))
        break
      case 0x02:
        readAlias(reader, frame)
        break
      case 0x03:
        if (frame.kind === "instance type") return reader.malformed("an import in an instance type", start)
        readImport(reader, frame)
        break
      case 0x04:
        readExportDeclaration(reader, frame)
        break
      default:
        return reader.malformed(`unknown declaration ${byte}`, start)
    }
  }
}

const readResourceType = (reader: Reader, frame: Frame, start: number): TypeNode => {
  if (frame.kind !== "component") return reader.malformed("a resource defined inside a type", start)
  const rep = reader.byte()
  if (rep === 0x7e) return reader.refused("resources with a 64-bit representation", start)
  if (rep !== 0x7f) return reader.malformed("a resource is represented by an i32", start)
  const destructor = reader.byte()
  if (destructor > 0x01) return reader.malformed(`byte 0 or 1 expected, ${destructor} found`, reader.offset - 1)
  const at = reader.offset
  const destroy = destructor === 0x01 ? readIndex(reader, frame.core.func, "core function") : undefined
  if (destroy !== undefined && !sameCoreFunc(destroy.item.type, { params: ["i32"], results: [] })) {
    return reader.malformed("a destructor takes an i32 and gives nothing", at)
  }
  const resource = frame.nodes.resource(frame.scope)
  frame.ownResources.add(resource)
  frame.steps.push({ op: "resource", node: resource, destructor: destroy?.index })
  return resource
}

const refusedTypes: ReadonlyMap<number, string> = new Map([
  [0x3e, "resources with an async destructor"],
  [0x63, "map types"],
  [0x64, "error-context"],
  [0x65, "futures"],
  [0x66, "streams"],
  [0x67, "fixed-length lists"]
])
