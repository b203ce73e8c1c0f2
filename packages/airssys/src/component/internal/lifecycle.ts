import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { CallResult, Limits } from "../ComponentEngine.ts"
import { type ComponentError, InstantiateError } from "../ComponentError.ts"
import * as Contract from "../Contract.ts"
import * as GuestError from "../GuestError.ts"
import type { Release } from "../Release.ts"
import type * as componentConfig from "./componentConfig.ts"
import * as coreExports from "./coreExports.ts"
import * as hooks from "./hooks.ts"

const init = coreExports.target(coreExports.lifecycle, "init")
const shutdown = coreExports.target(coreExports.lifecycle, "shutdown")

const shownLimits = (limits: Limits) => ({
  memory: BigInt(limits.memory),
  fuel: limits.fuel === undefined ? undefined : BigInt(limits.fuel),
  timeout: limits.timeout === undefined
    ? undefined
    : Math.min(Math.ceil(Duration.toMillis(limits.timeout)), largestTimeout)
})

const largestTimeout = 2 ** 32 - 1

/** As `shutdown` is told why. */
export type ShutdownReason = "stopped" | "host-exit"

interface Lifecycle {
  readonly call: (target: Contract.Target, args: ReadonlyArray<unknown>) => Effect.Effect<CallResult, ComponentError>
  readonly hooks: hooks.Hooks
  readonly isOver: () => boolean
  readonly reason: () => ShutdownReason
  /** Ends when nobody waits for `shutdown` any more. */
  readonly isCut: Effect.Effect<void>
  /** Told why `shutdown` did not return well. */
  readonly failed: (failure: ComponentError | GuestError.GuestError) => void
}

type Returned = { readonly tag: "ok" } | { readonly tag: "err"; readonly val: GuestError.CoreError }

/** Calls `init`, and `shutdown` when the scope of the instance closes. */
export const run = Effect.fnUntraced(function*(
  release: Release,
  { limits, settings }: { readonly settings: ReturnType<typeof componentConfig.settings>; readonly limits: Limits },
  { call, failed, hooks: limit, isCut, isOver, reason }: Lifecycle
) {
  const { value } = yield* call(init, [{ settings, limits: shownLimits(limits) }]).pipe(
    hooks.within(release.id, init, limit.init)
  )
  const result = value as Returned
  if (result.tag === "err") {
    return yield* new InstantiateError({
      reason: "StartFailed",
      detail: `${release.id}: init failed: ${GuestError.format(result.val)}`
    })
  }
  const end = Effect.suspend(() => Effect.interruptible(call(shutdown, [reason()]))).pipe(
    hooks.within(release.id, shutdown, limit.shutdown),
    Effect.flatMap(({ value }) => accepted(release.id, value as Returned)),
    Effect.tapError((failure) => Effect.sync(() => failed(failure)))
  )
  yield* Effect.addFinalizer(() => isOver() ? Effect.void : Effect.raceFirst(Effect.ignore(end), isCut))
})

const accepted = (component: string, result: Returned): Effect.Effect<void, GuestError.GuestError> =>
  result.tag === "ok" ? Effect.void : Effect.fail(
    new GuestError.GuestError({
      component,
      export: Contract.exportName(shutdown),
      error: GuestError.bounded(result.val)
    })
  )
