import * as Clock from "effect/Clock"
import { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { AuditError } from "../AuditError.ts"
import type { Options } from "../AuditLog.ts"
import { AuditStore } from "../AuditStore.ts"
import * as MerkleTree from "../MerkleTree.ts"
import { AuditNotary } from "./auditNotary.ts"
import { proveConsistency } from "./auditReading.ts"
import { recover } from "./auditRecovery.ts"
import { tidy } from "./auditRetention.ts"
import { settings } from "./auditSettings.ts"
import { AuditWriter } from "./auditWriter.ts"

/** A log that is open. Segments are given up only while nobody reads: `reading` has a permit for each reader. */
export interface Opened {
  readonly store: AuditStore["Service"]
  readonly sha256: Digest["Service"]
  readonly writer: AuditWriter
  readonly reading: Semaphore.Semaphore
  /** Writes what waits, and gives up what is not kept any more. */
  readonly flush: Effect.Effect<void, AuditError>
  /** Signs what is durable, and hands it to the witnesses. */
  readonly attest: Effect.Effect<string, AuditError>
}

const readers = 1_048_576

const tidying = (
  { reading, writer }: Pick<Opened, "reading" | "writer">,
  tidy: Effect.Effect<number, AuditError>
): Effect.Effect<void> =>
  Effect.suspend(() => writer.isUntidy ? reading.withPermitsIfAvailable(readers)(tidy) : Effect.succeedNone).pipe(
    Effect.map(Option.map((due) => {
      writer.tidyAt = due
    })),
    Effect.catch((error) => Effect.logError(`${error.message}; no segment was given up`)),
    Effect.asVoid
  )

/** Uses are written when they have waited for the interval; after a failure again and again. */
const inBackground = (writer: AuditWriter, flush: Effect.Effect<void, AuditError>): Effect.Effect<never> =>
  Effect.andThen(writer.interval, flush).pipe(
    Effect.catch((error) => Effect.andThen(Effect.logError(error.message), Effect.sleep("1 second"))),
    Effect.forever
  )

type Parts = Pick<Opened, "store" | "sha256" | "writer" | "reading">

/** From the leaves in memory, where these reach back far enough. */
const proving = ({ reading, sha256, store, writer }: Parts) =>
(
  older: number,
  newer: MerkleTree.TreeHead
): Effect.Effect<ReadonlyArray<MerkleTree.Hash>, AuditError> =>
  Effect.gen(function*() {
    const leaves = writer.recentLeaves
    const path = leaves === undefined
      ? Option.none()
      : yield* Effect.provideService(MerkleTree.proveConsistency(leaves, older, newer.size), Digest, sha256)
    return Option.isSome(path)
      ? path.value
      : yield* reading.withPermit(Effect.map(proveConsistency(sha256, store, older, newer), (proof) => proof.path))
  })

const unconfigured = new AuditError({ reason: "InvalidOptions", detail: "it has no checkpoints" })

/** How a log and its witnesses are kept together. */
interface Attesting {
  /** Before anything is written: fails where a witness contradicts the log. */
  readonly compare: Effect.Effect<void, AuditError>
  readonly attest: Effect.Effect<string, AuditError>
  /** How many entries all witnesses have seen. */
  readonly seen: () => number
  /** From then on, from time to time and at the end. */
  readonly start: Effect.Effect<void, AuditError, Scope.Scope>
}

const attesting = (parts: Parts, options: Options | undefined, every: number): Attesting => {
  if (options?.checkpoints === undefined) {
    return { compare: Effect.void, attest: Effect.fail(unconfigured), seen: () => Infinity, start: Effect.void }
  }
  const { required = false, signer, witnesses } = options.checkpoints
  const notary = new AuditNotary(parts.writer, signer, witnesses, proving(parts))
  const attesting = Semaphore.makeUnsafe(1)
  const attest = attesting.withPermit(Effect.tap(Effect.suspend(() => notary.attest), () => notary.record))
  const again = Effect.suspend(() => notary.isDue ? attest : Effect.void).pipe(
    Effect.catch((error) => Effect.logError(error.message)),
    Effect.asVoid
  )
  return {
    compare: Effect.flatMap(Effect.suspend(() => notary.attest), () => {
      const [missing] = required ? notary.failing : []
      return missing === undefined
        ? Effect.void
        : Effect.fail(new AuditError({ reason: "Unwritable", detail: `witness ${missing} cannot be reached` }))
    }),
    attest,
    seen: () => notary.seen,
    start: notary.record.pipe(
      Effect.andThen(Effect.addFinalizer(() => again)),
      Effect.andThen(Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(every), again)))),
      Effect.asVoid
    )
  }
}

export const open = Effect.fnUntraced(function*(options: Options | undefined): Effect.fn.Return<
  Opened,
  AuditError,
  AuditStore | Digest | Scope.Scope
> {
  const store = yield* AuditStore
  const sha256 = yield* Digest
  const limits = yield* settings(options)
  const recovered = yield* recover(sha256, store)
  const writer = new AuditWriter(store, limits, sha256, yield* Clock.Clock, recovered, yield* Random.nextInt)
  const parts = { store, sha256, writer, reading: Semaphore.makeUnsafe(readers) }
  const { attest, compare, seen, start } = attesting(parts, options, limits.attestEvery)
  const tidied = Effect.suspend(() => tidy(store, writer, limits, sha256, seen()))
  const flush = Effect.andThen(writer.flush, tidying(parts, tidied))
  yield* compare
  yield* recovered.repair
  yield* start
  yield* Effect.addFinalizer(() => writer.close.pipe(Effect.catch((error) => Effect.logError(error.message))))
  yield* Effect.forkScoped(inBackground(writer, flush))
  if (recovered.cut > 0) yield* writer.appendAll([{ _tag: "TailCut", bytes: recovered.cut }])
  return { ...parts, flush, attest }
})
