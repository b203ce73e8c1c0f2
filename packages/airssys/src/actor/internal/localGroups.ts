import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { ActorStopped } from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import type { Change, Group } from "../Groups.ts"
import type * as Protocol from "../Protocol.ts"
import { cellOf } from "./cell.ts"

type Ref = ActorRef<never>

interface Membership {
  times: number
  /** Takes it out of what its actor does at its end. */
  readonly forget: () => void
}

/** The members of one group, and who wants to know. It is dropped when it has neither. */
interface Entry {
  readonly name: string
  readonly members: Map<Ref, Membership>
  readonly monitors: Set<Monitor>
}

/** One subscriber: the members it knows of, and what wakes it. */
class Monitor {
  private known: ReadonlyArray<Ref> | undefined
  private isStale = true
  private isOver = false
  private wake: (() => void) | undefined
  private readonly entry: Entry
  readonly close: () => void

  constructor(entry: Entry, close: (monitor: Monitor) => void) {
    this.entry = entry
    this.close = () => close(this)
  }

  changed(): void {
    this.isStale = true
    this.wake?.()
  }

  end(): void {
    this.isOver = true
    this.wake?.()
  }

  /** The next change, which may take a while. */
  get take(): Effect.Effect<Change<never>, Cause.Done> {
    return Effect.callback((resume) => {
      const take = (): void => {
        if (this.isOver) return resume(Cause.done())
        const change = this.poll()
        if (change === undefined) return
        this.wake = undefined
        resume(Effect.succeed(change))
      }
      this.wake = take
      take()
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
  }

  private poll(): Change<never> | undefined {
    if (!this.isStale) return undefined
    this.isStale = false
    const isFirst = this.known === undefined
    const before = this.known ?? []
    const members = membersOf(this.entry)
    this.known = members
    const joined = without(members, before)
    const left = without(before, members)
    return isFirst || joined.length + left.length > 0 ? { joined, left, members } : undefined
  }
}

export class LocalGroups {
  private readonly spaces = new WeakMap<Protocol.Any, Map<string, Entry>>()
  private readonly entries = new Set<Entry>()
  private isClosed = false

  join<M>(group: Group<M>, ref: ActorRef<M>): Effect.Effect<void, ActorStopped> {
    return Effect.suspend(() => {
      if (this.isClosed) return Effect.fail(new ActorStopped({ actor: "The registry of groups" }))
      const cell = cellOf(ref)
      if (cell.isEnded) return Effect.fail(new ActorStopped({ actor: ref.name }))
      const entry = this.open(group)
      const membership = entry.members.get(ref)
      if (membership === undefined) {
        const forget = cell.onEnd(() => this.remove(group, entry, ref))
        entry.members.set(ref, { times: 1, forget })
      } else membership.times++
      announce(entry)
      return Effect.void
    })
  }

  leave<M>(group: Group<M>, ref: ActorRef<M>): boolean {
    const entry = this.find(group)
    const membership = entry?.members.get(ref)
    if (entry === undefined || membership === undefined) return false
    if (--membership.times > 0) announce(entry)
    else this.remove(group, entry, ref)
    return true
  }

  private remove<M>(group: Group<M>, entry: Entry, ref: Ref): void {
    entry.members.get(ref)?.forget()
    entry.members.delete(ref)
    announce(entry)
    this.settle(group, entry)
  }

  members<M>(group: Group<M>): ReadonlyArray<ActorRef<M>> {
    const entry = this.find(group)
    return entry === undefined ? [] : membersOf(entry) as ReadonlyArray<ActorRef<M>>
  }

  names(protocol: Protocol.Any): ReadonlyArray<string> {
    const entries = this.spaces.get(protocol)?.values() ?? []
    return [...entries].filter(({ members }) => members.size > 0).map(({ name }) => name)
  }

  monitor<M>(group: Group<M>): { readonly take: Effect.Effect<Change<M>, Cause.Done>; readonly close: () => void } {
    const entry = this.open(group)
    const monitor = new Monitor(entry, (closed) => {
      entry.monitors.delete(closed)
      this.settle(group, entry)
    })
    if (this.isClosed) monitor.end()
    else entry.monitors.add(monitor)
    return monitor as unknown as ReturnType<typeof this.monitor<M>>
  }

  /** Leaves nothing behind with members that live on, and nobody waiting. */
  close(): void {
    this.isClosed = true
    for (const { members, monitors } of this.entries) {
      for (const monitor of monitors) monitor.end()
      for (const { forget } of members.values()) forget()
      members.clear()
    }
  }

  private find<M>({ name, protocol }: Group<M>): Entry | undefined {
    return this.spaces.get(protocol)?.get(name)
  }

  private open<M>(group: Group<M>): Entry {
    const { name, protocol } = group
    let space = this.spaces.get(protocol)
    if (space === undefined) this.spaces.set(protocol, space = new Map())
    let entry = space.get(name)
    if (entry === undefined) {
      entry = { name, members: new Map(), monitors: new Set() }
      space.set(name, entry)
      this.entries.add(entry)
    }
    return entry
  }

  private settle<M>(group: Group<M>, entry: Entry): void {
    if (entry.members.size > 0 || entry.monitors.size > 0) return
    const space = this.spaces.get(group.protocol)
    if (space?.get(entry.name) !== entry) return
    space.delete(entry.name)
    this.entries.delete(entry)
  }
}

const announce = ({ monitors }: Entry): void => {
  for (const monitor of monitors) monitor.changed()
}

const membersOf = ({ members }: Entry): ReadonlyArray<Ref> =>
  [...members].flatMap(([ref, { times }]) => Array.from({ length: times }, () => ref))

/** Those of `all` that are not in `others`; each of several counts. */
const without = (all: ReadonlyArray<Ref>, others: ReadonlyArray<Ref>): ReadonlyArray<Ref> => {
  const left = new Map<Ref, number>()
  for (const ref of others) left.set(ref, (left.get(ref) ?? 0) + 1)
  return all.filter((ref) => {
    const times = left.get(ref) ?? 0
    if (times > 0) left.set(ref, times - 1)
    return times === 0
  })
}
