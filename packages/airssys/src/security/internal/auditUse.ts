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

const actorOf = ({ id, kind }: Use["principal"]) => ({ kind, id })

/**
 * The text of a use but for its message and its count, or undefined if it does
 * not fit: repeats have the same. A use is checked and printed here and not by
 * its schema, which says the same, because every call of a guest pays for it.
 */
export const useText = (event: Use): string | undefined =>
  isValid(event)
    ? JSON.stringify({
      _tag: event._tag,
      principal: actorOf(event.principal),
      kind: event.kind,
      resource: event.resource,
      reason: event._tag === "CapabilityDenied" ? event.reason : undefined,
      isReported: event._tag === "CapabilityDenied" ? event.isReported : undefined,
      rule: event.rule === undefined ? undefined : { grant: event.rule.grant, pattern: event.rule.pattern },
      onBehalfOf: event.onBehalfOf?.map(actorOf),
      release: event.release
    })
    : undefined

/** The text with the message in the course of which the use was. */
export const inMessage = (text: string, { correlation }: Use): string =>
  correlation === undefined ? text : `${text.slice(0, -1)},"correlation":${JSON.stringify(correlation)}}`
