import * as Clock from "effect/Clock"
import * as Digest from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import type { Checkpoint } from "../AuditEntry.ts"
import { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import * as chain from "./auditChain.ts"
import { AuditQueue, encode, withdraw } from "./auditQueue.ts"
import type { AuditSink } from "./auditSink.ts"

const largestBatch = 1024

const open = Effect.fnUntraced(function*(sink: AuditSink) {
  const digest = yield* Digest.Digest
  const readBack = (checkpoint: Checkpoint | undefined) =>
    Effect.flatMap(sink.read, (text) => Effect.provideService(chain.read(text, checkpoint), Digest.Digest, digest))
  const cut = yield* sink.cutTail
  const opened = yield* Effect.catchTag(readBack(undefined), "ChainBroken", (broken) =>
    new AuditError({
      reason: "Tampered",
      detail: `${sink.name} fails at entry ${broken.at}: ${broken.detail}. ` +
        "Nothing was changed: move the file away to keep it as evidence, then start again"
    }))
  return { digest, readBack, cut, head: opened.verified.head, time: opened.entries.at(-1)?.time ?? 0 }
})

/**
 * Events are written in the order in which they are taken. The queue holds
 * exactly the entries after `head`: a batch leaves it only when the sink has
 * made it durable, so a failed write is tried again whole. A failed `append`
 * turns its entry into `Withdrawn` while it holds the permit, so that no later
 * write can claim that it took effect.
 */
export const make = Effect.fnUntraced(function*(
  sink: AuditSink,
  options: {
    readonly capacity?: number | undefined
    readonly flushEvery?: Duration.Input | undefined
  } | undefined
) {
  const clock = yield* Clock.Clock
  const opened = yield* open(sink)
  const { digest, readBack } = opened
  const queue = new AuditQueue(options?.capacity ?? 4096, opened.head.sequence)
  const flushEvery = options?.flushEvery ?? "20 millis"
  const writing = Semaphore.makeUnsafe(1)
  const waiting = Latch.makeUnsafe(false)

  let head = opened.head
  let time = opened.time
  let isFailing = false
  let isClosed = false

  const now = (): number => {
    time = Math.max(time, clock.currentTimeMillisUnsafe())
    return time
  }

  const writeBatch = Effect.gen(function*() {
    const batch = queue.batch(largestBatch)
    let lines = ""
    let hash = head.hash
    for (const entry of batch) {
      const text = encode(entry)
      hash = yield* chain.hashOf(digest, hash, text)
      lines += `${chain.printLine(hash, text)}\n`
    }
    yield* sink.write(lines)
    head = { sequence: head.sequence + batch.length, hash }
    queue.drop(batch)
    isFailing = false
  })

  const writeTo = (sequence: number, onFailure: () => void): Effect.Effect<void, AuditError> =>
    writing.withPermit(Effect.uninterruptible(Effect.tapError(
      Effect.whileLoop({ while: () => head.sequence < sequence, body: () => writeBatch, step: () => {} }),
      () =>
        Effect.sync(() => {
          isFailing = true
          waiting.openUnsafe()
          onFailure()
        })
    )))

  const flush = Effect.suspend(() => writeTo(queue.last, () => {}))

  const appendAll = Effect.fnUntraced(function*(events: ReadonlyArray<AuditEvent>) {
    if (isClosed) return yield* new AuditError({ reason: "Closed", detail: "it is closed" })
    if (queue.isFull) {
      return yield* new AuditError({ reason: "Full", detail: `${queue.size} entries wait to be written` })
    }
    if (events.some((event) => Exit.isFailure(chain.encodeBody({ sequence: 0, time: 0, event })))) {
      return yield* new AuditError({ reason: "InvalidEvent", detail: "the event does not fit its schema" })
    }
    queue.seal()
    const entries = events.map((event) => queue.take(event, now()))
    const last = queue.last
    yield* writeTo(last, () => entries.filter((entry) => entry.sequence > head.sequence).forEach(withdraw))
    return last
  }, Effect.uninterruptible)

  const append = (event: AuditEvent): Effect.Effect<number, AuditError> => appendAll([event])

  const recordUnsafe = (event: AuditEvent): number | undefined => {
    if (isClosed || isFailing) return undefined
    const entry = queue.offer(event, now)
    if (entry?.count === 1) waiting.openUnsafe()
    return entry?.sequence
  }

  const background = Effect.gen(function*() {
    yield* waiting.await
    yield* Effect.sleep(flushEvery)
    waiting.closeUnsafe()
    yield* flush
  }).pipe(
    Effect.catch((error) => Effect.andThen(Effect.logError(error.message), Effect.sleep("1 second"))),
    Effect.forever
  )

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isClosed = true
      return flush.pipe(Effect.catch((error) => Effect.logError(error.message)))
    })
  )
  yield* Effect.forkScoped(background)
  if (opened.cut > 0) yield* append({ _tag: "TailCut", bytes: opened.cut })

  const entries = flush.pipe(
    Effect.andThen(readBack(undefined)),
    Effect.map((_) => _.entries),
    Effect.catchTag("ChainBroken", (broken) =>
      Effect.fail(
        new AuditError({ reason: "Tampered", detail: `it fails at entry ${broken.at}: ${broken.detail}` })
      ))
  )

  return {
    append,
    appendAll,
    recordUnsafe,
    flush,
    entries,
    head: Effect.map(flush, () => head),
    verify: Effect.map(Effect.flatMap(flush, () => readBack(head)), (_) => _.verified),
    text: Effect.andThen(flush, sink.read),
    latestTimeUnsafe: () => time
  }
})
