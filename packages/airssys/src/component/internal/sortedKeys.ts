/** Keys in ascending order of their code points, in chunks so that an insertion moves few of them. */

const chunkLimit = 1_024

/** UTF-16 puts surrogate pairs before what ends the first plane; code points, like UTF-8, put them behind. */
const rank = (unit: number): number => unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit

export const compare = (one: string, other: string): number => {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) {
    const a = one.charCodeAt(index)
    const b = other.charCodeAt(index)
    if (a !== b) return rank(a) - rank(b)
  }
  return one.length - other.length
}

/** The number of items before the first for which `isBefore` is false. */
const countBefore = <A>(items: ReadonlyArray<A>, isBefore: (item: A) => boolean): number => {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

export class SortedKeys {
  /** None is empty. */
  #chunks: Array<Array<string>> = []

  static from(keys: Iterable<string>): SortedKeys {
    const made = new SortedKeys()
    const sorted = [...keys].sort(compare)
    for (let at = 0; at < sorted.length; at += chunkLimit / 2) made.#chunks.push(sorted.slice(at, at + chunkLimit / 2))
    return made
  }

  /** Adds a key that is not there. */
  add(key: string): void {
    const at = Math.min(this.#chunkAt(key), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    if (chunk === undefined) {
      this.#chunks.push([key])
      return
    }
    chunk.splice(countBefore(chunk, (other) => compare(other, key) < 0), 0, key)
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit / 2))
  }

  /** Takes away a key that is there. */
  remove(key: string): void {
    const at = this.#chunkAt(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    chunk.splice(countBefore(chunk, (other) => compare(other, key) < 0), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** The keys behind one, or all. */
  *after(key: string | undefined): Generator<string> {
    let at = key === undefined ? 0 : this.#chunkAt(key)
    let from = key === undefined
      ? 0
      : countBefore(this.#chunks[at] ?? [], (other) => compare(other, key) <= 0)
    for (; at < this.#chunks.length; at++, from = 0) {
      const chunk = this.#chunks[at]!
      for (let index = from; index < chunk.length; index++) yield chunk[index]!
    }
  }

  /** The chunk that has the key if any has. */
  #chunkAt(key: string): number {
    return countBefore(this.#chunks, (chunk) => compare(chunk.at(-1)!, key) < 0)
  }
}
