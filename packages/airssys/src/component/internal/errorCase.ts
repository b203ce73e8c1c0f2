/** Which values of a function's own error type stand for what a host has to tell. */
import type { WitType } from "@airssys/engine/WitType"
import { guestMessage } from "../../security/Explanation.ts"

/** A value of an error type. */
export type Case = string | { readonly tag: string; readonly val?: string }

type Find = (result: WitType | undefined) => Case | undefined

const finder = (names: ReadonlyArray<string>, text: string): Find => (result) => {
  const type = result?.kind === "result" ? result.err : undefined
  switch (type?.kind) {
    case "string":
      return text
    case "enum":
      return names.find((name) => type.cases.includes(name))
    case "variant":
      for (const name of names) {
        const found = type.cases.find((one) => one.name === name)
        if (found === undefined) continue
        if (found.type === undefined) return { tag: name }
        if (found.type.kind === "string") return { tag: name, val: text }
      }
      return undefined
    default:
      return undefined
  }
}

/** That it was denied. */
export const denied: Find = finder(["access-denied", "denied", "not-permitted"], guestMessage)

/** That it took too long. */
export const timedOut: Find = finder(["timed-out", "timeout"], "timed out")

/** That the host cannot do it. */
export const unavailable: Find = finder(["unavailable"], "unavailable")
