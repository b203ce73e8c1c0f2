/**
 * The requests whose replies go to a callback of who sent them, from when they
 * are sent until that has been handled: each has a place in the mailbox.
 */
export class OpenRequests {
  readonly #most: number
  readonly #open = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Gives what ends it; undefined where the sender has too many. */
  begin(sender: string): (() => void) | undefined {
    const open = this.#open.get(sender) ?? 0
    if (open >= this.#most) return undefined
    this.#open.set(sender, open + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = this.#open.get(sender)! - 1
      if (left === 0) this.#open.delete(sender)
      else this.#open.set(sender, left)
    }
  }
}
