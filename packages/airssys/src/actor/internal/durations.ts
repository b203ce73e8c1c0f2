import * as Duration from "effect/Duration"

/** A duration that was given, refused where it is given. */
export const durationOf = (what: string, input: Duration.Input): Duration.Duration => {
  try {
    return Duration.fromInputUnsafe(input)
  } catch {
    throw new RangeError(`${what} is a duration such as "5 seconds", not ${JSON.stringify(input)}`)
  }
}

export const millisOf = (what: string, input: Duration.Input): number => Duration.toMillis(durationOf(what, input))

/** What comes again and again needs a time in between. */
export const positiveMillis = (what: string, input: Duration.Input): number => {
  const millis = millisOf(what, input)
  if (millis > 0 && millis < Infinity) return millis
  throw new RangeError(`${what} is finite and greater than zero, not ${millis} ms`)
}
