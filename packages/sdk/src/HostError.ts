/**
 * What a guest catches when the host says no. For use inside TypeScript
 * guests; it is bundled into them.
 *
 * @since 0.1.0
 */

/**
 * What an imported function throws where its WIT type is `result`: an `Error`
 * whose `payload` is the error case.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostError<out Payload = unknown> extends Error {
  readonly payload: Payload
}

/**
 * Whether an imported function threw this, rather than the guest itself.
 *
 * @category guards
 * @since 0.1.0
 */
export const isHostError = (u: unknown): u is HostError => u instanceof Error && "payload" in u

/**
 * Whether it was a denial: the host holds no grant for what was asked.
 *
 * @category guards
 * @since 0.1.0
 */
export const isAccessDenied = (u: unknown): u is HostError<{ readonly tag: "access-denied" }> =>
  isHostError(u) && typeof u.payload === "object" && u.payload !== null && "tag" in u.payload &&
  u.payload.tag === "access-denied"
