/**
 * Effect Cluster in memory: one runner, no serialisation, volatile messages.
 * An entity cannot be started without sending to it, so it has no `spawn`.
 */
import * as Entity from "effect/cluster/Entity"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "./Work.ts"

const sharding = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerMemory),
  Layer.provide([
    RunnerStorage.layerMemory,
    RunnerHealth.layerNoop,
    ShardingConfig.layer({ simulateRemoteSerialization: false })
  ])
)

const Player = Entity.make("Player", [
  Rpc.make("Add", { payload: { by: Schema.Int } }),
  Rpc.make("Count", { success: Schema.Int })
])

const message = { by: 1 }

const cluster = async (
  add: (entity: string, by: number, send: (to: string) => Effect.Effect<void>) => Effect.Effect<void>
) => {
  const players = Player.toLayer(Effect.gen(function*() {
    const clientOf = yield* Player.client
    const { entityId } = yield* Entity.CurrentAddress
    const send = (to: string): Effect.Effect<void> => Effect.orDie(clientOf(to).Add(message, { discard: true }))
    let count = 0
    return Player.of({
      Add: ({ payload }) => add(entityId, payload.by, send),
      Count: () => Effect.sync(() => ++count)
    })
  }))
  const runtime = ManagedRuntime.make(players.pipe(Layer.provideMerge(sharding)))
  const clientOf = await runtime.runPromise(Player.client)
  return { runtime, clientOf, close: () => runtime.dispose() }
}

export const tell = (): Promise<SuiteWork> =>
  Work.tell(async (arrivals) => {
    const { clientOf, close, runtime } = await cluster((_, by) => Effect.sync(() => arrivals.hit(by)))
    const receiver = clientOf("receiver")
    const loop = Effect.fnUntraced(function*(times: number) {
      for (let sent = 0; sent < times; sent++) yield* receiver.Add(message, { discard: true })
    })
    return { send: (times) => runtime.runPromise(loop(times)), close }
  })

export const pingPong = (): Promise<SuiteWork> =>
  Work.pingPong(async (rally) => {
    const { clientOf, close, runtime } = await cluster((entity, _, send) =>
      Effect.suspend(() => rally.goesOn() ? send(entity === "ping" ? "pong" : "ping") : Effect.void)
    )
    const serve = clientOf("ping").Add(message, { discard: true })
    return { serve: () => void runtime.runFork(serve), close }
  })

export const ask = async (): Promise<SuiteWork> => {
  const { clientOf, close, runtime } = await cluster(() => Effect.void)
  const counter = clientOf("counter")
  const count = Effect.suspend(() => counter.Count())
  return Work.askFromFiber(Effect.provideContext(count, await runtime.context()), close)
}

export const fanIn = (): Promise<SuiteWork> =>
  Work.fanIn(async (arrivals) => {
    const { clientOf, close, runtime } = await cluster((entity, by, send) =>
      entity === "receiver"
        ? Effect.sync(() => arrivals.hit(by))
        : Effect.replicateEffect(send("receiver"), Work.burst, { discard: true })
    )
    const senders = Array.from({ length: Work.crowd.in }, (_, index) => clientOf(`sender-${index}`))
    const trigger = Effect.forEach(senders, (sender) => sender.Add(message, { discard: true }), { discard: true })
    return { trigger: () => runtime.runPromise(trigger), close }
  })

export const fanOut = (): Promise<SuiteWork> =>
  Work.fanOut(async (arrivals) => {
    const { clientOf, close, runtime } = await cluster((_, by) => Effect.sync(() => arrivals.hit(by)))
    const entities = Array.from({ length: Work.crowd.out }, (_, index) => clientOf(`entity-${index}`))
    const round = Effect.forEach(entities, (entity) => entity.Add(message, { discard: true }), { discard: true })
    return { round: () => runtime.runPromise(round), close }
  })
