/** Numbers that a seed decides. */
export interface Seeded {
  /** From 0 up to and without 1, in steps of 2^-32. */
  readonly next: () => number
  /** A whole number from 0 up to and without `count`. */
  readonly below: (count: number) => number
  readonly chance: (probability: number) => boolean
}

/**
 * One of the independent streams of a seed: splitmix32. What one stream is
 * asked for does not move the others.
 */
export const seeded = (seed: number, stream: number): Seeded => {
  let state = Math.imul(seed ^ Math.imul(stream + 1, 0x9e3779b9), 0x85ebca6b) | 0
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (count) => Math.floor(next() * count),
    chance: (probability) => probability > 0 && next() < probability
  }
}
