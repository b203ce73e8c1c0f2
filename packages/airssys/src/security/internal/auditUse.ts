import type { AuditEvent } from "../AuditEvent.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import * as Explanation from "../Explanation.ts"
import * as Principal from "../Principal.ts"
import { ending } from "./auditFormat.ts"
import { digestPattern } from "./statementField.ts"

export type Use = Extract<AuditEvent, { readonly _tag: "CapabilityUsed" | "CapabilityDenied" }>

export const isUse = (event: AuditEvent): event is Use =>
  event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"

const reasons: ReadonlySet<string> = new Set(Explanation.Reason.literals)

const isText = (text: string, longest = 4096): boolean => typeof text === "string" && text.length <= longest

export const isActor = ({ id, kind }: Use["principal"]): boolean =>
  isText(id) && (kind === "Component" || kind === "Operator" || kind === "Host")

const isChain = (chain: NonNullable<Use["onBehalfOf"]>): boolean =>
  Array.isArray(chain) && chain.length <= Principal.mostActingFor + 1 && chain.every(isActor)

const isRule = (rule: Use["rule"]): boolean =>
  rule !== undefined && Number.isSafeInteger(rule.grant) && isText(rule.pattern)

/** Whether a use has a resource, and a message where it names one. */
const isNamed = ({ correlation, resource }: Use): boolean =>
  isText(resource) && (correlation === undefined || isText(correlation, 256))

const isFramed = (event: Use): boolean =>
  isActor(event.principal) && CapabilityKind.isCapabilityKind(event.kind) &&
  (event._tag === "CapabilityDenied"
    ? reasons.has(event.reason) && (event.rule === undefined || isRule(event.rule)) &&
      (event.isReported === undefined || event.isReported)
    : isRule(event.rule)) &&
  (event.onBehalfOf === undefined || isChain(event.onBehalfOf)) &&
  (event.release === undefined || digestPattern.test(event.release))

const isSameRule = (a: Use["rule"], b: Use["rule"]): boolean =>
  a === b || (a !== undefined && b !== undefined && a.grant === b.grant && a.pattern === b.pattern)

const isSameChain = (a: Use["onBehalfOf"], b: Use["onBehalfOf"]): boolean =>
  a === b || (
    Array.isArray(a) && b !== undefined && a.length === b.length &&
    b.every(({ id, kind }, index) => a[index]?.id === id && a[index].kind === kind)
  )

const isSameRefusal = (a: Use, b: Use): boolean =>
  a._tag === "CapabilityUsed" ||
  (b._tag === "CapabilityDenied" && a.reason === b.reason && a.isReported === b.isReported)

/** Whether two uses of one principal differ in their resources and messages alone, where the second is valid. */
const isAlike = (event: Use, taken: Use): boolean =>
  event._tag === taken._tag && event.kind === taken.kind && event.release === taken.release &&
  isSameRule(event.rule, taken.rule) && isSameChain(event.onBehalfOf, taken.onBehalfOf) && isSameRefusal(event, taken)

const textOf = JSON.stringify as (text: string) => string

const actorText = ({ id, kind }: Use["principal"]): string => `{"kind":"${kind}","id":${textOf(id)}}`

const refusalText = (event: Use): string =>
  event._tag === "CapabilityUsed"
    ? ""
    : `,"reason":"${event.reason}"${event.isReported === true ? ",\"isReported\":true" : ""}`

const ruleText = (rule: Use["rule"]): string =>
  rule === undefined ? "" : `,"rule":{"grant":${rule.grant},"pattern":${textOf(rule.pattern)}}`

const chainText = (chain: Use["onBehalfOf"]): string =>
  chain === undefined ? "" : `,"onBehalfOf":[${chain.map(actorText).join(",")}]`

const releaseText = (release: Use["release"]): string => release === undefined ? "" : `,"release":"${release}"`

const encoder = new TextEncoder()

/**
 * What is printed of a use and of those that are alike: from the time of an entry to the resource of its event, and
 * from there to the end of the line where there is no message and no count.
 */
export interface Frame {
  readonly use: Use
  readonly before: Uint8Array
  readonly behind: Uint8Array
}

const frame = (use: Use): Frame => {
  const { _tag, kind, onBehalfOf, principal, release, rule } = use
  const before = `,"event":{"_tag":"${_tag}","principal":${actorText(principal)},"kind":"${kind}","resource":`
  const behind = refusalText(use) + ruleText(rule) + chainText(onBehalfOf) + releaseText(release) + ending
  return { use, before: encoder.encode(before), behind: encoder.encode(behind) }
}

/** Whether a use of the same principal has the same text as one that was taken, but for its message and its count. */
export const isRepeat = (event: Use, taken: { readonly resource: string; readonly frame: Frame }): boolean =>
  event.resource === taken.resource && isAlike(event, taken.frame.use)

const mostFrames = 4

/**
 * The frames of the uses of one principal. A use is checked and printed here and
 * not by its schema, which says the same, because every call of a guest pays for
 * it; a few frames are kept for the next uses, which are mostly alike. What is
 * not printed as JSON is one of few words, a number or a digest.
 */
export class Frames {
  private readonly kept: Array<Frame> = []
  private made = 0

  /** Undefined for a use that does not fit. */
  of(event: Use): Frame | undefined {
    if (!isNamed(event)) return undefined
    for (const frame of this.kept) if (isAlike(event, frame.use)) return frame
    return isFramed(event) ? this.kept[this.made++ % mostFrames] = frame(event) : undefined
  }
}
