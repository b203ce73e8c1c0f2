// @effect-diagnostics anyUnknownInErrorContext:off
import * as Cause from "effect/Cause"
import { LinkBroken } from "../ActorError.ts"
import type * as Termination from "../Termination.ts"
import type { Cell } from "./cell.ts"
import { paused } from "./flags.ts"
import type { Ticket } from "./lanes.ts"

/** Turns the end of another actor into a message of one's own. */
export type OnTerminated = (terminated: Termination.Terminated) => unknown

/** A watch of one actor, until the message that tells its end is taken. */
class Watch implements Ticket {
  isLive = true
  /** How it ended, once the message waits. */
  reason: Termination.Reason | undefined = undefined
  /** Takes it out of what the watched actor does at its end. */
  forget: () => void = () => {}
  readonly taken: () => void

  constructor(taken: () => void) {
    this.taken = taken
  }

  cancel(): void {
    this.isLive = false
    this.forget()
  }
}

/** The end of a linked actor. */
interface LinkEnd {
  readonly other: Cell
  readonly reason: Termination.Reason
}

/**
 * Whose ends concern one life of an actor. A watch tells it; a link is mutual
 * and ends it, unless it traps.
 */
export class Bonds {
  /** Links outlive the others by a moment: they are cut when the life is over. */
  readonly linked = new Set<Cell>()
  trap: OnTerminated | undefined = undefined
  private readonly watched = new Map<Cell, Watch>()
  /** Came before this life had begun. */
  private missed: Array<LinkEnd> = []
  private readonly owner: Cell

  constructor(owner: Cell) {
    this.owner = owner
  }

  watch(other: Cell, onTerminated: OnTerminated): void {
    const known = this.watched.get(other)?.reason
    this.unwatch(other)
    const watch = new Watch(() => this.watched.delete(other))
    this.watched.set(other, watch)
    const tell = (reason: Termination.Reason): void => {
      watch.reason = reason
      this.owner.inject(() => onTerminated({ ref: other, reason }), watch)
    }
    if (known === undefined) watch.forget = other.onEnd(tell)
    else tell(known)
  }

  unwatch(other: Cell): void {
    this.watched.get(other)?.cancel()
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

  /** Of an actor that was linked to this one between two of its lives. */
  miss(end: LinkEnd): void {
    this.missed.push(end)
  }

  /** The life has begun: what it missed happens to it. */
  catchUp(): void {
    const { missed } = this
    this.missed = []
    for (const { other, reason } of missed) linkEnded(this.owner, other, reason)
  }

  /** The life is over: nothing is told any more. */
  silence(): void {
    this.trap = undefined
    for (const watch of this.watched.values()) watch.cancel()
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
  const bonds = cell.rare?.bonds
  if (cell.live === undefined && (cell.flags & paused) !== 0) return bonds?.miss({ other, reason })
  const trap = bonds?.trap
  if (trap !== undefined) return cell.inject(() => trap({ ref: other, reason }))
  if (reason._tag === "Normal") return
  if (reason._tag === "Shutdown" || reason._tag === "DeadlineExceeded") return cell.system.requestStop(cell)
  cell.system.fault(cell, Cause.fail(new LinkBroken({ actor: cell.name, other: other.name, reason })))
}
