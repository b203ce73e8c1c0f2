import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AuditEvent } from "../AuditEvent.ts"
import type { Hash } from "../MerkleTree.ts"
import { widthOf } from "./merkleFrontier.ts"

/**
 * A log is lines of JSON. A segment begins with a line that has all that is
 * needed to go on: the size and right edge of the tree before it, and the time
 * of the entry before it. Then come batches: the lines of their entries, and one
 * that seals them with the size and root of the whole tree up to there.
 *
 * Lines are printed here and read by patterns that admit nothing else than what
 * is printed, so every byte of a line counts. What is hashed of an entry is its
 * text as it stands in the line.
 */
export type Line =
  | { readonly _tag: "Segment"; readonly size: number; readonly time: number; readonly nodes: ReadonlyArray<Hash> }
  | { readonly _tag: "Entry"; readonly hash: Hash; readonly text: string }
  | { readonly _tag: "Seal"; readonly size: number; readonly root: Hash }

export const segmentLine = (size: number, time: number, nodes: ReadonlyArray<Hash>): string =>
  `{"segment":{"version":1,"size":${size},"time":${time},"nodes":[${nodes.map((node) => `"${node}"`).join(",")}]}}\n`

export const entryLine = (hash: Hash, text: string): string => `{"hash":"${hash}","entry":${text}}\n`

/** Closes an event, its entry and their line. */
export const ending = "}}}\n"

export const sealLine = (size: number, root: Hash): string => `{"seal":{"size":${size},"root":"${root}"}}\n`

/** A line is at most this long; a longer one is none of ours. */
export const longestLine = 1_048_576

/** Longest text of an event, in characters. */
export const longestEvent = 262_144

const count = "(0|[1-9]\\d{0,15})"
const segmentShape = new RegExp(
  `^\\{"segment":\\{"version":1,"size":${count},"time":(-?\\d{1,16}),"nodes":\\[((?:"[0-9a-f]{64}"(?:,|(?=\\])))*)\\]\\}\\}$`
)
const entryShape = /^\{"hash":"([0-9a-f]{64})","entry":(\{.*\})\}$/s
const sealShape = new RegExp(`^\\{"seal":\\{"size":${count},"root":"([0-9a-f]{64})"\\}\\}$`)

const readSegment = (line: string): Line | undefined => {
  const match = segmentShape.exec(line)
  if (match === null) return undefined
  const nodes = match[3] === "" ? [] : (match[3] ?? "").split(",").map((node) => node.slice(1, -1))
  const segment = { _tag: "Segment", size: Number(match[1]), time: Number(match[2]), nodes } as const
  const isWhole = widthOf(segment.size) === nodes.length &&
    segmentLine(segment.size, segment.time, nodes) === `${line}\n`
  return isWhole ? segment : undefined
}

export const read = (line: string): Line | undefined => {
  const entry = entryShape.exec(line)
  if (entry !== null) return { _tag: "Entry", hash: entry[1] ?? "", text: entry[2] ?? "" }
  const seal = sealShape.exec(line)
  return seal === null ? readSegment(line) : { _tag: "Seal", size: Number(seal[1]), root: seal[2] ?? "" }
}

const decode = Schema.decodeUnknownResult(
  Schema.fromJsonString(Schema.toCodecJson(Schema.Struct({
    sequence: Schema.Int,
    time: Schema.Int,
    event: AuditEvent
  })))
)

export interface Body {
  readonly sequence: number
  readonly time: number
  readonly event: AuditEvent
}

export const readBody = (text: string): Body | undefined => Result.getSuccess(decode(text)).pipe(Option.getOrUndefined)

/** `event` is the text of an event. */
export const bodyText = (sequence: number, time: number, event: string): string =>
  `{"sequence":${sequence},"time":${time},"event":${event}}`

const encode = Schema.encodeUnknownResult(Schema.toCodecJson(AuditEvent))

/** The text of an event; undefined if it does not fit its schema or is too long. */
export const eventText = (event: AuditEvent): string | undefined => {
  const encoded = encode(event)
  const text = Result.isSuccess(encoded) ? JSON.stringify(encoded.success) : ""
  return text !== "" && text.length <= longestEvent ? text : undefined
}
