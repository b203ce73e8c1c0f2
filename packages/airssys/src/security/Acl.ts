/**
 * Access control lists: entries that allow or deny capabilities on resources to
 * principals, under conditions on their attributes.
 *
 * Entries have no order: one that denies wins over all that allow. An entry
 * that would speak, but for an attribute that the principal does not have,
 * denies, whatever its effect.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as capabilityRule from "./internal/capabilityRule.ts"
import * as permission from "./internal/permission.ts"
import * as principalPattern from "./internal/principalPattern.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as Pattern from "./Pattern.ts"
import * as Policy from "./Policy.ts"

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))

/**
 * Schema of a condition: the attribute has one of 1 to 64 values, compared
 * exactly.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Condition = Schema.Struct({
  attribute: Name,
  is: Schema.Array(Schema.String.check(Schema.isMaxLength(256))).check(Schema.isMinLength(1), Schema.isMaxLength(64))
})

/**
 * Schema of `Entry`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Entry = Schema.Struct({
  effect: Schema.Literals(["allow", "deny"]),
  principal: principalPattern.PrincipalPattern,
  permissions: Schema.Union([
    Schema.Array(permission.Permission).check(Schema.isMinLength(1), Schema.isMaxLength(256)),
    Schema.Literal("everything")
  ]),
  when: Schema.optionalKey(Schema.Array(Condition).check(Schema.isMaxLength(16))),
  reason: capabilityRule.Reason
})

/**
 * One rule. In the id of `principal`, `*` is one segment between colons and a
 * last `**` any number: `acme:*`. All conditions of `when` have to hold. An entry
 * that denies concerns whatever `Pattern.meets` finds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry extends Schema.Schema.Type<typeof Entry> {}

/**
 * Schema of a list: at most 4,096 entries.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Entries = Schema.Array(Entry).check(Schema.isMaxLength(4096))

interface Compiled {
  readonly isDeny: boolean
  readonly concerns: (request: Policy.Request) => boolean
  readonly when: NonNullable<Entry["when"]>
  readonly rule: string
  readonly reason: string
}

const compile = (entry: Entry, index: number): Result.Result<Compiled, string> => {
  const problem = principalPattern.problemOf(entry.principal)
  if (problem !== undefined) return Result.fail(problem)
  const covers = entry.permissions === "everything"
    ? Result.succeed<permission.Covers>(() => true)
    : permission.compile(entry.permissions, entry.effect === "deny" ? Pattern.meets : Pattern.matches)
  const isMeant = principalPattern.matcher(entry.principal)
  return Result.map(covers, (covers) => ({
    isDeny: entry.effect === "deny",
    concerns: ({ kind, principal, resource }) => isMeant(principal) && covers(kind, resource),
    when: entry.when ?? [],
    rule: `entry ${index + 1}`,
    reason: entry.reason
  }))
}

/** The first attribute that is missing, or whether all conditions hold. */
const conditions = (when: Compiled["when"], attributes: Policy.Request["attributes"]): string | boolean => {
  const missing = when.find(({ attribute }) => !attributes.has(attribute))
  return missing === undefined
    ? when.every(({ attribute, is }) => is.includes(attributes.get(attribute) ?? ""))
    : missing.attribute
}

const policyOf = (name: string, entries: ReadonlyArray<Compiled>): Policy.Policy =>
  Policy.make(name, (request) => {
    let verdict: Policy.Verdict = Policy.abstain
    for (const entry of entries) {
      if (!entry.concerns(request)) continue
      const held = conditions(entry.when, request.attributes)
      if (typeof held === "string") return Policy.deny(name, entry.rule, `the principal has no attribute ${held}`)
      if (!held) continue
      if (entry.isDeny) return Policy.deny(name, entry.rule, entry.reason)
      if (verdict._tag === "Abstain") verdict = Policy.permit(name, entry.rule)
    }
    return verdict
  })

const decode = untrusted.decoder(Entries, { onExcessProperty: "error" })

/**
 * Makes the policy of a list from data. Entries are numbered from 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (name: string, input: unknown): Result.Result<Policy.Policy, Policy.InvalidPolicy> => {
  const failed = (path: Policy.InvalidPolicy["path"], detail: string) =>
    Result.fail(new Policy.InvalidPolicy({ policy: name, path, detail }))
  const decoded = decode(input)
  if (Result.isFailure(decoded)) return failed([], decoded.failure)
  const compiled: Array<Compiled> = []
  for (const [index, entry] of decoded.success.entries()) {
    const result = compile(entry, index)
    if (Result.isFailure(result)) return failed(["entry", index], result.failure)
    compiled.push(result.success)
  }
  return Result.succeed(policyOf(name, compiled))
}

/**
 * Makes the policy of a list that is written in a program. Throws
 * `Policy.InvalidPolicy`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, entries: ReadonlyArray<Entry>): Policy.Policy =>
  Result.getOrThrowWith(fromUnknown(name, entries), (error) => error)
