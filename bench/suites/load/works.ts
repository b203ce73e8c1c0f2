/**
 * Ways to make a component ready to be instantiated.
 */
import type * as Engine from "@airssys/engine/Engine"
import { transpileBytes } from "@bytecodealliance/jco-transpile"
import { fork } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Gaps from "../../harness/Gaps.ts"
import type { Work } from "../../harness/Suite.ts"
import { engines } from "./engines.ts"
import type { Guest } from "./guests.ts"
import { coreModules, freshly } from "./guests.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** What is loaded, how, and how it is seen that it was. */
interface Loading<A> {
  /** Gives what the next load takes. Never timed. */
  readonly next: () => Bytes | Promise<Bytes>
  readonly load: (bytes: Bytes) => Promise<A>
  readonly probe: (loaded: A, bytes: Bytes) => Promise<void> | void
  readonly close?: (() => Promise<void>) | undefined
}

/**
 * Loads one component after another. With `gaps` it is the largest gap of the
 * event loop that counts, otherwise nobody watches that.
 */
const loading = async <A>(
  { close, load, next, probe }: Loading<A>,
  perRun: number,
  gaps = false
): Promise<Work> => {
  const batch = async (): Promise<Array<Bytes>> => {
    const made: Array<Bytes> = []
    while (made.length < perRun) made.push(await next())
    return made
  }
  let waiting = await batch()
  let last: { readonly loaded: A; readonly bytes: Bytes } | undefined
  let largest = 0
  return {
    run: async (count) => {
      const watched = gaps ? Gaps.watch() : undefined
      for (let made = 0; made < count; made++) {
        const bytes = waiting.pop() as Bytes
        last = { loaded: await load(bytes), bytes }
      }
      largest = watched?.stop() ?? 0
    },
    check: async (count) => {
      if (waiting.length !== perRun - count || last === undefined) throw new Error(`not ${count} loaded`)
      await probe(last.loaded, last.bytes)
      last = undefined
      waiting = await batch()
    },
    ...(gaps && { figure: () => largest }),
    close
  }
}

const probeOf =
  ({ args, name, owner, wanted }: Guest["probe"]) => async (engine: Engine.Engine, one: Engine.Component) => {
    const instance = engine.instantiate(one, {
      imports: new Map(one.world.imports.map(({ functions, id }) => [
        id ?? "",
        new Map(functions.map(({ name }) => [name, { call: () => 0 }]))
      ])),
      limits: { memory: 1 << 30 }
    })
    const { value } = await instance.func(owner, name).call(args)
    if (value !== wanted) throw new Error(`${name} gives ${String(value)}, not ${wanted}`)
    instance.dispose()
  }

/**
 * Ours, with an engine that has not seen the component.
 */
export const cold = async (guest: Guest, perRun: number, gaps = false): Promise<Work> => {
  const { close, make } = await engines()
  const engine = make()
  const probe = probeOf(guest.probe)
  return loading(
    {
      next: freshly(guest.bytes),
      load: (bytes) => engine.load(bytes),
      probe: (loaded) => probe(engine, loaded),
      close
    },
    perRun,
    gaps
  )
}

/**
 * Ours, with an engine that has loaded the same bytes before.
 */
export const memory = async (guest: Guest, perRun: number): Promise<Work> => {
  const { close, make } = await engines()
  const engine = make()
  const probe = probeOf(guest.probe)
  await engine.load(guest.bytes)
  return loading({
    next: () => guest.bytes,
    load: (bytes) => engine.load(bytes),
    probe: (loaded) => probe(engine, loaded),
    close
  }, perRun)
}

/**
 * Ours, with an engine that has not seen the component, one in another process
 * having put it on disk.
 */
export const disk = async (guest: Guest, perRun: number): Promise<Work> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-bench-cache-"))
  const { close, hits, make } = await engines(folder)
  const other = fork(fileURLToPath(new URL("./store.ts", import.meta.url)), [folder], {
    stdio: ["ignore", 2, 2, "ipc"]
  })
  const file = path.join(folder, "component.wasm")
  let before = 0
  const fresh = freshly(guest.bytes)
  const probe = probeOf(guest.probe)
  return loading({
    next: async () => {
      const bytes = fresh()
      await fs.writeFile(file, bytes)
      other.send(file)
      const [answer] = await once(other, "message")
      if (answer !== "stored") throw new Error(`not stored: ${answer}`)
      return bytes
    },
    load: async (bytes) => {
      const engine = make()
      return { engine, loaded: await engine.load(bytes) }
    },
    probe: async ({ engine, loaded }) => {
      if (hits() - before !== perRun) throw new Error("not all of it was on disk")
      before = hits()
      await probe(engine, loaded)
    },
    close: async () => {
      other.disconnect()
      await close()
      await fs.rm(folder, { recursive: true, force: true })
    }
  }, perRun)
}

/**
 * The floor: the platform's compiler alone, for the core modules as they are.
 * It compiles functions as they are called.
 */
export const compile = (guest: Guest, perRun: number, gaps = false): Promise<Work> =>
  loading(
    {
      next: freshly(guest.bytes),
      load: (bytes) => Promise.all(coreModules(bytes).map((module) => WebAssembly.compile(module))),
      probe: (modules, bytes) => {
        if (modules.length !== coreModules(bytes).length) throw new Error("not all modules were compiled")
      }
    },
    perRun,
    gaps
  )

/**
 * The floor of what knows components by their digest.
 */
export const digest = (guest: Guest, perRun: number): Promise<Work> =>
  loading(
    {
      next: () => guest.bytes,
      load: (bytes) => crypto.subtle.digest("SHA-256", bytes),
      probe: ({ byteLength }) => {
        if (byteLength !== 32) throw new Error("not a digest")
      }
    },
    perRun,
    false
  )

/**
 * jco: transpiled, the JavaScript evaluated, the core modules compiled.
 */
export const jco = (guest: Guest, perRun: number, gaps = false): Promise<Work> =>
  loading(
    {
      next: freshly(guest.bytes),
      load: async (bytes) => {
        const { files } = await transpileBytes(bytes, { name: "guest", instantiation: "async" })
        const source = Buffer.from(files["guest.js"] as Uint8Array).toString("base64")
        const [{ instantiate }, ...modules] = await Promise.all([
          import(`data:text/javascript;base64,${source}`) as Promise<{ readonly instantiate: unknown }>,
          ...Object.entries(files).filter(([path]) => path.endsWith(".wasm"))
            .map(([, content]) => WebAssembly.compile(new Uint8Array(content)))
        ])
        return { instantiate, modules: modules.length }
      },
      probe: ({ instantiate, modules }) => {
        if (typeof instantiate !== "function" || modules === 0) throw new Error("nothing to instantiate")
      }
    },
    perRun,
    gaps
  )
