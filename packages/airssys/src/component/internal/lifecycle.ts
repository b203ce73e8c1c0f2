import type { WitType, World } from "@airssys/engine/WitType"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SafeText from "../../security/SafeText.ts"
import type { CallResult, Limits } from "../ComponentEngine.ts"
import { type ComponentError, InstantiateError } from "../ComponentError.ts"
import * as Contract from "../Contract.ts"
import type { Release } from "../Release.ts"
import type * as componentLimits from "./componentLimits.ts"

/** `airssys:core/lifecycle`, as this host calls it. */
export const id = "airssys:core/lifecycle@0.1.0"

const string: WitType = { kind: "string" }
const u64: WitType = { kind: "u64" }
const named = (owner: string, name: string) => ({ owner: `airssys:core/${owner}@0.1.0`, name })

const error: WitType = {
  kind: "variant",
  name: named("types", "error"),
  cases: [
    { name: "access-denied", type: undefined },
    { name: "invalid-argument", type: string },
    { name: "not-found", type: undefined },
    { name: "timed-out", type: undefined },
    { name: "exhausted", type: undefined },
    { name: "unavailable", type: undefined },
    { name: "failed", type: string }
  ]
}

const setting: WitType = {
  kind: "record",
  name: named("lifecycle", "setting"),
  fields: [{ name: "key", type: string }, { name: "value", type: string }]
}

const limits: WitType = {
  kind: "record",
  name: named("lifecycle", "limits"),
  fields: [
    { name: "memory", type: u64 },
    { name: "fuel", type: { kind: "option", some: u64 } },
    { name: "timeout", type: { kind: "option", some: { kind: "u32" } } }
  ]
}

const configuration: WitType = {
  kind: "record",
  name: named("lifecycle", "configuration"),
  fields: [{ name: "settings", type: { kind: "list", element: setting } }, { name: "limits", type: limits }]
}

const reason: WitType = {
  kind: "enum",
  name: named("lifecycle", "shutdown-reason"),
  cases: ["stopped", "replaced", "host-exit"]
}

const result: WitType = { kind: "result", ok: undefined, err: error }

export const definition: Contract.Definition = {
  world: "airssys:core/lifecycle@0.1.0",
  members: new Map([
    ["init", Contract.func(id, "init", [["configuration", configuration]], result, undefined)],
    ["shutdown", Contract.func(id, "shutdown", [["reason", reason]], result, undefined)]
  ])
}

export const isExportedBy = (world: World): boolean => world.exports.some((item) => item.id === id)

const shownLimits = (limits: Limits) => ({
  memory: BigInt(limits.memory),
  fuel: limits.fuel === undefined ? undefined : BigInt(limits.fuel),
  timeout: limits.timeout === undefined
    ? undefined
    : Math.min(Math.ceil(Duration.toMillis(limits.timeout)), largestTimeout)
})

const largestTimeout = 2 ** 32 - 1

const detailLimit = 512

interface Lifecycle {
  readonly call: (target: Contract.Target, args: ReadonlyArray<unknown>) => Effect.Effect<CallResult, ComponentError>
  readonly isOver: () => boolean
}

/** Calls `init`, and `shutdown` when the scope of the instance closes. */
export const run = Effect.fnUntraced(function*(
  release: Release,
  { limits, settings }: { readonly settings: ReadonlyArray<componentLimits.Setting>; readonly limits: Limits },
  { call, isOver }: Lifecycle
) {
  const { value } = yield* call({ interface: id, function: "init" }, [{ settings, limits: shownLimits(limits) }])
  const result = value as { readonly tag: "ok" } | { readonly tag: "err"; readonly val: InitError }
  if (result.tag === "err") {
    const { tag, val } = result.val
    const said = val === undefined ? tag : `${tag} "${SafeText.escape(val, detailLimit)}"`
    return yield* new InstantiateError({ reason: "StartFailed", detail: `${release.id}: init failed: ${said}` })
  }
  yield* Effect.addFinalizer(() =>
    isOver() ? Effect.void : Effect.ignore(call({ interface: id, function: "shutdown" }, ["stopped"]))
  )
})

interface InitError {
  readonly tag: string
  readonly val?: string | undefined
}
