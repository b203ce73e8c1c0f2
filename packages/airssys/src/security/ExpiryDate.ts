/**
 * The last day on which a grant or an ask holds, as `YYYY-MM-DD` in UTC.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const daysIn = (year: number, month: number): number =>
  month === 2
    ? (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
    : month === 4 || month === 6 || month === 9 || month === 11
    ? 30
    : 31

const parts = (text: string): readonly [year: number, month: number, day: number] | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  const day = Number(text.slice(8))
  return year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
    ? [year, month, day]
    : undefined
}

/**
 * Schema of a date that exists, from 1970-01-01 on.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ExpiryDate = Schema.String.check(
  Schema.makeFilter((text: string) =>
    parts(text) !== undefined || "a date of the calendar as YYYY-MM-DD, for example 2027-03-31"
  )
)

/**
 * @category models
 * @since 0.1.0
 */
export type ExpiryDate = string

/**
 * Milliseconds since the epoch at which the day after `date` begins in UTC: a
 * grant holds while the time is below it. Returns `0`, so nothing holds, for a
 * text that is no date.
 *
 * ```ts
 * import { ExpiryDate } from "airssys/security"
 *
 * ExpiryDate.end("1970-01-01") // => 86400000
 * ExpiryDate.end("2027-02-30") // => 0
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const end = (date: ExpiryDate): number => {
  const found = parts(date)
  if (found === undefined) return 0
  const [year, month, day] = found
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468 + 1) * 86_400_000
}
