import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "../CapabilityKind.ts"
import * as Pattern from "../Pattern.ts"
import * as untrusted from "./untrusted.ts"

const longestPattern = 1024

export const Patterns = Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(longestPattern)))
  .check(
    Schema.isMaxLength(256)
  )

export const Reason = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(500))

export const kindOf = (input: unknown): string =>
  untrusted.look(
    () =>
      Predicate.hasProperty(input, "kind") && Predicate.isString(input.kind) ? input.kind.slice(0, 64) : "unknown kind",
    "unknown kind"
  )

/** Whether a line of a manifest or of a host can name a resource, as it is. */
export const isGrantable = (kind: CapabilityKind.CapabilityKind, resource: string): boolean =>
  !CapabilityKind.takesPatterns(kind) || (
    resource.length <= longestPattern &&
    Pattern.parseResource(kind, resource) !== undefined && Result.isSuccess(Pattern.parse(kind, resource))
  )

/**
 * Compiles the patterns of one grant or ask; the failure names the problem.
 * A kind without resources compiles to no pattern at all.
 */
export const compile = (
  kind: CapabilityKind.CapabilityKind,
  patterns: ReadonlyArray<string>
): Result.Result<ReadonlyArray<Pattern.Pattern>, string> => {
  if (!CapabilityKind.takesPatterns(kind)) {
    return patterns.length === 0 ? Result.succeed([]) : Result.fail(`${kind} takes no resources: leave them out`)
  }
  if (patterns.length === 0) {
    return Result.fail(`${kind} names no resource: give at least one pattern`)
  }
  const compiled: Array<Pattern.Pattern> = []
  for (const text of patterns) {
    const parsed = Pattern.parse(kind, text)
    if (Result.isFailure(parsed)) return Result.fail(parsed.failure.message)
    compiled.push(parsed.success)
  }
  return Result.succeed(compiled)
}
