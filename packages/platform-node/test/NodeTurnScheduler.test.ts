import { assert, describe, it } from "@effect/vitest"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type * as Behaviour from "airssys/actor/Behaviour"
import * as Protocol from "airssys/actor/Protocol"
import { Deferred, Effect, Layer } from "effect"
import { AsyncLocalStorage } from "node:async_hooks"
import * as NodeTurnScheduler from "../src/NodeTurnScheduler.ts"

class Look extends Protocol.request<string>()("Look") {}

const identity = new AsyncLocalStorage<string>()

const seen = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const answer = yield* Deferred.make<string | undefined>()
  const actor = yield* system.spawn(Effect.succeed((message: "look") => {
    if (message === "look") Deferred.doneUnsafe(answer, Effect.succeed(identity.getStore()))
  }))
  identity.run("the first sender", () => actor.tell("look"))
  return yield* Deferred.await(answer)
})

describe("NodeTurnScheduler", () => {
  it.effect("handles messages outside of their sender's asynchronous context", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* seen)
    }).pipe(Effect.provide(ActorSystem.layer.pipe(Layer.provide(NodeTurnScheduler.layer)))))

  it.effect("answers a request on the stack of its asker outside of the asker's asynchronous context", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      let isInline = false
      let store: string | undefined = "none"
      const actor = yield* system.spawn(Effect.succeed<Behaviour.Handler<Look>>((message, context) => {
        isInline = true
        store = identity.getStore()
        context.reply(message, "")
      }))
      identity.run("the asker", () => Effect.runFork(actor.ask(new Look())))
      assert.isTrue(isInline)
      assert.isUndefined(store)
    }).pipe(Effect.provide(ActorSystem.layer.pipe(Layer.provide(NodeTurnScheduler.layer)))))

  it.effect("is needed: the default scheduler carries that context", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* seen, "the first sender")
    }).pipe(Effect.provide(ActorSystem.layer)))
})
