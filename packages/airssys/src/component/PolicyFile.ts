/**
 * A file of policies in TOML: access control entries, roles and who has them.
 *
 * It belongs to the operator. What it denies is denied whatever is granted, and
 * unless it says `unmatched = "grants"` so is everything it does not speak of.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Policy } from "../security/Policy.ts"
import { Diagnostic, render } from "./Diagnostic.ts"
import * as decodeToml from "./internal/decodeToml.ts"
import * as policySchema from "./internal/policySchema.ts"

/**
 * A file of policies that was not taken; `message` is the report of all its
 * problems, at most 20.
 *
 * @category errors
 * @since 0.1.0
 */
export class PolicyFileError extends Schema.TaggedError<PolicyFileError>("airssys/component/PolicyFileError")(
  "PolicyFileError",
  { problems: Schema.Array(Diagnostic) }
) {
  override get message(): string {
    return render(this.problems, "No policy was changed.")
  }
}

/**
 * Decodes the text of a file of policies. `file` is shown in reports and is the
 * name of the policy.
 *
 * ```ts
 * import { PolicyFile } from "airssys/component"
 * import { Principal } from "airssys/security"
 * import { Result } from "effect"
 *
 * const policy = Result.getOrThrow(PolicyFile.parse(`
 * schema = 1
 * [[entry]]
 * effect = "allow"
 * principal = "acme:*"
 * reason = "Ours."
 * storage.read = ["rates/**"]
 * `, { file: "policy.toml" }))
 * const principal = Principal.make({ kind: "Component", id: "acme:rates" })
 * const attributes = new Map()
 * policy.evaluate({ principal, attributes, kind: "storage.read", resource: "rates/today" })._tag // => "Permit"
 * policy.evaluate({ principal, attributes, kind: "clock", resource: "" })._tag // => "Deny"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string, options: { readonly file: string }): Result.Result<Policy, PolicyFileError> => {
  const decoded = decodeToml.decode(policySchema.PolicyFile, text, options.file)
  return Result.isFailure(decoded)
    ? Result.fail(new PolicyFileError({ problems: decoded.failure }))
    : Result.succeed(Result.getOrThrow(policySchema.policyOf(options.file, decoded.success.value)))
}

/**
 * The JSON Schema of a file of policies, for editors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const jsonSchema = (): object => decodeToml.jsonSchema(policySchema.PolicyFile, "policy.toml")
