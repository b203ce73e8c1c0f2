/**
 * Takes the `init` export out of a component made by componentize-qjs.
 *
 * The tool leaves its build-time entry, through which a host could give the
 * engine another script, beside the exports of the world. The outer component
 * has one alias and one export for it; both go, and the indices of the
 * function exports after them move down by two. Anything of another shape is
 * refused, never guessed.
 */
import { BuildError } from "../BuildError.ts"

interface Section {
  readonly id: number
  readonly body: Uint8Array
}

const unknownShape = (cause?: unknown): BuildError =>
  new BuildError({
    reason: "Tool",
    problem: "componentize-qjs made a component of another shape than expected",
    hint: "Install the version of componentize-qjs that this package names.",
    cause
  })

const readNumber = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) {
      throw unknownShape()
    }
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      return [value, at]
    }
  }
  throw unknownShape()
}

const writeNumber = (value: number): ReadonlyArray<number> => {
  const bytes: Array<number> = []
  do {
    bytes.push(value > 0x7f ? (value & 0x7f) | 0x80 : value)
    value = Math.floor(value / 0x80)
  } while (value > 0)
  return bytes
}

const readSections = (bytes: Uint8Array): ReadonlyArray<Section> => {
  const sections: Array<Section> = []
  let at = 8
  while (at < bytes.length) {
    const id = bytes[at]!
    const [size, start] = readNumber(bytes, at + 1)
    if (start + size > bytes.length) {
      throw unknownShape()
    }
    sections.push({ id, body: bytes.subarray(start, start + size) })
    at = start + size
  }
  return sections
}

const sort = { func: 1 }
const sectionId = { custom: 0, instance: 5, alias: 6, type: 7, import: 10, export: 11 }

/** The name and function index of a section that exports one function. */
const functionExport = (
  { id, body }: Section
): { readonly name: string; readonly at: number; readonly index: number } | undefined => {
  if (id !== sectionId.export || body[0] !== 1) {
    return undefined
  }
  const [length, start] = readNumber(body, 2)
  const name = Buffer.from(body.subarray(start, start + length)).toString("utf8")
  const at = start + length + 1
  return body[start + length] === sort.func ? { name, at, index: readNumber(body, at)[0] } : undefined
}

/** Whether a section aliases one function, `init`, of an instance. */
const aliasesInit = ({ id, body }: Section): boolean => {
  if (id !== sectionId.alias || body[0] !== 1 || body[1] !== sort.func || body[2] !== 0) {
    return false
  }
  const [, at] = readNumber(body, 3)
  const [length, start] = readNumber(body, at)
  return Buffer.from(body.subarray(start, start + length)).toString("utf8") === "init"
}

const later = new Set(Object.values(sectionId).filter((id) => id !== sectionId.instance))

export const withoutInit = (bytes: Uint8Array): Uint8Array => {
  const sections = readSections(bytes)
  const exported = sections.findIndex((section) => functionExport(section)?.name === "init")
  const aliased = exported - 1
  const removed = sections[exported]
  if (removed === undefined || aliased < 0 || !aliasesInit(sections[aliased]!)) {
    throw unknownShape()
  }
  const { index } = functionExport(removed)!
  const out: Array<Uint8Array> = [bytes.subarray(0, 8)]
  for (const [position, section] of sections.entries()) {
    if (position === aliased || position === exported) {
      continue
    }
    let { body } = section
    if (position > exported) {
      const found = functionExport(section)
      if (!later.has(section.id) || (found === undefined && section.id === sectionId.export && body[0] !== 1)) {
        throw unknownShape()
      }
      if (found !== undefined) {
        const [, end] = readNumber(body, found.at)
        if (found.index <= index) {
          throw unknownShape()
        }
        body = Buffer.concat([
          body.subarray(0, found.at),
          Buffer.from(writeNumber(found.index - 2)),
          body.subarray(end)
        ])
      }
    }
    out.push(Buffer.from([section.id, ...writeNumber(body.length)]), body)
  }
  return Buffer.concat(out)
}
