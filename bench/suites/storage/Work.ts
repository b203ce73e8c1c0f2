/** The keys and values that all contenders store. */

export const few = 1_000
export const many = 1_000_000
export const page = 100

export const valueSize = 100

/** In ascending order by their number. */
export const keyOf = (number: number): string => `orders/2027/${String(number).padStart(7, "0")}`

/** Numbers below `count` in an order that is none, each as often as any other. */
export const shuffled = (count: number): () => number => {
  let at = 0
  return () => {
    at = (at + 618_033) % count
    return at
  }
}

export const fresh = (number: number): Uint8Array => {
  const value = new Uint8Array(valueSize)
  new DataView(value.buffer).setUint32(0, number)
  return value
}

export const expect = (found: number, expected: number): void => {
  if (found !== expected) throw new Error(`${found} instead of ${expected}`)
}
