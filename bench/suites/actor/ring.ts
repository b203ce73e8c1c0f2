/**
 * The floor: a ring buffer and a callback, and a ring of those that have
 * messages, drained in a microtask. No name, no context, no failure, no end.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

class Buffer<A> {
  size = 0
  #slots: Array<A | undefined> = new Array<A | undefined>(8)
  #head = 0

  push(value: A): void {
    if (this.size === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.size++) & (this.#slots.length - 1)] = value
  }

  shift(): A {
    const value = this.#slots[this.#head] as A
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.size--
    return value
  }

  #grow(): void {
    const slots = new Array<A | undefined>(this.#slots.length * 2)
    for (let index = 0; index < this.size; index++) {
      slots[index] = this.#slots[(this.#head + index) & (this.#slots.length - 1)]
    }
    this.#slots = slots
    this.#head = 0
  }
}

const ready = new Buffer<{ readonly drain: () => void }>()
let isScheduled = false

const drainAll = (): void => {
  while (ready.size > 0) ready.shift().drain()
  isScheduled = false
}

class Ring<M> {
  readonly #messages = new Buffer<M>()
  readonly #handler: (message: M) => void
  #isReady = false

  constructor(handler: (message: M) => void) {
    this.#handler = handler
  }

  push(message: M): void {
    this.#messages.push(message)
    if (this.#isReady) return
    this.#isReady = true
    ready.push(this)
    if (isScheduled) return
    isScheduled = true
    queueMicrotask(drainAll)
  }

  drain(): void {
    while (this.#messages.size > 0) this.#handler(this.#messages.shift())
    this.#isReady = false
  }
}

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const ring = new Ring((by: number) => arrivals.hit(by))
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) ring.push(1)
      }
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const ping: Ring<number> = new Ring((ball) => {
      if (rally.goesOn()) pong.push(ball)
    })
    const pong: Ring<number> = new Ring((ball) => {
      if (rally.goesOn()) ping.push(ball)
    })
    return { serve: () => ping.push(1) }
  })

export const ask = async (): Promise<SuiteWork> => {
  let count = 0
  const ring = new Ring((resume: (reply: Effect.Effect<number>) => void) => resume(Exit.succeed(++count)))
  return Work.askFromFiber(Effect.callback<number>((resume) => ring.push(resume)))
}

/** A callback that answers before it returns. */
export const askInline = async (): Promise<SuiteWork> => {
  let count = 0
  const handler = (resume: (reply: Effect.Effect<number>) => void): void => resume(Exit.succeed(++count))
  return Work.askFromFiber(Effect.callback<number>(handler))
}

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Ring<number>>(async (arrivals) => {
    const rings = new Map<string, Ring<number>>()
    return {
      spawn: (count, into) => {
        for (let index = 0; index < count; index++) {
          const ring = new Ring((by: number) => arrivals.hit(by))
          rings.set(`actor-${index}`, ring)
          into.push(ring)
        }
      },
      send: (ring) => ring.push(1),
      stop: () => rings.clear()
    }
  })

export const publish = (subscribers: number): Promise<SuiteWork> =>
  Work.publish(subscribers, async (arrivals) => {
    const rings = Array.from({ length: subscribers }, () => new Ring((by: number) => arrivals.hit(by)))
    return {
      publish: (times) => {
        for (let published = 0; published < times; published++) {
          for (let index = 0; index < rings.length; index++) rings[index]!.push(1)
        }
      }
    }
  })

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const receiver = new Ring((by: number) => arrivals.hit(by))
    const senders = Array.from({ length: Work.crowd.in }, () =>
      new Ring((by: number) => {
        for (let sent = 0; sent < Work.burst; sent++) receiver.push(by)
      }))
    return {
      trigger: () => {
        for (const sender of senders) sender.push(1)
      }
    }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const rings = Array.from({ length: Work.crowd.out }, () => new Ring((by: number) => arrivals.hit(by)))
    return {
      round: () => {
        for (const ring of rings) ring.push(1)
      }
    }
  })

/** A callback that throws is replaced by a new one. */
export const restart = (): Promise<SuiteWork> =>
  Work.restart(async (arrivals) => {
    const rings = Array.from({ length: Work.restarted }, () => {
      let handler = Work.mortal(arrivals)
      return new Ring((by: number) => {
        try {
          handler(by)
        } catch {
          handler = Work.mortal(arrivals)
        }
      })
    })
    return {
      crash: () => {
        for (const ring of rings) {
          ring.push(0)
          ring.push(1)
        }
      }
    }
  })

export const memory = async (touched: Work.Touched): Promise<SuiteWork> =>
  Work.memory<Ring<number>>(1_000_000, touched, async (arrivals) => {
    const handler = (by: number): void => arrivals.hit(by)
    return {
      spawn: (into) => {
        for (let index = 0; index < into.length; index++) into[index] = new Ring(handler)
      },
      send: (ring) => ring.push(1),
      close: () => {}
    }
  })
