// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { parentPort } from "node:worker_threads"

/**
 * A worker that goes around its port.
 */
export const start = (): void => {
  parentPort!.postMessage({ not: "a frame" })
}
