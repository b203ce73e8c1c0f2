/**
 * The requests for approval of a folder with an `airssys.toml`, whether or not
 * its host runs.
 *
 * @since 0.1.0
 */
import * as NodeApprovalStore from "@airssys/platform-node/NodeApprovalStore"
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeHostFolder from "@airssys/platform-node/NodeHostFolder"
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import * as ApprovalQueue from "airssys/security/ApprovalQueue"
import { ApprovalStore } from "airssys/security/ApprovalStore"
import * as SafeText from "airssys/security/SafeText"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as HostFolder from "./HostFolder.ts"

/**
 * Why the queue was not opened, or a request not found. `outcome` is what did
 * not happen for it.
 *
 * @category errors
 * @since 0.1.0
 */
export class QueueError extends Schema.TaggedError<QueueError>("@airssys/cli/QueueError")("QueueError", {
  detail: Schema.String,
  outcome: Schema.String
}) {
  override get message(): string {
    return `error: ${this.detail}. ${this.outcome}`
  }
}

const isRequest = (id: string): boolean => /^sha256:[0-9a-f]{64}$/.test(id)

const hintOf = (id: string): string => {
  const digits = /^sha256:(.*)$/is.exec(id)?.[1]
  if (digits === undefined) {
    return /^[\w-]+:[\w-]+(?:@|$)/.test(id) ? `; what a component is granted is for \`airssys grant\`` : ""
  }
  if (!/^[0-9a-f]*$/.test(digits)) return "; its digits are 0 to 9 and a to f"
  return `; it has ${digits.length} of the digits: give all of them`
}

/**
 * The id of a request, if it is one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const requestOf = (id: string, outcome: string): Effect.Effect<string, QueueError> =>
  isRequest(id) ? Effect.succeed(id) : Effect.fail(
    new QueueError({
      detail: `${SafeText.escape(id, 80)} is no request, sha256: and 64 digits as \`airssys approvals list\` shows it` +
        hintOf(id),
      outcome
    })
  )

/**
 * A queue, and how many operators have to approve there.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostQueue {
  readonly queue: ApprovalQueue.ApprovalQueue
  readonly quorum: number
}

/**
 * Opens the queue of the host in a folder, which may run meanwhile. `outcome` is
 * what an error says has not happened.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(folder: string, outcome: string) {
  const fs = yield* FileSystem.FileSystem
  const { approvals, options } = yield* HostFolder.read(folder, outcome)
  const refuse = (detail: string) => new QueueError({ detail, outcome })
  if (approvals === undefined) {
    return yield* refuse("its airssys.toml has no [approvals], so releases need none: name operators there")
  }
  if (options.folder === undefined) {
    return yield* refuse("its airssys.toml has no folder, so requests go with the host: add folder = \".airssys\"")
  }
  for (const made of [options.folder, approvals.key]) {
    if (yield* Effect.orElseSucceed(fs.exists(made), () => false)) continue
    return yield* refuse(`there is no ${made}, so nothing has asked yet: start the host with \`airssys run\``)
  }
  const places = yield* Effect.mapError(NodeHostFolder.look(options.folder), ({ detail }) => refuse(detail))
  const { publicKey } = yield* NodeSigningKey.read(approvals.key)
  const store = yield* Layer.build(NodeApprovalStore.layer({ path: places.approvals }))
  const queue = yield* ApprovalQueue.make({ ...approvals, host: publicKey }).pipe(
    Effect.provideService(ApprovalStore, Context.get(store, ApprovalStore)),
    Effect.provide([NodeSignature.layer, NodeDigest.layer])
  )
  return { queue, quorum: approvals.quorum ?? 1 } satisfies HostQueue
})
