/**
 * The host functions of `airssys:core`, for one instance at a time.
 *
 * Each function asks the enforcer before it does anything, with the principal
 * that was bound when the instance was made. A denial is the `access-denied`
 * value of the function's own error type; the guest learns nothing more, the
 * audit log has the rest. If the enforcer denies everything, a guest reaches
 * its own name and version, and nothing else.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { CapabilityEnforcer } from "../security/CapabilityEnforcer.ts"
import type { CapabilityKind } from "../security/CapabilityKind.ts"
import type { Explanation } from "../security/Explanation.ts"
import type { Principal } from "../security/Principal.ts"
import * as SafeText from "../security/SafeText.ts"
import type { HostFunction, Imports } from "./ComponentEngine.ts"

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
  /** The id of the message that is being handled; undefined outside of one. */
  readonly message: () => string | undefined
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
export const unserved = (imported: WitType.Interface): ReadonlyArray<string> => {
  const names = imported.id === undefined ? undefined : served.get(imported.id)
  return imported.functions
    .filter(({ name }) => names?.has(name) !== true)
    .map(({ name }) => imported.id === undefined ? name : `${imported.id}#${name}`)
}

const served: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [`airssys:core/log@${version}`, new Set(["write", "enabled"])],
  [`airssys:core/clock@${version}`, new Set(["now", "monotonic"])],
  [`airssys:core/environment@${version}`, new Set(["get", "names"])],
  [`airssys:core/identity@${version}`, new Set(["this-release", "current-message", "current-sender"])]
])

const lineLimit = 8 * 1024
const keyLimit = 64
const fieldLimit = 64
/** What one message may write: a guest in a loop is not to fill the host's log. */
const linesPerMessage = 256
const charactersPerMessage = 256 * 1024

const levels: ReadonlyMap<unknown, LogLevel.Severity> = new Map([
  ["trace", "Trace"],
  ["debug", "Debug"],
  ["info", "Info"],
  ["warn", "Warn"],
  ["error", "Error"]
])

const denial = { tag: "err", val: { tag: "access-denied" } } as const
const exhausted = { tag: "err", val: { tag: "exhausted" } } as const
const invalid = (text: string) => ({ tag: "err", val: { tag: "invalid-argument", val: text } })

/**
 * Gives the function that makes the imports of an instance. The context of
 * this effect is the one in which the functions log and read the time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<(guest: Guest) => Imports, never, CapabilityEnforcer> = Effect.gen(function*() {
  const enforcer = yield* CapabilityEnforcer
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const minimum = yield* References.MinimumLogLevel
  const run = Effect.runForkWith(context)

  return (guest) => {
    const started = clock.monotonicTimeNanosUnsafe()
    const write = writer(guest, run)

    const guarded = (kind: CapabilityKind, resource: string, use: () => unknown): unknown => {
      const { decision, entry } = enforcer.decideUnsafe(guest.principal, kind, resource)
      if (decision._tag === "Allowed") return use()
      guest.denied(decision.explanation, entry)
      return denial
    }

    const allowed = (kind: CapabilityKind, resource: string): boolean =>
      enforcer.check(guest.principal, kind, resource)._tag === "Allowed"

    return table({
      [`airssys:core/log@${version}`]: {
        write: (level, message, fields) =>
          guarded(
            "log",
            "",
            () => write(levels.get(level) ?? "Info", String(message), fields as ReadonlyArray<LogField>)
          ),
        enabled: (level) => allowed("log", "") && LogLevel.isGreaterThanOrEqualTo(levels.get(level) ?? "Info", minimum)
      },
      [`airssys:core/clock@${version}`]: {
        now: () =>
          guarded("clock", "", () => {
            const millis = clock.currentTimeMillisUnsafe()
            const seconds = Math.floor(millis / 1000)
            return {
              tag: "ok",
              val: { seconds: BigInt(seconds), nanoseconds: Math.floor(millis - seconds * 1000) * 1_000_000 }
            }
          }),
        monotonic: () => guarded("clock", "", () => ({ tag: "ok", val: clock.monotonicTimeNanosUnsafe() - started }))
      },
      [`airssys:core/environment@${version}`]: {
        get: (name) => {
          const key = String(name)
          if (!environmentName.test(key)) return invalid("a name has 1 to 128 of A-Z, a-z, 0-9 and _")
          return guarded("environment", key, () => ({ tag: "ok", val: guest.environment.get(key) }))
        },
        names: () => ({
          tag: "ok",
          val: [...guest.environment.keys()]
            .filter((name) => environmentName.test(name) && allowed("environment", name))
            .toSorted()
        })
      },
      [`airssys:core/identity@${version}`]: {
        "this-release": () => ({
          id: { namespace: guest.namespace, name: guest.name },
          version: guest.version
        }),
        "current-message": () => guest.message(),
        "current-sender": () => ({ tag: "host" })
      }
    })
  }
})

type Write = (severity: LogLevel.Severity, message: string, fields: ReadonlyArray<LogField>) => unknown

/** The log of one guest, as much of it as one message may write. */
const writer = (guest: Guest, run: (effect: Effect.Effect<void>) => unknown): Write => {
  let writing: string | undefined
  let lines = 0
  let characters = 0

  const log = (severity: LogLevel.Severity, text: string, fields: string | undefined): void => {
    const message = guest.message()
    run(
      Effect.logWithLevel(severity)(text).pipe(
        Effect.annotateLogs({
          component: `${guest.namespace}:${guest.name}`,
          version: guest.version,
          ...(message === undefined ? undefined : { message }),
          ...(fields === undefined ? undefined : { fields })
        })
      )
    )
  }

  return (severity, message, given) => {
    if (guest.message() !== writing) {
      writing = guest.message()
      lines = 0
      characters = 0
    }
    if (lines > linesPerMessage || characters > charactersPerMessage) return exhausted
    const text = line(message)
    const fields = given.length === 0 ? undefined : fieldText(given)
    lines++
    characters += text.length + (fields?.length ?? 0)
    if (lines > linesPerMessage || characters > charactersPerMessage) {
      log("Warn", "More lines of this message are dropped.", undefined)
      return exhausted
    }
    log(severity, text, fields)
    return { tag: "ok" }
  }
}

const environmentName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

interface LogField {
  readonly key: string
  readonly value: { readonly tag: string; readonly val: unknown }
}

const line = (text: string): string => SafeText.escape(text, lineLimit)

/** Values are quoted, so that a guest cannot make one field look like two. */
const fieldText = (fields: ReadonlyArray<LogField>): string => {
  const texts = new Map<string, string>()
  for (const { key, value } of fields.slice(0, fieldLimit)) {
    const name = key.slice(0, keyLimit)
    texts.set(fieldName.test(name) ? name : JSON.stringify(name), fieldValue(value.val))
  }
  const shown = [...texts].map(([key, value]) => `${key}=${value}`).join(" ")
  return line(fields.length > fieldLimit ? `${shown} (${fields.length - fieldLimit} more)` : shown)
}

const fieldName = /^[A-Za-z_][A-Za-z0-9_.-]*$/

const fieldValue = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, lineLimit)) : String(value)

const table = (
  interfaces: Readonly<Record<string, Readonly<Record<string, (...args: ReadonlyArray<unknown>) => unknown>>>>
): Imports =>
  new Map(
    Object.entries(interfaces).map(([id, functions]) => [
      id,
      new Map(
        Object.entries(functions).map(([name, call]): [string, HostFunction] => [
          name,
          { _tag: "Sync", call: (args) => call(...args) }
        ])
      )
    ])
  )
