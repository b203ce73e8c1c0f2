/**
 * The framework's own engine behind the seam: instances in the thread of their
 * callers, metered, stopped at their limits of fuel and time.
 */
import { LinkError } from "@airssys/engine/CallError"
import { DecodeError } from "@airssys/engine/DecodeError"
import * as Engine from "@airssys/engine/Engine"
import * as EngineInstance from "@airssys/engine/Instance"
import { Trap } from "@airssys/engine/Trap"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ComponentEngine, Imports, Keeps, Limits, LoadedComponent } from "../ComponentEngine.ts"
import { InstantiateError, LoadError } from "../ComponentError.ts"
import { EnginePlatform } from "../EnginePlatform.ts"
import { HostCalls } from "./hostCalls.ts"
import { InlineInstance } from "./inlineInstance.ts"

type Shape = ComponentEngine["Service"]

const keeps: Keeps = { timeout: true, fuel: true }

/** An engine on what the platform gives. */
export const make: Effect.Effect<Shape> = Effect.gen(function*() {
  const { options } = yield* EnginePlatform
  const engine = Engine.make(options)
  const known = new WeakSet<LoadedComponent>()

  const load: Shape["load"] = (bytes) =>
    Effect.tryPromise({
      try: async () => {
        const component = await engine.load(bytes)
        known.add(component)
        return component
      },
      catch: loadError
    })

  const instantiate: Shape["instantiate"] = (component, { imports, limits, tier }) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        if (!known.has(component)) return refused("the component was loaded by another engine")
        if (tier !== "inline") return refused(`the engine airssys has no tier "${tier}"`)
        return start(engine, component as Engine.Component, imports, limits)
      }),
      (instance) => instance.dispose
    )

  return {
    name: "airssys",
    keeps: (tier) => tier === "inline" ? keeps : undefined,
    load,
    instantiate,
    call: (instance, target, args) =>
      instance instanceof InlineInstance ? instance.call(target, args) : foreignInstance,
    callUnsafe: (instance, target, args) =>
      instance instanceof InlineInstance ? instance.callUnsafe(target, args) : foreignInstance,
    dispose: (instance) => instance instanceof InlineInstance ? instance.dispose : Effect.void
  }
})

const foreignInstance = Exit.die(new Error("the instance was made by another engine"))

const refused = (detail: string) => Effect.fail(new InstantiateError({ reason: "Refused", detail }))

/** What an engine that reads bytes makes of one that it cannot take. */
const loadError = (error: unknown): LoadError => {
  if (!(error instanceof DecodeError)) {
    const detail = error instanceof Error ? error.message : String(error)
    return new LoadError({ reason: "EngineFailed", detail: `the component cannot be compiled: ${detail}` })
  }
  const { feature, message, offset, reason } = error
  const detail = feature === undefined ? message : `${message}: the component uses ${feature}; build it without`
  return new LoadError({ reason, detail, offset })
}

const start = (
  engine: Engine.Engine,
  component: Engine.Component,
  imports: Imports,
  limits: Limits
): Effect.Effect<InlineInstance, InstantiateError> => {
  const waiting = waitingOf(component, imports)
  const isImmediate = limits.fuel !== undefined && limits.fuel <= EngineInstance.maxSyncFuel && waiting.length === 0
  if (!isImmediate && !("Suspending" in WebAssembly)) {
    return refused(
      `this runtime has no JSPI, which a call needs that waits for the host or may use more than ${EngineInstance.maxSyncFuel} fuel: use Node 24.21 or newer`
    )
  }
  const hosts = new HostCalls()
  return Effect.try({
    try: () =>
      new InlineInstance({
        component,
        instance: engine.instantiate(component, {
          imports: hosts.bind(imports),
          limits: { memory: limits.memory, fuel: limits.fuel }
        }),
        hosts,
        isImmediate,
        mostArguments: Math.floor(limits.memory / 2),
        timeout: limits.timeout === undefined ? undefined : Duration.toMillis(limits.timeout)
      }),
    catch: (error) => instantiateError(error, waiting)
  })
}

/** The functions that the component imports and that may wait. */
const waitingOf = ({ world }: LoadedComponent, imports: Imports): ReadonlyArray<string> =>
  [...imports].flatMap(([owner, functions]) =>
    world.imports.some(({ id }) => id === undefined ? owner === "" : unversioned(id) === unversioned(owner))
      ? [...functions].flatMap(([name, { _tag }]) => _tag === "Async" ? [`${owner}#${name}`] : [])
      : []
  )

const namesLimit = 8

/** Start functions are not suspended. */
const early = (waiting: ReadonlyArray<string>): string =>
  `. These wait, and nothing can while a component is instantiated: ${waiting.slice(0, namesLimit).join(", ")}` +
  `${
    waiting.length > namesLimit ? ` and ${waiting.length - namesLimit} more` : ""
  }. Have them called later or, where ` +
  "they wait because of audit = \"before-use\", do without that"

/** Another version of an interface may be the one that is given. */
const unversioned = (id: string): string => id.includes("@") ? id.slice(0, id.indexOf("@")) : id

const instantiateError = (error: unknown, waiting: ReadonlyArray<string>): InstantiateError => {
  if (error instanceof LinkError) {
    if (error.reason === "MissingImports") {
      const missing = error.missing.map(({ func, interface: owner }) =>
        owner === "" ? func.name : `${owner}#${func.name}`
      )
      return new InstantiateError({
        reason: "MissingImports",
        detail: `missing imports: ${missing.join(", ")}`,
        missing
      })
    }
    return new InstantiateError({
      reason: error.reason === "MemoryLimit" ? "MemoryLimit" : "Refused",
      detail: error.message
    })
  }
  if (error instanceof Trap) {
    const hint = waiting.length > 0 && error.message.includes("nothing can wait") ? early(waiting) : ""
    return new InstantiateError({ reason: "StartFailed", detail: `instantiation failed: ${error.message}${hint}` })
  }
  return new InstantiateError({
    reason: "Refused",
    detail: `the engine failed: ${error instanceof Error ? error.message : String(error)}`
  })
}
