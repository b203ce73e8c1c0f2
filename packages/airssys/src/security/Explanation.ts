/**
 * Why a capability was denied, as data, and the words for it.
 *
 * Operators are told everything, with the file that has to change. Guests are
 * told `guestMessage` and nothing else.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Place } from "./Ask.ts"
import * as CapabilityKind from "./CapabilityKind.ts"
import { isGrantable } from "./internal/capabilityRule.ts"
import { Principal } from "./Principal.ts"
import * as SafeText from "./SafeText.ts"

/**
 * - `NotAdmitted`: the enforcer does not know the principal.
 * - `NotAsked`: the component's manifest does not ask for it.
 * - `NotGranted`: it asks, and nothing of this kind is granted.
 * - `NoMatch`: something of this kind is granted, but not this resource.
 * - `Expired`, `Revoked`: a grant, or the ask, that covered it is over.
 * - `PolicyDenied`: it is granted, and a policy denies it.
 * - `TooManyActingFor`: it acts on behalf of more than eight principals.
 * - `RecipientRefused`: it may send, and the recipient's manifest names other senders.
 * - `AuditUnavailable`: it would be allowed, but the use cannot be recorded.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.Literals([
  "NotAdmitted",
  "NotAsked",
  "NotGranted",
  "NoMatch",
  "Expired",
  "Revoked",
  "PolicyDenied",
  "TooManyActingFor",
  "RecipientRefused",
  "AuditUnavailable"
])

/**
 * @category models
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * Schema of `Explanation`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Explanation = Schema.Struct({
  /** Whose authority is missing. */
  principal: Principal,
  /** Who acted on behalf of the principal, where that was another. */
  actor: Schema.optionalKey(Principal),
  kind: CapabilityKind.CapabilityKind,
  /** Empty for a kind without resources. */
  resource: Schema.String,
  reason: Reason,
  /** The ask that covers the resource, or else the closest of its kind. `index` counts from 1. */
  ask: Schema.optionalKey(Schema.Struct({
    index: Schema.Int,
    pattern: Schema.String,
    reason: Schema.String,
    expires: Schema.optionalKey(Schema.String),
    place: Place
  })),
  /** The grant that covered the resource, or else the closest of its kind. */
  grant: Schema.optionalKey(Schema.Struct({
    id: Schema.Int,
    pattern: Schema.String,
    reason: Schema.String,
    expires: Schema.optionalKey(Schema.String)
  })),
  /** The policy that denied it, its rule, and the reason that the rule gives. */
  policy: Schema.optionalKey(Schema.Struct({ policy: Schema.String, rule: Schema.String, because: Schema.String }))
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Explanation extends Schema.Schema.Type<typeof Explanation> {}

/**
 * The one thing a guest is told about a denial.
 *
 * @category models
 * @since 0.1.0
 */
export const guestMessage = "access denied"

const capability = (self: Explanation): string => self.resource === "" ? self.kind : `${self.kind} ${self.resource}`

/**
 * The capability and resource on one line, escaped for a terminal.
 *
 * @category combinators
 * @since 0.1.0
 */
export const subject = (self: Explanation): string => SafeText.escape(capability(self))

const block = (header: string, self: Explanation): ReadonlyArray<string> => [
  `    ${header}`,
  "    reason = \"...\"",
  `    ${self.kind} = ${CapabilityKind.takesPatterns(self.kind) ? `[${SafeText.tomlString(self.resource)}]` : "true"}`
]

const asked = (self: Explanation): string =>
  self.ask === undefined
    ? "It needs no ask"
    : `It asks for this (${SafeText.escape(self.ask.place.file)}:${self.ask.place.line}, "${
      SafeText.escape(self.ask.reason)
    }")`

const closestAsk = ({ ask }: Explanation): ReadonlyArray<string> =>
  ask === undefined
    ? []
    : [
      `The closest that it asks for is ${SafeText.escape(ask.pattern)} (${
        SafeText.escape(ask.place.file)
      }:${ask.place.line}).`
    ]

/** A word of a command line: as it is where no shell could read it otherwise, else quoted. */
const word = (text: string): string => {
  const shown = SafeText.escape(text)
  return /^[\w:@.+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
}

/** `acme:rates@1.2.0`, of a component whose label is its name and version. */
const release = ({ id, label }: Principal): string =>
  label.startsWith(`${id} `) ? `${id}@${label.slice(id.length + 1)}` : id

/**
 * The command by which an operator gives what the component asks for; undefined
 * where it does not ask, or is no component.
 *
 * @category combinators
 * @since 0.1.0
 */
export const command = (self: Explanation): string | undefined => {
  if (self.ask === undefined || self.principal.kind !== "Component") return undefined
  const expires = self.ask.expires === undefined ? "" : ` --expires ${word(self.ask.expires)}`
  return `airssys grant ${word(release(self.principal))} --only ${self.ask.index}${expires}`
}

const unnamable = "No line can name it: it is no resource of this kind, one that is given to nobody, or too long."

const inProgram = ({ kind, resource }: Explanation): string => {
  const patterns = CapabilityKind.takesPatterns(kind) ? ` [${SafeText.programString(resource)}],` : ""
  return `in the host's program: Grant.make("${kind}",${patterns} { reason: "..." })`
}

const toGrant = (self: Explanation): ReadonlyArray<string> => {
  if (!isGrantable(self.kind, self.resource)) return [unnamable]
  if (self.principal.kind !== "Component") return [`To grant it, ${inProgram(self)}`]
  const given = command(self)
  const lines = `below the [[component]] of ${SafeText.escape(self.principal.id)} in airssys.toml:`
  return [
    ...(given === undefined ? [`To grant it, ${lines}`] : [`To grant it: ${given}`, `or, ${lines}`]),
    ...block("[[component.grant]]", self),
    `or, ${inProgram(self)}`
  ]
}

const toGiveAgain = (self: Explanation): ReadonlyArray<string> => {
  const given = command(self)
  return given === undefined ? [] : [`To give it again: ${given}`]
}

const body = (self: Explanation): ReadonlyArray<string> => {
  const grant = self.grant
  switch (self.reason) {
    case "NotAdmitted":
      return ["Nothing was admitted for this principal: the host never started it, or stopped it."]
    case "NotAsked":
      if (!isGrantable(self.kind, self.resource)) return ["It does not ask for this.", unnamable]
      return [
        "It does not ask for this, so no grant can give it. A new release has to ask:",
        ...block("[[capability]]", self),
        ...closestAsk(self)
      ]
    case "NotGranted":
      return [`${asked(self)}: not granted.`, ...toGrant(self)]
    case "NoMatch":
      return [
        `${asked(self)}: what is granted does not cover it${
          grant === undefined ? "." : `; the closest is ${SafeText.escape(grant.pattern)}.`
        }`,
        ...toGrant(self)
      ]
    case "PolicyDenied": {
      const { because, policy, rule } = self.policy ?? { because: "", policy: "a policy", rule: "" }
      const name = `${SafeText.escape(policy)}${rule === "" ? "" : `, ${SafeText.escape(rule)}`}`
      return [`It is granted, and denied by a policy (${name}): ${SafeText.escape(because)}`]
    }
    case "Revoked":
      return [
        `${asked(self)}: the grant was revoked${grant === undefined ? "." : ` (grant ${grant.id}).`}`,
        ...toGiveAgain(self)
      ]
    case "Expired":
      return grant === undefined
        ? [
          `${asked(self)} until ${
            SafeText.escape(self.ask?.expires ?? "a day that is over")
          }, so no grant can give it.`,
          "A new release has to ask again."
        ]
        : [
          `${asked(self)}: the grant expired after ${SafeText.escape(grant.expires ?? "its last day")}.`,
          ...toGrant(self)
        ]
    case "TooManyActingFor":
      return ["It acts on behalf of more than eight principals, so nothing is allowed."]
    case "RecipientRefused":
      return [
        `It may send to ${
          SafeText.escape(self.resource)
        }, whose manifest takes messages from others only ([messages] from).`
      ]
    case "AuditUnavailable":
      return ["It is granted, but its use could not be recorded in the audit log, so it was denied."]
  }
}

/**
 * The report for an operator: who, what, why, and the lines that would allow
 * it. Everything that a guest or a manifest said is escaped.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (self: Explanation, options?: {
  /** Sequence of the audit entry that records the denial. */
  readonly entry?: number | undefined
}): string => {
  const entry = options?.entry === undefined ? "" : `   (audit entry ${options.entry})`
  const lacking = SafeText.escape(self.principal.label)
  const heads = self.actor === undefined
    ? [`DENIED  ${lacking}: ${subject(self)}${entry}`]
    : [
      `DENIED  ${SafeText.escape(self.actor.label)} on behalf of ${lacking}: ${subject(self)}${entry}`,
      `${lacking} may not:`
    ]
  return [...heads, ...body(self)].join("\n")
}
