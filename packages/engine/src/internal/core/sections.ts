/**
 * The sections of a core module.
 */
import { isCoreModule } from "../preamble.ts"
import { Reader } from "../reader.ts"
import type { Budget } from "../reader.ts"

/** A section by the offsets of its id, its content and its end. */
export interface Section {
  readonly start: number
  readonly content: number
  readonly end: number
}

export const SectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13
} as const

/** Names by id, in the order that a module keeps. */
const order: ReadonlyMap<number, string> = new Map([
  [SectionId.type, "type"],
  [SectionId.import, "import"],
  [SectionId.function, "function"],
  [SectionId.table, "table"],
  [SectionId.memory, "memory"],
  [SectionId.tag, "tag"],
  [SectionId.global, "global"],
  [SectionId.export, "export"],
  [SectionId.start, "start"],
  [SectionId.element, "element"],
  [SectionId.dataCount, "data count"],
  [SectionId.code, "code"],
  [SectionId.data, "data"]
])

const places: ReadonlyMap<number, number> = new Map(Array.from(order.keys(), (id, place) => [id, place]))

/** The sections of one core module by id, without the custom ones. */
export class Sections {
  readonly bytes: Uint8Array
  readonly budget: Budget
  readonly #found = new Map<number, Section>()
  /** The custom section of names, the last one if there are more. */
  readonly names: Section | undefined

  constructor(bytes: Uint8Array, offset: number, size: number, budget: Budget) {
    this.bytes = bytes
    this.budget = budget
    const reader = new Reader(bytes, offset, offset + size, "core module", budget)
    if (!isCoreModule(reader)) reader.malformed("not a core module")
    reader.skip(8)
    let last = -1
    while (reader.remaining > 0) {
      reader.spend(1)
      const start = reader.offset
      const id = reader.byte()
      const length = reader.u32()
      const content = reader.offset
      reader.skip(length)
      if (id === SectionId.custom) {
        const name = new Reader(bytes, content, reader.offset, "custom section", budget).name()
        if (name === "name") this.names = { start, content, end: reader.offset }
        continue
      }
      const place = places.get(id)
      if (place === undefined) {
        if (id === 14) reader.refused("stringref (string literals)", start)
        reader.malformed(`unknown section ${id}`, start)
      } else if (place <= last) {
        reader.malformed(this.#found.has(id) ? `a second ${order.get(id)} section` : "a section out of order", start)
      } else {
        last = place
        this.#found.set(id, { start, content, end: reader.offset })
      }
    }
  }

  get(id: number): Section | undefined {
    return this.#found.get(id)
  }

  /** A reader over the content of a section; an absent one has none. */
  reader(id: number): Reader | undefined {
    const section = this.#found.get(id)
    return section && new Reader(this.bytes, section.content, section.end, `${order.get(id)} section`, this.budget)
  }

  /** Reads the items of a vector that fills its section. */
  items<A>(id: number, what: string, minimum: number, read: (reader: Reader) => A): Array<A> {
    const reader = this.reader(id)
    if (reader === undefined) return []
    const count = reader.count(what, minimum)
    const items: Array<A> = []
    for (let i = 0; i < count; i++) items.push(read(reader))
    reader.expectEnd()
    return items
  }
}
