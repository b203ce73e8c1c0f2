// What a child fails with is typed where it is started: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import { ActorStopped } from "../ActorError.ts"
import type { ActorRef, Status } from "../ActorRef.ts"
import { ActorSystem } from "../ActorSystem.ts"
import * as Backoff from "../Backoff.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type * as ChildSpec from "../ChildSpec.ts"
import type { ActorExit, Guardian, Restart, Verdict } from "../Guardian.ts"
import type { AutoShutdown, ChildCount, ChildInfo, Strategy } from "../Supervisor.ts"
import { type Cell, cellOf } from "./cell.ts"
import { inTurn, together } from "./inTurn.ts"
import type { Keeper } from "./lifecycle.ts"
import { RestartWindow } from "./restartWindow.ts"

type Spec = ChildSpec.Any

type Start = Effect.Effect<ChildSpec.Child<never, never>, unknown>

/** A child in its place; it stays there after the child has ended, unless the child is temporary. */
export interface Entry {
  readonly spec: Spec
  /** One of the specification: it is there again after a restart of the supervisor. */
  readonly isStatic: boolean
  readonly guardian: Guardian
  start: Start | undefined
  cell: Cell | undefined
  isStarting: boolean
  /** Of a stop that came while it started and had no actor; it is done when that has ended. */
  halted: Deferred.Deferred<void> | undefined
  /** Whether it ended by itself, and not because somebody stopped it. */
  isOwnEnd: boolean
  /** Restarts since the child last ran for as long as the window. */
  restarts: number
  /** When its life began; infinity while it is restarted. */
  startedAt: number
}

/** Children that are restarted together. A later wave takes over what an earlier one has not done. */
interface Wave {
  readonly crashed: Entry
  readonly entries: Set<Entry>
  readonly restart: Restart
}

interface Settings {
  readonly strategy: Strategy | "Dynamic"
  readonly autoShutdown: AutoShutdown
  readonly restarts: number
  readonly withinMillis: number
  /** What the supervisor's own life ends with beyond its intensity. */
  readonly gaveUp: (child: string, cause: Cause.Cause<unknown>) => unknown
  /** What a start fails with that is overtaken by the end of the supervisor. */
  readonly stopped: () => unknown
  /** Told of the supervisor's own actor before it starts. */
  readonly born: ((self: ActorRef<never>) => void) | undefined
}

/** As deep as the event buffer of a subscriber: later ones are lost there anyway. */
const remembered = 4096

const inert: Handler<unknown> = () => {}

/**
 * The children of one supervisor in their order, and the one window over their
 * restarts. It outlives the restarts of the supervisor's own actor: the
 * children of the specification keep their refs over those.
 *
 * A child is in one of four states: it runs; it is restarted by its own cell
 * (one for one); it is suspended for a wave or for a restart of the supervisor;
 * or it has ended. `lock` is held while a wave stops or starts children, and
 * by the start of the supervisor; never while a backoff sleeps.
 */
export class Children implements Keeper {
  status: "Starting" | "Running" | "Restarting" | "GaveUp" | "Stopped" = "Starting"
  readonly entries = new Map<string, Entry>()
  private readonly system: ActorSystem["Service"]
  private readonly settings: Settings
  private readonly window: RestartWindow
  private readonly lock = Semaphore.makeUnsafe(1)
  private readonly actorIds = new Set<number>()
  private readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private cell!: Cell
  private bound: Record<"context" | "below", Context.Context<never>> | undefined
  /** Counts the lives of the supervisor: a start that outlasts its own is undone. */
  private life = 0
  private isEnding = false
  private wave: Wave | undefined
  /** The wave whose children are being started, which a later one may have taken over. */
  private starting: Wave | undefined
  private gaveUp: { readonly entry: Entry; readonly exit: ActorExit } | undefined
  private restart: Restart = { attempt: 0, max: 0, delayMillis: 0 }
  private overtaken: Deferred.Deferred<never, unknown> | undefined

  constructor(system: ActorSystem["Service"], settings: Settings) {
    this.system = system
    this.settings = settings
    this.window = new RestartWindow(settings.restarts, settings.withinMillis)
  }

  born(cell: Cell): void {
    this.cell = cell
    this.settings.born?.(cell)
  }

  get self(): ActorRef<never> {
    return this.cell
  }

  plan(restart: Restart): void {
    this.restart = restart
  }

  knows(actorId: number): boolean {
    return this.actorIds.has(actorId)
  }

  /** Runs one thing at a time where children depend on each other. */
  exclusive<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const { strategy } = this.settings
    return strategy === "OneForOne" || strategy === "Dynamic" ? effect : this.lock.withPermits(1)(effect)
  }

  /** What the supervisor's actor does at its start: the children of the specification, in order. */
  behaviour<E, R>(
    specs: ReadonlyArray<ChildSpec.Any>,
    provided: (child: ChildSpec.Child<never, never>) => void
  ): Behaviour<never, E, R> {
    const behaviour = Effect.suspend(() => {
      const overtaken = Deferred.makeUnsafe<never, unknown>()
      this.overtaken = overtaken
      this.life++
      this.status = "Starting"
      this.gaveUp = undefined
      this.wave = undefined
      this.starting = undefined
      this.window.clear()
      const former = new Map(this.entries)
      this.entries.clear()
      const all = specs.map((spec) => this.add(spec, true, former.get(spec.id)))
      const startAll = Effect.forEach(all, (entry) =>
        this.isLive(entry)
          ? this.resume(entry, this.restart)
          : Effect.tap(this.spawn(entry), (child) => Effect.sync(() => provided(child))), { discard: true })
      return Effect.raceFirst(this.lock.withPermits(1)(startAll), Deferred.await(overtaken)).pipe(
        Effect.andThen(Effect.sync(() => {
          this.overtaken = undefined
          this.status = "Running"
          return inert
        }))
      )
    })
    return behaviour as never
  }

  add(spec: Spec, isStatic: boolean, former?: Entry): Entry {
    if (former !== undefined) {
      this.entries.set(spec.id, former)
      return former
    }
    const entry: Entry = {
      spec,
      isStatic,
      guardian: {
        decide: (exit, _ref, now) => this.decide(entry, exit, now),
        started: (ref, now) => {
          entry.cell = cellOf(ref)
          entry.startedAt = now
          entry.isOwnEnd = false
          this.starting?.entries.delete(entry)
          this.remember(ref.id)
        },
        ended: () => this.ended(entry)
      },
      start: undefined,
      cell: undefined,
      isStarting: false,
      halted: undefined,
      isOwnEnd: false,
      restarts: 0,
      startedAt: Infinity
    }
    this.entries.set(spec.id, entry)
    return entry
  }

  get count(): ChildCount {
    const all = [...this.entries.values()]
    const supervisors = all.filter(({ spec }) => spec.kind === "Supervisor").length
    return {
      specs: this.settings.strategy === "Dynamic" ? 1 : all.length,
      active: all.filter((entry) => this.isLive(entry) && entry.cell?.status() !== "Restarting").length,
      supervisors,
      workers: all.length - supervisors
    }
  }

  get restarts(): number {
    return this.window.count(this.now)
  }

  private get now(): number {
    return Number(this.cell.clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  get endsWithSignificant(): boolean {
    return this.settings.autoShutdown !== "Never"
  }

  forget(entry: Entry): void {
    this.leaveWaves(entry)
    if (this.entries.get(entry.spec.id) === entry) this.entries.delete(entry.spec.id)
  }

  isLive({ cell, isStarting }: Entry): boolean {
    return isStarting || (cell !== undefined && !cell.isEnded)
  }

  /** Starts the actor of an entry that has none, with the services of its first start. */
  spawn(entry: Entry): Start {
    return Effect.uninterruptibleMask((restore) => this.claim(entry, restore))
  }

  /** The same, where the caller has made sure that nothing is interrupted but the start itself. */
  claim(entry: Entry, restore: (start: Start) => Start): Start {
    const { life } = this
    entry.isStarting = true
    return Effect.onExit(restore(entry.start ?? this.bind(entry)), (exit) => {
      const { halted } = entry
      // What fails may have made an actor before: it was interrupted then, or its services threw.
      const cell = Exit.isSuccess(exit) ? cellOf(exit.value.ref) : this.startingCell(entry)
      const stop = cell === undefined ? Effect.void : this.cell.system.awaitStop(cell)
      entry.isStarting = false
      entry.halted = undefined
      if (halted !== undefined) Deferred.doneUnsafe(halted, stop)
      if (Exit.isFailure(exit)) return stop
      entry.cell = cell
      const isOvertaken = this.life !== life || (this.status !== "Running" && this.status !== "Starting")
      if (halted === undefined && !isOvertaken) return Effect.void
      const error = isOvertaken ? this.settings.stopped() : new ActorStopped({ actor: entry.spec.id })
      return Effect.andThen(stop, Effect.fail(error))
    })
  }

  private bind(entry: Entry): Start {
    return Effect.contextWith((context: Context.Context<never>) => {
      const below = this.below(context)
      // The context is the one its requirements were checked against.
      // @effect-diagnostics-next-line unsafeEffectTypeAssertion:off
      entry.start = Effect.updateContext(entry.spec.spawn(entry.guardian) as Start, () => below)
      return entry.start
    })
  }

  /**
   * The services as specifications see them: what they spawn is a child of the
   * supervisor, and has the services as they were, the same object for all.
   */
  private below(context: Context.Context<never>): Context.Context<never> {
    if (this.bound?.context === context) return this.bound.below
    const { system } = this
    const below: Context.Context<never> = Context.add(context, ActorSystem, {
      ...system,
      spawn: (behaviour, options) =>
        Effect.updateContext(
          // @effect-diagnostics-next-line unsafeEffectTypeAssertion:off
          this.cell.system.spawn(this.cell, behaviour, options) as Effect.Effect<never, never>,
          (current: Context.Context<never>): Context.Context<never> =>
            current === below ? context : Context.add(current, ActorSystem, system)
        )
    })
    this.bound = { context, below }
    return below
  }

  private resume(entry: Entry, restart: Restart): Effect.Effect<void, unknown> {
    return Effect.callback((resume) => {
      entry.isStarting = true
      this.cell.system.resume(entry.cell!, restart, (cause) => {
        entry.isStarting = false
        resume(cause === undefined ? Effect.void : Exit.failCause(cause))
      })
    })
  }

  info({ cell, isStarting, spec }: Entry): ChildInfo {
    const status: Status = cell === undefined || cell.isEnded
      ? isStarting ? "Starting" : cell?.status() ?? "Stopped"
      : cell.status()
    return { id: spec.id, restart: spec.restart, kind: spec.kind, status }
  }

  /** Stops a child for good; its place stays, unless it is temporary. */
  terminate(entry: Entry): Effect.Effect<void> {
    return Effect.suspend(() => {
      const cell = entry.isStarting ? this.startingCell(entry) : entry.cell
      if (cell === undefined) {
        this.leaveWaves(entry)
        return entry.isStarting ? Deferred.await(entry.halted ??= Deferred.makeUnsafe()) : Effect.void
      }
      // Who has left the waves and is not stopped would rest for ever.
      return Effect.callback<void>((resume) => {
        this.leaveWaves(entry)
        this.cell.system.stopThen(cell, () => resume(Effect.void))
      })
    })
  }

  /** The actor of an entry that starts, which may not have run yet. */
  private startingCell({ cell, guardian }: Entry): Cell | undefined {
    if (cell !== undefined && !cell.isEnded) return cell
    for (const child of this.cell.rare?.children ?? []) if (child.guardian?.decide === guardian.decide) return child
    return undefined
  }

  /** The wave that starts children may have been overtaken, and starts the rest of its own. */
  private leaveWaves(entry: Entry): void {
    this.wave?.entries.delete(entry)
    this.starting?.entries.delete(entry)
  }

  private decide(entry: Entry, exit: ActorExit, now: number): Verdict {
    if (this.isEnding) return { _tag: "End" }
    const isStartOfAll = this.status === "Starting" && entry.isStarting
    if (isStartOfAll || (this.status !== "Running" && this.status !== "Starting")) {
      return { _tag: "Suspend", restart: undefined }
    }
    // It would have been suspended next; a link may have taken it along.
    if (this.wave?.entries.has(entry) === true && !entry.isStarting) {
      return { _tag: "Suspend", restart: this.wave.restart }
    }
    const { restart } = entry.spec
    if (restart === "Temporary" || (restart === "Transient" && exit._tag !== "Crashed")) {
      entry.isOwnEnd = true
      return { _tag: "End" }
    }
    const counted = this.place(entry, exit, now)
    if (counted === undefined) {
      const { max, withinMillis } = this.window
      const next = this.giveUp(entry, exit)
      return { _tag: "GiveUp", restarts: max, withinMillis, next }
    }
    if (this.settings.strategy === "OneForOne" || this.settings.strategy === "Dynamic") {
      return { _tag: "Restart", restart: counted }
    }
    this.begin(entry, counted)
    return { _tag: "Suspend", restart: counted }
  }

  private place(entry: Entry, exit: ActorExit, now: number): Restart | undefined {
    const { max, withinMillis } = this.window
    const { backoff, isCounted } = entry.spec
    const attempt = exit._tag !== "Crashed" || isCounted(exit.cause) ? this.window.add(now) : this.window.count(now)
    if (attempt === undefined) return undefined
    if (now - entry.startedAt >= withinMillis) entry.restarts = 0
    entry.startedAt = Infinity
    const random = Context.get(this.cell.context, Random.Random)
    const delayMillis = Backoff.delayMillis(backoff, entry.restarts++, () => random.nextDoubleUnsafe())
    return { attempt, max, delayMillis }
  }

  private giveUp(entry: Entry, exit: ActorExit): () => void {
    this.status = "GaveUp"
    this.gaveUp = { entry, exit }
    const cause = exit._tag === "Crashed" || exit._tag === "GaveUp" ? exit.cause : Cause.empty
    return () => this.leave({ _tag: "GaveUp", cause: Cause.fail(this.settings.gaveUp(entry.spec.id, cause)) })
  }

  private leave(exit: ActorExit): void {
    if (this.overtaken === undefined) return this.cell.system.exit(this.cell, exit)
    Deferred.doneUnsafe(
      this.overtaken,
      exit._tag === "GaveUp" ? Exit.failCause(exit.cause) : Exit.fail(this.settings.stopped())
    )
  }

  private ended(entry: Entry): void {
    const { entries, settings: { autoShutdown, strategy } } = this
    const { restart, id, isSignificant } = entry.spec
    if ((restart === "Temporary" || strategy === "Dynamic") && entries.get(id) === entry) entries.delete(id)
    // A start that fails ends its actor too; the wave decides about that.
    if (!entry.isStarting) this.leaveWaves(entry)
    if (this.status !== "Running" && this.status !== "Starting") return
    if (autoShutdown === "Never" || !isSignificant || !entry.isOwnEnd) return
    const isLast = autoShutdown === "AnySignificant" ||
      ![...entries.values()].some((other) => other.spec.isSignificant && this.isLive(other))
    if (isLast) this.leave({ _tag: "Shutdown" })
  }

  private begin(crashed: Entry, restart: Restart): void {
    const all = [...this.entries.values()]
    const affected = this.settings.strategy === "OneForAll" ? all : all.slice(all.indexOf(crashed))
    const wave = { crashed, restart, entries: new Set([...affected, ...this.wave?.entries ?? []]) }
    this.wave = wave
    const fiber = Effect.runForkWith(this.cell.context)(this.run(wave))
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  private run(wave: Wave): Effect.Effect<void> {
    const step = (effect: Effect.Effect<void>) =>
      this.lock.withPermits(1)(Effect.suspend(() => this.wave === wave ? effect : Effect.void))
    // The crash is still on the stack.
    return Effect.yieldNow.pipe(
      Effect.andThen(step(this.suspendAll(wave))),
      Effect.andThen(wave.restart.delayMillis > 0 ? Effect.sleep(wave.restart.delayMillis) : Effect.void),
      Effect.andThen(step(this.startAll(wave)))
    )
  }

  /** The one that crashed first, which is down already, then the newest first. */
  private suspendAll({ crashed, entries, restart }: Wave): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const affected = this.ordered(entries).toReversed().filter((entry) => entry !== crashed)
      inTurn(
        [crashed, ...affected],
        // Who was stopped has left, and may have been started again by hand.
        (entry, next) => entries.has(entry) ? this.suspend(entry, restart, next) : next(),
        () => resume(Effect.void)
      )
    })
  }

  private suspend(entry: Entry, restart: Restart | undefined, next: () => void): void {
    const { cell } = entry
    if (cell === undefined || cell.isEnded) return next()
    if (entry.spec.restart === "Temporary") return this.cell.system.stopThen(cell, next)
    this.cell.system.suspend(cell, restart, next)
  }

  private startAll(wave: Wave): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      this.starting = wave
      for (const entry of this.ordered(wave.entries)) {
        if (this.status !== "Running") return
        let isSuspended = false
        const exit = yield* Effect.exit(Effect.uninterruptibleMask((restore): Effect.Effect<unknown, unknown> => {
          if (!wave.entries.has(entry)) return Effect.void
          isSuspended = this.isLive(entry)
          return isSuspended ? restore(this.resume(entry, wave.restart)) : this.claim(entry, restore)
        }))
        // It is taken out of the wave when it starts, or is stopped.
        if (exit._tag === "Success" || !wave.entries.has(entry)) continue
        // One that was suspended has been decided about, like every crash.
        if (!isSuspended) this.failedToStart(entry, exit.cause)
        return
      }
      if (this.wave === wave) this.wave = undefined
    })
  }

  private failedToStart(entry: Entry, cause: Cause.Cause<unknown>): void {
    if (this.status !== "Running") return
    const exit: ActorExit = { _tag: "Crashed", cause }
    const restart = this.place(entry, exit, this.now)
    if (restart === undefined) this.giveUp(entry, exit)()
    else this.begin(entry, restart)
  }

  private ordered(entries: ReadonlySet<Entry>): Array<Entry> {
    return [...this.entries.values()].filter((entry) => entries.has(entry))
  }

  stop(after: Restart | "Suspend" | "End", next: () => void): void {
    this.isEnding = after === "End"
    if (!this.isEnding) this.status = "Restarting"
    else if (this.status !== "GaveUp") this.status = "Stopped"
    this.wave = undefined
    const fibers = [...this.fibers]
    for (const fiber of fibers) fiber.interruptUnsafe()
    together(fibers, (fiber, done) => fiber.addObserver(done), () => this.stopAll(after, next))
  }

  private stopAll(after: Restart | "Suspend" | "End", next: () => void): void {
    const { cell: { system }, gaveUp } = this
    const each = this.settings.strategy === "Dynamic" ? together : inTurn
    const order = [...this.entries.values()].toReversed()
    if (gaveUp !== undefined) order.sort((a, b) => Number(b === gaveUp.entry) - Number(a === gaveUp.entry))
    each(order, (entry, done) => {
      const { cell } = entry
      if (cell === undefined || cell.isEnded) return done()
      if (after !== "End" && entry.isStatic) {
        this.suspend(entry, after === "Suspend" ? undefined : after, done)
      } else if (entry === gaveUp?.entry) system.conclude(cell, gaveUp.exit, done)
      else system.stopThen(cell, done)
    }, () => {
      if (after !== "End") {
        for (const [id, entry] of this.entries) if (!entry.isStatic) this.entries.delete(id)
      }
      next()
    })
  }

  private remember(actorId: number): void {
    this.actorIds.add(actorId)
    if (this.actorIds.size > remembered + this.entries.size) {
      for (const oldest of this.actorIds) {
        this.actorIds.delete(oldest)
        break
      }
    }
  }
}
