/**
 * What is left to well-behaved components while hostile ones attack, and how
 * fast one that loops is ended and made anew.
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { type Component, Grant } from "airssys"
import type { ComponentError } from "airssys/component/ComponentError"
import { HostileGuests } from "airssys/testing"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Worker } from "node:worker_threads"
import * as Gaps from "../../harness/Gaps.ts"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { assemble } from "./guest.ts"
import * as hosting from "./hosting.ts"

const options = ({ grants }: HostileGuests.Guest): Component.LayerOptions => ({
  tier: "inline",
  grants: grants.map((kind) => Grant.make(kind, { reason: "To see what it does with it." })),
  intensity: { restarts: 1_000_000, within: "10 seconds" }
})

const open = async (guests: ReadonlyArray<HostileGuests.Guest>): Promise<hosting.Host> => {
  const host = await hosting.open(await Effect.runPromise(HostileGuests.sources(guests, assemble)))
  await Effect.runPromise(
    Effect.forEach(guests, (guest) => host.runtime.startUntyped(guest.id, options(guest)), { discard: true })
  )
  return host
}

/** Tries again while a component is restarted. */
const whenRunning = <A>(call: Effect.Effect<A, ComponentError>): Effect.Effect<A, ComponentError> =>
  Effect.catchIf(
    call,
    ({ reason }) => reason._tag === "Restarting",
    () => Effect.andThen(Effect.sleep("1 millis"), Effect.suspend(() => whenRunning(call)))
  )

/** Milliseconds after which a loop is ended. */
const deadline = 10

/** Ends a loop by its deadline, and waits for the answer of the fresh instance. */
export const kills = async (): Promise<SuiteWork> => {
  const guest = HostileGuests.all.find(({ id }) => id === "evil:endless-loop-unmetered")!
  const { close, runtime } = await hosting.open(
    await Effect.runPromise(HostileGuests.sources([guest], assemble))
  )
  await Effect.runPromise(runtime.startUntyped(guest.id, {
    ...options(guest),
    backoff: { base: "1 millis", factor: 1, cap: "1 millis" },
    limits: { timeout: deadline }
  }))
  const cycle = Effect.gen(function*() {
    const error = yield* Effect.flip(runtime.call(guest.id, "run", []))
    const { value } = yield* whenRunning(runtime.call(guest.id, "ping", []))
    return error.reason._tag === "DeadlineExceeded" && value === 1 ? 1 : 0
  })
  return counted((count) => Effect.runPromise(Effect.map(Effect.replicateEffect(cycle, count), total)), close)
}

const total = (numbers: ReadonlyArray<number>): number => numbers.reduce((sum, one) => sum + one, 0)

const counted = (run: (count: number) => Promise<number>, close?: SuiteWork["close"]): SuiteWork => {
  let done = 0
  return {
    run: async (count) => {
      done = await run(count)
    },
    check: (count) => {
      const found = done
      done = 0
      if (found !== count) throw new Error(`${found} of ${count} loops were ended, and answered afterwards`)
    },
    close
  }
}

const looping = `const { parentPort } = require("node:worker_threads")
parentPort.on("message", (message) => {
  if (message === "loop") for (;;);
  parentPort.postMessage("pong")
})`

const answered = (worker: Worker): Promise<unknown> =>
  new Promise((resolve, reject) => {
    worker.once("message", resolve)
    worker.once("error", reject)
    worker.postMessage("ping")
  })

/** The same with a thread that loops and is terminated. */
export const terminations = async (): Promise<SuiteWork> => {
  const start = () => new Worker(looping, { eval: true })
  let worker = start()
  await answered(worker)
  const cycle = async (): Promise<number> => {
    worker.postMessage("loop")
    await new Promise((resolve) => setTimeout(resolve, deadline))
    await worker.terminate()
    worker = start()
    return await answered(worker) === "pong" ? 1 : 0
  }
  return counted(async (count) => {
    let done = 0
    for (let index = 0; index < count; index++) done += await cycle()
    return done
  }, async () => void await worker.terminate())
}

/** The largest gap of the event loop while `count` loops are ended. */
export const gap = async (works: () => Promise<SuiteWork>, count: number): Promise<SuiteWork> => {
  const work = await works()
  let largest = 0
  return {
    run: async () => {
      const gaps = Gaps.watch()
      await work.run(count)
      largest = gaps.stop()
    },
    check: () => work.check(count),
    figure: () => largest,
    close: work.close
  }
}

const neighbours = 100

/** Milliseconds that neighbours are called for, and between two of these calls. */
const time = 1_000
const every = 0.5

/** Quantiles of how long it took from when a call was due until it was answered, in microseconds. */
type Quantile = 0.5 | 0.99

/**
 * Every half millisecond a call of one of a hundred neighbours is due, whatever
 * became of the ones before. Late turns of the event loop count: that is where
 * an attack shows.
 */
const arrivals = async (
  runtime: hosting.Host["runtime"],
  numbers: Array<number>
): Promise<ReadonlyArray<number>> => {
  const { close, now } = Gaps.clock()
  const start = now()
  const calls: Array<Promise<number>> = []
  const call = async (due: number): Promise<number> => {
    const neighbour = calls.length % neighbours
    const number = numbers[neighbour] = (numbers[neighbour] ?? 0) + 1
    const { value } = await Effect.runPromise(runtime.call(`good:neighbour-${neighbour}`, "next", [number]))
    const { tag, val } = value as { readonly tag: string; readonly val: number }
    if (tag !== "ok" || val !== number) throw new Error(`call ${number} of neighbour ${neighbour} gave ${tag} ${val}`)
    return (now() - start - due) * 1_000
  }
  for (let due = 0; due < time; due += every) {
    while (now() - start < due) await new Promise((resolve) => setImmediate(resolve))
    calls.push(call(due))
  }
  const late = await Promise.all(calls)
  close()
  return late
}

/** Attacks fifty times a second, as far as it runs, until it is interrupted; the host holds it back as it does by default. */
const attacking = (runtime: hosting.Host["runtime"], { args, id }: HostileGuests.HostileGuest) =>
  Effect.forever(Effect.andThen(Effect.ignore(runtime.call(id, "run", args)), Effect.sleep("20 millis")))

const quantile = (sorted: ReadonlyArray<number>, at: Quantile): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN

export const chaos = async (
  at: Quantile,
  hostile: ReadonlyArray<HostileGuests.HostileGuest>
): Promise<SuiteWork> => {
  const good = Array.from({ length: neighbours }, (_, index) => HostileGuests.neighbour(index))
  const { close, runtime } = await open([...good, ...hostile])
  const numbers: Array<number> = []
  let late: ReadonlyArray<number> = []
  let figure = Number.NaN
  return {
    run: async () => {
      const attacks = Effect.runFork(
        Effect.forEach(hostile, (guest) => attacking(runtime, guest), { concurrency: "unbounded", discard: true })
      )
      late = await arrivals(runtime, numbers)
      figure = quantile(late.toSorted((a, b) => a - b), at)
      await Effect.runPromise(Fiber.interrupt(attacks))
    },
    check: () => {
      if (late.length === 0) throw new Error("no neighbour was called")
      late = []
    },
    figure: () => figure,
    close
  }
}

/** One of each guest that can be called. */
export const hostile: ReadonlyArray<HostileGuests.HostileGuest> = HostileGuests.all.filter(
  ({ ending }) => ending._tag !== "NotStarted" && ending._tag !== "Stopped"
)
