import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SemVer from "effect/SemVer"
import { check, checkKeys, type Problem } from "./decodeToml.ts"

/** What an editor is told about a value: JSON Schema keywords, looser than the check or equal to it. */
export type Keywords = Readonly<Record<string, unknown>>

const shownLimit = 80

/** A value quoted in a problem, cut to a readable length. */
export const quote = (value: string): string =>
  JSON.stringify(value.length > shownLimit ? `${value.slice(0, shownLimit)}...` : value)

export const text = (
  options: { readonly expected: string; readonly description: string; readonly keywords?: Keywords },
  find: (value: string) => Problem | undefined
) =>
  Schema.String
    .annotate({ expected: options.expected, description: options.description })
    .check(check(find, options.keywords))

const control = /[\p{Cc}\p{Zl}\p{Zp}]/u

export const line = (most: number, description: string) =>
  text(
    { expected: "a line of text", description, keywords: { minLength: 1, maxLength: most } },
    (value) =>
      value.trim() === ""
        ? { problem: "an empty text", hint: "write something" }
        : value.length > most
        ? { problem: `the text is longer than ${most} characters`, hint: "shorten it" }
        : control.test(value)
        ? { problem: "the text has more than one line or a control character", hint: "write one line" }
        : undefined
  )

const words = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
const kebab = new RegExp(`^${words}$`)
const componentId = new RegExp(`^${words}:${words}$`)

export const isKebab = (value: string): boolean => value.length <= 64 && kebab.test(value)
export const isComponentId = (value: string): boolean => value.length <= 129 && componentId.test(value)

export const kebabName = (description: string) =>
  text({
    expected: "a name such as \"rates\"",
    description,
    keywords: { pattern: kebab.source, maxLength: 64 }
  }, (value) =>
    isKebab(value) ? undefined : { problem: `${quote(value)} is no name`, hint: "write a-z, 0-9 and single dashes" })

export const ComponentId = text(
  {
    expected: "a component such as \"acme:rates\"",
    description: "A component: its namespace and name.",
    keywords: { pattern: componentId.source }
  },
  (value) =>
    isComponentId(value) ? undefined : { problem: `${quote(value)} is no component`, hint: "write \"acme:rates\"" }
)

export const Version = text({
  expected: "a version such as \"1.2.0\"",
  description: "A semantic version.",
  keywords: { pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+", maxLength: 128 }
}, (value) =>
  value.length <= 128 && Result.isSuccess(SemVer.parse(value))
    ? undefined
    : { problem: `${quote(value)} is no semantic version`, hint: "write \"1.2.0\"" })

const pathLimit = 512

const pathProblem = (value: string): Problem | undefined =>
  value === ""
    ? { problem: "an empty path", hint: "name a file or folder" }
    : value.length > pathLimit
    ? { problem: `the path is longer than ${pathLimit} characters`, hint: "shorten it" }
    : value.includes("\\")
    ? { problem: "a path has no \"\\\"", hint: "write \"/\"" }
    : control.test(value)
    ? { problem: "the path has a control character", hint: "remove it" }
    : undefined

/** A path below the folder of the file that names it. */
export const pathBelow = (description: string) =>
  text(
    { expected: "a path inside the folder", description, keywords: { minLength: 1, maxLength: pathLimit } },
    (value) =>
      pathProblem(value) ??
        (value.startsWith("/") || value.split("/").some((segment) => segment === "" || segment === "..")
          ? { problem: "the path leaves the folder", hint: "write a path below it, without .." }
          : undefined)
  )

const isDriveLetter = (value: string): boolean => /^[A-Za-z]:/.test(value)

const besideProblem = (value: string): Problem | undefined => {
  const below = value.replace(/^(?:\.\.\/)*/, "")
  const isParent = below !== value && /^[/.]*$/.test(below)
  return below === ".." || isParent
    ? { problem: "the path names no folder of its own", hint: "name a folder or file" }
    : below.split("/").includes("..")
    ? { problem: "\"..\" stands at the beginning of a path only", hint: "write the path without it" }
    : undefined
}

/** A path that is relative to the folder of the file that names it: below it, or beside it after `../`. */
export const pathBeside = (description: string) =>
  text(
    { expected: "a path such as \"plugins/rates\"", description, keywords: { minLength: 1, maxLength: pathLimit } },
    (
      value
    ) =>
      pathProblem(value) ??
        (value.startsWith("/") || isDriveLetter(value)
          ? { problem: "the path is absolute", hint: "write it relative to the folder of this file" }
          : besideProblem(value))
  )

/** A path of the host: relative to the folder of the file that names it, or absolute. */
export const pathOfHost = (description: string, find: (value: string) => Problem | undefined = () => undefined) =>
  text({ expected: "a path such as \"data/inbox\"", description, keywords: { minLength: 1, maxLength: pathLimit } }, (
    value
  ) =>
    pathProblem(value) ??
      (value.startsWith("/") && value.split("/").includes("..")
        ? { problem: "an absolute path has no \"..\"", hint: "write the path without it" }
        : value.startsWith("/")
        ? undefined
        : besideProblem(value)) ??
      find(value))

const smallestMemory = 64 * 1024
const largestMemory = 4 * 1024 * 1024 * 1024

/** Bytes of a size that passed its check. */
export const bytesOf = (value: string): number | undefined =>
  value.length > 32 ? undefined : Option.getOrUndefined(Option.flatMap(ByteSize.fromString(value), ByteSize.toNumber))

/** A size within a range, which is written in words as well. */
export const sizeOf = (description: string, least: number, most: number, range: string) =>
  text({
    expected: "a size such as \"16 MiB\"",
    description: `${description} ${range}.`,
    keywords: { pattern: "^[0-9]+ ?[A-Za-z]+$" }
  }, (value) => {
    const bytes = bytesOf(value)
    if (bytes === undefined) return { problem: `${quote(value)} is no size`, hint: "write \"16 MiB\"" }
    return bytes < least || bytes > most
      ? { problem: "the size is out of range", hint: `write ${range}` }
      : undefined
  })

export const Size = text({
  expected: "a size such as \"32 MiB\"",
  description: "All memories of one instance: 64 KiB to 4 GiB.",
  keywords: { pattern: "^[0-9]+ ?[A-Za-z]+$" }
}, (value) => {
  const bytes = bytesOf(value)
  if (bytes === undefined) return { problem: `${quote(value)} is no size`, hint: "write \"32 MiB\"" }
  return bytes < smallestMemory || bytes > largestMemory
    ? { problem: "the size is out of range", hint: "write 64 KiB to 4 GiB" }
    : undefined
})

const time = /^([0-9]{1,9}) ?(ms|s|min)$/

const units: ReadonlyMap<string, (value: number) => Duration.Duration> = new Map([
  ["ms", Duration.millis],
  ["s", Duration.seconds],
  ["min", Duration.minutes]
])

/** The duration of a time that passed its check. */
export const durationOf = (value: string): Duration.Duration | undefined => {
  const match = time.exec(value)
  return match === null ? undefined : units.get(match[2]!)!(Number(match[1]))
}

export const timeOf = (description: string) =>
  text(
    { expected: "a length of time such as \"250 ms\"", description, keywords: { pattern: time.source } },
    (value) => {
      const duration = durationOf(value)
      if (duration === undefined) {
        return { problem: `${quote(value)} is no length of time`, hint: "write \"250 ms\", \"2 s\" or \"1 min\"" }
      }
      return Duration.isZero(duration) || Duration.isGreaterThan(duration, Duration.hours(1))
        ? { problem: "the time is out of range", hint: "write 1 ms to 60 min" }
        : undefined
    }
  )

/** Numbers that JSON Schema can describe; refuses the others and says what is meant. */
export const numberOf = (
  expected: string,
  description: string,
  find: (value: number) => Problem | undefined,
  keywords: Keywords
) => Schema.Number.annotate({ expected, description }).check(check(find, keywords).abort(), Schema.isFinite())

export const wholeNumber = (name: string, least: number, most: number, description: string) =>
  numberOf(
    "a whole number",
    description,
    (value) =>
      Number.isInteger(value) && value >= least && value <= most
        ? undefined
        : { problem: `${name} is no whole number from ${least} to ${most}`, hint: `write one, such as ${least}` },
    { multipleOf: 1, minimum: least, maximum: most }
  )

export const Fuel = wholeNumber("fuel", 1, Number.MAX_SAFE_INTEGER, "Units of work for each message.")

/** The keys of a table that people name. */
export const keyed = (isKey: (key: string) => boolean, example: string, pattern?: string) =>
  checkKeys(
    (record: Readonly<Record<string, unknown>>) =>
      Object.keys(record)
        .filter((key) => !isKey(key))
        .map((key) => ({
          path: [key],
          problem: { problem: `${quote(key)} is no name`, hint: `write ${example}` },
          isKey: true
        })),
    pattern === undefined ? undefined : { propertyNames: { pattern } }
  )

export const kebabPattern = kebab.source
export const componentIdPattern = componentId.source

export const SchemaVersion = Schema.Literal(1).annotate({ description: "The version of this file's schema." })
