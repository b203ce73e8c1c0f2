/** Changes to the code of a module, with the sizes that follow from them. */
import { unsigned } from "../generator/encode.ts"
import { CoreModule, Section } from "./coreModule.ts"
import type { Range } from "./coreModule.ts"

export interface Edit extends Range {
  readonly bytes: ReadonlyArray<number> | Uint8Array
}

/** A module with other bytes in some places of its bodies. */
export const edited = (bytes: Uint8Array, edits: ReadonlyArray<Edit>): Uint8Array<ArrayBuffer> => {
  const module = new CoreModule(bytes)
  const section = module.sections.get(Section.code)
  if (section === undefined) throw new Error("a module without code")
  const sorted = edits.toSorted((one, other) => one.start - other.start)
  const bodies = module.bodies.map(({ end, start }) => {
    const parts: Array<Uint8Array> = []
    let at = start
    for (const edit of sorted) {
      if (edit.start < start || edit.end > end) continue
      parts.push(bytes.subarray(at, edit.start), Uint8Array.from(edit.bytes))
      at = edit.end
    }
    const body = joined([...parts, bytes.subarray(at, end)])
    return joined([Uint8Array.from(unsigned(body.length)), body])
  })
  const content = joined([Uint8Array.from(unsigned(bodies.length)), ...bodies])
  const before = section.start - unsigned(section.end - section.start).length
  return joined([
    bytes.subarray(0, sectionSize(bytes, before)),
    Uint8Array.from(unsigned(content.length)),
    content,
    bytes.subarray(section.end)
  ])
}

/** Where the size of a section is that may be written with more bytes than it needs. */
const sectionSize = (bytes: Uint8Array, guess: number): number => {
  let at = guess
  while (bytes[at - 1] !== Section.code) at--
  return at
}

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
