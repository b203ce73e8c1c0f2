import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Batch, Outcome, Range } from "../../security/KeyValue.ts"
import type { Admit, Damage, Draft, Entry, Holding, Snapshot, StorageStore } from "../StorageStore.ts"
import { compare, SortedKeys } from "./sortedKeys.ts"
import * as storageChange from "./storageChange.ts"

const snapshotSlice = 256

const holdingOf = ({ key, tenant, value }: Omit<Entry, "revision">): Holding => ({
  tenant,
  keys: 1,
  bytes: storageChange.sizeOf(key, value.length)
})

/** Entries that count what they hold. An entry is never changed, but replaced. */
class Entries {
  readonly all = new Map<string, Entry>()
  readonly holdings = new Map<string | undefined, Holding>()
  readonly #sorted = new SortedKeys()

  set(entry: Entry): void {
    const former = this.all.get(entry.key)
    if (former === undefined) this.#sorted.add(entry.key)
    else storageChange.add(this.holdings, holdingOf(former), -1)
    storageChange.add(this.holdings, holdingOf(entry))
    this.all.set(entry.key, entry)
  }

  delete(key: string): void {
    const former = this.all.get(key)
    if (former === undefined) return
    storageChange.add(this.holdings, holdingOf(former), -1)
    this.#sorted.remove(key)
    this.all.delete(key)
  }

  keys({ after, limit, within }: Range): ReadonlyArray<string> {
    const found: Array<string> = []
    if (within !== undefined && this.all.has(within) && (after === undefined || compare(after, within) < 0)) {
      found.push(within)
    }
    const below = within === undefined ? "" : `${within}/`
    const from = after === undefined || compare(after, below) < 0 ? below : after
    for (const key of this.#sorted.after(from)) {
      if (found.length === limit || !key.startsWith(below)) break
      found.push(key)
    }
    return found
  }

  get inOrder(): ReadonlyArray<Entry> {
    return Array.from(this.#sorted.after(undefined), (key) => this.all.get(key)!)
  }
}

interface Owner {
  entries: Entries
  /** Of the last change. */
  revision: number
}

const copied = (entry: Entry): Entry => ({ ...entry, value: entry.value.slice() })

class Memory {
  readonly owners = new Map<string, Owner>()

  of(owner: string): Owner {
    const found = this.owners.get(owner)
    if (found !== undefined) return found
    const made: Owner = { entries: new Entries(), revision: 0 }
    this.owners.set(owner, made)
    return made
  }

  entries(owner: string): Entries | undefined {
    return this.owners.get(owner)?.entries
  }

  commit<E>(owner: string, batch: Batch, tenant: string | undefined, admit: Admit<E>): Result.Result<Outcome, E> {
    const entries = this.entries(owner)
    for (const { key, revision } of batch.checks) {
      if (entries?.all.get(key)?.revision !== revision) return Result.succeed({ _tag: "Conflict", key })
    }
    const change = storageChange.make(batch, tenant, (key) => {
      const found = entries?.all.get(key)
      return found === undefined ? undefined : holdingOf(found)
    })
    return Result.map(admit(change), (room) => {
      const target = this.of(owner)
      const revision = ++target.revision
      for (const { key, value } of batch.writes) {
        if (value === undefined) target.entries.delete(key)
        else target.entries.set({ key, value, revision, tenant })
      }
      room.commit()
      return { _tag: "Committed", revision, existed: change.before.reduce((sum, { keys }) => sum + keys, 0) }
    })
  }

  snapshot(owner: string): Snapshot {
    const entries = this.entries(owner)?.inOrder ?? []
    let at = 0
    return {
      keys: entries.length,
      bytes: entries.reduce((sum, entry) => sum + holdingOf(entry).bytes, 0),
      next: Effect.sync(() => entries.slice(at, at += snapshotSlice).map(copied))
    }
  }

  draft(owner: string): Draft {
    const target = this.of(owner)
    const revision = ++target.revision
    const entries = new Entries()
    return {
      add: (added) =>
        Effect.sync(() => {
          for (const entry of added) entries.set({ ...entry, revision })
        }),
      publish: (admit) =>
        Effect.suspend(() =>
          Effect.fromResult(Result.map(
            admit({ before: [...target.entries.holdings.values()], after: [...entries.holdings.values()] }),
            (room) => {
              target.entries = entries
              room.commit()
            }
          ))
        )
    }
  }

  damages(): ReadonlyArray<Damage> {
    return Array.from(this.owners).flatMap(([owner, { entries }]) => {
      const counted = new Map<string | undefined, Holding>()
      for (const entry of entries.all.values()) storageChange.add(counted, holdingOf(entry))
      return Array.from(counted.values())
        .filter(({ bytes, tenant }) => entries.holdings.get(tenant)?.bytes !== bytes)
        .map(({ bytes }) => ({ owner, key: undefined, detail: `${bytes} bytes are held and others were counted` }))
    })
  }
}

export const make = (): StorageStore["Service"] => {
  const memory = new Memory()
  return {
    name: "memory",
    get: (owner, key) =>
      Effect.sync(() => Option.map(Option.fromUndefinedOr(memory.entries(owner)?.all.get(key)), copied)),
    exists: (owner, key) => Effect.sync(() => memory.entries(owner)?.all.has(key) === true),
    keys: (owner, range) => Effect.sync(() => memory.entries(owner)?.keys(range) ?? []),
    commit: (owner, batch, tenant, admit) =>
      Effect.suspend(() => Effect.fromResult(memory.commit(owner, batch, tenant, admit))),
    holdings: (owner) => Effect.sync(() => [...memory.entries(owner)?.holdings.values() ?? []]),
    owners: Effect.sync(() => [...memory.owners.keys()].sort(compare)),
    snapshot: (owner) => Effect.sync(() => memory.snapshot(owner)),
    draft: (owner) => Effect.sync(() => memory.draft(owner)),
    verify: Effect.sync(() => memory.damages())
  }
}
