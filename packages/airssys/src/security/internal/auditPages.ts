import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AuditEntry } from "../AuditEntry.ts"
import { AuditError } from "../AuditError.ts"
import type { AuditQuery, Page } from "../AuditQuery.ts"
import { matches } from "../AuditQuery.ts"
import type { AuditStore, Segment } from "../AuditStore.ts"
import * as format from "./auditFormat.ts"
import { forEachLine, type RawLine } from "./auditLines.ts"

/** Where to go on: behind so many bytes of a segment. Entries before `sequence` were seen. */
interface Place {
  readonly sequence: number
  readonly segment: number
  readonly offset: number
}

const mostSeen = 10_000

const cursorShape = /^(0|[1-9]\d{0,15})\.([1-9]\d{0,15})\.(0|[1-9]\d{0,15})$/

const readCursor = (cursor: string): Effect.Effect<Place, AuditError> => {
  const match = cursor.length > 64 ? null : cursorShape.exec(cursor)
  return match === null
    ? Effect.fail(new AuditError({ reason: "InvalidCursor", detail: "the cursor is not one of a page" }))
    : Effect.succeed({ sequence: Number(match[1]), segment: Number(match[2]), offset: Number(match[3]) })
}

const entryOf = ({ text }: RawLine): AuditEntry | undefined => {
  const line = text === undefined ? undefined : format.read(text)
  const body = line?._tag === "Entry" ? format.readBody(line.text) : undefined
  return body === undefined || line?._tag !== "Entry" ? undefined : { ...body, hash: line.hash }
}

/** One page in the making. */
class Search {
  readonly entries: Array<AuditEntry> = []
  next: Place | undefined
  private seen = 0
  private last: number
  private readonly query: AuditQuery
  private readonly limit: number

  constructor(query: AuditQuery, limit: number, last: number) {
    this.query = query
    this.limit = limit
    this.last = last
  }

  /** Looks at a line, and says whether to go on. */
  look(segment: number, line: RawLine): boolean {
    const entry = entryOf(line)
    if (entry === undefined || entry.sequence <= this.last) return true
    if (entry.time > (this.query.until ?? Number.POSITIVE_INFINITY)) return this.stop(undefined)
    this.last = entry.sequence
    this.seen++
    if (matches(this.query, entry)) this.entries.push(entry)
    return this.entries.length < this.limit && this.seen < mostSeen ||
      this.stop({ sequence: entry.sequence, segment, offset: line.end })
  }

  isOver = false

  private stop(next: Place | undefined): boolean {
    this.next = next
    this.isOver = true
    return false
  }
}

const isOf = (segments: ReadonlyArray<Segment>, { offset, segment }: Place): boolean =>
  segments.some(({ id, length }) => id === segment && offset <= length)

/** A cursor into a segment that was given up since goes on at the oldest that is kept. */
export const page = Effect.fnUntraced(function*(
  store: AuditStore["Service"],
  query: AuditQuery
): Effect.fn.Return<Page, AuditError> {
  const limit = query.limit ?? 100
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1000) {
    return yield* new AuditError({ reason: "InvalidOptions", detail: `a page has 1 to 1000 entries and not ${limit}` })
  }
  const segments = yield* store.segments
  const from = query.cursor === undefined ? undefined : yield* readCursor(query.cursor)
  const search = new Search(query, limit, from?.sequence ?? 0)
  const start = from !== undefined && isOf(segments, from) ? from : undefined
  for (const segment of segments) {
    if (start !== undefined && segment.id < start.segment) continue
    const offset = start !== undefined && segment.id === start.segment ? start.offset : 0
    yield* forEachLine(store, segment, offset, (line) => Effect.sync(() => search.look(segment.id, line)))
    if (search.isOver) break
  }
  const { next } = search
  return {
    entries: search.entries,
    next: next === undefined ? undefined : `${next.sequence}.${next.segment}.${next.offset}`
  }
})

const exported = ({ event, hash, sequence, time }: AuditEntry): string =>
  `${JSON.stringify({ sequence, time: new Date(time).toISOString(), hash, ...event })}\n`

/** Every entry that fits, a page at a time. */
export const lines = (
  pageOf: (query: AuditQuery) => Effect.Effect<Page, AuditError>,
  query: AuditQuery
): Stream.Stream<string, AuditError> =>
  Stream.filter(
    Stream.unfold(query.cursor ?? "", (cursor: string | undefined) =>
      cursor === undefined
        ? Effect.succeed(undefined)
        : Effect.map(
          pageOf({ ...query, limit: 1000, cursor: cursor === "" ? undefined : cursor }),
          (page): readonly [string, string | undefined] => [page.entries.map(exported).join(""), page.next]
        )),
    (text) => text !== ""
  )
