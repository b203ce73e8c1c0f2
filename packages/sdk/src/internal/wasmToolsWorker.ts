/** Runs wasm-tools in a thread of its own: it blocks, and after a panic it is unusable. */
import * as wasmTools from "@bytecodealliance/jco-transpile/wasm-tools"
import { parentPort } from "node:worker_threads"
import type { Reply, Request } from "./wasmTools.ts"

const encode = async (request: Request): Promise<Reply> => {
  const wit = { witSource: request.wit, ...request.world === undefined ? {} : { world: request.world } }
  let step: "Wat" | "Wit" | "Link" = "Wat"
  try {
    const binary = request.wat === undefined ? undefined : await wasmTools.parse(request.wat)
    step = "Wit"
    const embedded = await wasmTools.componentEmbed(binary === undefined ? { ...wit, dummy: true } : { ...wit, binary })
    step = "Link"
    return { _tag: "Encoded", bytes: await wasmTools.componentNew(embedded) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { _tag: "Refused", step, message, broken: error instanceof WebAssembly.RuntimeError }
  }
}

parentPort?.on("message", (request: Request) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void encode(request).then((reply) => parentPort?.postMessage({ id: request.id, reply }))
})
