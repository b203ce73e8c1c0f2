import * as Effect from "effect/Effect"

interface Turn {
  /** The key of a principal; undefined for a change that is about everybody. */
  readonly whose: string | undefined
  /** How many it waits for. */
  before: number
  isLeft: boolean
  go: (() => void) | undefined
  readonly behind: Array<Turn>
}

/**
 * The order of changes. One that is about a single principal waits for those
 * about the same one alone, so that a log may write many of them together. One
 * that is about everybody waits for all that came before, and all that come
 * after wait for it.
 */
export class ChangeTurns {
  /** The last one about everybody, and behind it the last one about each principal. */
  private wall: Turn | undefined = undefined
  private readonly latest = new Map<string, Turn>()

  /** Makes a change when its turn has come. One that does not wait any longer leaves the others in their order. */
  take<A, E, R>(whose: string | undefined, change: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const turn = this.join(whose)
        return Effect.ensuring(restore(Effect.andThen(wait(turn), change)), Effect.sync(() => this.leave(turn)))
      })
    )
  }

  private join(whose: string | undefined): Turn {
    const turn: Turn = { whose, before: 0, isLeft: false, go: undefined, behind: [] }
    const ahead = whose !== undefined
      ? [this.latest.get(whose) ?? this.wall]
      : this.latest.size > 0
      ? [...this.latest.values()]
      : [this.wall]
    for (const one of ahead) {
      if (one === undefined) continue
      turn.before++
      one.behind.push(turn)
    }
    if (whose === undefined) {
      this.wall = turn
      this.latest.clear()
    } else this.latest.set(whose, turn)
    return turn
  }

  private leave(turn: Turn): void {
    turn.isLeft = true
    if (turn.before === 0) this.end(turn)
  }

  /** Those behind one that left before its turn wait for those ahead of it. */
  private end(first: Turn): void {
    const over = [first]
    for (let turn = over.pop(); turn !== undefined; turn = over.pop()) {
      if (this.wall === turn) this.wall = undefined
      if (turn.whose !== undefined && this.latest.get(turn.whose) === turn) this.latest.delete(turn.whose)
      for (const next of turn.behind) {
        if (--next.before > 0) continue
        if (next.isLeft) over.push(next)
        else next.go?.()
      }
    }
  }
}

const wait = (turn: Turn): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (turn.before === 0) resume(Effect.void)
    else turn.go = () => resume(Effect.void)
  })
