/**
 * Items of an instance or of an outer component under an index of this one.
 */
import type { Frame } from "./frame.ts"
import { countCore, define, itemAt, push, readCoreIndex, readIndex } from "./frame.ts"
import { maxNameBytes } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { coreNames, readSort } from "./sorts.ts"
import type { Sort } from "./sorts.ts"

export const readAlias = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const sort = readSort(reader)
  const target = reader.byte()
  switch (target) {
    case 0x00: {
      const { index, item: instance } = readIndex(reader, frame.instances, "instance")
      const name = reader.name(maxNameBytes)
      const extern = instance.exports.get(name)
      if (extern === undefined) return reader.malformed(`the instance does not export ${quote(name)}`, start)
      if (extern.sort !== sort) return reader.malformed(`${quote(name)} is a ${extern.sort}, not a ${sort}`, start)
      if (extern.sort !== "type") {
        const type = extern.sort === "instance" ? extern.node : undefined
        frame.steps.push({ op: "alias", sort: extern.sort, instance: index, name, type })
      }
      return define(reader, frame, extern)
    }
    case 0x01: {
      if (frame.kind !== "component") return reader.malformed("an alias of a core export in a type", start)
      const instance = readCoreIndex(reader, frame, "instance")
      const name = reader.name()
      const core = sort.startsWith("core ") ? coreNames.get(sort) : undefined
      if (core === undefined || core === "instance") return reader.malformed(`a core export is no ${sort}`, start)
      frame.steps.push({ op: "core alias", sort: core, instance, name })
      return countCore(reader, frame, core)
    }
    case 0x02:
      return readOuterAlias(reader, frame, sort, start)
    default:
      return reader.malformed(`unknown alias target ${target}`, start)
  }
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
      if (crossed && node.resources) {
        return reader.malformed("a nested component reaches for an outer resource", start)
      }
      return push(reader, frame.types, node)
    }
    case "component":
      if (frame.kind !== "component") return reader.malformed("an alias of a component in a type", start)
      {
        const { index, item } = readIndex(reader, outer.components, "component")
        frame.steps.push({ op: "outer alias", sort, count, index })
        return push(reader, frame.components, item)
      }
    case "module":
      if (frame.kind !== "component") return reader.malformed("an alias of a core module in a type", start)
      {
        const { index, item } = readIndex(reader, outer.modules, "core module")
        frame.steps.push({ op: "outer alias", sort, count, index })
        return push(reader, frame.modules, item)
      }
    case "core type":
      return reader.refused("core types", start)
    default:
      return reader.malformed(`a ${sort} cannot be an outer alias`, start)
  }
}
