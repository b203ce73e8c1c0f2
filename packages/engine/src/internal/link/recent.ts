/**
 * The values that were asked for last, by key. Who asks while a value is being
 * made waits for it; what could not be made is not kept.
 */
export class Recent<A> {
  readonly #limit: number
  /** Oldest first. */
  readonly #kept = new Map<string, A>()
  readonly #making = new Map<string, Promise<A>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, make: () => Promise<A>): Promise<A> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#keep(key, kept)
      return Promise.resolve(kept)
    }
    const making = this.#making.get(key)
    if (making !== undefined) return making
    const made = make().then((value) => {
      this.#keep(key, value)
      return value
    }).finally(() => this.#making.delete(key))
    this.#making.set(key, made)
    return made
  }

  #keep(key: string, value: A): void {
    this.#kept.delete(key)
    this.#kept.set(key, value)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) return
      this.#kept.delete(oldest)
    }
  }
}
