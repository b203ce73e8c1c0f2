import { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AuditEntry, ConsistencyProof, InclusionProof, Verified } from "../AuditEntry.ts"
import { AuditError, type ChainBroken } from "../AuditError.ts"
import type { AuditStore } from "../AuditStore.ts"
import * as MerkleTree from "../MerkleTree.ts"
import { Checker } from "./auditChecker.ts"
import * as format from "./auditFormat.ts"
import { forEachLine, LineSplitter } from "./auditLines.ts"

type Store = AuditStore["Service"]

/** Follows all segments, and gives each entry that fits to `use`. */
export const verify = Effect.fnUntraced(function*(
  sha256: Digest["Service"],
  store: Store,
  checkpoints: ReadonlyArray<MerkleTree.TreeHead>,
  use: (entry: AuditEntry) => void = () => {}
): Effect.fn.Return<Verified, ChainBroken | AuditError> {
  const checker = new Checker(sha256, checkpoints)
  let rest = 0
  for (const segment of yield* store.segments) {
    rest += yield* forEachLine(store, segment, 0, (line) =>
      Effect.map(checker.line(line), (entry) => {
        if (entry !== undefined) use(entry)
        return true
      }))
  }
  return yield* checker.end(rest)
})

export const entries = (
  sha256: Digest["Service"],
  store: Store,
  isWanted: (entry: AuditEntry) => boolean = () => true
): Effect.Effect<Array<AuditEntry>, AuditError> =>
  Effect.suspend(() => {
    const entries: Array<AuditEntry> = []
    return verify(sha256, store, [], (entry) => {
      if (isWanted(entry)) entries.push(entry)
    }).pipe(
      Effect.as(entries),
      Effect.catchTag(
        "ChainBroken",
        (broken) => new AuditError({ reason: "Tampered", detail: `it fails at entry ${broken.at}: ${broken.detail}` })
      )
    )
  })

/** Follows a log that comes as bytes. */
export const verifyStream = <E, R>(
  sha256: Digest["Service"],
  bytes: Stream.Stream<Uint8Array, E, R>,
  checkpoints: ReadonlyArray<MerkleTree.TreeHead>
): Effect.Effect<Verified, ChainBroken | E, R> =>
  Effect.suspend(() => {
    const checker = new Checker(sha256, checkpoints)
    const splitter = new LineSplitter()
    return Stream.runForEach(bytes, (piece) =>
      Effect.forEach(splitter.push(piece), (line) => checker.line(line), { discard: true })).pipe(
        Effect.andThen(Effect.suspend(() =>
          checker.end(splitter.rest)
        ))
      )
  })

/** The entries of a log that comes as bytes, each when it has been checked. */
export const entriesOfStream = <E, R>(
  sha256: Digest["Service"],
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<AuditEntry, ChainBroken | E, R> =>
  Stream.suspend(() => {
    const checker = new Checker(sha256)
    const splitter = new LineSplitter()
    return bytes.pipe(
      Stream.flatMap((piece) => Stream.fromIterable(splitter.push(piece))),
      Stream.mapEffect((line) => checker.line(line)),
      Stream.filter((entry) => entry !== undefined)
    )
  })

const pieceSize = 262_144

/** All bytes of the store, oldest first. */
export const bytes = (store: Store): Stream.Stream<Uint8Array, AuditError> =>
  Stream.fromIterableEffect(store.segments).pipe(
    Stream.flatMap((segment) =>
      Stream.unfold(0, (from: number) =>
        Effect.map(
          store.read(segment.id, from, Math.min(pieceSize, segment.length - from)),
          (piece) => piece.length === 0 ? undefined : [piece, from + piece.length] as const
        ))
    )
  )

/** The leaves that are kept, and the text of one of them. */
const readLeaves = Effect.fnUntraced(function*(store: Store, sequence: number) {
  let first: { readonly size: number; readonly nodes: ReadonlyArray<MerkleTree.Hash> } | undefined
  let text: string | undefined
  const hashes: Array<MerkleTree.Hash> = []
  for (const segment of yield* store.segments) {
    yield* forEachLine(store, segment, 0, (line) =>
      Effect.sync(() => {
        const read = line.text === undefined ? undefined : format.read(line.text)
        if (read?._tag === "Segment") first ??= read
        if (read?._tag === "Entry") {
          hashes.push(read.hash)
          if ((first?.size ?? 0) + hashes.length === sequence) text = read.text
        }
        return true
      }))
  }
  return { leaves: { first: first?.size ?? 0, nodes: first?.nodes ?? [], hashes }, text }
})

const missing = (detail: string): AuditError => new AuditError({ reason: "Missing", detail })

const onDigest = <A, E>(sha256: Digest["Service"], effect: Effect.Effect<A, E, Digest>): Effect.Effect<A, E> =>
  Effect.provideService(effect, Digest, sha256)

export const proveInclusion = Effect.fnUntraced(function*(
  sha256: Digest["Service"],
  store: Store,
  sequence: number,
  size: number
): Effect.fn.Return<InclusionProof, AuditError> {
  const { leaves, text } = yield* readLeaves(store, sequence)
  const path = yield* onDigest(sha256, MerkleTree.proveInclusion(leaves, sequence - 1, size))
  return text === undefined || Option.isNone(path)
    ? yield* missing(`entry ${sequence} is not kept, or not among the first ${size}`)
    : { sequence, text, size, path: path.value }
})

export const proveConsistency = Effect.fnUntraced(function*(
  sha256: Digest["Service"],
  store: Store,
  older: number,
  newer: MerkleTree.TreeHead
): Effect.fn.Return<ConsistencyProof, AuditError> {
  if (older === 0) return { older, newer, path: [] }
  const { leaves } = yield* readLeaves(store, 0)
  const path = yield* onDigest(sha256, MerkleTree.proveConsistency(leaves, older, newer.size))
  return Option.isNone(path)
    ? yield* missing(`too little of the first ${older} entries is kept, or there are fewer`)
    : { older, newer, path: path.value }
})
