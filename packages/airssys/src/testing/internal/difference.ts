/** Values of the WIT against each other, and how they are shown. */
import { printed } from "./printed.ts"

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !isList(value)

/** Where the first difference is, and what it is; undefined for equal values. */
export const difference = (expected: unknown, found: unknown, path = ""): string | undefined => {
  if (Object.is(expected, found)) return undefined
  if (isList(expected) && isList(found)) {
    if (expected.length !== found.length) {
      return said(path, `expected ${expected.length} items, got ${found.length}`)
    }
    for (let index = 0; index < expected.length; index++) {
      const inner = difference(expected[index], found[index], `${path}[${index}]`)
      if (inner !== undefined) return inner
    }
    return undefined
  }
  if (isRecord(expected) && isRecord(found)) {
    // A key may be missing where its value is undefined.
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      const inner = difference(own(expected, key), own(found, key), path === "" ? key : `${path}.${key}`)
      if (inner !== undefined) return inner
    }
    return undefined
  }
  if (typeof expected === "string" && typeof found === "string" && Math.max(expected.length, found.length) > longText) {
    return said(path, textDifference(expected, found))
  }
  return said(path, `expected ${printed(expected)}, got ${printed(found)}`)
}

/** Beyond it, a text is shown around its first difference. */
const longText = 60
const before = 15
const after = 40

const textDifference = (expected: string, found: string): string => {
  let at = 0
  while (expected[at] === found[at]) at++
  const from = Math.max(0, at - before)
  const part = (text: string) => printed(text.slice(from, at + after))
  return `differs from character ${at} on: expected ...${part(expected)}, got ...${part(found)}`
}

const own = (record: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined

const said = (path: string, problem: string): string => path === "" ? problem : `${path}: ${problem}`
