/**
 * Questions to an audit log, and their answers in pages.
 *
 * @since 0.1.0
 */
import type { AuditEntry } from "./AuditEntry.ts"
import type { AuditEvent } from "./AuditEvent.ts"
import type * as Principal from "./Principal.ts"

/**
 * What entries are looked for. What is left out does not matter; each of the
 * others has to fit.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuditQuery {
  /** Earliest time, in milliseconds since the epoch. */
  readonly since?: number | undefined
  /** Latest time. */
  readonly until?: number | undefined
  readonly tags?: ReadonlyArray<AuditEvent["_tag"]> | undefined
  /** Who acted, or on whose behalf. */
  readonly principal?: { readonly kind?: Principal.Kind | undefined; readonly id: string } | undefined
  readonly kind?: string | undefined
  readonly resource?: string | undefined
  readonly grant?: number | undefined
  /** Digest of a release. */
  readonly release?: string | undefined
  readonly correlation?: string | undefined
  /** Where the page before ended. */
  readonly cursor?: string | undefined
  /** Most entries of a page, 1 to 1,000, default 100. */
  readonly limit?: number | undefined
}

/**
 * Entries in their order. With `next` there is more to look at, also when fewer
 * entries were found than asked for: a page looks at 10,000 entries at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly entries: ReadonlyArray<AuditEntry>
  readonly next: string | undefined
}

const field = (event: AuditEvent, name: string): unknown =>
  Object.hasOwn(event, name) ? Reflect.get(event, name) : undefined

const actorsOf = (event: AuditEvent): ReadonlyArray<unknown> => {
  const others = field(event, "onBehalfOf")
  return [field(event, "principal"), ...Array.isArray(others) ? others : []]
}

const isActor = (u: unknown, expected: AuditQuery["principal"]): boolean =>
  typeof u === "object" && u !== null && Reflect.get(u, "id") === expected?.id &&
  (expected?.kind === undefined || Reflect.get(u, "kind") === expected.kind)

const grantOf = (event: AuditEvent): unknown => {
  const rule = field(event, "rule")
  return typeof rule === "object" && rule !== null ? Reflect.get(rule, "grant") : field(event, "grant")
}

const isOneOf = (expected: unknown, ...values: ReadonlyArray<unknown>): boolean =>
  expected === undefined || values.includes(expected)

/**
 * Whether an entry is looked for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const matches = (self: AuditQuery, { event, time }: Pick<AuditEntry, "event" | "time">): boolean =>
  time >= (self.since ?? Number.NEGATIVE_INFINITY) && time <= (self.until ?? Number.POSITIVE_INFINITY) &&
  (self.tags === undefined || self.tags.includes(event._tag)) &&
  (self.principal === undefined || actorsOf(event).some((actor) => isActor(actor, self.principal))) &&
  isOneOf(self.kind, field(event, "kind")) &&
  isOneOf(self.resource, field(event, "resource")) &&
  isOneOf(self.grant, grantOf(event)) &&
  isOneOf(self.release, field(event, "release"), field(event, "digest")) &&
  isOneOf(self.correlation, field(event, "correlation"))
