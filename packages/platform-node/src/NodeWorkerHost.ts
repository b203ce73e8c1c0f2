/**
 * Threads for engines, on `node:worker_threads`.
 *
 * A worker has an empty environment, no standard input, discarded output and a
 * heap limit. It does not keep the process alive.
 *
 * V8 looks for a termination when a function has run through its budget for
 * tiering up, by default 13 MB of code: seconds, where each turn of a loop fills
 * a memory. The layer lowers that budget for the whole process.
 *
 * @since 0.1.0
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import {
  type WorkerExit,
  type WorkerHandle,
  WorkerHost,
  type WorkerOptions,
  WorkerUnavailable
} from "airssys/component/WorkerHost"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { setFlagsFromString } from "node:v8"
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"

const bootstrap = new URL(
  import.meta.url.endsWith(".ts") ? "./internal/workerBootstrap.ts" : "./internal/workerBootstrap.js",
  import.meta.url
)

/**
 * Layer that starts each worker in a thread of this process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<WorkerHost> = Layer.sync(WorkerHost, () => {
  setFlagsFromString("--wasm-tiering-budget=10000")
  return {
    spawn: (entry, options) =>
      Effect.acquireRelease(
        Effect.try({
          try: () => new Thread(entry, options),
          catch: (cause) => new WorkerUnavailable({ detail: `no thread could be started: ${describe(cause)}` })
        }),
        (thread) => thread.terminate
      )
  }
})

const describe = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

class Thread implements WorkerHandle {
  readonly terminate: Effect.Effect<void>
  readonly #worker: Worker
  readonly #answers: MessagePort
  readonly #flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #options: WorkerOptions
  #asked = false
  #ended = false
  #exit: WorkerExit | undefined = undefined

  constructor(entry: URL, options: WorkerOptions) {
    this.#options = options
    const { port1, port2 } = new MessageChannel()
    this.#answers = port1
    this.#worker = new Worker(bootstrap, {
      name: options.name,
      workerData: { entry: entry.href, flag: this.#flag, answers: port2 },
      transferList: [port2],
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: options.heap, maxYoungGenerationSizeMb: 16 }
    })
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    this.#worker.on("message", (frame: unknown) => this.#receive(frame))
    this.#worker.on("messageerror", () => this.#end({ reason: "Protocol", detail: "a message that cannot be read" }))
    this.#worker.on("error", (error: unknown) => {
      const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
      this.#exit ??= {
        reason: code === "ERR_WORKER_OUT_OF_MEMORY" ? "OutOfMemory" : "Crashed",
        detail: describe(error)
      }
    })
    this.#worker.on("exit", (code) => {
      this.#ended = true
      this.#answers.close()
      options.onExit(this.#exit ?? { reason: "Exited", detail: `the thread ended with code ${code}` })
    })
    this.#worker.unref()
    this.#answers.unref()
    this.terminate = Effect.promise(() => this.#end({ reason: "Terminated", detail: "terminated" })).pipe(
      Effect.interruptible,
      Effect.timeoutOption("100 millis"),
      Effect.asVoid
    )
  }

  post(message: unknown): boolean {
    if (this.#ended) return false
    try {
      this.#worker.postMessage(message)
      return true
    } catch {
      return false
    }
  }

  async #end(exit: WorkerExit): Promise<void> {
    this.#exit ??= exit
    if (!this.#ended) await this.#worker.terminate()
  }

  #receive(frame: unknown): void {
    if (this.#exit !== undefined) return
    if (!Array.isArray(frame) || frame.length !== 2 || (frame[0] !== 0 && frame[0] !== 1) || this.#asked) {
      void this.#end({ reason: "Protocol", detail: "a message outside the protocol" })
      return
    }
    if (frame[0] === 0) return this.#options.onMessage(frame[1])
    this.#asked = true
    this.#options.onRequest(frame[1], (value) => this.#answer(value))
  }

  #answer(value: unknown): boolean {
    if (!this.#asked || this.#exit !== undefined) return false
    try {
      this.#answers.postMessage(value)
    } catch {
      return false
    }
    this.#asked = false
    Atomics.store(this.#flag, 0, 1)
    Atomics.notify(this.#flag, 0)
    return true
  }
}
