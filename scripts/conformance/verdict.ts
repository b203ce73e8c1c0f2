/**
 * What came of one check, before it has a place.
 */
import { Refused, Trapped, Unlinked } from "./engines/contract.ts"
import type { Status } from "./result.ts"

export interface Verdict {
  readonly status: Status
  readonly seen: string
  readonly reason?: string | undefined
  readonly cause?: string | undefined
  readonly isSpoilt?: boolean | undefined
}

export const passed = (seen: string): Verdict => ({ status: "passed", seen })

export const failed = (seen: string, reason: string): Verdict => ({ status: "failed", seen, reason })

export const skipped = (reason: string): Verdict => ({ status: "skipped", seen: "nothing", reason })

/** A verdict on what an engine throws; only a refusal, a missing import and a trap are answers. */
export const fault = (error: unknown): Verdict => {
  if (error instanceof Trapped) return failed(`trapped: ${error.category}`, `trapped: ${error.message}`)
  if (error instanceof Unlinked) return failed("unlinked", `cannot be instantiated: ${error.message}`)
  if (error instanceof Refused) {
    const { feature, message } = error
    if (isAsynchronous(feature)) return skipped(`asynchronous: ${feature}`)
    const isNamed = feature === undefined || message.includes(feature)
    return failed("refused", `refused: ${isNamed ? message : `${feature}: ${message}`}`)
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    ...failed("broken", `the engine failed: ${text.slice(0, 500)}`),
    isSpoilt: error instanceof WebAssembly.RuntimeError
  }
}

/** Whether a refusal names a feature of Component Model async. */
export const isAsynchronous = (feature: string | undefined): boolean =>
  feature !== undefined &&
  /async|stream|future|error-context|task|waitable|thread|backpressure|context\.|callback/.test(feature)
