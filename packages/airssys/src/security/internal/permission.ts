import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "../CapabilityKind.ts"
import * as Pattern from "../Pattern.ts"
import * as capabilityRule from "./capabilityRule.ts"

export const Permission = Schema.Struct({
  kind: CapabilityKind.CapabilityKind,
  patterns: capabilityRule.Patterns
})

export interface Permission extends Schema.Schema.Type<typeof Permission> {}

/** Whether a capability on a resource is among what the permissions name. */
export type Covers = (kind: CapabilityKind.CapabilityKind, resource: string) => boolean

export const compile = (
  permissions: ReadonlyArray<Permission>,
  matches: (pattern: Pattern.Pattern, resource: string) => boolean = Pattern.matches
): Result.Result<Covers, string> => {
  const byKind = new Map<CapabilityKind.CapabilityKind, Array<Pattern.Pattern>>()
  for (const { kind, patterns } of permissions) {
    const compiled = capabilityRule.compile(kind, patterns)
    if (Result.isFailure(compiled)) return Result.fail(compiled.failure)
    byKind.set(kind, [...byKind.get(kind) ?? [], ...compiled.success])
  }
  return Result.succeed((kind, resource) => {
    const patterns = byKind.get(kind)
    if (patterns === undefined) return false
    return !CapabilityKind.takesPatterns(kind) || patterns.some((pattern) => matches(pattern, resource))
  })
}
