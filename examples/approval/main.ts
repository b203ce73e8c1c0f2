/**
 * A component that wants more than nothing: refused, approved, and taken back.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeDigest, NodeHost } from "@airssys/platform-node"
import { NodeCrypto, NodeRuntime } from "@effect/platform-node"
import { Grant, Runtime } from "airssys"
import { ActorSystem } from "airssys/actor"
import { Approvals, SigningKey } from "airssys/security"
import { Console, Effect, Fiber, Layer, References, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { Rates } from "../plugins/rates.gen.ts"
import { approve, revoke } from "./operator.ts"

const folder = fileURLToPath(new URL("../plugins/rates", import.meta.url))
const options = {
  grants: [
    Grant.make("clock", { reason: "Rates have a date." }),
    Grant.make("log", { reason: "It may say what it serves." })
  ]
}

const program = (ada: SigningKey.SigningKey) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime.Runtime
    const approvals = yield* Approvals.Approvals
    yield* GuestBuild.build(folder)

    yield* Console.log("1  Nobody has approved it")
    const refused = yield* Effect.flip(runtime.start(Rates, folder, options))
    yield* Console.log(
      `   ${refused._tag === "ApprovalRequired" ? `its request is ${refused.state}` : refused.message}`
    )

    yield* Console.log("2  Ada reads what it asks for")
    const [pending] = (yield* approvals.list({ states: ["Pending"] })).approvals
    for (const { kind, reason } of pending!.asked.wants) yield* Console.log(`   ${kind.padEnd(6)}${reason}`)

    yield* Console.log("3  and approves it")
    yield* approve(pending!.id, ada, "Read the source of this release.")
    const { client } = yield* runtime.start(Rates, folder, options)
    yield* Console.log(`   latest("USD") = ${yield* client.latest("USD")}`)
    yield* Console.log(`   peekSecret()  = ${yield* client.peekSecret()}, which it did not ask for`)

    yield* Console.log("4  Later she takes it back")
    const system = yield* ActorSystem.ActorSystem
    const ended = yield* Effect.forkChild(
      Stream.runHead(Stream.filter(system.events, ({ _tag }) => _tag === "Stopped")),
      { startImmediately: true }
    )
    yield* revoke(pending!.id, ada, "The publisher's key was stolen.")
    yield* Fiber.join(ended)
    const stopped = yield* Effect.flip(client.latest("USD"))
    yield* Console.log(`   ${stopped.message}`)
  })

Effect.gen(function*() {
  const [hostKey, ada] = yield* Effect.all([SigningKey.generate, SigningKey.generate])
  const Host = NodeHost.layer({ approvals: { hostKey, operators: [ada.publicKey] } })
  yield* Effect.provide(program(ada), Host)
}).pipe(
  Effect.provide(Layer.mergeAll(NodeCrypto.layerSignature, NodeCrypto.layerSecureRandom, NodeDigest.layer)),
  Effect.provideService(References.MinimumLogLevel, "None"),
  NodeRuntime.runMain
)
