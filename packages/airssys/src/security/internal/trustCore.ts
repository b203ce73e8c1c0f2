import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { AuditError } from "../AuditError.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import type { TrustStoreError } from "../TrustStoreError.ts"
import * as steadyTime from "./steadyTime.ts"
import type { Journal } from "./trustJournal.ts"
import { apply, type Change, type State } from "./trustState.ts"

/** Changes that hold together, and what the audit log says of them. */
export interface Step {
  readonly changes: ReadonlyArray<Change>
  readonly events: ReadonlyArray<AuditEvent>
}

/**
 * The state that verdicts are given by. One change at a time is made durable,
 * and the state is replaced afterwards. What takes trust away is in the state at
 * once, and is applied again to whatever a change that was in flight brings, so
 * that no verdict in between is given without it.
 */
export class TrustCore {
  state: State
  /** Never goes back, not even before what was stored, and does not stand while the clock is held back. */
  readonly now: () => number
  readonly #journal: Journal
  readonly #changing = Semaphore.makeUnsafe(1)
  readonly #taking = new Set<Change>()

  constructor(journal: Journal, clock: Clock.Clock, recorded: () => number) {
    const { time } = journal.opened
    this.now = steadyTime.make(clock, () => Math.max(time, recorded()))
    this.#journal = journal
    this.state = journal.opened
  }

  /** Makes a step durable that is planned on the state of its turn; undefined for none. */
  change<E>(
    plan: (state: State, now: number) => Effect.Effect<Step | undefined, E>
  ): Effect.Effect<void, E | AuditError | TrustStoreError> {
    return this.#changing.withPermit(Effect.uninterruptible(Effect.gen({ self: this }, function*() {
      const now = this.now()
      const step = yield* plan(this.state, now)
      if (step === undefined) return
      const next = step.changes.reduce((state, change) => apply(state, change, now), this.state)
      this.#replace(yield* this.#journal.commit({ ...next, time: now }, step.events))
    })))
  }

  /** Records a step and takes it without storing it. */
  declare<E>(plan: (state: State) => Effect.Effect<Step, E>): Effect.Effect<void, E | AuditError> {
    return this.#changing.withPermit(Effect.uninterruptible(Effect.gen({ self: this }, function*() {
      const { changes, events } = yield* plan(this.state)
      if (events.length > 0) yield* this.#journal.append(events)
      this.#replace(changes.reduce((state, change) => apply(state, change, this.now()), this.state))
    })))
  }

  takeAway(change: Change, event: AuditEvent): Effect.Effect<void, AuditError | TrustStoreError> {
    return Effect.uninterruptible(Effect.suspend(() => {
      this.#taking.add(change)
      this.#replace(this.state)
      return this.#changing.withPermit(Effect.suspend(() => this.#record(change, event)))
    }))
  }

  /** Where it cannot be stored it is still in the log, from which it is taken at the next start. */
  #record(change: Change, event: AuditEvent): Effect.Effect<void, AuditError | TrustStoreError> {
    const now = this.now()
    const next = { ...apply(this.state, change, now), time: now }
    return this.#journal.commit(next, [event]).pipe(
      Effect.catchTag("TrustStoreError", (error) => Effect.andThen(this.#journal.append([event]), Effect.fail(error))),
      Effect.map((committed) => this.#replace(committed)),
      Effect.ensuring(Effect.sync(() => {
        this.#replace(this.state)
        this.#taking.delete(change)
      }))
    )
  }

  #replace(state: State): void {
    let next = state
    for (const change of this.#taking) next = apply(next, change, this.now())
    this.state = next
  }
}
