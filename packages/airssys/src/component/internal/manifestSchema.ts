import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SemVerRange from "effect/SemVerRange"
import { Codec, codecs } from "../Payload.ts"
import { CapabilityBlock, patternList } from "./capabilityBlock.ts"
import { check, checkKeys } from "./decodeToml.ts"
import {
  componentIdPattern,
  Fuel,
  isComponentId,
  isKebab,
  kebabName,
  kebabPattern,
  keyed,
  line,
  pathBelow,
  quote,
  SchemaVersion,
  Size,
  text,
  timeOf,
  Version
} from "./fieldSchema.ts"

const Range = text({
  expected: "a range of versions such as \"^2.1.0\"",
  description: "A range of versions.",
  keywords: { minLength: 1, maxLength: 128 }
}, (value) =>
  value.length <= 128 && Result.isSuccess(SemVerRange.parse(value))
    ? undefined
    : { problem: `${quote(value)} is no range of versions`, hint: "write \"^2.1.0\"" })

const worldId =
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*:[a-z][a-z0-9]*(?:-[a-z0-9]+)*\/[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:@[0-9A-Za-z.+-]+)?$/

const isWorld = (value: string): boolean => value.length <= 256 && worldId.test(value)

const World = text(
  {
    expected: "a world such as \"acme:rates/plugin@1.2.0\"",
    description: "The WIT world that the artifact implements.",
    keywords: { pattern: worldId.source, maxLength: 256 }
  },
  (value) =>
    isWorld(value) ? undefined : { problem: `${quote(value)} is no world`, hint: "write \"acme:rates/plugin@1.2.0\"" }
)

const Component = Schema.Struct({
  namespace: kebabName("Whose component it is."),
  name: kebabName("Its name within the namespace."),
  version: Version,
  world: World,
  description: Schema.optionalKey(line(500, "What it is, in a line.")),
  authors: Schema.optionalKey(
    Schema.Array(line(200, "An author.")).check(
      check((authors: ReadonlyArray<string>) =>
        authors.length > 64 ? { problem: "more than 64 authors", hint: "name the ones to write to" } : undefined
      )
    )
  ),
  license: Schema.optionalKey(line(100, "An SPDX expression."))
})

const Limits = Schema.Struct({
  memory: Size,
  fuel: Schema.optionalKey(Fuel),
  timeout: Schema.optionalKey(timeOf("For each message, waiting for the host included."))
}).check(
  check((limits) =>
    limits.fuel === undefined && limits.timeout === undefined
      ? {
        problem: "limits needs \"fuel\" or \"timeout\"",
        hint: "add timeout = \"250 ms\"",
        note: "limits takes memory, fuel, timeout; memory and one of the others are mandatory."
      }
      : undefined, { anyOf: [{ required: ["fuel"] }, { required: ["timeout"] }] })
)

const ConfigEntry = Schema.Struct({
  type: Schema.Literals(["string", "integer", "boolean", "float", "secret"]).annotate({
    description: "A secret has no default and is never shown."
  }),
  default: Schema.optionalKey(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])),
  optional: Schema.optionalKey(Schema.Boolean.annotate({ description: "Whether the host may leave it out." }))
}).check(checkKeys((entry) => {
  const value = entry.default
  if (value === undefined) return []
  const fits = entry.type === "integer"
    ? Number.isSafeInteger(value)
    : entry.type === "float"
    ? typeof value === "number"
    : typeof value === entry.type
  return fits ? [] : [{
    path: ["default"],
    problem: entry.type === "secret"
      ? { problem: "a secret has no default", hint: "remove it; the host sets secrets" }
      : { problem: `the default is not of type ${entry.type}`, hint: "write a value of that type" }
  }]
}))

const codecList = (description: string) =>
  Schema.optionalKey(
    Schema.Array(Codec).annotate({ expected: "a list such as [\"cbor\"]", description }).check(
      check((list: ReadonlyArray<Codec>) =>
        new Set(list).size === list.length
          ? undefined
          : { problem: "a codec is there twice", hint: "remove one" }, { maxItems: codecs.length, uniqueItems: true })
    )
  )

const Messages = Schema.Struct({
  accepts: codecList("Codecs of the messages and replies that it takes."),
  sends: codecList("Codecs of the messages and replies that it sends."),
  from: Schema.optionalKey(
    patternList("messaging.send", "Components that may send to it: acme:*. All that are granted to, if left out.")
  )
})

/** The whole of `Component.toml`. */
export const ManifestFile = Schema.Struct({
  schema: SchemaVersion,
  component: Component,
  build: Schema.Struct({
    command: line(500, "Builds the artifact in the component's folder."),
    output: pathBelow("The artifact, below the component's folder.")
  }),
  limits: Limits,
  config: Schema.optionalKey(
    Schema.Record(Schema.String, ConfigEntry).check(keyed(isKebab, "a-z, 0-9 and single dashes", kebabPattern))
  ),
  messages: Schema.optionalKey(Messages),
  capability: Schema.optionalKey(Schema.Array(CapabilityBlock).annotate({ expected: "[[capability]] blocks" })),
  dependencies: Schema.optionalKey(
    Schema.Record(Schema.String, Range).check(keyed(isComponentId, "\"acme:csv\"", componentIdPattern))
  )
})
