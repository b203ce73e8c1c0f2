/**
 * Steps of requests in a store that other processes may share, and what is
 * approved by then.
 */
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Approval from "../Approval.ts"
import { UnknownRequest } from "../ApprovalError.ts"
import type { Failure } from "../ApprovalQueue.ts"
import * as ApprovalStatement from "../ApprovalStatement.ts"
import type { ApprovalStore, ApprovalStoreError, Page, Query } from "../ApprovalStore.ts"
import type { AuditError } from "../AuditError.ts"
import * as Statement from "../Statement.ts"
import { proves } from "./approvalProof.ts"
import * as approvalRelease from "./approvalRelease.ts"

type ByStatement = (
  signed: Statement.Signed
) => Effect.Effect<Approval.Approval, Failure | Approval.ApprovalRefused | UnknownRequest>

export interface Options {
  readonly rules: Approval.Rules
  readonly store: ApprovalStore["Service"]
  readonly now: () => number
  /** Brings a record that was stored into the audit log, and says so in the store; or leaves that to another process. */
  readonly record: (
    approval: Approval.Approval,
    from: string
  ) => Effect.Effect<Approval.Approval, ApprovalStoreError | AuditError>
  /** Learns of what is stored, whether or not it can be recorded: what is taken back counts at once. */
  readonly told: (approval: Approval.Approval) => Effect.Effect<unknown>
}

export const approving = ["Approved", "AutoApproved", "DevBypassed"] as const

export const make = Effect.fnUntraced(function*({ now, record, rules, store, told }: Options) {
  const crypto = yield* Effect.context<Signature.Signature | Digest.Digest>()
  /** One at a time, so that nobody takes for forgotten what is about to be recorded. */
  const inTurn = Semaphore.makeUnsafe(1).withPermit

  const update = (approval: Approval.Approval): Effect.Effect<boolean, ApprovalStoreError> =>
    Effect.tap(store.update(approval), (isKept) => isKept ? told(approval) : Effect.void)

  const found = Effect.fnUntraced(function*(id: string) {
    const approval = yield* store.get(id)
    if (approval === undefined) return yield* new UnknownRequest({ request: id })
    return yield* settle(yield* record(approval, "unknown"))
  })

  /** A record as it is at this time: what is over becomes so in the store. */
  const settle = (approval: Approval.Approval): Effect.Effect<Approval.Approval, Failure | UnknownRequest> =>
    Effect.suspend(() => {
      const stepped = Result.getOrElse(Approval.step(approval, { _tag: "TimePassed" }, rules, now()), () => approval)
      return stepped === approval ? Effect.succeed(approval) : Effect.flatMap(
        update(stepped),
        (isKept) => isKept ? record(stepped, approval.state._tag) : found(approval.id)
      )
    })

  const take = (
    id: string,
    event: Exclude<Approval.Event, { readonly _tag: "TimePassed" }>
  ): Effect.Effect<Approval.Approval, Failure | Approval.ApprovalRefused | UnknownRequest> =>
    Effect.gen(function*() {
      const approval = yield* found(id)
      const stepped = yield* Effect.fromResult(Approval.step(approval, event, rules, now()))
      return (yield* update(stepped))
        ? yield* record(stepped, approval.state._tag)
        : yield* take(id, event)
    })

  const byStatement = <A extends ApprovalStatement.Release>(
    statement: Statement.Statement<A>,
    eventOf: (
      opened: Statement.Opened<A>,
      signed: Statement.Signed
    ) => Exclude<Approval.Event, { readonly _tag: "TimePassed" }>
  ): ByStatement =>
  (signed) =>
    Statement.open(statement, signed).pipe(
      Effect.provide(crypto),
      Effect.flatMap((opened) => inTurn(take(opened.value.request, eventOf(opened, signed)))),
      Effect.uninterruptible
    )

  /** A record that was listed, as it is at this time. */
  const current = (approval: Approval.Approval): Effect.Effect<Approval.Approval, Failure> =>
    record(approval, "unknown").pipe(
      Effect.flatMap(settle),
      Effect.catchTag("UnknownRequest", () => Effect.succeed(approval))
    )

  const approvalsOf = Effect.fnUntraced(function*(query: Query) {
    const all: Array<Approval.Approval> = []
    let after: string | undefined
    do {
      const page: Page = yield* store.list({ ...query, after, limit: 1000 })
      for (const approval of page.approvals) all.push(approval)
      after = page.next
    } while (after !== undefined)
    return all
  })

  /** The latest that is approved, holds and will do. It is found by what it says, not only by how it is filed. */
  const standing = Effect.fnUntraced(function*(
    query: Query,
    will: (approval: Approval.Approval) => Effect.Effect<boolean, Failure>
  ) {
    const isMeant = ({ asked }: Approval.Approval) => asked.component === query.component
    const found = yield* approvalsOf({ states: approving, ...query })
    for (const approval of found.filter(isMeant).toReversed()) {
      if (!(yield* will(approval))) continue
      const settled = yield* current(approval)
      const isGood = isMeant(settled) && (yield* will(settled))
      if (isGood && (yield* proves(settled, rules, now()).pipe(Effect.provide(crypto)))) return settled
    }
    return undefined
  })

  /** Whether operators have approved a request, and still do. */
  const isApproved = Effect.fnUntraced(function*(id: string) {
    const approval = yield* store.get(id)
    return approval?.state._tag === "Approved" && (yield* proves(approval, rules, now()).pipe(Effect.provide(crypto)))
  })

  /** What passed by itself counts as seen while it hangs on what operators have approved of the same publisher. */
  const isSeen = ({ publisher, state }: Approval.Approval, asking: Approval.Approval) => {
    if (state._tag === "Approved") return Effect.succeed(true)
    const basis = publisher === asking.publisher ? Approval.basisOf(state) : undefined
    return basis === undefined ? Effect.succeed(false) : isApproved(basis)
  }

  const difference = Effect.fnUntraced(function*(asking: Approval.Approval) {
    const { component } = asking.asked
    const latest = yield* standing(
      { component },
      (_) => approvalRelease.isSameSource(_, asking) ? isSeen(_, asking) : Effect.succeed(false)
    )
    return approvalRelease.difference(latest?.asked, asking.asked)
  }, inTurn)

  return {
    inTurn,
    found,
    take,
    approvalsOf,
    isApproved,
    standing,
    shared: {
      host: rules.host,
      claim: byStatement(ApprovalStatement.claim, (opened) => ({ _tag: "Claimed", ...opened })),
      release: byStatement(ApprovalStatement.release, (opened) => ({ _tag: "Released", ...opened })),
      decide: byStatement(ApprovalStatement.decision, (opened, signed) => ({ _tag: "Decided", ...opened, signed })),
      revoke: byStatement(ApprovalStatement.revocation, (opened, signed) => ({ _tag: "Revoked", ...opened, signed })),
      get: (id: string) => inTurn(found(id)),
      list: (query: Query) =>
        inTurn(Effect.flatMap(
          store.list(query),
          (page) => Effect.map(Effect.forEach(page.approvals, current), (approvals): Page => ({ ...page, approvals }))
        )),
      difference
    }
  }
})
