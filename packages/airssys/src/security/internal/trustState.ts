import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ExpiryDate } from "../ExpiryDate.ts"
import { PublicKey } from "../PublicKey.ts"
import { Digest, identity, TrustSource } from "../TrustSource.ts"
import * as canonicalText from "./canonicalText.ts"

/** Most of each kind that a state holds; of releases seen, the oldest are forgotten, which takes trust and gives none. */
export const limits = { sources: 10_000, keys: 10_000, versions: 65_536, seen: 65_536 } as const

const Reason = Schema.String.check(Schema.isMaxLength(4096))
const Text = Schema.String.check(Schema.isMaxLength(256))

const Stored = Schema.Struct({ source: TrustSource, reason: Reason, expires: Schema.optionalKey(ExpiryDate) })

/** What a file or program declares at each start is not stored: it ends when they do not declare it any more. */
export interface Given extends Schema.Schema.Type<typeof Stored> {
  readonly isDeclared?: boolean
}

/** `publisher` is the first key of the owner of `key`; `retired` the time at which another key took its place. */
const OwnedKey = Schema.Struct({ key: PublicKey, publisher: PublicKey, retired: Schema.optionalKey(Schema.Int) })

const RevokedKey = Schema.Struct({ key: PublicKey, compromised: Schema.Int, reason: Reason })

/** Without a digest, whatever is of that version. */
export const Mark = Schema.Struct({
  publisher: PublicKey,
  component: Text,
  version: Text,
  digest: Schema.optionalKey(Digest)
})

export interface Mark extends Schema.Schema.Type<typeof Mark> {}

const StateText = Schema.Struct({
  generation: Schema.Int,
  time: Schema.Int,
  given: Schema.Array(Stored),
  revokedDigests: Schema.Array(Schema.Struct({ digest: Digest, reason: Reason })),
  keys: Schema.Array(OwnedKey),
  revokedKeys: Schema.Array(RevokedKey),
  marks: Schema.Array(Mark),
  seen: Schema.Array(Schema.Struct({ release: Digest, time: Schema.Int }))
})

const format = canonicalText.make("airssys/trust-state/1", StateText, 32 * 1024 * 1024)

/** What a registry knows. `time` is the latest it has seen; times are in milliseconds since the epoch. */
export interface State {
  readonly generation: number
  readonly time: number
  /** By the identity of the source; a publisher by its first key. */
  readonly given: ReadonlyMap<string, Given>
  readonly revokedDigests: ReadonlyMap<string, string>
  readonly keys: ReadonlyMap<PublicKey, typeof OwnedKey.Type>
  readonly revokedKeys: ReadonlyMap<PublicKey, typeof RevokedKey.Type>
  readonly marks: ReadonlyMap<string, Mark>
  /** When this host first saw a release, by the digest of its statement, oldest first. */
  readonly seen: ReadonlyMap<string, number>
}

/** A step from one state to another. Those that narrow can be taken again without harm. */
export type Change =
  | { readonly _tag: "Give"; readonly given: Given }
  | { readonly _tag: "Take"; readonly source: TrustSource; readonly reason: string }
  | { readonly _tag: "Rotate"; readonly from: PublicKey; readonly to: PublicKey }
  | { readonly _tag: "RevokeKey"; readonly key: PublicKey; readonly compromised: number; readonly reason: string }
  | { readonly _tag: "See"; readonly release: string }
  | { readonly _tag: "Raise" | "Lower"; readonly mark: Mark }

export const empty: State = {
  generation: 0,
  time: 0,
  given: new Map(),
  revokedDigests: new Map(),
  keys: new Map(),
  revokedKeys: new Map(),
  marks: new Map(),
  seen: new Map()
}

export const markKey = (publisher: PublicKey, component: string): string => `${publisher} ${component}`

const without = <K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> => {
  const next = new Map(map)
  next.delete(key)
  return next
}

const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> => new Map(map).set(key, value)

const newest = <K, V>(map: ReadonlyMap<K, V>, most: number): ReadonlyMap<K, V> =>
  map.size <= most ? map : new Map([...map].slice(-most))

/** The state after a change at a time. */
export const apply = (state: State, change: Change, time: number): State => {
  switch (change._tag) {
    case "Give":
      return give(state, change.given)
    case "Take":
      return take(state, change)
    case "Rotate": {
      const publisher = state.keys.get(change.from)?.publisher ?? change.from
      const retired = withEntry(state.keys, change.from, { key: change.from, publisher, retired: time })
      return { ...state, keys: withEntry(retired, change.to, { key: change.to, publisher }) }
    }
    case "RevokeKey": {
      const { compromised, key, reason } = change
      const earliest = Math.min(compromised, state.revokedKeys.get(key)?.compromised ?? compromised)
      return { ...state, revokedKeys: withEntry(state.revokedKeys, key, { key, compromised: earliest, reason }) }
    }
    case "See":
      return state.seen.has(change.release)
        ? state
        : { ...state, seen: newest(withEntry(state.seen, change.release, time), limits.seen) }
    case "Raise":
    case "Lower":
      return {
        ...state,
        marks: withEntry(state.marks, markKey(change.mark.publisher, change.mark.component), change.mark)
      }
  }
}

/** Under which a source is kept: a publisher that rotated its key is known by its first one. */
export const keptUnder = (state: State, source: TrustSource): string =>
  source._tag === "Publisher" ? publisherOf(state, source.key) : identity(source)

export const publisherOf = (state: State, key: PublicKey): PublicKey => state.keys.get(key)?.publisher ?? key

/**
 * The revocation that a key is under: its own, or that of a key before it which
 * was compromised when the next one took its place. Who follows a thief is none
 * of the publisher's. Keys of one publisher are in the order in which they took
 * each other's place.
 */
export const revocationOf = (state: State, key: PublicKey): typeof RevokedKey.Type | undefined => {
  const own = state.revokedKeys.get(key)
  const publisher = state.keys.get(key)?.publisher
  if (publisher === undefined) return own
  for (const before of state.keys.values()) {
    if (before.key === key) break
    const revoked = before.publisher === publisher ? state.revokedKeys.get(before.key) : undefined
    if (revoked !== undefined && before.retired !== undefined && revoked.compromised <= before.retired) {
      return { ...revoked, compromised: Math.min(before.retired, own?.compromised ?? before.retired) }
    }
  }
  return own
}

const give = (state: State, given: Given): State => {
  const { source } = given
  const next = { ...state, given: withEntry(state.given, keptUnder(state, source), given) }
  switch (source._tag) {
    case "Digest":
      return { ...next, revokedDigests: without(state.revokedDigests, source.digest) }
    case "Publisher":
      return state.keys.has(source.key)
        ? next
        : { ...next, keys: withEntry(state.keys, source.key, { key: source.key, publisher: source.key }) }
    default:
      return next
  }
}

const take = (state: State, { reason, source }: Extract<Change, { readonly _tag: "Take" }>): State => {
  const next = { ...state, given: without(state.given, keptUnder(state, source)) }
  return source._tag === "Digest"
    ? { ...next, revokedDigests: withEntry(state.revokedDigests, source.digest, reason) }
    : next
}

/** What keeps a state from growing any more, for an operator to read. */
export const excess = (state: State): string | undefined =>
  state.given.size + state.revokedDigests.size > limits.sources
    ? `there are more than ${limits.sources} sources`
    : state.keys.size + state.revokedKeys.size > limits.keys
    ? `there are more than ${limits.keys} keys`
    : state.marks.size > limits.versions
    ? `there are more than ${limits.versions} components`
    : undefined

export const encode = (state: State): Result.Result<string, canonicalText.Problem> =>
  canonicalText.encode(format, {
    generation: state.generation,
    time: state.time,
    given: [...state.given.values()].filter((_) => _.isDeclared !== true),
    revokedDigests: [...state.revokedDigests].map(([digest, reason]) => ({ digest, reason })),
    keys: [...state.keys.values()],
    revokedKeys: [...state.revokedKeys.values()],
    marks: [...state.marks.values()],
    seen: [...state.seen].map(([release, time]) => ({ release, time }))
  })

export const decode = (text: string): Result.Result<State, canonicalText.Problem> =>
  Result.flatMap(canonicalText.decode(format, text), (value) => {
    const owned: State = { ...empty, keys: new Map(value.keys.map((_) => [_.key, _])) }
    const state: State = {
      generation: value.generation,
      time: value.time,
      given: new Map(value.given.map((_) => [keptUnder(owned, _.source), _])),
      revokedDigests: new Map(value.revokedDigests.map((_) => [_.digest, _.reason])),
      keys: owned.keys,
      revokedKeys: new Map(value.revokedKeys.map((_) => [_.key, _])),
      marks: new Map(value.marks.map((_) => [markKey(_.publisher, _.component), _])),
      seen: new Map(value.seen.map((_) => [_.release, _.time]))
    }
    const again = encode(state)
    return Result.isSuccess(again) && again.success === text
      ? Result.succeed(state)
      : Result.fail({ reason: "NotCanonical", detail: "an entry is there twice" })
  })
