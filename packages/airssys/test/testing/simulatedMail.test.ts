import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ActorSystem } from "../../src/actor/ActorSystem.ts"
import * as Behaviour from "../../src/actor/Behaviour.ts"
import { ComponentDirectory } from "../../src/component/ComponentDirectory.ts"
import type { ComponentMessage } from "../../src/component/ComponentMessage.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import * as Exchange from "../../src/component/Exchange.ts"
import type { Release } from "../../src/component/Release.ts"
import { AuditLog } from "../../src/security/AuditLog.ts"
import * as Simulation from "../../src/testing/Simulation.ts"

const release = {
  manifest: { messages: { accepts: ["json"], sends: ["json"], from: undefined } },
  component: { world: { exports: [{ id: "airssys:core/message-handler@0.1.0" }] } }
} as unknown as Release

/** Nothing of it is told to the log. */
const layer = Exchange.layer.pipe(Layer.provide(Layer.succeed(AuditLog, {} as AuditLog["Service"])))

describe("messages to a component in a simulation", () => {
  it.effect("of one sender are handled in the order in which they were sent, whatever else has its turn", () =>
    Effect.gen(function*() {
      const program = Effect.gen(function*() {
        const system = yield* ActorSystem
        const { enter } = yield* ComponentDirectory
        const { publish, send } = yield* Exchange.Exchange
        const heard = new Map<number, Array<number>>([[1, []], [2, []]])
        const behaviour = Behaviour.setup(() =>
          Effect.succeed<Behaviour.Handler<ComponentMessage>>((message, context) => {
            if (message._tag !== "Deliver") return
            const [sender = 0, number = 0] = message.payload.bytes
            heard.get(sender)!.push(number)
            context.reply(message, undefined)
          })
        )
        enter({ id: "acme:probe", ref: yield* system.spawn(behaviour, { name: "probe" }), release })
        yield* (yield* Exchange.Exchange).attach("prices", "acme:probe")
        const sending = (sender: number) =>
          Effect.forEach([1, 2, 3, 4, 5, 6], (number) => {
            const payload = { codec: "json", bytes: new Uint8Array([sender, number]) } as const
            return number % 2 === 0
              ? publish("prices", payload, Delivery.fromHost)
              : send("acme:probe", payload, Delivery.fromHost)
          })
        yield* Effect.all([sending(1), sending(2)], { concurrency: 2 })
        yield* Effect.sleep("1 second")
        return heard
      }).pipe(Effect.provide(layer))
      for (let seed = 0; seed < 50; seed++) {
        const { value } = yield* Simulation.run({ seed }, program)
        assert.deepStrictEqual([...value.values()], [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]], `seed ${seed}`)
      }
    }))
})
