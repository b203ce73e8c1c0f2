import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Pattern from "../../security/Pattern.ts"
import { Approvals } from "./approvalSchema.ts"
import { Audit } from "./auditSchema.ts"
import { type Block, CapabilityBlock, entriesOf } from "./capabilityBlock.ts"
import { checkKeys, type Problem } from "./decodeToml.ts"
import {
  ComponentId,
  durationOf,
  Fuel,
  isKebab,
  kebabPattern,
  keyed,
  line,
  numberOf,
  pathBeside,
  pathOfHost,
  quote,
  SchemaVersion,
  Size,
  text,
  timeOf,
  wholeNumber
} from "./fieldSchema.ts"
import { Quotas, Table } from "./quotaSchema.ts"
import { Receipts } from "./receiptSchema.ts"
import { Secrets, variable } from "./secretSchema.ts"
import { Trust } from "./trustSchema.ts"

const Backoff = Schema.Struct({
  base: Schema.optionalKey(timeOf("Before the first restart. Default 100 ms.")),
  factor: Schema.optionalKey(
    numberOf("a number", "How much longer each further one waits. Default 2.", (value) =>
      value >= 1 && value <= 100
        ? undefined
        : { problem: "the factor is out of range", hint: "write a number from 1 to 100" }, { minimum: 1, maximum: 100 })
  ),
  cap: Schema.optionalKey(timeOf("The longest wait. Default 10 s."))
}).check(checkKeys((backoff) => {
  const base = durationOf(backoff.base ?? defaultBackoff.base)
  const cap = durationOf(backoff.cap ?? defaultBackoff.cap)
  return base === undefined || cap === undefined || Duration.isLessThanOrEqualTo(base, cap) ? [] : [{
    path: [backoff.cap === undefined ? "base" : "cap"],
    problem: { problem: "the base is longer than the cap", hint: "raise the cap or lower the base" }
  }]
}))

export const defaultBackoff = { base: "100 ms", factor: 2, cap: "10 s" } as const
export const defaultIntensity = { restarts: 3, within: "10 s" } as const

const Supervision = Schema.Struct({
  strategy: Schema.optionalKey(
    Schema.Literal("OneForOne").annotate({ description: "Only what crashed is restarted." })
  ),
  restarts: Schema.optionalKey(
    wholeNumber("restarts", 0, 1000, "So many restarts within the time; one more and it is stopped. Default 3.")
  ),
  within: Schema.optionalKey(timeOf("The time in which restarts count. Default 10 s.")),
  backoff: Schema.optionalKey(Backoff)
})

/** A root may not be what no pattern can name: the whole disk, `/proc`, a folder of keys. */
const rootProblem = (value: string): Problem | undefined => {
  const trimmed = value.replace(/\/+$/, "")
  if (trimmed === "" || /^\/[/.]*$/.test(trimmed)) {
    return { problem: "a root is not the whole disk", hint: "name a folder" }
  }
  const below = trimmed.split("/").filter((segment) => segment !== "" && segment !== "." && segment !== "..")
  if (below.some((segment) => segment.includes("*"))) {
    return { problem: "a root is one folder", hint: "write its path without *" }
  }
  const parsed = Pattern.parse("filesystem.read", `root:/${value.startsWith("/") ? "" : "x/"}${below.join("/")}`)
  return below.length === 0 || Result.isSuccess(parsed)
    ? undefined
    : { problem: parsed.failure.problem, hint: "name another folder", note: parsed.failure.note }
}

const Value = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])

const valueLimit = 32 * 1024

const EnvironmentValue = text({
  expected: "a text in quotes",
  description: "A value.",
  keywords: { maxLength: valueLimit }
}, (value) =>
  value.length > valueLimit
    ? { problem: `the value is longer than ${valueLimit} characters`, hint: "shorten it" }
    : value.includes("\0")
    ? { problem: "a value has no NUL", hint: "remove it" }
    : undefined)

const Health = Schema.Struct({
  every: Schema.optionalKey(timeOf("Between checks. Default 10 s.")),
  timeout: Schema.optionalKey(timeOf("For one check, during which messages wait. Default 1 s.")),
  failures: Schema.optionalKey(
    wholeNumber("failures", 1, 1000, "After so many bad reports in a row the instance is given up. Default 3.")
  )
}).annotate({ description: "How the health of a component that exports airssys:core/health is checked." })

const HostedComponent = Schema.Struct({
  source: pathBeside("The folder with its Component.toml, relative to the folder of this file."),
  tier: Schema.optionalKey(
    Schema.Literals(["auto", "inline", "worker"]).annotate({
      description: "Where it runs. auto: this thread where the engine keeps its limits there, else a worker."
    })
  ),
  limits: Schema.optionalKey(Schema.Struct({
    memory: Schema.optionalKey(Size),
    fuel: Schema.optionalKey(Fuel),
    timeout: Schema.optionalKey(timeOf("For each message; at most what the manifest asks."))
  })),
  config: Schema.optionalKey(
    Schema.Record(Schema.String, Value).check(keyed(isKebab, "a-z, 0-9 and single dashes", kebabPattern))
  ),
  secrets: Schema.optionalKey(
    Secrets.annotate({ description: "Where the values for config keys of type secret are." })
  ),
  quotas: Schema.optionalKey(
    Table.annotate({ description: "What all of its messages may use. Default, for each: that of [quotas.component]." })
  ),
  health: Schema.optionalKey(Health),
  environment: Schema.optionalKey(
    Schema.Record(Schema.String, EnvironmentValue).check(
      keyed((key) => variable.test(key), "A to Z, a to z, 0 to 9 and \"_\", no digit first", variable.source)
    )
  ),
  grant: Schema.optionalKey(Schema.Array(CapabilityBlock).annotate({ expected: "[[component.grant]] blocks" }))
})

const exportName = /^(?:[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*\.)?[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*$/

const target = {
  component: ComponentId,
  export: text({
    expected: "an export such as \"rates.latest\"",
    description: "An export: interface and function, or a function of the world.",
    keywords: { pattern: exportName.source, maxLength: 256 }
  }, (value) =>
    value.length <= 256 && exportName.test(value)
      ? undefined
      : { problem: `${quote(value)} is no export`, hint: "write \"rates.latest\"" }),
  args: Schema.optionalKey(
    Schema.Array(Schema.Unknown).annotate({ expected: "a list", description: "The arguments. Default none." })
  )
}

const Call = Schema.Struct({
  title: line(80, "What it shows."),
  ...target,
  tenant: Schema.optionalKey(line(256, "On whose account it is. Default: nobody's.")),
  meanwhile: Schema.optionalKey(
    Schema.Struct(target).annotate({ description: "Called again and again until the call has ended." })
  )
})

const Storage = Schema.Struct({
  file: pathOfHost(
    "Where components keep what they store, a SQLite database. Default: in the folder of the host, or in memory."
  )
})

/** The whole of `airssys.toml`. */
export const HostFile = Schema.Struct({
  schema: SchemaVersion,
  folder: Schema.optionalKey(
    pathOfHost("Where the host keeps what outlives it, for one host at a time. Default: nothing outlives it.")
  ),
  supervision: Schema.optionalKey(Supervision),
  roots: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      pathOfHost("A folder, absolute or relative to the folder of this file.", rootProblem)
    ).check(keyed(isKebab, "a-z, 0-9 and single dashes", kebabPattern))
  ),
  trust: Schema.optionalKey(Trust),
  policy: Schema.optionalKey(pathOfHost("File of policies, which stand over all grants.")),
  audit: Schema.optionalKey(Audit),
  approvals: Schema.optionalKey(Approvals),
  quotas: Schema.optionalKey(Quotas),
  storage: Schema.optionalKey(Storage),
  receipts: Schema.optionalKey(Receipts),
  component: Schema.optionalKey(Schema.Array(HostedComponent).annotate({ expected: "[[component]] blocks" })),
  call: Schema.optionalKey(Schema.Array(Call).annotate({ expected: "[[call]] blocks" }))
}).check(checkKeys((file) => {
  const roots = new Set(Object.keys(file.roots ?? {}))
  const seen = new Set<string>()
  const components = (file.component ?? []).flatMap((component, index) => {
    const source = normalPath(component.source)
    const twice = seen.has(source)
    seen.add(source)
    return [
      ...(twice
        ? [{
          path: ["component", index, "source"],
          problem: { problem: `${quote(source)} is there twice`, hint: "remove one of the blocks" }
        }]
        : []),
      ...(component.grant ?? []).flatMap((block, at) =>
        entriesOf(block as Block).flatMap(({ kind, patterns }) =>
          patterns.flatMap((pattern, position) => {
            const root = pattern.slice(0, pattern.indexOf(":/"))
            if (!kind.startsWith("filesystem.") || roots.has(root)) return []
            return [{
              path: ["component", index, "grant", at, ...kind.split("."), position],
              problem: {
                problem: `${quote(root)} is no root of this file`,
                hint: `add ${root} = "..." to [roots]`,
                offset: 0,
                length: root.length
              }
            }]
          })
        )
      )
    ]
  })
  return file.audit?.checkpoints === undefined || file.audit.file !== undefined || file.folder !== undefined
    ? components
    : [{
      path: ["audit", "checkpoints"],
      problem: { problem: "a log in memory starts again with each host", hint: "add audit.file" }
    }, ...components]
}))

/** A relative path without `.` segments and slashes at the end. */
export const normalPath = (path: string): string =>
  path.split("/").filter((segment) => segment !== "" && segment !== ".").join("/") || "."

const mayHoldSecrets: ReadonlySet<unknown> = new Set(["config", "environment", "secrets"])

/** Where values may be secrets, also by mistake. */
export const isSecret = (path: ReadonlyArray<PropertyKey>): boolean =>
  path[0] === "component" && mayHoldSecrets.has(path[2])
