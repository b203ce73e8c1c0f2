/**
 * Instances of core modules and of nested components.
 */
import type { NamedEntry } from "./blueprint.ts"
import { named, readExtern, readExternName } from "./externs.ts"
import type { Definition, Frame } from "./frame.ts"
import { countCore, countModule, push, readCoreIndex, readIndex } from "./frame.ts"
import { maxNameBytes, UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readCoreSort } from "./sorts.ts"
import type { CoreSort } from "./sorts.ts"
import { Copy, Scope } from "./typeNodes.ts"
import type { Extern, InstanceNode } from "./typeNodes.ts"

export const readCoreInstance = (reader: Reader, frame: Frame): void => {
  const kind = reader.byte()
  if (kind === 0x00) {
    const { index, item: module } = readIndex(reader, frame.modules, "core module")
    const count = reader.count("arguments", 3)
    const seen = new Set<string>()
    const args: Array<{ readonly name: string; readonly instance: number }> = []
    for (let i = 0; i < count; i++) {
      const name = addDistinct(reader, seen, reader.name())
      if (reader.byte() !== 0x12) reader.malformed("a core instance expected", reader.offset - 1)
      args.push({ name, instance: readCoreIndex(reader, frame, "instance") })
    }
    countModule(reader, frame, module.index, 1)
    frame.steps.push({ op: "core instantiate", module: index, args })
  } else if (kind === 0x01) {
    const count = reader.count("exports", 3)
    const seen = new Set<string>()
    const exports: Array<{ readonly name: string; readonly sort: CoreSort; readonly index: number }> = []
    for (let i = 0; i < count; i++) {
      const name = addDistinct(reader, seen, reader.name())
      const sort = readCoreSort(reader)
      exports.push({ name, sort, index: readCoreIndex(reader, frame, sort) })
    }
    frame.steps.push({ op: "core exports", exports })
  } else {
    reader.malformed(`unknown core instance kind ${kind}`, reader.offset - 1)
  }
  countCore(reader, frame, "instance")
}

export const readInstance = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind === 0x00) {
    const { index, item: definition } = readIndex(reader, frame.components, "component")
    const count = reader.count("arguments", 3)
    const args = new Map<string, Extern>()
    const entries: Array<NamedEntry> = []
    for (let i = 0; i < count; i++) {
      const name = reader.name(maxNameBytes)
      if (args.has(name)) reader.malformed(`duplicate argument ${quote(name)}`)
      const { extern, item } = readExtern(reader, frame)
      args.set(name, extern)
      entries.push({ name, item })
    }
    const instance = instantiate(reader, frame, definition, args)
    frame.steps.push({ op: "instantiate", component: index, args: entries, type: instance })
    return push(reader, frame.instances, instance)
  }
  if (kind !== 0x01) return reader.malformed(`unknown instance kind ${kind}`, start)
  const scope = new Scope(frame.scope)
  const exports = new Map<string, Extern>()
  const entries: Array<NamedEntry> = []
  const names = new UniqueNames()
  const count = reader.count("exports", 4)
  for (let i = 0; i < count; i++) {
    const name = readExternName(reader, names)
    const { extern, item } = readExtern(reader, frame)
    exports.set(name.text, named(reader, frame, name, extern, scope))
    entries.push({ name: name.text, item })
  }
  const type = frame.nodes.instance(scope, exports)
  frame.steps.push({ op: "exports", exports: entries, type })
  return push(reader, frame.instances, type)
}

const instantiate = (
  reader: Reader,
  frame: Frame,
  definition: Definition,
  args: ReadonlyMap<string, Extern>
): InstanceNode => {
  const copy = new Copy(frame.nodes, definition.scope, frame.scope)
  for (const [name, expected] of definition.imports) {
    const actual = args.get(name)
    if (actual === undefined) return reader.malformed(`argument ${quote(name)} is missing`)
    const problem = copy.bind(expected, actual)
    if (problem !== undefined) return reader.malformed(`argument ${quote(name)}: ${problem}`)
  }
  reader.spend(definition.instances.size)
  for (const [module, times] of definition.instances) countModule(reader, frame, module, times)
  return copy.instance(frame.nodes.instance(definition.scope, definition.exports))
}

const addDistinct = (reader: Reader, seen: Set<string>, name: string): string => {
  if (seen.has(name)) reader.malformed(`duplicate name ${quote(name)}`)
  seen.add(name)
  return name
}
