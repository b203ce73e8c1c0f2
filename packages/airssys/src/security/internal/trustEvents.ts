import * as Result from "effect/Result"
import type { AuditEntry } from "../AuditEntry.ts"
import type { AuditEvent } from "../AuditEvent.ts"
import { isPublicKey, type PublicKey } from "../PublicKey.ts"
import * as TrustSource from "../TrustSource.ts"
import { apply, type Change, type Given, keptUnder, type Mark, markKey, publisherOf, type State } from "./trustState.ts"
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

/** The keys that took the place of others, and for each one before it, the first that is known of. */
type Followed = ReadonlyMap<PublicKey, PublicKey>

const followed = (entries: ReadonlyArray<AuditEntry>): Followed => {
  const first = new Map<PublicKey, PublicKey>()
  for (const { event } of entries) {
    if (event._tag !== "KeyRotated" || !isPublicKey(event.from) || !isPublicKey(event.to)) continue
    first.set(event.to, first.get(event.from) ?? event.from)
  }
  return first
}

/** A state that is older than a change of keys knows the publisher by the key before it. */
const knownBefore = (
  event: Omit<Of<"TrustGiven">, "_tag">,
  followed: Followed
): TrustSource.TrustSource | undefined => {
  const source = sourceOf(event)
  return source?._tag === "Publisher" ? { ...source, key: followed.get(source.key) ?? source.key } : source
}

/** Whether a version says more than the mark that there is. */
const isNews = (mark: Mark | undefined, version: string): boolean => {
  const order = mark === undefined ? 1 : compare(version, mark.version)
  return order > 0 || (order === 0 && mark?.digest === undefined)
}

/** What an entry takes away; nothing for one that gives. */
const narrowing = (state: State, event: AuditEvent, followed: Followed): Change | undefined => {
  switch (event._tag) {
    case "TrustRevoked": {
      const source = knownBefore(event, followed)
      return source === undefined ? undefined : { _tag: "Take", source, reason: event.reason }
    }
    case "KeyRevoked":
      return isPublicKey(event.key)
        ? { _tag: "RevokeKey", key: event.key, compromised: event.compromised, reason: event.reason }
        : undefined
    case "VersionRaised": {
      const { component, digest, publisher, version } = event
      if (!isPublicKey(publisher)) return undefined
      return isNews(state.marks.get(markKey(publisher, component)), version)
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
export const narrow = (state: State, entries: ReadonlyArray<AuditEntry>): State => {
  const keys = followed(entries)
  return entries.reduce((before, { event, time }) => {
    if (event._tag === "KeyRotated") return isPublicKey(event.from) ? retire(before, event.from, time) : before
    const change = narrowing(before, event, keys)
    return change === undefined ? before : apply(before, change, time)
  }, state)
}

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
export const boundBy = (state: State, entries: ReadonlyArray<AuditEntry>): State => {
  const keys = followed(entries)
  return entries.reduce((before, { event }) => {
    const source = event._tag === "TrustGiven" ? knownBefore(event, keys) : undefined
    return event._tag === "TrustGiven" && source !== undefined
      ? bound(before, keptUnder(before, source), source, event.expires)
      : before
  }, state)
}

/**
 * The versions of a publisher count for the keys that took the place of its own as well:
 * the state does not know these, and whoever trusts them again is not to begin anew.
 */
export const keepVersions = (
  state: State,
  entries: ReadonlyArray<AuditEntry>,
  other: State | undefined
): State => {
  const owners = [...other?.keys.values() ?? []].map(({ key, publisher }) => [key, publisher] as const)
  let kept = state
  for (const [key, before] of new Map([...followed(entries), ...owners])) {
    if (state.keys.has(key)) continue
    const publisher = publisherOf(state, before)
    for (const mark of state.marks.values()) {
      if (mark.publisher !== publisher) continue
      kept = apply(kept, { _tag: "Raise", mark: { ...mark, publisher: key } }, state.time)
    }
  }
  return kept
}

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
    if (isNews(narrowed.marks.get(markKey(mark.publisher, mark.component)), mark.version)) {
      narrowed = apply(narrowed, { _tag: "Raise", mark }, other.time)
    }
  }
  for (const [key, { expires, source }] of other.given) narrowed = bound(narrowed, key, source, expires)
  const gone = [...narrowed.given.keys()].filter((key) => !other.given.has(key))
  const given = new Map(narrowed.given)
  for (const key of gone) given.delete(key)
  return { ...narrowed, given, time: Math.max(narrowed.time, other.time) }
}
