/**
 * Who keeps the checkpoints of an audit log, away from the log.
 *
 * A log alone cannot show that it was not cut or rewritten as a whole: whoever
 * can write it can do that. A witness holds the newest checkpoint and takes
 * another only with the proof that nothing was done but to append; so a log
 * that went back to an older state is noticed when it is opened.
 *
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import type { Digest } from "effect/crypto/Digest"
import type { Signature } from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as FileSystem from "effect/FileSystem"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as AuditCheckpoint from "./AuditCheckpoint.ts"
import { bytesOf } from "./internal/merkleFrontier.ts"
import * as MerkleTree from "./MerkleTree.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Submission {
  /** A signed checkpoint. */
  readonly note: string
  /** Size of the checkpoint that the witness holds, 0 if it holds none. */
  readonly from: number
  /** Shows that the tree of `note` appends to that of `from`. Empty for 0. */
  readonly proof: ReadonlyArray<MerkleTree.Hash>
}

/**
 * - `Elsewhere`: it holds a checkpoint of `size`, and `from` was another.
 * - `Refused`: the note is not the log's, or does not append to what it holds.
 * - `Unreachable`: nothing is known.
 *
 * @category errors
 * @since 0.1.0
 */
export class WitnessError extends Schema.TaggedError<WitnessError>("airssys/security/WitnessError")("WitnessError", {
  witness: Schema.String,
  reason: Schema.Literals(["Elsewhere", "Refused", "Unreachable"]),
  size: Schema.optionalKey(Schema.Int),
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {
  override get message(): string {
    return `witness ${this.witness}: ${this.detail}`
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface AuditWitness {
  readonly name: string
  /** Takes a checkpoint, and returns when it is kept. */
  readonly accept: (submission: Submission) => Effect.Effect<void, WitnessError>
}

/**
 * Whose checkpoints a witness takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Log extends AuditCheckpoint.Verifier {
  readonly origin: string
}

type Judge = (
  held: MerkleTree.TreeHead,
  submission: Submission
) => Effect.Effect<AuditCheckpoint.AuditCheckpoint, WitnessError>

const judging = (name: string, log: Log) =>
  Effect.map(Effect.context<Signature | Digest>(), (context): Judge => {
    const refuse = (detail: string) => new WitnessError({ witness: name, reason: "Refused", detail })
    return (held, { from, note, proof }) =>
      Effect.gen(function*() {
        const checkpoint = yield* AuditCheckpoint.open(note, log).pipe(
          Effect.mapError((error) => refuse(error.message))
        )
        if (from !== held.size || checkpoint.size < held.size) {
          return yield* new WitnessError({
            witness: name,
            reason: "Elsewhere",
            size: held.size,
            detail: `it holds a checkpoint of ${held.size} entries`
          })
        }
        const isConsistent = yield* MerkleTree.verifyConsistency({ older: held, newer: checkpoint, proof })
        return isConsistent
          ? checkpoint
          : yield* refuse(`the ${checkpoint.size} entries do not append to the ${held.size} it knows`)
      }).pipe(Effect.provideContext(context))
  })

const keeping = (
  name: string,
  judge: Judge,
  initial: MerkleTree.TreeHead,
  keep: (note: string) => Effect.Effect<void, WitnessError>
): AuditWitness => {
  let held = initial
  const taking = Semaphore.makeUnsafe(1)
  return {
    name,
    accept: (submission) =>
      taking.withPermit(Effect.gen(function*() {
        const checkpoint = yield* judge(held, submission)
        if (checkpoint.size === held.size) return
        yield* keep(submission.note)
        held = checkpoint
      }))
  }
}

/**
 * A witness in memory, and the notes that it took.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory = Effect.fnUntraced(function*(log: Log): Effect.fn.Return<
  AuditWitness & { readonly notes: Effect.Effect<ReadonlyArray<string>> },
  never,
  Signature | Digest
> {
  const notes: Array<string> = []
  const witness = keeping(
    "memory",
    yield* judging("memory", log),
    MerkleTree.empty,
    (note) => Effect.sync(() => void notes.push(note))
  )
  return { ...witness, notes: Effect.sync(() => [...notes]) }
})

const readLine = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.String))

/** The kind is looked at first: a pipe would wait for a writer, and a device may never end. */
const readText = (path: string): Effect.Effect<string, WitnessError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    if ((yield* fs.stat(path)).type === "File") return yield* fs.readFileString(path)
    return yield* new WitnessError({ witness: path, reason: "Unreachable", detail: "it is no file" })
  }).pipe(
    Effect.catchTag("PlatformError", (cause) =>
      cause.reason._tag === "NotFound"
        ? Effect.succeed("")
        : new WitnessError({ witness: path, reason: "Unreachable", detail: "it cannot be read", cause }))
  )

const notesOf = (text: string): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => Option.toArray(readLine(line)))

/**
 * The notes in a file of a witness, oldest first: each is a line of JSON. What a
 * crash left unfinished is left out.
 *
 * @category combinators
 * @since 0.1.0
 */
export const readFile = (
  path: string
): Effect.Effect<ReadonlyArray<string>, WitnessError, FileSystem.FileSystem> => Effect.map(readText(path), notesOf)

/**
 * A witness that is a file, on another disk than the log or another machine's.
 * It goes on from the newest note of this log in it, and fails if that was
 * changed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeFile = Effect.fnUntraced(function*(path: string, log: Log): Effect.fn.Return<
  AuditWitness,
  WitnessError,
  FileSystem.FileSystem | Signature | Digest
> {
  const fs = yield* FileSystem.FileSystem
  const text = yield* readText(path)
  const newest = notesOf(text).at(-1)
  let start = text === "" || text.endsWith("\n") ? "" : "\n"
  const held = newest === undefined
    ? MerkleTree.empty
    : yield* Effect.mapError(
      AuditCheckpoint.open(newest, log),
      (error) =>
        new WitnessError({
          witness: path,
          reason: "Refused",
          detail: `its newest note is not the log's: ${error.message}`
        })
    )
  const judge = yield* judging(path, log)
  return keeping(path, judge, held, (note) =>
    Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(path, { flag: "a", mode: 0o600 })
      yield* file.writeAll(new TextEncoder().encode(`${start}${JSON.stringify(note)}\n`))
      yield* file.sync
      start = ""
    })).pipe(
      Effect.mapError((cause) =>
        new WitnessError({ witness: path, reason: "Unreachable", detail: "it cannot be written", cause })
      )
    ))
})

/**
 * A witness that writes each note to the console and keeps nothing: for hosts
 * whose output is collected elsewhere. It notices nothing by itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeConsole: Effect.Effect<AuditWitness> = Effect.succeed({
  name: "console",
  accept: ({ note }) => Console.log(note)
})

const base64OfHash = (hash: MerkleTree.Hash): string => Base64.encode(bytesOf(hash))

/**
 * The body of the request `add-checkpoint` of the C2SP specification
 * `tlog-witness`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const requestBody = ({ from, note, proof }: Submission): string =>
  `old ${from}\n${proof.map((hash) => `${base64OfHash(hash)}\n`).join("")}\n${note}`

/** With these a witness judges a note. With others it, or somebody on the way to it, does not. */
const judgements: ReadonlySet<number> = new Set([400, 403, 404, 409, 422])

/** The size that an answer names, of which no more is read than a size can have. */
const sizeIn = (response: HttpClientResponse.HttpClientResponse) =>
  response.stream.pipe(
    Stream.flatMap((piece) => Stream.fromIterable(piece)),
    Stream.take(18),
    Stream.runCollect,
    Effect.map((bytes) => {
      const found = /^(0|[1-9]\d{0,15})\n?$/.exec(String.fromCharCode(...bytes))
      const size = Number(found?.[1] ?? NaN)
      return Number.isSafeInteger(size) ? size : undefined
    })
  )

/**
 * A witness behind HTTP, as the C2SP specification `tlog-witness` has it: a
 * `POST` to `add-checkpoint` below `url`. It answers 200 when it took the
 * checkpoint, 409 with the size of the one that it holds, and refuses it with 400,
 * 403, 404 or 422; anything else says nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeHttp = (url: string): Effect.Effect<AuditWitness, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client): AuditWitness => ({
    name: url,
    accept: (submission) =>
      Effect.gen(function*() {
        const body = HttpBody.text(requestBody(submission), "text/plain; charset=utf-8")
        const response = yield* client.post(`${url.replace(/\/$/, "")}/add-checkpoint`, { body })
        if (response.status === 200) return
        const size = response.status === 409 ? yield* sizeIn(response) : undefined
        if (size !== undefined) {
          return yield* new WitnessError({
            witness: url,
            reason: "Elsewhere",
            size,
            detail: `it holds a checkpoint of ${size} entries`
          })
        }
        return yield* new WitnessError({
          witness: url,
          reason: judgements.has(response.status) ? "Refused" : "Unreachable",
          detail: `it answers ${response.status}`
        })
      }).pipe(
        Effect.timeout("10 seconds"),
        Effect.mapError((error) =>
          error instanceof WitnessError
            ? error
            : new WitnessError({ witness: url, reason: "Unreachable", detail: "it does not answer", cause: error })
        )
      )
  }))
