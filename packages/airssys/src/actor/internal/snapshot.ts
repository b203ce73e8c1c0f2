import type { Metrics } from "../Mailbox.ts"
import type { ActorSnapshot } from "../Snapshot.ts"
import type { Cell } from "./cell.ts"

interface Level {
  readonly cells: Iterable<Cell>
  readonly into: Array<ActorSnapshot>
}

/** The trees below these cells; a loop, since a tree may be deep. */
export const snapshotOf = (
  roots: Iterable<Cell>,
  metrics: (cell: Cell) => Metrics
): ReadonlyArray<ActorSnapshot> => {
  const all: Array<ActorSnapshot> = []
  const open: Array<Level> = [{ cells: roots, into: all }]
  for (let level = open.pop(); level !== undefined; level = open.pop()) {
    for (const cell of level.cells) {
      const children: Array<ActorSnapshot> = []
      const { rare } = cell
      level.into.push({
        id: cell.id,
        name: cell.name,
        kind: rare?.keeper === undefined ? "Worker" : "Supervisor",
        status: cell.status(),
        mailbox: metrics(cell),
        restarts: rare?.restarts ?? 0,
        children
      })
      if (rare?.children !== undefined) open.push({ cells: rare.children, into: children })
    }
  }
  return all
}
