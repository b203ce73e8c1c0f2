/** Well-behaved components, each of which is called in order and keeps count. */
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Runtime, type StartError } from "../../Runtime.ts"
import * as Grant from "../../security/Grant.ts"
import * as HostileGuests from "../HostileGuests.ts"

export const guests: ReadonlyArray<HostileGuests.Guest> = Array.from(
  { length: 20 },
  (_, index) => HostileGuests.neighbour(index)
)

/** Calls of each neighbour that are under way at once. */
const burst = 5

export class Neighbourhood extends Context.Service<Neighbourhood, {
  /** Calls each neighbour a few times, all at once, and looks at the answers. */
  readonly round: Effect.Effect<void>
  /** Calls that each neighbour has answered. */
  readonly handled: () => number
}>()("airssys/testing/internal/neighbourhood") {}

/** Starts the neighbours; they are never started again. */
export const layer: Layer.Layer<Neighbourhood, StartError, Runtime> = Layer.effect(
  Neighbourhood,
  Effect.gen(function*() {
    const runtime = yield* Runtime
    const grants = [Grant.make("clock", { reason: "To look at it." })]
    yield* Effect.forEach(
      guests,
      ({ id }) => runtime.startUntyped(id, { grants, intensity: { restarts: 0, within: "1 second" } }),
      { discard: true }
    )
    let handled = 0
    const round = Effect.suspend(() => {
      const numbers = Array.from({ length: burst }, (_, index) => handled + index + 1)
      handled += burst
      return Effect.forEach(guests, ({ id }) =>
        Effect.map(
          Effect.forEach(numbers, (number) => runtime.call(id, "next", [number]), { concurrency: "unbounded" }),
          (results) =>
            assert.deepStrictEqual(results.map(({ value }) => value), numbers.map((val) => ({ tag: "ok", val })), id)
        ), { concurrency: "unbounded", discard: true })
    })
    return { round: Effect.orDie(round), handled: () => handled }
  })
)

/** Calls the neighbours before, while and after an Effect runs. */
export const during = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Neighbourhood> =>
  Effect.gen(function*() {
    const { round } = yield* Neighbourhood
    yield* round
    const [exit] = yield* Effect.all([Effect.exit(effect), Effect.andThen(round, round)], { concurrency: "unbounded" })
    yield* round
    return yield* exit
  })

/** Keeps the lines that guests write out of the output of the tests. */
export const layerLog: Layer.Layer<never> = Logger.layer([])
