/**
 * The functions that this host gives to guests, for one instance at a time:
 * `airssys:core`, those of the host program, and of WASI what toolchains link by
 * themselves, in a form that reaches nothing.
 *
 * Each function asks the enforcer before it does anything, with the principal
 * that was bound when the instance was made. A denial is the `access-denied`
 * value of the function's own error type; the guest learns nothing more, the
 * audit log has the rest. If the enforcer denies everything, a guest reaches
 * its own name and version, the id of its message and, with WASI, one look at
 * the clock in each message, and nothing else.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import * as Clock from "effect/Clock"
import { SecureRandom } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import type * as Scope from "effect/Scope"
import type { Ask } from "../security/Ask.ts"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import * as ExpiryDate from "../security/ExpiryDate.ts"
import type { Explanation } from "../security/Explanation.ts"
import type { Principal } from "../security/Principal.ts"
import { ComponentDirectory } from "./ComponentDirectory.ts"
import type * as Engine from "./ComponentEngine.ts"
import type { Delivery } from "./Delivery.ts"
import type * as HostFunction from "./HostFunction.ts"
import { HostFunctions } from "./HostFunctions.ts"
import * as bindings from "./internal/bindings.ts"
import { ComponentCalls } from "./internal/componentCalls.ts"
import * as guestLog from "./internal/guestLog.ts"
import * as servedFunction from "./internal/servedFunction.ts"
import * as serving from "./internal/serving.ts"
import * as wasi from "./internal/wasi.ts"
import * as witDifference from "./internal/witDifference.ts"

/**
 * For whom the functions of an instance act, and what they tell its host.
 *
 * @category models
 * @since 0.1.0
 */
export interface Guest {
  readonly principal: Principal
  readonly namespace: string
  readonly name: string
  readonly version: string
  /** The values that the operator gives to components by name. */
  readonly environment: ReadonlyMap<string, string>
  /** What its manifest asks for. */
  readonly asks: ReadonlyArray<Ask>
  /** The keys of its manifest, each with its value where it has one. */
  readonly configuration: ReadonlyMap<string, HostFunction.Setting | undefined>
  /** The message that is being handled; undefined outside of one. */
  readonly delivery: () => Delivery | undefined
  /** Closes when the instance ends. */
  readonly scope: Scope.Scope
  /** Told of each use of an inert function, by its interface without the last number of the version. */
  readonly inert: (name: string) => void
  /**
   * Told of the functions whose handlers go on after their calls, one for each, when
   * that changes: of all instances of a component, whose first one is told.
   */
  readonly leftBehind: (functions: ReadonlyArray<string>) => void
  /** Told of each denial, with its audit entry where it could be recorded. */
  readonly denied: (explanation: Explanation, entry: number | undefined) => void
}

/**
 * The version of `airssys:core` that this host serves.
 *
 * @category models
 * @since 0.1.0
 */
export const version = "0.1.0"

/**
 * What keeps a host from serving an imported interface, in words: the functions
 * that it does not have, and those that have another type. Empty where it
 * serves all of it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const obstacles = (
  imported: WitType.Interface,
  functions: ReadonlyArray<HostFunction.HostFunction>
): ReadonlyArray<string> =>
  imported.functions.flatMap((func) => {
    const name = imported.id === undefined ? func.name : `${imported.id}#${func.name}`
    const binding = bindings.of(functions).find(imported.id, func.name)
    if (binding === undefined) return [`${name}, which this host does not serve`]
    if (binding._tag !== "Served") return []
    const difference = witDifference.ofFunctions(binding.function.type, func)
    return difference === undefined ? [] : [`${name}, which is another function here: ${difference}`]
  })

/**
 * Gives the function that makes the imports of an instance: what it imports
 * and this host serves. The context of this effect is the one in which the
 * functions log and read the time, and has the functions of the host program.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  (guest: Guest, imported: ReadonlyArray<WitType.Interface>) => Engine.Imports,
  never,
  CapabilityEnforcer | ComponentDirectory | SecureRandom
> = Effect.gen(function*() {
  const directory = yield* ComponentDirectory
  const enforcer = yield* CapabilityEnforcer
  const random = yield* SecureRandom
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const minimum = yield* References.MinimumLogLevel
  const table = bindings.of(yield* HostFunctions)
  const run = Effect.runForkWith(context)
  const callsOf = new Map<string, ComponentCalls>()
  const running = () =>
    Effect.runSyncWith(context)(directory.list).map(({ id, release }) => ({ id, version: release.version }))
  const grantsOf = (principal: Principal) => () => {
    const now = clock.currentTimeMillisUnsafe()
    return Effect.runSyncWith(context)(enforcer.held(principal)).flatMap(({ grant, state }) =>
      state === "Live" && (grant.expires === undefined || now < ExpiryDate.end(grant.expires)) ? [grant] : []
    )
  }
  const randomBytes = (size: number) => Effect.runSyncWith(context)(random.randomBytes(size))

  return (caller, imported) => {
    const { configuration, delivery, denied, environment, name, namespace, principal, scope, version } = caller
    const guest: HostFunction.Guest = {
      principal,
      namespace,
      name,
      version,
      delivery,
      scope,
      environment,
      configuration,
      clock,
      started: clock.monotonicTimeNanosUnsafe(),
      minimum,
      randomBytes,
      running,
      grants: grantsOf(principal),
      allows: (kind, resource) => enforcer.check(principal, kind, resource)._tag === "Allowed",
      holds: (kind, resource) => enforcer.check(principal, kind, resource, delivery()?.onBehalfOf)._tag === "Allowed",
      log: guestLog.make(caller, run)
    }
    const beforeUse = new Set(
      [...caller.asks, ...guest.grants()].flatMap(({ audit, kind }) => audit === undefined ? [] : [kind])
    )
    const calls = callsOf.get(principal.id) ??
      new ComponentCalls((text) => void run(Effect.logError(text)), caller.leftBehind)
    callsOf.set(principal.id, calls)
    const serve = servedFunction.binder(enforcer, { guest, denied, beforeUse, calls })
    const bind = serving.binder(enforcer, caller, beforeUse, calls)
    const inert = imported.some(({ id }) => id?.startsWith("wasi:") === true) ? inertOf(wasi.make(guest)) : undefined
    const bound = (id: string, name: string): ReadonlyArray<[string, Engine.HostFunction]> => {
      const binding = table.find(id, name)
      if (binding === undefined) return []
      if (binding._tag === "Served") return [[name, serve(binding.function)]]
      const family = bindings.family(id)
      return [[name, bind(`${family}#${name}`, binding, inert?.get(family)?.get(name))]]
    }
    return new Map(
      imported.flatMap(({ functions, id, resources }) => {
        if (id === undefined) return []
        const names = [...functions.map(({ name }) => name), ...resources.map((name) => `[resource-drop]${name}`)]
        return [[id, new Map(names.flatMap((name) => bound(id, name)))]]
      })
    )
  }
})

const inertOf = (functions: wasi.Wasi): ReadonlyMap<string, ReadonlyMap<string, serving.Function>> =>
  new Map(Object.entries(functions).map(([id, members]) => [id, new Map(Object.entries<serving.Function>(members))]))
