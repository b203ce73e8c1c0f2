/**
 * A program that hosts a component and is busy until it is told to end. It
 * prints `ready`, and at its end what became of each call.
 */
import { NodeRuntime } from "@effect/platform-node"
import * as Accounting from "airssys/actor/Accounting"
import { ActorSystem } from "airssys/actor/ActorSystem"
import { ComponentError } from "airssys/component/ComponentError"
import { Runtime } from "airssys/Runtime"
import { Deferred, Effect } from "effect"
import * as NodeHost from "../src/NodeHost.ts"
import { Load } from "./loadGuest.ts"

export interface Settings {
  readonly style: "effect" | "promises"
  readonly folder: string
  readonly source: string
  readonly shutdown: string
  readonly calls: number
  readonly rounds: number
}

export interface Report {
  readonly answered: number
  readonly stopped: number
  readonly failed: number
  readonly isBalanced: boolean
}

const settings = JSON.parse(process.argv[2]!) as Settings & { readonly shutdown: "10 seconds" }
const { calls, folder, rounds, shutdown, source, style } = settings

const counts = { answered: 0, stopped: 0, failed: 0 }

const failed = (error: unknown): void => {
  if (error instanceof ComponentError && error.reason._tag === "Stopped") counts.stopped++
  else counts.failed++
}

const print = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`)

const busy = (accounting: Deferred.Deferred<ActorSystem["Service"]["accounting"]>) =>
  Effect.gen(function*() {
    yield* Deferred.succeed(accounting, (yield* ActorSystem).accounting)
    const runtime = yield* Runtime
    const { client } = yield* runtime.start(Load, source)
    const call = Effect.match(client.spin(rounds), {
      onSuccess: () => void counts.answered++,
      onFailure: failed
    })
    for (let i = 0; i < calls; i++) yield* Effect.forkDetach(call, { startImmediately: true })
    process.stdout.write("ready\n")
    return yield* Effect.never
  })

/** The accounts are looked at when the host has closed. */
const withEffect = Effect.gen(function*() {
  const accounting = yield* Deferred.make<ActorSystem["Service"]["accounting"]>()
  const report = Effect.map(Effect.flatten(Deferred.await(accounting)), (accounts) =>
    print({
      ...counts,
      isBalanced: Accounting.isBalanced(accounts) && accounts.offered === calls && accounts.waiting === 0 &&
        accounts.handled === counts.answered
    }))
  return yield* Effect.ensuring(Effect.provide(busy(accounting), NodeHost.layer({ folder, shutdown })), report)
})

const withPromises = async (): Promise<void> => {
  const host = await NodeHost.runtime({ folder, shutdown })
  const { spin } = await host.start(Load, source)
  for (let i = 0; i < calls; i++) spin(rounds).then(() => void counts.answered++, failed)
  process.once("SIGTERM", () => void host.close().then(() => print({ ...counts, isBalanced: true })))
  process.stdout.write("ready\n")
}

if (style === "effect") NodeRuntime.runMain(withEffect)
else await withPromises()
