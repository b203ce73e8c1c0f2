/**
 * What the meter charges for each instruction, in units of fuel.
 *
 * A unit is about a nanosecond at most, in baseline and in optimised code, so
 * that no mix of instructions spends a slice of 1,000,000 in more than 5 ms.
 * Any change to the table is a new {@link version}: fuel of different versions
 * is not comparable.
 *
 * @since 0.1.0
 */

/**
 * Number of this table. It belongs into keys of caches of metered code.
 *
 * @category models
 * @since 0.1.0
 */
export const version: number = 2

/**
 * Prices of one metered module.
 *
 * @category models
 * @since 0.1.0
 */
export interface CostTable {
  readonly version: number
  /** By opcode of one byte. */
  readonly plain: Uint8Array
  /** By the number after the prefix 0xfc, up to 17. What depends on a length comes on top. */
  readonly bulk: Uint8Array
  /** By the number after the prefix 0xfd, up to 0x113. */
  readonly vector: Uint8Array
  /** Of entering a function, on top of the call. */
  readonly entry: number
  /** Of entering a function, for each 16 bytes of its declared locals. */
  readonly locals: number
  /**
   * The most that a function may take in all to be paid for by its callers: it has
   * no loops and calls nothing. The price of indirect calls includes one.
   */
  readonly leaf: number
  /** Of throwing. */
  readonly throw: number
  /** Bytes of abandoned stack that cost one unit when an exception is caught, as a power of two. */
  readonly unwindShift: number
  /** Bytes that a bulk operation on memory moves for one unit, as a power of two. */
  readonly memoryShift: number
  /** Of each page by which a memory grows. */
  readonly page: number
  /** Of asking whether a memory or a table may grow, besides what it grows by. */
  readonly grow: number
  /** Of each element that a bulk operation on a table touches. */
  readonly element: number
}

/**
 * The table in force.
 *
 * @category models
 * @since 0.1.0
 */
export const table: CostTable = {
  version,
  plain: prices(256, 1, [[0, 0x01, 0x02, 0x05, 0x0b, 0x1a]], [
    [4, 0x0e],
    [5, 0x10, 0x12],
    [8, 0x11, 0x13, 0x14, 0x15],
    [12, 0x25],
    [100, 0x26],
    [40, 0x40],
    [10, 0x6d, 0x6e, 0x6f, 0x70],
    [16, 0x7f, 0x80, 0x81, 0x82],
    [4, 0x95],
    [6, 0x91, 0xa3],
    [8, 0x9f],
    [4, 0x8d, 0x8e, 0x8f, 0x90, 0x9b, 0x9c, 0x9d, 0x9e],
    [20, 0xd2]
  ]),
  bulk: prices(18, 5, [], [[20, 8, 10], [80, 11], [100, 9, 12, 13, 14, 15, 17]]),
  vector: prices(0x114, 3, [], []),
  entry: 3,
  locals: 1,
  leaf: 16,
  throw: 4_000,
  unwindShift: 0,
  memoryShift: 3,
  page: 16_000,
  grow: 1_000,
  element: 64
}

function prices(
  size: number,
  usual: number,
  free: ReadonlyArray<ReadonlyArray<number>>,
  others: ReadonlyArray<readonly [price: number, ...codes: ReadonlyArray<number>]>
): Uint8Array {
  const found = new Uint8Array(size).fill(usual)
  for (const [price, ...codes] of [...free.map((codes) => [0, ...codes] as const), ...others]) {
    for (const code of codes) found[code] = price
  }
  return found
}
