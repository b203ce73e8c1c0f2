import * as Effect from "effect/Effect"
import type { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditStore, Segment } from "../AuditStore.ts"
import * as format from "./auditFormat.ts"
import { forEachLine } from "./auditLines.ts"

/** What the state of trust is compared with when it is opened: the last that was stored, and what was taken away since. */
const standing: ReadonlySet<AuditEvent["_tag"]> = new Set([
  "TrustStored",
  "TrustRevoked",
  "KeyRevoked",
  "KeyRotated",
  "VersionRaised"
])

export const isStanding = ({ _tag }: AuditEvent): boolean => standing.has(_tag)

const mention = new RegExp(`"_tag":"(?:${[...standing].join("|")})"`)

const eventOf = (text: string | undefined): AuditEvent | undefined => {
  const line = text !== undefined && mention.test(text) ? format.read(text) : undefined
  return line?._tag === "Entry" ? format.readBody(line.text)?.event : undefined
}

const isStored = ([first]: ReadonlyArray<AuditEvent>): boolean => first?._tag === "TrustStored"

/** Those of a segment, from the last state that was stored on. */
const standingOf = Effect.fnUntraced(function*(
  store: AuditStore["Service"],
  segment: Segment
): Effect.fn.Return<ReadonlyArray<AuditEvent>, AuditError> {
  let found: Array<AuditEvent> = []
  yield* forEachLine(store, segment, 0, ({ text }) =>
    Effect.sync(() => {
      const event = eventOf(text)
      if (event?._tag === "TrustStored") found = [event]
      else if (event !== undefined && isStanding(event)) found.push(event)
      return true
    }))
  return found
})

/** The events that still hold and would be gone with the first `gone` segments. */
export const carried = Effect.fnUntraced(function*(
  store: AuditStore["Service"],
  gone: number
): Effect.fn.Return<ReadonlyArray<AuditEvent>, AuditError> {
  const segments = yield* store.segments
  let isGoing = false
  for (const segment of segments.slice(0, gone)) isGoing ||= isStored(yield* standingOf(store, segment))
  if (!isGoing) return []
  const events: Array<AuditEvent> = []
  for (let index = segments.length - 1; index >= 0; index--) {
    const found = yield* standingOf(store, segments[index]!)
    events.unshift(...found)
    if (isStored(found)) return index < gone ? events : []
  }
  return []
})
