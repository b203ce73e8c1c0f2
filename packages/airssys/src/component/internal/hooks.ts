/** The calls that a host makes of its own accord, each within a time of its own. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Argument from "../Argument.ts"
import { ComponentError } from "../ComponentError.ts"
import * as Contract from "../Contract.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import { InstallRefused, type Release } from "../Release.ts"

export interface Hooks {
  readonly init: Duration.Duration
  readonly shutdown: Duration.Duration
  readonly callback: Duration.Duration
}

export const defaults: Hooks = {
  init: Duration.seconds(10),
  shutdown: Duration.seconds(2),
  callback: Duration.seconds(10)
}

/** A time that is positive and ends. */
export const duration = (
  release: Release,
  what: string,
  given: Duration.Input | undefined,
  preset: Duration.Duration
): Result.Result<Duration.Duration, InstallRefused> => {
  if (given === undefined) return Result.succeed(preset)
  const duration = Argument.durationOf(given)
  return duration !== undefined && Duration.isFinite(duration) && Duration.isPositive(duration)
    ? Result.succeed(duration)
    : Result.fail(
      new InstallRefused({
        component: release.id,
        reason: "InvalidLimit",
        detail: `the ${what} is no time such as "250 millis"`
      })
    )
}

export const make = (release: Release, given: HostingOptions["hooks"]): Result.Result<Hooks, InstallRefused> =>
  Result.gen(function*() {
    return {
      init: yield* duration(release, "limit of init", given?.init, defaults.init),
      shutdown: yield* duration(release, "limit of shutdown", given?.shutdown, defaults.shutdown),
      callback: yield* duration(release, "limit of handle-callback", given?.callback, defaults.callback)
    }
  })

/** What is said of a `shutdown` that has more time than its actor waits for it. */
export const beyond = (release: Release, { shutdown }: Hooks, abandonAfter: Duration.Duration): string | undefined => {
  if (!Duration.isGreaterThan(shutdown, abandonAfter)) return undefined
  const most = Duration.format(abandonAfter)
  return `${release.id}: hooks.shutdown is ${Duration.format(shutdown)}, and no shutdown is waited for longer than ` +
    `${most}: then the component is killed. Give it at most ${most}.`
}

/** Ends a call when its time is over; the instance is lost then. */
export const within =
  (component: string, target: Contract.Target, limit: Duration.Duration) =>
  <A>(call: Effect.Effect<A, ComponentError>): Effect.Effect<A, ComponentError> =>
    Effect.timeoutOrElse(call, {
      duration: limit,
      orElse: () =>
        Effect.fail(
          new ComponentError({
            component,
            export: Contract.exportName(target),
            reason: { _tag: "DeadlineExceeded", limitMillis: Duration.toMillis(limit) },
            detail: `did not end within ${Duration.format(limit)}`,
            denials: []
          })
        )
    })
