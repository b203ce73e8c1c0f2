/** What a component is configured with: the values of its operator, for the keys of its manifest. */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SafeText from "../../security/SafeText.ts"
import type { Setting } from "../HostFunction.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import type { ConfigEntry } from "../Manifest.ts"
import { InstallRefused, type Release } from "../Release.ts"

/** By key; undefined where neither the operator nor the manifest has a value. */
export type Configuration = ReadonlyMap<string, Setting | undefined>

type Value = string | number | boolean

/** Longer ones would cost every start of every instance. */
const longestSecret = 64 * 1024

/** What a guest can be given: the strings of WIT have no half of a surrogate pair. */
const isText = (value: unknown): value is string => typeof value === "string" && value.isWellFormed()

const settingOf = (type: ConfigEntry["type"], value: Value): Setting | undefined => {
  switch (type) {
    case "string":
      return isText(value) ? { tag: "text", val: value } : undefined
    case "boolean":
      return typeof value === "boolean" ? { tag: "boolean", val: value } : undefined
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value)
        ? { tag: "integer", val: BigInt(value) }
        : undefined
    case "float":
      return typeof value === "number" && Number.isFinite(value) ? { tag: "number", val: value } : undefined
    case "secret":
      return undefined
  }
}

const quote = (key: string): string => SafeText.escape(`"${key}"`, 64)

/** Nothing but what the manifest names, and all of that but what is optional; values of the environment are texts. */
export const make = (
  release: Release,
  { config, environment, secrets }: Pick<HostingOptions, "config" | "environment" | "secrets">
): Result.Result<Configuration, InstallRefused> => {
  const refuse = (detail: string) =>
    Result.fail(new InstallRefused({ component: release.id, reason: "InvalidConfig", detail }))
  const unreadable = Object.entries(environment ?? {}).find(([, value]) => !isText(value))
  if (unreadable !== undefined) return refuse(`the environment value ${quote(unreadable[0])} is no text`)
  const entries = release.manifest.config
  const values = new Map(Object.entries(config ?? {}))
  const hidden = new Map(Object.entries(secrets ?? {}))
  for (const key of [...values.keys(), ...hidden.keys()]) {
    const type = entries.get(key)?.type
    if (type === undefined) return refuse(`its manifest has no config key ${quote(key)}`)
    if (type === "secret" && values.has(key)) return refuse(`config key ${quote(key)} is a secret: give it in secrets`)
    if (type !== "secret" && hidden.has(key)) return refuse(`config key ${quote(key)} is no secret: give it in config`)
  }
  const configuration = new Map<string, Setting | undefined>()
  for (const [key, { default: preset, isOptional, type }] of entries) {
    const secret = hidden.get(key)
    const value = values.get(key) ?? preset
    if (secret === undefined && value === undefined) {
      if (!isOptional) {
        return refuse(`it needs ${type === "secret" ? "the secret" : "a value for the config key"} ${quote(key)}`)
      }
      configuration.set(key, undefined)
      continue
    }
    const setting = secret === undefined ? settingOf(type, value!) : secretOf(secret)
    if (setting === undefined) {
      return refuse(
        type === "secret"
          ? `the secret ${quote(key)} is longer than ${longestSecret} characters, or no text`
          : `config key ${quote(key)} takes a value of type ${type}`
      )
    }
    configuration.set(key, setting)
  }
  return Result.succeed(configuration)
}

const secretOf = (secret: Redacted.Redacted): Setting | undefined => {
  const value: unknown = Redacted.value(secret)
  return isText(value) && value.length <= longestSecret ? { tag: "secret", val: value } : undefined
}

/** What `init` is given: no secrets. */
export const settings = (
  configuration: Configuration
): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  [...configuration]
    .flatMap(([key, setting]) =>
      setting === undefined || setting.tag === "secret" ? [] : [{ key, value: String(setting.val) }]
    )
    .toSorted((a, b) => a.key < b.key ? -1 : 1)
