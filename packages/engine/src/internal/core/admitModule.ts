/**
 * Counts and names what a core module has, against limits.
 */
import type { AdmissionLimits, ModuleAdmission } from "../../Admission.ts"
import { DecodeError } from "../../DecodeError.ts"
import { readDeclarations } from "../coreModuleType.ts"
import { Budget } from "../reader.ts"
import type { Reader } from "../reader.ts"
import type { Steps } from "../steps.ts"
import { BodyAdmission } from "./admitBody.ts"
import { SectionId, Sections } from "./sections.ts"

/** Admits the module of `size` bytes at `offset`; offsets of errors are of the whole input. */
export function* admitModule(
  bytes: Uint8Array,
  offset: number,
  size: number,
  limits: AdmissionLimits,
  refuseRelaxedSimd: boolean
): Steps<ModuleAdmission> {
  atMost("bytes", size, limits.bytes, offset, "core module")
  const sections = new Sections(bytes, offset, size, new Budget(4_000_000))
  const counted = countSections(sections, limits)
  const { imports, spaces } = readDeclarations(sections)
  const functions = atMost("functions", spaces.func.length, limits.functions, offset, "core module")
  const tables = atMost("tables", spaces.table.length, limits.tables, offset, "core module")
  const memories = atMost("memories", spaces.memory.length, limits.memories, offset, "core module")
  const globals = atMost("globals", spaces.global.length, limits.globals, offset, "core module")
  const tags = atMost("tags", spaces.tag.length, limits.tags, offset, "core module")
  let tagParameters = 0
  for (const { type } of spaces.tag) {
    const count = atMost("parameters of a tag", type.params.length, limits.tagParameters, offset, "tag section")
    tagParameters = Math.max(tagParameters, count)
  }
  const importedFunctions = imports.filter(({ extern }) => extern.sort === "func").length
  const bodies = new BodyAdmission(spaces, limits, refuseRelaxedSimd)
  const reader = sections.reader(SectionId.code)
  const count = reader?.count("bodies", 2) ?? 0
  if (count !== functions - importedFunctions) {
    throw new DecodeError({
      reason: "Malformed",
      offset: sections.get(SectionId.code)?.start ?? offset + size,
      section: "code section",
      message: `${count} bodies for ${functions - importedFunctions} functions`
    })
  }
  if (reader !== undefined) yield* readBodies(reader, bodies, count, importedFunctions, limits)
  return {
    bytes: size,
    ...counted,
    functions,
    tables,
    memories,
    globals,
    tags,
    tagParameters,
    ...bodies.counts(),
    relaxedSimd: bodies.relaxedSimd
  }
}

/** The lengths of vectors, before anything is allocated for their items. */
const countSections = (
  sections: Sections,
  limits: AdmissionLimits
): Pick<AdmissionLimits, "types" | "imports" | "exports" | "segments"> => {
  const counted = (id: number, what: string, limit: number): number => {
    const reader = sections.reader(id)
    return reader === undefined ? 0 : atMost(what, reader.u32(), limit, reader.offset, reader.section)
  }
  counted(SectionId.function, "functions", limits.functions)
  counted(SectionId.global, "globals", limits.globals)
  const elements = counted(SectionId.element, "segments", limits.segments)
  return {
    types: counted(SectionId.type, "types", limits.types),
    imports: counted(SectionId.import, "imports", limits.imports),
    exports: counted(SectionId.export, "exports", limits.exports),
    segments: elements + counted(SectionId.data, "segments", limits.segments - elements)
  }
}

/** Bytes of bodies in one step. */
const stepSize = 262_144

function* readBodies(
  reader: Reader,
  bodies: BodyAdmission,
  count: number,
  imported: number,
  limits: AdmissionLimits
): Steps<void> {
  let stepEnd = reader.offset + stepSize
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    if (start > stepEnd) {
      stepEnd = start + stepSize
      yield
    }
    const size = atMost("bytes in the body of a function", reader.u32(), limits.body, start, "code section")
    const body = reader.take(size, "code section")
    bodies.admit(body, imported + i)
  }
  reader.expectEnd()
}

const atMost = (what: string, count: number, limit: number, offset: number, section: string): number => {
  if (count <= limit) return count
  throw new DecodeError({
    reason: "TooLarge",
    offset,
    section,
    message: `${count} ${what}, at most ${limit} are allowed`
  })
}
