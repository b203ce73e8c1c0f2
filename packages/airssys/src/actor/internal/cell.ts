// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Causes from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Scope from "effect/Scope"
import { ActorCrashed, type AskError, type OfferError } from "../ActorError.ts"
import type { ActorRef, AskOptions, SendOptions, Status, Transition } from "../ActorRef.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type { Guardian } from "../Guardian.ts"
import type * as Mailbox from "../Mailbox.ts"
import type * as Protocol from "../Protocol.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type * as Termination from "../Termination.ts"
import type { Alarms } from "./alarms.ts"
import { Ask } from "./ask.ts"
import { asking } from "./asking.ts"
import type { CellContext } from "./context.ts"
import {
  answering,
  aside,
  busy,
  changed,
  closed,
  doomed,
  endsAfterBatch,
  interruptsBatch,
  leaving,
  mixed,
  paused,
  running,
  scheduled,
  statusMask,
  statusShift,
  unusual
} from "./flags.ts"
import { Envelope, type Ticket } from "./lanes.ts"
import type { Lifecycle } from "./lifecycle.ts"
import { offer, refusalOf, sendMixed, takeNext } from "./mixed.ts"
import { Pending, type Worker } from "./pending.ts"
import { type Counted, Counts, Rare } from "./rare.ts"
import { fateOf } from "./redelivery.ts"
import { type Delivery, deliveryOf, type From, type Refusal, type Target } from "./target.ts"
import type { Turns } from "./turns.ts"

const statuses: ReadonlyArray<Status> = ["Starting", "Running", "Restarting", "Stopping", "Stopped", "Failed"]

type Steps = { readonly [From in Status]: ReadonlyArray<Extract<Transition, { readonly from: From }>["to"]> }

const steps: Steps = {
  Starting: ["Running", "Restarting", "Stopping"],
  Running: ["Restarting", "Stopping"],
  Restarting: ["Running", "Restarting", "Stopping"],
  Stopping: ["Stopping", "Stopped", "Failed"],
  Stopped: [],
  Failed: []
}

const largestCapacity = 2 ** 30
/** Positions are set back beyond this, to stay small integers. */
const farPosition = 2 ** 28

/**
 * An actor: its mailbox, its place in life, and the loop over its messages.
 * One class for all actors, so that every call site of the loop stays
 * monomorphic.
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
    return statuses[(this.flags & statusMask) >> statusShift]!
  }

  setStatus(status: Status): void {
    const from: ReadonlyArray<Status> = steps[this.status()]
    if (!from.includes(status)) throw new Error(`${this.name} cannot go from ${this.status()} to ${status}`)
    this.flags = (this.flags & ~statusMask) | (statuses.indexOf(status) << statusShift)
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
    return (this.flags & statusMask) >> statusShift >= 4
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

  /** Whether a plain message would find room at sight. */
  get hasRoom(): boolean {
    return this.tail - this.head < this.room && (this.flags & mixed) === 0
  }

  /** Whether a request can be handled on the stack of its asker: nothing waits, nothing runs. */
  get isAtHand(): boolean {
    return (this.flags & ~statusMask) === 0 && this.tail === this.head && this.turns.canInline &&
      this.options?.schema === undefined
  }

  /** Handles a request that never waits. */
  runInline(message: unknown, from: Ask): void {
    this.turns.offered++
    this.head++
    this.tail++
    this.flags |= running
    this.message = message
    this.from = from
    const outcome = this.handle()
    if (outcome === undefined) {
      if ((this.flags & ~statusMask) === running && from.isAnswered && this.tail === this.head) {
        this.turns.handled++
        this.message = undefined
        this.from = undefined
        this.flags &= ~running
        if (this.head > farPosition) this.setBack()
        return
      }
      this.conclude()
    }
    this.endBatch(outcome)
  }

  send(message: unknown, from: From, delivery?: Delivery): Refusal | undefined {
    if (delivery !== undefined || (this.tail - this.head >= this.room && !this.widen())) {
      return sendMixed(this, message, from, delivery)
    }
    const turns = this.turns
    turns.offered++
    const slots = this.slots!
    const at = (this.tail++ & this.mask) << 1
    slots[at] = message
    if (from !== undefined) slots[at + 1] = from
    const flags = this.flags
    if ((flags & busy) === 0) {
      this.flags = flags | scheduled
      turns.ready(this)
    }
    return undefined
  }

  /** Puts a message that was accepted into the ring, whatever its room. */
  push(message: unknown, from: From | Envelope): void {
    if (this.tail - this.head > this.mask) this.grow()
    const at = (this.tail++ & this.mask) << 1
    this.slots![at] = message
    this.slots![at + 1] = from
    this.schedule()
  }

  /** Takes the oldest message out of the ring. */
  shift(): Envelope {
    const slots = this.slots!
    const at = (this.head++ & this.mask) << 1
    const message = slots[at]
    const from = slots[at + 1] as From | Envelope
    slots[at] = undefined
    slots[at + 1] = undefined
    if (!(from instanceof Envelope)) return new Envelope(message, from, Infinity, Infinity, undefined)
    this.rare!.lanes!.inRing--
    return from
  }

  /** The same while the batch on the stack may be this actor's own. */
  skip(): Envelope {
    this.turns.skipped(this)
    return this.shift()
  }

  /** Sends this life of itself what `make` makes; where that throws, the actor crashes. */
  inject(make: () => unknown, ticket: Ticket | undefined = this.live): void {
    let message: unknown
    try {
      message = make()
    } catch (defect) {
      return this.system.fault(this, Causes.die(defect))
    }
    this.send(message, undefined, { isForced: true, priority: "Normal", ttlMillis: Infinity, ticket })
  }

  refusal(reason: Refusal, message?: unknown): OfferError {
    return refusalOf(this, reason, message)
  }

  /** Makes room where a plain message may come in. */
  private widen(): boolean {
    if ((this.flags & closed) !== 0 || this.options?.schema !== undefined || this.size >= this.capacity) return false
    this.grow()
    return true
  }

  private grow(): void {
    const { head, mask, slots, tail } = this
    const length = mask < 0 ? 1 : (mask + 1) * 2
    const next: Array<unknown> = new Array<unknown>(length * 2).fill(undefined)
    for (let i = head; i < tail; i++) {
      const from = (i & mask) << 1
      const to = (i & (length - 1)) << 1
      next[to] = slots![from]
      next[to + 1] = slots![from + 1]
    }
    this.slots = next
    this.mask = length - 1
    this.measure()
  }

  /** Sets `room` to what may wait in the ring before `send` has to look closer. */
  measure(): void {
    this.room = (this.flags & closed) !== 0 || this.options?.schema !== undefined
      ? 0
      : Math.min(this.mask + 1, this.capacity - (this.rare?.lanes?.size ?? 0))
  }

  /** Empties the mailbox, in the order of the messages' turns. */
  clear(): ReadonlyArray<Envelope> {
    const lanes = this.rare?.lanes
    const low = lanes?.low
    const all: Array<Envelope> = []
    for (let next = lanes?.shiftUrgent(); next !== undefined; next = lanes!.shiftUrgent()) all.push(next)
    while (this.tail !== this.head) all.push(this.shift())
    for (let next = low?.shift(); next !== undefined; next = low!.shift()) all.push(next)
    this.slots = undefined
    this.mask = -1
    this.room = 0
    this.flags &= ~mixed
    return all
  }

  schedule(): void {
    if ((this.flags & busy) === 0 && this.size !== 0) {
      this.flags |= scheduled
      this.turns.ready(this)
    }
  }

  run(): number {
    const flags = this.flags & ~scheduled
    if ((flags & (paused | running | mixed)) !== 0) {
      this.flags = flags
      return (flags & (paused | running)) === 0 ? this.runMixed() : 0
    }
    this.flags = flags | running
    const turns = this.turns
    const handler = this.handler!
    const live = this.live ??= this.system.enliven(this)
    const end = this.head + turns.batch
    let stop = 0
    let handled = 0
    let outcome: Worker | Cause.Cause<unknown> | undefined
    turns.enter(this)
    try {
      while (this.head < stop || this.head < (stop = Math.min(this.tail, end))) {
        const slots = this.slots!
        const at = (this.head++ & this.mask) << 1
        const message = slots[at]
        const from = slots[at + 1] as From
        slots[at] = undefined
        if (from !== undefined) {
          slots[at + 1] = undefined
          this.message = message
          this.from = from
        }
        const result = handler(message, live)
        if (result !== undefined && result !== Effect.void) {
          outcome = this.take(result)
          if (outcome !== undefined) break
        }
        handled++
        if (from !== undefined) this.hold()
        if ((this.flags & interruptsBatch) !== 0) break
      }
    } catch (defect) {
      outcome = Causes.die(defect)
    }
    turns.leave(handled)
    if (outcome === undefined) {
      const { flags } = this
      if ((flags & unusual) === 0 && this.head <= farPosition) {
        this.flags = flags & ~running
        if (this.tail !== this.head) this.schedule()
        if (this.answered !== undefined) this.flush()
        return handled
      }
    }
    if (outcome === undefined && (this.flags & aside) !== 0) {
      turns.handled--
      this.setAside()
    }
    this.endBatch(outcome)
    return outcome === undefined ? handled : handled + 1
  }

  /** The same where messages are more than plain. */
  private runMixed(): number {
    this.flags |= running
    const most = this.turns.batch
    let taken = 0
    let outcome: Worker | Cause.Cause<unknown> | undefined
    while (taken < most && takeNext(this)) {
      taken++
      outcome = this.handle()
      if (outcome !== undefined) break
      this.conclude()
      if ((this.flags & (paused | leaving | doomed | answering)) !== 0) break
    }
    this.endBatch(outcome)
    return taken
  }

  /** Gives the current message to the handler. */
  private handle(): Worker | Cause.Cause<unknown> | undefined {
    try {
      const result = this.handler!(this.message, this.live ??= this.system.enliven(this))
      return result === undefined || result === Effect.void ? undefined : this.take(result)
    } catch (defect) {
      return Causes.die(defect)
    }
  }

  private endBatch(outcome: Worker | Cause.Cause<unknown> | undefined): void {
    if (outcome === undefined) this.rest()
    else if ("reasons" in outcome) this.crash(outcome)
    else this.park(outcome)
  }

  /** Ends the current message, which did not fail. */
  private conclude(): void {
    if ((this.flags & aside) !== 0) return this.setAside()
    this.turns.handled++
    this.hold()
  }

  private setAside(): void {
    const stash = this.rare!.stash!
    stash.envelopes.push(stash.next!)
    stash.next = undefined
    this.flags &= ~aside
    this.message = undefined
    this.from = undefined
  }

  /** What a handler returned: nothing left to do, why it failed, or what still runs. */
  private take(
    result: Effect.Effect<unknown, unknown, Scope.Scope>
  ): Worker | Cause.Cause<unknown> | undefined {
    let worker: Worker
    if (result instanceof Pending) worker = result.run(this.openScope())
    else if (Exit.isExit(result)) return failureOf(result)
    else if (Effect.isEffect(result)) worker = Effect.runForkWith(this.openScope())(result)
    else return Causes.die(new TypeError(`The handler of ${this.name} returned neither nothing nor an Effect`))
    const exit = worker.pollUnsafe()
    return exit === undefined ? worker : failureOf(exit)
  }

  /** Leaves the message to who works for it. */
  private park(fiber: Worker): void {
    this.fiber = fiber
    fiber.addObserver((exit) => {
      if (this.fiber !== fiber) return
      this.fiber = undefined
      const cause = failureOf(exit)
      if (cause !== undefined) return this.crash(cause)
      this.conclude()
      this.rest()
    })
    // The effect ended its own actor before it suspended for the first time.
    if ((this.flags & doomed) !== 0 || this.rare?.exit !== undefined) this.system.afterBatch(this)
    this.flush()
  }

  private crash(cause: Cause.Cause<unknown>): void {
    const { from, message } = this
    this.message = undefined
    this.from = undefined
    this.flags = (this.flags & ~(running | changed | aside)) | paused
    const fate = this.options?.redeliver === undefined ? "failed" : fateOf(this)
    if (fate !== "waiting") this.count(fate)
    if (fate === "quarantined") this.system.deadLetter(this, message, from, "Quarantined")
    this.system.crashed(this, cause)
    if (fate !== "waiting" && from instanceof Ask) from.settle(Exit.fail(new ActorCrashed({ actor: this.name, cause })))
    this.flush()
  }

  private rest(): void {
    this.flags &= ~(running | changed)
    if ((this.flags & mixed) !== 0) this.rare!.idleness?.touch()
    if (this.head > farPosition) this.setBack()
    if ((this.flags & endsAfterBatch) !== 0) this.system.afterBatch(this)
    this.schedule()
    this.flush()
  }

  /** Ends the actor by itself, after the message in work if there is one. */
  leave(): void {
    this.flags |= leaving
    if ((this.flags & busy) === 0) this.system.afterBatch(this)
  }

  /** Gives the answer to a request. */
  answer(message: unknown, answer: Effect.Effect<unknown, unknown>): void {
    const ask = this.asker(message) ?? this.rare?.late?.get(message as object)
    if (ask === undefined) return
    if (!ask.isAnswered) return this.resume(ask, answer)
    if (ask.isGone) {
      ask.isGone = false
      this.turns.lateReplies++
    }
  }

  /** Tells somebody who waits, now or after the message while a handler is on the stack. */
  resume(ask: Ask, answer: Effect.Effect<unknown, unknown>): void {
    const { fiber } = this
    if ((this.flags & running) === 0 || (fiber !== undefined && fiber.isEnding !== true) || ask.isSilent) {
      return ask.settle(answer)
    }
    ask.keep(answer)
    ask.next = this.answered
    this.answered = ask
    this.flags |= answering
  }

  /** Resumes those who were answered, in the order of their answers. */
  private flush(): void {
    let last = this.answered
    if (last === undefined) return
    this.answered = undefined
    this.flags &= ~answering
    if (last.next === undefined) return last.settle(Effect.void)
    let first: Ask | undefined
    while (last !== undefined) {
      const next: Ask | undefined = last.next
      last.next = first
      first = last
      last = next
    }
    while (first !== undefined) {
      const next: Ask | undefined = first.next
      first.settle(Effect.void)
      first = next
    }
  }

  /** Moves both positions by whole rings; what was accepted stays counted. */
  private setBack(): void {
    const by = this.mask < 0 ? this.head : this.head - (this.head & this.mask)
    this.head -= by
    this.tail -= by
    this.turns.accepted += by
    this.getCounts().accepted += by
  }

  /** Ends a message with a `From`: keeps the asker that got no answer. */
  private hold(): void {
    const { from, message } = this
    this.message = undefined
    this.from = undefined
    if ((this.flags & aside) !== 0 || !(from instanceof Ask)) return
    if (from.isAnswered) {
      if (from.isGone) this.remember(message, from)
      return
    }
    const held = this.getRare().held ??= new Map()
    const first = held.get(message)
    if (first === undefined) {
      held.set(message, from)
      return
    }
    let last = first
    while (last.next !== undefined) last = last.next
    last.next = from
  }

  withdraw(request: object, ask: Ask): void {
    const held = this.rare?.held
    let before: Ask | undefined
    for (let other = held?.get(request); other !== undefined; before = other, other = other.next) {
      if (other !== ask) continue
      if (before !== undefined) before.next = ask.next
      else if (ask.next !== undefined) held!.set(request, ask.next)
      else held!.delete(request)
      ask.next = undefined
      this.remember(request, ask)
      return
    }
  }

  /** Keeps an ask that is held no longer for as long as its request can still be answered. */
  private remember(request: unknown, ask: Ask): void {
    if (typeof request !== "object" || request === null) return
    const late = this.getRare().late ??= new WeakMap()
    late.set(request, ask)
  }

  /** The asker who waits longest for the answer to this message object. */
  private asker(message: unknown): Ask | undefined {
    const held = this.rare?.held
    let first = held?.get(message)
    while (first !== undefined) {
      if (first.next === undefined) held!.delete(message)
      else held!.set(message, first.next)
      const next: Ask | undefined = first.next
      if (!first.isAnswered) return first
      first = next
    }
    const from = this.from
    return this.message === message && from instanceof Ask && (!from.isAnswered || from.isGone)
      ? from
      : undefined
  }

  /** The cell's own context; every Effect of the actor runs in it. */
  openScope(): Context.Context<Scope.Scope> {
    if (this.scope === undefined) {
      this.scope = Scope.makeUnsafe()
      this.context = Context.add(this.context, Scope.Scope, this.scope)
    }
    return this.context as Context.Context<Scope.Scope>
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

const failureOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | undefined =>
  exit._tag === "Failure" ? exit.cause : undefined

/** The cell whose life is that of a ref; refs are made by a system and nowhere else. */
export const cellOf = (ref: ActorRef<never>): Cell => {
  if (ref instanceof Cell) return ref
  if ("anchor" in ref && ref.anchor instanceof Cell) return ref.anchor
  throw new TypeError("Not a ref that an actor system gave out")
}
