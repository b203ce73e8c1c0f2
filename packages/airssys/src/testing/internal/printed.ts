import * as Cause from "effect/Cause"
import { isActorRef } from "../../actor/ActorRef.ts"

const deepest = 4
const longest = 200
/** Of an array or an object; more would not be shown. */
const mostItems = 40

/**
 * A value in one line of the trace: no stacks, paths or hashes, so that it is
 * the same in every process.
 */
export const printed = (value: unknown): string => {
  const text = attempt(() => print(value, 0, new Set()))
  return text.length > longest ? `${text.slice(0, longest)}...` : text
}

export const printedCause = (cause: Cause.Cause<unknown>): string =>
  cause.reasons.map((reason) =>
    reason._tag === "Fail"
      ? printed(reason.error)
      : reason._tag === "Die"
      ? `defect ${printed(reason.defect)}`
      : "interrupted"
  ).join(" and ")

const attempt = (body: () => string): string => {
  try {
    return body()
  } catch {
    return "(cannot be printed)"
  }
}

const print = (value: unknown, depth: number, above: Set<unknown>): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value)
    case "bigint":
      return `${value}n`
    case "function":
      return "a function"
    case "object":
      return value === null ? "null" : printObject(value, depth, above)
    default:
      return String(value)
  }
}

const printObject = (value: object, depth: number, above: Set<unknown>): string => {
  if (isActorRef(value)) return value.name
  if (Cause.isCause(value)) return printedCause(value)
  const tag = "_tag" in value && typeof value._tag === "string" ? value._tag : undefined
  if (value instanceof Error && tag === undefined) return `${value.name}: ${value.message}`
  if (depth === deepest || above.has(value)) return "..."
  above.add(value)
  const inner = (item: unknown) => print(item, depth + 1, above)
  const text = Array.isArray(value)
    ? `[${value.slice(0, mostItems).map(inner).join(", ")}]`
    : value instanceof Map || value instanceof Set
    ? `${value.constructor.name}(${value.size})`
    : ArrayBuffer.isView(value)
    ? `${value.byteLength} bytes`
    : printFields(value, tag, inner)
  above.delete(value)
  return text
}

const printFields = (value: object, tag: string | undefined, inner: (item: unknown) => string): string => {
  const fields = Object.entries(value).filter(([key]) => key !== "_tag" && key !== "stack" && key !== "name")
    .slice(0, mostItems)
    .map(([key, item]) => `${key}: ${inner(item)}`)
  const body = fields.length === 0 ? "" : `{ ${fields.join(", ")} }`
  return tag === undefined ? body || "{}" : body === "" ? tag : `${tag} ${body}`
}
