/**
 * The grammar of import and export names, and when two of them are too alike.
 */
import { quote } from "./reader.ts"
import type { Reader } from "./reader.ts"

/** No two alternatives match the same text: a name that fails would be tried in all combinations. */
const word = "(?:[0-9]+|[0-9]*[a-z][0-9a-z]*|[0-9]*[A-Z][0-9A-Z]*)"
const label = `(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-${word})*`
const lowerLabel = "[a-z][0-9a-z]*(?:-[0-9a-z]+)*"
const version = "(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)" +
  "(?:-(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?" +
  "(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?"

const labelPattern = new RegExp(`^${label}$`)
const constructorPattern = new RegExp(`^\\[constructor\\](${label})$`)
const memberPattern = new RegExp(`^\\[(method|static)\\](${label})\\.(${label})$`)
const interfacePattern = new RegExp(`^${lowerLabel}:${lowerLabel}/${label}(?:@${version})?$`)
const dependencyPattern = /^(?:locked-dep|unlocked-dep|url|integrity|relative-url)=/

export const maxNameBytes = 1_024

export type ExternName =
  | { readonly kind: "label" }
  | { readonly kind: "constructor"; readonly resource: string }
  | { readonly kind: "method" | "static"; readonly resource: string; readonly member: string }
  | { readonly kind: "interface" }
  | { readonly kind: "dependency" }

const fits64Bits = (text: string | undefined): boolean =>
  text === undefined || text.length < 20 || (text.length === 20 && text <= "18446744073709551615")

export const isLabel = (text: string): boolean => labelPattern.test(text)

export const parseExternName = (text: string): ExternName | undefined => {
  if (labelPattern.test(text)) return { kind: "label" }
  const resource = constructorPattern.exec(text)?.[1]
  if (resource !== undefined) return { kind: "constructor", resource }
  const member = memberPattern.exec(text)
  if (member !== null && member[2] !== undefined && member[3] !== undefined) {
    return { kind: member[1] === "method" ? "method" : "static", resource: member[2], member: member[3] }
  }
  const numbers = interfacePattern.exec(text)
  if (numbers !== null) return numbers.slice(1, 4).every(fits64Bits) ? { kind: "interface" } : undefined
  return dependencyPattern.test(text) ? { kind: "dependency" } : undefined
}

/** Equal for labels that differ in case alone, or that JavaScript writes alike: `a1` and `a-1`. */
export const labelKey = (text: string): string =>
  plain.test(text) ? text : text.toLowerCase().replace(/-(?=[0-9])/g, "")

const plain = /^[a-z][0-9a-z]*$/

/** Fails for a name that collides with one before: only JavaScript takes some for one. */
export const alike = (reader: Reader, text: string, taken: string, start: number): never => {
  if (text === taken) return reader.malformed(`duplicate name ${quote(text)}`, start)
  return withoutAnnotation(text) === withoutAnnotation(taken)
    ? reader.malformed(`the names ${quote(taken)} and ${quote(text)} are too alike`, start)
    : reader.refused("names that JavaScript writes alike", start)
}

const withoutAnnotation = (text: string): string => (text.split(/[\].]/).at(-1) ?? text).toLowerCase()

/**
 * A set of names that are strongly unique: annotations do not tell two names
 * apart, except a constructor from its resource.
 */
export class UniqueNames {
  readonly #taken = new Map<string, string>()

  /** Adds a name; the name that it collides with, if there is one. */
  add(text: string): string | undefined {
    const key = uniqueKey(text)
    const taken = this.#taken.get(key)
    if (taken === undefined) this.#taken.set(key, text)
    return taken
  }
}

const uniqueKey = (text: string): string => {
  const name = parseExternName(text)
  switch (name?.kind) {
    case "constructor":
      return `[constructor]${labelKey(name.resource)}`
    case "method":
    case "static": {
      const resource = labelKey(name.resource)
      const member = labelKey(name.member)
      return resource === member ? resource : `${resource}.${member}`
    }
    case "label":
      return labelKey(text)
    default: {
      const version = text.indexOf("@")
      return version < 0 ? text.toLowerCase() : text.slice(0, version).toLowerCase() + text.slice(version)
    }
  }
}
