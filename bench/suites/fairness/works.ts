/**
 * Twenty guests that spin on one thread until their time is over, and what the
 * thread has of it.
 */
import * as Engine from "@airssys/engine/Engine"
import { Trap } from "@airssys/engine/Trap"
import { randomFillSync } from "node:crypto"
import * as Gaps from "../../harness/Gaps.ts"
import type { Work } from "../../harness/Suite.ts"
import { component, hostId, type Kind, spinId } from "./guest.ts"

const guests = 20

/** Milliseconds that each guest has. */
const time = 300

type End = "Deadline" | "Other"

interface Window {
  readonly gap: number
  /** Milliseconds from the deadline to the last end. */
  readonly overshoot: number
  readonly ends: ReadonlyArray<End>
}

/** Of the host's fuel, which stands for about a nanosecond. */
const randomFuel = 2_000

const drawn = randomFillSync(new Uint8Array(65_536))
let used = 0

/** A view: what an import gives is copied before the guest goes on, and a buffer for each call would be garbage. */
const random = (length: number): Uint8Array => {
  if (used + length > drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  used += length
  return drawn.subarray(used - length, used)
}

const imports: Engine.Imports = new Map([[
  hostId,
  new Map<string, Engine.HostFunc>([
    ["log", { call: (text: string) => void text.length }],
    ["random", { call: random, fuel: randomFuel }],
    ["later", { call: () => Promise.resolve(1), async: true }]
  ])
]])

const endOf = (call: Promise<unknown>): Promise<End> =>
  call.then(
    () => "Other",
    (error: unknown) => error instanceof Trap && error.category === "Deadline" ? "Deadline" : "Other"
  )

const observed = async (spin: () => Promise<ReadonlyArray<End>>): Promise<Window> => {
  const gaps = Gaps.watch()
  const start = performance.now()
  const ends = await spin()
  const overshoot = performance.now() - start - time
  return { gap: gaps.stop(), overshoot, ends }
}

interface Spinning {
  readonly count: number
  readonly spin: () => Promise<ReadonlyArray<End>>
  /** Makes ready for the next run. */
  readonly renew: () => void
}

const watching = (take: (window: Window) => number, { count, renew, spin }: Spinning): Work => {
  let last: Window | undefined
  let figure = Number.NaN
  return {
    run: async () => {
      last = await observed(spin)
      figure = take(last)
    },
    check: () => {
      const { ends = [], overshoot = 0 } = last ?? {}
      last = undefined
      if (ends.length !== count || ends.includes("Other")) throw new Error("a guest did not end at its deadline")
      if (overshoot < -1) throw new Error("the window was too short")
      renew()
    },
    figure: () => figure
  }
}

export const gap = ({ gap }: Window): number => gap

export const overshoot = ({ overshoot }: Window): number => Math.max(0, overshoot)

/** The guests are made before, and all called in one turn. */
export const spinning = async (kind: Kind, take: (window: Window) => number): Promise<Work> => {
  const engine = Engine.make()
  const loaded = await engine.load(await component())
  const make = () => Array.from({ length: guests }, () => engine.instantiate(loaded, { imports }))
  let instances = make()
  return watching(take, {
    count: guests,
    spin: () =>
      Promise.all(instances.map((instance) => endOf(instance.func(spinId, kind).call([], { timeout: time })))),
    renew: () => {
      for (const instance of instances) instance.dispose()
      instances = make()
    }
  })
}

/** As many callers, as hosts are, each of whose calls is over before the thread could be given to somebody else. */
export const calling = async (take: (window: Window) => number): Promise<Work> => {
  const engine = Engine.make()
  const loaded = await engine.load(await component())
  const calls = Array.from({ length: guests }, () => engine.instantiate(loaded, { imports }).func(spinId, "nothing"))
  return watching(take, {
    count: guests,
    spin: () => {
      const end = performance.now() + time
      return Promise.all(calls.map(async (func): Promise<End> => {
        while (performance.now() < end) await new Promise((done, failed) => func.run([], {}, { done, failed }))
        return "Deadline"
      }))
    },
    renew: () => {}
  })
}

/** The floor: the same time on the same thread, and a timer instead of guests. */
export const idle = async (take: (window: Window) => number): Promise<Work> =>
  watching(take, {
    count: 1,
    spin: () => new Promise((resolve) => setTimeout(() => resolve(["Deadline"]), time)),
    renew: () => {}
  })
