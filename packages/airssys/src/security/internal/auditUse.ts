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

const isActor = ({ id, kind }: Use["principal"]): boolean =>
  isText(id) && (kind === "Component" || kind === "Operator" || kind === "Host")

const isChain = (chain: NonNullable<Use["onBehalfOf"]>): boolean =>
  Array.isArray(chain) && chain.length <= Principal.mostActingFor + 1 && chain.every(isActor)

const isRule = (rule: Use["rule"]): boolean =>
  rule !== undefined && Number.isSafeInteger(rule.grant) && isText(rule.pattern)

const isValid = (event: Use): boolean =>
  isActor(event.principal) && CapabilityKind.isCapabilityKind(event.kind) && isText(event.resource) &&
  (event._tag === "CapabilityDenied"
    ? reasons.has(event.reason) && (event.rule === undefined || isRule(event.rule)) &&
      (event.isReported === undefined || event.isReported)
    : isRule(event.rule)) &&
  (event.onBehalfOf === undefined || isChain(event.onBehalfOf)) &&
  (event.release === undefined || digestPattern.test(event.release)) &&
  (event.correlation === undefined || isText(event.correlation, 256))

const textOf = JSON.stringify as (text: string) => string

const actorText = ({ id, kind }: Use["principal"]): string => `{"kind":"${kind}","id":${textOf(id)}}`

const refusalText = (event: Use): string =>
  event._tag === "CapabilityUsed"
    ? ""
    : `,"reason":"${event.reason}"${event.isReported === true ? ",\"isReported\":true" : ""}`

const ruleText = (rule: Use["rule"]): string =>
  rule === undefined ? "" : `,"rule":{"grant":${rule.grant},"pattern":${textOf(rule.pattern)}}`

/**
 * The text of a use but for its message and its count, or undefined if it does
 * not fit: repeats have the same. A use is checked and printed here and not by
 * its schema, which says the same, because every call of a guest pays for it.
 * What is not printed as JSON is one of few words, a number or a digest.
 */
export const useText = (event: Use): string | undefined => {
  if (!isValid(event)) return undefined
  const { _tag, kind, onBehalfOf, principal, release, resource, rule } = event
  return `{"_tag":"${_tag}","principal":${actorText(principal)},"kind":"${kind}","resource":${textOf(resource)}` +
    refusalText(event) + ruleText(rule) +
    (onBehalfOf === undefined ? "" : `,"onBehalfOf":[${onBehalfOf.map(actorText).join(",")}]`) +
    (release === undefined ? "}" : `,"release":"${release}"}`)
}

/** The text with the message in the course of which the use was. */
export const inMessage = (text: string, { correlation }: Use): string =>
  correlation === undefined ? text : `${text.slice(0, -1)},"correlation":${JSON.stringify(correlation)}}`
