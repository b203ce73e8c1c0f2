/**
 * A component that keeps nothing, as one instance and as four.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { type Component, Runtime } from "airssys"
import { Console, Effect } from "effect"
import { fileURLToPath } from "node:url"
import { Primes } from "./primes.gen.ts"

const folder = fileURLToPath(new URL("primes", import.meta.url))
const jobs = [["long", 100_000], ["first", 10], ["second", 100], ["third", 1_000]] as const

/** Sends all jobs at once, and tells in which order they come back. */
const work = Effect.fnUntraced(function*(options: Component.LayerOptions) {
  const runtime = yield* Runtime.Runtime
  const { client, release } = yield* runtime.start(Primes, folder, options)
  yield* Effect.forEach(
    jobs,
    ([name, below]) =>
      Effect.flatMap(
        client.count(below),
        (count) => Console.log(`   ${name.padEnd(8)}${count} primes below ${below}`)
      ),
    { concurrency: "unbounded", discard: true }
  )
  yield* runtime.stop(release.id)
})

const program = Effect.gen(function*() {
  yield* GuestBuild.build(folder)
  yield* Console.log("One instance works off one job after the other:")
  yield* work({})
  yield* Console.log("Of four, each takes one, and no short job waits for the long one:")
  yield* work({ pool: { size: 4 } })
})

NodeRuntime.runMain(Effect.provide(program, NodeHost.layer()))
