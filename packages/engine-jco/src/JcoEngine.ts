/**
 * `ComponentEngine` over jco: the oracle the framework's own engine is tested
 * against, and the fallback where that one is not available.
 *
 * Keeps the memory limit in both tiers and the timeout in the worker tier. It
 * does not meter. A component is transpiled in a thread that is then thrown
 * away, and what jco generates is checked before it is run.
 *
 * @since 0.1.0
 */
import * as Admission from "airssys/component/Admission"
import {
  ComponentEngine,
  type HostFunction,
  type Imports,
  type Instance,
  type Keeps,
  type Limits,
  type LoadedComponent,
  type Tier
} from "airssys/component/ComponentEngine"
import { type ComponentError, InstantiateError, LoadError } from "airssys/component/ComponentError"
import { WorkerHost } from "airssys/component/WorkerHost"
import * as Cache from "effect/Cache"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { Compiled, label, surface } from "./internal/compiled.ts"
import { InlineInstance } from "./internal/inlineInstance.ts"
import { EngineInstance, Loaded } from "./internal/instance.ts"
import { transpile } from "./internal/transpiler.ts"
import { entry, Link, type LinkedWorker, WorkerInstance } from "./internal/workerInstance.ts"

/**
 * Bounds of the engine itself. `cache` counts components, `heap` is in MiB.
 *
 * Defaults: 32 transpiled components kept, 30 seconds and 1,024 MiB to
 * transpile one, 128 MiB of JavaScript heap for the thread of an instance, one
 * thread kept ready for the next instance.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly cache?: number | undefined
  readonly transpileTime?: Duration.Input | undefined
  readonly transpileHeap?: number | undefined
  readonly instanceHeap?: number | undefined
  readonly spareThreads?: 0 | 1 | undefined
}

const keeps: Record<Tier, Keeps> = {
  inline: { timeout: false, fuel: false },
  worker: { timeout: true, fuel: false }
}

/**
 * Layer with the given bounds.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<ComponentEngine, never, WorkerHost> =>
  Layer.effect(
    ComponentEngine,
    Effect.gen(function*() {
      const host = yield* WorkerHost
      const load = yield* makeLoad(host, options)
      const threads = yield* makeThreads(host, options)
      return ComponentEngine.of({
        name: "jco",
        keeps: (tier) => keeps[tier],
        load,
        instantiate: (component, wanted) => instantiate(load, threads.take, component, wanted),
        call,
        callUnsafe: () => undefined,
        dispose: (instance) => instance instanceof EngineInstance ? instance.dispose : Effect.void
      })
    })
  )

/**
 * Layer with the default bounds.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ComponentEngine, never, WorkerHost> = layerWith({})

type Load = ComponentEngine["Service"]["load"]

/**
 * Equal for the same bytes and the same suspending imports.
 */
class LoadKey implements Equal.Equal {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digest: string
  readonly suspending: ReadonlyArray<string>
  readonly #id: string

  constructor(bytes: Uint8Array<ArrayBuffer>, digest: string, suspending: ReadonlyArray<string>) {
    this.bytes = bytes
    this.digest = digest
    this.suspending = [...new Set(suspending)].sort()
    this.#id = JSON.stringify([digest, this.suspending])
  }
  [Equal.symbol](that: unknown): boolean {
    return that instanceof LoadKey && that.#id === this.#id
  }
  [Hash.symbol](): number {
    return Hash.string(this.#id)
  }
}

const makeLoad = Effect.fnUntraced(function*(host: WorkerHost["Service"], options: Options) {
  const limits = { heap: options.transpileHeap ?? 1_024, time: options.transpileTime ?? "30 seconds" }
  const cache = yield* Cache.makeWith<LoadKey, Loaded, LoadError>(
    Effect.fnUntraced(function*(key) {
      const { coreModules, world } = yield* Admission.inspect(key.bytes)
      for (const { offset, size } of coreModules) {
        if (!WebAssembly.validate(key.bytes.subarray(offset, offset + size))) {
          return yield* new LoadError({ reason: "Malformed", detail: "a core module is invalid", offset })
        }
      }
      const face = yield* Effect.fromResult(surface(world, key.bytes, key.suspending))
      if (face.suspends && !("Suspending" in WebAssembly)) {
        return yield* new LoadError({
          reason: "Refused",
          detail:
            "this runtime has no JSPI, which asynchronous imports need; use Node 24.21 or newer, or the worker tier"
        })
      }
      const transpiled = yield* transpile(host, face.request, limits)
      const compiled = yield* Compiled.make(transpiled, face)
      return new Loaded(key.digest, world, key.bytes, face, compiled)
    }),
    {
      capacity: options.cache ?? 32,
      timeToLive: (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero
    }
  )
  const load: Load = Effect.fnUntraced(function*(bytes, loading) {
    const copy = bytes.slice()
    const digest = yield* sha256(copy)
    return yield* Cache.get(cache, new LoadKey(copy, digest, loading?.asyncImports ?? []))
  })
  return load
})

const sha256 = (bytes: Uint8Array<ArrayBuffer>): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", bytes)),
    (digest) => Hex.encode(new Uint8Array(digest))
  )

const noThread = (detail: string) => new InstantiateError({ reason: "Refused", detail: `no thread: ${detail}` })

type Threads = Effect.Effect<LinkedWorker, InstantiateError, Scope.Scope>

/**
 * Gives started threads, each used for one instance. A spare belongs to the
 * layer's scope until an instance takes it.
 */
const makeThreads: (
  host: WorkerHost["Service"],
  options: Options
) => Effect.Effect<{ readonly take: Threads }, never, Scope.Scope> = Effect.fnUntraced(
  function*(host: WorkerHost["Service"], options: Options) {
    const scope = yield* Effect.scope
    let spare: { readonly worker: LinkedWorker; readonly scope: Scope.Closeable } | undefined
    const start = Effect.fnUntraced(function*() {
      const link = new Link()
      const up = yield* Deferred.make<void, InstantiateError>()
      link.onAnswer = () => Deferred.doneUnsafe(up, Exit.void)
      link.onGone = (detail) => Deferred.doneUnsafe(up, Exit.fail(noThread(detail)))
      const handle = yield* host.spawn(entry, { ...threadOptions(link), heap: options.instanceHeap ?? 128 }).pipe(
        Effect.mapError((error) => noThread(error.detail))
      )
      yield* Effect.timeoutOrElse(Deferred.await(up), {
        duration: "10 seconds",
        orElse: () => Effect.fail(noThread("it did not start within 10 seconds"))
      })
      return { handle, link }
    })
    const prepare = Effect.gen(function*() {
      const own = yield* Scope.fork(scope)
      const worker = yield* Effect.exit(Scope.provide(start(), own))
      if (Exit.isFailure(worker) || spare !== undefined) return yield* Scope.close(own, Exit.void)
      spare = { worker: worker.value, scope: own }
    })
    const take: Threads = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const taken = spare
        spare = undefined
        const worker = taken === undefined || taken.worker.link.gone !== undefined
          ? yield* restore(start())
          : yield* Effect.as(
            Effect.addFinalizer((exit) => Scope.close(taken.scope, exit)),
            taken.worker
          )
        if ((options.spareThreads ?? 1) === 1) yield* Effect.forkIn(prepare, scope)
        return worker
      })
    )
    return { take }
  }
)

const threadOptions = (link: Link) => ({
  name: "airssys-instance",
  onMessage: link.onMessage,
  onRequest: link.onRequest,
  onExit: link.onExit
})

const instantiate = Effect.fnUntraced(function*(
  load: Load,
  threads: Threads,
  component: LoadedComponent,
  options: { readonly imports: Imports; readonly limits: Limits; readonly tier: Tier }
) {
  const { imports, limits, tier } = options
  if (!(component instanceof Loaded)) {
    return yield* new InstantiateError({ reason: "Refused", detail: "the component was loaded by another engine" })
  }
  const unsupported = unsupportedLimit(limits, tier)
  if (unsupported !== undefined) {
    return yield* new InstantiateError({ reason: "LimitUnsupported", detail: unsupported })
  }
  const functions = yield* Effect.fromResult(link(component, imports, tier))
  const loaded = tier === "worker" && component.surface.suspends
    ? yield* Effect.mapError(
      load(component.bytes),
      (error) => new InstantiateError({ reason: "Refused", detail: error.message })
    )
    : component
  if (!(loaded instanceof Loaded)) return yield* Effect.die("load gave a foreign component")
  const plan = yield* loaded.compiled.plan(limits.memory)
  if (tier === "inline") {
    return yield* Effect.acquireRelease(InlineInstance.make(loaded, plan, functions), (_) => _.dispose)
  }
  const worker = yield* threads
  return yield* Effect.acquireRelease(
    WorkerInstance.make(loaded, plan, worker, functions, limits.timeout, startLimit(limits.timeout)),
    (_) => _.dispose,
    { interruptible: true }
  )
})

/**
 * A start function has the time of a message, but at least one second: the
 * thread reads the component's source first.
 */
const startLimit = (timeout: Duration.Duration | undefined): Duration.Duration =>
  timeout === undefined ? Duration.seconds(5) : Duration.max(timeout, Duration.seconds(1))

const unsupportedLimit = (limits: Limits, tier: Tier): string | undefined => {
  if (limits.timeout !== undefined && !keeps[tier].timeout) {
    return "jco cannot keep a timeout in the inline tier, where a guest runs in the thread of its callers; use the worker tier"
  }
  if (limits.fuel !== undefined && limits.timeout === undefined) {
    return "jco does not meter fuel, and there is no other limit per message; give a timeout and use the worker tier"
  }
  return undefined
}

/**
 * The host functions in the order of the component's imports, or all that are missing.
 */
const link = (
  loaded: Loaded,
  imports: Imports,
  tier: Tier
): Result.Result<ReadonlyArray<HostFunction>, InstantiateError> => {
  const functions: Array<HostFunction> = []
  const missing: Array<string> = []
  for (const { name, owner, suspends } of loaded.surface.imports) {
    const shown = `${owner}#${name}`
    const found = imports.get(owner)?.get(name)
    if (found === undefined) missing.push(shown)
    else if (found._tag === "Async" && !suspends && tier === "inline") {
      return Result.fail(
        new InstantiateError({
          reason: "Refused",
          detail: `${shown} is an Effect, which suspends a guest in the inline tier: name it in asyncImports of load`
        })
      )
    } else functions.push(found)
  }
  return missing.length === 0 ? Result.succeed(functions) : Result.fail(
    new InstantiateError({
      reason: "MissingImports",
      detail: `missing imports: ${missing.join(", ")}`,
      missing
    })
  )
}

const call: ComponentEngine["Service"]["call"] = (instance, target, args) =>
  Effect.withFiber((fiber) =>
    instance instanceof EngineInstance
      ? enter(fiber, instance, target, args)
      : Effect.die("the instance was made by another engine")
  )

const enter = (
  fiber: Fiber.Fiber<unknown, unknown>,
  instance: EngineInstance & Instance,
  target: { readonly interface: string | undefined; readonly function: string },
  args: ReadonlyArray<unknown>
): ReturnType<ComponentEngine["Service"]["call"]> => {
  if (instance.state !== "Idle") return Exit.fail(notIdle(instance, label(target.interface, target.function)))
  const exported = instance.component.surface.exports.get(target.interface ?? "")?.get(target.function)
  if (exported === undefined) {
    const name = label(target.interface, target.function)
    return Exit.fail(instance.error(name, { _tag: "NoSuchExport" }, "there is no such export"))
  }
  const { params } = exported
  if (!isList(args)) {
    return Exit.fail(instance.error(exported.label, { _tag: "BadArgument", path: "" }, "the arguments are no list"))
  }
  if (args.length !== params.length) {
    return Exit.fail(
      instance.error(
        exported.label,
        { _tag: "BadArgument", path: "" },
        `takes ${params.length} arguments, not ${args.length}`
      )
    )
  }
  for (let index = 0; index < params.length; index++) {
    const problem = params[index]!.check(args[index])
    if (problem !== undefined) {
      const path = params[index]!.name
      return Exit.fail(instance.error(exported.label, { _tag: "BadArgument", path }, `${path}: ${problem}`))
    }
  }
  return instance.run(fiber, exported, args)
}

const isList = (args: unknown): boolean => {
  try {
    return Array.isArray(args)
  } catch {
    return false
  }
}

const notIdle = (instance: EngineInstance, name: string): ComponentError => {
  switch (instance.state) {
    case "Disposed":
      return instance.error(name, { _tag: "Stopped" }, "the instance is disposed")
    case "Running":
      return instance.error(name, { _tag: "ReEntered" }, "another call runs in this instance")
    default:
      return instance.error(name, { _tag: "Poisoned" }, "the instance was lost by an earlier failure")
  }
}
