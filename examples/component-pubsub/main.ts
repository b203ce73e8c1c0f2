/**
 * A component that listens to topics, between sensors and an alarm of the program.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { Grant, Runtime } from "airssys"
import { Codec, Messaging } from "airssys/component"
import { Console, Effect, Fiber, Layer, Logger, Schema, Stream } from "effect"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("board", import.meta.url))
const degrees = Codec.schema("json", Schema.Finite)
const place = Codec.schema("json", Schema.String)

const log = Grant.make("log", { reason: "It shows what it hears." })
const hears = Grant.make("messaging.subscribe", ["weather.*.temperature"], { reason: "Temperatures." })
const warns = Grant.make("messaging.publish", ["alarms.frost"], { reason: "Frost." })

const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  const messaging = yield* Messaging.Messaging
  yield* GuestBuild.build(folder)

  const refused = yield* Effect.flip(runtime.startUntyped(folder, { grants: [log, warns] }))
  yield* Console.log(`Without the grant: ${refused.message}`)

  yield* runtime.startUntyped(folder, { grants: [log, hears, warns] })
  const alarm = yield* Effect.forkChild(Stream.runHead(messaging.messages("alarms.**", place)), {
    startImmediately: true
  })
  yield* messaging.publish("weather.roof.temperature", 3, degrees)
  yield* messaging.publish("weather.roof.humidity", 71, degrees)
  yield* messaging.publish("weather.cellar.temperature", -1, degrees)
  const heard = yield* Effect.fromOption(yield* Fiber.join(alarm))
  yield* Console.log(`${heard.topic} of ${heard.sender}: ${heard.value}`)
})

/** Lines of components, without time and message. */
const lines = Logger.layer([Logger.make(({ message }) => globalThis.console.log(`   board: ${message}`))])

NodeRuntime.runMain(Effect.provide(program, Layer.provide(NodeHost.layer(), lines)))
