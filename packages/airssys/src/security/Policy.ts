/**
 * Rules of an operator over what is granted: they see who, what and on which
 * resource, and take away. A policy never gives what no grant gives.
 *
 * Of several policies one that denies wins. What all of them have no rule for
 * is left to the grants, or denied where the policy is made `required`. A
 * policy that throws, or needs an attribute that the principal does not have,
 * denies.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * What is asked of a policy. `resource` is empty for a kind without resources.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly principal: Principal
  readonly attributes: ReadonlyMap<string, string>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
}

/**
 * The rule that spoke: the name of its policy, and what an operator finds it
 * by.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly policy: string
  readonly rule: string
}

/**
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Permit"; readonly by: Rule }
  | { readonly _tag: "Deny"; readonly by: Rule; readonly because: string }
  | { readonly _tag: "Abstain" }

/**
 * A policy. `evaluate` neither waits nor has side effects, and does not throw.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy {
  readonly name: string
  readonly evaluate: (request: Request) => Verdict
}

/**
 * A policy that cannot be held to. Nothing of it was taken. `path` is the list
 * and the position in it, from 0, of what is wrong: `["entry", 1]`; empty where
 * the whole has another shape.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPolicy extends Schema.TaggedError<InvalidPolicy>("airssys/security/Policy/InvalidPolicy")(
  "InvalidPolicy",
  {
    policy: Schema.String,
    path: Schema.Union([
      Schema.Tuple([]),
      Schema.Tuple([Schema.Literals(["entry", "role", "assignment"]), Schema.Int])
    ]),
    detail: Schema.String
  }
) {
  override get message(): string {
    const place = this.path.length === 0 ? "" : `, ${this.path[0]} ${this.path[1] + 1}`
    return `policy ${SafeText.escape(this.policy)}${place}: ${SafeText.escape(this.detail)}`
  }
}

/**
 * What is known of a principal beside its name, such as its team. Nothing by
 * default. Read at every decision; `CapabilityEnforcer.reconsider` ends what is
 * in flight and would be decided differently.
 *
 * @category references
 * @since 0.1.0
 */
export const Attributes: Context.Reference<(principal: Principal) => ReadonlyMap<string, string>> = Context.Reference<
  (principal: Principal) => ReadonlyMap<string, string>
>("airssys/security/Policy/Attributes", { defaultValue: () => () => new Map() })

/**
 * @category constructors
 * @since 0.1.0
 */
export const permit = (policy: string, rule: string): Verdict => ({ _tag: "Permit", by: { policy, rule } })

/**
 * @category constructors
 * @since 0.1.0
 */
export const deny = (policy: string, rule: string, because: string): Verdict => ({
  _tag: "Deny",
  by: { policy, rule },
  because
})

/**
 * The verdict of a policy that has no rule for a request.
 *
 * @category constructors
 * @since 0.1.0
 */
export const abstain: Verdict = { _tag: "Abstain" }

const isVerdict = (verdict: Verdict): boolean =>
  verdict._tag === "Permit" || verdict._tag === "Deny" || verdict._tag === "Abstain"

/**
 * Makes a policy of a function. Where the function throws, or returns no
 * verdict, the policy denies.
 *
 * ```ts
 * import { Policy, Principal } from "airssys/security"
 *
 * const office = Policy.make("office", (request) =>
 *   request.principal.kind === "Operator" ? Policy.permit("office", "operators") : Policy.abstain)
 * const request = {
 *   principal: Principal.make({ kind: "Component", id: "acme:rates" }),
 *   attributes: new Map(),
 *   kind: "clock" as const,
 *   resource: ""
 * }
 * office.evaluate(request)._tag // => "Abstain"
 * Policy.required(office).evaluate(request)._tag // => "Deny"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, evaluate: (request: Request) => Verdict): Policy => ({
  name,
  evaluate: (request) => {
    try {
      const verdict = evaluate(request)
      return isVerdict(verdict) ? verdict : deny(name, "", "the policy gave no verdict")
    } catch {
      return deny(name, "", "the policy failed")
    }
  }
})

const sealed = (policy: Policy): Policy => make(policy.name, (request) => policy.evaluate(request))

/**
 * All of several policies: the first that denies wins, then the first that
 * permits.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = (name: string, policies: ReadonlyArray<Policy>): Policy => {
  const members = policies.map(sealed)
  return make(name, (request) => {
    let verdict: Verdict = abstain
    for (const policy of members) {
      const next = policy.evaluate(request)
      if (next._tag === "Deny") return next
      if (verdict._tag === "Abstain") verdict = next
    }
    return verdict
  })
}

/**
 * Denies what the policy has no rule for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const required = (policy: Policy): Policy =>
  make(policy.name, (request) => {
    const verdict = policy.evaluate(request)
    return verdict._tag === "Abstain" ? deny(policy.name, "", "no rule permits it") : verdict
  })
