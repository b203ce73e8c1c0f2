/**
 * Hints for the branches that were inserted, all of which are seldom taken.
 */
import { doubled } from "./doubled.ts"
import { Sink } from "./sink.ts"

export class Hints {
  /** Those of functions that are done, without the number of these functions. */
  readonly written = new Sink(1 << 12)
  functions = 0
  /** Of the function that is being written. */
  count = 0
  #places = new Int32Array(256)

  /** A branch, by its place in the body. */
  add(place: number): void {
    if (this.count === this.#places.length) this.#places = doubled(this.#places)
    this.#places[this.count++] = place
  }

  /** Writes those of a function. */
  end(index: number): void {
    const { count, written } = this
    const places = this.#places
    written.reserve(16 + count * 8)
    written.u32(index)
    written.u32(count)
    for (let i = 0; i < count; i++) {
      written.u32(places[i] ?? 0)
      written.byte(1)
      written.byte(0)
    }
    this.count = 0
    this.functions++
  }
}
