// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import { LinkBroken } from "../ActorError.ts"
import type * as Termination from "../Termination.ts"
import type { Cell } from "./cell.ts"

/** Turns the end of another actor into a message of one's own. */
export type OnTerminated = (terminated: Termination.Terminated) => unknown

/**
 * Whose ends concern one life of an actor. A watch tells it; a link is mutual
 * and ends it, unless it traps.
 */
export class Bonds {
  /** Links outlive the others by a moment: they are cut when the life is over. */
  readonly linked = new Set<Cell>()
  trap: OnTerminated | undefined = undefined
  private readonly watched = new Map<Cell, () => void>()
  private readonly owner: Cell

  constructor(owner: Cell) {
    this.owner = owner
  }

  watch(other: Cell, onTerminated: OnTerminated): void {
    this.unwatch(other)
    if (other.isEnded) {
      return this.owner.inject(() => onTerminated({ ref: other, reason: { _tag: "NoActor" } }))
    }
    const forget = other.onEnd((reason) => {
      this.watched.delete(other)
      this.owner.inject(() => onTerminated({ ref: other, reason }))
    })
    this.watched.set(other, forget)
  }

  unwatch(other: Cell): void {
    this.watched.get(other)?.()
    this.watched.delete(other)
  }

  link(other: Cell): void {
    if (other === this.owner) return
    if (other.isEnded) return linkEnded(this.owner, other, { _tag: "NoActor" })
    this.linked.add(other)
    bondsOf(other).linked.add(this.owner)
  }

  unlink(other: Cell): void {
    this.linked.delete(other)
    other.rare?.bonds?.linked.delete(this.owner)
  }

  /** The life is over: nothing is told any more. */
  silence(): void {
    this.trap = undefined
    for (const forget of this.watched.values()) forget()
    this.watched.clear()
  }
}

export const bondsOf = (cell: Cell): Bonds => {
  const rare = cell.getRare()
  if (rare.bonds === undefined) {
    const bonds = rare.bonds = new Bonds(cell)
    cell.onLifeEnd(() => bonds.silence())
  }
  return rare.bonds
}

/**
 * Cuts the links of a life that is over and passes its end on: to a message
 * where it is trapped, as a crash where it was one, else as a stop.
 */
export const cutLinks = (cell: Cell, bonds: Bonds | undefined, reason: Termination.Reason): void => {
  if (bonds === undefined) return
  if (cell.rare?.bonds === bonds) cell.rare.bonds = undefined
  for (const other of bonds.linked) {
    other.rare?.bonds?.linked.delete(cell)
    cell.system.step(() => linkEnded(other, cell, reason))
  }
}

const linkEnded = (cell: Cell, other: Cell, reason: Termination.Reason): void => {
  const trap = cell.rare?.bonds?.trap
  if (trap !== undefined) return cell.inject(() => trap({ ref: other, reason }))
  if (reason._tag === "Normal") return
  if (reason._tag === "Shutdown" || reason._tag === "DeadlineExceeded") return cell.system.requestStop(cell)
  cell.system.fault(cell, Cause.fail(new LinkBroken({ actor: cell.name, other: other.name, reason })))
}
