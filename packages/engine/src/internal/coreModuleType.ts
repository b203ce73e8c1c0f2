/**
 * What a core module imports and exports, with every type resolved.
 *
 * Everything but segments and code is read strictly. Whether code, segments and
 * constant expressions have the right types is left to the platform's validator.
 */
import { skipConstant } from "./core/constants.ts"
import { SectionId, Sections } from "./core/sections.ts"
import { readFuncType, readLimits, readValueType, storable } from "./core/types.ts"
import type { CoreExtern, CoreFuncType, CoreImport, CoreModuleType } from "./coreExtern.ts"
import { quote } from "./reader.ts"
import type { Budget, Reader } from "./reader.ts"

type Sort = CoreExtern["sort"]
type Of<S extends Sort> = Extract<CoreExtern, { readonly sort: S }>

/** The index spaces of a module, imports first. */
export interface CoreSpaces {
  readonly types: Array<CoreFuncType>
  readonly func: Array<Of<"func">>
  readonly table: Array<Of<"table">>
  readonly memory: Array<Of<"memory">>
  readonly global: Array<Of<"global">>
  readonly tag: Array<Of<"tag">>
}

/** Reads the module of `size` bytes at `offset`; offsets of errors are of the whole input. */
export const coreModuleType = (bytes: Uint8Array, offset: number, size: number, budget: Budget): CoreModuleType => {
  const sections = new Sections(bytes, offset, size, budget)
  const { imports, spaces } = readDeclarations(sections)
  return { imports, exports: readExports(sections, spaces) }
}

/** Everything that sections before the exports declare. */
export const readDeclarations = (
  sections: Sections
): { readonly imports: ReadonlyArray<CoreImport>; readonly spaces: CoreSpaces } => {
  const spaces: CoreSpaces = { types: [], func: [], table: [], memory: [], global: [], tag: [] }
  const { types } = spaces
  sections.items(SectionId.type, "types", 2, (reader) => types.push(readFuncType(reader, types)))
  const imports = sections.items(SectionId.import, "imports", 4, (reader) => readImport(reader, spaces))
  sections.items(SectionId.function, "functions", 1, (reader) => spaces.func.push(readFunc(reader, types)))
  sections.items(SectionId.table, "tables", 3, (reader) => spaces.table.push(readDefinedTable(reader, types)))
  sections.items(SectionId.memory, "memories", 2, (reader) => spaces.memory.push(readMemory(reader)))
  sections.items(SectionId.tag, "tags", 2, (reader) => spaces.tag.push(readTag(reader, types)))
  sections.items(SectionId.global, "globals", 3, (reader) => {
    spaces.global.push(readGlobal(reader, types))
    skipConstant(reader, types)
  })
  return { imports, spaces }
}

export const readImport = (reader: Reader, spaces: CoreSpaces): CoreImport => {
  const start = reader.offset
  const module = reader.name()
  if (module.startsWith("wasm:")) return reader.refused(`builtins of the host (${quote(module)})`, start)
  const name = reader.name()
  return { module, name, extern: readExtern(reader, spaces) }
}

export const readExtern = (reader: Reader, spaces: CoreSpaces): CoreExtern => {
  const start = reader.offset
  const kind = reader.byte()
  switch (kind) {
    case 0x00:
      return push(spaces.func, readFunc(reader, spaces.types))
    case 0x01:
      return push(spaces.table, readTable(reader, spaces.types))
    case 0x02:
      return push(spaces.memory, readMemory(reader))
    case 0x03:
      return push(spaces.global, readGlobal(reader, spaces.types))
    case 0x04:
      return push(spaces.tag, readTag(reader, spaces.types))
    case 0x20:
      return reader.refused("custom descriptors (exact function imports)", start)
    case 0x7e:
    case 0x7f:
      return reader.refused("compact import sections", start)
    default:
      return reader.malformed(`unknown kind of import ${kind}`, start)
  }
}

const push = <A>(space: Array<A>, item: A): A => {
  space.push(item)
  return item
}

const readFunc = (reader: Reader, types: ReadonlyArray<CoreFuncType>): Of<"func"> => ({
  sort: "func",
  type: typeAt(reader, types)
})

const typeAt = (reader: Reader, types: ReadonlyArray<CoreFuncType>): CoreFuncType => {
  const start = reader.offset
  const index = reader.u32()
  return types[index] ?? reader.malformed(`type ${index} is out of range (${types.length})`, start)
}

const readTable = (reader: Reader, types: ReadonlyArray<CoreFuncType>): Of<"table"> => {
  const start = reader.offset
  const element = storable(reader, readValueType(reader, types), start)
  if (!element.endsWith("ref") && !element.startsWith("(ref ")) {
    return reader.malformed(`a table of ${element}`, start)
  }
  return { sort: "table", element, limits: readLimits(reader, "table") }
}

const readDefinedTable = (reader: Reader, types: ReadonlyArray<CoreFuncType>): Of<"table"> => {
  if (reader.peek() !== 0x40) return readTable(reader, types)
  reader.skip(1)
  if (reader.byte() !== 0x00) return reader.malformed("unknown kind of table", reader.offset - 1)
  const table = readTable(reader, types)
  skipConstant(reader, types)
  return table
}

const readMemory = (reader: Reader): Of<"memory"> => ({ sort: "memory", limits: readLimits(reader, "memory") })

const readGlobal = (reader: Reader, types: ReadonlyArray<CoreFuncType>): Of<"global"> => {
  const start = reader.offset
  const type = storable(reader, readValueType(reader, types), start)
  const at = reader.offset
  const mutability = reader.byte()
  if (mutability === 0x02 || mutability === 0x03) return reader.refused("shared globals", at)
  if (mutability > 0x01) return reader.malformed(`unknown mutability ${mutability}`, at)
  return { sort: "global", type, mutable: mutability === 0x01 }
}

const readTag = (reader: Reader, types: ReadonlyArray<CoreFuncType>): Of<"tag"> => {
  const start = reader.offset
  if (reader.byte() !== 0x00) return reader.malformed("unknown kind of tag", start)
  const type = typeAt(reader, types)
  if (type.results.length > 0) return reader.malformed("a tag with results", start)
  for (const param of type.params) storable(reader, param, start)
  return { sort: "tag", type }
}

const readExports = (sections: Sections, spaces: CoreSpaces): ReadonlyMap<string, CoreExtern> => {
  const exports = new Map<string, CoreExtern>()
  sections.items(SectionId.export, "exports", 3, (reader) => {
    const start = reader.offset
    const name = reader.name()
    if (exports.has(name)) return reader.malformed(`duplicate export ${quote(name)}`, start)
    exports.set(name, readExported(reader, spaces))
  })
  return exports
}

const readExported = (reader: Reader, spaces: CoreSpaces): CoreExtern => {
  const start = reader.offset
  const kind = reader.byte()
  const sort = sorts[kind]
  if (sort === undefined) return reader.malformed(`unknown kind of export ${kind}`, start)
  const at = reader.offset
  const index = reader.u32()
  const space: ReadonlyArray<CoreExtern> = spaces[sort]
  return space[index] ?? reader.malformed(`${sort} ${index} is out of range (${space.length})`, at)
}

const sorts: ReadonlyArray<Sort> = ["func", "table", "memory", "global", "tag"]
