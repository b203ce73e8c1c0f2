/**
 * Runs one file on one engine in processes of its own.
 *
 * A step that hangs or ends its process is a failed check; the file then goes
 * on behind it in a new process, which takes the earlier steps again.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Job, Report } from "./child.ts"
import type { Result } from "./result.ts"

export interface Limits {
  /** Milliseconds until a process is up, and for one step. */
  readonly start: number
  readonly step: number
}

export type Wanted = Omit<Job, "from" | "lost">

interface Step {
  readonly step: number
  readonly at: string
  readonly what: string
}

/** How a process ended: `lost` is the step it did not survive, `from` where to go on. */
interface Ending {
  readonly results: ReadonlyArray<Result>
  readonly next: { readonly from: number; readonly lost: readonly [step: number, reason: string] } | undefined
}

const entry = fileURLToPath(new URL("./child.ts", import.meta.url))

/** Never rejects. */
export const runFile = async (wanted: Wanted, limits: Limits): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  const lost: Array<readonly [number, string]> = []
  for (let from = 0;;) {
    const ending = await runProcess({ ...wanted, from, lost }, limits)
    results.push(...ending.results)
    if (ending.next === undefined) return results
    from = ending.next.from
    lost.push(ending.next.lost)
  }
}

const runProcess = (job: Job, limits: Limits): Promise<Ending> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--no-warnings", entry], { stdio: ["ignore", "ignore", "pipe", "ipc"] })
    const run = new Watched(job, (reason) => {
      late = reason
      child.kill("SIGKILL")
    }, limits)
    let late: string | undefined
    let said = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-500)
    })
    child.on("message", (report) => run.take(report as Report))
    child.once("error", (error) => resolve(run.ended(error.message)))
    child.once("close", (code, signal) =>
      resolve(run.ended(late ?? `its process ended with ${signal ?? code}: ${said.trim() || "it said nothing"}`)))
    child.send(job)
  })

/** What one process reports, and the clock on it. */
class Watched {
  readonly #job: Job
  readonly #limits: Limits
  readonly #late: (reason: string) => void
  readonly #results: Array<Result> = []
  #timer: NodeJS.Timeout
  #current: Step | undefined
  #spoilt: readonly [step: number, reason: string] | undefined
  #isDone = false

  constructor(job: Job, late: (reason: string) => void, limits: Limits) {
    this.#job = job
    this.#late = late
    this.#limits = limits
    this.#timer = this.#clock(limits.start)
  }

  take(report: Report): void {
    clearTimeout(this.#timer)
    switch (report._tag) {
      case "Begin":
        this.#current = report
        break
      case "End":
        this.#results.push(report.result)
        this.#current = undefined
        if (report.isSpoilt) this.#spoilt = [report.step, report.result.reason ?? "its process ended"]
        break
      case "Unreadable":
        this.#results.push(this.#failed({ step: 0, at: this.#job.file, what: "file" }, report.reason))
        this.#isDone = true
        return
      case "Done":
        this.#isDone = true
        return
      case "Ready":
        break
    }
    this.#timer = this.#clock(this.#limits.step)
  }

  ended(reason: string): Ending {
    clearTimeout(this.#timer)
    const results = this.#results
    if (this.#isDone) return { results, next: undefined }
    if (this.#spoilt !== undefined) {
      return { results, next: { from: this.#spoilt[0] + 1, lost: this.#spoilt } }
    }
    const current = this.#current
    if (current === undefined) {
      const at = { step: 0, at: this.#job.file, what: "file" }
      return { results: [...results, this.#failed(at, reason)], next: undefined }
    }
    const isRepeated = current.step < this.#job.from
    return {
      results: isRepeated ? results : [...results, this.#failed(current, reason)],
      next: { from: Math.max(this.#job.from, current.step + 1), lost: [current.step, reason] }
    }
  }

  #clock(limit: number): NodeJS.Timeout {
    return setTimeout(() => this.#late(`no result within ${limit / 1000} s`), limit)
  }

  #failed({ at, what }: Step, reason: string): Result {
    return { engine: this.#job.engine, at, what, status: "failed", seen: "broken", reason, cause: undefined }
  }
}
