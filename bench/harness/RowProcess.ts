/**
 * Runs one row in a process of its own, so that neither the heap nor the
 * compiled code of one row reaches another.
 *
 * The result comes over the process channel; whatever a contender prints goes
 * to standard error.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Result } from "./Measure.ts"

export type Outcome =
  | { readonly _tag: "Measured"; readonly result: Result }
  | { readonly _tag: "Failed"; readonly message: string }

export interface Options {
  /** URL of the module that exports the suite as `suite`. */
  readonly url: string
  readonly row: string
  readonly rounds: number
  /** After this many milliseconds the process is killed and the row has failed. */
  readonly timeout: number
}

const entry = fileURLToPath(new URL("./child.ts", import.meta.url))

/**
 * Never rejects: a process that dies without a result is a failed row.
 */
export const run = ({ rounds, row, timeout, url }: Options): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--expose-gc", "--no-warnings", entry, url, row, String(rounds)], {
      stdio: ["ignore", 2, 2, "ipc"],
      timeout,
      killSignal: "SIGKILL"
    })
    const failed = (message: string): void => resolve({ _tag: "Failed", message })
    child.once("message", (outcome) => resolve(outcome as Outcome))
    child.once("error", (error) => failed(error.message))
    child.once("close", (code, signal) =>
      failed(
        signal === "SIGKILL" ? `no result within ${timeout / 1000} s` : `its process ended with ${signal ?? code}`
      ))
  })
