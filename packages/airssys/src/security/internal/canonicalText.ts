import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "../SafeText.ts"
import * as canonicalJson from "./canonicalJson.ts"

/** A line that says what a text is, the schema of its value, and its most characters. */
export interface Format<A> {
  readonly domain: string
  readonly schema: Schema.Codec<A, unknown>
  readonly limit: number
}

export interface Problem {
  readonly reason: "TooLarge" | "Malformed" | "OtherDomain" | "NotCanonical" | "InvalidValue"
  readonly detail: string
}

export const make = <A>(domain: string, schema: Schema.Codec<A, unknown>, limit: number): Format<A> => ({
  domain,
  schema: Schema.toCodecJson(schema),
  limit
})

const fail = (reason: Problem["reason"], detail: string): Result.Result<never, Problem> =>
  Result.fail({ reason, detail })

const tooLarge = (limit: number) => fail("TooLarge", `it has at most ${limit} characters`)

/** The domain and the canonical JSON of a value, each as a line. */
export const encode = <A>(format: Format<A>, value: A): Result.Result<string, Problem> => {
  const encoded = Schema.encodeUnknownResult(format.schema)(value)
  if (Result.isFailure(encoded)) return fail("InvalidValue", SafeText.escapeLines(encoded.failure.message))
  const json = canonicalJson.print(encoded.success)
  if (json === undefined) return fail("InvalidValue", "it has texts, integers, lists and tables alone")
  const text = `${format.domain}\n${json}\n`
  return text.length > format.limit ? tooLarge(format.limit) : Result.succeed(text)
}

/** The value of a text, which has to be what `encode` writes for that value. */
export const decode = <A>(format: Format<A>, text: string): Result.Result<A, Problem> => {
  if (typeof text !== "string") return fail("Malformed", "it is no text")
  if (text.length > format.limit) return tooLarge(format.limit)
  const end = text.indexOf("\n")
  const domain = text.slice(0, Math.max(end, 0))
  if (domain !== format.domain) return fail("OtherDomain", `the first line is "${SafeText.escape(domain, 64)}"`)
  const json = Result.try((): unknown => JSON.parse(text.slice(end + 1)))
  if (Result.isFailure(json)) return fail("Malformed", "the second line is not JSON")
  const value = Schema.decodeUnknownResult(format.schema)(json.success)
  if (Result.isFailure(value)) return fail("InvalidValue", SafeText.escapeLines(value.failure.message))
  const canonical = encode(format, value.success)
  return Result.isSuccess(canonical) && canonical.success === text
    ? Result.succeed(value.success)
    : fail("NotCanonical", "it is not the one way to write what it says: fields are unknown, repeated or spelled")
}
