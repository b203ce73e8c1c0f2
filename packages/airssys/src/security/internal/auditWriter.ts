import * as Clock from "effect/Clock"
import * as Digest from "effect/crypto/Digest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import type { Checkpoint } from "../AuditEntry.ts"
import { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import * as chain from "./auditChain.ts"
import type { AuditSink } from "./auditSink.ts"

/** `count` is how often a use was repeated, itself included. */
interface Pending {
  readonly sequence: number
  readonly time: number
  event: AuditEvent
  count: number
}

type Use = Extract<AuditEvent, { readonly _tag: "CapabilityUsed" | "CapabilityDenied" }>

const isUse = (event: AuditEvent): event is Use => event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"

/** Repeats have one key. The lengths before the free texts keep the keys of different uses apart. */
const keyOf = (event: Use): string =>
  `${event._tag}\n${event.kind}\n${event._tag === "CapabilityDenied" ? event.reason : ""}\n${
    event.rule?.grant ?? ""
  }\n${event.principal.kind}\n${event.principal.id.length}\n${event.rule?.pattern.length ?? 0}\n${event.principal.id}${
    event.rule?.pattern ?? ""
  }${event.resource}`

/** Entries kept free for changes of authority, so that a flood of uses cannot stop a revocation. */
const reserve = 64

const largestBatch = 1024

const withdraw = (entry: Pending): void => {
  entry.event = { _tag: "Withdrawn", event: entry.event._tag }
}

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
 * Sequences are given when an event is taken, and events are written in that
 * order. `pending` holds exactly the entries after `head`: a batch leaves it
 * only when the sink has made it durable, so a failed write is tried again
 * whole. A failed `append` turns its entry into `Withdrawn` while it holds the
 * permit, so that no later write can claim that it took effect.
 *
 * `repeatable` holds uses that wait and are not being written: repeats of them
 * only count. `waitingOf` counts what waits for each principal.
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
  const capacity = options?.capacity ?? 4096
  const share = Math.max(1, Math.floor(capacity / 2))
  const flushEvery = options?.flushEvery ?? "20 millis"
  const writing = Semaphore.makeUnsafe(1)
  const waiting = Latch.makeUnsafe(false)

  let head = opened.head
  let time = opened.time
  let taken = head.sequence
  let pending: Array<Pending> = []
  const repeatable = new Map<string, Pending>()
  const waitingOf = new Map<string, number>()
  let isFailing = false
  let isClosed = false

  const take = (event: AuditEvent): Pending => {
    time = Math.max(time, clock.currentTimeMillisUnsafe())
    const entry: Pending = { sequence: ++taken, time, event, count: 1 }
    pending.push(entry)
    return entry
  }

  const takeShare = (event: AuditEvent): boolean => {
    if (!isUse(event)) return true
    const count = waitingOf.get(event.principal.id) ?? 0
    if (count >= share) return false
    waitingOf.set(event.principal.id, count + 1)
    return true
  }

  const giveShare = (event: AuditEvent): void => {
    if (!isUse(event)) return
    const count = waitingOf.get(event.principal.id) ?? 0
    if (count > 1) waitingOf.set(event.principal.id, count - 1)
    else waitingOf.delete(event.principal.id)
  }

  const encode = (entry: Pending): string => {
    const { event, sequence, time } = entry
    const text = chain.encodeBody({
      sequence,
      time,
      event: entry.count > 1 && isUse(event) ? { ...event, count: entry.count } : event
    })
    if (Exit.isSuccess(text)) return text.value
    withdraw(entry)
    return Exit.getSuccess(chain.encodeBody(entry)).pipe(Option.getOrThrow)
  }

  const writeBatch = Effect.gen(function*() {
    const batch = pending.slice(0, largestBatch)
    repeatable.clear()
    let lines = ""
    let hash = head.hash
    for (const entry of batch) {
      const text = encode(entry)
      hash = yield* chain.hashOf(digest, hash, text)
      lines += `${chain.printLine(hash, text)}\n`
    }
    yield* sink.write(lines)
    head = { sequence: head.sequence + batch.length, hash }
    pending = pending.slice(batch.length)
    for (const entry of batch) giveShare(entry.event)
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

  const flush = Effect.suspend(() => writeTo(taken, () => {}))

  const appendAll = Effect.fnUntraced(function*(events: ReadonlyArray<AuditEvent>) {
    if (isClosed) return yield* new AuditError({ reason: "Closed", detail: "it is closed" })
    if (pending.length >= capacity + reserve) {
      return yield* new AuditError({ reason: "Full", detail: `${pending.length} entries wait to be written` })
    }
    if (events.some((event) => Exit.isFailure(chain.encodeBody({ sequence: 0, time: 0, event })))) {
      return yield* new AuditError({ reason: "InvalidEvent", detail: "the event does not fit its schema" })
    }
    repeatable.clear()
    const entries = events.map(take)
    const last = taken
    yield* writeTo(last, () => entries.filter((entry) => entry.sequence > head.sequence).forEach(withdraw))
    return last
  }, Effect.uninterruptible)

  const append = (event: AuditEvent): Effect.Effect<number, AuditError> => appendAll([event])

  const recordUnsafe = (event: AuditEvent): number | undefined => {
    if (isClosed || isFailing) return undefined
    const key = isUse(event) ? keyOf(event) : undefined
    const repeated = key === undefined ? undefined : repeatable.get(key)
    if (repeated !== undefined) {
      repeated.count++
      return repeated.sequence
    }
    if (pending.length >= capacity || !takeShare(event)) return undefined
    waiting.openUnsafe()
    const entry = take(event)
    if (key !== undefined) repeatable.set(key, entry)
    return entry.sequence
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
