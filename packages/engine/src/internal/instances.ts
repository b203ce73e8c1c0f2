/**
 * Instances of core modules and of nested components.
 */
import { named, readExtern, readExternName } from "./externs.ts"
import type { Definition, Frame } from "./frame.ts"
import { countCore, countModule, itemAt, push, readCoreIndex } from "./frame.ts"
import { maxNameBytes, UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { readCoreSort } from "./sorts.ts"
import { Copy, Scope } from "./typeNodes.ts"
import type { Extern, InstanceNode } from "./typeNodes.ts"

export const readCoreInstance = (reader: Reader, frame: Frame): void => {
  const kind = reader.byte()
  if (kind === 0x00) {
    const module = itemAt(reader, frame.modules, "core module")
    const count = reader.count("arguments", 3)
    const seen = new Set<string>()
    for (let i = 0; i < count; i++) {
      addDistinct(reader, seen, reader.name())
      if (reader.byte() !== 0x12) reader.malformed("a core instance expected", reader.offset - 1)
      readCoreIndex(reader, frame, "instance")
    }
    countModule(reader, frame, module, 1)
  } else if (kind === 0x01) {
    const count = reader.count("exports", 3)
    const seen = new Set<string>()
    for (let i = 0; i < count; i++) {
      addDistinct(reader, seen, reader.name())
      readCoreIndex(reader, frame, readCoreSort(reader))
    }
  } else {
    reader.malformed(`unknown core instance kind ${kind}`, reader.offset - 1)
  }
  countCore(reader, frame, "instance")
}

export const readInstance = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind === 0x00) {
    const definition = itemAt(reader, frame.components, "component")
    const count = reader.count("arguments", 3)
    const args = new Map<string, Extern>()
    for (let i = 0; i < count; i++) {
      const name = reader.name(maxNameBytes)
      if (args.has(name)) reader.malformed(`duplicate argument ${quote(name)}`)
      args.set(name, readExtern(reader, frame))
    }
    const instance = instantiate(reader, frame, definition, args)
    return push(reader, frame.instances, instance)
  }
  if (kind !== 0x01) return reader.malformed(`unknown instance kind ${kind}`, start)
  const scope = new Scope(frame.scope)
  const exports = new Map<string, Extern>()
  const names = new UniqueNames()
  const count = reader.count("exports", 4)
  for (let i = 0; i < count; i++) {
    const name = readExternName(reader, names)
    exports.set(name.text, named(reader, frame, name, readExtern(reader, frame), scope))
  }
  return push(reader, frame.instances, frame.nodes.instance(scope, exports))
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

const addDistinct = (reader: Reader, seen: Set<string>, name: string): void => {
  if (seen.has(name)) reader.malformed(`duplicate name ${quote(name)}`)
  seen.add(name)
}
