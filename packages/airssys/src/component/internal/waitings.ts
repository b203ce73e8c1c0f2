/** Which components wait for the reply of which: who waits handles nothing meanwhile. */
export class Waitings {
  readonly #waiting = new Map<string, Array<string>>()

  /** Whether a component waits for another, or for one that does. */
  doesReach(from: string, to: string): boolean {
    const seen = new Set<string>()
    const next = [from]
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      if (one === to) return true
      if (seen.size === seen.add(one).size) continue
      next.push(...this.#waiting.get(one) ?? [])
    }
    return false
  }

  /** Gives what ends the wait. */
  begin(from: string, to: string): () => void {
    const list = this.#waiting.get(from) ?? []
    list.push(to)
    this.#waiting.set(from, list)
    return () => {
      list.splice(list.indexOf(to), 1)
      if (list.length === 0 && this.#waiting.get(from) === list) this.#waiting.delete(from)
    }
  }
}
