// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Scope from "effect/Scope"
import type { AskError, OfferError } from "../ActorError.ts"
import type { ActorRef, AskOptions, SendOptions, Status } from "../ActorRef.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type { Guardian } from "../Guardian.ts"
import type * as Mailbox from "../Mailbox.ts"
import type * as Protocol from "../Protocol.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type * as Termination from "../Termination.ts"
import type { Alarms } from "./alarms.ts"
import { withdraw } from "./answers.ts"
import type { Ask } from "./ask.ts"
import { askFor, asking, askSettling } from "./asking.ts"
import type { CellContext } from "./context.ts"
import * as flags from "./flags.ts"
import type { Ticket } from "./lanes.ts"
import type { Lifecycle } from "./lifecycle.ts"
import { offer, refusalOf, sendMixed } from "./mixed.ts"
import type { Worker } from "./pending.ts"
import { type Counted, Counts, Rare } from "./rare.ts"
import { widen } from "./ring.ts"
import { isFinal, isStep, statusOf, withStatus } from "./statuses.ts"
import { type Asker, type Delivery, deliveryOf, type From, type Refusal, type Settle, type Target } from "./target.ts"
import type { Turns } from "./turns.ts"

// Of this module: what is another one's is loaded each time it is read.
const { busy, closed, leaving, mixed, paused, scheduled, statusMask } = flags

const largestCapacity = 2 ** 30

/**
 * An actor: its mailbox, its place in life, and what they have. One class for all
 * actors, so that every call site of the loop stays monomorphic.
 *
 * The mailbox is a ring of pairs, message and `From`, allocated with the first
 * message. `head` counts the messages taken, `tail` those accepted; `room` is
 * how many may wait until `send` has to look closer: to grow, or to refuse. It
 * is zero while the cell is closed.
 *
 * `message` and `from` are those of the current message where it has a `From`.
 */
export class Cell implements ActorRef<unknown>, Target {
  declare readonly "~airssys/actor/ActorRef": "~airssys/actor/ActorRef"

  readonly id: number
  readonly turns: Turns
  readonly system: Lifecycle
  flags = paused
  slots: Array<unknown> | undefined = undefined
  mask = -1
  head = 0
  tail = 0
  room = 0
  handler: Handler<unknown> | undefined = undefined
  /** The context of the current life; replaced at a restart. */
  live: CellContext | undefined = undefined
  message: unknown = undefined
  from: From = undefined
  /** Answered while a handler was on the stack, the latest first. */
  answered: Ask | undefined = undefined
  /** Whatever runs for the actor: a start, an effectful handler, a backoff. */
  fiber: Worker | undefined = undefined
  context: Context.Context<never>
  scope: Scope.Closeable | undefined = undefined
  behaviour: Behaviour<unknown, unknown, Scope.Scope>
  readonly options: SpawnOptions<unknown> | undefined
  readonly siblings: Set<Cell>
  rare: Rare | undefined = undefined

  constructor(
    system: Lifecycle,
    turns: Turns,
    id: number,
    siblings: Set<Cell>,
    context: Context.Context<never>,
    behaviour: Behaviour<unknown, unknown, Scope.Scope>,
    options: SpawnOptions<unknown> | undefined
  ) {
    this.system = system
    this.turns = turns
    this.id = id
    this.siblings = siblings
    this.context = context
    this.behaviour = behaviour
    this.options = options
  }

  /** The name it was spawned with. */
  get given(): string | undefined {
    return this.options?.name
  }

  get guardian(): Guardian | undefined {
    return this.options?.guardian
  }

  get name(): string {
    return this.given ?? `$${this.id}`
  }

  status(): Status {
    return statusOf(this.flags)
  }

  setStatus(status: Status): void {
    const from = this.status()
    if (!isStep(from, status)) throw new Error(`${this.name} cannot go from ${from} to ${status}`)
    this.flags = withStatus(this.flags, status)
  }

  /** The messages that wait. */
  get size(): number {
    return this.tail - this.head + (this.rare?.lanes?.size ?? 0)
  }

  get policy(): Mailbox.Policy {
    const mailbox = this.options?.mailbox
    return mailbox === undefined || mailbox._tag === "Unbounded" ? "Fail" : mailbox.policy
  }

  get capacity(): number {
    const mailbox = this.options?.mailbox
    return mailbox === undefined || mailbox._tag === "Unbounded" ? largestCapacity : mailbox.capacity
  }

  close(): void {
    this.flags |= closed
    this.room = 0
  }

  get isEnded(): boolean {
    return isFinal(this.flags)
  }

  getRare(): Rare {
    return this.rare ??= new Rare()
  }

  getCounts(): Counts {
    return this.getRare().counts ??= new Counts()
  }

  count(what: Counted): void {
    this.turns[what]++
    this.getCounts()[what]++
  }

  get clock(): Clock.Clock {
    return Context.get(this.context, Clock.Clock)
  }

  /** By the actor's clock. */
  get alarms(): Alarms {
    return this.system.alarmsOf(this.context)
  }

  get monotonicMillis(): number {
    return Number(this.clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  tell(message: unknown, options?: SendOptions): void {
    this.send(message, undefined, options === undefined ? undefined : deliveryOf(options))
  }

  offer(message: unknown, options?: SendOptions): Effect.Effect<void, OfferError> {
    const delivery = deliveryOf(options)
    return Effect.suspend(() => offer(this, message, delivery))
  }

  ask<Reply, Error>(
    request: Protocol.Request<Reply, Error>,
    options?: AskOptions
  ): Effect.Effect<Reply, Error | AskError> {
    return this.askAs(undefined, request, options)
  }

  askAs<Reply, Error>(
    sender: ActorRef<never> | undefined,
    request: Protocol.Request<Reply, Error>,
    options: AskOptions | undefined
  ): Effect.Effect<Reply, Error | AskError> {
    return asking(this, sender, request, options)
  }

  askSettling<B, E>(fiber: Fiber.Fiber<unknown, unknown>, request: object, settle: Settle<B, E>): Effect.Effect<B, E> {
    return askSettling(fiber, this, request, settle)
  }

  askFor(request: object, asker: Asker): () => void {
    return askFor(this, request, asker)
  }

  /** Whether a plain message would find room at sight. */
  get hasRoom(): boolean {
    return this.tail - this.head < this.room && (this.flags & mixed) === 0
  }

  /** Whether a request can be handled on the stack of its asker: nothing waits, nothing runs. */
  get isAtHand(): boolean {
    return (this.flags & ~statusMask) === 0 && this.tail === this.head && this.turns.canInline &&
      this.options?.schema === undefined
  }

  send(message: unknown, from: From, delivery?: Delivery): Refusal | undefined {
    if (delivery !== undefined || (this.tail - this.head >= this.room && !widen(this))) {
      return sendMixed(this, message, from, delivery)
    }
    const turns = this.turns
    turns.offered++
    const slots = this.slots!
    const at = (this.tail++ & this.mask) << 1
    slots[at] = message
    if (from !== undefined) slots[at + 1] = from
    const state = this.flags
    if ((state & busy) === 0) {
      this.flags = state | scheduled
      turns.ready(this)
    }
    return undefined
  }

  /** Sends this life of itself what `make` makes; where that throws, the actor crashes. */
  inject(make: () => unknown, ticket: Ticket | undefined = this.live): void {
    let message: unknown
    try {
      message = make()
    } catch (defect) {
      return this.system.fault(this, Cause.die(defect))
    }
    this.send(message, undefined, { isForced: true, priority: "Normal", ttlMillis: Infinity, ticket })
  }

  refusal(reason: Refusal, message?: unknown): OfferError {
    return refusalOf(this, reason, message)
  }

  /** Ends the actor by itself, after the message in work if there is one. */
  leave(): void {
    this.flags |= leaving
    if ((this.flags & busy) === 0) this.system.afterBatch(this)
  }

  /** The cell's own context; every Effect of the actor runs in it. */
  openScope(): Context.Context<Scope.Scope> {
    if (this.scope === undefined) {
      this.scope = Scope.makeUnsafe()
      this.context = Context.add(this.context, Scope.Scope, this.scope)
    }
    return this.context as Context.Context<Scope.Scope>
  }

  withdraw(request: object, ask: Ask): void {
    withdraw(this, request, ask)
  }

  /** Calls `waiter` at the final end, at once when that was; returns what takes it back. */
  onEnd(waiter: (reason: Termination.Reason) => void): () => void {
    if (this.isEnded) {
      waiter({ _tag: "NoActor" })
      return () => {}
    }
    const waiters = this.getRare().waiters ??= new Set()
    waiters.add(waiter)
    return () => waiters.delete(waiter)
  }

  onLifeEnd(cleanup: () => void): () => void {
    const cleanups = this.getRare().cleanups ??= new Set()
    cleanups.add(cleanup)
    return () => cleanups.delete(cleanup)
  }

  /** From here on nothing of the current life has an effect. */
  endLife(): void {
    this.live = undefined
    this.handler = undefined
    const { rare } = this
    if (rare === undefined) return
    rare.timers = undefined
    rare.idleness?.cancel()
    rare.idleness = undefined
    const { cleanups } = rare
    rare.cleanups = undefined
    for (const cleanup of cleanups ?? []) cleanup()
  }

  toJSON(): unknown {
    return { _id: "ActorRef", id: this.id, name: this.name }
  }

  toString(): string {
    return `ActorRef(${this.name})`
  }

  [NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

Object.assign(Cell.prototype, { "~airssys/actor/ActorRef": "~airssys/actor/ActorRef" })

/** The cell whose life is that of a ref; refs are made by a system and nowhere else. */
export const cellOf = (ref: ActorRef<never>): Cell => {
  if (ref instanceof Cell) return ref
  if ("anchor" in ref && ref.anchor instanceof Cell) return ref.anchor
  throw new TypeError("Not a ref that an actor system gave out")
}
