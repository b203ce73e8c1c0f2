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
