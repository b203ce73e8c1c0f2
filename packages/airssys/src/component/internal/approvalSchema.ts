import * as Schema from "effect/Schema"
import * as PublicKey from "../../security/PublicKey.ts"
import { checkKeys, type KeyProblem } from "./decodeToml.ts"
import { pathOfHost, quote, text, wholeNumber } from "./fieldSchema.ts"

const mostOperators = 64

const Operator = text({
  expected: "a key such as \"ed25519:...\"",
  description: "The public key of an operator.",
  keywords: { pattern: "^ed25519:[A-Za-z0-9_-]{43}$" }
}, (value) =>
  PublicKey.isPublicKey(value)
    ? undefined
    : { problem: `${quote(value)} is no public key`, hint: "write ed25519: and 43 characters of base64url" })

/** The table `[approvals]`. */
export const Approvals = Schema.Struct({
  key: pathOfHost("File of the key of this host, which requests and decisions name. It is made if there is none."),
  operators: Schema.Array(Operator).annotate({
    expected: "a list such as [\"ed25519:...\"]",
    description: "The keys of who decides."
  }),
  quorum: Schema.optionalKey(
    wholeNumber("quorum", 1, mostOperators, "How many of them have to approve a release. Default 1.")
  ),
  "pass-trusted": Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Whether what is trusted passes by itself. Default true." })
  )
}).check(checkKeys(({ operators, quorum = 1 }) => {
  const problems: Array<KeyProblem> = []
  const add = (path: KeyProblem["path"], problem: string, hint: string) =>
    problems.push({ path, problem: { problem, hint } })
  if (operators.length === 0) add(["operators"], "operators names nobody", "name who decides")
  else if (operators.length > mostOperators) {
    add(["operators"], `there are more than ${mostOperators} operators`, "leave some out")
  } else if (quorum > operators.length) {
    add(["quorum"], "more have to approve than there are operators", "lower the quorum or add operators")
  }
  operators.forEach((key, index) => {
    if (operators.indexOf(key) < index) {
      add(["operators", index], "this key is there twice", "remove it: a key is one operator")
    }
  })
  return problems
}))
