/**
 * The functions that this host gives to guests, for one instance at a time:
 * `airssys:core`, and of WASI what toolchains link by themselves, in a form that
 * reaches nothing.
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
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type { Explanation } from "../security/Explanation.ts"
import type { Principal } from "../security/Principal.ts"
import type { HostFunction, Imports } from "./ComponentEngine.ts"
import { type Delivery, fromHost } from "./Delivery.ts"
import * as bindings from "./internal/bindings.ts"
import * as coreValues from "./internal/coreValues.ts"
import * as guestLog from "./internal/guestLog.ts"
import * as serving from "./internal/serving.ts"
import * as wasi from "./internal/wasi.ts"

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
  /** The message that is being handled; undefined outside of one. */
  readonly delivery: () => Delivery | undefined
  /** Told of each use of an inert function, by its interface without the last number of the version. */
  readonly inert: (name: string) => void
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
 * The functions of an imported interface that this host does not serve, as
 * `interface#function`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const unserved = (imported: WitType.Interface): ReadonlyArray<string> =>
  imported.functions
    .filter(({ name }) => bindings.find(imported.id, name) === undefined)
    .map(({ name }) => imported.id === undefined ? name : `${imported.id}#${name}`)

const levels: ReadonlyMap<unknown, LogLevel.Severity> = new Map([
  ["trace", "Trace"],
  ["debug", "Debug"],
  ["info", "Info"],
  ["warn", "Warn"],
  ["error", "Error"]
])

const invalid = (text: string) => ({ tag: "err", val: { tag: "invalid-argument", val: text } })

/**
 * Gives the function that makes the imports of an instance: what it imports
 * and this host serves. The context of this effect is the one in which the
 * functions log and read the time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  (guest: Guest, imported: ReadonlyArray<WitType.Interface>) => Imports,
  never,
  CapabilityEnforcer | SecureRandom
> = Effect.gen(function*() {
  const enforcer = yield* CapabilityEnforcer
  const random = yield* SecureRandom
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const minimum = yield* References.MinimumLogLevel
  const run = Effect.runForkWith(context)
  const randomBytes = (size: number) => Effect.runSyncWith(context)(random.randomBytes(size))

  return (guest, imported) => {
    const started = clock.monotonicTimeNanosUnsafe()
    const write = guestLog.make(guest, run)
    const served = new Map(Object.entries<Functions>(core({ guest, clock, started, minimum, write })))
    if (imported.some(({ id }) => id?.startsWith("wasi:") === true)) {
      const inert = wasi.make({ guest, clock, started, write, randomBytes })
      for (const [id, functions] of Object.entries<Functions>(inert)) served.set(id, functions)
    }
    const bind = serving.binder(enforcer, guest)
    return new Map(imported.flatMap(({ functions, id }) => {
      if (id === undefined) return []
      const family = bindings.family(id)
      const given = new Map(Object.entries(served.get(family) ?? {}))
      return [[
        id,
        new Map(functions.flatMap(({ name }): ReadonlyArray<[string, HostFunction]> => {
          const binding = bindings.find(id, name)
          return binding === undefined ? [] : [[name, bind(`${family}#${name}`, binding, given.get(name))]]
        }))
      ]]
    }))
  }
})

type Functions = Readonly<Record<string, serving.Function>>

/** The functions of `airssys:core` for one guest. */
const core = ({ clock, guest, minimum, started, write }: {
  readonly guest: Guest
  readonly clock: Clock.Clock
  readonly started: bigint
  readonly minimum: LogLevel.LogLevel
  readonly write: guestLog.Write
}): serving.Functions<typeof bindings.core> => ({
  "airssys:core/log@0.1": {
    write: (guard, level, message, fields) =>
      guard(
        "",
        () => write(levels.get(level) ?? "Info", String(message), fields as ReadonlyArray<guestLog.LogField>)
      ),
    enabled: (holds, level) => holds("") && LogLevel.isGreaterThanOrEqualTo(levels.get(level) ?? "Info", minimum)
  },
  "airssys:core/clock@0.1": {
    now: (guard) =>
      guard("", () => {
        const millis = clock.currentTimeMillisUnsafe()
        const seconds = Math.floor(millis / 1000)
        return {
          tag: "ok",
          val: { seconds: BigInt(seconds), nanoseconds: Math.floor(millis - seconds * 1000) * 1_000_000 }
        }
      }),
    monotonic: (guard) => guard("", () => ({ tag: "ok", val: clock.monotonicTimeNanosUnsafe() - started }))
  },
  "airssys:core/environment@0.1": {
    get: (guard, name) => {
      const key = String(name)
      if (!environmentName.test(key)) return invalid("a name has 1 to 128 of A-Z, a-z, 0-9 and _")
      return guard(key, () => ({ tag: "ok", val: guest.environment.get(key) }))
    },
    names: (holds) => ({
      tag: "ok",
      val: [...guest.environment.keys()].filter((name) => environmentName.test(name) && holds(name)).toSorted()
    })
  },
  "airssys:core/identity@0.1": {
    "this-release": () => ({
      id: { namespace: guest.namespace, name: guest.name },
      version: guest.version
    }),
    "current-message": () => guest.delivery()?.id,
    "current-sender": () => coreValues.sender(guest.delivery()?.sender ?? fromHost.sender)
  }
})

const environmentName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
