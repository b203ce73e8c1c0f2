/**
 * How a component is, as data: its state, and everything that speaks for or
 * against its health.
 *
 * @since 0.1.0
 */
import type { Usage } from "../security/Quotas.ts"
import type { ComponentEnd } from "./ComponentEnd.ts"
import type { LifecycleEvent, State } from "./ComponentLifecycle.ts"
import type { HealthReport } from "./ComponentMessage.ts"
import { mostOverdue } from "./internal/componentCalls.ts"
import * as lifeEvents from "./internal/lifeEvents.ts"

/**
 * From best to worst; `Unknown` where nothing runs that could be judged.
 *
 * @category models
 * @since 0.1.0
 */
export type Health = "Healthy" | "Degraded" | "Unhealthy" | "Unknown"

/**
 * What waits for the instances of a component together.
 *
 * @category models
 * @since 0.1.0
 */
export interface MailboxFill {
  readonly waiting: number
  /** Infinity where a mailbox is unbounded. */
  readonly capacity: number
}

/**
 * A message that an instance works on for longer than the time between two
 * checks of its health.
 *
 * @category models
 * @since 0.1.0
 */
export interface LongWork {
  readonly export: string
  readonly forMillis: number
}

/**
 * A component at one moment.
 *
 * @category models
 * @since 0.1.0
 */
export interface ComponentStatus {
  /** `namespace:name`. */
  readonly component: string
  readonly version: string
  /** Of the release, `sha256:` and 64 hex digits. */
  readonly digest: string
  readonly state: State
  readonly health: Health
  /** Why it is not healthy, each a line for people. */
  readonly because: ReadonlyArray<string>
  /** How many instances run now, and how many there are to be. */
  readonly instances: { readonly running: number; readonly expected: number }
  /** What its instances last said of themselves, the worst of it; undefined where none has said anything. */
  readonly report: HealthReport | undefined
  /** The message that takes longest, where one takes long. */
  readonly working: LongWork | undefined
  readonly mailbox: MailboxFill
  /** Restarts within the last minute. */
  readonly restarts: number
  /**
   * The functions of the host whose handlers could not be stopped and go on after
   * their calls, one for each handler. With sixteen, further calls are `unavailable`.
   */
  readonly leftBehind: ReadonlyArray<string>
  /** Empty where no quotas are kept. */
  readonly quotas: ReadonlyArray<Usage>
  /** How its last life ended; undefined while it lives, and before the first. */
  readonly end: ComponentEnd | undefined
  /** Its last steps, at most 32, the oldest first. */
  readonly history: ReadonlyArray<LifecycleEvent>
}

/**
 * What a status is judged by.
 *
 * @category models
 * @since 0.1.0
 */
export type Signs = Pick<
  ComponentStatus,
  "state" | "instances" | "report" | "working" | "mailbox" | "restarts" | "leftBehind" | "quotas"
>

interface Sign {
  readonly health: "Degraded" | "Unhealthy"
  readonly because: string
}

const ofState = ({ instances, state }: Signs): ReadonlyArray<Sign> => {
  switch (state) {
    case "Failed":
      return [{ health: "Unhealthy", because: "it failed, and nobody restarts it" }]
    case "Quarantined":
      return [{ health: "Unhealthy", because: "it was taken out" }]
    case "Starting":
      return [{ health: "Degraded", because: "no instance runs yet" }]
    default:
      return instances.running < instances.expected && instances.running > 0
        ? [{ health: "Degraded", because: `${instances.running} of ${instances.expected} instances run` }]
        : []
  }
}

const ofReport = ({ report }: Signs): ReadonlyArray<Sign> => {
  if (report === undefined || report.status === "healthy" || report.status === "unknown") return []
  const because = `it says that it is ${report.status}${report.detail === undefined ? "" : `: ${report.detail}`}`
  return [{ health: report.status === "degraded" ? "Degraded" : "Unhealthy", because }]
}

const fillLimit = 0.8
const quotaLimit = 0.95

const ofCalls = ({ leftBehind }: Signs): ReadonlyArray<Sign> => {
  if (leftBehind.length < mostOverdue) return []
  const functions = [...new Set(leftBehind)].toSorted().join(", ")
  return [{ health: "Degraded", because: `${leftBehind.length} of its calls go on after their end, of ${functions}` }]
}

const ofLoad = ({ mailbox, quotas, restarts, working }: Signs): ReadonlyArray<Sign> => [
  ...(working === undefined
    ? []
    : [{ health: "Degraded", because: lifeEvents.workDetail(working.export, working.forMillis) } as const]),
  ...(mailbox.waiting > 0 && mailbox.waiting >= fillLimit * mailbox.capacity
    ? [{ health: "Degraded", because: `${mailbox.waiting} of ${mailbox.capacity} messages wait` } as const]
    : []),
  ...(restarts > 0
    ? [
      {
        health: "Degraded",
        because: `${restarts} ${restarts === 1 ? "restart" : "restarts"} within the last minute`
      } as const
    ]
    : []),
  ...quotas.flatMap(({ limit, quota, used }) =>
    limit !== undefined && used >= quotaLimit * limit
      ? [{ health: "Degraded", because: `${used} of ${limit} of its ${quota} are used` } as const]
      : []
  )
]

/**
 * What all signs together say of a component, and why.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (signs: Signs): Pick<ComponentStatus, "health" | "because"> => {
  const found = [...ofState(signs), ...ofReport(signs), ...ofCalls(signs), ...ofLoad(signs)]
  const because = found.map((sign) => sign.because)
  if (found.some(({ health }) => health === "Unhealthy")) return { health: "Unhealthy", because }
  if (found.length > 0) return { health: "Degraded", because }
  return { health: signs.instances.running > 0 ? "Healthy" : "Unknown", because }
}
