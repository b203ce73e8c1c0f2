import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import type { Status } from "../ActorRef.ts"
import type { ActorExit, Restart } from "../Guardian.ts"
import type * as Termination from "../Termination.ts"
import type { Ask } from "./ask.ts"
import type { Bonds } from "./bonds.ts"
import type { Cell } from "./cell.ts"
import type { Lanes } from "./lanes.ts"
import type { Keeper } from "./lifecycle.ts"
import type { Stash } from "./stash.ts"
import type { Idleness, LifeTimers } from "./timing.ts"

/** How an actor ends, once that is decided. */
export interface Ending {
  readonly status: Extract<Status, "Stopped" | "Failed">
  readonly reason: Termination.Reason
  readonly announce: () => void
}

/** Fields that most actors never need. */
export class Rare {
  /** Requests held for a later answer; chained where one object was asked twice. */
  held: Map<unknown, Ask> | undefined = undefined
  /** Of held requests that nobody waits for any more, who still wants to know that they are answered. */
  late: WeakMap<object, Ask> | undefined = undefined
  children: Set<Cell> | undefined = undefined
  /** Told of the final end. */
  waiters: Set<(reason: Termination.Reason) => void> | undefined = undefined
  /** Run when a life ends, before anything of it is released. */
  cleanups: Set<() => void> | undefined = undefined
  bonds: Bonds | undefined = undefined
  /** Outlives the actor. */
  counts: Counts | undefined = undefined
  lanes: Lanes | undefined = undefined
  stash: Stash | undefined = undefined
  timers: LifeTimers | undefined = undefined
  idleness: Idleness | undefined = undefined
  /** Sleeps to the deadline of a stop. */
  timer: Fiber.Fiber<unknown, unknown> | undefined = undefined
  ending: Ending | undefined = undefined
  keeper: Keeper | undefined = undefined
  restarts = 0
  /** In which the current message was sent, until its handler has it. */
  span: Tracer.AnySpan | undefined = undefined
  /** How a life ends that was ended from outside while a handler was on the stack. */
  exit: ActorExit | undefined = undefined
  /** Whether the cell rests without a life until it is resumed or ends. */
  isSuspended = false
  /** The restart it is or will be suspended for, once that has been told. */
  suspendedFor: Restart | undefined = undefined
  suspendedAt = 0
  /** Why the last resumption failed. */
  failure: Cause.Cause<unknown> | undefined = undefined
  /** Those who wait for a suspension or a resumption; they are called at the end too. */
  settlers: Array<(cause: Cause.Cause<unknown> | undefined) => void> | undefined = undefined
}

/** What became of messages other than being handled, for one actor. */
export class Counts {
  /** Accepted without being counted by the position of the mailbox. */
  accepted = 0
  rejected = 0
  failed = 0
  expired = 0
  evicted = 0
  quarantined = 0
  discarded = 0
}

export type Counted = Exclude<keyof Counts, "accepted">
