import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditStore, Segment } from "../AuditStore.ts"
import * as format from "./auditFormat.ts"
import { forEachLine } from "./auditLines.ts"
import type { Settings } from "./auditSettings.ts"
import { carried } from "./auditStanding.ts"
import type { AuditWriter } from "./auditWriter.ts"
import { Frontier } from "./merkleFrontier.ts"

type Beginning = Extract<format.Line, { readonly _tag: "Segment" }>

const beginningOf = Effect.fnUntraced(function*(store: AuditStore["Service"], segment: Segment) {
  let beginning: Beginning | undefined
  yield* forEachLine(store, segment, 0, ({ text }) =>
    Effect.sync(() => {
      const line = text === undefined ? undefined : format.read(text)
      if (line?._tag === "Segment") beginning = line
      return false
    }))
  return beginning ?? (yield* new AuditError({
    reason: "Tampered",
    detail: `${store.name} has no beginning of the segment of entry ${segment.id}`
  }))
})

/** Records a cut, and again what holds beyond it: as it is when the cut is recorded. */
const record = (
  store: AuditStore["Service"],
  writer: AuditWriter,
  gone: number,
  cut: AuditEvent
): Effect.Effect<void, AuditError> =>
  Effect.gen(function*() {
    const before = writer.standing
    yield* writer.flush
    const events = yield* carried(store, gone)
    yield* Effect.suspend((): Effect.Effect<unknown, AuditError> =>
      writer.standing === before
        ? writer.appendAll([...events, cut])
        : record(store, writer, gone, cut)
    )
  })

/**
 * Gives up the oldest segments that are too many or too old, and of which each
 * witness has seen the end: it takes nothing that is not proved from there. First
 * the log records up to where and the root of what goes, so that what stays can be
 * told from a log of which somebody cut the beginning. What the state of trust is
 * compared with is recorded again before it goes. Returns when to look again.
 */
export const tidy = Effect.fnUntraced(function*(
  store: AuditStore["Service"],
  writer: AuditWriter,
  { attestEvery, keepFor, keepSegments }: Settings,
  sha256: Digest["Service"],
  seen: number
): Effect.fn.Return<number, AuditError> {
  const segments = yield* store.segments
  let first: Beginning | undefined
  let gone = 0
  let due = Number.POSITIVE_INFINITY
  for (const [index, next] of segments.slice(1).entries()) {
    const isMany = segments.length - index > keepSegments
    if (!isMany && keepFor === Number.POSITIVE_INFINITY) break
    const beginning = yield* beginningOf(store, next)
    if (!isMany && writer.latestTime < beginning.time + keepFor) {
      due = beginning.time + keepFor
      break
    }
    if (beginning.size > seen) {
      due = writer.latestTime + attestEvery
      break
    }
    first = beginning
    gone = index + 1
  }
  if (first !== undefined) {
    const root = yield* new Frontier(sha256, first.size, first.nodes).root
    yield* record(store, writer, gone, { _tag: "Cut", through: first.size, root, time: first.time })
  }
  for (const { id } of segments.slice(0, gone)) yield* store.remove(id)
  return due
})
