/** The client of `wasmToolsWorker`: one thread, kept while it is healthy, that does not keep the process alive. */
import { Worker } from "node:worker_threads"
import { BuildError } from "../BuildError.ts"

export interface Request {
  readonly id: number
  /** A core module in text; a dummy that only carries the types without it. */
  readonly wat: string | undefined
  readonly wit: string
  readonly world: string | undefined
}

export type Reply =
  | { readonly _tag: "Encoded"; readonly bytes: Uint8Array }
  | {
    readonly _tag: "Refused"
    readonly step: "Wat" | "Wit" | "Link"
    readonly message: string
    readonly broken: boolean
  }

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: BuildError) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

let thread: Thread | undefined
let nextId = 0

const drop = (broken: Thread, cause: unknown): void => {
  if (thread === broken) {
    thread = undefined
  }
  for (const { reject } of broken.waiting.values()) {
    reject(new BuildError({ reason: "Tool", problem: "wasm-tools stopped", cause }))
  }
  broken.waiting.clear()
  void broken.worker.terminate()
}

const start = (): Thread => {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
  // A panic prints a backtrace: it comes back as an error instead.
  const worker = new Worker(new URL(`./wasmToolsWorker.${extension}`, import.meta.url), { stderr: true, execArgv: [] })
  const started: Thread = { worker, waiting: new Map() }
  worker.on("message", ({ id, reply }: { readonly id: number; readonly reply: Reply }) => {
    started.waiting.get(id)?.resolve(reply)
    started.waiting.delete(id)
    if (reply._tag === "Refused" && reply.broken) {
      drop(started, reply.message)
    } else if (started.waiting.size === 0) {
      worker.unref()
    }
  })
  worker.on("error", (error) => drop(started, error))
  worker.on("exit", () => drop(started, undefined))
  return started
}

export const encode = (request: Omit<Request, "id">): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const current = thread ??= start()
    const id = nextId++
    current.waiting.set(id, { resolve, reject })
    current.worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    current.worker.postMessage({ id, ...request })
  })
