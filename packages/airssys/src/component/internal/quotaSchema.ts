import * as Schema from "effect/Schema"
import type * as Quota from "../../security/Quota.ts"
import { check, checkKeys } from "./decodeToml.ts"
import { bytesOf, numberOf, quote, sizeOf, text, wholeNumber } from "./fieldSchema.ts"

/** Limits as far as a table says them. */
export type Limits = Partial<Quota.Limits>

const unlimited = "unlimited"

const most = 1024 ** 5
const range = "0 B to 1 PiB"

const Bytes = (description: string) =>
  text({
    expected: "a size such as \"100 MiB\", or \"unlimited\"",
    description: `${description} ${range}, or "unlimited".`,
    keywords: { pattern: "^(?:[0-9]+ ?[A-Za-z]+|unlimited)$" }
  }, (value) => {
    if (value === unlimited) return undefined
    const bytes = bytesOf(value)
    return bytes === undefined
      ? { problem: `${quote(value)} is no size`, hint: "write \"100 MiB\" or \"unlimited\"" }
      : bytes > most
      ? { problem: "the size is out of range", hint: `write ${range}` }
      : undefined
  })

const Unlimited = Schema.Literal(unlimited)

const rateOf = <S extends Schema.Top>(amount: (description: string) => S, description: string) =>
  Schema.Union([
    Schema.Struct({
      "per-second": amount("What comes back each second."),
      burst: Schema.optionalKey(
        amount("What is there at most, so that as much can be used at once. Default per-second.")
      )
    }),
    Unlimited
  ]).annotate({ expected: "a table { per-second = ..., burst = ... }, or \"unlimited\"", description })

const count = (name: string, most: number) => (description: string) =>
  wholeNumber(name, 0, most, `${description} A whole number.`)

const fuel = (description: string) =>
  numberOf(
    "a whole number",
    description,
    (value) =>
      Number.isSafeInteger(value) && value >= 0
        ? undefined
        : { problem: "fuel is no whole number from 0 to 2^53 - 1", hint: "write one, such as 1_000_000_000" },
    { multipleOf: 1, minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
  )

/** Limits of one component or tenant. */
export const Table = Schema.Struct({
  storage: Schema.optionalKey(Bytes("What is stored.")),
  memory: Schema.optionalKey(Bytes("Memory of all instances together.")),
  calls: Schema.optionalKey(
    Schema.Union([wholeNumber("calls", 0, 1_000_000, "Calls at once."), Unlimited]).annotate({
      expected: "a whole number, or \"unlimited\"",
      description: "Calls at once, or \"unlimited\"."
    })
  ),
  messages: Schema.optionalKey(rateOf(count("messages", 1_000_000_000), "Messages by the second.")),
  network: Schema.optionalKey(
    rateOf(
      (description) => sizeOf(description, 0, most, range),
      "Bytes by the second, of the network and of messages that are sent."
    )
  ),
  fuel: Schema.optionalKey(rateOf(fuel, "Fuel by the second."))
}).check(
  check((table) =>
    Object.keys(table).length === 0 ? { problem: "the table limits nothing", hint: "leave it out" } : undefined
  )
)

const longestTenant = 256

const Tenants = Schema.Record(Schema.String, Table).check(checkKeys((record) =>
  Object.keys(record)
    .filter((tenant) => tenant.length < 1 || tenant.length > longestTenant)
    .map((tenant) => ({
      path: [tenant],
      problem: { problem: "the tenant has no name of 1 to 256 characters", hint: "write [quotas.tenants.globex]" },
      isKey: true
    })), { propertyNames: { minLength: 1, maxLength: longestTenant } }))

/** The table `[quotas]`. */
export const Quotas = Schema.Struct({
  component: Schema.optionalKey(Table.annotate({ description: "Of each component that has no quotas of its own." })),
  tenant: Schema.optionalKey(Table.annotate({ description: "Of each tenant that is not named. Default: unlimited." })),
  tenants: Schema.optionalKey(Tenants.annotate({ description: "Of tenants by their names." }))
})

const bytes = (value: string): Quota.LevelLimit => value === unlimited ? unlimited : bytesOf(value)!

const rate = <A>(
  value: "unlimited" | { readonly "per-second": A; readonly burst?: A },
  of: (amount: A) => number
): Quota.RateLimit => {
  if (value === unlimited) return unlimited
  const { "per-second": perSecond, burst = perSecond } = value
  return { perSecond: of(perSecond), burst: of(burst) }
}

const itself = (amount: number): number => amount

/** What a table says. */
export const limitsOf = (
  { calls, fuel, memory, messages, network, storage }: Schema.Schema.Type<typeof Table>
): Limits => ({
  ...(storage === undefined ? undefined : { storage: bytes(storage) }),
  ...(memory === undefined ? undefined : { memory: bytes(memory) }),
  ...(calls === undefined ? undefined : { calls }),
  ...(messages === undefined ? undefined : { messages: rate(messages, itself) }),
  ...(network === undefined ? undefined : { network: rate(network, (size) => bytesOf(size)!) }),
  ...(fuel === undefined ? undefined : { fuel: rate(fuel, itself) })
})
