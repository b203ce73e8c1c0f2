import type { Approval, ApprovalRefused, Event, Rules } from "../Approval.ts"
import * as approvalRelease from "./approvalRelease.ts"

type Signed = Exclude<Event, { readonly _tag: "TimePassed" }>

type Objection = Pick<ApprovalRefused, "reason" | "detail">

const objection = (reason: Objection["reason"], detail: string): Objection => ({ reason, detail })

/** What holds for everything that is signed about a request. */
const misdirected = (self: Approval, { signers, value }: Signed, rules: Rules): Objection | undefined => {
  if (value.host !== rules.host) return objection("WrongHost", "it was signed for another host")
  if (value.request !== self.id) return objection("WrongRequest", "it was signed for another request")
  if (value.revision !== self.revision) {
    return objection(
      "Stale",
      `it was signed for revision ${value.revision}, and the request is at ${self.revision}: look again`
    )
  }
  return signers.length > 0 ? undefined : objection("NotOperator", "nobody signed it")
}

/** What passes by itself is signed by the host alone. */
const notHost = ({ signers }: Signed, rules: Rules): Objection | undefined =>
  signers.length !== 1 || signers[0] !== rules.host
    ? objection("NotOperator", "the host itself has to sign it")
    : undefined

/** Who asked may take back what was given, and nothing else. */
const notOperators = (self: Approval, { _tag, signers }: Signed, rules: Rules): Objection | undefined => {
  const own = signers.find((key) => approvalRelease.isOwn(self, key))
  if (own !== undefined && _tag !== "Revoked") {
    return objection("OwnRequest", `${own} has signed the request or the release: somebody else has to decide`)
  }
  const stranger = signers.find((key) => !rules.operators.has(key))
  return stranger === undefined ? undefined : objection("NotOperator", `${stranger} is not the key of an operator`)
}

/** Why a statement is not one about this request by who may make it; undefined where it is. */
export const objectionTo = (self: Approval, event: Signed, rules: Rules): Objection | undefined =>
  misdirected(self, event, rules) ??
    (event._tag === "Passed" ? notHost(event, rules) : notOperators(self, event, rules))
