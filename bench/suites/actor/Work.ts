/**
 * The work of each row, told once: contenders fill in how they send, so that
 * all of them are driven and checked alike.
 */
import * as Effect from "effect/Effect"
import type { Work } from "../../harness/Suite.ts"
import { Arrivals } from "./Arrivals.ts"

/** Messages sent before the driver waits for them. */
export const chunk = 1000

/** Actors alive at most while spawning is measured. */
export const segment = 1000

type Close = Work["close"]

/**
 * A thousand messages to one receiver, then wait until it has handled them
 * all, and again. The receiver adds the number of each message to `arrivals`.
 */
export const tell = async (
  start: (arrivals: Arrivals) => Promise<{
    /** Sends the number 1 so many times. */
    readonly send: (times: number) => void | Promise<void>
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const { close, send } = await start(arrivals)
  return {
    run: async (count) => {
      for (let sent = 0; sent < count; sent += chunk) {
        const all = arrivals.expect(chunk)
        const sending = send(chunk)
        if (sending !== undefined) await sending
        await all
      }
    },
    check: arrivals.check,
    close
  }
}

/**
 * Messages to all of so many subscribers: as many as make a thousand deliveries,
 * then wait until all have been handled, and again.
 */
export const publish = async (
  subscribers: number,
  start: (arrivals: Arrivals) => Promise<{
    /** Publishes the number 1 so many times. */
    readonly publish: (times: number) => void
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const { close, publish } = await start(arrivals)
  const times = chunk / subscribers
  return {
    run: async (count) => {
      for (let published = 0; published < count; published += times) {
        const all = arrivals.expect(chunk)
        publish(times)
        await all
      }
    },
    check: (count) => arrivals.check(count * subscribers),
    close
  }
}

/**
 * Tells the player who gets the ball: `true` while the rally goes on.
 */
export class Rally {
  hops = 0
  #goal = 0
  #done: () => void = () => {}

  readonly start = (goal: number): Promise<void> => {
    this.hops = 0
    this.#goal = goal
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  goesOn(): boolean {
    if (++this.hops < this.#goal) return true
    this.#done()
    return false
  }
}

/**
 * One message to and fro between two actors, each sending to the other out of
 * its handler; an operation is one hop.
 */
export const pingPong = async (
  start: (rally: Rally) => Promise<{ readonly serve: () => void; readonly close?: Close }>
): Promise<Work> => {
  const rally = new Rally()
  const { close, serve } = await start(rally)
  return {
    run: (count) => {
      const over = rally.start(count)
      serve()
      return over
    },
    check: (count) => {
      if (rally.hops !== count) throw new Error(`${rally.hops} hops of ${count}`)
    },
    close
  }
}

const sum = (replies: number): { readonly add: (reply: number) => void; readonly check: (count: number) => void } => {
  let first = replies
  let last = replies
  return {
    add: (reply) => {
      last = reply
    },
    check: (count) => {
      if (last !== first + count) throw new Error(`reply ${last} after ${count} requests, not ${first + count}`)
      first = last
    }
  }
}

/**
 * Requests one after another from one fiber; the actor counts them and replies
 * with the count.
 */
export const askFromFiber = <E>(ask: Effect.Effect<number, E>, close?: Close): Work => {
  const replies = sum(0)
  const loop = Effect.fnUntraced(function*(count: number) {
    for (let asked = 0; asked < count; asked++) replies.add(yield* ask)
  })
  return { run: (count) => Effect.runPromise(loop(count)), check: replies.check, close }
}

/**
 * The same from an async function, for those who reply with promises.
 */
export const askFromFunction = (ask: () => Promise<number>, close?: Close): Work => {
  const replies = sum(0)
  return {
    run: async (count) => {
      for (let asked = 0; asked < count; asked++) replies.add(await ask())
    },
    check: replies.check,
    close
  }
}

/**
 * Starts `count` actors that can take messages. Afterwards, untimed, each gets
 * one message and is taken down.
 */
export const spawn = async <A>(
  start: (arrivals: Arrivals) => Promise<{
    readonly spawn: (count: number, into: Array<A>) => void | Promise<void>
    readonly send: (actor: A) => void
    readonly stop: (actors: ReadonlyArray<A>) => void | Promise<void>
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const contender = await start(arrivals)
  let actors: Array<A> = []
  return {
    run: (count) => contender.spawn(count, actors),
    check: async (count) => {
      const all = arrivals.expect(actors.length)
      actors.forEach(contender.send)
      await all
      arrivals.check(count)
      await contender.stop(actors)
      actors = []
    },
    close: contender.close
  }
}
