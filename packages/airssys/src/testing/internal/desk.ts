import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { CapabilityError } from "../../security/CapabilityError.ts"
import type { Lease } from "../../security/Powers.ts"

export interface Outcome {
  readonly after?: Duration.Input | undefined
  readonly fail?: string | undefined
}

interface Asked<K> {
  readonly kind: K
  readonly principal: string
  readonly resource: string
  readonly operation: string
}

/** Where the uses of all fakes go by: they are written down, delayed and failed here. */
export class Desk<K extends string> {
  readonly asked: Array<Asked<K>> = []
  readonly #failure: (kind: K, resource: string, reason: string) => Effect.Effect<never, Error>
  readonly #next = new Map<K, Array<Outcome>>()
  readonly #always = new Map<K, Outcome>()

  constructor(failure: (kind: K, resource: string, reason: string) => Effect.Effect<never, Error>) {
    this.#failure = failure
  }

  next(kind: K, outcomes: ReadonlyArray<Outcome>): void {
    this.#next.set(kind, [...this.#next.get(kind) ?? [], ...outcomes])
  }

  always(kind: K, outcome: Outcome | undefined): void {
    if (outcome === undefined) this.#always.delete(kind)
    else this.#always.set(kind, outcome)
  }

  /** A use of the resource of a lease, or of another one of its kind. */
  use<A, E, R>(
    lease: Lease,
    operation: string,
    work: () => Effect.Effect<A, E, R>,
    resource: string = lease.resource
  ): Effect.Effect<A, E | CapabilityError, R> {
    return lease.useOn(resource, this.step(lease, operation, work, resource))
  }

  /** The same where the lease was asked already. */
  step<A, E, R>(
    lease: Lease,
    operation: string,
    work: () => Effect.Effect<A, E, R>,
    resource: string = lease.resource
  ): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const kind = lease.kind as K
      this.asked.push({ kind, principal: lease.principal.id, resource, operation })
      const { after, fail } = this.#next.get(kind)?.shift() ?? this.#always.get(kind) ?? {}
      // The failure is one of the kind, which is one of the power's own.
      const ending = fail === undefined
        ? Effect.suspend(work)
        : this.#failure(kind, resource, fail) as unknown as Effect.Effect<never, E>
      return after === undefined ? ending : Effect.andThen(Effect.sleep(after), ending)
    })
  }
}
