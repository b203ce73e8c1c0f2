/**
 * The kinds of authority, by the names that manifests, grants, checks and the
 * audit log share.
 *
 * @since 0.1.0
 */

/**
 * Every kind, in the order in which they are listed to people.
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
 * @category models
 * @since 0.1.0
 */
export type CapabilityKind = typeof all[number]

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
const withoutPatterns: ReadonlySet<CapabilityKind> = new Set<WithoutPatterns>(["log", "clock", "random"])

/**
 * @category guards
 * @since 0.1.0
 */
export const isCapabilityKind = (u: unknown): u is CapabilityKind => kinds.has(u)

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
