/**
 * The kinds of authority, by the names that manifests, grants, checks and the
 * audit log share.
 *
 * Beside the kinds that airssys knows, a host may have its own: `custom.` and a
 * word. They are granted, checked and audited like any other, and their
 * resources are segments between slashes, `invoices/2027`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Every kind but the custom ones, in the order in which they are listed to people.
 *
 * @category models
 * @since 0.1.0
 */
export const all = [
  "log",
  "clock",
  "random",
  "environment",
  "network.outbound",
  "network.inbound",
  "network.resolve",
  "storage.read",
  "storage.write",
  "filesystem.read",
  "filesystem.write",
  "messaging.send",
  "messaging.publish",
  "messaging.subscribe",
  "process.spawn"
] as const

/**
 * A kind of the host's own. The name is a word of at most 64 characters:
 * `a-z` and `0-9`, with single dashes inside.
 *
 * @category models
 * @since 0.1.0
 */
export type Custom = `custom.${string}`

/**
 * @category models
 * @since 0.1.0
 */
export type CapabilityKind = typeof all[number] | Custom

/**
 * The kinds that have no resources: a manifest says `clock = true`.
 *
 * @category models
 * @since 0.1.0
 */
export type WithoutPatterns = "log" | "clock" | "random"

/**
 * The kinds that hold for the resources that their patterns match.
 *
 * @category models
 * @since 0.1.0
 */
export type WithPatterns = Exclude<CapabilityKind, WithoutPatterns>

const kinds: ReadonlySet<unknown> = new Set(all)
const customName = /^custom\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
const longestCustom = "custom.".length + 64
const withoutPatterns: ReadonlySet<CapabilityKind> = new Set<WithoutPatterns>(["log", "clock", "random"])

/**
 * Whether it is one of `all`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isBuiltIn = (u: unknown): u is typeof all[number] => kinds.has(u)

/**
 * @category guards
 * @since 0.1.0
 */
export const isCustom = (u: unknown): u is Custom =>
  typeof u === "string" && u.length <= longestCustom && customName.test(u)

/**
 * @category guards
 * @since 0.1.0
 */
export const isCapabilityKind = (u: unknown): u is CapabilityKind => isBuiltIn(u) || isCustom(u)

/**
 * @category schemas
 * @since 0.1.0
 */
export const CapabilityKind: Schema.Codec<CapabilityKind> = Schema.Union([
  Schema.Literals(all),
  Schema.TemplateLiteral(["custom.", Schema.String]).check(
    Schema.makeFilter((text: string) => isCustom(text) || "custom. and a word of a-z, 0-9 and single dashes")
  )
])

/**
 * Whether the kind is given as a list of patterns.
 *
 * @category guards
 * @since 0.1.0
 */
export const takesPatterns = (kind: CapabilityKind): kind is WithPatterns => !withoutPatterns.has(kind)

/**
 * What a table of a manifest takes: `outbound`, `inbound` and `resolve` for
 * `network`. Empty for a name that is no table.
 *
 * @category combinators
 * @since 0.1.0
 */
export const members = (table: string): ReadonlyArray<string> =>
  all.filter((kind) => kind.startsWith(`${table}.`)).map((kind) => kind.slice(table.length + 1))
