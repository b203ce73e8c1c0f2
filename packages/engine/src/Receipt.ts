/**
 * What calls cost.
 *
 * @since 0.1.0
 */

/**
 * What one call cost. `fuel` is counted by the cost table of that version,
 * `memory` is the bytes of all memories of the instance, which never shrink, and
 * `millis` is wall time, with the time that the call waited for its turns.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receipt {
  readonly fuel: number
  readonly costTable: number
  readonly memory: number
  readonly millis: number
}
