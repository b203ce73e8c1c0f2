import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scheduler from "effect/Scheduler"
import type { HostFunction, HostTrap, Imports } from "../../component/ComponentEngine.ts"
import type { Voice } from "./simulator.ts"

/** Imports that wait for nothing. */
export const immediate = (imports: Imports, voice: Voice, context: () => Context.Context<never>): Imports =>
  new Map(Array.from(imports, ([owner, functions]) => [
    owner,
    new Map(
      Array.from(functions, ([name, host]) => [
        name,
        host._tag === "Sync" ? host : atOnce(owner === "" ? name : `${owner}#${name}`, host, voice, context)
      ])
    )
  ]))

const atOnce = (
  name: string,
  { call, fuel }: HostFunction & { readonly _tag: "Async" },
  voice: Voice,
  context: () => Context.Context<never>
): HostFunction => ({
  _tag: "Sync",
  fuel,
  call: (args) => {
    const exit = runAtOnce(call(args), context())
    if (exit !== undefined && Exit.isSuccess(exit)) return exit.value
    if (exit !== undefined) throw Cause.squash(exit.cause)
    voice.refuse(`${name}, which waits,`, "a call of a guest is one step; give it an answer that is there at once")
    const trap: HostTrap = { _tag: "HostTrap", category: "HostFailure", detail: "it waits" }
    throw trap
  }
})

/** Runs an Effect as far as it comes by itself; undefined, and it is interrupted, where it is not over then. */
const runAtOnce = <A, E>(effect: Effect.Effect<A, E>, context: Context.Context<never>): Exit.Exit<A, E> | undefined => {
  const tasks: Array<() => void> = []
  const drain = (): void => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
  }
  const scheduler: Scheduler.Scheduler = {
    executionMode: "sync",
    shouldYield: () => false,
    makeDispatcher: () => ({ scheduleTask: (task) => void tasks.push(task), flush: drain })
  }
  const fiber = Effect.runForkWith(context)(effect, { scheduler })
  drain()
  const exit = fiber.pollUnsafe()
  if (exit === undefined) {
    fiber.interruptUnsafe()
    drain()
  }
  return exit
}
