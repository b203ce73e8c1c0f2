import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SemVer from "effect/SemVer"
import * as SemVerRange from "effect/SemVerRange"
import * as CapabilityKind from "../../security/CapabilityKind.ts"
import { ExpiryDate } from "../../security/ExpiryDate.ts"
import * as Pattern from "../../security/Pattern.ts"
import { check, checkKeys, type Problem } from "./decodeToml.ts"

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

const text = (expected: string, find: (value: string) => Problem | undefined) =>
  Schema.String.annotate({ expected }).check(check(find))

export const Line = (most: number) =>
  text("a line of text", (value) =>
    value.trim() === ""
      ? { problem: "an empty text", hint: "write something" }
      : value.length > most
      ? { problem: `the text is longer than ${most} characters`, hint: "shorten it" }
      : undefined)

export const Kebab = text(
  "a name such as \"rates\"",
  (value) =>
    kebab.test(value) && value.length <= 64
      ? undefined
      : { problem: `${JSON.stringify(value.slice(0, 80))} is no name`, hint: "write a-z, 0-9 and single dashes" }
)

export const Version = text(
  "a version such as \"1.2.0\"",
  (value) =>
    value.length <= 128 && Result.isSuccess(SemVer.parse(value))
      ? undefined
      : { problem: `${JSON.stringify(value.slice(0, 80))} is no semantic version`, hint: "write \"1.2.0\"" }
)

const Range = text(
  "a range of versions such as \"^2.1.0\"",
  (value) =>
    value.length <= 128 && Result.isSuccess(SemVerRange.parse(value))
      ? undefined
      : { problem: `${JSON.stringify(value.slice(0, 80))} is no range of versions`, hint: "write \"^2.1.0\"" }
)

const worldId =
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*:[a-z][a-z0-9]*(-[a-z0-9]+)*\/[a-z][a-z0-9]*(-[a-z0-9]+)*(@[0-9A-Za-z.+-]+)?$/

const World = text(
  "a world such as \"acme:rates/plugin@1.2.0\"",
  (value) =>
    value.length <= 256 && worldId.test(value)
      ? undefined
      : { problem: `${JSON.stringify(value.slice(0, 80))} is no world`, hint: "write \"acme:rates/plugin@1.2.0\"" }
)

export const RelativePath = text("a path inside the folder", (value) => {
  const segments = value.split("/")
  return value.length <= 512 && !value.startsWith("/") && !value.includes("\\") && !value.includes("\0") &&
      segments.every((segment) => segment !== "" && segment !== "..")
    ? undefined
    : { problem: "the path leaves the folder", hint: "write a path below it, without .." }
})

const smallestMemory = 64 * 1024
const largestMemory = 4 * 1024 * 1024 * 1024

export const bytesOf = (value: string): number | undefined =>
  Option.getOrUndefined(Option.flatMap(ByteSize.fromString(value), ByteSize.toNumber))

export const Size = text("a size such as \"32 MiB\"", (value) => {
  const bytes = bytesOf(value)
  if (bytes === undefined) {
    return { problem: `${JSON.stringify(value.slice(0, 80))} is no size`, hint: "write \"32 MiB\"" }
  }
  return bytes < smallestMemory || bytes > largestMemory
    ? { problem: "the size is out of range", hint: "write 64 KiB to 4 GiB" }
    : undefined
})

const durations: ReadonlyMap<string, (value: number) => Duration.Duration> = new Map([
  ["ms", Duration.millis],
  ["s", Duration.seconds],
  ["min", Duration.minutes]
])

export const durationOf = (value: string): Duration.Duration | undefined => {
  const match = /^([0-9]{1,9}) ?(ms|s|min)$/.exec(value)
  return match === null ? undefined : durations.get(match[2]!)!(Number(match[1]))
}

export const Time = text("a length of time such as \"250 ms\"", (value) => {
  const duration = durationOf(value)
  if (duration === undefined) {
    return {
      problem: `${JSON.stringify(value.slice(0, 80))} is no length of time`,
      hint: "write \"250 ms\", \"2 s\" or \"1 min\""
    }
  }
  return Duration.isZero(duration) || Duration.isGreaterThan(duration, Duration.hours(1))
    ? { problem: "the time is out of range", hint: "write 1 ms to 60 min" }
    : undefined
})

export const Fuel = Schema.Int.annotate({ expected: "a whole number" }).check(
  check((value: number) =>
    value < 1 ? { problem: "fuel is below 1", hint: "write a positive whole number" } : undefined
  )
)

export const LimitFields = {
  memory: Schema.optionalKey(Size),
  fuel: Schema.optionalKey(Fuel),
  timeout: Schema.optionalKey(Time)
}

const patternList = (kind: CapabilityKind.CapabilityKind) =>
  Schema.Array(
    text("a pattern in quotes", (value) => {
      const parsed = Pattern.parse(kind, value)
      if (Result.isSuccess(parsed)) return undefined
      const { length, note, offset, problem, remedy } = parsed.failure
      return { problem, hint: remedy, note, offset, length }
    })
  ).annotate({ expected: "a list such as [\"...\"]" }).check(check((patterns: ReadonlyArray<string>) => {
    if (patterns.length === 0) return { problem: "an empty list asks for nothing", hint: "name a resource" }
    if (patterns.length > 256) return { problem: "more than 256 patterns", hint: "write broader ones" }
    const twice = patterns.find((pattern, index) => patterns.indexOf(pattern) !== index)
    return twice === undefined
      ? undefined
      : { problem: `${JSON.stringify(twice)} is there twice`, hint: "remove one" }
  }))

const isExpiryDate: (value: unknown) => boolean = Schema.is(ExpiryDate)
const flag = Schema.Literal(true)

const kindField = (kind: CapabilityKind.CapabilityKind) =>
  Schema.optionalKey<Schema.Top>(CapabilityKind.takesPatterns(kind) ? patternList(kind) : flag)

const kindFields = (): Record<string, Schema.Top> => {
  const fields: Record<string, Schema.Top> = {}
  for (const kind of CapabilityKind.all) {
    const [table, member] = kind.split(".")
    if (member === undefined) fields[kind] = kindField(kind)
    else {
      fields[table!] ??= Schema.optionalKey(
        Schema.Struct(Object.fromEntries(
          CapabilityKind.members(table!).map((name) => [
            name,
            kindField(`${table}.${name}` as CapabilityKind.CapabilityKind)
          ])
        ))
      )
    }
  }
  return fields
}

/** A `[[capability]]` or grant block as it was decoded. */
export interface Block {
  readonly reason: string
  readonly expires?: string
  readonly [kind: string]: unknown
}

/** The kinds of a block with their patterns, in the order of the vocabulary. */
export const kindsOf = (
  block: Block
): ReadonlyArray<{ readonly kind: CapabilityKind.CapabilityKind; readonly patterns: ReadonlyArray<string> }> =>
  CapabilityKind.all.flatMap((kind) => {
    const [table, member] = kind.split(".")
    const outer = block[table!]
    const value = member === undefined
      ? outer
      : (outer as Readonly<Record<string, unknown>> | undefined)?.[member]
    if (value === undefined) return []
    return [{ kind, patterns: value === true ? [] : value as ReadonlyArray<string> }]
  })

export const CapabilityBlock = Schema.Struct({
  reason: Line(200),
  expires: Schema.optionalKey(
    Schema.String.annotate({ expected: "a date such as 2027-03-31" }).check(check((value: string) =>
      isExpiryDate(value)
        ? undefined
        : { problem: `${JSON.stringify(value.slice(0, 80))} is no day of the calendar`, hint: "write 2027-03-31" }
    ))
  ),
  ...kindFields()
}).check(check((block: object) =>
  kindsOf(block as Block).length === 0
    ? { problem: "the block names no capability", hint: "add one, such as clock = true" }
    : undefined
))

const ConfigEntry = Schema.Struct({
  type: Schema.Literals(["string", "integer", "boolean", "float", "secret"]),
  default: Schema.optionalKey(Schema.Union([Schema.String, Schema.Number, Schema.Boolean])),
  optional: Schema.optionalKey(Schema.Boolean)
}).check(checkKeys((entry) => {
  const value = entry.default
  if (value === undefined) return []
  const fits = entry.type === "string"
    ? typeof value === "string"
    : entry.type === "boolean"
    ? typeof value === "boolean"
    : entry.type === "integer"
    ? Number.isInteger(value)
    : entry.type === "float" && typeof value === "number"
  return fits ? [] : [{
    path: ["default"],
    problem: entry.type === "secret"
      ? { problem: "a secret has no default", hint: "remove it; the host sets secrets" }
      : { problem: `the default is not of type ${entry.type}`, hint: "write a value of that type" }
  }]
}))

const keyed = (names: RegExp, expected: string) =>
  checkKeys((record: Readonly<Record<string, unknown>>) =>
    Object.keys(record)
      .filter((key) => !names.test(key) || key.length > 130)
      .map((key) => ({
        path: [key],
        problem: { problem: `${JSON.stringify(key.slice(0, 80))} is no name`, hint: `write ${expected}` }
      }))
  )

export const SchemaVersion = Schema.Literal(1)

export const ManifestFile = Schema.Struct({
  schema: SchemaVersion,
  component: Schema.Struct({
    namespace: Kebab,
    name: Kebab,
    version: Version,
    world: World,
    description: Schema.optionalKey(Line(500)),
    authors: Schema.optionalKey(Schema.Array(Line(200))),
    license: Schema.optionalKey(Line(100))
  }).check(checkKeys((component) => {
    const id = `${component.namespace}:${component.name}`
    return component.world.startsWith(`${id}/`) || !worldId.test(component.world)
      ? []
      : [{ path: ["world"], problem: { problem: `the world is not one of ${id}`, hint: `write "${id}/..."` } }]
  })),
  build: Schema.Struct({ command: Line(500), output: RelativePath }),
  limits: Schema.Struct({ ...LimitFields, memory: Size }).check(
    check((limits) =>
      limits.fuel === undefined && limits.timeout === undefined
        ? {
          problem: "limits needs \"fuel\" or \"timeout\"",
          hint: "add timeout = \"250 ms\"",
          note: "limits takes memory, fuel, timeout; memory and one of the others are mandatory."
        }
        : undefined
    )
  ),
  config: Schema.optionalKey(
    Schema.Record(Schema.String, ConfigEntry).check(keyed(kebab, "a-z, 0-9 and single dashes"))
  ),
  capability: Schema.optionalKey(
    Schema.Array(CapabilityBlock).annotate({ expected: "[[capability]] blocks" })
  ),
  dependencies: Schema.optionalKey(
    Schema.Record(Schema.String, Range).check(
      keyed(/^[a-z][a-z0-9]*(-[a-z0-9]+)*:[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "\"acme:csv\"")
    )
  )
})

export const jsonSchema = (schema: Schema.Top, title: string): object => {
  const document = Schema.toJsonSchemaDocument(schema)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    ...document.schema,
    ...(Object.keys(document.definitions).length === 0 ? undefined : { $defs: document.definitions })
  }
}
