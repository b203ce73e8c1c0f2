/**
 * Checks of what a program gives: in plain JavaScript no compiler has looked
 * at it before.
 *
 * What throws when it is read, such as a getter, is refused as any other wrong
 * value. A check never changes or calls what it is given.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"
import { nearest } from "./internal/nearestKey.ts"

/**
 * An argument that cannot be meant. `argument` says which, `options.mailbox`;
 * `found` what it is, and `expected` what to give in its place.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidArgument extends Schema.TaggedError<InvalidArgument>("airssys/component/Argument/InvalidArgument")(
  "InvalidArgument",
  { argument: Schema.String, found: Schema.String, expected: Schema.String }
) {
  override get message(): string {
    return `${this.argument} is ${this.found}: give ${this.expected}`
  }
}

/**
 * Looks at a value of a name, and says what is wrong with it.
 *
 * @category models
 * @since 0.1.0
 */
export type Check = (value: unknown, name: string) => InvalidArgument | undefined

const shownLimit = 64

/**
 * A value for an error, at most 64 characters of it. What has parts is not
 * looked into: that could go on without end, or throw.
 *
 * @category combinators
 * @since 0.1.0
 */
export const shown = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return `"${SafeText.escape(value, shownLimit)}"`
    case "symbol":
      return "a symbol"
    case "function":
      return "a function"
    case "object":
      return value === null ? "null" : "an object"
    default:
      return SafeText.escape(String(value), shownLimit)
  }
}

const holds = (isRight: (value: unknown) => boolean, value: unknown): boolean => {
  try {
    return isRight(value)
  } catch {
    return false
  }
}

/**
 * A value for which `isRight` gives true. `expected` is what to give instead,
 * `a text such as "a"`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const value = (expected: string, isRight: (value: unknown) => boolean): Check => (given, name) =>
  holds(isRight, given) ? undefined : new InvalidArgument({ argument: name, found: shown(given), expected })

/**
 * What need not be there: undefined, and nothing else, stands for that.
 *
 * @category combinators
 * @since 0.1.0
 */
export const optional = (check: Check): Check => (given, name) => given === undefined ? undefined : check(given, name)

const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === "object" && given !== null && !Array.isArray(given)

const anObject = value("an object", isObject)

const unreadable = (name: string): InvalidArgument =>
  new InvalidArgument({ argument: name, found: "not readable", expected: "a value that can be read" })

const each = (
  name: string,
  check: Check,
  parts: () => ReadonlyArray<readonly [name: string, part: unknown]>
): InvalidArgument | undefined => {
  const read = Result.try(parts)
  if (Result.isFailure(read)) return unreadable(name)
  for (const [key, part] of read.success) {
    const problem = check(part, `${name}${key}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

type Fields = Readonly<Record<string, unknown>>

const isUnreadable = Symbol("unreadable")

const fieldOf = (given: Fields, key: string): unknown => {
  try {
    return given[key]
  } catch {
    return isUnreadable
  }
}

/**
 * An object with these fields. It may have others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const struct = (fields: Readonly<Record<string, Check>>): Check => {
  const entries = Object.entries(fields).map(([key, check]) => ({ key, check, suffix: `.${key}` }))
  return (given, name) => {
    const wrong = anObject(given, name)
    if (wrong !== undefined) return wrong
    for (const { check, key, suffix } of entries) {
      const field = fieldOf(given as Fields, key)
      const problem = field === isUnreadable ? unreadable(name + suffix) : check(field, name + suffix)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

const misspeltKey = (given: Fields, known: ReadonlyArray<string>, name: string): InvalidArgument | undefined => {
  const keys = Result.try(() => Object.keys(given))
  if (Result.isFailure(keys)) return unreadable(name)
  for (const key of keys.success) {
    if (known.includes(key) || fieldOf(given, key) === undefined) continue
    const meant = nearest(key, known)
    if (meant === undefined) continue
    return new InvalidArgument({
      argument: `${name}.${SafeText.escape(key, shownLimit)}`,
      found: "no option",
      expected: `${name}.${meant}`
    })
  }
  return undefined
}

/**
 * An object with these fields. It may have others, as objects of a type may, but
 * none that is nearly one of these: what is misspelt would change nothing without
 * a word. Undefined is taken under any name.
 *
 * @category constructors
 * @since 0.1.0
 */
export const options = <Options extends object>(
  fields: { readonly [Key in keyof Required<Options>]: Check }
): Check => {
  const known = Object.keys(fields)
  const fit = struct(fields as Readonly<Record<string, Check>>)
  return (given, name) => anObject(given, name) ?? misspeltKey(given as Fields, known, name) ?? fit(given, name)
}

/**
 * An array of which each element is right; `of` says what they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const array = (of: string, check: Check): Check => {
  const anArray = value(`an array of ${of}`, Array.isArray)
  return (given, name) =>
    anArray(given, name) ??
      each(name, check, () => Array.from(given as ArrayLike<unknown>, (part, at) => [`[${at}]`, part]))
}

/**
 * An object of which each value is right, by names that the program chose.
 *
 * @category constructors
 * @since 0.1.0
 */
export const record = (check: Check): Check => (given, name) =>
  anObject(given, name) ??
    each(
      name,
      check,
      () => Object.entries(given as object).map(([key, part]) => [`.${SafeText.escape(key, shownLimit)}`, part])
    )

/**
 * One of some words.
 *
 * @category constructors
 * @since 0.1.0
 */
export const oneOf = (...words: ReadonlyArray<string>): Check =>
  value(words.map((word) => `"${word}"`).join(" or "), (given) => words.includes(given as string))

/**
 * A whole number within these bounds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const whole = (from: number, to: number = Number.MAX_SAFE_INTEGER): Check =>
  value(
    to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `a whole number from ${from} to ${to}`,
    (given) => Number.isSafeInteger(given) && (given as number) >= from && (given as number) <= to
  )

/**
 * @category constructors
 * @since 0.1.0
 */
export const flag: Check = value("true or false", (given) => typeof given === "boolean")

/**
 * A text that is not blank. `what` says which, `a path`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const text = (what: string): Check => value(what, (given) => typeof given === "string" && given.trim() !== "")

const longestPath = 32_767

/**
 * A path that a file can have: not blank, without a NUL and of at most 32,767
 * characters. `what` says of what.
 *
 * @category constructors
 * @since 0.1.0
 */
export const path = (what: string): Check =>
  value(
    what,
    (given) => typeof given === "string" && given.trim() !== "" && given.length <= longestPath && !given.includes("\0")
  )

const units: ReadonlySet<string> = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
])

const isAmount = (given: unknown): boolean => typeof given === "number" && !Number.isNaN(given)

/** Of what `Duration` takes for zero without a word, what nobody meant so: no number, no unit. */
const isMeant = (given: unknown): boolean => {
  if (Duration.isDuration(given)) return true
  if (Array.isArray(given)) return given.length === 2 && given.every(isAmount)
  if (typeof given !== "object") return !Number.isNaN(given)
  const amounts = Object.entries(given ?? {})
  return amounts.length > 0 && amounts.every(([unit, amount]) => units.has(unit) && isAmount(amount))
}

/**
 * The duration that is given, also one below zero; undefined for what is none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const durationOf = (given: unknown): Duration.Duration | undefined => {
  try {
    return isMeant(given) ? Option.getOrUndefined(Duration.fromInput(given as Duration.Input)) : undefined
  } catch {
    return undefined
  }
}

/**
 * A time, from zero; it may be without end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const time: Check = value(`a time such as "5 seconds"`, (given) => {
  const duration = durationOf(given)
  return duration !== undefined && !Duration.isNegative(duration)
})

/**
 * A time of more than zero; it may be without end.
 *
 * @category constructors
 * @since 0.1.0
 */
export const positiveTime: Check = value(`a time of more than zero, such as "5 seconds"`, (given) => {
  const duration = durationOf(given)
  return duration !== undefined && Duration.isPositive(duration)
})

/**
 * The value, if it is right.
 *
 * @category combinators
 * @since 0.1.0
 */
export const checked = <A>(check: Check, given: A, name: string): Result.Result<A, InvalidArgument> => {
  const problem = check(given, name)
  return problem === undefined ? Result.succeed(given) : Result.fail(problem)
}
