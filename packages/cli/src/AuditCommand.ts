/**
 * `airssys audit`: what an operator does with an audit log without its host.
 *
 * @since 0.1.0
 */
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import * as AuditLog from "airssys/security/AuditLog"
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
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

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

const verify = Command.make(
  "verify",
  {
    log: Argument.String("log").pipe(Argument.withDescription("File of the log; later segments are found beside it")),
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
    const fs = yield* FileSystem.FileSystem
    const checkpoints = Option.isSome(checkpoint) && Option.isSome(key)
      ? yield* checkpointsOf(checkpoint.value, key.value, Option.getOrUndefined(origin))
      : []
    const files = yield* filesOf(log)
    const { checked, entries, first, head } = yield* AuditLog.verifyStream(
      Stream.flatMap(Stream.fromIterable(files), (file) => fs.stream(file)),
      { checkpoints }
    )
    yield* Console.log(`entries ${first} to ${first + entries - 1} verify: root ${head.root}`)
    yield* Console.log(
      checked > 0
        ? `a checkpoint of ${checked} entries fits: nothing up to there was changed`
        : "no checkpoint: a log that was cut at its end or rewritten as a whole verifies, too"
    )
  }, Effect.provide(crypto))
).pipe(
  Command.withDescription("Check a copy of an audit log"),
  Command.withExamples([{
    command: "airssys audit verify audit.ndjson --checkpoint witness.ndjson --key host-1+5a1c...",
    description: "Check it against what a witness holds"
  }])
)

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make("audit").pipe(
  Command.withDescription("Look at audit logs"),
  Command.withSubcommands([verify])
)
