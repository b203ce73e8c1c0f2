import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Argument from "../Argument.ts"
import type { ComponentEngine, Limits, Tier } from "../ComponentEngine.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import { InstallRefused, type Release } from "../Release.ts"

const refuse = (release: Release, reason: InstallRefused["reason"], detail: string) =>
  Result.fail(new InstallRefused({ component: release.id, reason, detail }))

const above = (given: string, asked: string): string => `the host gives ${given}, its manifest asks for ${asked}`

/** A size that is no whole number of its unit is shown in bytes, so that two sizes never look alike. */
const size = (bytes: number): string =>
  bytes % (1024 * 1024) === 0
    ? ByteSize.format(ByteSize.mebibytes(bytes / (1024 * 1024)), { unit: "MiB" })
    : `${bytes} bytes`

type Given = NonNullable<HostingOptions["limits"]>

const memoryOf = (release: Release, given: Given["memory"]): Result.Result<number, InstallRefused> => {
  const asked = release.manifest.limits.memory
  if (given === undefined) return Result.succeed(asked)
  const bytes = Option.flatMap(ByteSize.fromInput(given), ByteSize.toNumber)
  if (Option.isNone(bytes) || bytes.value === 0) {
    return refuse(release, "InvalidLimit", `${Argument.shown(given)} is no memory limit such as "32 MiB"`)
  }
  return bytes.value > asked
    ? refuse(release, "LimitAboveAsked", above(`${size(bytes.value)} of memory`, size(asked)))
    : Result.succeed(bytes.value)
}

const fuelOf = (release: Release, given: Given["fuel"]): Result.Result<number | undefined, InstallRefused> => {
  const asked = release.manifest.limits.fuel
  if (given === undefined) return Result.succeed(asked)
  if (!Number.isSafeInteger(given) || given <= 0) {
    return refuse(release, "InvalidLimit", `${Argument.shown(given)} is no fuel limit: give a whole number from 1`)
  }
  return asked !== undefined && given > asked
    ? refuse(release, "LimitAboveAsked", above(`${given} fuel`, `${asked}`))
    : Result.succeed(given)
}

const timeoutOf = (
  release: Release,
  given: Given["timeout"]
): Result.Result<Duration.Duration | undefined, InstallRefused> => {
  const asked = release.manifest.limits.timeout
  if (given === undefined) return Result.succeed(asked)
  const duration = Argument.durationOf(given)
  if (duration === undefined || !Duration.isFinite(duration) || !Duration.isPositive(duration)) {
    const shown = duration === undefined ? Argument.shown(given) : Duration.format(duration)
    return refuse(release, "InvalidLimit", `${shown} is no time limit such as "250 millis"`)
  }
  return asked !== undefined && Duration.isGreaterThan(duration, asked)
    ? refuse(release, "LimitAboveAsked", above(`${Duration.format(duration)} of time`, Duration.format(asked)))
    : Result.succeed(duration)
}

export const effective = (
  release: Release,
  given: Given | undefined
): Result.Result<Limits, InstallRefused> =>
  Result.gen(function*() {
    return {
      memory: yield* memoryOf(release, given?.memory),
      fuel: yield* fuelOf(release, given?.fuel),
      timeout: yield* timeoutOf(release, given?.timeout)
    }
  })

/**
 * An unknown component runs in this thread only if its operator names the tier,
 * or if the engine has no other tier and stops guests there at a limit of fuel
 * and of time.
 */
export const tier = (
  release: Release,
  limits: Limits,
  wanted: HostingOptions["tier"],
  engine: ComponentEngine["Service"]
): Result.Result<Tier, InstallRefused> => {
  if (wanted !== undefined && wanted !== "auto") {
    return engine.keeps(wanted) === undefined
      ? refuse(release, "TierRefused", `the engine ${engine.name} has no tier "${wanted}"`)
      : Result.succeed(wanted)
  }
  const inline = engine.keeps("inline")
  const worker = engine.keeps("worker")
  const isTrusted = release.trust.level !== "Unknown"
  const keepsAll = inline !== undefined &&
    (limits.timeout === undefined || inline.timeout) &&
    (limits.fuel === undefined || inline.fuel || limits.timeout !== undefined && inline.timeout)
  if (isTrusted && keepsAll) return Result.succeed("inline")
  if (worker !== undefined) return Result.succeed("worker")
  if (inline?.fuel === true && inline.timeout) return Result.succeed("inline")
  return refuse(
    release,
    "TierRefused",
    isTrusted
      ? `the engine ${engine.name} cannot keep its limits in this thread and has no worker tier`
      : `${release.trust.because}, and the engine ${engine.name} has no worker tier for it`
  )
}
