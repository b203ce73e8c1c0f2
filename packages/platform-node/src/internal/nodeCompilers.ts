/**
 * Compilers of Node: modules are compiled ahead, in V8's background threads, and
 * validated, in a thread of their own, where that takes long; what V8 made of
 * generated code is kept.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { type Compilers, thread } from "@airssys/engine/Compilers"
import { setFlagsFromString } from "node:v8"
import { Script } from "node:vm"
import { Worker } from "node:worker_threads"

let ahead = false
/** All that is being compiled. */
let compiling: Promise<void> = Promise.resolve()

/** Once the process compiles ahead, one after the other: equal modules that V8 compiles ahead together never end. */
const module: Compilers["module"] = (bytes, eager) => {
  const compiled = eager || ahead ? compiling.then(() => compile(bytes, eager)) : compile(bytes, eager)
  compiling = Promise.allSettled([compiling, compiled]).then(() => undefined)
  return compiled
}

const compile: Compilers["module"] = async (bytes, eager) => {
  if (eager && !ahead) {
    ahead = true
    // Never reset: a compilation during which the flag is reset checks nothing.
    setFlagsFromString("--no-wasm-lazy-compilation")
  }
  // Compiling ahead does not keep the process alive.
  const alive = setInterval(() => {}, 0x7fff_ffff)
  try {
    return await WebAssembly.compile(bytes)
  } finally {
    clearInterval(alive)
  }
}

/** Bytes that are validated while the thread waits: some milliseconds. */
const inPlace = 1_024 * 1_024

const validator = `
const { parentPort } = require("node:worker_threads")
parentPort.on("message", (bytes) => parentPort.postMessage(WebAssembly.validate(bytes)))
`

/** Milliseconds after which the thread ends where there is nothing to do. */
const idle = 2_000

/** A thread that answers in the order in which it is asked. */
class Validator {
  readonly #worker = new Worker(validator, { eval: true, env: {}, argv: [], execArgv: [] })
  readonly #asked: Array<{ readonly resolve: (valid: boolean) => void; readonly reject: (error: unknown) => void }> = []
  #end: NodeJS.Timeout | undefined

  readonly #onEnd: (ended: Validator) => void

  constructor(onEnd: (ended: Validator) => void) {
    this.#onEnd = onEnd
    this.#worker.on("message", (answer: unknown) => {
      this.#asked.shift()?.resolve(answer === true)
      if (this.#asked.length === 0) this.#rest()
    })
    this.#worker.on("error", (error: unknown) => {
      for (const { reject } of this.#asked.splice(0)) reject(error)
    })
    this.#worker.on("exit", () => {
      onEnd(this)
      for (const { reject } of this.#asked.splice(0)) reject(new Error("the thread that validates modules has ended"))
    })
  }

  validate(bytes: Uint8Array): Promise<boolean> {
    clearTimeout(this.#end)
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      const copy = new Uint8Array(bytes)
      this.#worker.postMessage(copy, [copy.buffer])
      this.#asked.push({ resolve, reject })
    })
  }

  #rest(): void {
    this.#worker.unref()
    this.#end = setTimeout(() => {
      // Before the thread has ended nobody may ask it any more.
      this.#onEnd(this)
      void this.#worker.terminate()
    }, idle)
    this.#end.unref()
  }
}

let running: Validator | undefined

const validate: Compilers["validate"] = (bytes) => {
  if (bytes.length <= inPlace) return thread.validate(bytes)
  running ??= new Validator((ended) => {
    if (running === ended) running = undefined
  })
  return running.validate(bytes)
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
