import * as Schema from "effect/Schema"
import { check } from "./decodeToml.ts"
import { isKebab, kebabPattern, keyed, pathOfHost, text } from "./fieldSchema.ts"

export const variable = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

/** What is wrong is never shown: it could be the secret, in the wrong place. */
const Variable = text({
  expected: "the name of a variable",
  description: "A variable of the host's environment.",
  keywords: { pattern: variable.source }
}, (value) =>
  variable.test(value)
    ? undefined
    : { problem: "this is no name of a variable", hint: "write A to Z, a to z, 0 to 9 and \"_\", no digit first" })

const Secret = Schema.Struct({
  env: Schema.optionalKey(Variable),
  file: Schema.optionalKey(
    pathOfHost("A file that nobody but the user of the host can read. One line feed at its end is no part of it.")
  )
}).annotate({
  expected: "where it is, { file = \"keys/api-key\" } or { env = \"API_KEY\" }",
  description: "Where the value of a secret is; never the value itself."
}).check(check(({ env, file }) =>
  (env === undefined) === (file === undefined)
    ? { problem: "a secret is in one place", hint: "write { file = \"keys/api-key\" } or { env = \"API_KEY\" }" }
    : undefined
))

/** The table `[component.secrets]`. */
export const Secrets = Schema.Record(Schema.String, Secret).check(
  keyed(isKebab, "a-z, 0-9 and single dashes", kebabPattern)
)
