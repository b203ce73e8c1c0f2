import { Ask } from "./ask.ts"
import { Cell } from "./cell.ts"
import { running } from "./flags.ts"
import { Envelope } from "./lanes.ts"
import type { System } from "./system.ts"

/** What an actor with messages had taken when it was first seen so. */
interface Mark {
  readonly taken: number
  readonly since: number
  isTold: boolean
}

/** How far into one mailbox a look for asks goes. */
const depthLimit = 1024

/** Looks at all actors now and then, so that sending and handling know nothing of it. */
export class Watchdog {
  private readonly system: System
  private readonly stuckMillis: number
  private readonly marks = new WeakMap<Cell, Mark>()
  private told: ReadonlySet<string> = new Set()

  constructor(system: System, stuckMillis: number) {
    this.system = system
    this.stuckMillis = stuckMillis
  }

  look(): void {
    const parked: Array<Cell> = []
    for (const cell of this.system.cells()) {
      if (cell.size > 0) this.check(cell)
      if ((cell.flags & running) !== 0 && cell.fiber !== undefined) parked.push(cell)
    }
    this.report(parked)
  }

  private check(cell: Cell): void {
    // What only made room for others is no progress.
    const { accepted = 0, evicted = 0 } = cell.rare?.counts ?? {}
    const taken = cell.tail + accepted - evicted - cell.size
    const now = cell.monotonicMillis
    const mark = this.marks.get(cell)
    if (mark === undefined || mark.taken !== taken) {
      this.marks.set(cell, { taken, since: now, isTold: false })
      return
    }
    const forMillis = now - mark.since
    if (mark.isTold || forMillis < this.stuckMillis) return
    mark.isTold = true
    this.system.reports.emit(cell, { _tag: "StuckMailbox", depth: cell.size, forMillis })
  }

  private report(parked: ReadonlyArray<Cell>): void {
    const told = new Set<string>()
    for (const cycle of cyclesOf(waitsOf(parked))) {
      const first = cycle.reduce((least, cell, index) => cell.id < cycle[least]!.id ? index : least, 0)
      const actors = [...cycle.slice(first), ...cycle.slice(0, first)]
      const key = actors.map(({ id }) => id).join()
      told.add(key)
      if (!this.told.has(key)) {
        this.system.reports.emit(actors[0]!, { _tag: "AskCycle", actors: actors.map(({ name }) => name) })
      }
    }
    this.told = told
  }
}

/** Who waits for whose answer, among those whose message is in work on a fiber. */
const waitsOf = (parked: ReadonlyArray<Cell>): ReadonlyMap<Cell, ReadonlyArray<Cell>> => {
  const waits = new Map<Cell, Array<Cell>>(parked.map((cell) => [cell, []]))
  for (const cell of parked) {
    for (const { isAnswered, sender } of asksOf(cell)) {
      if (!isAnswered && sender instanceof Cell) waits.get(sender)?.push(cell)
    }
  }
  return waits
}

function* asksOf(cell: Cell): Generator<Ask> {
  if (cell.from instanceof Ask) yield cell.from
  for (const first of cell.rare?.held?.values() ?? []) {
    for (let ask: Ask | undefined = first; ask !== undefined; ask = ask.next) yield ask
  }
  for (const { from } of cell.rare?.lanes?.outside() ?? []) if (from instanceof Ask) yield from
  const { head, mask, slots, tail } = cell
  for (let at = head; at < tail && at - head < depthLimit; at++) {
    const entry = slots![((at & mask) << 1) + 1]
    const from = entry instanceof Envelope ? entry.from : entry
    if (from instanceof Ask) yield from
  }
}

/** A cycle for each wait that closes one; a loop, since a chain of waits may be long. */
const cyclesOf = (waits: ReadonlyMap<Cell, ReadonlyArray<Cell>>): ReadonlyArray<ReadonlyArray<Cell>> => {
  const cycles: Array<ReadonlyArray<Cell>> = []
  const done = new Set<Cell>()
  for (const start of waits.keys()) {
    const path: Array<Cell> = []
    const places = new Map<Cell, number>()
    const open: Array<Cell | undefined> = [start]
    while (open.length > 0) {
      const cell = open.pop()
      if (cell === undefined) {
        const left = path.pop()!
        places.delete(left)
        done.add(left)
        continue
      }
      const place = places.get(cell)
      if (place !== undefined) cycles.push(path.slice(place))
      if (place !== undefined || done.has(cell)) continue
      places.set(cell, path.length)
      path.push(cell)
      open.push(undefined, ...waits.get(cell)!)
    }
  }
  return cycles
}
