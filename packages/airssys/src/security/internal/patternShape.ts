import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import type * as CapabilityKind from "../CapabilityKind.ts"

/** A part of a text, in UTF-16 units. */
export interface Place {
  readonly offset: number
  readonly length: number
}

/** What is wrong with a pattern; a problem of the whole pattern covers all of it. */
export interface Problem extends Place {
  readonly problem: string
  readonly remedy: string
  readonly note: string
}

/** `**`: any number of segments, also none. */
interface AnyToken {
  readonly _tag: "Any"
  /** Stands for no segment that is empty or begins with `-`. */
  readonly isPlain: boolean
}

/**
 * One segment. With `after` the segment begins with `before`, ends with
 * `after` and has at least one character between them; without, it is `before`.
 */
interface SegmentToken {
  readonly _tag: "Segment"
  readonly before: string
  readonly after: string | undefined
  readonly isPlain: boolean
}

export type Token = AnyToken | SegmentToken

/**
 * How far wildcards reach. `Named`: only a pattern that names the whole matches.
 * `Zoned`: only a pattern that names the first token does.
 */
export type Reach = "Open" | "Zoned" | "Named"

export interface Ports {
  readonly first: number
  readonly last: number
}

/**
 * The parsed form of patterns and resources alike. `head` is compared as it
 * is: scheme of a network address, root of a path. The labels of a host are in
 * reverse, so that tokens go from the general to the particular. An address or
 * a range of them has a `network` and no tokens.
 */
export interface Shape {
  readonly head: string
  readonly ports: Ports | undefined
  readonly tokens: ReadonlyArray<Token>
  readonly reach: Reach
  readonly network: IpNetwork.IpNetwork | undefined
}

export type Parse = (text: string) => Result.Result<Shape, Problem>

/** A resource in the form in which it was read, to be compared with patterns of its kind. */
export interface Subject {
  readonly kind: CapabilityKind.CapabilityKind
  readonly text: string
  readonly isCoveredBy: (pattern: Shape, prefix: string | undefined) => boolean
  /** Its key to look for patterns under; undefined where it has none of that depth. */
  readonly anchorAt: (depth: number) => number | undefined
}

export const any: Token = { _tag: "Any", isPlain: false }
export const one: Token = { _tag: "Segment", before: "", after: "", isPlain: false }
export const plainAny: Token = { _tag: "Any", isPlain: true }
export const literal = (before: string): Token => ({ _tag: "Segment", before, after: undefined, isPlain: false })
export const partial = (before: string, after: string, isPlain = false): Token => ({
  _tag: "Segment",
  before,
  after,
  isPlain
})

/** Without ports, addresses and names that keep wildcards off. */
export const open = (head: string, tokens: ReadonlyArray<Token>): Shape => ({
  head,
  ports: undefined,
  tokens,
  reach: "Open",
  network: undefined
})

export const isLiteral = (token: Token): boolean => token._tag === "Segment" && token.after === undefined
const isOne = (token: Token): boolean => token._tag === "Segment" && token.before === "" && token.after === ""

const isOneAddress = (network: IpNetwork.IpNetwork): boolean =>
  network.prefixLength === NetAddress.width(network.address)

/** Whether the shape stands for one resource. */
export const isNamed = ({ network, ports, tokens }: Shape): boolean =>
  (ports === undefined || ports.first === ports.last) &&
  (network === undefined ? tokens.every(isLiteral) : isOneAddress(network))

export const fail = (
  problem: string,
  remedy: string,
  place: Place,
  note: string
): Result.Result<never, Problem> =>
  Result.fail({ problem, remedy, offset: place.offset, length: Math.max(1, place.length), note })

/** The pieces between separators, each with where it begins. */
export const pieces = (
  text: string,
  separator: string,
  from = 0
): ReadonlyArray<Place & { readonly text: string }> => {
  const found = []
  let offset = from
  for (const piece of text.slice(from).split(separator)) {
    found.push({ text: piece, offset, length: piece.length })
    offset += piece.length + separator.length
  }
  return found
}

/** Whether nothing that `subject` stands for is empty or begins with `-`. */
const isPlain = (subject: Token): boolean =>
  subject.isPlain || subject._tag === "Segment" && subject.before !== "" && !subject.before.startsWith("-")

/**
 * Whether each segment that `subject` stands for is one of `token`. A subject
 * that is a wildcard stands for many.
 */
const accepts = (token: Token, subject: Token): boolean => {
  if (token.isPlain && !isPlain(subject)) return false
  if (token._tag === "Any") return true
  if (subject._tag === "Any") return false
  if (token.after === undefined) return subject.after === undefined && token.before === subject.before
  if (subject.after !== undefined) {
    return subject.before.startsWith(token.before) && subject.after.endsWith(token.after)
  }
  const segment = subject.before
  return segment.length > token.before.length + token.after.length &&
    segment.startsWith(token.before) &&
    segment.endsWith(token.after)
}

/**
 * The most tokens of a pattern: its positions are the bits of one integer.
 */
export const tokenLimit = 30

/**
 * The same tokens, each run of `*` and `**` written as its `*` and then at most
 * one `**`. Then no `**` follows another, and equal runs have one spelling.
 */
export const normalize = (tokens: ReadonlyArray<Token>): ReadonlyArray<Token> => {
  const made: Array<Token> = []
  for (const token of tokens) {
    const last = made.at(-1)
    if (last?._tag === "Any" && token._tag === "Any") made.splice(-1, 1, last.isPlain ? token : last)
    else if (last?._tag === "Any" && isOne(token) && last.isPlain === token.isPlain) made.splice(-1, 0, token)
    else made.push(token)
  }
  return made
}

/** The positions that are a `**`, as bits. */
export const anyPositions = (tokens: ReadonlyArray<Token>): number => {
  let bits = 0
  for (let index = 0; index < tokens.length; index++) if (tokens[index]?._tag === "Any") bits |= 1 << index
  return bits
}

/**
 * All positions of the pattern are followed at once, so that the time is at
 * most the number of segments times the number of tokens, whatever both hold.
 * `**` keeps its position, and the one after it is reached with it.
 */
const follow = (tokens: ReadonlyArray<Token>, subject: ReadonlyArray<Token>): boolean => {
  const anys = anyPositions(tokens)
  let reached = 1 | (1 & anys) << 1
  for (const segment of subject) {
    let next = 0
    for (let left = reached; left !== 0; left &= left - 1) {
      const bit = left & -left
      const token = tokens[31 - Math.clz32(bit)]
      if (token !== undefined && accepts(token, segment)) next |= token._tag === "Any" ? bit : bit << 1
    }
    if (next === 0) return false
    reached = next | (next & anys) << 1
  }
  return (reached & 1 << tokens.length) !== 0
}

/** Whether wildcards of the pattern may stand for parts of the subject at all. */
const isReached = (pattern: Shape, subject: Shape): boolean => {
  if (subject.reach === "Open") return true
  const first = pattern.tokens[0]
  return subject.reach === "Named" ? pattern.tokens.every(isLiteral) : first !== undefined && isLiteral(first)
}

const holdsPorts = (pattern: Shape, subject: Shape): boolean =>
  pattern.ports === undefined || subject.ports === undefined
    ? pattern.ports === subject.ports
    : pattern.ports.first <= subject.ports.first && subject.ports.last <= pattern.ports.last

/** An address of metadata is `Named`: no range holds it. */
export const holdsNetwork = (pattern: Shape, subject: Shape): boolean =>
  pattern.network !== undefined && subject.network !== undefined &&
  (subject.reach === "Open" || isOneAddress(pattern.network)) &&
  IpNetwork.containsNetwork(pattern.network, subject.network)

/**
 * Whether everything that `subject` stands for is matched by `pattern`, whose
 * tokens are normal: exact where the subject names one resource. Where it has
 * wildcards, each of them has to be taken by one of the pattern, so that what
 * only several together would cover is not covered.
 */
export const covers = (pattern: Shape, subject: Shape): boolean => {
  if (pattern.head !== subject.head || !holdsPorts(pattern, subject)) return false
  return pattern.network === undefined && subject.network === undefined
    ? isReached(pattern, subject) && follow(pattern.tokens, subject.tokens)
    : holdsNetwork(pattern, subject)
}

const meetsSegment = (token: SegmentToken, subject: SegmentToken): boolean => {
  if (token.after === undefined && subject.after === undefined) return token.before === subject.before
  const [one, other] = token.after === undefined ? [subject, token] : [token, subject]
  if (other.after === undefined) return accepts({ ...one, isPlain: false }, other)
  const [before, after] = [one.before, one.after ?? ""]
  return (before.startsWith(other.before) || other.before.startsWith(before)) &&
    (after.endsWith(other.after) || other.after.endsWith(after))
}

/** Whether some segments are of both: what `**` of the subject stands for takes it to any later token. */
const meetsTokens = (tokens: ReadonlyArray<Token>, subject: ReadonlyArray<Token>): boolean => {
  const anys = anyPositions(tokens)
  const all = (2 << tokens.length) - 1
  let reached = 1 | (1 & anys) << 1
  for (const segment of subject) {
    let next = segment._tag === "Any" ? all & -(reached & -reached) : 0
    for (let left = segment._tag === "Any" ? 0 : reached; left !== 0; left &= left - 1) {
      const bit = left & -left
      const token = tokens[31 - Math.clz32(bit)]
      if (token?._tag === "Any") next |= bit
      else if (token !== undefined && segment._tag === "Segment" && meetsSegment(token, segment)) next |= bit << 1
    }
    reached = next | (next & anys) << 1
  }
  return (reached & 1 << tokens.length) !== 0
}

const meetsPorts = (one: Ports | undefined, other: Ports | undefined): boolean =>
  one === undefined || other === undefined
    ? one === other
    : one.first <= other.last && other.first <= one.last

/**
 * Whether something may be of both, for rules that take away: nothing keeps
 * wildcards off, and `**` stands for addresses too.
 */
export const meets = (pattern: Shape, subject: Shape): boolean => {
  if (pattern.head !== subject.head || !meetsPorts(pattern.ports, subject.ports)) return false
  if (subject.network === undefined) {
    return pattern.network === undefined && meetsTokens(pattern.tokens, subject.tokens)
  }
  return pattern.network === undefined
    ? pattern.tokens.length === 1 && pattern.tokens[0]?._tag === "Any"
    : IpNetwork.containsNetwork(pattern.network, subject.network)
}
