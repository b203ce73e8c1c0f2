/**
 * Components as they come up, and what those take that are up.
 */
import type { Runtime } from "airssys"
import * as Effect from "effect/Effect"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as hosting from "./hosting.ts"

const probed = (clients: ReadonlyArray<{ readonly add: (a: number, b: number) => Effect.Effect<number, unknown> }>) =>
  Effect.forEach(
    clients,
    ({ add }) =>
      Effect.flatMap(add(2, 3), (sum) => sum === 5 ? Effect.void : Effect.die(new Error("it cannot add 2 and 3"))),
    { discard: true }
  )

const stopped = (runtime: Runtime.Runtime["Service"], ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, runtime.stop, { concurrency: "unbounded", discard: true })

/**
 * Starts components that are installed, one after the other; each can be called
 * when its start is over. They are called, and stopped, outside the timed part.
 */
export const spawn = async (segment: number): Promise<SuiteWork> => {
  const sources = await hosting.copies(segment, "immediate")
  const { close, runtime } = await hosting.open(sources)
  const releases = await Effect.runPromise(Effect.forEach(Object.keys(sources), runtime.install))
  let started: ReadonlyArray<Effect.Success<ReturnType<typeof hosting.start>>> = []
  return {
    run: async (count) => {
      started = await Effect.runPromise(
        Effect.forEach(releases.slice(0, count), (release) => hosting.start(runtime, release))
      )
    },
    check: async (count) => {
      if (started.length !== count) throw new Error(`${started.length} components were started, not ${count}`)
      await Effect.runPromise(probed(started.map(({ client }) => client)))
      await Effect.runPromise(stopped(runtime, started.map(({ release }) => release.id)))
      started = []
    },
    close
  }
}

/** What one of `count` components takes that were started and not called; afterwards each is. */
export const memory = async (count: number, measure: () => number): Promise<SuiteWork> => {
  const sources = await hosting.copies(count, "immediate")
  const { close, runtime } = await hosting.open(sources, { log: "file" })
  const releases = await Effect.runPromise(
    Effect.forEach(Object.keys(sources), runtime.install, { concurrency: 64 })
  )
  let bytes = 0
  const nothing = (): Promise<void> => Promise.reject(new Error("no components were started"))
  let check = nothing
  return {
    run: async () => {
      const before = measure()
      const started = await Effect.runPromise(
        Effect.forEach(releases, (release) => hosting.start(runtime, release), { concurrency: 64 })
      )
      bytes = (measure() - before) / count
      check = async () => {
        await Effect.runPromise(probed(started.map(({ client }) => client)))
        await Effect.runPromise(stopped(runtime, Object.keys(sources)))
        check = nothing
      }
    },
    check: () => check(),
    figure: () => bytes,
    close
  }
}

/** The same of instances that nobody hosts. */
export const bare = async (
  count: number,
  measure: () => number,
  instances: () => Promise<() => unknown>
): Promise<SuiteWork> => {
  const make = await instances()
  let bytes = 0
  let made: Array<unknown> = []
  return {
    run: async () => {
      const before = measure()
      for (let index = 0; index < count; index++) {
        const one = make()
        made.push(one instanceof Promise ? await one : one)
      }
      bytes = (measure() - before) / count
    },
    check: () => {
      if (made.length !== count) throw new Error(`${made.length} instances were made, not ${count}`)
      made = []
    },
    figure: () => bytes
  }
}
