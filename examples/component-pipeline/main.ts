/**
 * Readings through two components: one takes them apart, one keeps averages.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { Grant, Runtime } from "airssys"
import { Codec, Messaging } from "airssys/component"
import { Console, Effect, Fiber, Schema, Stream } from "effect"
import { fileURLToPath } from "node:url"

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const line = Codec.schema("json", Schema.String)
const degrees = Codec.schema("json", Schema.Finite)
const reason = "It is a stage between two topics."

const stages = [["clean", "readings.raw", "readings.clean"], ["average", "readings.clean", "averages.*"]] as const
const readings = ["roof: 3", "cellar: 12.5", "roof: -1", "%%% noise %%%", "roof: 4", "cellar: 13.5"]

const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  const messaging = yield* Messaging.Messaging
  for (const [name, from, to] of stages) {
    yield* GuestBuild.build(folder(name))
    yield* runtime.startUntyped(folder(name), {
      grants: [
        Grant.make("messaging.subscribe", [from], { reason }),
        Grant.make("messaging.publish", [to], { reason })
      ]
    })
  }

  const averages = yield* Effect.forkChild(
    Stream.runForEach(
      Stream.take(messaging.messages("averages.*", degrees), 5),
      ({ sender, topic, value }) => Console.log(`${topic.padEnd(18)}${value}  (${sender})`)
    ),
    { startImmediately: true }
  )
  for (const reading of readings) yield* messaging.publish("readings.raw", reading, line)
  yield* Fiber.join(averages)
})

NodeRuntime.runMain(Effect.provide(program, NodeHost.layer()))
