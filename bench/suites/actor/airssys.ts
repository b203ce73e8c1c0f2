/**
 * Ours: actors of an `ActorSystem`, with unbounded mailboxes and nobody
 * watching. Handlers are synchronous and return nothing.
 */
import type * as ActorRef from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type * as Behaviour from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import type { SpawnOptions } from "airssys/actor/SpawnOptions"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Topic from "airssys/actor/Topic"
import { TurnScheduler } from "airssys/actor/TurnScheduler"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

const Counter = Protocol.make({
  Add: { payload: { by: Schema.Int } },
  Count: { payload: {}, reply: Schema.Int }
})

type Message = Protocol.Message<typeof Counter>
type Counter = ActorRef.ActorRef<Message>

const add = Counter.Add({ by: 1 })
const count = Counter.Count()

const counting = (hit: (by: number) => void): Behaviour.Behaviour<Message> =>
  Effect.sync(() => {
    let counted = 0
    return (message, context) => {
      if (message._tag === "Add") hit(message.by)
      else context.reply(message, ++counted)
    }
  })

/** What the other contenders have: messages that are numbers, and a callback. */
const taking = (handler: (by: number) => void): Behaviour.Behaviour<number> => Effect.succeed(handler)

const start = async (layer = ActorSystem.layer) => {
  const runtime = ManagedRuntime.make(layer)
  const system = await runtime.runPromise(ActorSystem.ActorSystem)
  return { system, close: () => runtime.dispose() }
}

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const { close, system } = await start()
    const receiver = await Effect.runPromise(system.spawn(taking((by) => arrivals.hit(by))))
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) receiver.tell(1)
      },
      close
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const { close, system } = await start()
    const ping: ActorRef.ActorRef<number> = await Effect.runPromise(system.spawn(taking((ball) => {
      if (rally.goesOn()) pong.tell(ball)
    })))
    const pong: ActorRef.ActorRef<number> = await Effect.runPromise(system.spawn(taking((ball) => {
      if (rally.goesOn()) ping.tell(ball)
    })))
    return { serve: () => ping.tell(1), close }
  })

const asking = async (layer: typeof ActorSystem.layer): Promise<SuiteWork> => {
  const { close, system } = await start(layer)
  const counter = await Effect.runPromise(system.spawn(counting(() => {})))
  return Work.askFromFiber(counter.ask(count), close)
}

/** A scheduler under which an actor is asked by a message in its mailbox, though it be idle. */
const inTurns = Layer.effect(
  TurnScheduler,
  Effect.map(TurnScheduler, ({ later, soon }) => ({ later, soon }))
)

export const ask = (): Promise<SuiteWork> => asking(Layer.provide(ActorSystem.layer, inTurns))

export const askInline = (): Promise<SuiteWork> => asking(ActorSystem.layer)

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Counter>(async (arrivals) => {
    const { close, system } = await start()
    const handler: Behaviour.Handler<Message> = (message) => {
      if (message._tag === "Add") arrivals.hit(message.by)
    }
    const spawned = system.spawn(Effect.succeed(handler))
    const loop = Effect.fnUntraced(function*(times: number, into: Array<Counter>) {
      for (let index = 0; index < times; index++) into.push(yield* spawned)
    })
    return {
      spawn: (times, into) => Effect.runPromise(loop(times, into)),
      send: (actor) => actor.tell(add),
      stop: (actors) => Effect.runPromise(Effect.forEach(actors, system.stop, { discard: true })),
      close
    }
  })

export const publish = (subscribers: number): Promise<SuiteWork> =>
  Work.publish(subscribers, async (arrivals) => {
    const runtime = ManagedRuntime.make(Layer.merge(ActorSystem.layer, Broker.layer))
    const system = await runtime.runPromise(ActorSystem.ActorSystem)
    const broker = await runtime.runPromise(Broker.Broker)
    const pattern = Topic.pattern(Counter, "counts.*")
    const topic = Topic.make(Counter, "counts.all")
    for (let index = 0; index < subscribers; index++) {
      const subscriber = await Effect.runPromise(system.spawn(counting((by) => arrivals.hit(by))))
      await Effect.runPromise(broker.subscribe(subscriber, pattern))
    }
    return {
      publish: (times) => {
        for (let published = 0; published < times; published++) broker.publish(topic, add)
      },
      close: () => runtime.dispose()
    }
  })

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const { close, system } = await start()
    const receiver = await Effect.runPromise(system.spawn(taking((by) => arrivals.hit(by))))
    const sender = system.spawn(taking((by) => {
      for (let sent = 0; sent < Work.burst; sent++) receiver.tell(by)
    }))
    const senders = await Effect.runPromise(Effect.all(Array.from({ length: Work.crowd.in }, () => sender)))
    return {
      trigger: () => {
        for (const sender of senders) sender.tell(1)
      },
      close
    }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const { close, system } = await start()
    const one = system.spawn(taking((by) => arrivals.hit(by)))
    const actors = await Effect.runPromise(Effect.all(Array.from({ length: Work.crowd.out }, () => one)))
    return {
      round: () => {
        for (const actor of actors) actor.tell(1)
      },
      close
    }
  })

const crash = Counter.Add({ by: 0 })

/** Children of one supervisor, restarted at once. */
export const restart = (): Promise<SuiteWork> =>
  Work.restart(async (arrivals) => {
    const actors: Array<Counter> = []
    const child = (_: unknown, index: number) =>
      ChildSpec.make({
        id: `child-${index}`,
        behaviour: Effect.sync((): Behaviour.Handler<Message> => {
          const handler = Work.mortal(arrivals)
          return (message) => {
            if (message._tag === "Add") handler(message.by)
          }
        }),
        backoff: { base: 0, factor: 1, cap: 0 },
        provide: (ref) => {
          actors[index] = ref
          return Context.empty()
        }
      })
    const supervised = Supervisor.layer({
      strategy: "OneForOne",
      intensity: { restarts: Number.MAX_SAFE_INTEGER, within: "1 nano" },
      children: Array.from({ length: Work.restarted }, child)
    })
    const runtime = ManagedRuntime.make(Layer.provide(supervised, ActorSystem.layer))
    await runtime.runPromise(Effect.void)
    return {
      crash: () => {
        for (const actor of actors) {
          actor.tell(crash)
          actor.tell(add)
        }
      },
      close: () => runtime.dispose()
    }
  })

export const memory = async (touched: Work.Touched): Promise<SuiteWork> =>
  Work.memory<Counter>(1_000_000, touched, async (arrivals) => {
    const { close, system } = await start()
    const handler: Behaviour.Handler<Message> = (message) => {
      if (message._tag === "Add") arrivals.hit(message.by)
    }
    const one = system.spawn(Effect.succeed(handler))
    const loop = Effect.fnUntraced(function*(into: Array<Counter | undefined>) {
      for (let index = 0; index < into.length; index++) into[index] = yield* one
    })
    return {
      spawn: (into) => Effect.runPromise(loop(into)),
      send: (actor) => actor.tell(add),
      close
    }
  })

const timersUnder = (isLoaded: boolean): Promise<SuiteWork> =>
  Work.timers(async (rally) => {
    const { close, system } = await start()
    let left = 0
    const player = (other: () => Counter): Promise<Counter> =>
      Effect.runPromise(system.spawn(counting(() => {
        if (rally.goesOn() && (isLoaded || --left > 0)) other().tell(add)
      })))
    const ping: Counter = await player(() => pong)
    const pong: Counter = await player(() => ping)
    let rings = (): void => {}
    const clock = await Effect.runPromise(
      system.spawn(Effect.succeed<Behaviour.Handler<Message>>((message, context) => {
        if (message._tag === "Count") context.timers.once("ring", Work.timerMillis, add)
        else rings()
      }))
    )
    return {
      serve: () => {
        left = 1000
        ping.tell(add)
      },
      set: (ring) => {
        rings = ring
        clock.tell(count)
      },
      close
    }
  })

export const timers = (): Promise<SuiteWork> => timersUnder(true)

/** The ball rests after a thousand hops. */
export const timersIdle = (): Promise<SuiteWork> => timersUnder(false)

/**
 * Every kind of mailbox and message has run in this process, and the loop was
 * compiled for all of them.
 */
const mixed = async (): Promise<void> => {
  const { close, system } = await start()
  const kinds: ReadonlyArray<SpawnOptions<Message>> = [
    {},
    ...(["Block", "DropNewest", "DropOldest", "Fail"] as const).map((policy) => ({
      mailbox: Mailbox.bounded(8, policy)
    })),
    { schema: Protocol.schema(Counter) }
  ]
  const behaviours: ReadonlyArray<Behaviour.Behaviour<Message>> = [
    counting(() => {}),
    Effect.succeed((message, context) =>
      message._tag === "Count" ? Effect.sync(() => context.reply(message, 1)) : Effect.void
    ),
    Effect.succeed((message, context) =>
      Effect.andThen(Effect.yieldNow, Effect.sync(() => message._tag === "Count" && context.reply(message, 1)))
    )
  ]
  const senders: ReadonlyArray<ActorRef.SendOptions> = [
    {},
    ...(["System", "High", "Low"] as const).map((priority) => ({ priority })),
    { ttl: "1 second" },
    { priority: "High", ttl: "1 minute" }
  ]
  const work = Effect.fnUntraced(function*(options: SpawnOptions<Message>, behaviour: Behaviour.Behaviour<Message>) {
    const actor = yield* system.spawn(behaviour, options)
    for (let round = 0; round < 200; round++) {
      for (const options of senders) actor.tell(add, options)
      for (const options of senders) yield* Effect.ignore(actor.offer(add, options))
      yield* Effect.ignore(actor.ask(count, senders[round % senders.length]))
    }
    yield* system.stop(actor)
  })
  for (const options of kinds) {
    for (const behaviour of behaviours) await Effect.runPromise(work(options, behaviour))
  }
  await close()
}

export const tellMixed = async (): Promise<SuiteWork> => {
  await mixed()
  return tell()
}

export const pingPongMixed = async (): Promise<SuiteWork> => {
  await mixed()
  return pingPong()
}
