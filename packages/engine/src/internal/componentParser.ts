/**
 * Reads a component and its nested ones, keeping the index spaces that types,
 * imports and exports are written in.
 */
import type { Primitive } from "../WitType.ts"
import { isLabel, labelKey, maxNameBytes, parseExternName, UniqueNames } from "./names.ts"
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"
import type { Extern, FuncNode, InstanceNode, NamedItem, Node, TypeLimits, TypeNode, ValueNode } from "./typeNodes.ts"
import { Copy, isResource, isValue, matchFunc, matchType, peel, Scope, TypeNodes } from "./typeNodes.ts"

export interface ModuleLocation {
  readonly offset: number
  readonly size: number
  readonly path: ReadonlyArray<number>
}

export interface CustomSection {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly path: ReadonlyArray<number>
}

/** A component that has been read: what it takes, what it gives, and how often it instantiates which module. */
export interface Definition {
  readonly scope: Scope
  readonly imports: ReadonlyMap<string, Extern>
  readonly exports: ReadonlyMap<string, Extern>
  readonly instances: ReadonlyMap<number, number>
}

export interface ParserLimits extends TypeLimits {
  readonly maxComponentDepth: number
}

type CoreSort = "func" | "table" | "memory" | "global" | "tag" | "instance"
type Sort = Extern["sort"] | "component" | "module" | "value" | "core type" | CoreSortOfAlias
type CoreSortOfAlias = `core ${CoreSort}`

class Frame {
  readonly kind: "component" | "instance type"
  readonly parent: Frame | undefined
  readonly scope: Scope
  readonly path: ReadonlyArray<number>
  readonly types: Array<Node> = []
  readonly funcs: Array<FuncNode> = []
  readonly instances: Array<InstanceNode> = []
  readonly components: Array<Definition> = []
  readonly modules: Array<number> = []
  readonly core = { func: 0, table: 0, memory: 0, global: 0, tag: 0, instance: 0 }
  readonly imports = new Map<string, Extern>()
  readonly exports = new Map<string, Extern>()
  readonly importNames = new UniqueNames()
  readonly exportNames = new UniqueNames()
  readonly moduleInstances = new Map<number, number>()
  /** Resources that this component defines itself: it alone makes and opens handles to them. */
  readonly ownResources = new Set<TypeNode>()

  constructor(kind: Frame["kind"], parent: Frame | undefined, scope: Scope, path: ReadonlyArray<number>) {
    this.kind = kind
    this.parent = parent
    this.scope = scope
    this.path = path
  }
}

const primitives: ReadonlyMap<number, Primitive> = new Map([
  [0x7f, "bool"],
  [0x7e, "s8"],
  [0x7d, "u8"],
  [0x7c, "s16"],
  [0x7b, "u16"],
  [0x7a, "s32"],
  [0x79, "u32"],
  [0x78, "s64"],
  [0x77, "u64"],
  [0x76, "f32"],
  [0x75, "f64"],
  [0x74, "char"],
  [0x73, "string"]
])

const refusedTypes: ReadonlyMap<number, string> = new Map([
  [0x3e, "resources with an async destructor"],
  [0x41, "component types"],
  [0x63, "map types"],
  [0x64, "error-context"],
  [0x65, "futures"],
  [0x66, "streams"],
  [0x67, "fixed-length lists"]
])

const refusedBuiltins: ReadonlyMap<number, string> = new Map([
  [0x05, "task.cancel"],
  [0x06, "subtask.cancel"],
  [0x07, "async resource.drop"],
  [0x08, "backpressure.set"],
  [0x09, "task.return"],
  [0x0a, "context.get"],
  [0x0b, "context.set"],
  [0x0c, "thread.yield"],
  [0x0d, "subtask.drop"],
  [0x0e, "streams (stream.new)"],
  [0x0f, "streams (stream.read)"],
  [0x10, "streams (stream.write)"],
  [0x11, "streams (stream.cancel-read)"],
  [0x12, "streams (stream.cancel-write)"],
  [0x13, "streams (stream.drop-readable)"],
  [0x14, "streams (stream.drop-writable)"],
  [0x15, "futures (future.new)"],
  [0x16, "futures (future.read)"],
  [0x17, "futures (future.write)"],
  [0x18, "futures (future.cancel-read)"],
  [0x19, "futures (future.cancel-write)"],
  [0x1a, "futures (future.drop-readable)"],
  [0x1b, "futures (future.drop-writable)"],
  [0x1c, "error-context (error-context.new)"],
  [0x1d, "error-context (error-context.debug-message)"],
  [0x1e, "error-context (error-context.drop)"],
  [0x1f, "waitable-set.new"],
  [0x20, "waitable-set.wait"],
  [0x21, "waitable-set.poll"],
  [0x22, "waitable-set.drop"],
  [0x23, "waitable.join"],
  [0x24, "backpressure.inc"],
  [0x25, "backpressure.dec"]
])

const coreSorts: ReadonlyMap<number, CoreSort> = new Map([
  [0x00, "func"],
  [0x01, "table"],
  [0x02, "memory"],
  [0x03, "global"],
  [0x04, "tag"],
  [0x12, "instance"]
])

const maxPerSpace = 100_000
const maxModuleInstances = 1_000_000

export class Parser {
  readonly modules: Array<ModuleLocation> = []
  readonly customSections: Array<CustomSection> = []
  readonly #nodes: TypeNodes
  readonly #limits: ParserLimits

  constructor(reader: Reader, limits: ParserLimits) {
    this.#nodes = new TypeNodes(reader, limits)
    this.#limits = limits
  }

  /** Reads a component to the end of the reader. */
  component(reader: Reader, parent: Frame | undefined, path: ReadonlyArray<number>): Definition {
    if (path.length > this.#limits.maxComponentDepth) {
      reader.tooLarge(`components nest deeper than ${this.#limits.maxComponentDepth}`)
    }
    readPreamble(reader)
    const frame = new Frame("component", parent, new Scope(undefined), path)
    if (parent === undefined) frame.scope.label = { id: undefined }
    while (reader.remaining > 0) {
      const start = reader.offset
      const id = reader.byte()
      const size = reader.u32()
      reader.spend(1)
      const section = sections.get(id)
      if (section === undefined) return reader.malformed(`unknown section ${id}`, start)
      if (size > reader.remaining) {
        return reader.malformed(`${section} section of ${size} bytes, ${reader.remaining} left`, start)
      }
      this.#section(reader.take(size, `${section} section`), frame, id)
      this.#nodes.at = reader
    }
    return {
      scope: frame.scope,
      imports: frame.imports,
      exports: frame.exports,
      instances: frame.moduleInstances
    }
  }

  #section(reader: Reader, frame: Frame, id: number): void {
    this.#nodes.at = reader
    switch (id) {
      case 0: {
        const name = reader.name()
        this.customSections.push({ name, offset: reader.offset, size: reader.remaining, path: frame.path })
        return
      }
      case 1: {
        if (!isCoreModule(reader)) reader.malformed("not a core module")
        this.#push(reader, frame.modules, this.modules.length)
        this.modules.push({
          offset: reader.offset,
          size: reader.remaining,
          path: [...frame.path, frame.modules.length - 1]
        })
        return
      }
      case 4: {
        const definition = this.component(reader, frame, [...frame.path, frame.components.length])
        this.#push(reader, frame.components, definition)
        return
      }
      case 9:
        this.#start(reader, frame)
        return reader.expectEnd()
      default: {
        const count = reader.count("items")
        for (let i = 0; i < count; i++) this.#item(reader, frame, id)
        return reader.expectEnd()
      }
    }
  }

  #item(reader: Reader, frame: Frame, id: number): void {
    switch (id) {
      case 2:
        return this.#coreInstance(reader, frame)
      case 3:
        return reader.refused("core types")
      case 5:
        return this.#instance(reader, frame)
      case 6:
        return this.#alias(reader, frame)
      case 7:
        return this.#push(reader, frame.types, this.#type(reader, frame))
      case 8:
        return this.#canon(reader, frame)
      case 10:
        return this.#import(reader, frame)
      case 11:
        return this.#export(reader, frame)
      default:
        return reader.refused("values")
    }
  }

  #push<T>(reader: Reader, space: Array<T>, item: T): void {
    if (space.length >= maxPerSpace) reader.tooLarge(`more than ${maxPerSpace} items of one kind`)
    space.push(item)
  }

  #countCore(reader: Reader, frame: Frame, sort: CoreSort): void {
    if (frame.core[sort] >= maxPerSpace) reader.tooLarge(`more than ${maxPerSpace} core items of one kind`)
    frame.core[sort]++
  }

  #at<T>(reader: Reader, space: ReadonlyArray<T>, what: string): T {
    const start = reader.offset
    const index = reader.u32()
    const item = space[index]
    return item === undefined ? reader.malformed(`${what} ${index} is out of range (${space.length})`, start) : item
  }

  #coreIndex(reader: Reader, frame: Frame, sort: CoreSort): void {
    const start = reader.offset
    const index = reader.u32()
    if (index >= frame.core[sort]) {
      reader.malformed(`core ${sort} ${index} is out of range (${frame.core[sort]})`, start)
    }
  }

  // Core instances, canonical functions, start

  #coreInstance(reader: Reader, frame: Frame): void {
    const kind = reader.byte()
    if (kind === 0x00) {
      const module = this.#at(reader, frame.modules, "core module")
      const count = reader.count("arguments", 3)
      const seen = new Set<string>()
      for (let i = 0; i < count; i++) {
        this.#distinct(reader, seen, reader.name())
        if (reader.byte() !== 0x12) reader.malformed("a core instance expected", reader.offset - 1)
        this.#coreIndex(reader, frame, "instance")
      }
      this.#countModule(reader, frame, module, 1)
    } else if (kind === 0x01) {
      const count = reader.count("exports", 3)
      const seen = new Set<string>()
      for (let i = 0; i < count; i++) {
        this.#distinct(reader, seen, reader.name())
        this.#coreIndex(reader, frame, this.#coreSort(reader))
      }
    } else {
      reader.malformed(`unknown core instance kind ${kind}`, reader.offset - 1)
    }
    this.#countCore(reader, frame, "instance")
  }

  #distinct(reader: Reader, seen: Set<string>, name: string): void {
    if (seen.has(name)) reader.malformed(`duplicate name ${quote(name)}`)
    seen.add(name)
  }

  #countModule(reader: Reader, frame: Frame, module: number, times: number): void {
    const count = (frame.moduleInstances.get(module) ?? 0) + times
    if (count > maxModuleInstances) reader.tooLarge(`more than ${maxModuleInstances} instances of one core module`)
    frame.moduleInstances.set(module, count)
  }

  #coreSort(reader: Reader): CoreSort {
    const start = reader.offset
    const byte = reader.byte()
    if (byte === 0x10) return reader.refused("core types", start)
    if (byte === 0x11) return reader.refused("core modules as values", start)
    return coreSorts.get(byte) ?? reader.malformed(`unknown core sort ${byte}`, start)
  }

  #canon(reader: Reader, frame: Frame): void {
    const start = reader.offset
    const kind = reader.byte()
    switch (kind) {
      case 0x00: {
        this.#expect(reader, 0x00)
        this.#coreIndex(reader, frame, "func")
        this.#canonOptions(reader, frame)
        const type = this.#at(reader, frame.types, "type")
        if (type.k !== "func") return reader.malformed("the type of a lifted function is no function type")
        return this.#push(reader, frame.funcs, type)
      }
      case 0x01:
        this.#expect(reader, 0x00)
        this.#at(reader, frame.funcs, "function")
        this.#canonOptions(reader, frame)
        return this.#countCore(reader, frame, "func")
      case 0x02:
      case 0x03:
      case 0x04: {
        const resource = peel(this.#resourceAt(reader, frame))
        if (kind !== 0x03 && !frame.ownResources.has(resource)) {
          return reader.malformed("a handle to a resource that is defined elsewhere", start)
        }
        return this.#countCore(reader, frame, "func")
      }
      default: {
        const feature = refusedBuiltins.get(kind) ?? (kind >= 0x26 && kind <= 0x42 ? "threads" : undefined)
        return feature === undefined
          ? reader.malformed(`unknown canonical function ${kind}`, start)
          : reader.refused(feature, start)
      }
    }
  }

  #canonOptions(reader: Reader, frame: Frame): void {
    const count = reader.count("options")
    const seen = new Set<number>()
    for (let i = 0; i < count; i++) {
      const start = reader.offset
      const option = reader.byte()
      const key = option <= 0x02 ? 0x00 : option
      if (seen.has(key)) reader.malformed("a canonical option given twice", start)
      seen.add(key)
      switch (option) {
        case 0x00:
        case 0x01:
        case 0x02:
          break
        case 0x03:
          this.#coreIndex(reader, frame, "memory")
          break
        case 0x04:
        case 0x05:
          this.#coreIndex(reader, frame, "func")
          break
        case 0x06:
          return reader.refused("async lift and lower", start)
        case 0x07:
          return reader.refused("async lift with a callback", start)
        case 0x08:
        case 0x09:
          return reader.refused("gc", start)
        default:
          return reader.malformed(`unknown canonical option ${option}`, start)
      }
    }
  }

  #start(reader: Reader, frame: Frame): void {
    const func = this.#at(reader, frame.funcs, "function")
    const args = reader.count("arguments")
    const results = reader.u32()
    if (args > 0 || results > 0 || func.params.length > 0 || func.result !== undefined) reader.refused("values")
    reader.refused("component start functions")
  }

  #expect(reader: Reader, byte: number): void {
    const start = reader.offset
    const found = reader.byte()
    if (found !== byte) reader.malformed(`byte ${byte} expected, ${found} found`, start)
  }

  // Instances and aliases

  #instance(reader: Reader, frame: Frame): void {
    const start = reader.offset
    const kind = reader.byte()
    if (kind === 0x00) {
      const definition = this.#at(reader, frame.components, "component")
      const count = reader.count("arguments", 3)
      const args = new Map<string, Extern>()
      for (let i = 0; i < count; i++) {
        const name = reader.name(maxNameBytes)
        if (args.has(name)) reader.malformed(`duplicate argument ${quote(name)}`)
        args.set(name, this.#externAt(reader, frame))
      }
      const instance = this.#instantiate(reader, frame, definition, args)
      return this.#push(reader, frame.instances, instance)
    }
    if (kind !== 0x01) return reader.malformed(`unknown instance kind ${kind}`, start)
    const scope = new Scope(frame.scope)
    const exports = new Map<string, Extern>()
    const names = new UniqueNames()
    const count = reader.count("exports", 4)
    for (let i = 0; i < count; i++) {
      const name = this.#externName(reader, names)
      exports.set(name.text, this.#named(reader, name, this.#externAt(reader, frame), scope))
    }
    return this.#push(reader, frame.instances, this.#nodes.instance(scope, exports))
  }

  #instantiate(
    reader: Reader,
    frame: Frame,
    definition: Definition,
    args: ReadonlyMap<string, Extern>
  ): InstanceNode {
    const copy = new Copy(this.#nodes, definition.scope, frame.scope)
    for (const [name, expected] of definition.imports) {
      const actual = args.get(name)
      if (actual === undefined) return reader.malformed(`argument ${quote(name)} is missing`)
      const problem = copy.bind(expected, actual)
      if (problem !== undefined) return reader.malformed(`argument ${quote(name)}: ${problem}`)
    }
    reader.spend(definition.instances.size)
    for (const [module, times] of definition.instances) this.#countModule(reader, frame, module, times)
    return copy.instance(this.#nodes.instance(definition.scope, definition.exports))
  }

  #sort(reader: Reader): Sort {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x00: {
        const core = reader.peek()
        if (core === 0x10 || core === 0x11) {
          reader.byte()
          return core === 0x10 ? "core type" : "module"
        }
        return `core ${this.#coreSort(reader)}`
      }
      case 0x01:
        return "func"
      case 0x02:
        return "value"
      case 0x03:
        return "type"
      case 0x04:
        return "component"
      case 0x05:
        return "instance"
      default:
        return reader.malformed(`unknown sort ${byte}`, start)
    }
  }

  /** A sort and an index of something that can be an argument or an export. */
  #externAt(reader: Reader, frame: Frame): Extern {
    const start = reader.offset
    const sort = this.#sort(reader)
    switch (sort) {
      case "func":
        return { sort, node: this.#at(reader, frame.funcs, "function") }
      case "type":
        return { sort, node: this.#exportable(reader, this.#at(reader, frame.types, "type")) }
      case "instance":
        return { sort, node: this.#at(reader, frame.instances, "instance") }
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

  #exportable(reader: Reader, node: Node): TypeNode {
    return node.k === "func" || node.k === "instance" ? reader.refused("names for function and instance types") : node
  }

  #alias(reader: Reader, frame: Frame): void {
    const start = reader.offset
    const sort = this.#sort(reader)
    const target = reader.byte()
    switch (target) {
      case 0x00: {
        const instance = this.#at(reader, frame.instances, "instance")
        const name = reader.name(maxNameBytes)
        const extern = instance.exports.get(name)
        if (extern === undefined) return reader.malformed(`the instance does not export ${quote(name)}`, start)
        if (extern.sort !== sort) return reader.malformed(`${quote(name)} is a ${extern.sort}, not a ${sort}`, start)
        return this.#define(reader, frame, extern)
      }
      case 0x01: {
        if (frame.kind !== "component") return reader.malformed("an alias of a core export in a type", start)
        this.#coreIndex(reader, frame, "instance")
        reader.name()
        const core = sort.startsWith("core ") ? coreNames.get(sort) : undefined
        if (core === undefined || core === "instance") return reader.malformed(`a core export is no ${sort}`, start)
        return this.#countCore(reader, frame, core)
      }
      case 0x02:
        return this.#outer(reader, frame, sort, start)
      default:
        return reader.malformed(`unknown alias target ${target}`, start)
    }
  }

  #outer(reader: Reader, frame: Frame, sort: Sort, start: number): void {
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
        const node = this.#at(reader, outer.types, "type")
        if (crossed && node.resources) {
          return reader.malformed("a nested component reaches for an outer resource", start)
        }
        return this.#push(reader, frame.types, node)
      }
      case "component":
        if (frame.kind !== "component") return reader.malformed("an alias of a component in a type", start)
        return this.#push(reader, frame.components, this.#at(reader, outer.components, "component"))
      case "module":
        if (frame.kind !== "component") return reader.malformed("an alias of a core module in a type", start)
        return this.#push(reader, frame.modules, this.#at(reader, outer.modules, "core module"))
      case "core type":
        return reader.refused("core types", start)
      default:
        return reader.malformed(`a ${sort} cannot be an outer alias`, start)
    }
  }

  #define(reader: Reader, frame: Frame, extern: Extern): void {
    switch (extern.sort) {
      case "func":
        return this.#push(reader, frame.funcs, extern.node)
      case "type":
        return this.#push(reader, frame.types, extern.node)
      case "instance":
        return this.#push(reader, frame.instances, extern.node)
    }
  }

  // Imports and exports

  #externName(reader: Reader, names: UniqueNames): { readonly text: string; readonly start: number } {
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
  #named(
    reader: Reader,
    name: { readonly text: string; readonly start: number },
    extern: Extern,
    scope: Scope
  ): Extern {
    const parsed = parseExternName(name.text)
    const fits = parsed?.kind === "label" ||
      (extern.sort === "instance" ? parsed?.kind === "interface" : extern.sort === "func" && isMember(parsed?.kind))
    if (!fits) return reader.malformed(`${quote(name.text)} cannot name a ${extern.sort}`, name.start)
    return extern.sort === "type"
      ? { sort: "type", node: this.#nodes.alias(name.text, scope, extern.node) }
      : extern
  }

  /** What an import or an export declaration describes; its names and resources are fresh. */
  #externDesc(reader: Reader, frame: Frame): Extern {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x00:
        return reader.refused("core modules as values", start)
      case 0x01: {
        const node = this.#at(reader, frame.types, "type")
        return node.k === "func" ? { sort: "func", node } : reader.malformed("not a function type", start)
      }
      case 0x02:
        return reader.refused("values", start)
      case 0x03: {
        const bound = reader.byte()
        if (bound === 0x00) {
          return { sort: "type", node: this.#exportable(reader, this.#at(reader, frame.types, "type")) }
        }
        return bound === 0x01
          ? { sort: "type", node: this.#nodes.resource(frame.scope) }
          : reader.malformed(`unknown type bound ${bound}`, start)
      }
      case 0x04:
        return reader.refused("components as values", start)
      case 0x05: {
        const node = this.#at(reader, frame.types, "type")
        return node.k === "instance"
          ? { sort: "instance", node: this.#nodes.instantiate(node, frame.scope) }
          : reader.malformed("not an instance type", start)
      }
      default:
        return reader.malformed(`unknown kind of import or export ${byte}`, start)
    }
  }

  #import(reader: Reader, frame: Frame): void {
    const name = this.#externName(reader, frame.importNames)
    const extern = this.#named(reader, name, this.#externDesc(reader, frame), frame.scope)
    this.#publish(frame, name.text, extern)
    frame.imports.set(name.text, extern)
    this.#define(reader, frame, extern)
  }

  #export(reader: Reader, frame: Frame): void {
    const name = this.#externName(reader, frame.exportNames)
    const actual = this.#externAt(reader, frame)
    const hasType = reader.byte()
    if (hasType > 0x01) return reader.malformed(`byte 0 or 1 expected, ${hasType} found`, reader.offset - 1)
    const described = hasType === 0x01 ? this.#ascribe(reader, frame, actual) : actual
    const extern = this.#named(reader, name, described, frame.scope)
    this.#publish(frame, name.text, extern)
    frame.exports.set(name.text, extern)
    this.#define(reader, frame, extern)
  }

  /** The type given to an export, once it is known to fit what is exported. */
  #ascribe(reader: Reader, frame: Frame, actual: Extern): Extern {
    const start = reader.offset
    const described = this.#externDesc(reader, frame)
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
    const open = new Copy(this.#nodes, frame.scope, own).instance(described.node)
    const copy = new Copy(this.#nodes, own, frame.scope)
    const mismatch = copy.bind({ sort: "instance", node: open }, actual)
    if (mismatch !== undefined) return reader.malformed(`the type of an export: ${mismatch}`, start)
    return { sort: "instance", node: copy.instance(this.#nodes.instance(scope, open.exports)) }
  }

  /** Marks what the outermost component imports or exports as named by that interface. */
  #publish(frame: Frame, name: string, extern: Extern): void {
    if (frame.kind !== "component" || frame.parent !== undefined || extern.sort !== "instance") return
    extern.node.scope.label ??= { id: name }
  }

  // Types

  #type(reader: Reader, frame: Frame): Node {
    const start = reader.offset
    const byte = reader.byte()
    switch (byte) {
      case 0x40:
        return this.#func(reader, frame, false)
      case 0x43:
        return this.#func(reader, frame, true)
      case 0x42:
        return this.#instanceType(reader, frame)
      case 0x3f:
        return this.#resourceType(reader, frame, start)
      case 0x72:
        return this.#nodes.record(this.#fields(reader, frame, "record"))
      case 0x71:
        return this.#variant(reader, frame)
      case 0x70:
        return this.#nodes.list("list", this.#valueType(reader, frame))
      case 0x6f: {
        const count = this.#atLeastOne(reader, reader.count("types"), "a tuple")
        const items: Array<ValueNode> = []
        for (let i = 0; i < count; i++) items.push(this.#valueType(reader, frame))
        return this.#nodes.tuple(items)
      }
      case 0x6e:
      case 0x6d:
        return this.#labels(reader, byte === 0x6e ? "flags" : "enum")
      case 0x6b:
        return this.#nodes.list("option", this.#valueType(reader, frame))
      case 0x6a:
        return this.#nodes.result(this.#optionalType(reader, frame), this.#optionalType(reader, frame))
      case 0x69:
      case 0x68:
        return this.#nodes.handle(byte === 0x69 ? "own" : "borrow", this.#resourceAt(reader, frame))
      default: {
        const primitive = primitives.get(byte)
        if (primitive !== undefined) return this.#nodes.primitive(primitive)
        const feature = refusedTypes.get(byte)
        return feature === undefined
          ? reader.malformed(`unknown type ${byte}`, start)
          : reader.refused(feature, start)
      }
    }
  }

  #atLeastOne(reader: Reader, count: number, what: string): number {
    return count === 0 ? reader.malformed(`${what} without members`) : count
  }

  #resourceAt(reader: Reader, frame: Frame) {
    const start = reader.offset
    const node = this.#at(reader, frame.types, "type")
    return node.k !== "func" && node.k !== "instance" && isResource(node)
      ? node
      : reader.malformed("not a resource", start)
  }

  #resourceType(reader: Reader, frame: Frame, start: number): Node {
    if (frame.kind !== "component") return reader.malformed("a resource defined inside a type", start)
    const rep = reader.byte()
    if (rep === 0x7e) return reader.refused("resources with a 64-bit representation", start)
    if (rep !== 0x7f) return reader.malformed("a resource is represented by an i32", start)
    const destructor = reader.byte()
    if (destructor > 0x01) return reader.malformed(`byte 0 or 1 expected, ${destructor} found`, reader.offset - 1)
    if (destructor === 0x01) this.#coreIndex(reader, frame, "func")
    const resource = this.#nodes.resource(frame.scope)
    frame.ownResources.add(resource)
    return resource
  }

  #valueType(reader: Reader, frame: Frame): ValueNode {
    const start = reader.offset
    const byte = reader.peek()
    if (byte >= 0x40 && byte < 0x80) {
      reader.byte()
      const primitive = primitives.get(byte)
      if (primitive !== undefined) return this.#nodes.primitive(primitive)
      return byte === 0x64
        ? reader.refused("error-context", start)
        : reader.malformed(`unknown type ${byte}`, start)
    }
    const index = reader.typeIndex()
    const node = frame.types[index]
    if (node === undefined) return reader.malformed(`type ${index} is out of range (${frame.types.length})`, start)
    return isValue(node) ? node : reader.malformed(`type ${index} is not a type of values`, start)
  }

  #optionalType(reader: Reader, frame: Frame): ValueNode | undefined {
    const byte = reader.byte()
    if (byte > 0x01) return reader.malformed(`byte 0 or 1 expected, ${byte} found`, reader.offset - 1)
    return byte === 0x01 ? this.#valueType(reader, frame) : undefined
  }

  #label(reader: Reader, seen: Map<string, string>): string {
    const start = reader.offset
    const text = reader.name(maxNameBytes)
    if (!isLabel(text)) return reader.malformed(`${quote(text)} is not a valid name`, start)
    const key = labelKey(text)
    const taken = seen.get(key)
    if (taken !== undefined) {
      return reader.malformed(
        taken === text ? `duplicate name ${quote(text)}` : `the names ${quote(taken)} and ${quote(text)} are too alike`,
        start
      )
    }
    seen.set(key, text)
    return text
  }

  #fields(reader: Reader, frame: Frame, what: "record" | "function"): ReadonlyArray<NamedItem<ValueNode>> {
    const count = reader.count(what === "record" ? "fields" : "parameters", 3)
    if (what === "record") this.#atLeastOne(reader, count, "a record")
    const seen = new Map<string, string>()
    const fields: Array<NamedItem<ValueNode>> = []
    for (let i = 0; i < count; i++) {
      const name = this.#label(reader, seen)
      fields.push({ name, type: this.#valueType(reader, frame) })
    }
    return fields
  }

  #variant(reader: Reader, frame: Frame): Node {
    const count = this.#atLeastOne(reader, reader.count("cases", 4), "a variant")
    const seen = new Map<string, string>()
    const cases: Array<NamedItem<ValueNode | undefined>> = []
    for (let i = 0; i < count; i++) {
      const name = this.#label(reader, seen)
      cases.push({ name, type: this.#optionalType(reader, frame) })
      this.#expect(reader, 0x00)
    }
    return this.#nodes.variant(cases)
  }

  #labels(reader: Reader, kind: "enum" | "flags"): Node {
    const count = this.#atLeastOne(reader, reader.count("labels", 2), kind === "enum" ? "an enum" : "a flags type")
    if (kind === "flags" && count > 32) return reader.tooLarge(`flags with ${count} labels, at most 32 are allowed`)
    const seen = new Map<string, string>()
    const labels: Array<string> = []
    for (let i = 0; i < count; i++) labels.push(this.#label(reader, seen))
    return this.#nodes.labels(kind, labels)
  }

  #func(reader: Reader, frame: Frame, async: boolean): Node {
    const params = this.#fields(reader, frame, "function")
    const start = reader.offset
    const byte = reader.byte()
    if (byte === 0x01) {
      if (reader.u32() !== 0) return reader.refused("named results", start)
      return this.#nodes.func(params, undefined, async)
    }
    if (byte !== 0x00) return reader.malformed(`byte 0 or 1 expected, ${byte} found`, start)
    const result = this.#valueType(reader, frame)
    if (result.borrows) return reader.malformed("a function returns a borrowed handle", start)
    return this.#nodes.func(params, result, async)
  }

  #instanceType(reader: Reader, parent: Frame): Node {
    let depth = 0
    for (let f: Frame | undefined = parent; f !== undefined; f = f.parent) depth++
    if (depth > this.#limits.maxComponentDepth) {
      return reader.tooLarge(`instance types nest deeper than ${this.#limits.maxComponentDepth}`)
    }
    const frame = new Frame("instance type", parent, new Scope(undefined), parent.path)
    const count = reader.count("declarations", 2)
    for (let i = 0; i < count; i++) {
      const start = reader.offset
      const byte = reader.byte()
      switch (byte) {
        case 0x00:
          return reader.refused("core types", start)
        case 0x01:
          this.#push(reader, frame.types, this.#type(reader, frame))
          break
        case 0x02:
          this.#alias(reader, frame)
          break
        case 0x04: {
          const name = this.#externName(reader, frame.exportNames)
          const extern = this.#named(reader, name, this.#externDesc(reader, frame), frame.scope)
          frame.exports.set(name.text, extern)
          this.#define(reader, frame, extern)
          break
        }
        default:
          return reader.malformed(`unknown declaration ${byte}`, start)
      }
    }
    return this.#nodes.instance(frame.scope, frame.exports)
  }
}

const coreNames: ReadonlyMap<string, CoreSort> = new Map(
  Array.from(coreSorts.values(), (sort) => [`core ${sort}`, sort])
)

const isMember = (kind: string | undefined): boolean => kind === "constructor" || kind === "method" || kind === "static"

const sections: ReadonlyMap<number, string> = new Map([
  [0, "custom"],
  [1, "core module"],
  [2, "core instance"],
  [3, "core type"],
  [4, "component"],
  [5, "instance"],
  [6, "alias"],
  [7, "type"],
  [8, "canon"],
  [9, "start"],
  [10, "import"],
  [11, "export"],
  [12, "value"]
])

const startsWith = (reader: Reader, expected: ReadonlyArray<number>, from = 0): boolean =>
  reader.remaining >= from + expected.length &&
  expected.every((byte, i) => reader.bytes[reader.offset + from + i] === byte)

const magic = [0x00, 0x61, 0x73, 0x6d]

export const isCoreModule = (reader: Reader): boolean =>
  startsWith(reader, magic) && startsWith(reader, [0x01, 0x00, 0x00, 0x00], 4)

const readPreamble = (reader: Reader): void => {
  if (!startsWith(reader, magic)) return reader.malformed("not WebAssembly: the bytes 00 61 73 6d are missing")
  if (isCoreModule(reader)) return reader.malformed("a core module, not a component")
  if (!startsWith(reader, [0x0d, 0x00, 0x01, 0x00], 4)) {
    return reader.malformed("an unknown version of the component format", reader.offset + 4)
  }
  reader.skip(8)
}
