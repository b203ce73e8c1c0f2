/**
 * Where requests for approval are kept, so that none is lost and none decided
 * twice, also where several processes share the store.
 *
 * Each write is durable when it returns. A record is replaced only by one that
 * follows the revision which is kept.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Approval, Tag } from "./Approval.ts"

/**
 * The store could not be read or written, or holds what is no request.
 *
 * @category errors
 * @since 0.1.0
 */
export class ApprovalStoreError
  extends Schema.TaggedError<ApprovalStoreError>("airssys/security/ApprovalStoreError")("ApprovalStoreError", {
    reason: Schema.Literals(["Unreadable", "Unwritable", "Malformed", "Full"]),
    detail: Schema.String,
    cause: Schema.optional(Schema.Defect())
  })
{
  override get message(): string {
    return `the store of approvals: ${this.detail}`
  }
}

/**
 * A page of records. `next` continues it, and is absent on the last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly approvals: ReadonlyArray<Approval>
  readonly next?: string | undefined
}

/**
 * Which records are listed: all of them if nothing is named.
 *
 * @category models
 * @since 0.1.0
 */
export interface Query {
  readonly states?: ReadonlyArray<Tag> | undefined
  readonly component?: string | undefined
  readonly artifact?: string | undefined
  /** Whether the audit log has them. */
  readonly isRecorded?: boolean | undefined
  /** Where the page before said to continue. */
  readonly after?: string | undefined
  /** From 1 to 1,000; default 100. */
  readonly limit?: number | undefined
}

/**
 * How many records a page of a query has at most.
 *
 * @category combinators
 * @since 0.1.0
 */
export const pageSize = ({ limit = 100 }: Query): number => Math.min(Math.max(Math.trunc(limit), 1), 1000)

/**
 * Service that keeps requests by id.
 *
 * @category services
 * @since 0.1.0
 */
export class ApprovalStore extends Context.Service<ApprovalStore, {
  /** Adds a record; says false, and changes nothing, where its id or the nonce of its request is there already. */
  readonly insert: (approval: Approval) => Effect.Effect<boolean, ApprovalStoreError>
  /** Replaces the record of this id if that has the revision before; says false where it has not. */
  readonly update: (approval: Approval) => Effect.Effect<boolean, ApprovalStoreError>
  /** Says of a record, if it still has this revision, that it is in the audit log. */
  readonly recorded: (id: string, revision: number) => Effect.Effect<boolean, ApprovalStoreError>
  readonly get: (id: string) => Effect.Effect<Approval | undefined, ApprovalStoreError>
  /** Lists records in the order in which they were added. */
  readonly list: (query: Query) => Effect.Effect<Page, ApprovalStoreError>
  /**
   * Says, at first and within a second of each change by another process, that
   * records may be others than before; nothing where no other process has them.
   */
  readonly changes: Stream.Stream<void>
}>()("airssys/security/ApprovalStore") {}

/**
 * Layer that forgets with the process: for tests, and for hosts that ask again
 * after each start. Holds at most 100,000 records.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<ApprovalStore> = Layer.sync(ApprovalStore, () => {
  const records = new Map<string, Approval>()
  const order: Array<string> = []
  const nonces = new Set<string>()

  return ApprovalStore.of({
    insert: (approval) =>
      Effect.suspend(() => {
        if (records.has(approval.id) || nonces.has(approval.asked.nonce)) return Effect.succeed(false)
        if (order.length >= 100_000) {
          return Effect.fail(
            new ApprovalStoreError({ reason: "Full", detail: "100,000 requests are kept: use a store on disk" })
          )
        }
        records.set(approval.id, approval)
        nonces.add(approval.asked.nonce)
        order.push(approval.id)
        return Effect.succeed(true)
      }),
    update: (approval) =>
      Effect.sync(() => {
        if (records.get(approval.id)?.revision !== approval.revision - 1) return false
        records.set(approval.id, approval)
        return true
      }),
    recorded: (id, revision) =>
      Effect.sync(() => {
        const found = records.get(id)
        if (found?.revision !== revision) return false
        records.set(id, { ...found, isRecorded: true })
        return true
      }),
    get: (id) => Effect.sync(() => records.get(id)),
    list: (query) =>
      Effect.sync(() => {
        const { after, artifact, component, isRecorded, states } = query
        const most = pageSize(query)
        const found: Array<Approval> = []
        let at = after === undefined ? 0 : Number(after) + 1
        for (; at < order.length && found.length < most; at++) {
          const approval = records.get(order[at]!)!
          if (
            (states === undefined || states.includes(approval.state._tag)) &&
            (component === undefined || component === approval.asked.component) &&
            (artifact === undefined || artifact === approval.asked.artifact) &&
            (isRecorded === undefined || isRecorded === approval.isRecorded)
          ) found.push(approval)
        }
        return { approvals: found, ...(at < order.length ? { next: String(at - 1) } : undefined) }
      }),
    changes: Stream.empty
  })
})
