/** So many are kept, and looked for in so many places each. */
const most = 128
const ways = 4

const longest = 256

const nothing = new Int32Array(0)

const hashOf = (resource: string, step: number): number => {
  let hash = resource.length
  for (let at = hash - 1; at >= 0; at -= step) hash = Math.imul(hash, 31) + resource.charCodeAt(at) | 0
  return Math.imul(hash, 0x9e3779b1)
}

/**
 * What was found for resources, as long as others do not take their places. A
 * resource leaves only its hash when it is first named, so that naming each
 * once keeps nothing. Nobody fills memory by naming many or long ones.
 *
 * The hash is of about eight characters until that has been too few to tell the
 * resources of a program apart, and then of all.
 */
export class Remembered<A extends { readonly resource: string }> {
  private readonly find: (resource: string) => A
  private hashes = nothing
  private found: Array<A | undefined> = []
  private turn = 0
  private isThorough = false

  constructor(find: (resource: string) => A) {
    this.find = find
  }

  get(resource: string): A {
    const { length } = resource
    if (length > longest) return this.find(resource)
    const hash = hashOf(resource, this.isThorough ? 1 : 1 + (length >> 3))
    const first = hash >>> 25 & most - ways
    for (let place = first; place < first + ways; place++) {
      if (this.hashes[place] !== hash) continue
      const known = this.found[place]
      if (known !== undefined && known.resource === resource) return known
      if (known !== undefined) this.isThorough = true
      return this.found[place] = this.find(resource)
    }
    const place = first + (this.turn++ & ways - 1)
    if (this.found[place] !== undefined) this.isThorough = true
    if (this.hashes === nothing) this.hashes = new Int32Array(most)
    this.hashes[place] = hash
    this.found[place] = undefined
    return this.find(resource)
  }

  forget(): void {
    this.hashes = nothing
    this.found = []
  }
}
