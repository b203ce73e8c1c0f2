const prime = 2n ** 255n - 19n

const ofOrderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n

/**
 * The y of the eight points whose order divides eight: 1, -1, 0, and the two of
 * the points of order eight.
 */
const smallOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  prime - 1n,
  ofOrderEight,
  prime - ofOrderEight
])

/** What keeps 32 bytes from being the one encoding of a point to verify with. */
export const problemOf = (bytes: Uint8Array): "NotCanonical" | "SmallOrder" | undefined => {
  let y = 0n
  for (let at = 31; at >= 0; at--) y = y << 8n | BigInt(at === 31 ? bytes[at]! & 0x7f : bytes[at]!)
  return y >= prime ? "NotCanonical" : smallOrder.has(y) ? "SmallOrder" : undefined
}
