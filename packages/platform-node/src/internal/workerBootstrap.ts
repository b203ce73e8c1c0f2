/**
 * First module of every worker: connects the entry to its parent.
 *
 * A frame to the parent is `[0, message]` or `[1, question]`. The answer to a
 * question arrives on a port of its own, which is read synchronously once the
 * flag says so: the worker's event loop does not run while it waits.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import type { WorkerEntry } from "airssys/component/WorkerHost"
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"

interface Boot {
  readonly entry: string
  readonly flag: Int32Array
  readonly answers: MessagePort
}

const { answers, entry, flag } = workerData as Boot
const parent = parentPort!

const { start } = await import(entry) as WorkerEntry

start({
  post: (message) => parent.postMessage([0, message]),
  onMessage: (receive) => {
    parent.on("message", receive)
  },
  request: (question) => {
    Atomics.store(flag, 0, 0)
    parent.postMessage([1, question])
    Atomics.wait(flag, 0, 0)
    return (receiveMessageOnPort(answers) as { readonly message: unknown } | undefined)?.message
  }
})
