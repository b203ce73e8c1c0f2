import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "../../security/CapabilityKind.ts"
import { ExpiryDate } from "../../security/ExpiryDate.ts"
import * as Pattern from "../../security/Pattern.ts"
import { check } from "./decodeToml.ts"
import { isKebab, kebabPattern, keyed, line, quote, text } from "./fieldSchema.ts"

const descriptions: Readonly<Record<typeof CapabilityKind.all[number], string>> = {
  "log": "Write lines to the host's log.",
  "clock": "Read the time.",
  "random": "Draw secure random bytes.",
  "environment": "Read environment values, each by its full name: STRIPE_KEY.",
  "network.outbound": "Connect to scheme://host[:port]; https, http, tcp or udp. * is one label, ** any number.",
  "network.inbound":
    "Listen on scheme://host[:port]; https, http, tcp or udp. airssys itself gives nothing that listens.",
  "network.resolve": "Look up host names, without a scheme: *.example.com.",
  "storage.read": "Read keys of the component's own storage: rates/**.",
  "storage.write": "Write keys of the component's own storage: rates/*.",
  "filesystem.read": "Read files below a named root: inbox:/**/*.csv.",
  "filesystem.write": "Write files below a named root: outbox:/*.csv.",
  "messaging.send": "Send messages to components: acme:totals.",
  "messaging.publish": "Publish to topics: invoices.*.",
  "messaging.subscribe": "Subscribe to topics: invoices.**.",
  "process.spawn": "Start programs, each by its name or absolute path: git."
}

const customDescription = "Use something of the host's own: invoices/**."

const mostPatterns = 256

/** A list of patterns of one kind, each once. */
export const patternList = (kind: CapabilityKind.CapabilityKind, description: string) =>
  Schema.Array(
    text({
      expected: "a pattern in quotes",
      description: "A pattern.",
      keywords: { minLength: 1, maxLength: 1024 }
    }, (value) => {
      const parsed = Pattern.parse(kind, value)
      if (Result.isSuccess(parsed)) return undefined
      const { length, note, offset, problem, remedy } = parsed.failure
      return { problem, hint: remedy, note, offset, length }
    })
  ).annotate({ expected: "a list such as [\"...\"]", description }).check(
    check((patterns: ReadonlyArray<string>) => {
      if (patterns.length === 0) return { problem: "an empty list names nothing", hint: "name a resource" }
      if (patterns.length > mostPatterns) {
        return { problem: `more than ${mostPatterns} patterns`, hint: "write broader ones" }
      }
      const seen = new Set<string>()
      const twice = patterns.find((pattern) => seen.size === seen.add(pattern).size)
      return twice === undefined ? undefined : { problem: `${quote(twice)} is there twice`, hint: "remove one" }
    }, { minItems: 1, maxItems: mostPatterns, uniqueItems: true })
  )

const isExpiryDate: (value: unknown) => boolean = Schema.is(ExpiryDate)

const kindField = (kind: typeof CapabilityKind.all[number]) =>
  Schema.optionalKey<Schema.Top>(
    CapabilityKind.takesPatterns(kind)
      ? patternList(kind, descriptions[kind])
      : Schema.Literal(true).annotate({ description: descriptions[kind] })
  )

/** The kinds as keys of a table, each with its patterns. */
export const kindFields = (): Record<string, Schema.Top> => {
  const fields: Record<string, Schema.Top> = {}
  for (const kind of CapabilityKind.all) {
    const [table, member] = kind.split(".")
    if (member === undefined) fields[kind] = kindField(kind)
    else {
      fields[table!] ??= Schema.optionalKey(
        Schema.Struct(Object.fromEntries(
          CapabilityKind.members(table!).map((name) => [
            name,
            kindField(`${table}.${name}` as typeof kind)
          ])
        ))
      )
    }
  }
  fields["custom"] = Schema.optionalKey(
    Schema.Record(Schema.String, patternList("custom.any", customDescription))
      .annotate({ description: "Kinds of the host's own, by their names." })
      .check(keyed(isKebab, "a word, such as queue", kebabPattern))
  )
  return fields
}

/** A block of capabilities as it was decoded. */
export interface Block {
  readonly reason: string
  readonly expires?: string
  readonly audit?: "before-use"
  readonly [kind: string]: unknown
}

/** One kind of a block with its patterns. */
export interface Entry {
  readonly kind: CapabilityKind.CapabilityKind
  readonly patterns: ReadonlyArray<string>
}

/** The kinds of a block in the order of the vocabulary. */
export const entriesOf = (block: Block): ReadonlyArray<Entry> => [
  ...CapabilityKind.all.flatMap((kind) => {
    const [table, member] = kind.split(".")
    const outer = block[table!]
    const value = member === undefined ? outer : (outer as Readonly<Record<string, unknown>> | undefined)?.[member]
    if (value === undefined) return []
    return [{ kind, patterns: value === true ? [] : value as ReadonlyArray<string> }]
  }),
  ...customEntriesOf(block)
]

const customEntriesOf = (block: Block): ReadonlyArray<Entry> =>
  Object.entries((block["custom"] ?? {}) as Readonly<Record<string, ReadonlyArray<string>>>)
    .map(([name, patterns]) => ({ kind: `custom.${name}`, patterns }))

/** `[[capability]]` of a manifest and `[[component.grant]]` of a host's file. */
export const CapabilityBlock = Schema.Struct({
  reason: line(200, "Why; shown to the operator and in denials."),
  expires: Schema.optionalKey(
    text({
      expected: "a date such as 2027-03-31",
      description: "The last valid day, UTC: 2027-03-31.",
      keywords: { pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }
    }, (value) =>
      isExpiryDate(value)
        ? undefined
        : { problem: `${quote(value)} is no day of the calendar`, hint: "write 2027-03-31" })
  ),
  audit: Schema.optionalKey(
    Schema.Literal("before-use").annotate({
      description: "Each use is in the audit log, on disk, before it happens."
    })
  ),
  ...kindFields()
}).check(check((block: object) =>
  entriesOf(block as Block).length === 0
    ? { problem: "the block names no capability", hint: "add one, such as clock = true" }
    : undefined
))
