import { assert, describe, it } from "@effect/vitest"
import * as Approval from "airssys/security/Approval"
import * as ApprovalStatement from "airssys/security/ApprovalStatement"
import type { PublicKey } from "airssys/security/PublicKey"
import * as Statement from "airssys/security/Statement"
import { Arbitrary, Effect, Result, Schema } from "effect"

const key = (name: string) => `ed25519:${name}` as PublicKey
const host = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" as PublicKey
const [ada, ben, cy, requester, stranger] = ["ada", "ben", "cy", "requester", "stranger"].map(key) as [
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey
]
const digest = (text: string): string => `sha256:${text.repeat(64).slice(0, 64)}`

const rules = (quorum: number): Approval.Rules => ({ host, operators: new Set([ada, ben, cy]), quorum })

const asked: ApprovalStatement.Request = {
  host,
  nonce: "n".repeat(22),
  component: "acme:rates",
  version: "1.0.0",
  artifact: digest("a"),
  manifest: digest("b"),
  capabilities: digest("c"),
  wants: [],
  limits: { memory: 1024 * 1024, fuel: 1000 },
  reason: "Needed.",
  issued: 0,
  notAfter: 1000
}

const pending: Approval.Approval = {
  id: digest("1"),
  request: { text: "", signatures: [] },
  asked,
  requesters: [requester],
  level: "Unknown",
  revision: 0,
  isRecorded: true,
  state: { _tag: "Pending" }
}

type Options = {
  readonly by?: ReadonlyArray<PublicKey>
  readonly notAfter?: number
  readonly verdict?: "approve" | "deny"
  readonly kind?: "AutoApproved" | "DevBypassed"
  readonly change?: Record<string, unknown>
}

const signedBy = <A>(statement: Statement.Statement<A>, value: A, by: ReadonlyArray<PublicKey>): Statement.Signed => ({
  text: Result.getOrElse(Statement.encode(statement, value), () => ""),
  signatures: by.map((key) => ({ key, signature: "A".repeat(86) }))
})

const eventOf = (tag: Approval.Event["_tag"], self: Approval.Approval, options: Options = {}): Approval.Event => {
  const about = { host, request: self.id, revision: self.revision, issued: 0 }
  const signers = options.by ?? (tag === "Passed" ? [host] : [ada])
  const release = { artifact: asked.artifact, capabilities: asked.capabilities }
  const notAfter = options.notAfter ?? 500
  switch (tag) {
    case "TimePassed":
      return { _tag: tag }
    case "Claimed":
      return { _tag: tag, value: { ...about, notAfter, ...options.change }, signers }
    case "Released":
      return { _tag: tag, value: { ...about, ...options.change }, signers }
    case "Decided": {
      const value = {
        ...about,
        ...release,
        nonce: asked.nonce,
        verdict: options.verdict ?? "approve" as const,
        reason: "Read.",
        notAfter,
        ...options.change
      }
      return { _tag: tag, value, signers, signed: signedBy(ApprovalStatement.decision, value, signers) }
    }
    case "Passed": {
      const value = {
        ...about,
        ...release,
        kind: options.kind ?? "AutoApproved" as const,
        because: "trusted",
        level: self.level,
        notAfter,
        ...options.change
      }
      return { _tag: tag, value, signers, signed: signedBy(ApprovalStatement.automatic, value, signers) }
    }
    case "Revoked": {
      const value = { ...about, reason: "Over.", ...options.change }
      return { _tag: tag, value, signers, signed: signedBy(ApprovalStatement.revocation, value, signers) }
    }
  }
}

type Run = readonly [tag: Approval.Event["_tag"], options?: Options, now?: number]

/** The record after steps that are all taken. */
const after = (steps: ReadonlyArray<Run>, quorum = 1, start = pending): Approval.Approval =>
  steps.reduce(
    (self, [tag, options, now = 0]) =>
      Result.getOrThrow(Approval.step(self, eventOf(tag, self, options), rules(quorum), now)),
    start
  )

const refusal = (self: Approval.Approval, [tag, options, now = 0]: Run, quorum = 1): string => {
  const result = Approval.step(self, eventOf(tag, self, options), rules(quorum), now)
  return Result.isFailure(result) ? result.failure.reason : "taken"
}

const reviewing = after([["Claimed"]])
const trusted: Approval.Approval = { ...pending, level: "Trusted" }
const dev: Approval.Approval = { ...pending, level: "DevMode" }

const states: Readonly<Record<Approval.Tag, Approval.Approval>> = {
  Pending: pending,
  Reviewing: reviewing,
  Approved: after([["Claimed"], ["Decided"]]),
  Denied: after([["Claimed"], ["Decided", { verdict: "deny" }]]),
  AutoApproved: after([["Passed"]], 1, trusted),
  DevBypassed: after([["Passed", { kind: "DevBypassed" }]], 1, dev),
  Expired: after([["TimePassed", {}, 1000]]),
  Revoked: after([["Claimed"], ["Decided"], ["Revoked"]])
}

describe("Approval", () => {
  it("is in the state that its name says", () => {
    for (const [tag, self] of Object.entries(states)) assert.strictEqual(self.state._tag, tag)
  })

  it("takes every legal step, and from no state another", () => {
    const taken = new Set<string>()
    const events: ReadonlyArray<Run> = [
      ["Claimed"],
      ["Claimed", { by: [ben] }],
      ["Released"],
      ["Decided"],
      ["Decided", { verdict: "deny" }],
      ["Passed"],
      ["Passed", { kind: "DevBypassed" }],
      ["Revoked"],
      ["TimePassed", {}, 400],
      ["TimePassed", {}, 2000]
    ]
    const starts = [...Object.values(states), trusted, dev, after([["Claimed"], ["Claimed", { by: [ben] }]])]
    for (const quorum of [1, 2]) {
      for (const self of starts) {
        for (const [tag, options, now = 0] of events) {
          const result = Approval.step(self, eventOf(tag, self, options), rules(quorum), now)
          if (Result.isSuccess(result) && result.success !== self) {
            taken.add(`${self.state._tag} ${result.success.state._tag}`)
            assert.strictEqual(result.success.revision, self.revision + 1)
            assert.isFalse(result.success.isRecorded)
          }
        }
      }
    }
    assert.sameMembers([...taken], Approval.edges.map(([from, to]) => `${from} ${to}`))
  })

  it("is released by its last reviewer, or when the claims run out", () => {
    assert.strictEqual(after([["Claimed"], ["Released"]]).state._tag, "Pending")
    const both = after([["Claimed"], ["Claimed", { by: [ben], notAfter: 700 }]])
    assert.strictEqual(after([["Released"]], 1, both).state._tag, "Reviewing")
    assert.strictEqual(after([["TimePassed", {}, 500]], 1, both).state._tag, "Reviewing")
    assert.strictEqual(after([["TimePassed", {}, 700]], 1, both).state._tag, "Pending")
    assert.strictEqual(refusal(both, ["Released", { by: [cy] }]), "NotReviewing")
  })

  it("refuses what was signed for another host, request, nonce, artifact or set of capabilities", () => {
    for (const tag of ["Claimed", "Released", "Decided", "Revoked"] as const) {
      const self = tag === "Revoked" ? states.Approved : reviewing
      assert.strictEqual(refusal(self, [tag, { change: { host: stranger } }]), "WrongHost")
      assert.strictEqual(refusal(self, [tag, { change: { request: digest("2") } }]), "WrongRequest")
    }
    for (const field of ["nonce", "artifact", "capabilities"]) {
      const other = field === "nonce" ? "m".repeat(22) : digest("f")
      assert.strictEqual(refusal(reviewing, ["Decided", { change: { [field]: other } }]), "Mismatch")
    }
    for (const field of ["artifact", "capabilities"]) {
      assert.strictEqual(refusal(trusted, ["Passed", { change: { [field]: digest("f") } }]), "Mismatch")
    }
    assert.strictEqual(refusal(trusted, ["Passed", { change: { host: stranger } }]), "WrongHost")
    for (const change of [{ publisher: stranger }, { level: "DevMode" }]) {
      assert.strictEqual(refusal(trusted, ["Passed", { change }]), "Mismatch")
    }
    assert.strictEqual(refusal(reviewing, ["Decided", { change: { publisher: stranger } }]), "Mismatch")
    const published = { ...reviewing, publisher: cy }
    assert.strictEqual(refusal(published, ["Decided"]), "Mismatch")
    assert.strictEqual(refusal(published, ["Decided", { change: { publisher: cy } }]), "taken")
  })

  it("takes nothing twice, and nothing that was signed before something else happened", () => {
    for (const tag of ["Claimed", "Released", "Decided"] as const) {
      const event = eventOf(tag, reviewing)
      const next = Result.getOrThrow(Approval.step(reviewing, event, rules(1), 0))
      const again = Approval.step(next, event, rules(1), 0)
      assert.isTrue(Result.isFailure(again))
      if (Result.isFailure(again)) assert.strictEqual(again.failure.reason, "Stale")
    }
  })

  it("refuses a decision of who asked, by whatever name, alone or beside others", () => {
    const own = { ...rules(1), operators: new Set([ada, ben, requester]) }
    for (const by of [[requester], [ada, requester]]) {
      for (const tag of ["Claimed", "Decided"] as const) {
        const result = Approval.step(reviewing, eventOf(tag, reviewing, { by }), own, 0)
        assert.isTrue(Result.isFailure(result) && result.failure.reason === "OwnRequest")
      }
    }
    const result = Approval.step(states.Approved, eventOf("Revoked", states.Approved, { by: [requester] }), own, 0)
    assert.isTrue(Result.isSuccess(result))
  })

  it("refuses a decision of who signed the release, alone or beside others", () => {
    const own = { ...reviewing, publisher: ada }
    for (const by of [[ada], [ada, ben]]) {
      for (const tag of ["Claimed", "Released", "Decided"] as const) {
        assert.strictEqual(refusal(own, [tag, { by }]), "OwnRequest")
      }
    }
    assert.strictEqual(refusal(own, ["Claimed", { by: [ben] }]), "taken")
  })

  it("keeps one approval of an operator, however often it comes", () => {
    let self = after([["Claimed"]], 2)
    for (const notAfter of [400, 300, 450]) self = after([["Decided", { notAfter }]], 2, self)
    assert.strictEqual(self.state._tag === "Reviewing" && self.state.approvals.length, 1)
    const both = after([["Claimed", { by: [ben] }], ["Decided", { by: [ben] }]], 2, self)
    assert.strictEqual(both.state._tag === "Approved" && both.state.notAfter, 450)
  })

  it("refuses who is no operator, alone or beside one, and who signs for the host", () => {
    for (const by of [[], [stranger], [ada, stranger], [host]]) {
      assert.strictEqual(refusal(pending, ["Claimed", { by }]), "NotOperator")
      assert.strictEqual(refusal(reviewing, ["Decided", { by }]), "NotOperator")
      assert.strictEqual(refusal(states.Approved, ["Revoked", { by }]), "NotOperator")
    }
    for (const by of [[], [ada], [host, ada]]) assert.strictEqual(refusal(trusted, ["Passed", { by }]), "NotOperator")
  })

  it("decides only by those who review at this time", () => {
    assert.strictEqual(refusal(pending, ["Decided"]), "NotReviewing")
    assert.strictEqual(refusal(reviewing, ["Decided", { by: [ben] }]), "NotReviewing")
    assert.strictEqual(refusal(reviewing, ["Decided", { by: [ada, ben] }]), "NotReviewing")
    const later = after([["Claimed", { notAfter: 300 }]])
    assert.strictEqual(refusal(later, ["Decided", {}, 299]), "taken")
    assert.strictEqual(refusal(later, ["Decided", {}, 300]), "NotReviewing")
  })

  it("needs as many operators as the quorum says, each counted once", () => {
    const one = after([["Claimed"], ["Decided"]], 2)
    assert.strictEqual(one.state._tag, "Reviewing")
    assert.strictEqual(after([["Claimed"], ["Decided"]], 2, one).state._tag, "Reviewing")
    assert.strictEqual(after([["Claimed", { by: [ben] }], ["Decided", { by: [ben] }]], 2, one).state._tag, "Approved")
    assert.strictEqual(
      after([["Claimed", { by: [ada, ben] }], ["Decided", { by: [ada, ben] }]], 2).state._tag,
      "Approved"
    )
    const two = after([["Claimed", { by: [ada, ben] }], ["Decided", { by: [ada, ben] }], ["Decided"]], 3)
    assert.strictEqual(two.state._tag, "Reviewing")
    const denied = after([["Claimed", { by: [ben] }], ["Decided", { by: [ben], verdict: "deny" }]], 2, one)
    assert.strictEqual(denied.state._tag, "Denied")
  })

  it("counts no approval that is over, and none of who is no operator any more", () => {
    const one = after([["Claimed"], ["Decided", { notAfter: 100 }], ["Claimed", { by: [ben], notAfter: 900 }]], 2)
    assert.strictEqual(after([["Decided", { by: [ben], notAfter: 900 }, 99]], 2, one).state._tag, "Approved")
    assert.strictEqual(after([["Decided", { by: [ben], notAfter: 900 }, 100]], 2, one).state._tag, "Reviewing")
    const fewer = { ...rules(2), operators: new Set([ben, cy]) }
    const next = Result.getOrThrow(Approval.step(one, eventOf("Decided", one, { by: [ben] }), fewer, 0))
    assert.strictEqual(next.state._tag, "Reviewing")
  })

  it("ends with the first of its approvals", () => {
    const both = after([
      ["Claimed"],
      ["Decided", { notAfter: 400 }],
      ["Claimed", { by: [ben] }],
      ["Decided", { by: [ben], notAfter: 900 }]
    ], 2)
    assert.strictEqual(after([["TimePassed", {}, 399]], 2, both), both)
    assert.strictEqual(after([["TimePassed", {}, 400]], 2, both).state._tag, "Expired")
  })

  it("takes nothing when its time is over, nor what is over itself", () => {
    assert.strictEqual(refusal(pending, ["Claimed", { notAfter: 2000 }, 1000]), "Over")
    assert.strictEqual(refusal(reviewing, ["Decided", { notAfter: 2000 }, 1000]), "Over")
    assert.strictEqual(refusal(pending, ["Claimed", { notAfter: 10 }, 10]), "Over")
    assert.strictEqual(refusal(reviewing, ["Decided", { notAfter: 10 }, 10]), "Over")
    assert.strictEqual(refusal(trusted, ["Passed", { notAfter: 10 }, 10]), "Over")
    assert.strictEqual(refusal(states.Approved, ["Revoked", {}, 500]), "Over")
  })

  it("is not bypassed unless the host found DevMode on", () => {
    assert.strictEqual(refusal(pending, ["Passed", { kind: "DevBypassed" }]), "NotAllowed")
    assert.strictEqual(refusal(trusted, ["Passed", { kind: "DevBypassed" }]), "NotAllowed")
    assert.strictEqual(refusal(dev, ["Passed", { kind: "DevBypassed" }]), "taken")
  })

  const run = Schema.Struct({
    tag: Schema.Literals(["Claimed", "Released", "Decided", "Passed", "Revoked", "TimePassed"]),
    by: Schema.Array(Schema.Literals([0, 1, 2, 3, 4, 5])),
    verdict: Schema.Literals(["approve", "deny"]),
    kind: Schema.Literals(["AutoApproved", "DevBypassed"]),
    pause: Schema.Literals([0, 0, 0, 50, 400]),
    lasts: Schema.Literals([0, 100, 600])
  })

  it.effect.prop(
    "goes only along its edges, and is approved by enough operators who reviewed, none of whom asked",
    {
      level: Arbitrary.schema(Schema.Literals(["Unknown", "Trusted", "DevMode"])),
      quorum: Arbitrary.schema(Schema.Literals([1, 2, 3])),
      runs: Arbitrary.array(Arbitrary.schema(run), { maxLength: 40 })
    },
    ({ level, quorum, runs }) =>
      Effect.sync(() => {
        const keys = [ada, ben, cy, requester, stranger, host]
        const all = { ...rules(quorum), operators: new Set([ada, ben, cy, requester]) }
        let self: Approval.Approval = { ...pending, level }
        let now = 0
        const claims = new Map<PublicKey, number>()
        const approved = new Map<PublicKey, number>()
        for (const { by, kind, lasts, pause, tag, verdict } of runs) {
          now += pause
          const signers = [...new Set(by.map((_) => keys[_]!))]
          const options = {
            by: tag === "Passed" && by.length === 0 ? [host] : signers,
            verdict,
            kind,
            notAfter: now + lasts
          }
          const result = Approval.step(self, eventOf(tag, self, options), all, now)
          if (Result.isFailure(result)) continue
          const next = result.success
          if (next === self) continue
          const edge = `${self.state._tag} ${next.state._tag}`
          assert.isTrue(Approval.edges.some(([from, to]) => edge === `${from} ${to}`), edge)
          if (tag === "Claimed") { for (const _ of signers) claims.set(_, now + lasts) }
          if (tag === "Released") { for (const _ of signers) claims.delete(_) }
          if (tag === "Decided") {
            for (const _ of signers) {
              assert.isTrue([ada, ben, cy].includes(_))
              assert.isAbove(claims.get(_) ?? 0, now)
              if (verdict === "approve") approved.set(_, Math.max(approved.get(_) ?? 0, now + lasts))
            }
          }
          if (next.state._tag === "Approved") {
            assert.isAtLeast([...approved.values()].filter((_) => _ > now).length, quorum)
          }
          if (next.state._tag === "AutoApproved") assert.deepStrictEqual(options.by, [host])
          if (next.state._tag === "DevBypassed") assert.strictEqual(level, "DevMode")
          self = next
        }
      })
  )
})
