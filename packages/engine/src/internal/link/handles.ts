/**
 * Handles of guests, and what the host has in their place.
 *
 * Specification: Component Model, CanonicalABI.md, "Resource State", "lifting
 * and lowering" of own and borrow.
 */
import type { Store } from "./store.ts"

/**
 * What a handle stands for. Of a resource that a component defines, `rep` is
 * its number; of one of the host's, the object that the host gave.
 */
export interface Entry {
  readonly resource: number
  readonly rep: unknown
  readonly own: boolean
  lends: number
}

/** The handles of one component instance. 0 is none; a freed index is used again first. */
export class HandleTable {
  readonly component: number
  readonly #limit: number
  #entries: Array<Entry | undefined> = [undefined]
  #free: Array<number> = []
  /** Borrowed handles that the running call has not dropped. */
  borrows = 0

  constructor(component: number, limit: number) {
    this.component = component
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.length - this.#free.length - 1
  }

  add(store: Store, resource: number, rep: unknown, own: boolean): number {
    const entry: Entry = { resource, rep, own, lends: 0 }
    const free = this.#free.pop()
    if (free !== undefined) {
      this.#entries[free] = entry
      return free
    }
    if (this.#entries.length > this.#limit) return store.stop("InvalidValue", `more than ${this.#limit} handles`)
    return this.#entries.push(entry) - 1
  }

  get(store: Store, index: number, resource: number): Entry {
    const entry = this.#entries[index]
    return entry === undefined || entry.resource !== resource
      ? store.stop("InvalidValue", `handle ${index} is none of this resource`)
      : entry
  }

  /**
   * Forgets all: of an instance that is gone, whoever still holds it. V8 keeps
   * the room of a long array that is made short, and does not count it.
   */
  clear(): void {
    this.#entries = [undefined]
    this.#free = []
  }

  /** Forgets a handle that the guest has never seen. */
  withdraw(index: number): Entry | undefined {
    const entry = this.#entries[index]
    if (entry === undefined) return undefined
    this.#entries[index] = undefined
    this.#free.push(index)
    if (!entry.own) this.borrows--
    return entry
  }

  remove(store: Store, index: number, resource: number): Entry {
    const entry = this.get(store, index, resource)
    if (entry.lends !== 0) return store.stop("InvalidValue", `handle ${index} is lent`)
    this.#entries[index] = undefined
    this.#free.push(index)
    return entry
  }
}

/**
 * A resource of a guest in the hands of the host. It prints nothing, and
 * compares by reference.
 */
export class GuestResource {
  #state: "own" | "borrow" | "gone"
  readonly #store: Store
  readonly #resource: number
  readonly #rep: unknown
  #lends = 0

  constructor(store: Store, resource: number, rep: unknown, own: boolean) {
    this.#store = store
    this.#resource = resource
    this.#rep = rep
    this.#state = own ? "own" : "borrow"
  }

  static belongs(value: unknown, store: Store, resource: number): value is GuestResource {
    return typeof value === "object" && value !== null && #store in value && value.#store === store &&
      value.#resource === resource &&
      value.#state !== "gone"
  }

  /** The number behind it, which the host then no longer has; undefined where it is lent or not owned. */
  static take(resource: GuestResource): unknown {
    if (resource.#state !== "own" || resource.#lends !== 0) return undefined
    resource.#state = "gone"
    return resource.#rep
  }

  static lend(resource: GuestResource): unknown {
    resource.#lends++
    return resource.#rep
  }

  static release(resource: GuestResource): void {
    resource.#lends--
  }

  static restore(resource: GuestResource): void {
    resource.#state = "own"
  }

  static expire(resource: GuestResource): void {
    resource.#state = "gone"
  }

  static is(value: unknown): value is GuestResource {
    return typeof value === "object" && value !== null && #store in value
  }

  static of(resource: GuestResource): { readonly store: Store; readonly resource: number } {
    return { store: resource.#store, resource: resource.#resource }
  }
}

/** What was lent for the time of one call, and how it is given back. */
export type Lent = Array<Entry | GuestResource>

export const returnLent = (lent: Lent): void => {
  for (const one of lent) {
    if (GuestResource.is(one)) GuestResource.expire(one)
    else one.lends--
  }
}

export const liftOwn = (S: Store, table: HandleTable, index: number, resource: number): unknown => {
  const entry = table.remove(S, index, resource)
  return entry.own ? entry.rep : S.stop("InvalidValue", `handle ${index} is borrowed`)
}

export const liftBorrow = (S: Store, table: HandleTable, index: number, resource: number): unknown => {
  const entry = table.get(S, index, resource)
  entry.lends++
  S.lent.push(entry)
  return entry.rep
}

export const liftOwnToHost = (S: Store, table: HandleTable, index: number, resource: number): unknown => {
  const rep = liftOwn(S, table, index, resource)
  return S.isGuestResource(resource) ? new GuestResource(S, resource, rep, true) : rep
}

export const liftBorrowToHost = (S: Store, table: HandleTable, index: number, resource: number): unknown => {
  const rep = liftBorrow(S, table, index, resource)
  if (!S.isGuestResource(resource)) return rep
  const handle = new GuestResource(S, resource, rep, false)
  S.lent.push(handle)
  return handle
}

export const lowerOwn = (S: Store, table: HandleTable, rep: unknown, resource: number): number =>
  table.add(S, resource, rep, true)

export const lowerBorrow = (S: Store, table: HandleTable, rep: unknown, resource: number): number => {
  if (S.definesResource(table.component, resource)) return typeof rep === "number" ? rep : 0
  table.borrows++
  return table.add(S, resource, rep, false)
}

const isObject = (value: unknown): boolean =>
  (typeof value === "object" && value !== null) || typeof value === "function"

export const lowerOwnOfHost = (S: Store, table: HandleTable, value: unknown, resource: number): number => {
  if (!S.isGuestResource(resource)) {
    if (!isObject(value)) throw S.miss
    return given(S, table, table.add(S, resource, value, true), value)
  }
  if (!GuestResource.belongs(value, S, resource)) throw S.miss
  const rep = GuestResource.take(value)
  if (rep === undefined) throw S.miss
  return given(S, table, table.add(S, resource, rep, true), value)
}

/** Notes a handle that is withdrawn if a later argument is refused. */
const given = (S: Store, table: HandleTable, index: number, value: unknown): number => {
  if (S.isEntering) S.given.push({ table, index, value })
  return index
}

export const lowerBorrowOfHost = (S: Store, table: HandleTable, value: unknown, resource: number): number => {
  if (!S.isGuestResource(resource)) {
    if (!isObject(value)) throw S.miss
    return given(S, table, lowerBorrow(S, table, value, resource), value)
  }
  if (!GuestResource.belongs(value, S, resource)) throw S.miss
  S.borrowed.push(value)
  const index = lowerBorrow(S, table, GuestResource.lend(value), resource)
  return S.definesResource(table.component, resource) ? index : given(S, table, index, value)
}

export const newHandle = (S: Store, table: HandleTable, rep: number, resource: number): number =>
  table.add(S, resource, rep, true)

/** What an owned handle stood for, or undefined for a borrowed one. */
export const dropHandle = (S: Store, table: HandleTable, index: number, resource: number): unknown => {
  const entry = table.remove(S, index, resource)
  if (entry.own) return entry.rep
  table.borrows--
  return undefined
}

export const repOf = (S: Store, table: HandleTable, index: number, resource: number): unknown =>
  table.get(S, index, resource).rep

export const endBorrows = (S: Store, table: HandleTable, before: number): void => {
  if (table.borrows !== before) S.stop("InvalidValue", "a call ended with borrowed handles that were not dropped")
}
