/**
 * What an instance says of its health, asked in its turn among the messages.
 *
 * An answer that is late, a trap and a report of `unhealthy` are failures; so
 * many in a row end the life of the instance, and its supervisor decides.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { ActorContext } from "../../actor/ActorContext.ts"
import { ProbeFailed } from "../../actor/ActorError.ts"
import * as Pending from "../../actor/Pending.ts"
import * as SafeText from "../../security/SafeText.ts"
import type { CallResult } from "../ComponentEngine.ts"
import type { ComponentError } from "../ComponentError.ts"
import { Check, type ComponentMessage, type HealthReport } from "../ComponentMessage.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import { InstallRefused, type Release } from "../Release.ts"
import * as coreExports from "./coreExports.ts"
import * as hooks from "./hooks.ts"
import type { Health, Hosted } from "./hosted.ts"

export interface Options {
  readonly every: Duration.Duration
  readonly timeout: Duration.Duration
  readonly failures: number
}

const target = coreExports.target(coreExports.health, "check")

const detailLimit = 256

const unasked: HealthReport = { status: "unknown", detail: undefined }

export const options = (release: Release, given: HostingOptions["health"]): Result.Result<Options, InstallRefused> =>
  Result.gen(function*() {
    const { failures = 3 } = given ?? {}
    if (!Number.isSafeInteger(failures) || failures < 1) {
      return yield* Result.fail(
        new InstallRefused({
          component: release.id,
          reason: "InvalidLimit",
          detail: "the failures of its health are no whole number from 1"
        })
      )
    }
    return {
      every: yield* hooks.duration(release, "time between checks of its health", given?.every, Duration.seconds(10)),
      timeout: yield* hooks.duration(release, "limit of health.check", given?.timeout, Duration.seconds(1)),
      failures
    }
  })

const reportOf = ({ value }: CallResult): HealthReport => {
  const { detail, status } = value as HealthReport
  return { status, detail: detail === undefined ? undefined : SafeText.escape(detail, detailLimit) }
}

/** The health of one instance; `told` learns of each report. */
export const make = (
  release: Release,
  { every, failures, timeout }: Options,
  told: (report: HealthReport) => void
): Health => {
  const isAnswered = coreExports.isExportedBy(coreExports.health, release.component.world)
  let failed = 0

  const settle = (
    { component, end, instance, named }: Hosted,
    message: Check,
    context: ActorContext<ComponentMessage>
  ) =>
  (exit: Exit.Exit<CallResult, ComponentError>): Exit.Exit<void, ComponentError | ProbeFailed> => {
    end()
    if (Exit.isFailure(exit)) {
      const failure = Option.map(Cause.findErrorOption(exit.cause), named(target))
      if (Option.isNone(failure)) return Exit.failCause(exit.cause)
      told({ status: "unhealthy", detail: SafeText.escape(failure.value.detail, detailLimit) })
      if (instance.isPoisoned()) return Exit.fail(failure.value)
      context.fail(message, failure.value)
      return Exit.void
    }
    const report = reportOf(exit.value)
    told(report)
    context.reply(message, report)
    failed = report.status === "unhealthy" ? failed + 1 : 0
    return failed < failures
      ? Exit.void
      : Exit.fail(new ProbeFailed({ actor: component, failures, cause: Cause.fail(report) }))
  }

  return {
    begin: (context) => {
      if (isAnswered) context.timers.periodic("airssys/health", every, new Check())
    },
    check: (hosted, message, context) => {
      if (!isAnswered) return context.reply(message, unasked)
      const { begin, component, engine, instance } = hosted
      begin(undefined)
      const exit = engine.callUnsafe(instance, target, [])
      return exit === undefined
        ? Pending.settle(
          hooks.within(component, target, timeout)(engine.call(instance, target, [])),
          settle(hosted, message, context)
        )
        : settle(hosted, message, context)(exit)
    }
  }
}
