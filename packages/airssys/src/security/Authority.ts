/**
 * Answers about authority: why something is allowed or denied, and who can
 * reach a resource. They look, and record nothing.
 *
 * @since 0.1.0
 */
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { Decision } from "./Decision.ts"
import type { Explanation } from "./Explanation.ts"
import * as explanation from "./Explanation.ts"
import type { Source } from "./Grant.ts"
import type { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * A rule that was looked at. `isCovering` is false for the closest rule, which
 * is shown where none covers the resource; `isDeciding` is true for the ask and
 * the grant by which it was decided, either way.
 *
 * @category models
 * @since 0.1.0
 */
export type Rule =
  & {
    readonly pattern: string
    readonly reason: string
    readonly expires?: string | undefined
    readonly isCovering: boolean
    readonly isDeciding: boolean
  }
  & (
    | {
      readonly _tag: "Ask"
      readonly index: number
      readonly place: NonNullable<Explanation["ask"]>["place"]
      readonly state: "Live" | "Expired"
    }
    | {
      readonly _tag: "Grant"
      readonly id: number
      readonly source?: Source | undefined
      readonly state: "Live" | "Expired" | "Revoked"
    }
  )

/**
 * A decision with every rule that matters to it, asks before grants, in the
 * order in which they are looked at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Why {
  readonly principal: Principal
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  readonly decision: Decision
  readonly rules: ReadonlyArray<Rule>
}

/**
 * That a principal can reach a resource now, with each live grant by which it
 * can: it cannot any more when all of them are gone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reach {
  readonly principal: Principal
  readonly kind: CapabilityKind.CapabilityKind
  readonly grants: ReadonlyArray<{
    readonly id: number
    readonly pattern: string
    readonly reason: string
    readonly expires?: string | undefined
    readonly source?: Source | undefined
  }>
}

const line = (rule: Rule): string => {
  const name = rule._tag === "Ask"
    ? `ask ${rule.index} (${SafeText.escape(rule.place.file)}:${rule.place.line})`
    : `grant ${rule.id}`
  const until = rule.expires === undefined ? "" : `, until ${SafeText.escape(rule.expires)}`
  const what = rule.isCovering ? "" : ", does not cover it"
  const pattern = rule.pattern === "" ? "" : ` ${SafeText.escape(rule.pattern)}`
  return `${rule.isDeciding ? "*" : " "} ${name}${pattern}: ${rule.state.toLowerCase()}${until}${what} ("${
    SafeText.escape(rule.reason)
  }")`
}

/**
 * The answer on several lines: the decision, then each rule, the deciding ones
 * with a star.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (self: Why): string => {
  const { decision, kind, principal, resource } = self
  const head = decision._tag === "Denied"
    ? explanation.render(decision.explanation)
    : `ALLOWED ${SafeText.escape(principal.label)}: ${SafeText.escape(resource === "" ? kind : `${kind} ${resource}`)}`
  return [head, ...self.rules.map(line)].join("\n")
}
