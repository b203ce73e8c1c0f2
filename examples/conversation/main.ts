/**
 * Two components that talk to each other, and one that may not be talked to.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { type ComponentError, Grant, Runtime } from "airssys"
import { Console, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { type Refused, Waiter } from "./waiter.gen.ts"

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const say = (what: string, order: Effect.Effect<string, Refused | ComponentError.ComponentError>) =>
  Effect.matchEffect(order, {
    onSuccess: (reply) => Console.log(`${what.padEnd(9)}${reply}`),
    onFailure: (error) => Console.log(`${what.padEnd(9)}${"value" in error ? error.value : error.message}`)
  })

const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  yield* GuestBuild.build(folder("kitchen"))
  yield* GuestBuild.build(folder("waiter"))
  const { client } = yield* runtime.start(Waiter, folder("waiter"), {
    grants: [Grant.make("messaging.send", ["acme:kitchen"], { reason: "Orders go to the kitchen." })]
  })

  yield* say("soup", client.order("soup"))
  yield* Console.log("The kitchen opens.")
  yield* runtime.startUntyped(folder("kitchen"))
  yield* say("soup", client.order("soup"))
  yield* say("unicorn", client.order("unicorn"))
  yield* say("wine", client.orderDrink("wine"))
})

NodeRuntime.runMain(Effect.provide(program, NodeHost.layer()))
