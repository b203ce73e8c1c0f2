// What a child fails with is typed where it is started: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import type { ActorRef } from "../ActorRef.ts"
import type { ActorSystem } from "../ActorSystem.ts"
import * as Backoff from "../Backoff.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type * as ChildSpec from "../ChildSpec.ts"
import type { ActorExit, Restart, Verdict } from "../Guardian.ts"
import type { AutoShutdown, ChildCount, Strategy } from "../Supervisor.ts"
import { type Cell, cellOf } from "./cell.ts"
import { type Entry, isLive, makeEntry } from "./childEntry.ts"
import { inTurn, together } from "./inTurn.ts"
import { Launcher } from "./launching.ts"
import type { Keeper } from "./lifecycle.ts"
import { RestartWindow } from "./restartWindow.ts"
import { Waves } from "./waves.ts"

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
  private readonly settings: Settings
  private readonly window: RestartWindow
  private readonly lock = Semaphore.makeUnsafe(1)
  private readonly actorIds = new Set<number>()
  private readonly waves: Waves
  readonly launcher: Launcher
  cell!: Cell
  /** Counts the lives of the supervisor. */
  life = 0
  private isEnding = false
  private gaveUp: { readonly entry: Entry; readonly exit: ActorExit } | undefined
  private restart: Restart = { attempt: 0, max: 0, delayMillis: 0 }
  private overtaken: Deferred.Deferred<never, unknown> | undefined

  constructor(system: ActorSystem["Service"], settings: Settings) {
    this.settings = settings
    this.window = new RestartWindow(settings.restarts, settings.withinMillis)
    this.launcher = new Launcher(this, system, settings.stopped)
    this.waves = new Waves(this, (entry, cause) => this.failedToStart(entry, cause))
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
    return strategy === "OneForOne" || strategy === "Dynamic" ? effect : this.locked(effect)
  }

  locked<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.lock.withPermits(1)(effect)
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
      this.waves.clear()
      this.window.clear()
      const former = new Map(this.entries)
      this.entries.clear()
      const all = specs.map((spec) => this.add(spec, true, former.get(spec.id)))
      const startAll = Effect.forEach(all, (entry) =>
        isLive(entry)
          ? this.resume(entry, this.restart)
          : Effect.tap(this.launcher.spawn(entry), (child) => Effect.sync(() => provided(child))), { discard: true })
      return Effect.raceFirst(this.locked(startAll), Deferred.await(overtaken)).pipe(
        Effect.andThen(Effect.sync(() => {
          this.overtaken = undefined
          this.status = "Running"
          return inert
        }))
      )
    })
    return behaviour as never
  }

  add(spec: ChildSpec.Any, isStatic: boolean, former?: Entry): Entry {
    if (former !== undefined) {
      this.entries.set(spec.id, former)
      return former
    }
    const entry = makeEntry(spec, isStatic, (entry) => ({
      decide: (exit, _ref, now) => this.decide(entry, exit, now),
      started: (ref, now) => {
        entry.cell = cellOf(ref)
        entry.startedAt = now
        entry.isOwnEnd = false
        this.waves.started(entry)
        this.remember(ref.id)
      },
      ended: () => this.ended(entry)
    }))
    this.entries.set(spec.id, entry)
    return entry
  }

  get count(): ChildCount {
    const all = [...this.entries.values()]
    const supervisors = all.filter(({ spec }) => spec.kind === "Supervisor").length
    return {
      specs: this.settings.strategy === "Dynamic" ? 1 : all.length,
      active: all.filter((entry) => isLive(entry) && entry.cell?.status() !== "Restarting").length,
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
    this.waves.leave(entry)
    if (this.entries.get(entry.spec.id) === entry) this.entries.delete(entry.spec.id)
  }

  resume(entry: Entry, restart: Restart): Effect.Effect<void, unknown> {
    return Effect.callback((resume) => {
      entry.isStarting = true
      this.cell.system.resume(entry.cell!, restart, (cause) => {
        entry.isStarting = false
        resume(cause === undefined ? Effect.void : Exit.failCause(cause))
      })
    })
  }

  /** Stops a child for good; its place stays, unless it is temporary. */
  terminate(entry: Entry): Effect.Effect<void> {
    return Effect.suspend(() => {
      const cell = entry.isStarting ? this.launcher.startingCell(entry) : entry.cell
      if (cell === undefined) {
        this.waves.leave(entry)
        return entry.isStarting ? Deferred.await(entry.halted ??= Deferred.makeUnsafe()) : Effect.void
      }
      // Who has left the waves and is not stopped would rest for ever.
      return Effect.callback<void>((resume) => {
        this.waves.leave(entry)
        this.cell.system.stopThen(cell, () => resume(Effect.void))
      })
    })
  }

  private decide(entry: Entry, exit: ActorExit, now: number): Verdict {
    if (this.isEnding) return { _tag: "End" }
    const isStartOfAll = this.status === "Starting" && entry.isStarting
    if (isStartOfAll || (this.status !== "Running" && this.status !== "Starting")) {
      return { _tag: "Suspend", restart: undefined }
    }
    // It would have been suspended next; a link may have taken it along.
    const joined = this.waves.of(entry)
    if (joined !== undefined && !entry.isStarting) return { _tag: "Suspend", restart: joined }
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
    if (!entry.isStarting) this.waves.leave(entry)
    if (this.status !== "Running" && this.status !== "Starting") return
    if (autoShutdown === "Never" || !isSignificant || !entry.isOwnEnd) return
    const isLast = autoShutdown === "AnySignificant" ||
      ![...entries.values()].some((other) => other.spec.isSignificant && isLive(other))
    if (isLast) this.leave({ _tag: "Shutdown" })
  }

  private begin(crashed: Entry, restart: Restart): void {
    const all = [...this.entries.values()]
    const affected = this.settings.strategy === "OneForAll" ? all : all.slice(all.indexOf(crashed))
    this.waves.begin(crashed, affected, restart)
  }

  suspend(entry: Entry, restart: Restart | undefined, next: () => void): void {
    const { cell } = entry
    if (cell === undefined || cell.isEnded) return next()
    if (entry.spec.restart === "Temporary") return this.cell.system.stopThen(cell, next)
    this.cell.system.suspend(cell, restart, next)
  }

  private failedToStart(entry: Entry, cause: Cause.Cause<unknown>): void {
    if (this.status !== "Running") return
    const exit: ActorExit = { _tag: "Crashed", cause }
    const restart = this.place(entry, exit, this.now)
    if (restart === undefined) this.giveUp(entry, exit)()
    else this.begin(entry, restart)
  }

  stop(after: Restart | "Suspend" | "End", next: () => void): void {
    this.isEnding = after === "End"
    if (!this.isEnding) this.status = "Restarting"
    else if (this.status !== "GaveUp") this.status = "Stopped"
    this.waves.stop(() => this.stopAll(after, next))
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
