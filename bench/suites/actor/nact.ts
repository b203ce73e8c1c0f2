/**
 * nact: actors for Node, a promise and a macrotask per message.
 */
import * as nact from "nact"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

type Ref<M> = nact.Ref<M>

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const system = nact.start()
    const receiver: Ref<number> = nact.spawnStateless(system, (by: number) => arrivals.hit(by), "receiver")
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) nact.dispatch(receiver, 1)
      },
      close: () => nact.stop(system)
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const system = nact.start()
    const ping: Ref<number> = nact.spawnStateless(system, (ball: number) => {
      if (rally.goesOn()) nact.dispatch(pong, ball)
    }, "ping")
    const pong: Ref<number> = nact.spawnStateless(system, (ball: number) => {
      if (rally.goesOn()) nact.dispatch(ping, ball)
    }, "pong")
    return { serve: () => nact.dispatch(ping, 1), close: () => nact.stop(system) }
  })

interface Get {
  readonly from: Ref<number>
}

export const ask = async (): Promise<SuiteWork> => {
  const system = nact.start()
  let count = 0
  const counter: Ref<Get> = nact.spawnStateless(system, ({ from }: Get) => nact.dispatch(from, ++count), "counter")
  const get = (from: Ref<number>): Get => ({ from })
  return Work.askFromFunction(() => nact.query<Get, typeof get>(counter, get, 5000), () => nact.stop(system))
}

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Ref<number>>(async (arrivals) => {
    const system = nact.start()
    const handler = (by: number): void => arrivals.hit(by)
    return {
      spawn: (count, into) => {
        for (let index = 0; index < count; index++) into.push(nact.spawnStateless(system, handler, `actor-${index}`))
      },
      send: (actor) => nact.dispatch(actor, 1),
      stop: (actors) => actors.forEach(nact.stop),
      close: () => nact.stop(system)
    }
  })

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const system = nact.start()
    const receiver: Ref<number> = nact.spawnStateless(system, (by: number) => arrivals.hit(by), "receiver")
    const send = (by: number): void => {
      for (let sent = 0; sent < Work.burst; sent++) nact.dispatch(receiver, by)
    }
    const senders: ReadonlyArray<Ref<number>> = Array.from({ length: Work.crowd.in }, (_, index) =>
      nact.spawnStateless(system, send, `sender-${index}`))
    return {
      trigger: () => {
        for (const sender of senders) {
          nact.dispatch(sender, 1)
        }
      },
      close: () =>
        nact.stop(system)
    }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const system = nact.start()
    const handler = (by: number): void => arrivals.hit(by)
    const actors: ReadonlyArray<Ref<number>> = Array.from({ length: Work.crowd.out }, (_, index) =>
      nact.spawnStateless(system, handler, `actor-${index}`))
    return {
      round: () => {
        for (const actor of actors) {
          nact.dispatch(actor, 1)
        }
      },
      close: () =>
        nact.stop(system)
    }
  })

/** Actors that are reset when they crash: their state is made anew. */
export const restart = (): Promise<SuiteWork> =>
  Work.restart(async (arrivals) => {
    const system = nact.start()
    const actors: ReadonlyArray<Ref<number>> = Array.from({ length: Work.restarted }, (_, index) =>
      nact.spawn(
        system,
        (handler: (by: number) => void, by: number) => {
          handler(by)
          return handler
        },
        `actor-${index}`,
        { initialStateFunc: () => Work.mortal(arrivals), onCrash: (_message, _error, { reset }) => reset }
      ))
    return {
      crash: () => {
        for (const actor of actors) {
          nact.dispatch(actor, 0)
          nact.dispatch(actor, 1)
        }
      },
      close: () => nact.stop(system)
    }
  })

export const memory = async (touched: Work.Touched): Promise<SuiteWork> =>
  Work.memory<Ref<number>>(20_000, touched, async (arrivals) => {
    const system = nact.start()
    const handler = (by: number): void => arrivals.hit(by)
    return {
      spawn: (into) => {
        for (let index = 0; index < into.length; index++) {
          into[index] = nact.spawnStateless(system, handler, `actor-${index}`)
        }
      },
      send: (actor) => nact.dispatch(actor, 1),
      close: () => nact.stop(system)
    }
  })

/** nact has no timers of its own: those of Node. */
export const timers = (): Promise<SuiteWork> =>
  Work.timers(async (rally) => {
    const system = nact.start()
    const ping: Ref<number> = nact.spawnStateless(system, (ball: number) => {
      if (rally.goesOn()) nact.dispatch(pong, ball)
    }, "ping")
    const pong: Ref<number> = nact.spawnStateless(system, (ball: number) => {
      if (rally.goesOn()) nact.dispatch(ping, ball)
    }, "pong")
    return {
      serve: () => nact.dispatch(ping, 1),
      set: (rings) => void setTimeout(rings, Work.timerMillis),
      close: () => nact.stop(system)
    }
  })
