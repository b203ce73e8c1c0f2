/**
 * Walks the sections of a component and its nested ones.
 */
import { readAlias } from "./aliases.ts"
import type { ModuleSource } from "./blueprint.ts"
import { readCanon, readStart } from "./canon.ts"
import { checkImports, readCoreInstance, readCoreType } from "./coreItems.ts"
import { coreModuleType } from "./coreModuleType.ts"
import { readExport, readImport } from "./externs.ts"
import { Frame, push } from "./frame.ts"
import type { Definition, Shared } from "./frame.ts"
import { readInstance } from "./instances.ts"
import { isCoreModule, readPreamble } from "./preamble.ts"
import type { Reader } from "./reader.ts"
import type { Steps } from "./steps.ts"
import type { TypeLimits } from "./typeNodes.ts"
import { TypeNodes } from "./typeNodes.ts"
import { readType } from "./types.ts"

export interface ParsedModule extends ModuleSource {
  readonly path: ReadonlyArray<number>
}

export interface CustomSection {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly path: ReadonlyArray<number>
}

export interface ParserLimits extends TypeLimits {
  readonly maxComponentDepth: number
}

export class Parser {
  readonly modules: Array<ParsedModule> = []
  readonly customSections: Array<CustomSection> = []
  readonly nodes: TypeNodes
  readonly #shared: Shared
  /** Of the budget, when the last step ended. */
  #left = Infinity

  constructor(reader: Reader, limits: ParserLimits) {
    this.nodes = new TypeNodes(reader, limits)
    this.#shared = { nodes: this.nodes, maxDepth: limits.maxComponentDepth }
  }

  /** Reads a component to the end of the reader, some items of a section in a step. */
  *component(reader: Reader, parent: Frame | undefined, path: ReadonlyArray<number>): Steps<Definition> {
    const frame = new Frame(reader, "component", parent, path, this.#shared)
    readPreamble(reader)
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
      yield* this.#section(reader.take(size, `${section} section`), frame, id)
      this.#shared.nodes.at = reader
    }
    frame.resources.checkExports(reader, frame.exports)
    return {
      node: this.#shared.nodes.component(frame.scope, frame.imports, frame.exports),
      blueprint: { steps: frame.steps }
    }
  }

  *#section(reader: Reader, frame: Frame, id: number): Steps<void> {
    this.#shared.nodes.at = reader
    switch (id) {
      case 0: {
        const name = reader.name()
        this.customSections.push({ name, offset: reader.offset, size: reader.remaining, path: frame.path })
        return
      }
      case 1: {
        if (!isCoreModule(reader)) reader.malformed("not a core module")
        reader.spend(moduleItems)
        const source: ModuleSource = {
          index: this.modules.length,
          offset: reader.offset,
          size: reader.remaining,
          type: coreModuleType(reader.bytes, reader.offset, reader.remaining, reader.budget)
        }
        this.modules.push({ ...source, path: [...frame.path, frame.modules.length] })
        frame.steps.push({ op: "core module", source })
        checkImports(reader, source.type.imports)
        push(reader, frame.modules, source.type)
        return yield
      }
      case 4: {
        const definition = yield* this.component(reader, frame, [...frame.path, frame.components.length])
        frame.steps.push({ op: "component", blueprint: definition.blueprint })
        push(reader, frame.components, definition.node)
        return
      }
      case 9:
        readStart(reader, frame)
        return reader.expectEnd()
      case 12:
        return reader.refused("values")
      default: {
        const count = reader.count("items")
        for (let i = 0; i < count; i++) {
          readItem(reader, frame, id)
          if (this.#isStep(reader)) yield
        }
        return reader.expectEnd()
      }
    }
  }

  /** Whether enough was read for a step. */
  #isStep({ budget }: Reader): boolean {
    if (this.#left - budget.left < stepItems) return false
    this.#left = budget.left
    return true
  }
}

/** What is read in a step, in items of the budget. */
const stepItems = 64

/** What a core module takes at least, in items of the budget. */
const moduleItems = 16

const readItem = (reader: Reader, frame: Frame, id: number): void => {
  switch (id) {
    case 2:
      return readCoreInstance(reader, frame)
    case 3:
      return push(reader, frame.coreTypes, readCoreType(reader, frame))
    case 5:
      return readInstance(reader, frame)
    case 6:
      return readAlias(reader, frame)
    case 7:
      return push(reader, frame.types, readType(reader, frame))
    case 8:
      return readCanon(reader, frame)
    case 10:
      return readImport(reader, frame)
    default:
      return readExport(reader, frame)
  }
}

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
