import * as Result from "effect/Result"
import type { AuditEntry } from "../AuditEntry.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import { isPublicKey, type PublicKey } from "../PublicKey.ts"
import * as TrustSource from "../TrustSource.ts"
import { apply, type Change, type Given, keptUnder, markKey, type State } from "./trustState.ts"
import { compare } from "./trustVerdict.ts"

type Of<Tag extends AuditEvent["_tag"]> = Extract<AuditEvent, { readonly _tag: Tag }>

/** What a state is compared with and narrowed by. */
export const tags: ReadonlySet<AuditEvent["_tag"]> = new Set([
  "TrustStored",
  "TrustGiven",
  "TrustRevoked",
  "KeyRevoked",
  "KeyRotated",
  "VersionRaised"
])

/** A source as an audit log shows it. */
export const shown = (source: TrustSource.TrustSource): Omit<Of<"TrustRevoked">, "_tag" | "reason"> => {
  switch (source._tag) {
    case "Digest":
      return { digest: source.digest }
    case "Path":
      return { path: source.path, ...(source.digest === undefined ? undefined : { digest: source.digest }) }
    case "Git": {
      const { _tag, ...git } = source
      return { git }
    }
    case "Publisher":
      return { publisher: source.key }
  }
}

const sourceOf = (
  { digest, git, namespaces = ["*"], path, publisher }: Omit<Of<"TrustGiven">, "_tag">
): TrustSource.TrustSource | undefined => {
  const source = git !== undefined
    ? TrustSource.git(git.url, git)
    : publisher !== undefined
    ? TrustSource.publisher(publisher, namespaces)
    : path !== undefined
    ? TrustSource.path(path, { digest })
    : TrustSource.digest(digest ?? "")
  return Result.isSuccess(source) ? source.success : undefined
}

/** What an entry takes away; nothing for one that gives. */
const narrowing = (state: State, event: AuditEvent): Change | undefined => {
  switch (event._tag) {
    case "TrustRevoked": {
      const source = sourceOf(event)
      return source === undefined ? undefined : { _tag: "Take", source, reason: event.reason }
    }
    case "KeyRevoked":
      return isPublicKey(event.key)
        ? { _tag: "RevokeKey", key: event.key, compromised: event.compromised, reason: event.reason }
        : undefined
    case "VersionRaised": {
      const { component, digest, publisher, version } = event
      if (!isPublicKey(publisher)) return undefined
      const mark = state.marks.get(markKey(publisher, component))
      return mark === undefined || compare(version, mark.version) > 0
        ? { _tag: "Raise", mark: { publisher, component, version, digest } }
        : undefined
    }
    default:
      return undefined
  }
}

/** The keys that were replaced keep what they signed before, and nothing more; who follows them is not taken over. */
const retire = (state: State, from: PublicKey, time: number): State => {
  const owned = state.keys.get(from)
  if (owned === undefined || owned.retired !== undefined) return state
  return { ...state, keys: new Map(state.keys).set(from, { ...owned, retired: time }) }
}

/** A state after what the entries of a log took away; itself where that was nothing. */
export const narrow = (state: State, entries: ReadonlyArray<AuditEntry>): State =>
  entries.reduce((before, { event, time }) => {
    if (event._tag === "KeyRotated") return isPublicKey(event.from) ? retire(before, event.from, time) : before
    const change = narrowing(before, event)
    return change === undefined ? before : apply(before, change, time)
  }, state)

const mostNamespaces = 64

const within = (inner: ReadonlyArray<string>, outer: ReadonlyArray<string>): ReadonlyArray<string> =>
  inner.filter((pattern) => outer.some((wider) => TrustSource.covers(wider, pattern)))

/** The namespaces that both lists cover. */
const inBoth = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set([...within(some, others), ...within(others, some)])].toSorted().slice(0, mostNamespaces)

/** What a source is trusted for where it was given twice, and for both. */
const meet = (given: Given, source: TrustSource.TrustSource, expires: string | undefined): Given | undefined => {
  const end = given.expires === undefined || (expires !== undefined && expires < given.expires)
    ? expires
    : given.expires
  const until = end === undefined ? given : { ...given, expires: end }
  if (given.source._tag !== "Publisher" || source._tag !== "Publisher") return until
  const namespaces = inBoth(given.source.namespaces, source.namespaces)
  return namespaces.length === 0 ? undefined : { ...until, source: { ...given.source, namespaces } }
}

const bound = (state: State, key: string, source: TrustSource.TrustSource, expires: string | undefined): State => {
  const given = new Map(state.given)
  const before = given.get(key)
  const after = before === undefined ? undefined : meet(before, source, expires)
  if (after === undefined) given.delete(key)
  else given.set(key, after)
  return { ...state, given }
}

/** A state in which nothing is given more widely, or for longer, than entries of a log gave it again. */
export const boundBy = (state: State, entries: ReadonlyArray<AuditEntry>): State =>
  entries.reduce((before, { event }) => {
    const source = event._tag === "TrustGiven" ? sourceOf(event) : undefined
    return event._tag === "TrustGiven" && source !== undefined
      ? bound(before, keptUnder(before, source), source, event.expires)
      : before
  }, state)

/** A state without what another one has taken away. */
export const narrowBy = (state: State, other: State): State => {
  let narrowed = state
  for (const [digest, reason] of other.revokedDigests) {
    narrowed = apply(narrowed, { _tag: "Take", source: { _tag: "Digest", digest }, reason }, other.time)
  }
  for (const revoked of other.revokedKeys.values()) {
    narrowed = apply(narrowed, { _tag: "RevokeKey", ...revoked }, other.time)
  }
  for (const { key, retired } of other.keys.values()) {
    if (retired !== undefined) narrowed = retire(narrowed, key, retired)
  }
  for (const mark of other.marks.values()) {
    const own = narrowed.marks.get(markKey(mark.publisher, mark.component))
    if (own === undefined || compare(mark.version, own.version) > 0) {
      narrowed = apply(narrowed, { _tag: "Raise", mark }, other.time)
    }
  }
  for (const [key, { expires, source }] of other.given) narrowed = bound(narrowed, key, source, expires)
  const gone = [...narrowed.given.keys()].filter((key) => !other.given.has(key))
  const given = new Map(narrowed.given)
  for (const key of gone) given.delete(key)
  return { ...narrowed, given, time: Math.max(narrowed.time, other.time) }
}
