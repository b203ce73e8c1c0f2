// What a child fails with is typed where it is started: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as ChildSpec from "../ChildSpec.ts"
import type { Guardian } from "../Guardian.ts"
import type { ChildInfo } from "../Supervisor.ts"
import type { Cell } from "./cell.ts"

export type Start = Effect.Effect<ChildSpec.Child<never, never>, unknown>

/** A child in its place; it stays there after the child has ended, unless the child is temporary. */
export interface Entry {
  readonly spec: ChildSpec.Any
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

export const makeEntry = (spec: ChildSpec.Any, isStatic: boolean, guardian: (entry: Entry) => Guardian): Entry => {
  const entry: { -readonly [Key in keyof Entry]: Entry[Key] } = {
    spec,
    isStatic,
    guardian: undefined as never,
    start: undefined,
    cell: undefined,
    isStarting: false,
    halted: undefined,
    isOwnEnd: false,
    restarts: 0,
    startedAt: Infinity
  }
  entry.guardian = guardian(entry)
  return entry
}

export const isLive = ({ cell, isStarting }: Entry): boolean => isStarting || (cell !== undefined && !cell.isEnded)

export const infoOf = ({ cell, isStarting, spec: { id, kind, restart } }: Entry): ChildInfo => {
  const isEnded = cell === undefined || cell.isEnded
  return { id, restart, kind, status: isEnded && isStarting ? "Starting" : cell?.status() ?? "Stopped" }
}
