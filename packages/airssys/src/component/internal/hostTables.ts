/** What the tables of a host's file say, in the types of a host. */
import * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { Grant } from "../../security/Grant.ts"
import type { PublicKey } from "../../security/PublicKey.ts"
import type {
  Approvals,
  Audit,
  HostedComponent,
  Options,
  Quotas,
  Receipts,
  Supervision,
  Target
} from "../HostConfig.ts"
import { type Block, entriesOf } from "./capabilityBlock.ts"
import { bytesOf, durationOf } from "./fieldSchema.ts"
import * as hostSchema from "./hostSchema.ts"
import { limitsOf } from "./quotaSchema.ts"

type File = Schema.Schema.Type<typeof hostSchema.HostFile>

const defaultDuration = (value: string | undefined, other: string): Duration.Duration =>
  durationOf(value ?? other) as Duration.Duration

export const supervisionOf = (table: File["supervision"]): Supervision => ({
  strategy: table?.strategy ?? "OneForOne",
  intensity: {
    restarts: table?.restarts ?? hostSchema.defaultIntensity.restarts,
    within: defaultDuration(table?.within, hostSchema.defaultIntensity.within)
  },
  backoff: {
    base: defaultDuration(table?.backoff?.base, hostSchema.defaultBackoff.base),
    factor: table?.backoff?.factor ?? hostSchema.defaultBackoff.factor,
    cap: defaultDuration(table?.backoff?.cap, hostSchema.defaultBackoff.cap)
  }
})

export const auditOf = (table: File["audit"]): Audit => {
  const { checkpoints, quota, retain, rotate } = table ?? {}
  return {
    file: table?.file,
    options: {
      capacity: table?.capacity,
      flushEvery: optionalDuration(table?.["flush-every"]),
      quota: quota && { bytesPerSecond: optionalBytes(quota["per-second"]), burst: optionalBytes(quota.burst) },
      rotate: rotate && { bytes: optionalBytes(rotate.size), every: optionalDays(rotate.days) },
      retain: retain && { segments: retain.segments, age: optionalDays(retain.days) }
    },
    checkpoints: checkpoints && {
      origin: checkpoints.origin,
      key: checkpoints.key,
      witnesses: checkpoints.witnesses ?? [],
      console: checkpoints.console ?? false,
      every: optionalDuration(checkpoints.every),
      required: checkpoints.required ?? false
    }
  }
}

export const approvalsOf = (table: File["approvals"]): Approvals | undefined =>
  table && {
    key: table.key,
    operators: table.operators as ReadonlyArray<PublicKey>,
    quorum: table.quorum,
    passTrusted: table["pass-trusted"]
  }

export const receiptsOf = (table: File["receipts"]): Receipts => ({
  isKept: table?.keep ?? true,
  file: table?.file,
  options: {
    count: table?.count,
    age: optionalDays(table?.days),
    buffer: table?.buffer,
    within: optionalDuration(table?.within)
  }
})

export const quotasOf = (table: File["quotas"]): Quotas => ({
  component: limitsOf(table?.component ?? {}),
  tenant: limitsOf(table?.tenant ?? {}),
  tenants: new Map(Object.entries(table?.tenants ?? {}).map(([tenant, limits]) => [tenant, limitsOf(limits)]))
})

export const secretsOf = (table: NonNullable<File["component"]>[number]["secrets"]): HostedComponent["secrets"] =>
  new Map(
    Object.entries(table ?? {}).map(([key, { env, file }]) => [
      key,
      env === undefined ? { _tag: "File", file: file! } : { _tag: "Environment", name: env }
    ])
  )

const optionalBytes = (value: string | undefined) => value === undefined ? undefined : bytesOf(value)
const optionalDuration = (value: string | undefined) => value === undefined ? undefined : durationOf(value)
const optionalDays = (value: number | undefined) => value === undefined ? undefined : Duration.days(value)

export const optionsOf = (component: NonNullable<File["component"]>[number]): Options => ({
  limits: {
    memory: optionalBytes(component.limits?.memory),
    fuel: component.limits?.fuel,
    timeout: optionalDuration(component.limits?.timeout)
  },
  grants: (component.grant ?? []).flatMap((entry): ReadonlyArray<Grant> => {
    const block = entry as Block
    return entriesOf(block).map(({ kind, patterns }) => ({
      kind,
      patterns,
      reason: block.reason,
      ...(block.expires === undefined ? undefined : { expires: block.expires }),
      ...(block.audit === undefined ? undefined : { audit: block.audit })
    }))
  }),
  health: component.health && {
    every: optionalDuration(component.health.every),
    timeout: optionalDuration(component.health.timeout),
    failures: component.health.failures
  },
  environment: recordOf(component.environment),
  config: recordOf(component.config),
  tier: component.tier ?? "auto"
})

const recordOf = <A>(table: Readonly<Record<string, A>> | undefined): Readonly<Record<string, A>> => {
  const record: Record<string, A> = Object.create(null)
  for (const [key, value] of Object.entries(table ?? {})) {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return record
}

export const targetOf = (
  table: { readonly component: string; readonly export: string; readonly args?: ReadonlyArray<unknown> }
): Target => ({ component: table.component, export: table.export, args: table.args ?? [] })
