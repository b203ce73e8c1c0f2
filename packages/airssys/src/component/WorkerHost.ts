/**
 * The seam through which an engine gets threads.
 *
 * A worker runs one entry module: plain JavaScript that exports
 * `start(port)` and imports nothing of the platform. It is started with an
 * empty environment and no standard input, it may be terminated at any moment,
 * and whoever spawns it treats every message from it as hostile input.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * The worker's end of the channel, given to the entry's `start`. Values are
 * copied by structured clone.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerPort {
  readonly post: (message: unknown) => void
  /** Sets the one receiver of the parent's messages. */
  readonly onMessage: (receive: (message: unknown) => void) => void
  /** Asks the parent and blocks this thread until the answer is there. */
  readonly request: (question: unknown) => unknown
}

/**
 * Shape of an entry module.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerEntry {
  readonly start: (port: WorkerPort) => void
}

/**
 * What is done with a worker's messages. Each is called in the parent's thread.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerEvents {
  readonly onMessage: (message: unknown) => void
  /**
   * Answers a blocked `request`; a worker has at most one at a time. The
   * answer is true if the worker was still there to get it.
   */
  readonly onRequest: (question: unknown, answer: (value: unknown) => boolean) => void
  /** Called once, after the thread has ended for whatever reason. */
  readonly onExit: (exit: WorkerExit) => void
}

/**
 * How a worker ended: `Terminated` by its parent, `Exited` by itself,
 * `Crashed` by an uncaught error, `OutOfMemory` at its heap limit, or
 * `Protocol` for a message that no worker of this host sends.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerExit {
  readonly reason: "Terminated" | "Exited" | "Crashed" | "OutOfMemory" | "Protocol"
  readonly detail: string
}

/**
 * Heap limits are in MiB and count JavaScript memory only, not that of
 * WebAssembly.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerOptions extends WorkerEvents {
  readonly name: string
  readonly heap: number
}

/**
 * A running worker.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerHandle {
  /** Sends a message; false if the value cannot be cloned or the worker has ended. */
  readonly post: (message: unknown) => boolean
  /**
   * Ends the thread, even inside an endless loop; done when it has ended, or
   * soon, should it take long to.
   */
  readonly terminate: Effect.Effect<void>
}

/**
 * A thread could not be started.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkerUnavailable
  extends Schema.TaggedError<WorkerUnavailable>("airssys/component/WorkerHost/WorkerUnavailable")(
    "WorkerUnavailable",
    { detail: Schema.String }
  )
{
  override get message(): string {
    return this.detail
  }
}

/**
 * Starts workers.
 *
 * @category services
 * @since 0.1.0
 */
export class WorkerHost extends Context.Service<WorkerHost, {
  /** Starts a worker that is terminated with the scope. */
  readonly spawn: (
    entry: URL,
    options: WorkerOptions
  ) => Effect.Effect<WorkerHandle, WorkerUnavailable, Scope.Scope>
}>()("airssys/component/WorkerHost") {}
