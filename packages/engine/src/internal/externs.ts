/**
 * Imports and exports: names, what they name, and the types that are given to them.
 */
import type { Item } from "./blueprint.ts"
import type { Frame } from "./frame.ts"
import { define, itemAt, readIndex } from "./frame.ts"
import { maxNameBytes, parseExternName } from "./names.ts"
import type { UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readSort } from "./sorts.ts"
import { Copy, isResource, matchFunc, matchType, Scope } from "./typeNodes.ts"
import type { Extern, Node, TypeNode } from "./typeNodes.ts"

export const readImport = (reader: Reader, frame: Frame): void => {
  const name = readExternName(reader, frame.importNames)
  const extern = named(reader, frame, name, readExternType(reader, frame), frame.scope)
  publish(frame, name.text, extern)
  frame.imports.set(name.text, extern)
  frame.steps.push({ op: "import", name: name.text, extern })
  define(reader, frame, extern)
}

export const readExport = (reader: Reader, frame: Frame): void => {
  const name = readExternName(reader, frame.exportNames)
  const { extern: actual, item } = readExtern(reader, frame)
  const hasType = reader.byte()
  if (hasType > 0x01) return reader.malformed(`byte 0 or 1 expected, ${hasType} found`, reader.offset - 1)
  const described = hasType === 0x01 ? ascribe(reader, frame, actual) : actual
  const extern = named(reader, frame, name, described, frame.scope)
  publish(frame, name.text, extern)
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
      const node = exportable(reader, itemAt(reader, frame.types, "type"))
      return { extern: { sort, node }, item: { sort, node } }
    }
    case "instance": {
      const { index, item } = readIndex(reader, frame.instances, "instance")
      return { extern: { sort, node: item }, item: { sort, index } }
    }
    case "component":
      return reader.refused("components as values", start)
    case "module":
      return reader.refused("core modules as values", start)
    case "value":
      return reader.refused("values", start)
    default:
      return reader.malformed(`a ${sort} cannot be used here`, start)
  }
}

export const readExternName = (
  reader: Reader,
  names: UniqueNames
): { readonly text: string; readonly start: number } => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind > 0x02) return reader.malformed(`unknown name kind ${kind}`, start)
  const text = reader.name(maxNameBytes)
  if (kind === 0x02) {
    const count = reader.count("name options", 2)
    for (let i = 0; i < count; i++) {
      const option = reader.byte()
      if (option > 0x01) return reader.malformed(`unknown name option ${option}`)
      const value = reader.name(maxNameBytes)
      if (option === 0x00 && parseExternName(value)?.kind !== "interface") {
        return reader.malformed(`${quote(value)} is not the name of an interface`)
      }
    }
  }
  const parsed = parseExternName(text)
  if (parsed === undefined) return reader.malformed(`${quote(text)} is not a valid name`, start)
  if (parsed.kind === "dependency") return reader.refused("imports by URL, hash or dependency name", start)
  const taken = names.add(text)
  if (taken !== undefined) {
    return reader.malformed(
      taken === text ? `duplicate name ${quote(text)}` : `the names ${quote(taken)} and ${quote(text)} are too alike`,
      start
    )
  }
  return { text, start }
}

/** An extern under a name of `scope`: a type gets a new alias, the name has to fit the sort. */
export const named = (
  reader: Reader,
  frame: Frame,
  name: { readonly text: string; readonly start: number },
  extern: Extern,
  scope: Scope
): Extern => {
  const parsed = parseExternName(name.text)
  const fits = parsed?.kind === "label" ||
    (extern.sort === "instance" ? parsed?.kind === "interface" : extern.sort === "func" && isMember(parsed?.kind))
  if (!fits) return reader.malformed(`${quote(name.text)} cannot name a ${extern.sort}`, name.start)
  return extern.sort === "type"
    ? { sort: "type", node: frame.nodes.alias(name.text, scope, extern.node) }
    : extern
}

/** What an import or an export declaration describes; its names and resources are fresh. */
export const readExternType = (reader: Reader, frame: Frame): Extern => {
  const start = reader.offset
  const byte = reader.byte()
  switch (byte) {
    case 0x00:
      return reader.refused("core modules as values", start)
    case 0x01: {
      const node = itemAt(reader, frame.types, "type")
      return node.k === "func" ? { sort: "func", node } : reader.malformed("not a function type", start)
    }
    case 0x02:
      return reader.refused("values", start)
    case 0x03: {
      const bound = reader.byte()
      if (bound === 0x00) {
        return { sort: "type", node: exportable(reader, itemAt(reader, frame.types, "type")) }
      }
      return bound === 0x01
        ? { sort: "type", node: frame.nodes.resource(frame.scope) }
        : reader.malformed(`unknown type bound ${bound}`, start)
    }
    case 0x04:
      return reader.refused("components as values", start)
    case 0x05: {
      const node = itemAt(reader, frame.types, "type")
      return node.k === "instance"
        ? { sort: "instance", node: frame.nodes.instantiate(node, frame.scope) }
        : reader.malformed("not an instance type", start)
    }
    default:
      return reader.malformed(`unknown kind of import or export ${byte}`, start)
  }
}

/** The type given to an export, once it is known to fit what is exported. */
const ascribe = (reader: Reader, frame: Frame, actual: Extern): Extern => {
  const start = reader.offset
  const described = readExternType(reader, frame)
  const problem = described.sort !== actual.sort
    ? `a ${described.sort} expected, a ${actual.sort} given`
    : described.sort === "func" && actual.sort === "func"
    ? matchFunc(reader, described.node, actual.node)
    : described.sort === "type" && actual.sort === "type"
    ? isResource(described.node) && described.node.k === "resource"
      ? isResource(actual.node) ? undefined : "a resource expected, a value type given"
      : matchType(reader, described.node, actual.node)
    : undefined
  if (problem !== undefined) return reader.malformed(`the type of an export: ${problem}`, start)
  if (described.sort === "type") return described.node.k === "resource" ? actual : described
  if (described.sort !== "instance") return described
  // The described instance has fresh resources: bound to those of the actual one, they stay one resource.
  const scope = new Scope(frame.scope)
  const own = new Scope(undefined)
  const open = new Copy(frame.nodes, frame.scope, own).instance(described.node)
  const copy = new Copy(frame.nodes, own, frame.scope)
  const mismatch = copy.bind({ sort: "instance", node: open }, actual)
  if (mismatch !== undefined) return reader.malformed(`the type of an export: ${mismatch}`, start)
  return { sort: "instance", node: copy.instance(frame.nodes.instance(scope, open.exports)) }
}

/** Marks what the outermost component imports or exports as named by that interface. */
const publish = (frame: Frame, name: string, extern: Extern): void => {
  if (frame.kind !== "component" || frame.parent !== undefined || extern.sort !== "instance") return
  extern.node.scope.label ??= { id: name }
}

const exportable = (reader: Reader, node: Node): TypeNode => {
  return node.k === "func" || node.k === "instance" ? reader.refused("names for function and instance types") : node
}

const isMember = (kind: string | undefined): boolean => kind === "constructor" || kind === "method" || kind === "static"
