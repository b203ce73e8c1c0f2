/**
 * Roles: names for sets of permissions, which principals are given and which
 * inherit from one another.
 *
 * A role permits and never denies; make the policy `required` so that what no
 * role permits is denied. Roles that inherit in a circle, twice the same, or
 * from one that does not exist are refused as a whole.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as permission from "./internal/permission.ts"
import * as principalPattern from "./internal/principalPattern.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as Policy from "./Policy.ts"
import type { Principal } from "./Principal.ts"

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))

/**
 * Schema of `Role`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Role = Schema.Struct({
  name: Name,
  inherits: Schema.optionalKey(Schema.Array(Name).check(Schema.isMaxLength(64))),
  permissions: Schema.Array(permission.Permission).check(Schema.isMaxLength(256))
})

/**
 * What a role permits, beside what those permit that it inherits from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Role extends Schema.Schema.Type<typeof Role> {}

/**
 * Schema of `Assignment`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Assignment = Schema.Struct({
  principal: principalPattern.PrincipalPattern,
  roles: Schema.Array(Name).check(Schema.isMinLength(1), Schema.isMaxLength(64))
})

/**
 * Who has which roles. In the id of `principal`, `*` is one segment between
 * colons and a last `**` any number: `acme:*`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Assignment extends Schema.Schema.Type<typeof Assignment> {}

/**
 * Schema of `Roles`: at most 1,024 roles and 4,096 assignments.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Roles = Schema.Struct({
  roles: Schema.Array(Role).check(Schema.isMaxLength(1024)),
  assignments: Schema.Array(Assignment).check(Schema.isMaxLength(4096))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Roles extends Schema.Schema.Type<typeof Roles> {}

type Problem = Pick<Policy.InvalidPolicy, "path" | "detail">

interface Placed extends Role {
  readonly index: number
}

const problem = (at: number, detail: string, list: "role" | "assignment" = "role"): Result.Result<never, Problem> =>
  Result.fail({ path: [list, at], detail })

/** Each role after all that it inherits from, or the circle that they are in. */
const inOrder = (roles: ReadonlyMap<string, Placed>): Result.Result<ReadonlyArray<Placed>, Problem> => {
  const ordered: Array<Placed> = []
  const done = new Set<string>()
  for (const start of roles.keys()) {
    const path: Array<{ readonly name: string; next: number }> = [{ name: start, next: 0 }]
    const open = new Set([start])
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const role = roles.get(top.name)
      const parent = done.has(top.name) ? undefined : role?.inherits?.[top.next++]
      if (role === undefined || parent === undefined) {
        if (role !== undefined && !done.has(top.name)) ordered.push(role)
        done.add(top.name)
        open.delete(top.name)
        path.pop()
        continue
      }
      if (!roles.has(parent)) return problem(role.index, `${top.name} inherits from ${parent}, which is no role`)
      if (open.has(parent)) {
        const circle = [...path.map(({ name }) => name).slice(path.findIndex(({ name }) => name === parent)), parent]
        return problem(role.index, `${top.name} inherits from itself: ${circle.join(" -> ")}`)
      }
      open.add(parent)
      path.push({ name: parent, next: 0 })
    }
  }
  return Result.succeed(ordered)
}

const byName = (roles: ReadonlyArray<Role>): Result.Result<ReadonlyMap<string, Placed>, Problem> => {
  const names = new Map<string, Placed>()
  for (const [index, role] of roles.entries()) {
    if (names.has(role.name)) return problem(index, `${role.name} is there twice`)
    names.set(role.name, { ...role, index })
  }
  return Result.succeed(names)
}

interface Compiled {
  readonly name: string
  readonly covers: permission.Covers
}

/** For each role those whose permissions it has: itself and all it inherits from. */
const closures = (
  ordered: ReadonlyArray<Placed>
): Result.Result<ReadonlyMap<string, ReadonlySet<Compiled>>, Problem> => {
  const found = new Map<string, ReadonlySet<Compiled>>()
  for (const role of ordered) {
    const covers = permission.compile(role.permissions)
    if (Result.isFailure(covers)) return problem(role.index, covers.failure)
    const closure = new Set<Compiled>([{ name: role.name, covers: covers.success }])
    for (const parent of role.inherits ?? []) for (const inherited of found.get(parent) ?? []) closure.add(inherited)
    found.set(role.name, closure)
  }
  return Result.succeed(found)
}

interface Assigned {
  readonly isMeant: (principal: Principal) => boolean
  readonly roles: ReadonlySet<Compiled>
}

const assigned = (
  assignments: Roles["assignments"],
  roles: ReadonlyMap<string, ReadonlySet<Compiled>>
): Result.Result<ReadonlyArray<Assigned>, Problem> => {
  const compiled: Array<Assigned> = []
  for (const [index, assignment] of assignments.entries()) {
    const wrong = principalPattern.problemOf(assignment.principal)
    if (wrong !== undefined) return problem(index, wrong, "assignment")
    const unknown = assignment.roles.find((name) => !roles.has(name))
    if (unknown !== undefined) return problem(index, `${unknown} is no role`, "assignment")
    compiled.push({
      isMeant: principalPattern.matcher(assignment.principal),
      roles: new Set(assignment.roles.flatMap((name) => [...roles.get(name) ?? []]))
    })
  }
  return Result.succeed(compiled)
}

const compile = ({ assignments, roles }: Roles): Result.Result<ReadonlyArray<Assigned>, Problem> =>
  byName(roles).pipe(
    Result.flatMap(inOrder),
    Result.flatMap(closures),
    Result.flatMap((closed) => assigned(assignments, closed))
  )

const policyOf = (name: string, assignments: ReadonlyArray<Assigned>): Policy.Policy =>
  Policy.make(name, ({ kind, principal, resource }) => {
    for (const { isMeant, roles } of assignments) {
      if (!isMeant(principal)) continue
      for (const role of roles) {
        if (role.covers(kind, resource)) return Policy.permit(name, `role ${role.name}`)
      }
    }
    return Policy.abstain
  })

const decode = untrusted.decoder(Roles, { onExcessProperty: "error" })

/**
 * Makes the policy of roles from data.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (name: string, input: unknown): Result.Result<Policy.Policy, Policy.InvalidPolicy> => {
  const decoded = decode(input)
  return Result.isFailure(decoded)
    ? Result.fail(new Policy.InvalidPolicy({ policy: name, path: [], detail: decoded.failure }))
    : Result.mapBoth(compile(decoded.success), {
      onFailure: (found) => new Policy.InvalidPolicy({ policy: name, ...found }),
      onSuccess: (assignments) => policyOf(name, assignments)
    })
}

/**
 * Makes the policy of roles that are written in a program. Throws
 * `Policy.InvalidPolicy`.
 *
 * ```ts
 * import { Policy, Principal, Rbac } from "airssys/security"
 *
 * const roles = Rbac.make("roles", {
 *   roles: [
 *     { name: "base", permissions: [{ kind: "clock", patterns: [] }] },
 *     { name: "reader", inherits: ["base"], permissions: [{ kind: "storage.read", patterns: ["rates/**"] }] }
 *   ],
 *   assignments: [{ principal: { id: "acme:*" }, roles: ["reader"] }]
 * })
 * const principal = Principal.make({ kind: "Component", id: "acme:rates" })
 * const request = { principal, attributes: new Map(), kind: "clock" as const, resource: "" }
 * roles.evaluate(request) // => { _tag: "Permit", by: { policy: "roles", rule: "role base" } }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (name: string, roles: Roles): Policy.Policy =>
  Result.getOrThrowWith(fromUnknown(name, roles), (error) => error)
