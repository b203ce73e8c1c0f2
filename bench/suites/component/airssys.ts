/**
 * Ours: `ComponentEngine` over jco, in this thread, with a memory limit. Calls
 * are yielded one after another in one fiber: the timed part has the checks of
 * the arguments and of the result, and the receipt of each call.
 */
import * as JcoEngine from "@airssys/engine-jco/JcoEngine"
import * as NodeWorkerHost from "@airssys/platform-node/NodeWorkerHost"
import { ComponentEngine, type HostFunction, type Imports, type Instance } from "airssys/component/ComponentEngine"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import { component } from "./build.ts"
import { guestId, hostId } from "./guest.ts"
import * as host from "./host.ts"
import * as Work from "./Work.ts"

const limits = { memory: 1 << 20, timeout: undefined, fuel: undefined }

const addLater: HostFunction = {
  _tag: "Async",
  call: ([a, b]) =>
    Effect.callback<number>((resume) =>
      queueMicrotask(() => resume(Effect.succeed(host.add(a as number, b as number))))
    )
}

const imports = (later: HostFunction): Imports =>
  new Map([[
    hostId,
    new Map<string, HostFunction>([
      ["add", { _tag: "Sync", call: ([a, b]) => host.add(a as number, b as number) }],
      ["echo", { _tag: "Sync", call: ([text]) => host.echo(text as string) }],
      ["add-later", later]
    ])
  ]])

const load = async (suspends: boolean) => {
  const runtime = ManagedRuntime.make(Layer.provide(JcoEngine.layer, NodeWorkerHost.layer))
  const engine = await runtime.runPromise(ComponentEngine)
  const loaded = await Effect.runPromise(
    engine.load(await component(), { asyncImports: suspends ? [`${hostId}#add-later`] : [] })
  )
  const options = {
    imports: imports(suspends ? addLater : { _tag: "Sync", call: host.notCalled }),
    limits,
    tier: "inline"
  } as const
  return { engine, instantiate: engine.instantiate(loaded, options), close: () => runtime.dispose() }
}

/**
 * An instance, and a fiber that calls one of its exports again and again.
 */
const start = async (name: string, suspends = false) => {
  const { close, engine, instantiate } = await load(suspends)
  const scope = Scope.makeUnsafe()
  const instance = await Effect.runPromise(Scope.provide(instantiate, scope))
  const target = { interface: guestId, function: name }
  const call = (args: ReadonlyArray<unknown>) => engine.call(instance, target, args)
  const sums = Effect.fnUntraced(function*(count: number, perCall: number, args: ReadonlyArray<unknown>) {
    let sum = 0
    for (let left = count; left > 0; left -= perCall) sum += (yield* call(args)).value as number
    return sum
  })
  const answers = Effect.fnUntraced(function*<A>(count: number, into: Work.Answers<A>, argument: A) {
    for (let made = 0; made < count; made++) into.take((yield* call([argument])).value as A)
  })
  return { call, sums, answers, close }
}

export const exportAdd = async (): Promise<SuiteWork> => {
  const { call, close } = await start("add")
  const loop = Effect.fnUntraced(function*(count: number) {
    let sum = 0
    for (let made = 0; made < count; made++) sum = (yield* call([sum, 1])).value as number
    return sum
  })
  return Work.adding((count) => Effect.runPromise(loop(count)), close)
}

export const exportEcho = async (text: string): Promise<SuiteWork> => {
  const { answers, close } = await start("echo")
  return Work.answering(text, (count, into) => Effect.runPromise(answers(count, into, text)), close)
}

export const exportRecord = async (): Promise<SuiteWork> => {
  const { answers, close } = await start("echo-item")
  return Work.answering(Work.item, (count, into) => Effect.runPromise(answers(count, into, Work.item)), close)
}

export const importAdd = async (): Promise<SuiteWork> => {
  const { close, sums } = await start("add-often")
  const { importsPerCall } = Work
  return Work.adding((count) => Effect.runPromise(sums(count, importsPerCall, [importsPerCall])), close)
}

export const importEcho = async (text: string): Promise<SuiteWork> => {
  const { close, sums } = await start("echo-often")
  const { importsPerCall } = Work
  return Work.echoing(text, (count) => Effect.runPromise(sums(count, importsPerCall, [text, importsPerCall])), close)
}

export const asyncImport = async (): Promise<SuiteWork> => {
  const { close, sums } = await start("add-later-often", true)
  const { suspensionsPerCall } = Work
  return Work.adding((count) => Effect.runPromise(sums(count, suspensionsPerCall, [suspensionsPerCall])), close)
}

export const instantiate = async (): Promise<SuiteWork> => {
  const { close, engine, instantiate } = await load(false)
  const add = (instance: Instance) => engine.call(instance, { interface: guestId, function: "add" }, [2, 3])
  const disposed = Effect.scoped(instantiate)
  const loop = Effect.fnUntraced(function*(count: number) {
    let made = 0
    for (; made < count; made++) yield* disposed
    return made
  })
  const probe = Effect.scoped(Effect.flatMap(instantiate, add))
  return Work.instantiating(
    (count) => Effect.runPromise(loop(count)),
    async () => (await Effect.runPromise(probe)).value as number,
    close
  )
}
