const depthLimit = 16

const isRecord = (value: object): value is Readonly<Record<string, unknown>> => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/**
 * The one text of a JSON value: keys in the order of their code units, no
 * spaces, integers alone as numbers, no half surrogates. Undefined for a value
 * that has none, or that nests deeper than 16.
 */
export const print = (value: unknown, depth = 0): string | undefined => {
  if (value === null || typeof value === "boolean") return String(value)
  if (typeof value === "string") return value.isWellFormed() ? JSON.stringify(value) : undefined
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
  if (typeof value !== "object" || depth >= depthLimit) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => print(item, depth + 1))
    return items.includes(undefined) ? undefined : `[${items.join(",")}]`
  }
  if (!isRecord(value)) return undefined
  const members: Array<string> = []
  for (const key of Object.keys(value).toSorted(byCodeUnits)) {
    const member = print(value[key], depth + 1)
    if (member === undefined || !key.isWellFormed()) return undefined
    members.push(`${JSON.stringify(key)}:${member}`)
  }
  return `{${members.join(",")}}`
}

const byCodeUnits = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
