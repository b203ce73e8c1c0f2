import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ComponentEngine, Limits, Tier } from "../ComponentEngine.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import type { Manifest } from "../Manifest.ts"
import { InstallRefused, type Release } from "../Release.ts"

const refuse = (release: Release, detail: string) =>
  Effect.fail(new InstallRefused({ component: release.id, reason: "LimitAboveAsked", detail }))

export const effective = (release: Release, given: HostingOptions["limits"]): Effect.Effect<Limits, InstallRefused> => {
  const asked = release.manifest.limits
  const memory = given?.memory === undefined ? Option.some(asked.memory) : byteSize(given.memory)
  if (Option.isNone(memory)) return refuse(release, `"${given?.memory}" is no memory limit such as "32 MiB"`)
  if (memory.value > asked.memory) {
    return refuse(release, `the host gives ${memory.value} bytes of memory, its manifest asks for ${asked.memory}`)
  }
  const fuel = given?.fuel ?? asked.fuel
  if (fuel !== undefined && asked.fuel !== undefined && fuel > asked.fuel) {
    return refuse(release, `the host gives ${fuel} fuel, its manifest asks for ${asked.fuel}`)
  }
  const timeout = given?.timeout === undefined ? asked.timeout : Duration.fromInputUnsafe(given.timeout)
  if (timeout !== undefined && asked.timeout !== undefined && Duration.isGreaterThan(timeout, asked.timeout)) {
    return refuse(
      release,
      `the host gives ${Duration.format(timeout)} of time, its manifest asks for ${Duration.format(asked.timeout)}`
    )
  }
  return Effect.succeed({ memory: memory.value, fuel, timeout })
}

const byteSize = (input: ByteSize.Input): Option.Option<number> =>
  Option.flatMap(ByteSize.fromInput(input), ByteSize.toNumber)

export const tier = (release: Release, limits: Limits, engine: ComponentEngine["Service"]): Tier => {
  const inline = engine.keeps("inline")
  const keepsAll = inline !== undefined &&
    (limits.timeout === undefined || inline.timeout) &&
    (limits.fuel === undefined || inline.fuel || limits.timeout !== undefined && inline.timeout)
  return release.trust.level !== "Unknown" && keepsAll || engine.keeps("worker") === undefined ? "inline" : "worker"
}

export const settings = (
  manifest: Manifest,
  given: Readonly<Record<string, string | number | boolean>>
): ReadonlyArray<{ readonly key: string; readonly value: string }> => {
  const values = new Map(Object.entries(given))
  return [...manifest.config]
    .filter(([, entry]) => entry.type !== "secret")
    .map(([key, entry]) => ({ key, value: values.get(key) ?? entry.default }))
    .filter((setting) => setting.value !== undefined)
    .map(({ key, value }) => ({ key, value: String(value) }))
    .toSorted((a, b) => a.key < b.key ? -1 : 1)
}
