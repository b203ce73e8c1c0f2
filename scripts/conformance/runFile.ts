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

/**
 * How a process ended. `stuck` is the step it did not survive, -1 when it never
 * came to one, with the failure to report for it if that was not done before.
 */
interface Ending {
  readonly results: ReadonlyArray<Result>
  readonly stuck: {
    readonly step: number
    readonly reason: string
    readonly failure: Result | undefined
  } | undefined
}

const entry = fileURLToPath(new URL("./child.ts", import.meta.url))

/**
 * Never rejects. What takes too long is tried once more, because it may be the
 * machine that was busy.
 */
export const runFile = async (wanted: Wanted, limits: Limits): Promise<ReadonlyArray<Result>> => {
  const results: Array<Result> = []
  const lost: Array<readonly [number, string]> = []
  const late = new Set<number>()
  for (let from = 0;;) {
    const { isLate, results: reported, stuck } = await runProcess({ ...wanted, from, lost }, limits)
    results.push(...reported)
    if (stuck === undefined) return results
    if (isLate && !late.has(stuck.step) && (stuck.step >= 0 || reported.length === 0)) {
      late.add(stuck.step)
      from = Math.max(from, stuck.step)
      continue
    }
    if (stuck.failure !== undefined) results.push(stuck.failure)
    if (stuck.step < 0) return results
    from = Math.max(from, stuck.step + 1)
    lost.push([stuck.step, stuck.reason])
  }
}

const runProcess = (job: Job, limits: Limits): Promise<Ending & { readonly isLate: boolean }> =>
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
    child.on("message", (report) => {
      if (run.take(report as Report)) child.kill("SIGKILL")
    })
    child.once("error", (error) => resolve({ ...run.ended(error.message), isLate: false }))
    child.once("close", (code, signal) => {
      const reason = late ?? `its process ended with ${signal ?? code}: ${said.trim() || "it said nothing"}`
      resolve({ ...run.ended(reason), isLate: late !== undefined })
    })
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

  /** Whether nothing more is wanted of the process. */
  take(report: Report): boolean {
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
        return true
      case "Done":
        this.#isDone = true
        return true
      case "Ready":
        break
    }
    this.#timer = this.#clock(this.#limits.step)
    return false
  }

  ended(reason: string): Ending {
    clearTimeout(this.#timer)
    const results = this.#results
    if (this.#isDone) return { results, stuck: undefined }
    if (this.#spoilt !== undefined) {
      const [step, why] = this.#spoilt
      return { results, stuck: { step, reason: why, failure: undefined } }
    }
    const current = this.#current ?? { step: -1, at: this.#job.file, what: "file" }
    const isRepeated = current.step >= 0 && current.step < this.#job.from
    const failure = isRepeated ? undefined : this.#failed(current, reason)
    return { results, stuck: { step: current.step, reason, failure } }
  }

  #clock(limit: number): NodeJS.Timeout {
    return setTimeout(() => this.#late(`no result within ${limit / 1000} s`), limit)
  }

  #failed({ at, what }: Step, reason: string): Result {
    return { engine: this.#job.engine, at, what, status: "failed", seen: "broken", reason, cause: undefined }
  }
}
