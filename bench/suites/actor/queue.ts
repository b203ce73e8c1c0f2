/**
 * What one writes with Effect alone: a fiber that takes from a queue.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

interface Server<M> {
  readonly queue: Queue.Queue<M>
  readonly fiber: Fiber.Fiber<never>
}

const serve = Effect.fnUntraced(function*<M>(queue: Queue.Queue<M>, handler: (message: M) => void) {
  while (true) {
    for (const message of yield* Queue.takeAll(queue)) handler(message)
  }
})

const server = Effect.fnUntraced(function*<M>(handler: (message: M) => void) {
  const queue = yield* Queue.unbounded<M>()
  const fiber = yield* Effect.forkDetach(serve(queue, handler), { startImmediately: true })
  return { queue, fiber } satisfies Server<M>
})

const close = (servers: ReadonlyArray<Pick<Server<unknown>, "fiber">>): Promise<void> =>
  Effect.runPromise(Fiber.interruptAll(servers.map(({ fiber }) => fiber)))

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const receiver = await Effect.runPromise(server((by: number) => arrivals.hit(by)))
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) Queue.offerUnsafe(receiver.queue, 1)
      },
      close: () => close([receiver])
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const ping: Server<number> = await Effect.runPromise(server((ball: number) => {
      if (rally.goesOn()) Queue.offerUnsafe(pong.queue, ball)
    }))
    const pong: Server<number> = await Effect.runPromise(server((ball: number) => {
      if (rally.goesOn()) Queue.offerUnsafe(ping.queue, ball)
    }))
    return { serve: () => Queue.offerUnsafe(ping.queue, 1), close: () => close([ping, pong]) }
  })

export const ask = async (): Promise<SuiteWork> => {
  let count = 0
  const counter = await Effect.runPromise(
    server((reply: Deferred.Deferred<number>) => Deferred.doneUnsafe(reply, Exit.succeed(++count)))
  )
  const request = Effect.suspend(() => {
    const reply = Deferred.makeUnsafe<number>()
    Queue.offerUnsafe(counter.queue, reply)
    return Deferred.await(reply)
  })
  return Work.askFromFiber(request, () => close([counter]))
}

/** No server at all: a `Deferred`, completed and awaited. */
export const deferred = async (): Promise<SuiteWork> => {
  let count = 0
  const roundTrip = Effect.flatMap(
    Deferred.make<number>(),
    (reply) => Effect.andThen(Deferred.succeed(reply, ++count), Deferred.await(reply))
  )
  return Work.askFromFiber(roundTrip)
}

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Server<number>>(async (arrivals) => {
    const handler = (by: number): void => arrivals.hit(by)
    const servers = Effect.fnUntraced(function*(count: number, into: Array<Server<number>>) {
      for (let index = 0; index < count; index++) into.push(yield* server(handler))
    })
    return {
      spawn: (count, into) => Effect.runPromise(servers(count, into)),
      send: ({ queue }) => Queue.offerUnsafe(queue, 1),
      stop: close
    }
  })

/** A `PubSub`, and a fiber for each subscriber that loops over `takeAll`. */
export const publish = (subscribers: number): Promise<SuiteWork> =>
  Work.publish(subscribers, async (arrivals) => {
    const pubsub = await Effect.runPromise(PubSub.unbounded<number>())
    const listen = Effect.fnUntraced(function*() {
      const subscription = yield* PubSub.subscribe(pubsub)
      while (true) {
        for (const by of yield* PubSub.takeAll(subscription)) arrivals.hit(by)
      }
    })
    const fibers = await Effect.runPromise(
      Effect.forEach(
        Array.from({ length: subscribers }),
        () => Effect.forkDetach(Effect.scoped(listen()), { startImmediately: true })
      )
    )
    return {
      publish: (times) => {
        for (let published = 0; published < times; published++) PubSub.publishUnsafe(pubsub, 1)
      },
      close: () => Effect.runPromise(Fiber.interruptAll(fibers))
    }
  })

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const receiver = await Effect.runPromise(server((by: number) => arrivals.hit(by)))
    const sender = server((by: number) => {
      for (let sent = 0; sent < Work.burst; sent++) Queue.offerUnsafe(receiver.queue, by)
    })
    const senders = await Effect.runPromise(Effect.all(Array.from({ length: Work.crowd.in }, () => sender)))
    return {
      trigger: () => {
        for (const { queue } of senders) Queue.offerUnsafe(queue, 1)
      },
      close: () => close([receiver, ...senders])
    }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const one = server((by: number) => arrivals.hit(by))
    const servers = await Effect.runPromise(Effect.all(Array.from({ length: Work.crowd.out }, () => one)))
    return {
      round: () => {
        for (const { queue } of servers) Queue.offerUnsafe(queue, 1)
      },
      close: () => close(servers)
    }
  })

/** A fiber that loops over `take` with a fresh handler, and begins anew when that throws. */
export const restart = (): Promise<SuiteWork> =>
  Work.restart(async (arrivals) => {
    const life = Effect.fnUntraced(function*(queue: Queue.Queue<number>) {
      const handler = Work.mortal(arrivals)
      while (true) handler(yield* Queue.take(queue))
    })
    const servers = await Effect.runPromise(Effect.forEach(
      Array.from({ length: Work.restarted }),
      Effect.fnUntraced(function*() {
        const queue = yield* Queue.unbounded<number>()
        const lives = Effect.forever(Effect.catchDefect(life(queue), () => Effect.void), { disableYield: true })
        return { queue, fiber: yield* Effect.forkDetach(lives, { startImmediately: true }) }
      })
    ))
    return {
      crash: () => {
        for (const { queue } of servers) {
          Queue.offerUnsafe(queue, 0)
          Queue.offerUnsafe(queue, 1)
        }
      },
      close: () => close(servers)
    }
  })

export const memory = async (touched: Work.Touched): Promise<SuiteWork> =>
  Work.memory<Server<number>>(20_000, touched, async (arrivals) => {
    const one = server((by: number) => arrivals.hit(by))
    let all: Array<Server<number> | undefined> = []
    const loop = Effect.fnUntraced(function*(into: Array<Server<number> | undefined>) {
      for (let index = 0; index < into.length; index++) into[index] = yield* one
    })
    return {
      spawn: (into) => {
        all = into
        return Effect.runPromise(loop(into))
      },
      send: (one) => Queue.offerUnsafe(one.queue, 1),
      close: () => close(all as Array<Server<number>>)
    }
  })

export const timers = (): Promise<SuiteWork> =>
  Work.timers(async (rally) => {
    const ping: Server<number> = await Effect.runPromise(server((ball: number) => {
      if (rally.goesOn()) Queue.offerUnsafe(pong.queue, ball)
    }))
    const pong: Server<number> = await Effect.runPromise(server((ball: number) => {
      if (rally.goesOn()) Queue.offerUnsafe(ping.queue, ball)
    }))
    const sleep = Effect.sleep(Work.timerMillis)
    return {
      serve: () => Queue.offerUnsafe(ping.queue, 1),
      set: (rings) => void Effect.runFork(Effect.andThen(sleep, Effect.sync(rings))),
      close: () => close([ping, pong])
    }
  })
