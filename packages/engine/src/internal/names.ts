/**
 * The grammar of import and export names, and when two of them are too alike.
 */

const label = "(?:[a-z][0-9a-z]*|[A-Z][0-9A-Z]*)(?:-(?:[0-9a-z]+|[0-9A-Z]+))*"
const lowerLabel = "[a-z][0-9a-z]*(?:-[0-9a-z]+)*"
const version = "(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)\\.(?:0|[1-9][0-9]*)" +
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

export const isLabel = (text: string): boolean => labelPattern.test(text)

export const parseExternName = (text: string): ExternName | undefined => {
  if (labelPattern.test(text)) return { kind: "label" }
  const resource = constructorPattern.exec(text)?.[1]
  if (resource !== undefined) return { kind: "constructor", resource }
  const member = memberPattern.exec(text)
  if (member !== null && member[2] !== undefined && member[3] !== undefined) {
    return { kind: member[1] === "method" ? "method" : "static", resource: member[2], member: member[3] }
  }
  if (interfacePattern.test(text)) return { kind: "interface" }
  return dependencyPattern.test(text) ? { kind: "dependency" } : undefined
}

/**
 * Equal for labels that differ in case alone, or that are written alike in
 * JavaScript (`a1` and `a-1`).
 */
export const labelKey = (text: string): string => text.toLowerCase().replace(/-(?=[0-9])/g, "")

/**
 * A set of names that are strongly unique: annotations do not tell two names
 * apart, except a constructor from its resource.
 */
export class UniqueNames {
  readonly #taken = new Map<string, string>()

  /** Adds a name; the name that it collides with, if there is one. */
  add(text: string): string | undefined {
    const name = parseExternName(text)
    const key = name?.kind === "constructor"
      ? `[constructor]${labelKey(name.resource)}`
      : name?.kind === "method" || name?.kind === "static"
      ? memberKey(name.resource, name.member)
      : name?.kind === "label"
      ? labelKey(text)
      : text.toLowerCase()
    const taken = this.#taken.get(key)
    if (taken === undefined) this.#taken.set(key, text)
    return taken
  }
}

const memberKey = (resource: string, member: string): string =>
  labelKey(resource) === labelKey(member) ? labelKey(resource) : `${labelKey(resource)}.${labelKey(member)}`
