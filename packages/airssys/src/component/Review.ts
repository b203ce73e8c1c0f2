/**
 * What a reviewer should know about a component before it runs: its manifest
 * compared with what it really imports and, where they are known, with what
 * its operator grants.
 *
 * It reads the table from which a host makes the imports of guests, so what it
 * says of an import is what happens, given the functions of the host program. It decides nothing: a component with
 * errors in its review may run, unless it imports what this host does not
 * serve; it is then without what it needs. Policies, revocations and
 * observation, which change what a running host answers, are not part of it.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import type * as CapabilityKind from "../security/CapabilityKind.ts"
import type { Grant } from "../security/Grant.ts"
import * as Risk from "../security/Risk.ts"
import * as SafeText from "../security/SafeText.ts"
import type { HostFunction } from "./HostFunction.ts"
import * as reviewAsks from "./internal/reviewAsks.ts"
import * as reviewImports from "./internal/reviewImports.ts"
import type * as Manifest from "./Manifest.ts"

/**
 * An error is something that the component needs and will not have, a warning
 * something that should not be there, a notice what a reviewer weighs.
 *
 * @category models
 * @since 0.1.0
 */
export type Severity = "Error" | "Warning" | "Notice"

/**
 * What a finding is about:
 *
 * - `Unserved`: an import that this host does not serve. It is not installed.
 * - `NotAsked`, `NotGranted`: an import whose calls are denied.
 * - `Inert`: an import that reaches nothing real.
 * - `Unused`: an ask that no import could use.
 * - `Beyond`: a grant without an ask, which gives nothing.
 * - `Risk`: what an ask could do.
 * - `Expires`: an ask or a grant that ends on a day, or has ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Subject =
  | "Unserved"
  | "NotAsked"
  | "NotGranted"
  | "Inert"
  | "Unused"
  | "Beyond"
  | "Risk"
  | "Expires"

/**
 * One thing to know. `problem` and `remedy` may have text of the component and
 * its manifest, not escaped. `line` counts from 1; it is absent where the
 * manifest says nothing that could be pointed at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly severity: Severity
  readonly subject: Subject
  readonly place: { readonly file: string; readonly line?: number | undefined }
  readonly problem: string
  readonly remedy?: string | undefined
  readonly kind?: CapabilityKind.CapabilityKind | undefined
  readonly risk?: Risk.Level | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Review {
  /** `namespace:name` and version. */
  readonly component: string
  /** Errors, warnings, notices; the greatest risk first. */
  readonly findings: ReadonlyArray<Finding>
}

/**
 * Whether it is without an error.
 *
 * @category guards
 * @since 0.1.0
 */
export const isClean = ({ findings }: Review): boolean => findings.every(({ severity }) => severity !== "Error")

/**
 * What is compared. `file` is the manifest as its reader knows it. Without
 * `grants` it is taken that everything is granted that is asked for. `now` is in
 * milliseconds since the epoch: what has expired by then counts as not there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly manifest: Manifest.Manifest
  readonly file: string
  readonly world: WitType.World
  /** What the host program serves besides airssys. */
  readonly functions?: ReadonlyArray<HostFunction> | undefined
  readonly grants?: ReadonlyArray<Grant> | undefined
  readonly now: number
}

/**
 * Compares a manifest with the world of its component.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Review => {
  const { component, id } = options.manifest
  const findings = [...reviewImports.findings(options), ...reviewAsks.findings(options)]
  return { component: `${id} ${component.version}`, findings: findings.toSorted(compare) }
}

const severities: ReadonlyArray<Severity> = ["Error", "Warning", "Notice"]
const subjects: ReadonlyArray<Subject> = [
  "Unserved",
  "NotAsked",
  "NotGranted",
  "Risk",
  "Unused",
  "Beyond",
  "Expires",
  "Inert"
]

const compare = (a: Finding, b: Finding): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  subjects.indexOf(a.subject) - subjects.indexOf(b.subject) ||
  (a.risk === undefined || b.risk === undefined ? 0 : Risk.levels.indexOf(b.risk) - Risk.levels.indexOf(a.risk))

const mostShown = 100

/**
 * The review in words, at most 100 findings of it. What the component and its
 * manifest say is escaped, look-alikes included.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = ({ component, findings }: Review): string => {
  const counts = severities
    .map((severity) => [severity.toLowerCase(), findings.filter((one) => one.severity === severity).length] as const)
    .map(([word, count]) => `${count} ${word}${count === 1 ? "" : "s"}`)
  const left = findings.length - mostShown
  return [
    `${text(component)}: ${counts.join(", ")}`,
    ...findings.slice(0, mostShown).flatMap(one),
    ...(left > 0 ? [`... and ${left} more`] : [])
  ].join("\n")
}

const one = ({ place, problem, remedy, severity }: Finding): ReadonlyArray<string> => [
  `${severity.toLowerCase()}: ${text(place.file)}${place.line === undefined ? "" : `:${place.line}`}: ${text(problem)}`,
  ...(remedy === undefined ? [] : [`  ${text(remedy)}`])
]

const longest = 1024
const text = (value: string): string => SafeText.escapeLookAlikes(value, longest)
