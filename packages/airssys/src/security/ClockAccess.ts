/**
 * The capability to know the time, and to wait.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to read the clock of the host, and to wait by it.
 *
 * @category services
 * @since 0.1.0
 */
export class ClockAccess extends Capability.Service<ClockAccess, {
  /** Milliseconds since the epoch. */
  readonly now: Effect.Effect<number, CapabilityError>
  /** Nanoseconds from an arbitrary point, never running backward. */
  readonly monotonic: Effect.Effect<bigint, CapabilityError>
  readonly sleep: (duration: Duration.Input) => Effect.Effect<void, CapabilityError>
}>()("clock") {}

/**
 * Source over Effect's `Clock`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source: Powers.Source = Powers.source(ClockAccess, (lease) => ({
  now: lease.use(Clock.currentTimeMillis),
  monotonic: lease.use(Clock.monotonicTimeNanos),
  sleep: (duration) => lease.use(Effect.sleep(duration))
}))
