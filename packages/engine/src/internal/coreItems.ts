/**
 * Core definitions of a component: types, and instances of core modules.
 */
import { readFuncType } from "./core/types.ts"
import type { CoreExtern, CoreFuncType, CoreImport } from "./coreExtern.ts"
import { readExtern, readImport } from "./coreModuleType.ts"
import type { CoreSpaces as ModuleSpaces } from "./coreModuleType.ts"
import type { CoreType, Frame } from "./frame.ts"
import { itemAt, push, readIndex } from "./frame.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readCoreSort } from "./sorts.ts"
import type { CoreSort } from "./sorts.ts"
import { importKey, matchCore } from "./subtyping.ts"

export const readCoreType = (reader: Reader, frame: Frame): CoreType => {
  const start = reader.offset
  const byte = reader.peek()
  if (byte === 0x50) {
    reader.byte()
    return readModuleType(reader, frame)
  }
  return byte === 0x00
    ? reader.refused("gc (subtypes)", start)
    : { kind: "func", type: readFuncType(reader, []) }
}

const readModuleType = (reader: Reader, frame: Frame): CoreType => {
  const spaces: ModuleSpaces = { types: [], func: [], table: [], memory: [], global: [], tag: [] }
  const imports: Array<CoreImport> = []
  const exports = new Map<string, CoreExtern>()
  const count = reader.count("declarations", 2)
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x00:
        imports.push(readImport(reader, spaces))
        break
      case 0x01:
        if (reader.peek() === 0x50) return reader.malformed("a module type inside a module type", start)
        push(reader, spaces.types, readFuncType(reader, spaces.types))
        break
      case 0x02:
        push(reader, spaces.types, readTypeAlias(reader, frame, spaces.types))
        break
      case 0x03: {
        const name = reader.name()
        if (exports.has(name)) return reader.malformed(`duplicate export ${quote(name)}`, start)
        exports.set(name, readExtern(reader, spaces))
        break
      }
      default:
        return reader.malformed(`unknown declaration ${byte}`, start)
    }
  }
  checkImports(reader, imports)
  return { kind: "module", type: { imports, exports } }
}

/** Within a component, two imports of a core module have different names. */
export const checkImports = (reader: Reader, imports: ReadonlyArray<CoreImport>): void => {
  const seen = new Set<string>()
  for (const one of imports) {
    const key = importKey(one)
    if (seen.has(key)) return reader.malformed(`duplicate import ${quote(one.module)} ${quote(one.name)}`)
    seen.add(key)
  }
}

/** Counted from the module type itself. */
const readTypeAlias = (reader: Reader, frame: Frame, own: ReadonlyArray<CoreFuncType>): CoreFuncType => {
  const start = reader.offset
  reader.expect(0x10)
  reader.expect(0x01)
  const count = reader.u32()
  if (count === 0) return itemAt(reader, own, "core type")
  let outer = frame
  for (let i = 1; i < count; i++) {
    if (outer.parent === undefined) return reader.malformed(`an alias ${count} levels out`, start)
    outer = outer.parent
  }
  const type = itemAt(reader, outer.coreTypes, "core type")
  return type.kind === "func" ? type.type : reader.malformed("a module type inside a module type", start)
}

export const readCoreInstance = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind === 0x00) return readInstantiation(reader, frame, start)
  return kind === 0x01
    ? readExports(reader, frame)
    : reader.malformed(`unknown core instance kind ${kind}`, start)
}

const readInstantiation = (reader: Reader, frame: Frame, start: number): void => {
  const { index, item: module } = readIndex(reader, frame.modules, "core module")
  const count = reader.count("arguments", 3)
  const given = new Map<string, ReadonlyMap<string, CoreExtern>>()
  const args: Array<{ readonly name: string; readonly instance: number }> = []
  for (let i = 0; i < count; i++) {
    const name = reader.name()
    if (given.has(name)) return reader.malformed(`duplicate argument ${quote(name)}`)
    if (reader.byte() !== 0x12) return reader.malformed("a core instance expected", reader.offset - 1)
    const { index: instance, item } = readIndex(reader, frame.core.instance, "core instance")
    given.set(name, item)
    args.push({ name, instance })
  }
  reader.spend(module.imports.length)
  for (const { module: from, name, extern } of module.imports) {
    const actual = given.get(from)
    if (actual === undefined) return reader.malformed(`argument ${quote(from)} is missing`, start)
    const item = actual.get(name)
    if (item === undefined) return reader.malformed(`argument ${quote(from)} does not export ${quote(name)}`, start)
    const problem = matchCore(reader, extern, item)
    if (problem !== undefined) return reader.malformed(`${quote(name)} of ${quote(from)}: ${problem}`, start)
  }
  frame.steps.push({ op: "core instantiate", module: index, args })
  return push(reader, frame.core.instance, module.exports)
}

const readExports = (reader: Reader, frame: Frame): void => {
  const count = reader.count("exports", 3)
  const items = new Map<string, CoreExtern>()
  const exports: Array<{ readonly name: string; readonly sort: CoreSort; readonly index: number }> = []
  for (let i = 0; i < count; i++) {
    const name = reader.name()
    if (items.has(name)) return reader.malformed(`duplicate name ${quote(name)}`)
    const start = reader.offset
    const sort = readCoreSort(reader)
    if (sort === "instance") return reader.malformed("a core instance cannot be used here", start)
    const space: ReadonlyArray<CoreExtern> = frame.core[sort]
    const { index, item } = readIndex(reader, space, `core ${sort}`)
    items.set(name, item)
    exports.push({ name, sort, index })
  }
  frame.steps.push({ op: "core exports", exports })
  return push(reader, frame.core.instance, items)
}
