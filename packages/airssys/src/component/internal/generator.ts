/** Xoshiro128**, seeded by a text: whoever knows the text knows what it will give. */
export class Generator {
  readonly #state = new Uint32Array(4)

  constructor(seed: string) {
    let hash = 0x811c9dc5
    for (let lane = 0; lane < 4; lane++) {
      for (let index = 0; index < seed.length; index++) {
        hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193)
      }
      hash = Math.imul(hash ^ (lane + 1), 0x01000193)
      this.#state[lane] = hash === 0 ? lane + 1 : hash
    }
  }

  #next(): number {
    const s = this.#state
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9)
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = rotate(s[3]!, 11)
    return result
  }

  bytes(size: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => this.#next())
    return new Uint8Array(words.buffer, 0, size)
  }
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by))
