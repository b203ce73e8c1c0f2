/**
 * XState: actors made of transition functions, its lightest kind. It has no
 * request with a reply, so it has no `ask`.
 */
import { type Actor, createActor, fromTransition } from "xstate"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

interface Message {
  readonly type: "message"
  readonly by: number
}

const logic = (handler: (by: number) => void) =>
  fromTransition((state: null, event: Message) => {
    if (event.type === "message") handler(event.by)
    return state
  }, null)

type Running = Actor<ReturnType<typeof logic>>

const message: Message = { type: "message", by: 1 }

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const receiver = createActor(logic((by) => arrivals.hit(by))).start()
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) receiver.send(message)
      },
      close: () => void receiver.stop()
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const ping: Running = createActor(logic(() => {
      if (rally.goesOn()) pong.send(message)
    })).start()
    const pong: Running = createActor(logic(() => {
      if (rally.goesOn()) ping.send(message)
    })).start()
    return { serve: () => ping.send(message), close: () => [ping, pong].forEach((actor) => actor.stop()) }
  })

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Running>(async (arrivals) => {
    const counting = logic((by) => arrivals.hit(by))
    return {
      spawn: (count, into) => {
        for (let index = 0; index < count; index++) into.push(createActor(counting).start())
      },
      send: (actor) => actor.send(message),
      stop: (actors) => actors.forEach((actor) => actor.stop())
    }
  })

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const receiver = createActor(logic((by) => arrivals.hit(by))).start()
    const sender = logic(() => {
      for (let sent = 0; sent < Work.burst; sent++) receiver.send(message)
    })
    const senders = Array.from({ length: Work.crowd.in }, () => createActor(sender).start())
    return {
      trigger: () => {
        for (const sender of senders) sender.send(message)
      },
      close: () => [receiver, ...senders].forEach((actor) => actor.stop())
    }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const counting = logic((by) => arrivals.hit(by))
    const actors = Array.from({ length: Work.crowd.out }, () => createActor(counting).start())
    return {
      round: () => {
        for (const actor of actors) actor.send(message)
      },
      close: () => actors.forEach((actor) => actor.stop())
    }
  })

/** An actor whose transition throws is dead; whoever observes it creates another. */
export const restart = (): Promise<SuiteWork> =>
  Work.restart(async (arrivals) => {
    const actors: Array<Running> = []
    const start = (index: number): void => {
      const actor = createActor(logic(Work.mortal(arrivals)))
      actor.subscribe({ error: () => start(index) })
      actors[index] = actor.start()
    }
    for (let index = 0; index < Work.restarted; index++) start(index)
    return {
      crash: () => {
        for (let index = 0; index < Work.restarted; index++) {
          actors[index]!.send({ type: "message", by: 0 })
          actors[index]!.send(message)
        }
      },
      close: () => actors.forEach((actor) => actor.stop())
    }
  })

export const memory = async (touched: Work.Touched): Promise<SuiteWork> =>
  Work.memory<Running>(20_000, touched, async (arrivals) => {
    const counting = logic((by) => arrivals.hit(by))
    return {
      spawn: (into) => {
        for (let index = 0; index < into.length; index++) into[index] = createActor(counting).start()
      },
      send: (actor) => actor.send(message),
      close: () => {}
    }
  })
