/**
 * When a grant or an ask is over: after its last day, `YYYY-MM-DD` in UTC, or
 * for a grant also at an instant, `YYYY-MM-DDTHH:MM:SSZ`.
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

const clock = /^T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/

/** Milliseconds since midnight. */
const timeOfDay = (text: string): number | undefined => {
  const found = clock.exec(text)
  return found === null ? undefined : Number(found[1]) * 3_600_000 + Number(found[2]) * 60_000 + Number(found[3]) * 1000
}

const isInstant = (text: string): boolean =>
  text.length === 20 && parts(text.slice(0, 10)) !== undefined && timeOfDay(text.slice(10)) !== undefined

/**
 * Schema of a date that exists, or of an instant of one in whole seconds, UTC.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Expiry = Schema.String.check(
  Schema.makeFilter((text: string) =>
    parts(text) !== undefined || isInstant(text) ||
    "a date such as 2027-03-31, or an instant such as 2027-03-31T12:00:00Z"
  )
)

/**
 * @category models
 * @since 0.1.0
 */
export type Expiry = string

/**
 * Milliseconds since the epoch at which it is over: where the day after a date
 * begins in UTC, or at the instant. A grant holds while the time is below it.
 * Returns `0`, so nothing holds, for a text that is neither.
 *
 * ```ts
 * import { ExpiryDate } from "airssys/security"
 *
 * ExpiryDate.end("1970-01-01") // => 86400000
 * ExpiryDate.end("1970-01-01T00:01:00Z") // => 60000
 * ExpiryDate.end("2027-02-30") // => 0
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const end = (expiry: Expiry): number =>
  isInstant(expiry)
    ? dayAfter(expiry.slice(0, 10)) - 86_400_000 + (timeOfDay(expiry.slice(10)) ?? 0)
    : dayAfter(expiry)

const dayAfter = (date: string): number => {
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
