import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ActorRef, Status } from "../ActorRef.ts"
import * as Backoff from "../Backoff.ts"
import type { Restart } from "../ChildSpec.ts"
import type { ActorExit, Guardian, Verdict } from "../Guardian.ts"
import { RestartWindow } from "./restartWindow.ts"

interface Policy {
  readonly id: string
  readonly restart: Restart
  readonly backoff: Backoff.Backoff
  readonly isCounted: (cause: Cause.Cause<unknown>) => boolean
}

interface Entry extends Policy {
  ref: ActorRef<never> | undefined
  /** Restarts since the child last ran for as long as the window. */
  restarts: number
  startedAt: number
}

/** As deep as the event buffer of a subscriber: later ones are lost there anyway. */
const remembered = 4096

/**
 * The children of one supervisor, in the order of their start, and the one
 * window over their restarts.
 */
export class Children {
  status: "Running" | "GaveUp" | "Stopped" = "Running"
  private readonly entries = new Map<string, Entry>()
  private readonly window: RestartWindow
  private readonly stopRef: (ref: ActorRef<never>) => Effect.Effect<void>
  private readonly context: Context.Context<never>
  private readonly actorIds = new Set<number>()

  constructor(
    restarts: number,
    withinMillis: number,
    stopRef: (ref: ActorRef<never>) => Effect.Effect<void>,
    context: Context.Context<never>
  ) {
    this.window = new RestartWindow(restarts, withinMillis)
    this.stopRef = stopRef
    this.context = context
  }

  isTaken(id: string): boolean {
    const entry = this.entries.get(id)
    return entry !== undefined && (entry.ref === undefined || !isEnded(entry.ref.status()))
  }

  /** The entry is there before the child is, so that its id is taken. */
  add({ backoff, id, isCounted, restart }: Policy): Guardian {
    const entry: Entry = { id, restart, backoff, isCounted, ref: undefined, restarts: 0, startedAt: 0 }
    this.entries.delete(id)
    this.entries.set(id, entry)
    return {
      decide: (exit, _ref, now) => this.decide(entry, exit, now),
      started: (ref, now) => {
        entry.startedAt = now
        this.remember(ref.id)
      },
      ended: () => {
        if (restart === "Temporary" && this.entries.get(id) === entry) this.entries.delete(id)
        if (this.status === "GaveUp") Effect.runForkWith(this.context)(this.stop("GaveUp"))
      }
    }
  }

  set(id: string, ref: ActorRef<never>): void {
    const entry = this.entries.get(id)
    if (entry !== undefined) entry.ref = ref
  }

  remove(id: string): void {
    this.entries.delete(id)
  }

  ref(id: string): ActorRef<never> | undefined {
    return this.entries.get(id)?.ref
  }

  knows(actorId: number): boolean {
    return this.actorIds.has(actorId)
  }

  list(): Array<{ readonly id: string; readonly restart: Restart; readonly status: Status }> {
    return [...this.entries.values()].map(({ id, ref, restart }) => ({
      id,
      restart,
      status: ref === undefined ? "Starting" : ref.status()
    }))
  }

  /** Stops the children one by one, the newest first. */
  stop(status: "GaveUp" | "Stopped"): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.status === "Running") this.status = status
      return Effect.forEach(
        [...this.entries.values()].toReversed(),
        ({ ref }) => ref === undefined ? Effect.void : this.stopRef(ref),
        { discard: true }
      )
    })
  }

  private decide(entry: Entry, exit: ActorExit, now: number): Verdict {
    const isRestarted = entry.restart === "Permanent" || (entry.restart === "Transient" && exit._tag === "Crashed")
    if (!isRestarted || this.status !== "Running") return { _tag: "End" }
    const { max, withinMillis } = this.window
    const isCounted = exit._tag !== "Crashed" || entry.isCounted(exit.cause)
    const attempt = isCounted ? this.window.add(now) : this.window.count(now)
    if (attempt === undefined) {
      this.status = "GaveUp"
      return { _tag: "GiveUp", restarts: max, withinMillis }
    }
    if (now - entry.startedAt >= withinMillis) entry.restarts = 0
    return { _tag: "Restart", delayMillis: Backoff.delayMillis(entry.backoff, entry.restarts++), attempt, max }
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

const isEnded = (status: Status): boolean => status === "Stopped" || status === "Failed"
