/**
 * The actors of a system at one moment, as data: a tree that can be compared,
 * shown and sent.
 *
 * @since 0.1.0
 */
import type { Accounting } from "./Accounting.ts"
import type { Status } from "./ActorRef.ts"
import type { Metrics } from "./Mailbox.ts"

/**
 * One actor and those it has spawned, the oldest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorSnapshot {
  readonly id: number
  readonly name: string
  readonly kind: "Worker" | "Supervisor"
  readonly status: Status
  readonly mailbox: Metrics
  /** Restarts that succeeded. */
  readonly restarts: number
  readonly children: ReadonlyArray<ActorSnapshot>
}

/**
 * All live actors as trees, each below the one that spawned or supervises it, and
 * where every message is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly actors: ReadonlyArray<ActorSnapshot>
  readonly accounting: Accounting
}

/**
 * What an actor did between two snapshots, per second.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rates {
  readonly accepted: number
  readonly handled: number
  readonly failed: number
  readonly rejected: number
}

/**
 * All actors of a snapshot, each before its children.
 *
 * @category combinators
 * @since 0.1.0
 */
export const flatten = (self: Snapshot): ReadonlyArray<ActorSnapshot> => {
  const all: Array<ActorSnapshot> = []
  const open = [...self.actors].toReversed()
  for (let actor = open.pop(); actor !== undefined; actor = open.pop()) {
    all.push(actor)
    for (const child of actor.children.toReversed()) open.push(child)
  }
  return all
}

/**
 * The rates of the actors that are in both snapshots, by id. Empty unless the
 * later one was taken later.
 *
 * @category combinators
 * @since 0.1.0
 */
export const rates = (before: Snapshot, after: Snapshot): ReadonlyMap<number, Rates> => {
  const seconds = (after.at - before.at) / 1000
  const all = new Map<number, Rates>()
  if (!(seconds > 0)) return all
  const earlier = new Map(flatten(before).map(({ id, mailbox }) => [id, mailbox]))
  for (const { id, mailbox } of flatten(after)) {
    const then = earlier.get(id)
    if (then === undefined) continue
    all.set(id, {
      accepted: (mailbox.accepted - then.accepted) / seconds,
      handled: (mailbox.handled - then.handled) / seconds,
      failed: (mailbox.failed - then.failed) / seconds,
      rejected: (mailbox.rejected - then.rejected) / seconds
    })
  }
  return all
}

/**
 * The tree as text, a line for each actor: its name, its status, how many
 * messages wait, how many it has handled, or handles a second where an earlier
 * snapshot is given, and its restarts.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = (self: Snapshot, options?: { readonly since?: Snapshot | undefined }): string => {
  const since = options?.since === undefined ? undefined : rates(options.since, self)
  const lines: Array<readonly [string, ActorSnapshot]> = []
  const open = self.actors.map((actor) => ({ actor, indent: "", stem: "" })).toReversed()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { actor, indent, stem } = next
    lines.push([`${stem}${printable(actor.name)}`, actor])
    const below = actor.children.map((child, index) => {
      const isLast = index === actor.children.length - 1
      return { actor: child, indent: `${indent}${isLast ? "  " : "│ "}`, stem: `${indent}${isLast ? "└ " : "├ "}` }
    })
    for (const next of below.toReversed()) open.push(next)
  }
  const width = lines.reduce((most, [name]) => Math.max(most, name.length), 0)
  return lines.map(([name, { id, mailbox, restarts, status }]) => {
    const rate = since?.get(id)
    const handled = rate === undefined ? `handled ${mailbox.handled}` : `${Math.round(rate.handled)}/s`
    const restarted = restarts === 0 ? "" : `  restarts ${restarts}`
    return `${name.padEnd(width)}  ${status.padEnd(10)}  waiting ${mailbox.size}  ${handled}${restarted}`
  }).join("\n")
}

/** A name is anybody's choice, and a terminal obeys control characters. */
const printable = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?").slice(0, 80)
