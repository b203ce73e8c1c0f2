// What a child fails with is typed where it is started: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ActorStopped } from "../ActorError.ts"
import { ActorSystem } from "../ActorSystem.ts"
import { type Cell, cellOf } from "./cell.ts"
import type { Entry, Start } from "./childEntry.ts"
import type { Children } from "./children.ts"

/** Starts the children of a supervisor. A start that outlasts the life it was begun in is undone. */
export class Launcher {
  private readonly children: Children
  private readonly system: ActorSystem["Service"]
  /** What a start fails with that is overtaken by the end of the supervisor. */
  private readonly stopped: () => unknown
  private bound: Record<"context" | "below", Context.Context<never>> | undefined

  constructor(children: Children, system: ActorSystem["Service"], stopped: () => unknown) {
    this.children = children
    this.system = system
    this.stopped = stopped
  }

  /** Starts the actor of an entry that has none, with the services of its first start. */
  spawn(entry: Entry): Start {
    return Effect.uninterruptibleMask((restore) => this.claim(entry, restore))
  }

  /** The same, where the caller has made sure that nothing is interrupted but the start itself. */
  claim(entry: Entry, restore: (start: Start) => Start): Start {
    const { children } = this
    const { life } = children
    entry.isStarting = true
    return Effect.onExit(restore(entry.start ?? this.bind(entry)), (exit) => {
      const { halted } = entry
      // What fails may have made an actor before: it was interrupted then, or its services threw.
      const cell = Exit.isSuccess(exit) ? cellOf(exit.value.ref) : this.startingCell(entry)
      const stop = cell === undefined ? Effect.void : cell.system.awaitStop(cell)
      entry.isStarting = false
      entry.halted = undefined
      if (halted !== undefined) Deferred.doneUnsafe(halted, stop)
      if (Exit.isFailure(exit)) return stop
      entry.cell = cell
      const isOvertaken = children.life !== life || (children.status !== "Running" && children.status !== "Starting")
      if (halted === undefined && !isOvertaken) return Effect.void
      const error = isOvertaken ? this.stopped() : new ActorStopped({ actor: entry.spec.id })
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
    const { children, system } = this
    const below: Context.Context<never> = Context.add(context, ActorSystem, {
      ...system,
      spawn: (behaviour, options) =>
        Effect.updateContext(
          // @effect-diagnostics-next-line unsafeEffectTypeAssertion:off
          children.cell.system.spawn(children.cell, behaviour, options) as Effect.Effect<never, never>,
          (current: Context.Context<never>): Context.Context<never> =>
            current === below ? context : Context.add(current, ActorSystem, system)
        )
    })
    this.bound = { context, below }
    return below
  }

  /** The actor of an entry that starts, which may not have run yet. */
  startingCell({ cell, guardian }: Entry): Cell | undefined {
    if (cell !== undefined && !cell.isEnded) return cell
    for (const child of this.children.cell.rare?.children ?? []) {
      if (child.guardian?.decide === guardian.decide) return child
    }
    return undefined
  }
}
