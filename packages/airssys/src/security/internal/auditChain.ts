import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { AuditEntry, Checkpoint, Verified } from "../AuditEntry.ts"
import { ChainBroken } from "../AuditError.ts"
import { AuditEvent } from "../AuditEvent.ts"

const domain = "airssys-audit-1"

export const genesis: Checkpoint = { sequence: 0, hash: "0".repeat(64) }

const Body = Schema.Struct({ sequence: Schema.Int, time: Schema.Int, event: AuditEvent })

const BodyText = Schema.fromJsonString(Schema.toCodecJson(Body))

const decodeBody = Schema.decodeUnknownResult(BodyText)

const encoder = new TextEncoder()

/**
 * The text that is hashed is the text that is written: a line is
 * `{"hash":"<64 hex>","entry":<text>}`, and verification cuts it out again
 * without parsing it, so any changed byte of a line shows.
 */
const line = (hash: string, text: string): string => `{"hash":"${hash}","entry":${text}}`

const shape = /^\{"hash":"([0-9a-f]{64})","entry":(\{.*\})\}$/s

export const hashOf = (digest: Digest.Digest["Service"], previous: string, text: string): Effect.Effect<string> =>
  digest.digestHex(Digest.sha256, encoder.encode(`${domain}\n${previous}\n${text}`))

export const encodeBody = (
  body: { readonly sequence: number; readonly time: number; readonly event: AuditEvent }
): Exit.Exit<string, Schema.SchemaError> => Schema.encodeUnknownExit(BodyText)(body)

export const printLine = line

export const print = (entries: ReadonlyArray<AuditEntry>): string =>
  entries.map((entry) => {
    const text = encodeBody({ sequence: entry.sequence, time: entry.time, event: entry.event })
    return Exit.isSuccess(text) ? `${line(entry.hash, text.value)}\n` : "an entry that cannot be encoded\n"
  }).join("")

const broken = (at: number, detail: string): ChainBroken => new ChainBroken({ at, detail })

/**
 * Reads the entries of a text and checks their chain from the first line on.
 */
export const read = Effect.fnUntraced(function*(
  text: string,
  checkpoint: Checkpoint | undefined
): Effect.fn.Return<
  { readonly entries: ReadonlyArray<AuditEntry>; readonly verified: Verified },
  ChainBroken,
  Digest.Digest
> {
  const digest = yield* Digest.Digest
  const entries: Array<AuditEntry> = []
  let head = genesis
  let time = 0
  let from = 0
  while (from < text.length) {
    const sequence = head.sequence + 1
    const to = text.indexOf("\n", from)
    if (to < 0) return yield* broken(sequence, "the last line is not finished")
    const match = shape.exec(text.slice(from, to))
    if (match === null) return yield* broken(sequence, "the line is not an entry")
    const hash = match[1] ?? ""
    const body = match[2] ?? ""
    if (hash !== (yield* hashOf(digest, head.hash, body))) {
      return yield* broken(sequence, "its hash does not follow from its text and the entry before it")
    }
    const decoded = decodeBody(body)
    if (Result.isFailure(decoded)) return yield* broken(sequence, "its text is not an event of this version")
    const entry = decoded.success
    if (entry.sequence !== sequence) return yield* broken(sequence, `it says that it is entry ${entry.sequence}`)
    if (entry.time < time) return yield* broken(sequence, "its time is before that of the entry before it")
    if (checkpoint?.sequence === sequence && checkpoint.hash !== hash) {
      return yield* broken(sequence, "it is not the entry that the checkpoint names")
    }
    entries.push({ ...entry, hash })
    head = { sequence, hash }
    time = entry.time
    from = to + 1
  }
  if (checkpoint !== undefined && checkpoint.sequence > head.sequence) {
    return yield* broken(
      head.sequence + 1,
      `the log ends before entry ${checkpoint.sequence}, which the checkpoint names`
    )
  }
  return { entries, verified: { entries: entries.length, head } }
})

export const verify = (
  text: string,
  checkpoint: Checkpoint | undefined
): Effect.Effect<Verified, ChainBroken, Digest.Digest> => Effect.map(read(text, checkpoint), (_) => _.verified)
