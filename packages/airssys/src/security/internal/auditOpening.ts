import * as Clock from "effect/Clock"
import { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { AuditError } from "../AuditError.ts"
import type { Options } from "../AuditLog.ts"
import { AuditStore } from "../AuditStore.ts"
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

export const open = Effect.fnUntraced(function*(options: Options | undefined): Effect.fn.Return<
  Opened,
  AuditError,
  AuditStore | Digest | Scope.Scope
> {
  const store = yield* AuditStore
  const sha256 = yield* Digest
  const limits = yield* settings(options)
  const recovered = yield* recover(sha256, store)
  const writer = new AuditWriter(store, limits, sha256, yield* Clock.Clock, recovered)
  const reading = Semaphore.makeUnsafe(readers)
  const flush = Effect.andThen(writer.flush, tidying({ reading, writer }, tidy(store, writer, limits, sha256)))
  yield* Effect.addFinalizer(() => writer.close.pipe(Effect.catch((error) => Effect.logError(error.message))))
  yield* Effect.forkScoped(inBackground(writer, flush))
  if (recovered.cut > 0) yield* writer.appendAll([{ _tag: "TailCut", bytes: recovered.cut }])
  return { store, sha256, writer, reading, flush }
})
