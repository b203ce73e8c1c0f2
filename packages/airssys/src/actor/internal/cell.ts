// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import * as Causes from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Scope from "effect/Scope"
import { ActorCrashed, ActorStopped, type AskError, AskTimeout, MailboxFull, type SpawnError } from "../ActorError.ts"
import type { ActorRef, AskOptions, Status } from "../ActorRef.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type * as DeadLetter from "../DeadLetter.ts"
import type { ActorExit, Guardian, Restart } from "../Guardian.ts"
import type * as Protocol from "../Protocol.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type * as Termination from "../Termination.ts"
import { Ask } from "./ask.ts"
import type { Bonds } from "./bonds.ts"
import type { CellContext } from "./context.ts"
import type { Delivery, From, Refusal, Target } from "./target.ts"
import type { Turns } from "./turns.ts"

/** In the run-queue. */
export const scheduled = 1
/** A message is being handled, on this stack or on `fiber`. */
export const running = 1 << 1
/** No message may be begun: the actor starts, restarts or ends. */
export const paused = 1 << 2
/** No message is accepted. */
export const closed = 1 << 3
/** Ends by itself after the current message. */
export const leaving = 1 << 4
/** The end is decided; the current message may still be on the stack. */
export const doomed = 1 << 5
/** Ends when no message waits. */
export const draining = 1 << 6
/** A teardown before a restart is under way. */
export const tearing = 1 << 7
/** Askers were answered by the handler on the stack. */
const answering = 1 << 8

/** The life ends after the current message; the supervisor decides what follows. */
export const suspending = 1 << 12

const statusShift = 9
const statusMask = 7 << statusShift
const statuses: ReadonlyArray<Status> = ["Starting", "Running", "Restarting", "Stopping", "Stopped", "Failed"]

const busy = scheduled | running | paused
const interruptsBatch = paused | leaving | doomed | answering | suspending
const endsAfterBatch = leaving | doomed | draining | suspending
const largestCapacity = 2 ** 30
/** Positions are set back beyond this, to stay small integers. */
const farPosition = 2 ** 28

/** The delivery of what the system itself has to say. */
const signal: Delivery = { isForced: true }

/** The part of a system a cell calls outside its hot path. */
export interface Lifecycle {
  /** Makes the context of a new life. */
  readonly enliven: (cell: Cell) => CellContext
  readonly crashed: (cell: Cell, cause: Cause.Cause<unknown>) => void
  /** Ends the life from outside of its handler, as a crash. */
  readonly fault: (cell: Cell, cause: Cause.Cause<unknown>) => void
  readonly afterBatch: (cell: Cell) => void
  readonly requestStop: (cell: Cell) => void
  readonly deadLetter: (recipient: ActorRef<never>, message: unknown, from: From, reason: DeadLetter.Reason) => void
  readonly spawn: <M, E, R>(
    parent: Cell,
    behaviour: Behaviour<M, E, R>,
    options: SpawnOptions | undefined
  ) => Effect.Effect<ActorRef<M>, E | SpawnError, Exclude<R, Scope.Scope>>
  /** Ends the life of an actor that runs, as if it had ended by itself like this. */
  readonly exit: (cell: Cell, exit: ActorExit) => void
  /** Ends the life of an actor and leaves it without one; `next` is called then, or when it has ended. */
  readonly suspend: (cell: Cell, restart: Restart | undefined, next: () => void) => void
  /** Begins the next life; `next` is given why there is none, and nothing when the actor has ended. */
  readonly resume: (cell: Cell, restart: Restart, next: (cause: Cause.Cause<unknown> | undefined) => void) => void
  /** Ends a suspended actor for good, as it would have ended without its supervisor. */
  readonly conclude: (cell: Cell, exit: ActorExit, next: () => void) => void
  readonly awaitStop: (cell: Cell) => Effect.Effect<void>
  /** Stops an actor; `next` is called when it has ended. */
  readonly stopThen: (cell: Cell, next: () => void) => void
}

/** What a supervisor has in the place of children that end with its life. */
export interface Keeper {
  /** Called before anything runs. */
  readonly born: (cell: Cell) => void
  /** Stops the children for good, or suspends them for a restart of the supervisor. */
  readonly stop: (after: Restart | "Suspend" | "End", next: () => void) => void
  /** A restart of the supervisor was decided. */
  readonly plan: (restart: Restart) => void
}

/** The options of a supervisor's own actor. */
export interface KeeperOptions extends SpawnOptions {
  readonly keeper?: Keeper | undefined
}

/** How an actor ends, once that is decided. */
export interface Ending {
  readonly status: "Stopped" | "Failed"
  readonly reason: Termination.Reason
  readonly announce: () => void
}

/** Fields that most actors never need. */
export interface Rare {
  /** Requests held for a later answer; chained where one object was asked twice. */
  held: Map<unknown, Ask> | undefined
  /** Of held requests that nobody waits for any more, who still wants to know that they are answered. */
  late: WeakMap<object, Ask> | undefined
  children: Set<Cell> | undefined
  /** Told of the final end. */
  waiters: Set<(reason: Termination.Reason) => void> | undefined
  /** Run when a life ends, before anything of it is released. */
  cleanups: Set<() => void> | undefined
  bonds: Bonds | undefined
  /** Sleeps to the deadline of a stop. */
  timer: Fiber.Fiber<unknown, unknown> | undefined
  ending: Ending | undefined
  keeper: Keeper | undefined
  /** How a life ends that was ended from outside while a handler was on the stack. */
  exit: ActorExit | undefined
  /** Whether the cell rests without a life until it is resumed or ends. */
  isSuspended: boolean
  /** The restart it is or will be suspended for, once that has been told. */
  suspendedFor: Restart | undefined
  suspendedAt: number
  /** Why the last resumption failed. */
  failure: Cause.Cause<unknown> | undefined
  /** Those who wait for a suspension or a resumption; they are called at the end too. */
  settlers: Array<(cause: Cause.Cause<unknown> | undefined) => void> | undefined
}

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
  readonly given: string | undefined
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
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  context: Context.Context<never>
  scope: Scope.Closeable | undefined = undefined
  behaviour: Behaviour<unknown, unknown, Scope.Scope>
  readonly options: SpawnOptions | undefined
  guardian: Guardian | undefined
  readonly siblings: Set<Cell>
  rare: Rare | undefined = undefined

  constructor(
    system: Lifecycle,
    turns: Turns,
    id: number,
    siblings: Set<Cell>,
    context: Context.Context<never>,
    behaviour: Behaviour<unknown, unknown, Scope.Scope>,
    options: SpawnOptions | undefined
  ) {
    this.system = system
    this.turns = turns
    this.id = id
    this.siblings = siblings
    this.context = context
    this.behaviour = behaviour
    this.options = options
    this.given = options?.name
    this.guardian = options?.guardian
  }

  get name(): string {
    return this.given ?? `$${this.id}`
  }

  status(): Status {
    return statuses[(this.flags & statusMask) >> statusShift]!
  }

  setStatus(status: Status): void {
    this.flags = (this.flags & ~statusMask) | (statuses.indexOf(status) << statusShift)
  }

  get size(): number {
    return this.tail - this.head
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
    return this.rare ??= {
      held: undefined,
      late: undefined,
      children: undefined,
      waiters: undefined,
      cleanups: undefined,
      bonds: undefined,
      timer: undefined,
      ending: undefined,
      keeper: undefined,
      exit: undefined,
      isSuspended: false,
      suspendedFor: undefined,
      suspendedAt: 0,
      failure: undefined,
      settlers: undefined
    }
  }

  get clock(): Clock.Clock {
    return Context.get(this.context, Clock.Clock)
  }

  tell(message: unknown): void {
    this.send(message, undefined)
  }

  offer(message: unknown): Effect.Effect<void, MailboxFull | ActorStopped> {
    return Effect.suspend(() => {
      const refused = this.send(message, undefined)
      return refused === undefined ? Effect.void : Effect.fail(this.refusal(refused))
    })
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
    const answer = Effect.callback<Reply, Error | AskError>((resume) => {
      const ask = new Ask(sender, resume as (effect: Effect.Effect<unknown, unknown>) => void)
      const refused = this.send(request, ask)
      if (refused !== undefined) ask.settle(Exit.fail(this.refusal(refused)))
      return Effect.sync(() => ask.cancel())
    })
    if (options?.timeout === undefined) return answer
    const duration = Duration.fromInputUnsafe(options.timeout)
    return Effect.timeoutOrElse(answer, {
      duration,
      orElse: () => Effect.fail(new AskTimeout({ actor: this.name, timeoutMillis: Duration.toMillis(duration) }))
    })
  }

  send(message: unknown, from: From, delivery?: Delivery): Refusal | undefined {
    const turns = this.turns
    turns.offered++
    if (this.tail - this.head >= this.room && !this.widen(delivery)) return this.reject(message, from)
    const slots = this.slots!
    const at = (this.tail++ & this.mask) << 1
    slots[at] = message
    slots[at + 1] = from
    const flags = this.flags
    if ((flags & busy) === 0) {
      this.flags = flags | scheduled
      turns.ready(this)
    }
    return undefined
  }

  /** Sends itself what `make` makes; where that throws, the actor crashes. */
  inject(make: () => unknown): void {
    let message: unknown
    try {
      message = make()
    } catch (defect) {
      return this.system.fault(this, Causes.die(defect))
    }
    this.send(message, undefined, signal)
  }

  private reject(message: unknown, from: From): Refusal {
    const reason = (this.flags & closed) === 0 ? "MailboxFull" : "ActorStopped"
    this.turns.rejected++
    this.system.deadLetter(this, message, from, reason)
    return reason
  }

  refusal(reason: Refusal): MailboxFull | ActorStopped {
    return reason === "MailboxFull"
      ? new MailboxFull({ actor: this.name, capacity: this.capacity })
      : new ActorStopped({ actor: this.name })
  }

  /** Makes room where the mailbox may have more. */
  private widen(delivery: Delivery | undefined): boolean {
    if ((this.flags & closed) !== 0) return false
    if (this.size >= this.capacity && delivery?.isForced !== true) return false
    if (this.size <= this.mask) return true
    const { head, mask, slots, tail } = this
    const length = mask < 0 ? 4 : (mask + 1) * 2
    const next: Array<unknown> = new Array<unknown>(length * 2).fill(undefined)
    for (let i = head; i < tail; i++) {
      const from = (i & mask) << 1
      const to = (i & (length - 1)) << 1
      next[to] = slots![from]
      next[to + 1] = slots![from + 1]
    }
    this.slots = next
    this.mask = length - 1
    this.room = Math.min(length, this.capacity)
    return true
  }

  /** Empties the mailbox; each message is given to `discard` in order. */
  clear(discard: (message: unknown, from: From) => void): void {
    const { head, mask, slots, tail } = this
    this.slots = undefined
    this.mask = -1
    this.room = 0
    this.head = tail
    for (let i = head; i < tail; i++) {
      const at = (i & mask) << 1
      discard(slots![at], slots![at + 1] as From)
    }
  }

  schedule(): void {
    if (this.tail !== this.head && (this.flags & busy) === 0) {
      this.flags |= scheduled
      this.turns.ready(this)
    }
  }

  run(): number {
    this.flags &= ~scheduled
    if ((this.flags & (paused | running)) !== 0) return 0
    this.flags |= running
    const turns = this.turns
    const handler = this.handler!
    const live = this.live ??= this.system.enliven(this)
    const end = this.head + turns.batch
    let handled = 0
    let outcome: Fiber.Fiber<unknown, unknown> | Cause.Cause<unknown> | undefined
    turns.enter(this)
    try {
      while (this.tail !== this.head && this.head !== end) {
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
    if (outcome === undefined) this.rest()
    else if (Causes.isCause(outcome)) this.crash(outcome)
    else this.park(outcome)
    return outcome === undefined ? handled : handled + 1
  }

  /** What a handler returned: nothing left to do, why it failed, or what still runs. */
  private take(
    result: Effect.Effect<unknown, unknown, Scope.Scope>
  ): Fiber.Fiber<unknown, unknown> | Cause.Cause<unknown> | undefined {
    if (Exit.isExit(result)) return failureOf(result)
    if (!Effect.isEffect(result)) {
      return Causes.die(new TypeError(`The handler of ${this.name} returned neither nothing nor an Effect`))
    }
    const fiber = Effect.runForkWith(this.openScope())(result)
    const exit = fiber.pollUnsafe()
    return exit === undefined ? fiber : failureOf(exit)
  }

  /** Leaves the message to its fiber. */
  private park(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.fiber = fiber
    fiber.addObserver((exit) => {
      if (this.fiber !== fiber) return
      this.fiber = undefined
      const cause = failureOf(exit)
      if (cause !== undefined) return this.crash(cause)
      this.turns.handled++
      if (this.from !== undefined) this.hold()
      this.rest()
    })
    // The effect ended its own actor before it suspended for the first time.
    if ((this.flags & doomed) !== 0 || this.rare?.exit !== undefined) this.system.afterBatch(this)
    this.flush()
  }

  private crash(cause: Cause.Cause<unknown>): void {
    const from = this.from
    this.turns.failed++
    this.message = undefined
    this.from = undefined
    this.flags = (this.flags & ~running) | paused
    this.system.crashed(this, cause)
    if (from instanceof Ask) from.settle(Exit.fail(new ActorCrashed({ actor: this.name, cause })))
    this.flush()
  }

  private rest(): void {
    this.flags &= ~running
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

  /** Gives an answer now, or after the message while a handler is on the stack. */
  answer(message: unknown, answer: Effect.Effect<unknown, unknown>): void {
    const ask = this.asker(message) ?? this.rare?.late?.get(message as object)
    if (ask === undefined || ask.isAnswered) return
    if ((this.flags & running) === 0 || this.fiber !== undefined) return ask.settle(answer)
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
    const by = this.head - (this.head & this.mask)
    this.head -= by
    this.tail -= by
    this.turns.accepted += by
  }

  /** Ends a message with a `From`: keeps the asker that got no answer. */
  private hold(): void {
    const { from, message } = this
    this.message = undefined
    this.from = undefined
    if (!(from instanceof Ask) || from.isAnswered) return
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
      const late = this.rare!.late ??= new WeakMap()
      late.set(request, ask)
      return
    }
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
    return this.message === message && from instanceof Ask && !from.isAnswered ? from : undefined
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
    const cleanups = this.rare?.cleanups
    if (cleanups === undefined) return
    this.rare!.cleanups = undefined
    for (const cleanup of cleanups) cleanup()
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

/** The cell behind the ref of one actor; refs are made by a system and nowhere else. */
export const cellOf = (ref: ActorRef<never>): Cell => {
  if (ref instanceof Cell) return ref
  throw new TypeError("Not the ref of one actor that an actor system gave out")
}
