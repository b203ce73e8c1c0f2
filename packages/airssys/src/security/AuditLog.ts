/**
 * The append-only record of who was given what, and what they did with it.
 *
 * `append` returns when the entry is durable: changes of authority use it and
 * take effect afterwards. `recordUnsafe` takes the uses of capabilities without
 * suspending: they wait in a bounded buffer for the flush interval and the write
 * before theirs, and where the buffer is full or writing fails the use must be
 * denied.
 *
 * Entries are the leaves of a Merkle tree, whose root is written behind every
 * batch: a changed, dropped or reordered entry is found. Whoever can rewrite the
 * whole store can also rewrite every hash, or cut the end: against that, keep
 * the `head` elsewhere and verify with it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { Digest } from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Signer } from "./AuditCheckpoint.ts"
import type { AuditEntry, ConsistencyProof, InclusionProof, Verified } from "./AuditEntry.ts"
import type { AuditError, ChainBroken } from "./AuditError.ts"
import type { AuditEvent } from "./AuditEvent.ts"
import type { AuditQuery, Page } from "./AuditQuery.ts"
import * as AuditStore from "./AuditStore.ts"
import type { AuditWitness } from "./AuditWitness.ts"
import * as format from "./internal/auditFormat.ts"
import { open } from "./internal/auditOpening.ts"
import * as pages from "./internal/auditPages.ts"
import * as readings from "./internal/auditReading.ts"
import { isUse } from "./internal/auditUse.ts"
import * as MerkleTree from "./MerkleTree.ts"

/**
 * Service that records events and proves that nothing was changed since.
 *
 * @category services
 * @since 0.1.0
 */
export class AuditLog extends Context.Service<AuditLog, {
  /**
   * Records an event and returns its sequence when it, and everything before
   * it, is durable. When it fails the caller must not do what the event says.
   * A use counts against the buffer and the quota of its principal.
   */
  readonly append: (event: AuditEvent) => Effect.Effect<number, AuditError>
  /**
   * Records changes of authority that hold together, as `append` does, and
   * returns the sequence of the last. They are written in one piece, however many
   * they are: the log has all of them or, where it fails, says of all that they
   * were withdrawn. A process that ends in between may leave all of them there.
   */
  readonly appendAll: (events: ReadonlyArray<AuditEvent>) => Effect.Effect<number, AuditError>
  /**
   * Takes an event without waiting and returns the sequence that it will have.
   * Undefined means that it was not taken, and that what it says must not
   * happen: the buffer is full, or this principal has as much of it as is left
   * free, or it is suspended, or writing fails, or a write goes on and the oldest
   * that waits has done so for 2 seconds, or the log is closed. A use that repeats
   * one which still waits is counted there and has its sequence.
   */
  readonly recordUnsafe: (event: AuditEvent) => number | undefined
  /** Until when, in milliseconds since the epoch, uses like this one are refused because of a quota. */
  readonly suspendedUntil: (event: AuditEvent) => Effect.Effect<Option.Option<number>>
  /** Makes everything taken so far durable. */
  readonly flush: Effect.Effect<void, AuditError>
  /** All entries, oldest first, after a flush: for small logs. */
  readonly entries: Effect.Effect<ReadonlyArray<AuditEntry>, AuditError>
  /** The entries with these tags, oldest first, after a flush. The whole log is verified, and no other entry is kept. */
  readonly entriesOf: (tags: ReadonlySet<AuditEvent["_tag"]>) => Effect.Effect<ReadonlyArray<AuditEntry>, AuditError>
  /** A page of the entries that are looked for, oldest first, after a flush. They are not verified. */
  readonly query: (query: AuditQuery) => Effect.Effect<Page, AuditError>
  /**
   * All entries that are looked for as JSON Lines for other tools: the fields of
   * the event, `sequence`, `hash` and `time` in ISO 8601.
   */
  readonly export: (query?: AuditQuery) => Stream.Stream<string, AuditError>
  /** The tree of what is durable, after a flush: to be kept elsewhere. */
  readonly head: Effect.Effect<MerkleTree.TreeHead, AuditError>
  /** Signs the tree of what is durable, after a flush, hands it to the witnesses and returns the note. */
  readonly checkpoint: Effect.Effect<string, AuditError>
  /** Proves that an entry is in the tree of `size` entries, by default all. */
  readonly proveInclusion: (sequence: number, size?: number) => Effect.Effect<InclusionProof, AuditError>
  /** Proves that nothing was done but to append since there were `older` entries. */
  readonly proveConsistency: (older: number) => Effect.Effect<ConsistencyProof, AuditError>
  /** Reads the log back and checks it, up to the head that this process wrote. */
  readonly verify: Effect.Effect<Verified, ChainBroken | AuditError>
  /** The log as it is stored, after a flush: JSON Lines, as `verifyStream` takes it. */
  readonly bytes: Stream.Stream<Uint8Array, AuditError>
  /** The same as one text: for small logs. */
  readonly text: Effect.Effect<string, AuditError>
  /** Time of the newest entry, 0 when there is none: time never runs backward past it. */
  readonly latestTimeUnsafe: () => number
}>()("airssys/security/AuditLog") {}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Most uses that wait to be written, default 4,096. */
  readonly capacity?: number | undefined
  /** Longest time a use waits before it is written, default 20 milliseconds, at most 50. */
  readonly flushEvery?: Duration.Input | undefined
  /** What uses of one principal may write before it is suspended. */
  readonly quota?: {
    /** Default 1 MiB. */
    readonly bytesPerSecond?: number | undefined
    /** Bytes at once, default 8 MiB. */
    readonly burst?: number | undefined
  } | undefined
  /** When a new segment is begun. */
  readonly rotate?: {
    /** Size of a segment in bytes, default 64 MiB. */
    readonly bytes?: number | undefined
    /** Age of its first entry, default never. */
    readonly every?: Duration.Input | undefined
  } | undefined
  /** What is kept of segments that are not written any more, by default all. */
  readonly retain?: {
    /** Most segments in all. */
    readonly segments?: number | undefined
    /** Age of the newest entry in a segment. */
    readonly age?: Duration.Input | undefined
  } | undefined
  /** Who is told of the state of the log, so that it cannot be put back. */
  readonly checkpoints?: {
    readonly signer: Signer
    readonly witnesses: ReadonlyArray<AuditWitness>
    /** How often, if something was recorded; default 1 minute, at most a day. */
    readonly every?: Duration.Input | undefined
    /** Does not open the log while a witness cannot be reached. Default false: that is recorded. */
    readonly required?: boolean | undefined
  } | undefined
}

/**
 * Checks a log that comes as bytes, all segments in order. With checkpoints,
 * also that the log has the entries that they name, so that nothing up to the
 * newest was cut or rewritten.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyStream = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>, options?: {
  readonly checkpoints?: ReadonlyArray<MerkleTree.TreeHead> | undefined
}): Effect.Effect<Verified, ChainBroken | E, R | Digest> =>
  Effect.flatMap(Digest, (sha256) => readings.verifyStream(sha256, bytes, options?.checkpoints ?? []))

/**
 * The entries of a log that comes as bytes, all segments in order, oldest first.
 * Each has been checked against those before it when it is given. An entry that
 * does not fit fails with `ChainBroken`; that no entry is missing at the end, and
 * what checkpoints say, is for `verifyStream`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const entriesOfStream = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<AuditEntry, ChainBroken | E, R | Digest> =>
  Stream.unwrap(Effect.map(Digest, (sha256) => readings.entriesOfStream(sha256, bytes)))

/**
 * Checks a copy of a log, as `verifyStream` does.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyText = (text: string, options?: {
  readonly checkpoint?: MerkleTree.TreeHead | undefined
}): Effect.Effect<Verified, ChainBroken, Digest> =>
  Effect.suspend(() =>
    verifyStream(Stream.succeed(new TextEncoder().encode(text)), {
      checkpoints: options?.checkpoint === undefined ? [] : [options.checkpoint]
    })
  )

/**
 * The entry that a proof shows to be in the log with this head; none where it
 * does not.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyInclusion = Effect.fnUntraced(function*(
  proof: InclusionProof,
  head: MerkleTree.TreeHead
): Effect.fn.Return<Option.Option<AuditEntry>, never, Digest> {
  const hash = yield* MerkleTree.leafHash(new TextEncoder().encode(proof.text))
  const isIncluded = proof.size === head.size &&
    (yield* MerkleTree.verifyInclusion({ index: proof.sequence - 1, leaf: hash, head, proof: proof.path }))
  const body = isIncluded ? format.readBody(proof.text) : undefined
  return body?.sequence === proof.sequence ? Option.some({ ...body, hash }) : Option.none()
})

/**
 * Whether a proof shows that the log did nothing but append since it had this
 * head.
 *
 * @category combinators
 * @since 0.1.0
 */
export const verifyConsistency = (
  proof: ConsistencyProof,
  older: MerkleTree.TreeHead
): Effect.Effect<boolean, never, Digest> =>
  proof.older === older.size
    ? MerkleTree.verifyConsistency({ older, newer: proof.newer, proof: proof.path })
    : Effect.succeed(false)

const make = Effect.fnUntraced(function*(options: Options | undefined): Effect.fn.Return<
  AuditLog["Service"],
  AuditError,
  AuditStore.AuditStore | Digest | Scope.Scope
> {
  const { attest, flush, reading, sha256, store, writer } = yield* open(options)
  const head = Effect.map(flush, () => writer.tree)
  const read = <A, E>(use: (head: MerkleTree.TreeHead) => Effect.Effect<A, E>): Effect.Effect<A, E | AuditError> =>
    Effect.andThen(flush, reading.withPermit(Effect.suspend(() => use(writer.tree))))
  const bytes = Stream.unwrap(Effect.gen(function*() {
    yield* flush
    yield* Effect.acquireRelease(reading.take(1), () => reading.release(1))
    return readings.bytes(store)
  }))
  const query = (query: AuditQuery) => read(() => pages.page(store, query))
  return {
    append: (event) => isUse(event) ? writer.use(event) : writer.appendAll([event]),
    appendAll: (events) => writer.appendAll(events),
    recordUnsafe: (event) => {
      const taken = writer.record(event)
      return typeof taken === "object" ? taken.sequence : undefined
    },
    suspendedUntil: (event) => Effect.sync(() => Option.fromUndefinedOr(writer.suspendedUntil(event))),
    flush,
    entries: read(() => readings.entries(sha256, store)),
    entriesOf: (tags) => read(() => readings.entries(sha256, store, ({ event }) => tags.has(event._tag))),
    query,
    export: (filter = {}) => pages.lines(query, filter),
    head,
    checkpoint: Effect.andThen(flush, attest),
    proveInclusion: (sequence, size) =>
      read((head) => readings.proveInclusion(sha256, store, sequence, size ?? head.size)),
    proveConsistency: (older) => read((head) => readings.proveConsistency(sha256, store, older, head)),
    verify: read((head) => readings.verify(sha256, store, [head])),
    bytes,
    text: Stream.mkString(Stream.decodeText(bytes)),
    latestTimeUnsafe: () => writer.latestTime
  }
})

/**
 * Layer of a log over a store. The end of the log is verified when it is opened:
 * an unfinished batch is cut and the cut recorded, and anything else that does
 * not verify fails the layer with reason `Tampered`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<AuditLog, AuditError, AuditStore.AuditStore | Digest> =>
  Layer.effect(AuditLog, make(options))

/**
 * Layer that keeps the log in memory: for tests, and for hosts that hand it on
 * themselves.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options?: Options): Layer.Layer<AuditLog, AuditError, Digest> =>
  Layer.provide(layer(options), Layer.fresh(AuditStore.layerMemory))

/**
 * Layer that keeps the log in files, as `AuditStore.layerFile` does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFile = (
  options: Options & AuditStore.FileOptions
): Layer.Layer<AuditLog, AuditError, Digest | FileSystem.FileSystem> =>
  Layer.provide(layer(options), AuditStore.layerFile(options))
