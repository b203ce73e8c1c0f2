/**
 * The life of a request for approval, as data and one pure function.
 *
 * ```text
 * Pending -> Reviewing -> Approved | Denied
 * Reviewing -> Pending             released, or the claims ran out
 * Pending -> AutoApproved | DevBypassed
 * Pending, Reviewing, Approved, AutoApproved, DevBypassed -> Expired
 * Approved, AutoApproved, DevBypassed -> Revoked
 * ```
 *
 * `step` has every rule of who may do what: the service around it verifies
 * signatures, keeps records and writes the audit log.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ApprovalStatement from "./ApprovalStatement.ts"
import * as approvalRelease from "./internal/approvalRelease.ts"
import * as approvalSigners from "./internal/approvalSigners.ts"
import { Digest } from "./internal/statementField.ts"
import * as PublicKey from "./PublicKey.ts"
import * as SafeText from "./SafeText.ts"
import * as Statement from "./Statement.ts"
import type { Level } from "./TrustVerdict.ts"

const Time = Schema.Int

/**
 * Schema of a claim that an operator has on a request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reviewer = Schema.Struct({ key: PublicKey.PublicKey, until: Time })

/**
 * Schema of `State`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const State = Schema.TaggedUnion({
  Pending: {},
  /** Who looks at it, and the approvals so far, of which more are needed. */
  Reviewing: { reviewers: Schema.Array(Reviewer), approvals: Schema.Array(Statement.Signed) },
  Approved: { approvals: Schema.Array(Statement.Signed), notAfter: Time },
  Denied: { denial: Statement.Signed, reason: Schema.String },
  AutoApproved: { automatic: Statement.Signed, because: Schema.String, notAfter: Time },
  DevBypassed: { automatic: Statement.Signed, because: Schema.String, notAfter: Time },
  Expired: {},
  Revoked: { revocation: Statement.Signed, reason: Schema.String }
})

/**
 * @category models
 * @since 0.1.0
 */
export type State = typeof State.Type

/**
 * @category models
 * @since 0.1.0
 */
export type Tag = State["_tag"]

/**
 * The legal steps. `Reviewing` follows itself when one of several reviewers
 * comes, goes or approves.
 *
 * @category models
 * @since 0.1.0
 */
export const edges = [
  ["Pending", "Reviewing"],
  ["Pending", "AutoApproved"],
  ["Pending", "DevBypassed"],
  ["Pending", "Expired"],
  ["Reviewing", "Reviewing"],
  ["Reviewing", "Pending"],
  ["Reviewing", "Approved"],
  ["Reviewing", "Denied"],
  ["Reviewing", "Expired"],
  ["Approved", "Expired"],
  ["Approved", "Revoked"],
  ["AutoApproved", "Expired"],
  ["AutoApproved", "Revoked"],
  ["DevBypassed", "Expired"],
  ["DevBypassed", "Revoked"]
] as const satisfies ReadonlyArray<readonly [Tag, Tag]>

/**
 * @category models
 * @since 0.1.0
 */
export type Edge = typeof edges[number]

/**
 * Schema of `Approval`: `id` is the digest of the text of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Approval = Schema.Struct({
  id: Digest,
  request: Statement.Signed,
  asked: ApprovalStatement.Request,
  requesters: Schema.Array(PublicKey.PublicKey),
  level: Schema.Literals(["Trusted", "Unknown", "DevMode"]),
  publisher: Schema.optionalKey(PublicKey.PublicKey),
  signers: Schema.optionalKey(Schema.Array(PublicKey.PublicKey)),
  revision: Schema.Int,
  /** Whether the audit log has what led to this state. What it has not does not count. */
  isRecorded: Schema.Boolean,
  state: State
})

/**
 * A request, and what became of it. `level`, `publisher` and `signers` are what
 * the host found out about the release, not what the request says.
 *
 * @category models
 * @since 0.1.0
 */
export interface Approval extends Schema.Schema.Type<typeof Approval> {}

/**
 * What happens to a request. Signatures were verified before: `signers` are the
 * keys that signed `value`.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | { readonly _tag: "Claimed"; readonly value: ApprovalStatement.Claim; readonly signers: Signers }
  | { readonly _tag: "Released"; readonly value: ApprovalStatement.Release; readonly signers: Signers }
  | {
    readonly _tag: "Decided"
    readonly value: ApprovalStatement.Decision
    readonly signers: Signers
    readonly signed: Statement.Signed
  }
  | {
    readonly _tag: "Passed"
    readonly value: ApprovalStatement.Automatic
    readonly signers: Signers
    readonly signed: Statement.Signed
  }
  | {
    readonly _tag: "Revoked"
    readonly value: ApprovalStatement.Revocation
    readonly signers: Signers
    readonly signed: Statement.Signed
  }
  | { readonly _tag: "TimePassed" }

/**
 * @category models
 * @since 0.1.0
 */
export type Signers = ReadonlyArray<PublicKey.PublicKey>

/**
 * What a host holds to. `quorum` is how many operators have to approve.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  readonly host: PublicKey.PublicKey
  readonly operators: ReadonlySet<PublicKey.PublicKey>
  readonly quorum: number
}

/**
 * A step that was not taken, and why.
 *
 * - `WrongHost`, `WrongRequest`: it names another host, or another request.
 * - `Stale`: something happened to the request since it was signed, or it was used before.
 * - `Mismatch`: it names another nonce, artifact, publisher or set of capabilities.
 * - `OwnRequest`: a key that signed the request or the release signed this too.
 * - `NotOperator`: a key that signed is no operator's, or not the host's where that is needed.
 * - `NotReviewing`: who signed has no claim, or nobody has.
 * - `Over`: it, or the request, is past its time.
 * - `NotAllowed`: nothing of the kind can happen in this state.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApprovalRefused extends Schema.TaggedError<ApprovalRefused>("airssys/security/Approval/ApprovalRefused")(
  "ApprovalRefused",
  {
    reason: Schema.Literals([
      "WrongHost",
      "WrongRequest",
      "Stale",
      "Mismatch",
      "OwnRequest",
      "NotOperator",
      "NotReviewing",
      "Over",
      "NotAllowed"
    ]),
    detail: Schema.String
  }
) {
  override get message(): string {
    return SafeText.escape(this.detail)
  }
}

type Step = Result.Result<Approval, ApprovalRefused>

const refuse = (reason: ApprovalRefused["reason"], detail: string): Result.Result<never, ApprovalRefused> =>
  Result.fail(new ApprovalRefused({ reason, detail }))

/**
 * Whether a state lets a release run.
 *
 * @category guards
 * @since 0.1.0
 */
export const isApproving = (
  state: State
): state is Extract<State, { readonly _tag: "Approved" | "AutoApproved" | "DevBypassed" }> =>
  state._tag === "Approved" || state._tag === "AutoApproved" || state._tag === "DevBypassed"

/**
 * The request on whose approval hangs what the host let pass by itself, as the host
 * has signed it; undefined where there is none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const basisOf = (state: State): string | undefined =>
  state._tag !== "AutoApproved" && state._tag !== "DevBypassed" ? undefined : Result.match(
    Statement.decode(ApprovalStatement.automatic, state.automatic.text),
    { onFailure: () => undefined, onSuccess: ({ basis }) => basis }
  )

const moved = (self: Approval, state: State): Approval => ({
  ...self,
  state,
  revision: self.revision + 1,
  isRecorded: false
})

const live = (reviewers: ReadonlyArray<typeof Reviewer.Type>, now: number) =>
  reviewers.filter(({ until }) => now < until)

const claimed = (self: Approval, { signers, value }: Extract<Event, { _tag: "Claimed" }>, now: number): Step => {
  if (now >= value.notAfter) return refuse("Over", "the claim is past its time")
  const { state } = self
  if (state._tag !== "Pending" && state._tag !== "Reviewing") {
    return refuse("NotAllowed", `the request is ${state._tag} already`)
  }
  const others = state._tag === "Pending"
    ? []
    : live(state.reviewers, now).filter(({ key }) => !signers.includes(key))
  return Result.succeed(moved(self, {
    _tag: "Reviewing",
    reviewers: [...others, ...signers.map((key) => ({ key, until: value.notAfter }))],
    approvals: state._tag === "Pending" ? [] : state.approvals
  }))
}

const left = (
  state: Extract<State, { _tag: "Reviewing" }>,
  reviewers: ReadonlyArray<typeof Reviewer.Type>
): State => reviewers.length === 0 && state.approvals.length === 0 ? { _tag: "Pending" } : { ...state, reviewers }

const released = (self: Approval, { signers }: Extract<Event, { _tag: "Released" }>): Step => {
  const { state } = self
  if (state._tag !== "Reviewing") return refuse("NotAllowed", `nobody reviews the request: it is ${state._tag}`)
  return signers.every((key) => state.reviewers.some((_) => _.key === key))
    ? Result.succeed(moved(self, left(state, state.reviewers.filter(({ key }) => !signers.includes(key)))))
    : refuse("NotReviewing", "who signed it does not review the request")
}

/**
 * Whether so many operators have approved: keys that are not an operator's any
 * more do not count, nor does one that signed twice.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasQuorum = (approvals: ReadonlyArray<Statement.Signed>, rules: Rules): boolean => {
  const keys = approvals.flatMap(({ signatures }) => signatures.map(({ key }) => key))
  return new Set(keys.filter((key) => rules.operators.has(key))).size >= rules.quorum
}

const endOf = ({ text }: Statement.Signed): number =>
  Result.match(Statement.decode(ApprovalStatement.decision, text), {
    onFailure: () => 0,
    onSuccess: ({ notAfter }) => notAfter
  })

const decided = (
  self: Approval,
  { signed, signers, value }: Extract<Event, { _tag: "Decided" }>,
  rules: Rules,
  now: number
): Step => {
  const { asked, state } = self
  if (value.nonce !== asked.nonce || !approvalRelease.isNamed(self, value)) {
    return refuse("Mismatch", "it names another nonce, artifact, publisher or set of capabilities than the request")
  }
  if (now >= value.notAfter) return refuse("Over", "the decision is past its time")
  if (state._tag !== "Reviewing") {
    return state._tag === "Pending"
      ? refuse("NotReviewing", "nobody reviews the request: claim it first")
      : refuse("NotAllowed", `the request is ${state._tag} already`)
  }
  const reviewers = live(state.reviewers, now)
  if (!signers.every((key) => reviewers.some((_) => _.key === key))) {
    return refuse("NotReviewing", "who signed it does not review the request, or no longer: claim it first")
  }
  if (value.verdict === "deny") {
    return Result.succeed(moved(self, { _tag: "Denied", denial: signed, reason: value.reason }))
  }
  const isReplaced = ({ signatures }: Statement.Signed) => signatures.every(({ key }) => signers.includes(key))
  const approvals = [...state.approvals.filter((_) => now < endOf(_) && !isReplaced(_)), signed]
  return Result.succeed(moved(
    self,
    hasQuorum(approvals, rules)
      ? { _tag: "Approved", approvals, notAfter: Math.min(...approvals.map(endOf)) }
      : { _tag: "Reviewing", reviewers, approvals }
  ))
}

const passed = (self: Approval, { signed, value }: Extract<Event, { _tag: "Passed" }>, now: number): Step => {
  if (!approvalRelease.isNamed(self, value) || value.level !== self.level) {
    return refuse("Mismatch", "it names another artifact, publisher, level or set of capabilities than the request")
  }
  if (now >= value.notAfter) return refuse("Over", "it is past its time")
  const allowed: Level = value.kind === "DevBypassed" ? "DevMode" : self.level
  if (self.state._tag !== "Pending" || self.level !== allowed) {
    return refuse(
      "NotAllowed",
      `a request that is ${self.state._tag}, of a release that is ${self.level}, passes not so`
    )
  }
  return Result.succeed(moved(self, {
    _tag: value.kind,
    automatic: signed,
    because: value.because,
    notAfter: value.notAfter
  }))
}

const revoked = (self: Approval, { signed, value }: Extract<Event, { _tag: "Revoked" }>): Step =>
  isApproving(self.state)
    ? Result.succeed(moved(self, { _tag: "Revoked", revocation: signed, reason: value.reason }))
    : refuse("NotAllowed", `there is no approval to revoke: the request is ${self.state._tag}`)

const timePassed = (self: Approval, now: number): Step => {
  const { asked, state } = self
  const over = isApproving(state)
    ? now >= state.notAfter
    : (state._tag === "Pending" || state._tag === "Reviewing") && now >= asked.notAfter
  if (over) return Result.succeed(moved(self, { _tag: "Expired" }))
  if (state._tag !== "Reviewing") return Result.succeed(self)
  const reviewers = live(state.reviewers, now)
  return Result.succeed(reviewers.length === state.reviewers.length ? self : moved(self, left(state, reviewers)))
}

/**
 * Takes one step, or says why not. The result is the same object when nothing
 * changes, and has the next revision when something does. `now` is in
 * milliseconds since the epoch, and must not run backward.
 *
 * @category combinators
 * @since 0.1.0
 */
export const step = (self: Approval, event: Event, rules: Rules, now: number): Step => {
  if (event._tag === "TimePassed") return timePassed(self, now)
  const settled = timePassed(self, now)
  if (Result.isSuccess(settled) && settled.success.state._tag === "Expired" && self.state._tag !== "Expired") {
    return refuse("Over", "the request, or what was decided, is past its time")
  }
  const objection = approvalSigners.objectionTo(self, event, rules)
  if (objection !== undefined) return refuse(objection.reason, objection.detail)
  switch (event._tag) {
    case "Claimed":
      return claimed(self, event, now)
    case "Released":
      return released(self, event)
    case "Decided":
      return decided(self, event, rules, now)
    case "Passed":
      return passed(self, event, now)
    case "Revoked":
      return revoked(self, event)
  }
}
