/**
 * What came of one check of a suite on one engine.
 */
import type { EngineName } from "./engines/contract.ts"

export type Status = "passed" | "failed" | "skipped"

/**
 * `at` is where the check stands, `<file>` or `<file>:<line>`, and `what` is
 * its kind. `seen` is what the engine did, as engines are compared by it, and
 * `reason` says why the check was skipped or what is wrong. `cause` is the
 * check that it could not do without, if that one was lost.
 */
export interface Result {
  readonly engine: EngineName
  readonly at: string
  readonly what: string
  readonly status: Status
  readonly seen: string
  readonly reason: string | undefined
  readonly cause: string | undefined
}

/** What the runner of one file is told: `from` the first step to report, `lost` those that end the process. */
export interface Progress {
  readonly from: number
  readonly lost: ReadonlyMap<number, string>
  /** Called before a step is tried, so that what hangs or dies has a name. */
  readonly begin: (step: number, at: string, what: string) => Promise<void>
  /** `isSpoilt`: this process is not fit for further steps. */
  readonly end: (step: number, result: Result, isSpoilt: boolean) => Promise<void>
}

/** Thrown to leave a file whose process is spoilt. */
export class Spoilt extends Error {}
