// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import type { Accounting } from "../Accounting.ts"
import type { SpawnError } from "../ActorError.ts"
import type { ActorEvent } from "../ActorEvent.ts"
import type { ActorHooks } from "../ActorHooks.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Behaviour } from "../Behaviour.ts"
import type * as DeadLetter from "../DeadLetter.ts"
import type { ActorSnapshot } from "../Snapshot.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type { TurnScheduler } from "../TurnScheduler.ts"
import { accountingOf, cellsBelow, metricsOf } from "./accounts.ts"
import { Alarms } from "./alarms.ts"
import type { Cell } from "./cell.ts"
import { CellContext } from "./context.ts"
import { abandon } from "./ending.ts"
import { afterBatch, conclude, exit, exited } from "./exits.ts"
import { Gate } from "./gate.ts"
import type { Lifecycle } from "./lifecycle.ts"
import { Reports } from "./reports.ts"
import { snapshotOf } from "./snapshot.ts"
import { Spans } from "./spans.ts"
import { spawn } from "./spawning.ts"
import { awaitStop, requestStop, stopThen } from "./stopping.ts"
import { resume, suspend } from "./suspending.ts"
import { type From, targetOf } from "./target.ts"
import { stopAll } from "./teardown.ts"
import { Turns } from "./turns.ts"

interface Settings {
  readonly abandonAfterMillis: number
  readonly shutdownMillis: number
  readonly isTracing: boolean
}

/** How many lives may take steps on top of each other. */
const deepestStep = 32

/**
 * The actors of one system, and what their lives share.
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
  readonly reports: Reports
  readonly gate: Gate | undefined
  readonly spans: Spans | undefined
  readonly abandonAfterMillis: number
  isClosed = false
  isKilling = false
  private nextId = 1
  private depth = 0
  private readonly postponed: Array<() => void> = []
  private readonly alarms = new Map<Clock.Clock, Alarms>()
  private readonly shutdownContext: Context.Context<never>
  private readonly shutdownMillis: number

  constructor(options: {
    readonly scheduler: TurnScheduler
    readonly hooks: ActorHooks
    /** Where the bound on the shutdown of all actors is timed. */
    readonly shutdownContext: Context.Context<never>
    readonly events: PubSub.PubSub<ActorEvent>
    readonly letters: PubSub.PubSub<DeadLetter.DeadLetter>
    readonly settings: Settings
  }) {
    const { events, hooks, letters, settings } = options
    this.turns = new Turns(options.scheduler)
    this.reports = new Reports(hooks, events, letters)
    if (hooks.onOffer !== undefined) {
      this.gate = new Gate(
        hooks.onOffer,
        (cell, defect) =>
          this.reports.log(cell, `The hook for a message to ${cell.name} failed; it is refused`, Cause.die(defect))
      )
    }
    if (settings.isTracing) this.spans = new Spans()
    this.shutdownContext = options.shutdownContext
    this.shutdownMillis = settings.shutdownMillis
    this.abandonAfterMillis = settings.abandonAfterMillis
    // Spans are those of messages that wait in a mailbox.
    if (this.spans !== undefined) this.turns.isInlining = false
    this.turns.steering?.began(() => this.accounting)
  }

  newId(): number {
    return this.nextId++
  }

  spawn<M, E, R>(
    parent: Cell | undefined,
    behaviour: Behaviour<M, E, R>,
    options: SpawnOptions<M> | undefined
  ): Effect.Effect<ActorRef<M>, E | SpawnError, Exclude<R, Scope.Scope>> {
    return spawn(this, parent, behaviour as never, options) as never
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

  enliven(cell: Cell): CellContext {
    return new CellContext(cell)
  }

  readonly exited = exited
  readonly exit = exit
  readonly afterBatch = afterBatch
  readonly suspend = suspend
  readonly resume = resume
  readonly conclude = conclude
  readonly requestStop = requestStop
  readonly awaitStop = awaitStop
  readonly stopThen = stopThen

  crashed(cell: Cell, cause: Cause.Cause<unknown>): void {
    exited(cell, { _tag: "Crashed", cause })
  }

  fault(cell: Cell, cause: Cause.Cause<unknown>): void {
    exit(cell, { _tag: "Crashed", cause })
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

  deadLetter(recipient: ActorRef<never>, message: unknown, from: From, reason: DeadLetter.Reason): void {
    this.reports.deadLetter(recipient, message, from, reason)
  }

  /** Sends the message of a dead letter again, as its sender did. */
  replay(letter: DeadLetter.DeadLetter, to: ActorRef<never>): boolean {
    return targetOf(to).send(letter.message, letter.sender) === undefined
  }

  /** Stops or kills every actor, the newest first; abandons what is left at the bound. */
  shutdown(how: "Stop" | "Kill"): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.isClosed = true
      this.isKilling = how === "Kill"
      let isOver = false
      const done = (): void => {
        isOver = true
        for (const alarms of this.alarms.values()) alarms.silence()
        this.alarms.clear()
        resume(Effect.void)
      }
      const timer = Effect.runForkWith(this.shutdownContext)(Effect.sleep(this.shutdownMillis))
      timer.addObserver((slept) => {
        if (isOver || slept._tag === "Failure") return
        isOver = true
        for (const cell of [...this.roots].toReversed()) abandon(cell)
        done()
      })
      stopAll(this.roots, () => {
        if (isOver) return
        timer.interruptUnsafe()
        done()
      })
    })
  }

  cells(): Generator<Cell> {
    return cellsBelow(this.roots)
  }

  get snapshot(): ReadonlyArray<ActorSnapshot> {
    return snapshotOf(this.roots, metricsOf)
  }

  get accounting(): Accounting {
    return accountingOf(this.turns, this.roots)
  }
}
