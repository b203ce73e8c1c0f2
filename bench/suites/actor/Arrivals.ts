/**
 * Counts deliveries and says when as many as expected have come.
 */
export class Arrivals {
  total = 0
  #left = 0
  #done: () => void = () => {}

  readonly expect = (count: number): Promise<void> => {
    this.#left = count
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  hit(value: number): void {
    this.total += value
    if (--this.#left === 0) this.#done()
  }

  /** Throws unless the values since the last call add up to `wanted`. */
  readonly check = (wanted: number): void => {
    const got = this.total
    this.total = 0
    if (got !== wanted) throw new Error(`${got} of ${wanted} arrived`)
  }
}
