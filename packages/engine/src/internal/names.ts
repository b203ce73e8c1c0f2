/**
 * The grammar of import and export names, and when two of them are too alike.
 */

const label = "(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-(?:[0-9a-z]+|[0-9A-Z]+))*"
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

/** Equal for labels that differ in case alone. */
export const labelKey = (text: string): string => text.toLowerCase()

/** Equal for names that JavaScript writes alike too: `a1` and `a-1`. */
export const scriptKey = (text: string): string => text.toLowerCase().replace(/-(?=[0-9])/g, "")

/**
 * A set of names that are strongly unique: annotations do not tell two names
 * apart, except a constructor from its resource.
 */
export class UniqueNames {
  readonly #taken = new Map<string, string>()
  readonly #labelKey: (text: string) => string

  constructor(key: (text: string) => string = labelKey) {
    this.#labelKey = key
  }

  /** Adds a name; the name that it collides with, if there is one. */
  add(text: string): string | undefined {
    const key = this.#key(text)
    const taken = this.#taken.get(key)
    if (taken === undefined) this.#taken.set(key, text)
    return taken
  }

  #key(text: string): string {
    const name = parseExternName(text)
    switch (name?.kind) {
      case "constructor":
        return `[constructor]${this.#labelKey(name.resource)}`
      case "method":
      case "static": {
        const resource = this.#labelKey(name.resource)
        const member = this.#labelKey(name.member)
        return resource === member ? resource : `${resource}.${member}`
      }
      case "label":
        return this.#labelKey(text)
      default: {
        const version = text.indexOf("@")
        return version < 0 ? text.toLowerCase() : text.slice(0, version).toLowerCase() + text.slice(version)
      }
    }
  }
}
