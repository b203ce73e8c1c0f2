/**
 * Compilers of Node: modules are compiled ahead in V8's background threads and
 * validated in a thread of their own where that takes long, and what V8 made of
 * generated code is kept.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { type Compilers, thread } from "@airssys/engine/Compilers"
import { setFlagsFromString } from "node:v8"
import { Script } from "node:vm"
import { Worker } from "node:worker_threads"

/** Modules that V8 is asked to compile ahead. The flag is the whole process's. */
let ahead = 0

const module: Compilers["module"] = async (bytes, eager) => {
  if (eager && ahead++ === 0) setFlagsFromString("--no-wasm-lazy-compilation")
  // Compiling ahead does not keep the process alive.
  const alive = setInterval(() => {}, 0x7fff_ffff)
  try {
    return await WebAssembly.compile(bytes)
  } finally {
    clearInterval(alive)
    if (eager && --ahead === 0) setFlagsFromString("--wasm-lazy-compilation")
  }
}

/** Bytes that are validated while the thread waits: some milliseconds. */
const inPlace = 1_024 * 1_024

const validator = `
const { parentPort, workerData } = require("node:worker_threads")
parentPort.postMessage(WebAssembly.validate(workerData))
`

/** The thread of a module ends with the answer. Without an answer the module is not valid. */
const validate: Compilers["validate"] = (bytes) => {
  if (bytes.length <= inPlace) return thread.validate(bytes)
  return new Promise((resolve, reject) => {
    const copy = new Uint8Array(bytes)
    const worker = new Worker(validator, {
      eval: true,
      workerData: copy,
      transferList: [copy.buffer],
      env: {},
      argv: [],
      execArgv: []
    })
    worker.once("message", (answer: unknown) => resolve(answer === true))
    worker.once("error", reject)
    worker.once("exit", () => resolve(false))
  })
}

const script: Compilers["script"] = (source, code) => {
  const compiled = new Script(`(function (library) {${source}\n})`, {
    filename: "airssys:plan",
    ...code === undefined ? undefined : { cachedData: code }
  })
  return {
    run: (library) => (compiled.runInThisContext() as (library: unknown) => unknown)(library),
    code: () => compiled.createCachedData()
  }
}

export const nodeCompilers: Compilers = { module, validate, script }
