/**
 * The capability to draw random bytes that nobody can guess.
 *
 * @since 0.1.0
 */
import type { SecureRandom } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import * as Powers from "./Powers.ts"

/**
 * Power to draw random bytes.
 *
 * @category services
 * @since 0.1.0
 */
export class Random extends Capability.Service<Random, {
  /** So many bytes, from 0 to 65,536. Another size is a defect. */
  readonly bytes: (size: number) => Effect.Effect<Uint8Array, CapabilityError>
}>()("random") {}

const most = 65_536

/**
 * Source over a generator, such as the service `SecureRandom`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (random: SecureRandom["Service"]): Powers.Source =>
  Powers.source(Random, (lease) => ({
    bytes: (size) =>
      lease.use(
        Number.isInteger(size) && size >= 0 && size <= most
          ? random.randomBytes(size)
          : Effect.die(new RangeError(`${size} is no number of random bytes from 0 to ${most}`))
      )
  }))
