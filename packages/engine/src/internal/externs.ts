/**
 * Imports and exports: names, what they name, and the types that are given to them.
 */
import type { Item } from "./blueprint.ts"
import { matchInstance, matchTypes, useInstance } from "./copy.ts"
import type { CoreModuleType } from "./coreExtern.ts"
import type { Frame } from "./frame.ts"
import { define, itemAt, readIndex } from "./frame.ts"
import { alike, maxNameBytes, parseExternName } from "./names.ts"
import type { ExternName, UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readSort } from "./sorts.ts"
import { matchModule } from "./subtyping.ts"
import { isResource, peel } from "./typeNodes.ts"
import type { ComponentNode, Extern, FuncNode, InstanceNode, Scope, TypeNode } from "./typeNodes.ts"
import { register } from "./visibility.ts"
import type { ResourceNames } from "./visibility.ts"

export interface Name {
  readonly text: string
  readonly parsed: ExternName
  readonly start: number
  /** Said to implement an interface. */
  readonly implementing: boolean
}

export const readImport = (reader: Reader, frame: Frame): void => {
  const name = readName(reader, frame.importNames)
  const before = frame.nodes.resources
  const extern = named(reader, frame, name, open(frame, readDeclared(reader, frame)), frame.scope)
  checkMember(reader, frame, name, extern, frame.importedResources)
  publish(frame, name.text, extern)
  expose(reader, frame, name, extern, "import")
  frame.resources.addImport(reader, extern, before)
  frame.imports.set(name.text, extern)
  frame.steps.push({ op: "import", name: name.text, extern })
  define(reader, frame, extern)
}

/** An export of a component type or an instance type. */
export const readExportDeclaration = (reader: Reader, frame: Frame): void => {
  const name = readName(reader, frame.exportNames)
  const extern = named(reader, frame, name, open(frame, readDeclared(reader, frame)), frame.scope)
  checkMember(reader, frame, name, extern, frame.exportedResources)
  expose(reader, frame, name, extern, "export")
  frame.resources.addNames(reader, extern)
  frame.exports.set(name.text, extern)
  define(reader, frame, extern)
}

export const readExport = (reader: Reader, frame: Frame): void => {
  const name = readName(reader, frame.exportNames)
  const { extern: actual, item } = readExtern(reader, frame)
  const start = reader.offset
  const hasType = reader.byte()
  if (hasType > 0x01) return reader.malformed(`byte 0 or 1 expected, ${hasType} found`, start)
  const described = hasType === 0x01 ? ascribe(reader, frame, actual) : actual
  const extern = named(reader, frame, name, described, frame.scope)
  checkMember(reader, frame, name, extern, frame.exportedResources)
  publish(frame, name.text, extern)
  expose(reader, frame, name, extern, "export")
  frame.resources.addNames(reader, extern)
  frame.exports.set(name.text, extern)
  frame.steps.push({ op: "export", name: name.text, item, extern })
  define(reader, frame, extern)
}

/** A sort and an index of something that can be an argument or an export. */
export const readExtern = (reader: Reader, frame: Frame): { readonly extern: Extern; readonly item: Item } => {
  const start = reader.offset
  const sort = readSort(reader)
  switch (sort) {
    case "func": {
      const { index, item } = readIndex(reader, frame.funcs, "function")
      return { extern: { sort, node: item }, item: { sort, index } }
    }
    case "type": {
      const node = itemAt(reader, frame.types, "type")
      return { extern: { sort, node }, item: { sort, node } }
    }
    case "instance": {
      const { index, item } = readIndex(reader, frame.instances, "instance")
      return { extern: { sort, node: item }, item: { sort, index } }
    }
    case "component": {
      const { index, item } = readIndex(reader, frame.components, "component")
      return { extern: { sort, node: item }, item: { sort, index } }
    }
    case "module": {
      const { index, item } = readIndex(reader, frame.modules, "core module")
      return { extern: { sort, type: item }, item: { sort, index } }
    }
    case "value":
      return reader.refused("values", start)
    default:
      return reader.malformed(`a ${sort} cannot be used here`, start)
  }
}

export const readName = (reader: Reader, names: UniqueNames): Name => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind > 0x02) return reader.malformed(`unknown name kind ${kind}`, start)
  const text = reader.name(maxNameBytes)
  const implementing = kind === 0x02 && readNameOptions(reader)
  const parsed = parseExternName(text)
  if (parsed === undefined) return reader.malformed(`${quote(text)} is not a valid name`, start)
  if (parsed.kind === "dependency") return reader.refused("imports by URL, hash or dependency name", start)
  const taken = names.add(text)
  if (taken !== undefined) return alike(reader, text, taken, start)
  return { text, parsed, start, implementing }
}

/** Whether one of them says which interface an instance implements. */
const readNameOptions = (reader: Reader): boolean => {
  const count = reader.count("name options", 2)
  const seen = new Set<number>()
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    const option = reader.byte()
    if (seen.has(option)) return reader.malformed("a name option given twice", start)
    seen.add(option)
    if (option === 0x01) return reader.refused("version suffixes of names", start)
    if (option > 0x02) return reader.malformed(`unknown name option ${option}`, start)
    const value = reader.name(maxNameBytes)
    if (option === 0x00 && parseExternName(value)?.kind !== "interface") {
      return reader.malformed(`${quote(value)} is not the name of an interface`, start)
    }
  }
  return seen.has(0x00)
}

/** An extern under a name of `scope`: a type gets a new alias, the name has to fit the sort. */
export const named = (reader: Reader, frame: Frame, name: Name, extern: Extern, scope: Scope): Extern => {
  const { kind } = name.parsed
  if (extern.sort !== "func" && (kind === "constructor" || kind === "method" || kind === "static")) {
    return reader.malformed(`${quote(name.text)} cannot name a ${extern.sort}`, name.start)
  }
  if (name.implementing && (extern.sort !== "instance" || kind !== "label")) {
    return reader.malformed(`${quote(name.text)} is no plain name of an instance that could implement`, name.start)
  }
  return extern.sort === "type"
    ? { sort: "type", node: frame.nodes.alias(name.text, scope, extern.node) }
    : extern
}

/** Members belong to a resource that has its name before, on the same side. */
export const checkMember = (
  reader: Reader,
  frame: Frame,
  name: Name,
  extern: Extern,
  resources: ResourceNames
): void => {
  if (extern.sort === "func") {
    const problem = resources.problem(frame.nodes, name.parsed, extern.node)
    if (problem !== undefined) return reader.malformed(`${quote(name.text)} ${problem}`, name.start)
  }
  if (extern.sort === "type" && isResource(extern.node)) resources.add(frame.nodes, name.text, extern.node)
}

const expose = (reader: Reader, frame: Frame, name: Name, extern: Extern, side: "import" | "export"): void => {
  if (frame.kind === "instance type") return
  const sets = side === "import" ? [frame.imported, frame.exported] : [frame.exported]
  const problem = register(frame.nodes, sets, extern)
  if (problem !== undefined) {
    reader.malformed(`${problem} in the ${side} ${quote(name.text)} is not ${side}ed under a name before`, name.start)
  }
}

/** What an import or an export declaration says, its resources not being any yet. */
type Declared =
  | { readonly sort: "func"; readonly node: FuncNode }
  | { readonly sort: "type"; readonly node: TypeNode }
  | { readonly sort: "resource" }
  | { readonly sort: "instance"; readonly node: InstanceNode }
  | { readonly sort: "component"; readonly node: ComponentNode }
  | { readonly sort: "module"; readonly type: CoreModuleType }

const readDeclared = (reader: Reader, frame: Frame): Declared => {
  const start = reader.offset
  const byte = reader.byte()
  switch (byte) {
    case 0x00: {
      reader.expect(0x11)
      const type = itemAt(reader, frame.coreTypes, "core type")
      return type.kind === "module" ? { sort: "module", type: type.type } : reader.malformed("not a module type", start)
    }
    case 0x01: {
      const node = peel(itemAt(reader, frame.types, "type"))
      return node.k === "func" ? { sort: "func", node } : reader.malformed("not a function type", start)
    }
    case 0x02:
      return reader.refused("values", start)
    case 0x03: {
      const bound = reader.byte()
      if (bound === 0x00) return { sort: "type", node: itemAt(reader, frame.types, "type") }
      return bound === 0x01 ? { sort: "resource" } : reader.malformed(`unknown type bound ${bound}`, start)
    }
    case 0x04: {
      const node = peel(itemAt(reader, frame.types, "type"))
      return node.k === "component" ? { sort: "component", node } : reader.malformed("not a component type", start)
    }
    case 0x05: {
      const node = peel(itemAt(reader, frame.types, "type"))
      return node.k === "instance" ? { sort: "instance", node } : reader.malformed("not an instance type", start)
    }
    default:
      return reader.malformed(`unknown kind of import or export ${byte}`, start)
  }
}

/** Something that is as declared; its names and resources are fresh. */
const open = (frame: Frame, declared: Declared): Extern => {
  switch (declared.sort) {
    case "resource":
      return { sort: "type", node: frame.nodes.resource(frame.scope) }
    case "instance":
      return { sort: "instance", node: useInstance(frame.nodes, declared.node, frame.scope) }
    default:
      return declared
  }
}

/** The type given to an export, once it is known to fit what is exported. */
const ascribe = (reader: Reader, frame: Frame, actual: Extern): Extern => {
  const start = reader.offset
  const declared = readDeclared(reader, frame)
  const problem = misfit(reader, frame, declared, actual)
  if (problem !== undefined) return reader.malformed(`the type of an export: ${problem}`, start)
  return open(frame, declared)
}

const misfit = (reader: Reader, frame: Frame, declared: Declared, actual: Extern): string | undefined => {
  switch (declared.sort) {
    case "resource":
      return actual.sort === "type" && isResource(actual.node) ? undefined : "a resource expected"
    case "module":
      return actual.sort === "module"
        ? matchModule(reader, declared.type, actual.type)
        : "a module expected"
    case "instance":
      return actual.sort === "instance"
        ? matchInstance(frame.nodes, declared.node, actual.node)
        : "an instance expected"
    default:
      return actual.sort === declared.sort
        ? matchTypes(frame.nodes, declared.node, actual.node)
        : `a ${declared.sort} expected`
  }
}

/** Marks what the outermost component imports or exports as named by that interface. */
const publish = (frame: Frame, name: string, extern: Extern): void => {
  if (frame.kind !== "component" || frame.parent !== undefined || extern.sort !== "instance") return
  extern.node.scope.label ??= { id: name }
}
