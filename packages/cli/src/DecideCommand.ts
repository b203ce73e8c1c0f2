/**
 * `airssys approve`, `deny` and `revoke`: what an operator signs about a request.
 *
 * The host of the folder may run or not. What is signed is stored, and an
 * approval counts when the host has it in its audit log.
 *
 * @since 0.1.0
 */
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import type { Approval } from "airssys/security/Approval"
import * as ApprovalReport from "airssys/security/ApprovalReport"
import * as ApprovalStatement from "airssys/security/ApprovalStatement"
import * as ExpiryDate from "airssys/security/ExpiryDate"
import * as SafeText from "airssys/security/SafeText"
import type { SigningKey } from "airssys/security/SigningKey"
import * as Statement from "airssys/security/Statement"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as HostFlags from "./HostFlags.ts"
import * as HostQueue from "./HostQueue.ts"

const outcome = "Nothing was decided."

/** Who looks at the same time is told by the revision; nobody waits for a claim to end. */
const claimFor = Duration.toMillis("10 minutes")

const approveFor = Duration.toMillis("90 days")

interface Asked {
  readonly id: string
  readonly key: string
  readonly folder: string
  readonly reason: string
}

const about = ({ asked, id, revision }: Approval, issued: number) => ({
  host: asked.host,
  request: id,
  revision,
  issued
})

/** Shows the request to who is about to sign, with the key that signs. */
const reviewed = Effect.fnUntraced(function*({ folder, id, key }: Asked) {
  const request = yield* HostQueue.requestOf(id, outcome)
  const signer = yield* NodeSigningKey.read(key)
  const { queue, quorum } = yield* HostQueue.open(folder, outcome)
  const approval = yield* queue.get(request)
  yield* Console.log(ApprovalReport.render(approval, yield* queue.difference(approval)))
  return { approval, queue, quorum, signer, now: yield* Clock.currentTimeMillis }
})

/**
 * @category combinators
 * @since 0.1.0
 */
export const sign = <A>(statement: Statement.Statement<A>, value: A, key: SigningKey) =>
  Effect.provide(Statement.sign(statement, value, [key]), NodeSignature.layer)

const decide = Effect.fnUntraced(function*(
  options: Asked & {
    readonly verdict: "approve" | "deny"
    readonly notAfter: (now: number) => Effect.Effect<number, HostQueue.QueueError>
  }
) {
  const { approval, now, queue, quorum, signer } = yield* reviewed(options)
  const notAfter = yield* options.notAfter(now)
  const claim = { ...about(approval, now), notAfter: now + claimFor }
  const claimed = yield* queue.claim(yield* sign(ApprovalStatement.claim, claim, signer))
  const { asked: { artifact, capabilities, nonce }, publisher } = claimed
  const decision: ApprovalStatement.Decision = {
    ...about(claimed, now),
    nonce,
    artifact,
    capabilities,
    verdict: options.verdict,
    reason: options.reason,
    notAfter,
    ...(publisher === undefined ? undefined : { publisher })
  }
  return yield* told(yield* queue.decide(yield* sign(ApprovalStatement.decision, decision, signer)), quorum)
})

const revoke = Effect.fnUntraced(function*(options: Asked) {
  const { approval, now, queue, quorum, signer } = yield* reviewed(options)
  const revocation = { ...about(approval, now), reason: options.reason }
  return yield* told(yield* queue.revoke(yield* sign(ApprovalStatement.revocation, revocation, signer)), quorum)
})

/**
 * Says what became of a request, and from when that counts.
 *
 * @category combinators
 * @since 0.1.0
 */
export const told = (approval: Approval, quorum: number) =>
  Effect.andThen(
    Console.log(`\n${ApprovalReport.summary(approval, quorum)}`),
    Console.log(
      approval.state._tag === "Reviewing"
        ? "Another operator has to approve it, too."
        : approval.state._tag === "Approved"
        ? "It counts when the host has recorded it: at once where it runs, else when it is started."
        : "It holds from now on; a host that runs sees it within a second."
    )
  )

/**
 * The time at which a decision ends: after a day, or in 90 days.
 *
 * @category combinators
 * @since 0.1.0
 */
export const lastDay = (expires: string | undefined) => (now: number) => {
  if (expires === undefined) return Effect.succeed(now + approveFor)
  return Schema.is(ExpiryDate.ExpiryDate)(expires)
    ? Effect.succeed(ExpiryDate.end(expires))
    : Effect.fail(
      new HostQueue.QueueError({ detail: `${SafeText.escape(expires, 40)} is no day such as 2027-03-31`, outcome })
    )
}

/**
 * @category flags
 * @since 0.1.0
 */
export const keyFlag = Flag.String("key").pipe(
  Flag.withDescription("File of the operator's key, see `airssys keys generate`")
)

const common = {
  id: Argument.String("id").pipe(
    Argument.withDescription("A request, sha256:..., as `airssys approvals list` shows it")
  ),
  key: keyFlag,
  folder: HostFlags.folder
}

/**
 * @category flags
 * @since 0.1.0
 */
export const reasonFlag = Flag.String("reason").pipe(Flag.withDescription("Why; it is signed and recorded"))

/**
 * @category flags
 * @since 0.1.0
 */
export const expiresFlag = Flag.String("expires").pipe(
  Flag.withDescription("The last valid day, UTC: 2027-03-31; by default for 90 days"),
  Flag.optional
)

/**
 * @category models
 * @since 0.1.0
 */
export const approve = Command.make(
  "approve",
  {
    ...common,
    reason: Flag.withDefault(reasonFlag, "Approved by an operator."),
    expires: expiresFlag
  },
  ({ expires, ...asked }) =>
    Effect.scoped(decide({ ...asked, verdict: "approve", notAfter: lastDay(Option.getOrUndefined(expires)) }))
).pipe(
  Command.withDescription("Sign that a release may run with what it asks for"),
  Command.withExamples([{
    command: "airssys approve sha256:5a1c... --key ada.key --expires 2027-03-31",
    description: "Approve a request until the end of that day"
  }])
)

/**
 * @category models
 * @since 0.1.0
 */
export const deny = Command.make(
  "deny",
  { ...common, reason: reasonFlag },
  (asked) => Effect.scoped(decide({ ...asked, verdict: "deny", notAfter: lastDay(undefined) }))
).pipe(Command.withDescription("Sign that a release may not run; it is not asked about again"))

/**
 * @category models
 * @since 0.1.0
 */
export const revokeCommand = Command.make(
  "revoke",
  { ...common, reason: reasonFlag },
  (asked) => Effect.scoped(revoke(asked))
)
  .pipe(Command.withDescription("Sign that an approval holds no longer; a component that runs on it is killed"))
