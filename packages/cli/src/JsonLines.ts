/**
 * What commands print for machines.
 *
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"

/**
 * Whether to print it, by default not.
 *
 * @category flags
 * @since 0.1.0
 */
export const flag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON object per line"),
  Flag.withDefault(false)
)

/**
 * A value as one line of JSON in ASCII: nothing in it is for a terminal to obey
 * or looks like something else.
 *
 * @category combinators
 * @since 0.1.0
 */
export const line = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
