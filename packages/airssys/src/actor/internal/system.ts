// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as PubSub from "effect/PubSub"
import * as Scope from "effect/Scope"
import type { Accounting } from "../Accounting.ts"
import {
  ActorCrashed,
  ActorNameTaken,
  ActorRestarted,
  ActorStartTimeout,
  ActorStopped,
  type SpawnError
} from "../ActorError.ts"
import type { Abandoned, ActorEvent, StopReason } from "../ActorEvent.ts"
import type { ActorHooks } from "../ActorHooks.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Behaviour, Handler } from "../Behaviour.ts"
import type * as DeadLetter from "../DeadLetter.ts"
import type { ActorExit, Guardian, Restart, Verdict } from "../Guardian.ts"
import type { Metrics } from "../Mailbox.ts"
import type { ActorSnapshot } from "../Snapshot.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type * as Termination from "../Termination.ts"
import type { TurnScheduler } from "../TurnScheduler.ts"
import { Alarms } from "./alarms.ts"
import { Ask } from "./ask.ts"
import { cutLinks } from "./bonds.ts"
import { Cell, type KeeperOptions, type Lifecycle } from "./cell.ts"
import { checkOptions } from "./childOptions.ts"
import { CellContext, Self } from "./context.ts"
import { aside, closed, doomed, draining, leaving, paused, running, scheduled, suspending, tearing } from "./flags.ts"
import { Gate } from "./gate.ts"
import { inTurn } from "./inTurn.ts"
import type { Envelope } from "./lanes.ts"
import { takeBlocked } from "./mixed.ts"
import type { Worker } from "./pending.ts"
import { Counts, type Ending } from "./rare.ts"
import { failPutBack, keepTaken } from "./redelivery.ts"
import { snapshotOf } from "./snapshot.ts"
import { Spans } from "./spans.ts"
import { steer } from "./steered.ts"
import { type From, targetOf } from "./target.ts"
import { Turns } from "./turns.ts"

type EventOf<E> = E extends ActorEvent ? Omit<E, "id" | "name" | "at"> : never

interface Settings {
  readonly abandonAfterMillis: number
  readonly shutdownMillis: number
  readonly isTracing: boolean
}

const defaultShutdown = Duration.seconds(5)
const defaultStartTimeout = Duration.seconds(30)

/** How many lives may take steps on top of each other. */
const deepestStep = 32

/**
 * The lives of all cells of one actor system.
 *
 * Each step of a life is a function that calls the next one, at once where
 * nothing has to be waited for. While a cell is `tearing`, exactly one such
 * chain owns it, and `terminate` leaves only the decision behind; the chain
 * finds it in `proceed`. Fibers of a cell that are no longer `cell.fiber` are
 * ignored when they end.
 */
export class System implements Lifecycle {
  readonly turns: Turns
  readonly roots = new Set<Cell>()
  readonly names = new Map<string, Cell>()
  private readonly alarms = new Map<Clock.Clock, Alarms>()
  private isClosed = false
  private isKilling = false
  private nextId = 1
  private depth = 0
  private readonly postponed: Array<() => void> = []
  readonly gate: Gate | undefined
  private readonly spans: Spans | undefined
  private readonly hooks: ActorHooks
  private readonly shutdownContext: Context.Context<never>
  private readonly events: PubSub.PubSub<ActorEvent>
  private readonly letters: PubSub.PubSub<DeadLetter.DeadLetter>
  private readonly settings: Settings

  constructor(options: {
    readonly scheduler: TurnScheduler
    readonly hooks: ActorHooks
    /** Where the bound on the shutdown of all actors is timed. */
    readonly shutdownContext: Context.Context<never>
    readonly events: PubSub.PubSub<ActorEvent>
    readonly letters: PubSub.PubSub<DeadLetter.DeadLetter>
    readonly settings: Settings
  }) {
    this.turns = new Turns(options.scheduler)
    this.hooks = options.hooks
    if (options.hooks.onOffer !== undefined) {
      this.gate = new Gate(
        options.hooks.onOffer,
        (cell, defect) =>
          this.log(cell, `The hook for a message to ${cell.name} failed; it is refused`, Cause.die(defect))
      )
    }
    this.shutdownContext = options.shutdownContext
    this.events = options.events
    this.letters = options.letters
    this.settings = options.settings
    if (options.settings.isTracing) this.spans = new Spans()
    // What has to see each message sees those that wait in a mailbox.
    if (this.gate !== undefined || this.spans !== undefined) this.turns.isInlining = false
    this.turns.steering?.began(() => this.accounting)
  }

  spawn<M, E, R>(
    parent: Cell | undefined,
    behaviour: Behaviour<M, E, R>,
    options: SpawnOptions<M> | undefined
  ): Effect.Effect<ActorRef<M>, E | SpawnError, Exclude<R, Scope.Scope>> {
    return Effect.withFiber<Cell, unknown>((fiber) => {
      const { context } = fiber
      if (Exit.isExit(behaviour)) {
        const cell = this.admit(parent, behaviour as never, options, context)
        return cell instanceof Cell
          ? this.settleStart(cell, behaviour as Exit.Exit<Handler<unknown>, unknown>)
          : Effect.fail(cell)
      }
      // From the first trace of the actor to the wait for it no operation ends:
      // between two of them the fiber could yield, and miss its start or its interruption.
      return Effect.callback<Cell, unknown>((resume) => {
        const cell = this.admit(parent, behaviour as never, options, context)
        if (!(cell instanceof Cell)) return resume(Effect.fail(cell))
        let isStarted = false
        let forget: (() => void) | undefined
        this.start(cell, (exit) => {
          isStarted = true
          forget?.()
          resume(this.settleStart(cell, exit))
        })
        if (isStarted) return
        forget = cell.onEnd(() => resume(Exit.fail(new ActorStopped({ actor: cell.name }))))
        return this.kill(cell)
      })
    }) as never
  }

  /** A cell that has still to start, or why there is none. */
  private admit(
    parent: Cell | undefined,
    behaviour: Behaviour<unknown, unknown, Scope.Scope>,
    options: SpawnOptions<unknown> | undefined,
    context: Context.Context<never>
  ): Cell | ActorStopped | ActorNameTaken {
    if (options !== undefined) checkOptions(options)
    const name = options?.name
    if (this.isClosed || (parent !== undefined && (parent.flags & closed) !== 0)) {
      return new ActorStopped({ actor: parent?.name ?? name ?? "The actor system" })
    }
    if (name !== undefined && this.names.has(name)) return new ActorNameTaken({ actor: name })
    const siblings = parent === undefined ? this.roots : (parent.getRare().children ??= new Set())
    const cell = new Cell(this, this.turns, this.nextId++, siblings, context, behaviour, options)
    if (this.turns.steering !== undefined) steer(cell, this.turns.steering)
    this.gate?.attach(cell)
    this.spans?.attach(cell)
    siblings.add(cell)
    const keeper = (options as KeeperOptions | undefined)?.keeper
    if (keeper !== undefined) {
      cell.getRare().keeper = keeper
      keeper.born(cell)
    }
    if (name !== undefined) this.names.set(name, cell)
    if ((options?.redeliver ?? 0) > 0) keepTaken(cell, options!.redeliver!)
    return cell
  }

  private settleStart(
    cell: Cell,
    exit: Exit.Exit<Handler<unknown>, unknown>
  ): Effect.Effect<Cell, unknown> {
    const cause = exit._tag === "Success" ? this.begin(cell, exit.value) : exit.cause
    if (cause === undefined) return Exit.succeed(cell)
    this.terminate(cell, this.failure(cell, cause))
    return Effect.andThen(this.awaitEnd(cell), Exit.failCause(cause))
  }

  /** Runs the behaviour; `next` is not called when the actor ends meanwhile. */
  private start(cell: Cell, next: (exit: Exit.Exit<Handler<unknown>, unknown>) => void): void {
    if (Exit.isExit(cell.behaviour)) return next(cell.behaviour as Exit.Exit<Handler<unknown>, unknown>)
    cell.live = this.enliven(cell)
    const fiber = Effect.runForkWith(Context.add(cell.openScope(), Self, cell.live))(cell.behaviour)
    if ((cell.flags & doomed) !== 0) return fiber.interruptUnsafe()
    cell.fiber = fiber
    const timeoutMillis = Duration.toMillis(cell.options?.startTimeout ?? defaultStartTimeout)
    this.whenDone(cell.context, fiber, timeoutMillis, (exit) => {
      if (cell.fiber !== fiber) return
      cell.fiber = undefined
      if (exit !== undefined) return next(exit)
      cell.flags |= tearing
      this.quiesce(
        cell,
        fiber,
        "Behaviour",
        () => this.proceed(cell, () => next(Exit.fail(new ActorStartTimeout({ actor: cell.name, timeoutMillis }))))
      )
    })
  }

  /** Lets messages in; gives the reason why it cannot. */
  private begin(cell: Cell, handler: unknown): Cause.Cause<unknown> | undefined {
    if (typeof handler !== "function") {
      return Cause.die(new TypeError(`The behaviour of ${cell.name} made no function`))
    }
    cell.handler = handler as Handler<unknown>
    const isFirst = cell.status() === "Starting"
    cell.flags &= ~paused
    cell.setStatus("Running")
    this.inform(cell, (guardian) => guardian.started(cell, cell.monotonicMillis))
    if (isFirst) this.emit(cell, { _tag: "Started" })
    if ((cell.flags & leaving) !== 0) this.afterBatch(cell)
    cell.schedule()
    return undefined
  }

  alarmsOf(context: Context.Context<never>): Alarms {
    const clock = Context.get(context, Clock.Clock)
    let alarms = this.alarms.get(clock)
    if (alarms === undefined) {
      alarms = new Alarms(context)
      this.alarms.set(clock, alarms)
    }
    return alarms
  }

  private silence(): void {
    for (const alarms of this.alarms.values()) alarms.silence()
    this.alarms.clear()
  }

  enliven(cell: Cell): CellContext {
    return new CellContext(cell)
  }

  crashed(cell: Cell, cause: Cause.Cause<unknown>): void {
    this.exited(cell, { _tag: "Crashed", cause })
  }

  fault(cell: Cell, cause: Cause.Cause<unknown>): void {
    this.exit(cell, { _tag: "Crashed", cause })
  }

  afterBatch(cell: Cell): void {
    if ((cell.flags & doomed) !== 0) this.end(cell)
    else if ((cell.flags & (leaving | suspending)) !== 0) {
      const exit = cell.rare?.exit ?? { _tag: "Normal" }
      if (cell.fiber === undefined) this.exited(cell, exit)
      else this.interruptMessage(cell, exit)
    } else if (cell.size === 0) this.terminate(cell, this.stopped(cell))
  }

  private exited(cell: Cell, exit: ActorExit): void {
    if (cell.isEnded) return
    cell.flags = (cell.flags | paused | tearing) & ~leaving
    cell.endLife()
    if (cell.rare !== undefined) cell.rare.exit = undefined
    if (exit._tag === "Crashed" || exit._tag === "GaveUp") this.emit(cell, { _tag: "Crashed", cause: exit.cause })
    if ((cell.flags & suspending) !== 0) return this.rest(cell, exit, cell.rare?.suspendedFor)
    const verdict = this.decide(cell, exit)
    switch (verdict._tag) {
      case "Restart":
        return this.restart(cell, exit, verdict.restart)
      case "Suspend":
        return this.rest(cell, exit, verdict.restart)
      case "GiveUp": {
        this.emit(cell, { _tag: "GaveUp", restarts: verdict.restarts, withinMillis: verdict.withinMillis })
        this.rest(cell, exit, undefined)
        return verdict.next()
      }
      case "End":
        if (exit._tag === "Crashed") failPutBack(cell, exit.cause)
        return this.proceed(cell, () => this.terminate(cell, this.endingOf(cell, exit)))
    }
  }

  private endingOf(cell: Cell, exit: ActorExit): Ending {
    if (exit._tag === "Normal" || exit._tag === "Shutdown") return this.stop(cell, exit._tag)
    return (cell.flags & draining) !== 0 ? this.stopped(cell) : this.failure(cell, exit.cause)
  }

  private inform(cell: Cell, how: (guardian: Guardian) => void): void {
    if (cell.guardian === undefined) return
    try {
      how(cell.guardian)
    } catch (defect) {
      this.log(cell, `The guardian of ${cell.name} failed`, Cause.die(defect))
    }
  }

  private decide(cell: Cell, exit: ActorExit): Verdict {
    if (cell.guardian === undefined || (cell.flags & closed) !== 0) return { _tag: "End" }
    try {
      return cell.guardian.decide(exit, cell, cell.monotonicMillis)
    } catch (defect) {
      this.log(cell, `The guardian of ${cell.name} failed; the actor ends`, Cause.die(defect))
      return { _tag: "End" }
    }
  }

  private restart(cell: Cell, exit: ActorExit, restart: Restart): void {
    const since = cell.monotonicMillis
    const held = this.restarting(cell, restart)
    this.teardown(cell, exit, restart, () => {
      // Those who are linked wait for their own restarts after it; an end cuts links itself.
      const bonds = (cell.flags & doomed) === 0 ? cell.rare?.bonds : undefined
      if (bonds !== undefined) cell.rare!.bonds = undefined
      this.proceed(
        cell,
        () =>
          this.sleep(cell, restart.delayMillis, () =>
            this.revive(cell, restart, since, (cause) => {
              if (cause !== undefined) this.exited(cell, { _tag: "Crashed", cause })
            }))
      )
      cutLinks(cell, bonds, reasonOf(exit))
    })
    this.failRestarted(cell, held)
  }

  private restarting(cell: Cell, { attempt, delayMillis, max }: Restart): Array<Ask> {
    // Who is told of what follows may decide the end.
    cell.setStatus("Restarting")
    const held = this.takeHeld(cell)
    this.discard(cell, this.takeStashed(cell), held)
    this.emit(cell, { _tag: "Restarting", attempt, max, delayMillis })
    cell.rare?.keeper?.plan({ attempt, max, delayMillis })
    return held
  }

  private failRestarted(cell: Cell, asks: ReadonlyArray<Ask>): void {
    for (const ask of asks) ask.settle(Exit.fail(new ActorRestarted({ actor: cell.name })))
  }

  private revive(
    cell: Cell,
    { attempt, max }: Restart,
    since: number,
    next: (cause: Cause.Cause<unknown> | undefined) => void
  ): void {
    this.start(cell, (exit) => {
      const cause = exit._tag === "Success" ? this.begin(cell, exit.value) : exit.cause
      if (cause === undefined) {
        cell.getRare().restarts++
        this.emit(cell, { _tag: "Restarted", attempt, max, afterMillis: cell.monotonicMillis - since })
      }
      next(cause)
      cell.rare?.bonds?.catchUp()
    })
  }

  /** Tears the life down and suspends the cell. Without a restart, that is told when it is resumed. */
  private rest(cell: Cell, exit: ActorExit, restart: Restart | undefined): void {
    // Somebody who was told of the crash may have decided the end.
    if ((cell.flags & doomed) !== 0) return this.proceed(cell, () => {})
    const rare = cell.getRare()
    cell.flags |= suspending
    rare.suspendedAt = cell.monotonicMillis
    rare.suspendedFor = restart
    cell.setStatus("Restarting")
    const held = restart === undefined ? [] : this.restarting(cell, restart)
    rare.timer?.interruptUnsafe()
    rare.timer = undefined
    this.teardown(cell, exit, restart ?? "Suspend", () => {
      if ((cell.flags & doomed) === 0) cutLinks(cell, cell.rare?.bonds, reasonOf(exit))
      this.proceed(cell, () => {})
    })
    this.failRestarted(cell, held)
  }

  private suspended(cell: Cell): void {
    cell.getRare().isSuspended = true
    this.settleAll(cell)
  }

  private settleAll(cell: Cell): void {
    const { rare } = cell
    if (rare?.settlers === undefined) return
    const { failure, settlers } = rare
    rare.settlers = undefined
    rare.failure = undefined
    for (const settle of settlers) settle(failure)
  }

  suspend(cell: Cell, restart: Restart | undefined, next: () => void): void {
    if (cell.isEnded) return next()
    const rare = cell.getRare()
    if (rare.isSuspended) {
      if (restart !== undefined) this.plan(cell, restart)
      return next()
    }
    ;(rare.settlers ??= []).push(next)
    if ((cell.flags & (closed | suspending)) !== 0) return
    cell.flags |= suspending
    rare.suspendedFor = restart
    rare.suspendedAt = cell.monotonicMillis
    if ((cell.flags & tearing) !== 0) return
    if ((cell.flags & paused) !== 0) {
      // It starts, or sleeps before its restart.
      const { fiber } = cell
      cell.fiber = undefined
      cell.flags |= tearing
      return this.quiesce(
        cell,
        fiber,
        "Behaviour",
        () => this.teardown(cell, { _tag: "Shutdown" }, restart ?? "Suspend", () => this.proceed(cell, () => {}))
      )
    }
    if ((cell.flags & running) === 0) return this.exited(cell, { _tag: "Shutdown" })
    const shutdown = Duration.fromInputUnsafe(cell.options?.shutdown ?? defaultShutdown)
    if (Duration.toMillis(shutdown) === 0 && cell.fiber !== undefined) {
      return this.interruptMessage(cell, { _tag: "Shutdown" })
    }
    if (!Duration.isFinite(shutdown)) return
    const timer = Effect.runForkWith(cell.context)(Effect.sleep(shutdown))
    rare.timer = timer
    timer.addObserver((slept) => {
      if (cell.rare?.timer !== timer) return
      cell.rare.timer = undefined
      if (slept._tag === "Success" && (cell.flags & running) !== 0) {
        this.interruptMessage(cell, { _tag: "Shutdown" })
      }
    })
  }

  /** Ends the message whose Effect runs, and the life with it. */
  private interruptMessage(cell: Cell, exit: ActorExit): void {
    const { fiber, from } = cell
    cell.flags = (cell.flags | paused | tearing) & ~(running | aside)
    cell.fiber = undefined
    cell.message = undefined
    cell.from = undefined
    cell.count("failed")
    cell.endLife()
    this.quiesce(cell, fiber, "Handler", () => {
      cell.flags &= ~tearing
      if ((cell.flags & doomed) === 0) this.exited(cell, exit)
      else if (!cell.isEnded) this.end(cell)
    })
    if (from instanceof Ask) {
      from.settle(Exit.fail(
        exit._tag === "Crashed"
          ? new ActorCrashed({ actor: cell.name, cause: exit.cause })
          : new ActorRestarted({ actor: cell.name })
      ))
    }
  }

  resume(cell: Cell, restart: Restart, next: (cause: Cause.Cause<unknown> | undefined) => void): void {
    const rare = cell.rare
    if (rare === undefined || !rare.isSuspended || (cell.flags & doomed) !== 0) return next(undefined)
    ;(rare.settlers ??= []).push(next)
    this.plan(cell, restart)
    if ((cell.flags & doomed) !== 0) return
    rare.isSuspended = false
    rare.suspendedFor = undefined
    cell.flags &= ~suspending
    this.revive(cell, restart, rare.suspendedAt, (cause) => {
      cell.getRare().failure = cause
      if (cause === undefined) this.settleAll(cell)
      else this.exited(cell, { _tag: "Crashed", cause })
    })
  }

  /** Tells of the restart for which an actor is suspended, once. */
  private plan(cell: Cell, restart: Restart): void {
    const rare = cell.getRare()
    if (rare.suspendedFor !== undefined || (cell.flags & doomed) !== 0) return
    rare.suspendedFor = restart
    this.failRestarted(cell, this.restarting(cell, restart))
  }

  conclude(cell: Cell, exit: ActorExit, next: () => void): void {
    cell.onEnd(() => this.step(next))
    if (exit._tag === "Crashed") failPutBack(cell, exit.cause)
    this.terminate(cell, this.endingOf(cell, exit))
  }

  exit(cell: Cell, exit: ActorExit): void {
    if ((cell.flags & (doomed | tearing)) !== 0) return
    if ((cell.flags & paused) !== 0) {
      // What starts ends when it has started; what waits for its restart has no life to end.
      if (cell.live === undefined) return
      cell.getRare().exit ??= exit
      cell.flags |= leaving
      return
    }
    if ((cell.flags & running) === 0) return this.exited(cell, exit)
    if (cell.fiber !== undefined) return this.interruptMessage(cell, exit)
    cell.getRare().exit ??= exit
    cell.flags |= leaving
  }

  private sleep(cell: Cell, millis: number, next: () => void): void {
    const fiber = Effect.runForkWith(cell.context)(millis > 0 ? Effect.sleep(millis) : Effect.yieldNow)
    cell.fiber = fiber
    fiber.addObserver((exit) => {
      if (cell.fiber !== fiber) return
      cell.fiber = undefined
      if (exit._tag === "Success") next()
      else this.exited(cell, { _tag: "Crashed", cause: exit.cause })
    })
  }

  private proceed(cell: Cell, next: () => void): void {
    cell.flags &= ~tearing
    if ((cell.flags & doomed) !== 0) {
      if (!cell.isEnded) this.end(cell)
    } else if ((cell.flags & suspending) !== 0) this.suspended(cell)
    else next()
  }

  /** Refuses new messages, lets those that wait be handled until the deadline. */
  requestStop(cell: Cell): void {
    if ((cell.flags & (closed | draining)) !== 0) return
    // A wait for room ends before the mailbox is worked off: nothing more is let in.
    const blocked = (cell.flags & paused) === 0 ? takeBlocked(cell) : []
    this.beginStop(cell)
    this.failStopped(cell, blocked)
  }

  private beginStop(cell: Cell): void {
    if (this.isKilling) return this.terminate(cell, this.stop(cell, "Killed"))
    const shutdown = Duration.fromInputUnsafe(cell.options?.shutdown ?? defaultShutdown)
    if ((cell.flags & paused) !== 0) return this.terminate(cell, this.stopped(cell))
    cell.close()
    cell.flags = (cell.flags | draining) & ~suspending
    cell.setStatus("Stopping")
    if ((cell.flags & (running | scheduled)) === 0) return this.terminate(cell, this.stopped(cell))
    if (Duration.toMillis(shutdown) === 0) return this.terminate(cell, this.stop(cell, "DeadlineExceeded"))
    if (!Duration.isFinite(shutdown)) return
    cell.getRare().timer = Effect.runForkWith(cell.context)(
      Effect.andThen(
        Effect.sleep(shutdown),
        Effect.sync(() => this.terminate(cell, this.stop(cell, "DeadlineExceeded")))
      )
    )
  }

  /** Decides the end; what runs is interrupted, what waits is discarded. */
  terminate(cell: Cell, ending: Ending): void {
    if (cell.isEnded) return
    const rare = cell.getRare()
    if (rare.ending !== undefined) return
    rare.ending = ending
    this.beforeKill(cell, ending)
    cell.close()
    cell.flags |= paused | doomed
    cell.setStatus("Stopping")
    const isOnStack = (cell.flags & running) !== 0 && cell.fiber === undefined
    if (!isOnStack && (cell.flags & tearing) === 0) this.end(cell)
  }

  private beforeKill(cell: Cell, { reason }: Ending): void {
    if (this.hooks.beforeKill === undefined || (reason._tag !== "Killed" && reason._tag !== "DeadlineExceeded")) return
    try {
      this.hooks.beforeKill(cell, reason._tag)
    } catch (defect) {
      this.log(cell, `The hook before the kill of ${cell.name} failed`, Cause.die(defect))
    }
  }

  private end(cell: Cell): void {
    const fiber = cell.fiber
    const wasRunning = (cell.flags & running) !== 0
    const from = cell.from
    cell.flags = (cell.flags | tearing) & ~(running | aside)
    cell.fiber = undefined
    cell.endLife()
    cell.message = undefined
    cell.from = undefined
    if (wasRunning) cell.count("failed")
    // Counted before anybody is told, so that the accounts are right for them.
    const orphans = this.takeWaiting(cell)
    if (from instanceof Ask) orphans.push(from)
    this.quiesce(
      cell,
      fiber,
      wasRunning ? "Handler" : "Behaviour",
      () => this.teardown(cell, { _tag: "Normal" }, "End", () => this.finish(cell))
    )
    this.failStopped(cell, orphans)
  }

  private failStopped(cell: Cell, asks: ReadonlyArray<Ask>): void {
    for (const ask of asks) ask.settle(Exit.fail(new ActorStopped({ actor: cell.name })))
  }

  /** Discards all that waits, and gives those who wait for it and for answers. */
  private takeWaiting(cell: Cell): Array<Ask> {
    const orphans = [...this.takeHeld(cell), ...takeBlocked(cell)]
    this.discard(cell, [...cell.clear(), ...this.takeStashed(cell)], orphans)
    return orphans
  }

  /** Makes dead letters of messages, and adds those who wait for their answers. */
  private discard(cell: Cell, envelopes: ReadonlyArray<Envelope>, orphans: Array<Ask>): void {
    for (let i = 0; i < envelopes.length; i++) cell.count("discarded")
    for (const { from, message } of envelopes) {
      this.deadLetter(cell, message, from, "Discarded")
      if (from instanceof Ask) orphans.push(from)
    }
  }

  private takeStashed(cell: Cell): ReadonlyArray<Envelope> {
    const stash = cell.rare?.stash
    if (stash === undefined) return []
    cell.rare!.stash = undefined
    return stash.envelopes
  }

  private finish(cell: Cell): void {
    if (cell.isEnded) return
    const { bonds, counts, settlers, timer, waiters } = cell.getRare()
    const ending = cell.rare!.ending!
    cell.setStatus(ending.status)
    cell.siblings.delete(cell)
    if (cell.given !== undefined && this.names.get(cell.given) === cell) this.names.delete(cell.given)
    cell.rare = undefined
    if (counts !== undefined) cell.getRare().counts = counts
    this.turns.accepted += cell.tail
    timer?.interruptUnsafe()
    ending.announce()
    this.inform(cell, (guardian) => guardian.ended(cell))
    for (const waiter of waiters ?? []) waiter(ending.reason)
    cutLinks(cell, bonds, ending.reason)
    for (const settle of settlers ?? []) settle(undefined)
  }

  /** The end by a stop; what still waits will be discarded. */
  private stopped(cell: Cell): Ending {
    return this.stop(cell, cell.size === 0 ? "Shutdown" : "DeadlineExceeded")
  }

  private stop(cell: Cell, reason: StopReason): Ending {
    return { status: "Stopped", reason: { _tag: reason }, announce: () => this.emit(cell, { _tag: "Stopped", reason }) }
  }

  private failure(cell: Cell, cause: Cause.Cause<unknown>): Ending {
    return {
      status: "Failed",
      reason: { _tag: "Failed", cause },
      announce: () => this.emit(cell, { _tag: "Failed", cause })
    }
  }

  awaitEnd(cell: Cell): Effect.Effect<Termination.Reason> {
    return Effect.callback((resume) => {
      const forget = cell.onEnd((reason) => resume(Effect.succeed(reason)))
      return Effect.sync(forget)
    })
  }

  awaitStop(cell: Cell): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.requestStop(cell)
      return Effect.asVoid(this.awaitEnd(cell))
    })
  }

  stopThen(cell: Cell, next: () => void): void {
    cell.onEnd(() => this.step(next))
    this.step(() => this.requestStop(cell))
  }

  /** A loop, so that chains of lives that end each other need no deep stack. */
  step(step: () => void): void {
    if (this.depth === deepestStep) {
      this.postponed.push(step)
      return
    }
    this.depth++
    try {
      step()
      if (this.depth > 1) return
      for (let next = this.postponed.shift(); next !== undefined; next = this.postponed.shift()) next()
    } finally {
      this.depth--
    }
  }

  kill(cell: Cell): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.terminate(cell, this.stop(cell, "Killed"))
      return Effect.asVoid(this.awaitEnd(cell))
    })
  }

  /** Children first, then what the life acquired. */
  private teardown(cell: Cell, exit: ActorExit, after: Restart | "Suspend" | "End", next: () => void): void {
    const { children, keeper } = cell.rare ?? {}
    if (keeper !== undefined) return keeper.stop(after, () => this.stopChildren(cell, exit, next))
    if (children === undefined || children.size === 0) return this.closeScope(cell, exit, next)
    this.stopChildren(cell, exit, next)
  }

  private stopChildren(cell: Cell, exit: ActorExit, next: () => void): void {
    const children = [...cell.rare?.children ?? []].filter((child) => child.rare?.isSuspended !== true)
    this.stopAll(children.toReversed(), () => this.closeScope(cell, exit, next))
  }

  private closeScope(cell: Cell, exit: ActorExit, next: () => void): void {
    const scope = cell.scope
    if (scope === undefined) return next()
    cell.scope = undefined
    const closing = Scope.closeUnsafe(scope, causeOf(exit) ?? Exit.void)
    if (closing === undefined) return next()
    const fiber = Effect.runForkWith(cell.context)(closing)
    this.whenDone(cell.context, fiber, this.settings.abandonAfterMillis, (exit) => {
      if (exit === undefined) this.abandoned(cell, "Finalizers")
      else if (exit._tag === "Failure") this.log(cell, `A finalizer of ${cell.name} failed`, exit.cause)
      next()
    })
  }

  private stopAll(cells: ReadonlyArray<Cell>, next: () => void): void {
    inTurn(cells, (cell, stopped) => this.stopThen(cell, stopped), next)
  }

  private quiesce(
    cell: Cell,
    fiber: Worker | undefined,
    part: Abandoned["part"],
    next: () => void
  ): void {
    if (fiber === undefined) return next()
    fiber.interruptUnsafe()
    this.whenDone(cell.context, fiber, this.settings.abandonAfterMillis, (exit) => {
      if (exit === undefined) this.abandoned(cell, part)
      next()
    })
  }

  /** Calls `next` with the exit of a fiber, or with nothing when it is late. */
  private whenDone<A, E>(
    context: Context.Context<never>,
    fiber: Worker<A, E>,
    millis: number,
    next: (exit: Exit.Exit<A, E> | undefined) => void
  ): void {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return next(exit)
    if (!Number.isFinite(millis)) {
      fiber.addObserver(next)
      return
    }
    let isOver = false
    const timer = Effect.runForkWith(context)(Effect.sleep(millis))
    fiber.addObserver((exit) => {
      if (isOver) return
      isOver = true
      timer.interruptUnsafe()
      next(exit)
    })
    timer.addObserver((slept) => {
      if (isOver || slept._tag === "Failure") return
      isOver = true
      next(undefined)
    })
  }

  private takeHeld(cell: Cell): Array<Ask> {
    const asks: Array<Ask> = []
    for (const first of cell.rare?.held?.values() ?? []) {
      for (let ask: Ask | undefined = first; ask !== undefined; ask = ask.next) asks.push(ask)
    }
    if (cell.rare !== undefined) cell.rare.held = undefined
    return asks
  }

  deadLetter(recipient: ActorRef<never>, message: unknown, from: From, reason: DeadLetter.Reason): void {
    PubSub.publishUnsafe(this.letters, {
      message,
      recipient,
      sender: from instanceof Ask ? from.sender : from,
      reason
    })
  }

  private abandoned(cell: Cell, part: Abandoned["part"]): void {
    this.emit(cell, { _tag: "Abandoned", part })
  }

  emit(cell: Cell, content: EventOf<ActorEvent>): void {
    const event = {
      ...content,
      id: cell.id,
      name: cell.name,
      at: cell.clock.currentTimeMillisUnsafe()
    } as ActorEvent
    try {
      this.hooks.onEvent(event)
    } catch (defect) {
      this.log(cell, `The hook for ${event._tag} of ${event.name} failed`, Cause.die(defect))
    }
    PubSub.publishUnsafe(this.events, event)
  }

  private log(cell: Cell, text: string, cause: Cause.Cause<unknown>): void {
    Effect.runForkWith(cell.context)(Effect.logError(text, cause))
  }

  /** Stops or kills every actor, the newest first; abandons what is left at the bound. */
  shutdown(how: "Stop" | "Kill"): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.isClosed = true
      this.isKilling = how === "Kill"
      let isOver = false
      const timer = Effect.runForkWith(this.shutdownContext)(Effect.sleep(this.settings.shutdownMillis))
      timer.addObserver((slept) => {
        if (isOver || slept._tag === "Failure") return
        isOver = true
        for (const cell of [...this.roots].toReversed()) this.abandon(cell)
        this.silence()
        resume(Effect.void)
      })
      this.stopAll([...this.roots].toReversed(), () => {
        if (isOver) return
        isOver = true
        timer.interruptUnsafe()
        this.silence()
        resume(Effect.void)
      })
    })
  }

  private abandon(cell: Cell): void {
    for (const child of [...cell.rare?.children ?? []].toReversed()) this.abandon(child)
    this.terminate(cell, this.stop(cell, "DeadlineExceeded"))
    if (cell.isEnded) return
    this.abandoned(cell, "Shutdown")
    // A teardown before a restart has left what waits where it was.
    const orphans = this.takeWaiting(cell)
    this.finish(cell)
    this.failStopped(cell, orphans)
  }

  /** Sends the message of a dead letter again, as its sender did. */
  replay(letter: DeadLetter.DeadLetter, to: ActorRef<never>): boolean {
    return targetOf(to).send(letter.message, letter.sender) === undefined
  }

  /** All actors, in no particular order. */
  *cells(): Generator<Cell> {
    const open: Array<Cell> = [...this.roots]
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      yield cell
      for (const child of cell.rare?.children ?? []) open.push(child)
    }
  }

  get snapshot(): ReadonlyArray<ActorSnapshot> {
    return snapshotOf(this.roots, (cell) => this.metrics(cell))
  }

  metrics(cell: Cell): Metrics {
    const counts = cell.rare?.counts ?? new Counts()
    const accepted = cell.tail + counts.accepted
    const stashed = cell.rare?.stash?.envelopes.length ?? 0
    const isRunning = (cell.flags & running) !== 0
    const { discarded, evicted, expired, failed, quarantined, rejected } = counts
    const waiting = cell.size
    const lost = failed + expired + evicted + quarantined + discarded
    return {
      size: waiting,
      capacity: cell.options?.mailbox?._tag === "Bounded" ? cell.capacity : Infinity,
      accepted,
      rejected,
      handled: accepted - lost - stashed - waiting - (isRunning ? 1 : 0),
      failed,
      expired,
      evicted,
      quarantined,
      discarded,
      stashed,
      isRunning
    }
  }

  get accounting(): Accounting {
    const { discarded, evicted, expired, failed, offered, quarantined, rejected } = this.turns
    const handled = this.turns.handled + this.turns.handledInBatch
    let accepted = this.turns.accepted
    let isRunning = 0
    let stashed = 0
    let waiting = 0
    const open: Array<Cell> = [...this.roots]
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      if ((cell.flags & running) !== 0) isRunning++
      accepted += cell.tail
      waiting += cell.size
      stashed += cell.rare?.stash?.envelopes.length ?? 0
      for (const child of cell.rare?.children ?? []) open.push(child)
    }
    return {
      offered,
      rejected,
      accepted,
      handled,
      failed,
      expired,
      evicted,
      quarantined,
      discarded,
      stashed,
      running: isRunning,
      waiting,
      lateReplies: this.turns.lateReplies,
      deadLetters: rejected + expired + evicted + quarantined + discarded
    }
  }
}

const reasonOf = (exit: ActorExit): Termination.Reason =>
  exit._tag === "Normal" || exit._tag === "Shutdown" ? exit : { _tag: "Failed", cause: exit.cause }

const causeOf = (exit: ActorExit): Exit.Exit<never, unknown> | undefined =>
  exit._tag === "Crashed" || exit._tag === "GaveUp" ? Exit.failCause(exit.cause) : undefined
