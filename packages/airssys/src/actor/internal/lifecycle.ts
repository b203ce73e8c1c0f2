// What an actor fails with is its supervisor's matter: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpawnError } from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Behaviour } from "../Behaviour.ts"
import type * as DeadLetter from "../DeadLetter.ts"
import type { ActorExit, Restart } from "../Guardian.ts"
import type { SpawnOptions } from "../SpawnOptions.ts"
import type { Alarms } from "./alarms.ts"
import type { Cell } from "./cell.ts"
import type { CellContext } from "./context.ts"
import type { Gate } from "./gate.ts"
import type { Reports } from "./reports.ts"
import type { Spans } from "./spans.ts"
import type { From } from "./target.ts"

/**
 * What the steps of a life have of their system, and by which a step begins one
 * that comes later in the order of the modules.
 */
export interface Lifecycle {
  /** The hook on what is sent, where there is one. */
  readonly gate: Gate | undefined
  readonly spans: Spans | undefined
  readonly reports: Reports
  readonly names: Map<string, Cell>
  /** How long something that was interrupted may take to end. */
  readonly abandonAfterMillis: number
  /** Whether stops are kills. */
  readonly isKilling: boolean
  /** The alarms of the clock in a context. */
  readonly alarmsOf: (context: Context.Context<never>) => Alarms
  /** Makes the context of a new life. */
  readonly enliven: (cell: Cell) => CellContext
  readonly spawn: <M, E, R>(
    parent: Cell,
    behaviour: Behaviour<M, E, R>,
    options: SpawnOptions<M> | undefined
  ) => Effect.Effect<ActorRef<M>, E | SpawnError, Exclude<R, Scope.Scope>>
  readonly crashed: (cell: Cell, cause: Cause.Cause<unknown>) => void
  /** Ends the life from outside of its handler, as a crash. */
  readonly fault: (cell: Cell, cause: Cause.Cause<unknown>) => void
  /** A life is over, by a crash or by itself: what follows is decided and begun. */
  readonly exited: (cell: Cell, exit: ActorExit) => void
  /** Ends the life of an actor that runs, as if it had ended by itself like this. */
  readonly exit: (cell: Cell, exit: ActorExit) => void
  readonly afterBatch: (cell: Cell) => void
  /** Ends the life of an actor and leaves it without one; `next` is called then, or when it has ended. */
  readonly suspend: (cell: Cell, restart: Restart | undefined, next: () => void) => void
  /** Begins the next life; `next` is given why there is none, and nothing when the actor has ended. */
  readonly resume: (cell: Cell, restart: Restart, next: (cause: Cause.Cause<unknown> | undefined) => void) => void
  /** Ends a suspended actor for good, as it would have ended without its supervisor. */
  readonly conclude: (cell: Cell, exit: ActorExit, next: () => void) => void
  readonly requestStop: (cell: Cell) => void
  readonly awaitStop: (cell: Cell) => Effect.Effect<void>
  /** Stops an actor; `next` is called when it has ended. */
  readonly stopThen: (cell: Cell, next: () => void) => void
  /** Takes a step of another life: at once, or when the stack is less deep. */
  readonly step: (step: () => void) => void
  readonly deadLetter: (recipient: ActorRef<never>, message: unknown, from: From, reason: DeadLetter.Reason) => void
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
export interface KeeperOptions extends SpawnOptions<never> {
  readonly keeper?: Keeper | undefined
}
