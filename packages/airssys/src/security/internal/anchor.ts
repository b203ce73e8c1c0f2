import * as NetAddress from "effect/net/NetAddress"
import { isLiteral, isNamed, type Shape } from "./patternShape.ts"

/**
 * Keys of shapes: the head with none, one or two literal tokens, or the whole of
 * what is named in full. A pattern is filed under its deepest; the one of equal
 * depth of whatever it covers is the same. They are hashes, of other texts too:
 * what is found under a key is still to be compared.
 */
export const whole = 3

const start = 0x811c9dc5 | 0

/** No UTF-16 unit: stands between tokens. */
const parting = 0x10000

export const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193)

export const part = (hash: number): number => mix(hash, parting)

export const mixText = (hash: number, text: string, from: number, to: number): number => {
  let mixed = part(hash)
  for (let at = from; at < to; at++) mixed = mix(mixed, text.charCodeAt(at))
  return mixed
}

export const head = (text: string, length: number): number => mixText(start, text, 0, length)

/** The depth is in the lowest two bits. */
export const finish = (hash: number, depth: number, port: number): number =>
  (depth === whole ? mix(hash, port) : hash) << 2 | depth

export const depthOf = (anchor: number): number => anchor & 3

/** The key of a shape at a depth, where it has one. */
export const at = (shape: Shape, depth: number): number | undefined => {
  const { network, ports, tokens } = shape
  const named = depth === whole ? tokens : tokens.slice(0, depth)
  if (depth === whole ? !isNamed(shape) : named.length < depth || !named.every(isLiteral)) return undefined
  let hash = head(shape.head, shape.head.length)
  for (const token of named) if (token._tag === "Segment") hash = mixText(hash, token.before, 0, token.before.length)
  if (depth === whole && network !== undefined) {
    const address = NetAddress.formatIp(network.address)
    hash = mixText(hash, address, 0, address.length)
  }
  return finish(hash, depth, ports?.first ?? 0)
}

/** The key to file a pattern under. */
export const deepest = (shape: Shape): number => {
  for (let depth = whole; depth > 0; depth--) {
    const found = at(shape, depth)
    if (found !== undefined) return found
  }
  return finish(head(shape.head, shape.head.length), 0, 0)
}
