/**
 * The work of each row, told once: contenders fill in how they send, so that
 * all of them are driven and checked alike.
 */
import * as Effect from "effect/Effect"
import * as Memory from "../../harness/Memory.ts"
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

/** Actors that send to one, or are sent to by one. */
export const crowd = { in: 1000, out: 10_000 } as const

/** Messages that each of a crowd sends when it is told to. */
export const burst = 10

/**
 * A thousand actors each send ten messages to one receiver, when one message
 * tells them to; wait until it has handled all, and again. An operation is one
 * message at the receiver.
 */
export const fanIn = async (
  start: (arrivals: Arrivals) => Promise<{
    /** Tells each sender, which sends the number 1 `burst` times out of its handler. */
    readonly trigger: () => void | Promise<void>
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const { close, trigger } = await start(arrivals)
  const chunk = crowd.in * burst
  return {
    run: async (count) => {
      for (let sent = 0; sent < count; sent += chunk) {
        const all = arrivals.expect(chunk)
        const sending = trigger()
        if (sending !== undefined) await sending
        await all
      }
    },
    check: arrivals.check,
    close
  }
}

/**
 * One message to each of ten thousand actors, then wait until all have handled
 * theirs, and again.
 */
export const fanOut = async (
  start: (arrivals: Arrivals) => Promise<{
    /** Sends the number 1 to each. */
    readonly round: () => void | Promise<void>
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const { close, round } = await start(arrivals)
  return {
    run: async (count) => {
      for (let sent = 0; sent < count; sent += crowd.out) {
        const all = arrivals.expect(crowd.out)
        const sending = round()
        if (sending !== undefined) await sending
        await all
      }
    },
    check: arrivals.check,
    close
  }
}

/** Actors that crash and are restarted. */
export const restarted = 1000

const crashed = new Error("crashed")

/**
 * One life of a handler: it throws at 0, and counts what it handles first.
 * Without a restart between two messages, the second does not arrive.
 */
export const mortal = (arrivals: Arrivals): (by: number) => void => {
  let isFresh = true
  return (by) => {
    if (by === 0) throw crashed
    arrivals.hit(isFresh ? by : 0)
    isFresh = false
  }
}

/**
 * A message crashes an actor; it is made anew, and the fresh one handles the
 * message after that. A thousand actors, then wait for all of them, and again.
 */
export const restart = async (
  start: (arrivals: Arrivals) => Promise<{
    /** Sends each of the `restarted` actors a message that crashes it, and one more. */
    readonly crash: () => void
    readonly close?: Close
  }>
): Promise<Work> => {
  const arrivals = new Arrivals()
  const { close, crash } = await start(arrivals)
  return {
    run: async (count) => {
      for (let crashed = 0; crashed < count; crashed += restarted) {
        const all = arrivals.expect(restarted)
        crash()
        await all
      }
    },
    check: arrivals.check,
    close
  }
}

/** How long the timers of `timers` are set for. */
export const timerMillis = 1

/**
 * Timers of a millisecond, one after the other, while two others play a ball
 * that never rests; the figure is how many microseconds a timer was late, on
 * average.
 */
export const timers = async (
  start: (rally: { readonly goesOn: () => boolean }) => Promise<{
    /** Puts the ball into play. */
    readonly serve: () => void
    /** Calls `rings` when a timer that is set now has gone off. */
    readonly set: (rings: () => void) => void
    readonly close?: Close
  }>
): Promise<Work> => {
  let hops = 0
  let isOver = true
  let late = 0
  let rung = 0
  const { close, serve, set } = await start({
    goesOn: () => {
      hops++
      return !isOver
    }
  })
  const timer = (): Promise<void> =>
    new Promise((resolve) => {
      const at = performance.now()
      set(() => {
        late += performance.now() - at - timerMillis
        rung++
        resolve()
      })
    })
  return {
    run: async (count) => {
      hops = late = rung = 0
      isOver = false
      serve()
      for (let index = 0; index < count; index++) await timer()
      isOver = true
    },
    check: (count) => {
      const [played, went] = [hops, rung]
      hops = rung = 0
      if (went !== count) throw new Error(`${went} of ${count} timers went off`)
      if (played < count) throw new Error(`the ball made ${played} hops`)
      late /= count
    },
    figure: () => late * 1000,
    close
  }
}

/** Whether the actors whose memory is measured have handled a message. */
export type Touched = "untouched" | "touched"

/**
 * So many actors, started, and told once and idle again where they are to be
 * touched; the figure is the live heap of one. Afterwards each gets a message,
 * and all are taken down.
 */
export const memory = <A>(
  count: number,
  touched: Touched,
  start: (arrivals: Arrivals) => Promise<{
    readonly spawn: (into: Array<A | undefined>) => void | Promise<void>
    readonly send: (actor: A) => void
    readonly close: () => void | Promise<void>
  }>
): Work => {
  const arrivals = new Arrivals()
  let bytes = 0
  const nothing = (): Promise<void> => Promise.reject(new Error("no actors were started"))
  let check = nothing
  return {
    run: async () => {
      const contender = await start(arrivals)
      const actors = new Array<A | undefined>(count).fill(undefined)
      const before = Memory.heap()
      const spawning = contender.spawn(actors)
      if (spawning !== undefined) await spawning
      const touch = async () => {
        const all = arrivals.expect(count)
        for (const actor of actors) contender.send(actor!)
        await all
        arrivals.check(count)
      }
      if (touched === "touched") await touch()
      bytes = (Memory.heap() - before) / count
      check = async () => {
        await touch()
        await contender.close()
        check = nothing
      }
    },
    check: () => check(),
    figure: () => bytes
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
