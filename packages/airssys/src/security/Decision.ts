/**
 * The outcome of a check: a value to be looked at, never an exception.
 *
 * @since 0.1.0
 */
import type { Explanation } from "./Explanation.ts"
import type { Grant } from "./Grant.ts"

/**
 * What decided: a pattern of a grant, `""` for a kind without resources. `id`
 * numbers the grants of an enforcer in the order in which they took effect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly id: number
  readonly pattern: string
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Allowed {
  readonly _tag: "Allowed"
  readonly grant: Grant
  readonly rule: Rule
  /**
   * Why it would be denied, where somebody is only observed. If that is the
   * principal itself, `grant` is made up, and `rule.id` is 0.
   */
  readonly reported?: Explanation | undefined
  /** Whether the use has to be durable in the audit log before it happens. */
  readonly isBeforeUse?: boolean | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Denied {
  readonly _tag: "Denied"
  readonly explanation: Explanation
}

/**
 * @category models
 * @since 0.1.0
 */
export type Decision = Allowed | Denied

/**
 * A decision that is in the audit log. `entry` is the sequence of its entry;
 * it is undefined only for a denial that could not be recorded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recorded<out D extends Decision = Decision> {
  readonly decision: D
  readonly entry: number | undefined
}
