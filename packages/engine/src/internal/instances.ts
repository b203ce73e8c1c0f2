/**
 * Instances of components.
 */
import type { NamedEntry } from "./blueprint.ts"
import { Copy } from "./copy.ts"
import { checkMember, named, readExtern, readName } from "./externs.ts"
import type { Frame } from "./frame.ts"
import { push, readIndex } from "./frame.ts"
import { maxNameBytes, UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import { Scope } from "./typeNodes.ts"
import type { ComponentNode, Extern, InstanceNode } from "./typeNodes.ts"
import { ResourceNames } from "./visibility.ts"

export const readInstance = (reader: Reader, frame: Frame): void => {
  const start = reader.offset
  const kind = reader.byte()
  if (kind === 0x00) return readInstantiation(reader, frame, start)
  return kind === 0x01 ? readExports(reader, frame) : reader.malformed(`unknown instance kind ${kind}`, start)
}

const readInstantiation = (reader: Reader, frame: Frame, start: number): void => {
  const { index, item: component } = readIndex(reader, frame.components, "component")
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
  const type = instantiate(reader, frame, component, args, start)
  frame.steps.push({ op: "instantiate", component: index, args: entries, type })
  return push(reader, frame.instances, type)
}

const instantiate = (
  reader: Reader,
  frame: Frame,
  component: ComponentNode,
  args: ReadonlyMap<string, Extern>,
  start: number
): InstanceNode => {
  const copy = new Copy(frame.nodes, component.scope, frame.scope)
  for (const [name, expected] of component.imports) {
    const actual = args.get(name)
    if (actual === undefined) return reader.malformed(`argument ${quote(name)} is missing`, start)
    const problem = copy.bind(expected, actual)
    if (problem !== undefined) return reader.malformed(`argument ${quote(name)}: ${problem}`, start)
  }
  return copy.instance(frame.nodes.instance(component.scope, component.exports))
}

/** An instance made of what is there. Its names are no indices, so that no members can belong to them. */
const readExports = (reader: Reader, frame: Frame): void => {
  const scope = new Scope(frame.scope)
  const exports = new Map<string, Extern>()
  const entries: Array<NamedEntry> = []
  const names = new UniqueNames()
  const resources = new ResourceNames()
  const count = reader.count("exports", 4)
  for (let i = 0; i < count; i++) {
    const name = readName(reader, names)
    const { extern, item } = readExtern(reader, frame)
    const inside = named(reader, frame, name, extern, scope)
    if (inside.sort === "func") checkMember(reader, frame, name, inside, resources)
    if (inside.sort === "type" && extern.sort === "type") frame.nodes.identify(inside.node, extern.node)
    exports.set(name.text, inside)
    entries.push({ name: name.text, item })
  }
  const type = frame.nodes.instance(scope, exports)
  frame.steps.push({ op: "exports", exports: entries, type })
  return push(reader, frame.instances, type)
}
