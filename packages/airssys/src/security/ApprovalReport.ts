/**
 * A request for approval in words, for the operator who decides.
 *
 * What the request says is escaped, look-alikes included, and quoted, so that
 * nothing of it can pass for a line of the report.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type { Approval } from "./Approval.ts"
import type { Difference } from "./ApprovalQueue.ts"
import * as CapabilityDiff from "./CapabilityDiff.ts"
import type { PublicKey } from "./PublicKey.ts"
import * as ResourceLimits from "./ResourceLimits.ts"
import * as SafeText from "./SafeText.ts"

const text = (value: string): string => SafeText.escapeLookAlikes(value)
const subject = ({ audit, expires, kind, pattern }: CapabilityDiff.Item): string =>
  `${SafeText.word(kind)}${pattern === "" ? "" : ` ${SafeText.word(pattern)}`}${
    expires === undefined ? "" : ` until ${text(expires)}`
  }` +
  (audit === undefined ? "" : ", recorded before use")

const reasonFor = ({ asked }: Approval, { audit, expires, kind, pattern }: CapabilityDiff.Item): string =>
  asked.wants.find((want) =>
    want.kind === kind && want.expires === expires && want.audit === audit &&
    (pattern === "" || want.patterns.includes(pattern))
  )?.reason ?? ""

/**
 * The report on a request. `difference` is what it asks for beyond what is
 * approved of its component, as `Approvals.difference` gives it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (approval: Approval, difference: Difference): string => {
  const { asked, id, level, publisher, requesters, state } = approval
  const source = publisher === undefined ? "nobody signed it" : `signed by ${publisher}`
  return [
    `${SafeText.word(asked.component)} ${SafeText.word(asked.version)} asks to run: ${SafeText.quote(asked.reason)}`,
    `  request   ${id} (${state._tag}, revision ${approval.revision})`,
    `  asked by  ${requesters.join(", ")}`,
    `  artifact  ${asked.artifact}`,
    `  manifest  ${asked.manifest}`,
    `  source    ${level}, ${source}`,
    ...(difference.widened.length + difference.limits.length === 0
      ? ["It asks for nothing beyond what is approved."]
      : []),
    ...(difference.widened.length === 0
      ? []
      : [
        "It asks for, beyond what is approved:",
        ...difference.widened.flatMap((item) => [
          `  ${item.risk.level.toUpperCase().padEnd(8)}  ${subject(item)}`,
          `            it ${item.risk.because}: ${SafeText.quote(reasonFor(approval, item))}`
        ])
      ]),
    ...(difference.limits.length === 0
      ? []
      : [
        "Its limits, beyond what is approved:",
        ...difference.limits.map((one) => `            ${ResourceLimits.render(one)}`)
      ]),
    ...(difference.dropped.length === 0
      ? []
      : ["It asks no longer for:", ...difference.dropped.map((item) => `            ${subject(item)}`)])
  ].join("\n")
}

/**
 * The keys whose approvals a request has so far, or was approved by.
 *
 * @category combinators
 * @since 0.1.0
 */
export const approvers = ({ state }: Approval): ReadonlyArray<PublicKey> =>
  state._tag === "Reviewing" || state._tag === "Approved"
    ? [...new Set(state.approvals.flatMap(({ signatures }) => signatures.map(({ key }) => key)))]
    : []

/** The day of the last millisecond before a time. */
const dayBefore = (time: number): string => DateTime.formatIsoDateUtc(DateTime.makeUnsafe(Math.max(0, time - 1)))

const standing = (approval: Approval, quorum: number): string => {
  const { asked, state } = approval
  switch (state._tag) {
    case "Pending":
      return `waits until ${dayBefore(asked.notAfter)}`
    case "Reviewing":
      return `${approvers(approval).length} of ${quorum} approved, waits until ${dayBefore(asked.notAfter)}`
    case "Approved":
    case "AutoApproved":
    case "DevBypassed":
      return `until ${dayBefore(state.notAfter)}`
    case "Denied":
    case "Revoked":
      return `because ${SafeText.quote(state.reason)}`
    case "Expired":
      return ""
  }
}

/** What it is for: the greatest risk of its capabilities, or its limits where it asks for none. */
const subjectOf = ({ limits, wants }: Approval["asked"]): string => {
  const [greatest] = CapabilityDiff.make({ from: [], to: wants }).widened
  if (greatest !== undefined) return greatest.risk.level.toUpperCase()
  const above = ResourceLimits.aboveUnasked(limits)
  return above.length === 0 ? "asks for nothing" : above.map(ResourceLimits.render).join("; ")
}

/**
 * A request on one line: its id, its state, the release, and the greatest risk of
 * what it asks for, or its limits that need an approval where it asks for no
 * capability. `quorum` is how many operators have to approve.
 *
 * @category combinators
 * @since 0.1.0
 */
export const summary = (approval: Approval, quorum: number): string => {
  const { asked, id, isRecorded, state } = approval
  return [
    id,
    state._tag,
    `${SafeText.word(asked.component)} ${SafeText.word(asked.version)}`,
    subjectOf(asked),
    standing(approval, quorum),
    isRecorded ? "" : "not recorded yet"
  ].filter((part) => part !== "").join("  ")
}
