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
