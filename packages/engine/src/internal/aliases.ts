/**
 * Items of an instance or of an outer component under an index of this one.
 */
import type { Frame } from "./frame.ts"
import { define, defineCore, itemAt, push, readIndex } from "./frame.ts"
import { maxNameBytes } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readSort } from "./sorts.ts"
import type { Sort } from "./sorts.ts"

export const readAlias = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const sort = readSort(reader)
  const target = reader.byte()
  switch (target) {
    case 0x00:
      return readExportAlias(reader, frame, sort, start)
    case 0x01:
      return readCoreAlias(reader, frame, sort, start)
    case 0x02:
      return readOuterAlias(reader, frame, sort, start)
    default:
      return reader.malformed(`unknown alias target ${target}`, start)
  }
}

const readExportAlias = (reader: Reader, frame: Frame, sort: Sort, start: number): void => {
  const { index, item: instance } = readIndex(reader, frame.instances, "instance")
  const name = reader.name(maxNameBytes)
  const extern = instance.exports.get(name)
  if (extern === undefined) return reader.malformed(`the instance does not export ${quote(name)}`, start)
  if (extern.sort !== sort) return reader.malformed(`${quote(name)} is a ${extern.sort}, not a ${sort}`, start)
  if (frame.kind !== "component" && sort !== "type" && sort !== "instance") {
    return reader.malformed(`an alias of a ${sort} in a type`, start)
  }
  if (extern.sort !== "type") {
    const type = extern.sort === "instance" ? extern.node : undefined
    frame.steps.push({ op: "alias", sort: extern.sort, instance: index, name, type })
  }
  return define(reader, frame, extern)
}

const readCoreAlias = (reader: Reader, frame: Frame, sort: Sort, start: number): void => {
  if (frame.kind !== "component") return reader.malformed("an alias of a core export in a type", start)
  const { index, item: instance } = readIndex(reader, frame.core.instance, "core instance")
  const name = reader.name()
  const item = instance.get(name)
  if (item === undefined) return reader.malformed(`the core instance does not export ${quote(name)}`, start)
  if (`core ${item.sort}` !== sort) {
    return reader.malformed(`${quote(name)} is a core ${item.sort}, not a ${sort}`, start)
  }
  frame.steps.push({ op: "core alias", sort: item.sort, instance: index, name })
  return defineCore(reader, frame, item)
}

const readOuterAlias = (reader: Reader, frame: Frame, sort: Sort, start: number): void => {
  const count = reader.u32()
  let outer = frame
  let crossed = false
  for (let i = 0; i < count; i++) {
    if (outer.parent === undefined) return reader.malformed(`an alias ${count} levels out`, start)
    crossed ||= outer.kind === "component"
    outer = outer.parent
  }
  switch (sort) {
    case "type": {
      const node = itemAt(reader, outer.types, "type")
      if (crossed && node.homes.length > 0) return outerResource(reader, start)
      return push(reader, frame.types, node)
    }
    case "core type":
      return push(reader, frame.coreTypes, itemAt(reader, outer.coreTypes, "core type"))
    case "component": {
      const { index, item } = readIndex(reader, outer.components, "component")
      if (frame.kind !== "component") return reader.malformed("an alias of a component in a type", start)
      if (crossed && item.homes.length > 0) return outerResource(reader, start)
      frame.steps.push({ op: "outer alias", sort, count, index })
      return push(reader, frame.components, item)
    }
    case "module": {
      const { index, item } = readIndex(reader, outer.modules, "core module")
      if (frame.kind !== "component") return reader.malformed("an alias of a core module in a type", start)
      frame.steps.push({ op: "outer alias", sort, count, index })
      return push(reader, frame.modules, item)
    }
    default:
      return reader.malformed(`a ${sort} cannot be an outer alias`, start)
  }
}

const outerResource = (reader: Reader, start: number): never =>
  reader.malformed("a nested component reaches for an outer resource", start)
