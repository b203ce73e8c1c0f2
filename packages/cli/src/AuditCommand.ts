/**
 * `airssys audit`: what an operator does with an audit log without its host.
 *
 * @since 0.1.0
 */
import * as NodeAuditStore from "@airssys/platform-node/NodeAuditStore"
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import type { AuditEntry } from "airssys/security/AuditEntry"
import type { AuditError } from "airssys/security/AuditError"
import * as AuditLog from "airssys/security/AuditLog"
import * as AuditQuery from "airssys/security/AuditQuery"
import * as AuditWitness from "airssys/security/AuditWitness"
import type * as MerkleTree from "airssys/security/MerkleTree"
import * as SafeText from "airssys/security/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as JsonLines from "./JsonLines.ts"

/**
 * Flags that do not go together, or files that have nothing to verify.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuditUsage extends Schema.TaggedError<AuditUsage>("@airssys/cli/AuditUsage")("AuditUsage", {
  detail: Schema.String
}) {
  override get message(): string {
    return `error: ${this.detail}`
  }
}

const segment = /^\.([1-9]\d{0,15})$/

/** The files of a log in their order: the named one, and those with the number of an entry behind its name. */
const filesOf = Effect.fnUntraced(function*(log: string) {
  const fs = yield* FileSystem.FileSystem
  const at = log.lastIndexOf("/")
  const folder = at < 0 ? "." : log.slice(0, at + 1)
  const base = log.slice(at + 1)
  const found = (yield* fs.readDirectory(folder)).flatMap((name) => {
    const match = name.startsWith(base) ? segment.exec(name.slice(base.length)) : null
    return name === base ? [1] : match === null ? [] : [Number(match[1])]
  }).sort((a, b) => a - b)
  return found.length === 0
    ? yield* new AuditUsage({ detail: `there is no ${SafeText.escape(log)}` })
    : found.map((id) => id === 1 ? log : `${log}.${id}`)
})

type LogError = AuditError | PlatformError

const sqliteHeader = "SQLite format 3\u0000"

const isSqlite = (log: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.stream(log, { bytesToRead: sqliteHeader.length }).pipe(
      Stream.decodeText,
      Stream.mkString,
      Effect.map((begin) => begin === sqliteHeader),
      Effect.orElseSucceed(() => false)
    ))

const bytesOfFiles = (log: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    return Stream.flatMap(Stream.fromIterable(yield* filesOf(log)), (file) => fs.stream(file))
  })

/** What is in a log, a database or files. */
const bytesOf = (log: string) =>
  Stream.unwrap(Effect.gen(function*() {
    if (!(yield* isSqlite(log))) return Stream.mapError(yield* bytesOfFiles(log), (error): LogError => error)
    return Stream.mapError(NodeAuditStore.readSqlite(log), (error): LogError => error)
  }))

/** The notes in a file: those of a witness, or one as it is. */
const notesIn = (path: string) =>
  Effect.gen(function*() {
    const notes = yield* AuditWitness.readFile(path)
    return notes.length > 0 ? notes : [yield* (yield* FileSystem.FileSystem).readFileString(path)]
  })

const checkpointsOf = Effect.fnUntraced(function*(path: string, key: string, origin: string | undefined) {
  const verifier = yield* AuditCheckpoint.verifierFromText(key)
  const heads: Array<MerkleTree.TreeHead> = []
  for (const note of yield* notesIn(path)) {
    heads.push(yield* AuditCheckpoint.open(note, { ...verifier, origin: origin ?? verifier.name }))
  }
  return heads
})

const crypto = Layer.merge(Digest.layerWebCrypto, Layer.provide(Signature.layerWebCrypto, SecureRandom.layerWebCrypto))

const log = Argument.String("log").pipe(
  Argument.withDescription("Database of the log, or its first file: later segments are found beside it")
)

const verify = Command.make(
  "verify",
  {
    log,
    checkpoint: Flag.String("checkpoint").pipe(
      Flag.withDescription("File of a witness, or a signed checkpoint"),
      Flag.optional
    ),
    key: Flag.String("key").pipe(Flag.withDescription("Public key of the log: name+hint+base64"), Flag.optional),
    origin: Flag.String("origin").pipe(
      Flag.withDescription("Origin of the log, by default the name of the key"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ checkpoint, key, log, origin }) {
    if (Option.isSome(checkpoint) !== Option.isSome(key)) {
      return yield* new AuditUsage({ detail: "--checkpoint and --key go together" })
    }
    const checkpoints = Option.isSome(checkpoint) && Option.isSome(key)
      ? yield* checkpointsOf(checkpoint.value, key.value, Option.getOrUndefined(origin))
      : []
    const { checked, entries, first, head } = yield* AuditLog.verifyStream(bytesOf(log), { checkpoints })
    yield* Console.log(`entries ${first} to ${first + entries - 1} verify: root ${head.root}`)
    yield* Console.log(
      checked > 0
        ? `a checkpoint of ${checked} entries fits: nothing up to there was changed`
        : "no checkpoint: a log that was cut at its end or rewritten as a whole verifies, too"
    )
  }, Effect.provide(crypto))
).pipe(
  Command.withDescription("Check an audit log, or a copy of one"),
  Command.withExamples([{
    command: "airssys audit verify audit.ndjson --checkpoint witness.ndjson --key host-1+5a1c...",
    description: "Check it against what a witness holds"
  }])
)

const field = (event: AuditEntry["event"], name: string): ReadonlyArray<string> => {
  const value: unknown = Object.hasOwn(event, name) ? Reflect.get(event, name) : undefined
  return value === undefined || value === "" ? [] : [typeof value === "string" ? value : JSON.stringify(value)]
}

const line = ({ event, sequence, time }: AuditEntry): string =>
  [
    String(sequence),
    DateTime.formatIso(DateTime.makeUnsafe(time)),
    event._tag,
    ..."principal" in event ? [event.principal.id] : [],
    ...["kind", "resource", "detail", "reason"].flatMap((name) => field(event, name))
  ].map((part) => SafeText.escape(part)).join("  ")

const plain = ({ event, sequence, time }: AuditEntry): string =>
  JsonLines.line({ sequence, time: DateTime.formatIso(DateTime.makeUnsafe(time)), ...event })

const list = Command.make(
  "list",
  {
    log,
    principal: Flag.String("principal").pipe(
      Flag.withDescription("Only of who acted, or on whose behalf: acme:rates"),
      Flag.optional
    ),
    tag: Flag.String("tag").pipe(
      Flag.withDescription("Only of one sort, CapabilityDenied; as listed"),
      Flag.optional
    ),
    last: Flag.Int("last").pipe(
      Flag.withDescription("How many of the newest; by default all, in their order"),
      Flag.optional
    ),
    json: JsonLines.flag
  },
  Effect.fnUntraced(function*({ json, last, log, principal, tag }) {
    if (Option.isSome(last) && last.value < 1) return yield* new AuditUsage({ detail: "--last is a number from 1" })
    const who = Option.getOrUndefined(principal)
    const query: AuditQuery.AuditQuery = { principal: who === undefined ? undefined : { id: who } }
    const found = AuditLog.entriesOfStream(bytesOf(log)).pipe(
      Stream.filter((entry) =>
        AuditQuery.matches(query, entry) && (Option.isNone(tag) || entry.event._tag === tag.value)
      )
    )
    yield* Stream.runForEach(
      Option.isNone(last) ? found : Stream.takeRight(found, last.value),
      (entry) => Console.log(json ? plain(entry) : line(entry))
    )
  }, Effect.provide(crypto))
).pipe(
  Command.withDescription("List what is in an audit log, oldest first"),
  Command.withExamples([{
    command: "airssys audit list .airssys/audit.sqlite --principal acme:rates --last 20",
    description: "What a component did last, while its host runs or not"
  }])
)

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("audit").pipe(
  Command.withDescription("Look at audit logs"),
  Command.withSubcommands([list, verify])
)
