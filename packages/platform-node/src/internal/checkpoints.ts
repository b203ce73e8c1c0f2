/**
 * Brings the log of a database into its file. That writes all pages of it once
 * more and waits for the disk twice, so a thread of its own does it.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
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

/** For so long a checkpoint that is under way is waited for at the end. */
const patience = "2 seconds"

export interface Checkpoints {
  /** Told of what was written; ends when the log has room again. */
  readonly wrote: (writes: number, bytes: number) => Effect.Effect<void>
}

class Thread {
  readonly #file: string
  readonly #onGone: (cause: unknown) => void
  #worker: Worker | undefined
  #isGone = false
  #isBusy = false
  #isClosing = false
  #failure: unknown = "it ended by itself"
  readonly #waiting: Array<() => void> = []

  /** `onGone` is called when there is no thread any more, before it was closed. */
  constructor(file: string, onGone: (cause: unknown) => void) {
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

  /** Leaves it to itself: it may be waiting for a disk that does not answer. */
  abandon(): void {
    this.#isClosing = true
    this.#worker?.unref()
    void this.#worker?.terminate()
  }

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
    } catch (cause) {
      this.#failure = cause
      this.#gone()
    }
  }

  #gone(): void {
    this.#isGone = true
    if (!this.#isClosing) this.#onGone(this.#failure)
    this.#rest()
  }

  #start(): Worker {
    const worker = new Worker(entry, { workerData: this.#file, env: {}, argv: [], execArgv: [] })
    worker.on("message", () => {
      worker.unref()
      this.#rest()
    })
    worker.on("error", (cause) => {
      this.#failure = cause
    })
    worker.on("exit", () => this.#gone())
    return worker
  }

  #rest(): void {
    this.#isBusy = false
    for (const resume of this.#waiting.splice(0)) resume()
  }
}

/**
 * The thread is started when there is something for it, and ends before the
 * database is closed. Where it ends before, that is logged, and SQLite does its work.
 */
export const make = (file: string, database: DatabaseSync): Effect.Effect<Checkpoints, never, Scope.Scope> =>
  Effect.gen(function*() {
    const pages = (count: number) => database.exec(`PRAGMA wal_autocheckpoint = ${count}`)
    pages(lateBytes / pageBytes)
    const gone = yield* Deferred.make<unknown>()
    yield* Effect.forkScoped(
      Effect.flatMap(
        Deferred.await(gone),
        (cause) => Effect.logWarning(`no thread brings the log of ${file} into it any more: who writes does`, cause)
      )
    )
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() =>
        new Thread(file, (cause) => {
          pages(stepBytes / pageBytes)
          Deferred.doneUnsafe(gone, Effect.succeed(cause))
        })
      ),
      (thread) => closing(file, thread)
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

const closing = (file: string, thread: Thread): Effect.Effect<void> =>
  Effect.flatMap(
    Effect.timeoutOption(thread.close, patience),
    (closed) => {
      if (Option.isSome(closed)) return Effect.void
      thread.abandon()
      return Effect.logWarning(`the log of ${file} is not brought into it: that took longer than ${patience}`)
    }
  )
