import * as CapabilityKind from "../CapabilityKind.ts"
import * as anchor from "./anchor.ts"
import * as hostName from "./hostName.ts"
import * as networkPattern from "./networkPattern.ts"
import * as patternShape from "./patternShape.ts"
import * as plainText from "./plainText.ts"

const dash = 45

/** As `startsWith` at a place, in half of its time. */
const isAt = (text: string, part: string, at: number): boolean => text.slice(at, at + part.length) === part

/** What `patternShape` says of a token and a literal, said of a part of a text. */
const accepts = (token: patternShape.Token, text: string, from: number, to: number): boolean => {
  if (token.isPlain && text.charCodeAt(from) === dash) return false
  if (token._tag === "Any") return true
  const { after, before } = token
  if (after === undefined) return to - from === before.length && isAt(text, before, from)
  return to - from > before.length + after.length && isAt(text, before, from) && isAt(text, after, to - after.length)
}

/**
 * A resource of ASCII in the form that nearly all have, compared in place: no
 * part of its text is kept. Its grammar reads it as literal segments, none of
 * them empty, that every wildcard reaches; what may be more than that is not
 * plain.
 */
export class PlainResource implements patternShape.Subject, plainText.Hashes {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: PlainResource = new PlainResource("storage.read", "", plainText.key)

  readonly kind: CapabilityKind.CapabilityKind
  readonly text: string
  private readonly form: plainText.Form
  /** So many units are the head. */
  private readonly head: number
  /** Where the segments are: behind the head, and before the port. */
  private readonly from: number
  private readonly to: number
  private readonly port: number
  none: number
  one = 0
  two = 0
  all = 0
  count = 0

  constructor(
    kind: CapabilityKind.CapabilityKind,
    text: string,
    form: plainText.Form,
    head = 0,
    from = 0,
    to = text.length,
    port = 0
  ) {
    this.kind = kind
    this.text = text
    this.form = form
    this.head = head
    this.from = from
    this.to = to
    this.port = port
    this.none = anchor.head(text, head)
  }

  /** Itself, if all segments are in the form. Before that nothing may be asked of it. */
  scan(): PlainResource | undefined {
    if (!plainText.scan(this.form, this.text, this.from, this.to, this)) return undefined
    if (this.form.isReverse) this.reverse()
    return this
  }

  isCoveredBy({ head, network, ports, tokens }: patternShape.Shape, prefix: string | undefined): boolean {
    const { port, text } = this
    if (prefix !== undefined) {
      return isAt(text, prefix, 0) || text.length === prefix.length - 1 && isAt(prefix, text, 0)
    }
    return network === undefined &&
      head.length === this.head &&
      isAt(text, head, 0) &&
      (ports === undefined ? port === 0 : ports.first <= port && port <= ports.last) &&
      this.follow(tokens)
  }

  anchorAt(depth: number): number | undefined {
    if (depth === anchor.whole) return anchor.finish(this.all, depth, this.port)
    if (depth > this.count) return undefined
    return anchor.finish(depth === 0 ? this.none : depth === 1 ? this.one : this.two, depth, 0)
  }

  /** All positions of the pattern at once, as `patternShape.covers` does. */
  private follow(tokens: ReadonlyArray<patternShape.Token>): boolean {
    const { isReverse } = this.form
    const anys = patternShape.anyPositions(tokens)
    let reached = 1 | (1 & anys) << 1
    for (let at = isReverse ? this.to : this.from; this.from <= at && at <= this.to;) {
      const start = isReverse ? this.startOf(at) : at
      const end = isReverse ? at : this.endOf(at)
      let next = 0
      for (let left = reached; left !== 0; left &= left - 1) {
        const bit = left & -left
        const token = tokens[31 - Math.clz32(bit)]
        if (token !== undefined && accepts(token, this.text, start, end)) next |= token._tag === "Any" ? bit : bit << 1
      }
      if (next === 0) return false
      reached = next | (next & anys) << 1
      at = isReverse ? start - 1 : end + 1
    }
    return (reached & 1 << tokens.length) !== 0
  }

  /** The hashes of the segments from the last to the first. */
  private reverse(): void {
    let hash = this.none
    let count = 0
    for (let at = this.to; at >= this.from;) {
      const start = this.startOf(at)
      hash = anchor.mixText(hash, this.text, start, at)
      if (++count === 1) this.one = hash
      else if (count === 2) this.two = hash
      at = start - 1
    }
    this.all = hash
  }

  private startOf(end: number): number {
    return Math.max(this.from, this.text.lastIndexOf(this.form.separator, end - 1) + 1)
  }

  private endOf(start: number): number {
    const end = this.form.separator === "" ? -1 : this.text.indexOf(this.form.separator, start)
    return end === -1 ? this.to : end
  }
}

type Read = (kind: CapabilityKind.CapabilityKind, text: string) => PlainResource | undefined

const segments = (form: plainText.Form): Read => (kind, text) => new PlainResource(kind, text, form).scan()

const path: Read = (kind, text) => {
  const mark = text.indexOf(":/")
  return mark !== -1 && plainText.isPlain(plainText.root, text, 0, mark)
    ? new PlainResource(kind, text, plainText.file, mark, mark + 2).scan()
    : undefined
}

const recipient: Read = (kind, text) => {
  const found = new PlainResource(kind, text, plainText.part).scan()
  return found?.count === 2 ? found : undefined
}

const command: Read = (kind, text) => {
  const space = text.indexOf(" ")
  return plainText.isPlain(plainText.program, text, 0, space === -1 ? text.length : space)
    ? new PlainResource(kind, text, plainText.argument).scan()
    : undefined
}

const isLetter = (code: number): boolean => code >= 97 && code <= 122

/** A name of several labels. The last begins with a letter, since a number would make it an address. */
const host = (
  kind: CapabilityKind.CapabilityKind,
  text: string,
  head: number,
  from: number,
  to: number,
  port: number
) =>
  to - from <= 253 &&
    isLetter(text.charCodeAt(text.lastIndexOf(".", to - 1) + 1)) &&
    hostName.reachOf(text.slice(from, to)) === "Open"
    ? new PlainResource(kind, text, plainText.label, head, from, to, port).scan()
    : undefined

const endpoint: Read = (kind, text) => {
  const mark = text.indexOf("://")
  const scheme = text.slice(0, Math.max(0, mark))
  const colon = text.indexOf(":", mark + 3)
  if (colon === -1) {
    const port = networkPattern.defaultPorts.get(scheme)
    return port === undefined ? undefined : host(kind, text, mark, mark + 3, text.length, port)
  }
  const port = text.slice(colon + 1)
  return networkPattern.defaultPorts.has(scheme) && networkPattern.isPort(port)
    ? host(kind, text, mark, mark + 3, colon, Number(port))
    : undefined
}

const name: Read = (kind, text) => host(kind, text, 0, 0, text.length, 0)

const key = segments(plainText.key)
const topic = segments(plainText.topic)

const readers: ReadonlyMap<CapabilityKind.CapabilityKind, Read> = new Map<CapabilityKind.CapabilityKind, Read>([
  ["environment", segments(plainText.variable)],
  ["network.outbound", endpoint],
  ["network.inbound", endpoint],
  ["network.resolve", name],
  ["storage.read", key],
  ["storage.write", key],
  ["filesystem.read", path],
  ["filesystem.write", path],
  ["messaging.send", recipient],
  ["messaging.publish", topic],
  ["messaging.subscribe", topic],
  ["process.spawn", command]
])

const longest = 4096

/** Undefined for what is not plain, whether it is a resource or none. */
export const read: Read = (kind, text) =>
  text.length > longest
    ? undefined
    : (readers.get(kind) ?? (CapabilityKind.isCustom(kind) ? key : undefined))?.(kind, text)

/** Kinds whose resources begin with the beginning of the patterns that cover them. */
const isForward = (kind: CapabilityKind.CapabilityKind): boolean =>
  kind !== "process.spawn" && !kind.startsWith("network.")

/** A text of its own: a part of another one takes longer to compare. */
const copyOf = (text: string): string => [...text].join("")

/**
 * Where a pattern has one `**` and nothing behind it: what the plain resources
 * that it covers begin with. One of them ends before the last separator.
 */
export const prefixOf = (kind: CapabilityKind.CapabilityKind, pattern: string): string | undefined => {
  const prefix = pattern.slice(0, -"**".length)
  return isForward(kind) && pattern.endsWith("**") && !prefix.includes("*") ? copyOf(prefix) : undefined
}
