import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Acl from "../../security/Acl.ts"
import * as Policy from "../../security/Policy.ts"
import * as Rbac from "../../security/Rbac.ts"
import { type Block, entriesOf, kindFields } from "./capabilityBlock.ts"
import { check, checkKeys, type KeyProblem } from "./decodeToml.ts"
import { kebabName, line, SchemaVersion, text } from "./fieldSchema.ts"

const principal = text({
  expected: "a principal such as \"acme:rates\"",
  description: "Whose use this is about: an id. * is one segment between colons, a last ** any number.",
  keywords: { minLength: 1, maxLength: 256 }
}, (value) =>
  value === "" || value.length > 256
    ? { problem: "an id has 1 to 256 characters", hint: "write \"acme:rates\", \"acme:*\" or \"**\"" }
    : undefined)

const principalKind = Schema.optionalKey(
  Schema.Literals(["component", "operator", "host"]).annotate({
    description: "The kind of principal; any if left out."
  })
)

const names = (description: string) =>
  Schema.Array(kebabName("A role.")).annotate({ expected: "a list of roles", description })

const Condition = Schema.Struct({
  attribute: line(256, "An attribute of the principal; whoever does not have it is denied."),
  is: Schema.Array(Schema.String).annotate({ expected: "a list of texts", description: "The values that will do." })
})

const Entry = Schema.Struct({
  effect: Schema.Literals(["allow", "deny"]).annotate({ description: "deny wins over every allow." }),
  principal,
  "principal-kind": principalKind,
  reason: line(200, "Why; shown to the operator in denials."),
  when: Schema.optionalKey(
    Schema.Array(Condition).annotate({ expected: "[[entry.when]] blocks", description: "All of them have to hold." })
  ),
  everything: Schema.optionalKey(
    Schema.Literal(true).annotate({ description: "Every capability on every resource, in place of naming them." })
  ),
  ...kindFields()
}).check(check((block: object) => {
  const isNamed = entriesOf(block as Block).length > 0
  const isEverything = (block as { readonly everything?: true }).everything === true
  return isNamed === isEverything
    ? { problem: "an entry names capabilities, or everything", hint: "add one, such as clock = true" }
    : undefined
}))

const Role = Schema.Struct({
  name: kebabName("The role."),
  inherits: Schema.optionalKey(names("Roles whose capabilities it has as well.")),
  ...kindFields()
})

const Assignment = Schema.Struct({ principal, "principal-kind": principalKind, roles: names("What it is.") })

const Tables = Schema.Struct({
  schema: SchemaVersion,
  unmatched: Schema.optionalKey(
    Schema.Literals(["deny", "grants"]).annotate({
      description: "What holds where no rule speaks: deny, or what is granted. Default deny."
    })
  ),
  entry: Schema.optionalKey(Schema.Array(Entry).annotate({ expected: "[[entry]] blocks" })),
  role: Schema.optionalKey(Schema.Array(Role).annotate({ expected: "[[role]] blocks" })),
  assignment: Schema.optionalKey(Schema.Array(Assignment).annotate({ expected: "[[assignment]] blocks" }))
})

const kinds = { component: "Component", operator: "Operator", host: "Host" } as const

const principalOf = (
  table: { readonly principal: string; readonly "principal-kind"?: keyof typeof kinds }
): Acl.Entry["principal"] =>
  table["principal-kind"] === undefined
    ? { id: table.principal }
    : { id: table.principal, kind: kinds[table["principal-kind"]] }

const permissionsOf = (table: object) => entriesOf(table as Block)

const aclOf = (file: typeof Tables.Type): ReadonlyArray<Acl.Entry> =>
  (file.entry ?? []).map((entry) => ({
    effect: entry.effect,
    principal: principalOf(entry),
    permissions: entry.everything === true ? "everything" : permissionsOf(entry),
    reason: entry.reason,
    ...(entry.when === undefined ? undefined : { when: entry.when })
  }))

const rolesOf = (file: typeof Tables.Type): Rbac.Roles => ({
  roles: (file.role ?? []).map((role) => ({
    name: role.name,
    permissions: permissionsOf(role),
    ...(role.inherits === undefined ? undefined : { inherits: role.inherits })
  })),
  assignments: (file.assignment ?? []).map((assignment) => ({
    principal: principalOf(assignment),
    roles: assignment.roles
  }))
})

/** The policy of a file: its entries and its roles, of which each that denies wins. */
export const policyOf = (
  name: string,
  file: typeof Tables.Type
): Result.Result<Policy.Policy, Policy.InvalidPolicy> =>
  Result.gen(function*() {
    const acl = yield* Acl.fromUnknown(name, aclOf(file))
    const roles = yield* Rbac.fromUnknown(name, rolesOf(file))
    const both = Policy.all(name, [acl, roles])
    return file.unmatched === "grants" ? both : Policy.required(both)
  })

const problemOf = ({ detail, path }: Policy.InvalidPolicy): KeyProblem => ({ path, problem: { problem: detail } })

/** The whole of a file of policies. */
export const PolicyFile = Tables.check(checkKeys((file) => {
  const policy = policyOf("file", file)
  return Result.isFailure(policy) ? [problemOf(policy.failure)] : []
}))
