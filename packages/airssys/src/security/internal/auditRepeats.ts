import type { PendingUse } from "./auditPending.ts"
import type { Sharer } from "./auditSharers.ts"
import { isRepeat, type Use } from "./auditUse.ts"

const fewest = 256

const mixText = (seed: number, text: string): number => {
  let hash = seed
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x5bd1e995)
    hash ^= hash >>> 15
  }
  return hash
}

/**
 * The uses that can be counted up: those that were taken since the last seal. A
 * `Map` would keep each of their resources as the key of an object is kept, which
 * takes longer than all the rest of taking a use.
 *
 * Guests choose what is looked for, and know nothing of `seed`: they cannot fill
 * a row of places.
 */
export class Repeats {
  private readonly seed: number
  private taken: Array<PendingUse> = []
  /** Numbers of `taken`, from 1 on, each in the first place from its key on that was free; at least half are. */
  private places = new Int32Array(fewest)

  constructor(seed: number) {
    this.seed = seed | 0
  }

  keyOf({ onBehalfOf, resource }: Use): number {
    const key = mixText(this.seed, resource)
    return onBehalfOf === undefined ? key : onBehalfOf.reduce((key, { id }) => mixText(key, id), key)
  }

  find(key: number, event: Use, sharer: Sharer): PendingUse | undefined {
    const last = this.places.length - 1
    for (let at = key & last; this.places[at] !== 0; at = at + 1 & last) {
      const taken = this.taken[this.places[at]! - 1]!
      if (taken.key === key && taken.sharer === sharer && isRepeat(event, taken)) return taken
    }
    return undefined
  }

  add(taken: PendingUse): void {
    this.taken.push(taken)
    if (2 * this.taken.length <= this.places.length) return this.place(taken.key, this.taken.length)
    this.places = new Int32Array(2 * this.places.length)
    for (const [index, { key }] of this.taken.entries()) this.place(key, index + 1)
  }

  private place(key: number, number: number): void {
    const last = this.places.length - 1
    let at = key & last
    while (this.places[at] !== 0) at = at + 1 & last
    this.places[at] = number
  }

  clear(): void {
    if (this.taken.length === 0) return
    const isTooLarge = 8 * this.taken.length < this.places.length && this.places.length > fewest
    if (isTooLarge) this.places = new Int32Array(this.places.length / 2)
    else this.places.fill(0)
    this.taken = []
  }
}
