/**
 * Entry of the process that runs one file on one engine. It is told what to do
 * by its first message, and is gone when the file is done.
 */
import type { EngineName } from "./engines/contract.ts"
import { type Result, Spoilt } from "./result.ts"
import { suites } from "./suites/suite.ts"

export interface Job {
  readonly suite: string
  readonly engine: EngineName
  readonly root: string
  readonly file: string
  readonly from: number
  readonly lost: ReadonlyArray<readonly [step: number, reason: string]>
}

export type Report =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Begin"; readonly step: number; readonly at: string; readonly what: string }
  | { readonly _tag: "End"; readonly step: number; readonly result: Result; readonly isSpoilt: boolean }
  | { readonly _tag: "Done" }
  | { readonly _tag: "Unreadable"; readonly reason: string }

const engineOf = async (name: EngineName) =>
  (name === "jco" ? await import("./engines/jco.ts") : await import("./engines/airssys.ts")).make()

/** Resolves when the parent has it: the process may die with the next step. */
const say = (report: Report): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(report, undefined, undefined, () => resolve())
  })

const run = async ({ engine, file, from, lost, root, suite }: Job): Promise<void> => {
  try {
    const made = await engineOf(engine)
    await say({ _tag: "Ready" })
    await suites.find(({ name }) => name === suite)!.run(made, root, file, {
      from,
      lost: new Map(lost),
      begin: (step, at, what) => say({ _tag: "Begin", step, at, what }),
      end: (step, result, isSpoilt) => say({ _tag: "End", step, result, isSpoilt })
    })
    await say({ _tag: "Done" })
  } catch (error) {
    if (!(error instanceof Spoilt)) {
      await say({ _tag: "Unreadable", reason: error instanceof Error ? error.message : String(error) })
    }
  }
  process.disconnect?.()
}

process.once("message", (job) => {
  void run(job as Job)
})
