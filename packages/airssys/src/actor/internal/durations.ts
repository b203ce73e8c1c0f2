import * as Duration from "effect/Duration"
import { shown } from "./words.ts"

const refused = (what: string, input: unknown) =>
  new RangeError(`${what} is a duration such as "5 seconds", not ${shown(input)}`)

/** Effect takes what is no number, and an object without an amount, for zero. */
const isMeant = (input: unknown): boolean =>
  typeof input !== "object" || Duration.isDuration(input)
    ? !Number.isNaN(input)
    : Object.values(input ?? {}).some((amount) => amount !== undefined && !Number.isNaN(amount))

const parsed = (what: string, input: Duration.Input): Duration.Duration => {
  try {
    if (isMeant(input)) return Duration.fromInputUnsafe(input)
  } catch {
    throw refused(what, input)
  }
  throw refused(what, input)
}

/** A duration from zero, refused where it is given. */
export const durationOf = (what: string, input: Duration.Input): Duration.Duration => {
  const duration = parsed(what, input)
  if (Duration.isNegative(duration)) throw refused(what, input)
  return duration
}

/** Also below zero, for what may be over when it is given. */
export const millisOf = (what: string, input: Duration.Input): number => Duration.toMillis(parsed(what, input))

/** What comes again and again needs a time in between. */
export const positiveMillis = (what: string, input: Duration.Input): number => {
  const millis = millisOf(what, input)
  if (millis > 0 && millis < Infinity) return millis
  throw new RangeError(`${what} is finite and greater than zero, not ${millis} ms`)
}
