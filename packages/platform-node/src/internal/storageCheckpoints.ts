/**
 * Brings the log of a database into its file. That writes all pages of it once
 * more and waits for the disk twice, so a thread of its own does it.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "./checkpointThread.ts" : "./checkpointThread.js",
  import.meta.url
)

/** About so much of the log is brought into the file at once. */
const stepBytes = 4 * 1024 * 1024

/** About so much is in the log when the writer waits until all of it is in the file, and begins it anew. */
const logBytes = 16 * 1024 * 1024

/** Pages that a write changes beside its value: of the tables and their indexes. */
const writeBytes = 8 * 1024

/** Beyond so much SQLite does it within a write; from `stepBytes` on where there is no thread. */
const lateBytes = 32 * 1024 * 1024

const pageBytes = 4 * 1024

export interface Checkpoints {
  /** Told of what was written; ends when the log has room again. */
  readonly wrote: (writes: number, bytes: number) => Effect.Effect<void>
}

class Thread {
  readonly #file: string
  readonly #onGone: () => void
  #worker: Worker | undefined
  #isGone = false
  #isBusy = false
  #isClosing = false
  readonly #waiting: Array<() => void> = []

  /** `onGone` is called when there is no thread any more, before it was closed. */
  constructor(file: string, onGone: () => void) {
    this.#file = file
    this.#onGone = onGone
  }

  /** Begins a checkpoint, unless one is under way. One that fails is made up for by a later one. */
  begin(): boolean {
    if (this.#isBusy || this.#isGone) return false
    this.#isBusy = true
    this.#tell("checkpoint")
    return true
  }

  /** A checkpoint of all that is written by now. */
  readonly checkpoint: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.#isIdle,
      Effect.suspend(() => {
        this.begin()
        return this.#isIdle
      })
    )
  )

  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.#isIdle,
      Effect.suspend(() => {
        if (this.#worker === undefined || this.#isGone) return Effect.void
        this.#isBusy = true
        this.#isClosing = true
        this.#tell("close")
        return this.#isIdle
      })
    )
  )

  get #isIdle(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (!this.#isBusy) return resume(Effect.void)
      this.#waiting.push(() => resume(Effect.void))
    })
  }

  /** A process may be kept from having threads. */
  #tell(what: "checkpoint" | "close"): void {
    try {
      const worker = this.#worker ??= this.#start()
      worker.ref()
      worker.postMessage(what)
    } catch {
      this.#gone()
    }
  }

  #gone(): void {
    this.#isGone = true
    if (!this.#isClosing) this.#onGone()
    this.#rest()
  }

  #start(): Worker {
    const worker = new Worker(entry, { workerData: this.#file, env: {}, argv: [], execArgv: [] })
    worker.on("message", () => {
      worker.unref()
      this.#rest()
    })
    worker.on("error", () => undefined)
    worker.on("exit", () => this.#gone())
    return worker
  }

  #rest(): void {
    this.#isBusy = false
    for (const resume of this.#waiting.splice(0)) resume()
  }
}

/** The thread is started when there is something for it, and ends before the database is closed. */
export const make = (file: string, database: DatabaseSync): Effect.Effect<Checkpoints, never, Scope.Scope> =>
  Effect.gen(function*() {
    const pages = (count: number) => database.exec(`PRAGMA wal_autocheckpoint = ${count}`)
    pages(lateBytes / pageBytes)
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() => new Thread(file, () => pages(stepBytes / pageBytes))),
      (thread) => thread.close
    )
    let behind = 0
    let log = 0
    return {
      wrote: (writes, bytes) => {
        behind += bytes + writes * writeBytes
        log += bytes + writes * writeBytes
        if (behind < stepBytes) return Effect.void
        if (log < logBytes) {
          if (thread.begin()) behind = 0
          return Effect.void
        }
        behind = 0
        log = 0
        return thread.checkpoint
      }
    }
  })
