// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ProbeFailed, ProbeTimeout } from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Guardian } from "../Guardian.ts"
import { type Cell, cellOf } from "./cell.ts"

export interface Probing {
  readonly check: (ref: ActorRef<never>) => Effect.Effect<unknown, unknown>
  readonly every: Duration.Duration
  readonly timeout: Duration.Duration
  readonly failures: number
}

/** A guardian under which each life of the actor is probed until it ends. */
export const probed = (guardian: Guardian, probing: Probing): Guardian => ({
  ...guardian,
  started: (ref, now) => {
    guardian.started(ref, now)
    const cell = cellOf(ref)
    const fiber = Effect.runForkWith(cell.openScope() as Context.Context<Scope.Scope>)(probe(cell, ref, probing))
    cell.onLifeEnd(() => fiber.interruptUnsafe())
  }
})

const probe = (cell: Cell, ref: ActorRef<never>, { check, every, failures, timeout }: Probing): Effect.Effect<void> =>
  Effect.gen(function*() {
    let failed = 0
    while (true) {
      yield* Effect.sleep(every)
      const exit = yield* Effect.exit(Effect.timeoutOrElse(Effect.suspend(() => check(ref)), {
        duration: timeout,
        orElse: () => Effect.fail(new ProbeTimeout({ actor: cell.name, timeoutMillis: Duration.toMillis(timeout) }))
      }))
      if (exit._tag === "Success") failed = 0
      else if (++failed >= failures) {
        const { cause } = exit
        return cell.system.fault(cell, Cause.fail(new ProbeFailed({ actor: cell.name, failures, cause })))
      }
    }
  })
