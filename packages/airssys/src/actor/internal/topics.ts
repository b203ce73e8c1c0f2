import type * as Protocol from "../Protocol.ts"

/** What is wrong with a text that is no topic or pattern. */
export type Fault = "NotText" | "TooLong" | "Segment" | "Wildcard" | "WildcardInSegment" | "HashNotLast"

const maxSegments = 16
const maxSegment = 64
const word = /^[A-Za-z0-9_-]{1,64}$/

/** The segments of a topic or of a pattern, or what is wrong. Looks at no more than a valid text can have. */
export const parseSegments = (input: unknown, isTopic: boolean): ReadonlyArray<string> | Fault => {
  if (typeof input !== "string") return "NotText"
  if (input.length > maxSegments * (maxSegment + 1)) return "TooLong"
  const segments = input.split(".")
  if (segments.length > maxSegments) return "TooLong"
  for (const [index, segment] of segments.entries()) {
    if (word.test(segment)) continue
    const isWildcard = segment === "*" || segment === "#"
    if (!isWildcard) return !isTopic && /[*#]/.test(segment) ? "WildcardInSegment" : "Segment"
    if (isTopic) return "Wildcard"
    if (segment === "#" && index < segments.length - 1) return "HashNotLast"
  }
  return segments
}

/** Whether the segments of a pattern are for those of a topic. */
export const matchSegments = (pattern: ReadonlyArray<string>, topic: ReadonlyArray<string>): boolean => {
  const { isTail, path } = pathOf(pattern)
  return (isTail ? topic.length >= path.length : topic.length === path.length) &&
    path.every((segment, index) => segment === "*" || segment === topic[index])
}

/** A topic or pattern; a broker keeps the route of a topic in it. */
export class TopicKey {
  declare readonly "~airssys/actor/Topic": unknown
  readonly protocol: Protocol.Any
  readonly name: string
  readonly segments: ReadonlyArray<string>
  readonly isTopic: boolean
  route: Route<Listener> | undefined = undefined

  constructor(protocol: Protocol.Any, segments: ReadonlyArray<string>, isTopic: boolean) {
    this.protocol = protocol
    this.name = segments.join(".")
    this.segments = segments
    this.isTopic = isTopic
  }

  toString(): string {
    return `${this.isTopic ? "Topic" : "Pattern"}(${this.name})`
  }
}

Object.assign(TopicKey.prototype, { "~airssys/actor/Topic": { _M: (_: never) => _ } })

/** What a trie holds. `at` is its index among those of its place, and -1 after it has left. */
export interface Listener {
  readonly segments: ReadonlyArray<string>
  at: number
}

/**
 * Those who listen at one place of a trie, in the order they came. Who leaves
 * makes a hole, and holes are closed in a new array: whoever walks `entries`
 * meanwhile meets nobody twice, and skips those with an `at` of -1.
 */
export class Listeners<A extends Listener> {
  entries: Array<A | undefined> = []
  size = 0

  add(entry: A): void {
    entry.at = this.entries.length
    this.entries.push(entry)
    this.size++
  }

  remove(entry: A): void {
    this.entries[entry.at] = undefined
    entry.at = -1
    this.size--
    if (this.entries.length < 32 || this.size * 2 > this.entries.length) return
    const left = this.entries.filter((other) => other !== undefined)
    left.forEach((other, index) => {
      other.at = index
    })
    this.entries = left
  }
}

interface Node<A extends Listener> {
  readonly words: Map<string, Node<A>>
  /** Of patterns that end here, and of those with a `#` here. */
  here: Listeners<A> | undefined
  tail: Listeners<A> | undefined
}

const makeNode = <A extends Listener>(): Node<A> => ({ words: new Map(), here: undefined, tail: undefined })

/** Who a topic goes to, as long as `version` is that of its trie. */
export interface Route<A extends Listener> {
  readonly trie: Trie<A>
  readonly version: number
  readonly places: ReadonlyArray<Listeners<A>>
}

/** Listeners by pattern. `version` changes with the places, not with who is at them. */
export class Trie<A extends Listener> {
  version = 0
  readonly owner: object
  private readonly root: Node<A> = makeNode()

  constructor(owner: object) {
    this.owner = owner
  }

  add(entry: A): void {
    const { isTail, path } = pathOf(entry.segments)
    let node = this.root
    for (const word of path) {
      let next = node.words.get(word)
      if (next === undefined) node.words.set(word, next = makeNode())
      node = next
    }
    const place = isTail ? node.tail : node.here
    if (place !== undefined) return place.add(entry)
    const fresh = new Listeners<A>()
    fresh.add(entry)
    if (isTail) node.tail = fresh
    else node.here = fresh
    this.version++
  }

  /** Forgets places where nobody is left. */
  remove(entry: A): void {
    const { isTail, path } = pathOf(entry.segments)
    const nodes = [this.root]
    for (const word of path) nodes.push(nodes.at(-1)!.words.get(word)!)
    const last = nodes.at(-1)!
    const place = (isTail ? last.tail : last.here)!
    place.remove(entry)
    if (place.size > 0) return
    if (isTail) last.tail = undefined
    else last.here = undefined
    this.version++
    for (let depth = path.length; depth > 0; depth--) {
      const { here, tail, words } = nodes[depth]!
      if (here !== undefined || tail !== undefined || words.size > 0) return
      nodes[depth - 1]!.words.delete(path[depth - 1]!)
    }
  }

  route(segments: ReadonlyArray<string>): Route<A> {
    const places: Array<Listeners<A>> = []
    const visit = (node: Node<A>, depth: number): void => {
      if (node.tail !== undefined) places.push(node.tail)
      if (depth === segments.length) {
        if (node.here !== undefined) places.push(node.here)
        return
      }
      const word = node.words.get(segments[depth]!)
      if (word !== undefined) visit(word, depth + 1)
      const star = node.words.get("*")
      if (star !== undefined) visit(star, depth + 1)
    }
    visit(this.root, 0)
    return { trie: this, version: this.version, places }
  }
}

const pathOf = (segments: ReadonlyArray<string>) => {
  const isTail = segments.at(-1) === "#"
  return { isTail, path: isTail ? segments.slice(0, -1) : segments }
}
