import type { AuditEvent } from "../AuditEvent.ts"
import * as CapabilityKind from "../CapabilityKind.ts"
import * as Explanation from "../Explanation.ts"
import * as Principal from "../Principal.ts"
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

const isMessage = ({ correlation }: Use): boolean => correlation === undefined || isText(correlation, 256)

const isValid = (event: Use): boolean =>
  isActor(event.principal) && CapabilityKind.isCapabilityKind(event.kind) && isText(event.resource) &&
  (event._tag === "CapabilityDenied"
    ? reasons.has(event.reason) && (event.rule === undefined || isRule(event.rule)) &&
      (event.isReported === undefined || event.isReported)
    : isRule(event.rule)) &&
  (event.onBehalfOf === undefined || isChain(event.onBehalfOf)) &&
  (event.release === undefined || digestPattern.test(event.release)) && isMessage(event)

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

/** Whether a use of the same principal has the same text as one that was taken, but for its message and its count. */
export const isRepeat = (event: Use, taken: Use): boolean =>
  event._tag === taken._tag && event.kind === taken.kind && event.resource === taken.resource &&
  event.release === taken.release && isSameRule(event.rule, taken.rule) &&
  isSameChain(event.onBehalfOf, taken.onBehalfOf) && isSameRefusal(event, taken) && isMessage(event)

const textOf = JSON.stringify as (text: string) => string

export const actorText = ({ id, kind }: Use["principal"]): string => `{"kind":"${kind}","id":${textOf(id)}}`

const refusalText = (event: Use): string =>
  event._tag === "CapabilityUsed"
    ? ""
    : `,"reason":"${event.reason}"${event.isReported === true ? ",\"isReported\":true" : ""}`

const ruleText = (rule: Use["rule"]): string =>
  rule === undefined ? "" : `,"rule":{"grant":${rule.grant},"pattern":${textOf(rule.pattern)}}`

/**
 * The text of a use but for its count, or undefined if it does not fit. A use is
 * checked and printed here and not by its schema, which says the same, because
 * every call of a guest pays for it. What is not printed as JSON is one of few
 * words, a number or a digest.
 */
export const useText = (event: Use, actor: string = actorText(event.principal)): string | undefined => {
  if (!isValid(event)) return undefined
  const { _tag, correlation, kind, onBehalfOf, release, resource, rule } = event
  return `{"_tag":"${_tag}","principal":${actor},"kind":"${kind}","resource":${textOf(resource)}` +
    refusalText(event) + ruleText(rule) +
    (onBehalfOf === undefined ? "" : `,"onBehalfOf":[${onBehalfOf.map(actorText).join(",")}]`) +
    (release === undefined ? "" : `,"release":"${release}"`) +
    (correlation === undefined ? "}" : `,"correlation":${textOf(correlation)}}`)
}
