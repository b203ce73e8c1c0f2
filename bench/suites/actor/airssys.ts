/**
 * Ours: actors of an `ActorSystem`, with unbounded mailboxes and nobody
 * watching. Handlers are synchronous and return nothing.
 */
import type * as ActorRef from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type * as Behaviour from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as Protocol from "airssys/actor/Protocol"
import * as Topic from "airssys/actor/Topic"
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

const start = async () => {
  const runtime = ManagedRuntime.make(ActorSystem.layer)
  const system = await runtime.runPromise(ActorSystem.ActorSystem)
  return { system, close: () => runtime.dispose() }
}

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const { close, system } = await start()
    const receiver = await Effect.runPromise(system.spawn(counting((by) => arrivals.hit(by))))
    return {
      send: (times) => {
        for (let sent = 0; sent < times; sent++) receiver.tell(add)
      },
      close
    }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const { close, system } = await start()
    const player = (other: () => Counter): Promise<Counter> =>
      Effect.runPromise(system.spawn(counting(() => {
        if (rally.goesOn()) other().tell(add)
      })))
    const ping: Counter = await player(() => pong)
    const pong: Counter = await player(() => ping)
    return { serve: () => ping.tell(add), close }
  })

export const ask = async (): Promise<SuiteWork> => {
  const { close, system } = await start()
  const counter = await Effect.runPromise(system.spawn(counting(() => {})))
  return Work.askFromFiber(counter.ask(count), close)
}

export const spawn = (): Promise<SuiteWork> =>
  Work.spawn<Counter>(async (arrivals) => {
    const { close, system } = await start()
    const spawned = system.spawn(counting((by) => arrivals.hit(by)))
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
