/** What a program gives to have a component run. */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type * as Backoff from "../../actor/Backoff.ts"
import type * as Supervisor from "../../actor/Supervisor.ts"
import * as Argument from "../Argument.ts"
import type { LayerOptions, Pool } from "../Component.ts"
import * as Contract from "../Contract.ts"
import type { HostingOptions } from "../HostingOptions.ts"

export interface Given {
  readonly contract?: unknown
  readonly source: unknown
  readonly options: unknown
}

const backoff = Argument.options<Backoff.Input>({
  base: Argument.value(`a time that ends, such as "100 millis"`, (given) => {
    const base = Argument.durationOf(given)
    return base !== undefined && Duration.isFinite(base) && !Duration.isNegative(base)
  }),
  factor: Argument.value("a number from 1", (given) => Number.isFinite(given) && (given as number) >= 1),
  cap: Argument.time,
  jitter: Argument.optional(
    Argument.value("a number from 0 to 1", (given) => typeof given === "number" && given >= 0 && given <= 1)
  )
})

const intensity = Argument.options<Supervisor.Intensity>({ restarts: Argument.whole(0), within: Argument.time })

const readable = Argument.value("a value", () => true)

/** Numbers and times of limits, hooks and health are refused by name where they are used. */
const hosting = {
  limits: Argument.optional(
    Argument.options<NonNullable<HostingOptions["limits"]>>({ memory: readable, fuel: readable, timeout: readable })
  ),
  hooks: Argument.optional(
    Argument.options<NonNullable<HostingOptions["hooks"]>>({ init: readable, shutdown: readable, callback: readable })
  ),
  health: Argument.optional(
    Argument.options<NonNullable<HostingOptions["health"]>>({ every: readable, timeout: readable, failures: readable })
  ),
  grants: Argument.optional(Argument.array("grants, as Grant.make gives them", Argument.struct({}))),
  environment: Argument.optional(Argument.record(Argument.value("a text", (given) => typeof given === "string"))),
  config: Argument.optional(
    Argument.record(
      Argument.value(
        "a text, a number, true or false",
        (given) => typeof given === "string" || typeof given === "number" || typeof given === "boolean"
      )
    )
  ),
  secrets: Argument.optional(
    Argument.record(Argument.value("a secret, as Redacted.make of effect gives it", Redacted.isRedacted))
  ),
  tier: Argument.optional(Argument.oneOf("auto", "inline", "worker"))
}

const child = {
  ...hosting,
  restart: Argument.optional(Argument.oneOf("Permanent", "Transient", "Temporary")),
  backoff: Argument.optional(backoff),
  mailbox: Argument.optional(Argument.whole(1, 2 ** 30)),
  shutdown: Argument.optional((given, name) => given === "Brutal" ? undefined : Argument.time(given, name)),
  pool: Argument.optional(Argument.options<Pool>({
    size: Argument.whole(1, 100_000),
    routing: Argument.optional(Argument.oneOf("LeastLoaded", "RoundRobin")),
    intensity: Argument.optional(intensity)
  }))
}

/** `Component.LayerOptions`. */
const options = Argument.optional(
  Argument.options<LayerOptions>({ ...child, intensity: Argument.optional(intensity) })
)

const contract: Argument.Check = Argument.value(
  "a contract, as it is generated or as Contract.Service makes it",
  Contract.isContract
)

export const folder: Argument.Check = Argument.path("the folder of a component")

const release = Argument.struct({
  id: Argument.text("what install gave"),
  digest: Argument.text("what install gave"),
  manifest: Argument.struct({}),
  component: Argument.struct({})
})

/** A folder, or a release that was installed. */
const source: Argument.Check = (given, name) =>
  typeof given === "object" && given !== null ? release(given, name) : folder(given, name)

export const problem = (given: Given): Argument.InvalidArgument | undefined =>
  ("contract" in given ? contract(given.contract, "contract") : undefined) ??
    source(given.source, "source") ?? options(given.options, "options")
