import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

/** What a look at a value gives, or `otherwise` where the look throws: the value may be a proxy or have getters. */
export const look = <A>(see: () => A, otherwise: A): A => {
  try {
    return see()
  } catch {
    return otherwise
  }
}

/** Decodes whatever there is. The failure says what does not fit. */
export const decoder = <A>(
  schema: Schema.Codec<A, unknown>,
  options?: SchemaAST.ParseOptions
): (input: unknown) => Result.Result<A, string> => {
  const decode = Schema.decodeUnknownResult(schema, options)
  return (input) =>
    look(() => Result.mapError(decode(input), ({ message }) => message), Result.fail("it cannot be read"))
}

/** Says of whatever there is whether it fits. */
export const guard = <A>(schema: Schema.Codec<A, unknown>): (u: unknown) => u is A => {
  const is = Schema.is(schema)
  return (u): u is A => look(() => is(u), false)
}
