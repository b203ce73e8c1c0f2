/**
 * Requests for approval, for those who decide.
 *
 * `Approvals` is a queue, of the process that hosts the releases. `make` gives
 * the queue of a host to another process: what operators say there is stored, and
 * the host brings it into its audit log. So an approval counts when the host has
 * recorded it; what is taken back counts at once.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type { CryptoError } from "effect/crypto/CryptoError"
import type * as Digest from "effect/crypto/Digest"
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import type { Approval, ApprovalRefused } from "./Approval.ts"
import type { InvalidOptions, UnknownRequest } from "./ApprovalError.ts"
import { ApprovalStore, type ApprovalStoreError, type Page, type Query } from "./ApprovalStore.ts"
import type { AuditError } from "./AuditError.ts"
import type { CapabilityDiff } from "./CapabilityDiff.ts"
import * as approvalRequest from "./internal/approvalRequest.ts"
import * as approvalSteps from "./internal/approvalSteps.ts"
import * as steadyTime from "./internal/steadyTime.ts"
import type { PublicKey } from "./PublicKey.ts"
import type { Raised } from "./ResourceLimits.ts"
import type { Signed, StatementError } from "./Statement.ts"

/**
 * Why a queue fails, whatever is asked of it: its store, the audit log or a
 * signature.
 *
 * @category errors
 * @since 0.1.0
 */
export type Failure = ApprovalStoreError | AuditError | StatementError | CryptoError

/**
 * What a release asks for beyond what is approved: `limits` has those that are
 * wider, all of them where nothing is approved.
 *
 * @category models
 * @since 0.1.0
 */
export interface Difference extends CapabilityDiff {
  readonly limits: ReadonlyArray<Raised>
}

type ByStatement = (signed: Signed) => Effect.Effect<Approval, Failure | ApprovalRefused | UnknownRequest>

/**
 * @category models
 * @since 0.1.0
 */
export interface ApprovalQueue {
  /** The key that statements have to name as their host. */
  readonly host: PublicKey
  /** Takes a signed `ApprovalStatement.claim`: an operator reviews. */
  readonly claim: ByStatement
  /** Takes a signed `ApprovalStatement.release`: an operator reviews no longer. */
  readonly release: ByStatement
  /** Takes a signed `ApprovalStatement.decision` of those who review. */
  readonly decide: ByStatement
  /** Takes a signed `ApprovalStatement.revocation`, which holds at once. */
  readonly revoke: ByStatement
  readonly get: (id: string) => Effect.Effect<Approval, Failure | UnknownRequest>
  /** Lists requests, the oldest first, each as it is at this time. */
  readonly list: (query: Query) => Effect.Effect<Page, Failure>
  /**
   * What a request asks for beyond what is approved of its component and
   * publisher, the greatest risk first; all of it where nothing is.
   */
  readonly difference: (approval: Approval) => Effect.Effect<Difference, Failure>
}

/**
 * Whose requests these are, and who decides them: as `Approvals.Options` says it
 * of the host.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The public key of the host. */
  readonly host: PublicKey
  readonly operators: ReadonlyArray<PublicKey>
  /** Default 1. */
  readonly quorum?: number | undefined
}

/**
 * The queue of a host of another process, which may run or not.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options
): Effect.Effect<ApprovalQueue, InvalidOptions, ApprovalStore | Signature.Signature | Digest.Digest> =>
  Effect.gen(function*() {
    const { shared } = yield* approvalSteps.make({
      rules: yield* Effect.fromResult(approvalRequest.rules(options)),
      store: yield* ApprovalStore,
      now: steadyTime.make(yield* Clock.Clock, () => 0),
      record: Effect.succeed,
      told: () => Effect.void
    })
    return shared
  })
