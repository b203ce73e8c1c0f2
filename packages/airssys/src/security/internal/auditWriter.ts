import type * as Clock from "effect/Clock"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Semaphore from "effect/Semaphore"
import { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { AuditStore } from "../AuditStore.ts"
import type { Hash, Leaves, TreeHead } from "../MerkleTree.ts"
import * as format from "./auditFormat.ts"
import { hashLeaves } from "./auditHashing.ts"
import type { Pending } from "./auditPending.ts"
import { AuditQueue, type Refusal } from "./auditQueue.ts"
import type { Recovered } from "./auditRecovery.ts"
import { longestWait, type Settings } from "./auditSettings.ts"
import { isStanding } from "./auditStanding.ts"
import type { Frontier } from "./merkleFrontier.ts"
import * as steadyTime from "./steadyTime.ts"

const encoder = new TextEncoder()

const refused: Record<Refusal | "Closed", string> = {
  Full: "too many entries wait to be written",
  Suspended: "its principal wrote more than its quota, and is suspended",
  InvalidEvent: "the event does not fit its schema",
  Closed: "it is closed"
}

const refusal = (reason: keyof typeof refused): AuditError => new AuditError({ reason, detail: refused[reason] })

/** A tree and its right edge. */
export interface Mark {
  readonly tree: TreeHead
  readonly nodes: ReadonlyArray<Hash>
}

/** Leaves that are kept for the next proof; beyond that it is made from the store. */
const mostLeaves = 65_536

/** What is durable. */
interface Head {
  readonly frontier: Frontier
  readonly tree: TreeHead
  readonly segment: Recovered["segment"]
}

/**
 * Events are written in the order in which they are taken. The queue holds
 * exactly the entries after `head`: a batch leaves it only when the store has
 * made it durable, so a failed write is tried again whole. A failed `append`
 * turns its entry into `Withdrawn` while it holds the permit, so that no later
 * write can claim that it took effect.
 */
export class AuditWriter {
  private readonly store: AuditStore["Service"]
  private readonly settings: Settings
  private readonly sha256: Digest["Service"]
  private readonly steady: () => number
  private readonly queue: AuditQueue
  private readonly writing = Semaphore.makeUnsafe(1)
  private readonly waiting = Latch.makeUnsafe(false)
  private head: Head
  private leaves: { readonly first: number; readonly nodes: ReadonlyArray<Hash>; hashes: Array<Hash> } | undefined
  private time: number
  private isWriting = false
  private isFailing = false
  private isClosed = false
  /** When old segments have to be looked for. */
  tidyAt = 0
  /** How often something was taken that outlives its segment. */
  standing = 0

  constructor(
    store: AuditStore["Service"],
    settings: Settings,
    sha256: Digest["Service"],
    clock: Clock.Clock,
    recovered: Recovered,
    seed: number
  ) {
    this.store = store
    this.settings = settings
    this.sha256 = sha256
    this.time = recovered.time
    this.steady = steadyTime.make(clock, () => this.time)
    this.head = {
      frontier: recovered.frontier,
      tree: { size: recovered.frontier.size, root: recovered.root },
      segment: recovered.segment
    }
    this.leaves = settings.attests
      ? { first: recovered.frontier.size, nodes: [...recovered.frontier.nodes], hashes: [] }
      : undefined
    this.queue = new AuditQueue(settings, recovered.frontier.size, seed)
  }

  get isUntidy(): boolean {
    return this.time >= this.tidyAt
  }

  get latestTime(): number {
    return this.time
  }

  /** The tree of what is durable. */
  get tree(): TreeHead {
    return this.head.tree
  }

  get mark(): Mark {
    return { tree: this.head.tree, nodes: [...this.head.frontier.nodes] }
  }

  /** The leaves behind the last mark up to which they were forgotten; undefined if there were too many. */
  get recentLeaves(): Leaves | undefined {
    return this.leaves
  }

  forgetLeaves({ nodes, tree }: Mark): void {
    const leaves = this.leaves
    if (leaves !== undefined && leaves.first <= tree.size) {
      this.leaves = { first: tree.size, nodes, hashes: leaves.hashes.slice(tree.size - leaves.first) }
    } else if (tree.size === this.head.tree.size) this.leaves = { first: tree.size, nodes, hashes: [] }
  }

  private now(): number {
    return this.time = this.steady()
  }

  record(event: AuditEvent): Pending | Refusal | "Closed" | undefined {
    if (this.isClosed) return "Closed"
    const now = this.now()
    if (this.isFailing || this.isStuck(now)) return undefined
    const taken = this.queue.offer(event, now)
    if (this.queue.size > 0) this.waiting.openUnsafe()
    return taken
  }

  /** The store has had its chance to write what waits, and has not: more uses would widen what a crash loses. */
  private isStuck(now: number): boolean {
    return this.isWriting && now - (this.queue.oldest ?? now) > longestWait
  }

  suspendedUntil(event: AuditEvent): number | undefined {
    return this.queue.suspended(event, this.now())
  }

  /** Records a use and waits until it is durable. It is counted with no other: it alone is withdrawn where it fails. */
  use(event: AuditEvent): Effect.Effect<number, AuditError> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (this.isClosed) return Effect.fail(refusal("Closed"))
      this.queue.seal()
      const taken = this.queue.offer(event, this.now())
      if (typeof taken === "string") return Effect.fail(refusal(taken))
      this.queue.seal()
      return Effect.as(this.writeTo(taken.sequence, () => this.withdraw([taken])), taken.sequence)
    }))
  }

  appendAll(events: ReadonlyArray<AuditEvent>): Effect.Effect<number, AuditError> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (this.isClosed) return Effect.fail(refusal("Closed"))
      if (this.queue.isFullFor(events)) return Effect.fail(refusal("Full"))
      const texts = events.map(format.eventText)
      if (!texts.every((text) => text !== undefined)) return Effect.fail(refusal("InvalidEvent"))
      this.queue.seal()
      if (events.some(isStanding)) this.standing++
      const entries = events.map((event, index) => this.queue.take(event, texts[index] ?? "", this.now()))
      const last = this.queue.last
      return Effect.as(this.writeTo(last, () => this.withdraw(entries)), last)
    }))
  }

  /** Leaves their sequences taken, without a claim that the events took effect. */
  private withdraw(entries: ReadonlyArray<Pending>): void {
    for (const entry of entries) if (entry.sequence > this.head.tree.size) entry.isWithdrawn = true
  }

  get flush(): Effect.Effect<void, AuditError> {
    return Effect.suspend(() => this.writeTo(this.queue.last, () => {}))
  }

  private writeTo(sequence: number, onFailure: () => void): Effect.Effect<void, AuditError> {
    return this.writing.withPermit(Effect.uninterruptible(Effect.onExit(
      Effect.whileLoop({
        while: () => this.head.tree.size < sequence,
        body: () => this.writeBatch,
        step: () => {}
      }),
      (exit) =>
        Effect.sync(() => {
          this.isWriting = false
          if (Exit.isSuccess(exit)) return
          this.isFailing = true
          this.waiting.openUnsafe()
          onFailure()
        })
    )))
  }

  private get writeBatch(): Effect.Effect<void, AuditError> {
    return Effect.gen({ self: this }, function*() {
      const batch = this.queue.batch()
      const frontier = this.head.frontier.copy()
      const hashes = yield* hashLeaves(this.sha256, batch, frontier)
      const root = yield* frontier.root
      const bytes = batch.lines.seal(frontier.size, root)
      this.isWriting = true
      const began = this.now()
      yield* this.store.append(bytes)
      const { id, length, since } = this.head.segment
      this.head = {
        frontier,
        tree: { size: frontier.size, root },
        segment: { id, length: length + bytes.length, since: since ?? batch.entries[0]?.time }
      }
      this.keepLeaves(hashes)
      this.queue.drop(batch, this.time, this.now() - began)
      this.isFailing = false
      yield* this.rotate(batch.entries.at(-1)?.time ?? this.time)
    })
  }

  private keepLeaves(hashes: ReadonlyArray<Hash>): void {
    if (this.leaves === undefined) return
    this.leaves.hashes.push(...hashes)
    if (this.leaves.hashes.length > mostLeaves) this.leaves = undefined
  }

  /** Goes on in the old segment if a new one cannot be begun, until the next batch. */
  private rotate(time: number): Effect.Effect<void> {
    const { frontier, segment, tree } = this.head
    const isDue = segment.length >= this.settings.rotateBytes ||
      time - (segment.since ?? time) >= this.settings.rotateEvery
    if (!isDue) return Effect.void
    const beginning = encoder.encode(format.segmentLine(tree.size, time, frontier.nodes))
    return this.store.begin(tree.size + 1, beginning).pipe(
      Effect.andThen(Effect.sync(() => {
        this.head = { frontier, tree, segment: { id: tree.size + 1, length: beginning.length, since: undefined } }
        this.tidyAt = 0
        this.waiting.openUnsafe()
      })),
      Effect.catch((error) => Effect.logError(`${error.message}; no new segment was begun`))
    )
  }

  /** Waits for something to write, and for as long as it may wait. */
  get interval(): Effect.Effect<void> {
    return this.waiting.await.pipe(
      Effect.andThen(Effect.suspend(() => {
        const now = this.now()
        return Effect.sleep(Math.max(0, this.settings.flushEvery - now + (this.queue.oldest ?? now)))
      })),
      Effect.andThen(Effect.sync(() => this.waiting.closeUnsafe()))
    )
  }

  get close(): Effect.Effect<void, AuditError> {
    return Effect.suspend(() => {
      this.isClosed = true
      return this.flush
    })
  }
}
