/** Where two types differ, told within the size of the one that is expected. */
import type * as WitType from "@airssys/engine/WitType"

type Type = WitType.WitType | undefined

/**
 * The first difference of what a component declares from what is expected, in
 * words; undefined where there is none. Names of types do not count.
 */
export const ofFunctions = (expected: WitType.Func, found: WitType.Func): string | undefined =>
  members(expected.params, found.params, "parameter") ??
    ofTypes(expected.result, found.result, "its result") ??
    (found.async ? "it is asynchronous in the component" : undefined)

interface Member {
  readonly name: string
  readonly type: Type
}

const members = (
  expected: ReadonlyArray<Member>,
  found: ReadonlyArray<Member>,
  word: string
): string | undefined => {
  if (expected.length !== found.length) {
    return `it has ${count(expected, word)} here, and ${count(found, word)} in the component`
  }
  for (const [index, member] of expected.entries()) {
    const other = found[index]!
    if (member.name !== other.name) {
      return `${word} ${index + 1} is ${member.name} here, and ${other.name} in the component`
    }
    const difference = ofTypes(member.type, other.type, `${word} ${member.name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

const count = (of: ReadonlyArray<unknown>, word: string): string => `${of.length} ${word}${of.length === 1 ? "" : "s"}`

const shown = (type: Type): string => type === undefined ? "nothing" : type.kind

const ofTypes = (expected: Type, found: Type, at: string): string | undefined => {
  if (expected === undefined && found === undefined) return undefined
  if (expected === undefined || found === undefined || expected.kind !== found.kind) {
    return `${at} is ${shown(expected)} here, and ${shown(found)} in the component`
  }
  return inside(expected, found, at)
}

const inside = (expected: WitType.WitType, found: WitType.WitType, at: string): string | undefined => {
  if (expected.kind === "list" && found.kind === "list") return ofTypes(expected.element, found.element, at)
  if (expected.kind === "option" && found.kind === "option") return ofTypes(expected.some, found.some, at)
  if (expected.kind === "result" && found.kind === "result") {
    return ofTypes(expected.ok, found.ok, at) ?? ofTypes(expected.err, found.err, `the error of ${at}`)
  }
  if (expected.kind === "tuple" && found.kind === "tuple") {
    return members(numbered(expected.items), numbered(found.items), `${at}, item`)
  }
  if (expected.kind === "record" && found.kind === "record") {
    return members(expected.fields, found.fields, `${at}, field`)
  }
  if (expected.kind === "variant" && found.kind === "variant") {
    return members(expected.cases, found.cases, `${at}, case`)
  }
  if (expected.kind === "enum" && found.kind === "enum") {
    return members(named(expected.cases), named(found.cases), `${at}, case`)
  }
  if (expected.kind === "flags" && found.kind === "flags") {
    return members(named(expected.labels), named(found.labels), `${at}, label`)
  }
  if ("resource" in expected && "resource" in found && expected.resource.name !== found.resource.name) {
    return `${at} is ${expected.resource.name} here, and ${found.resource.name} in the component`
  }
  return undefined
}

const named = (names: ReadonlyArray<string>): ReadonlyArray<Member> => names.map((name) => ({ name, type: undefined }))

const numbered = (items: ReadonlyArray<WitType.WitType>): ReadonlyArray<Member> =>
  items.map((type, index) => ({ name: String(index + 1), type }))
