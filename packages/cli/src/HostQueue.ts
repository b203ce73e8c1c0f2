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
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as HostFolder from "./HostFolder.ts"

/**
 * Nothing was decided, and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class QueueError extends Schema.TaggedError<QueueError>("@airssys/cli/QueueError")("QueueError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `error: ${this.detail}. Nothing was decided.`
  }
}

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
 * Opens the queue of the host in a folder, which may run meanwhile.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const { approvals, options } = yield* HostFolder.read(folder)
  const refuse = (detail: string) => new QueueError({ detail })
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
