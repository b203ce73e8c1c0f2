// A request fails with its own error type: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { NodeInspectSymbol } from "effect/Inspectable"
import type * as Random from "effect/Random"
import { ActorStopped, type AskError, type OfferError } from "../ActorError.ts"
import type { ActorRef, AskOptions, SendOptions, Status } from "../ActorRef.ts"
import type * as Protocol from "../Protocol.ts"
import type { Ask } from "./ask.ts"
import { type Cell, cellOf } from "./cell.ts"
import { closed, running } from "./flags.ts"
import { type Asker, type Delivery, deliveryOf, type From, type Refusal, type Settle, type Target } from "./target.ts"

type Routing =
  | { readonly _tag: "RoundRobin" }
  | { readonly _tag: "Random" }
  | { readonly _tag: "LeastLoaded" }
  | { readonly _tag: "ConsistentHash"; readonly key: (message: never) => string | number }

export interface Member {
  readonly place: number
  readonly cell: Cell
}

/** The members of a pool by place, and the choice among them. */
export class Members {
  /** In the order of their places. */
  readonly all: Array<Member> = []
  private next = 0
  private readonly routing: Routing
  private readonly random: Random.Random

  constructor(routing: Routing, random: Random.Random) {
    this.routing = routing
    this.random = random
  }

  /** Takes the place of a member of an earlier start; leaves with its end. */
  add(place: number, ref: ActorRef<never>): void {
    const member = { place, cell: cellOf(ref) }
    const at = this.indexOf(place)
    this.all.splice(at, this.all[at]?.place === place ? 1 : 0, member)
    member.cell.onEnd(() => this.remove(member))
  }

  private remove(member: Member): void {
    const at = this.indexOf(member.place)
    if (this.all[at] === member) this.all.splice(at, 1)
  }

  /** Where the member at a place is, or would be. */
  private indexOf(place: number): number {
    const { all } = this
    let from = 0
    let to = all.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (all[middle]!.place < place) from = middle + 1
      else to = middle
    }
    return from
  }

  /** The lowest places that nobody has. */
  freePlaces(count: number): ReadonlyArray<number> {
    const free: Array<number> = []
    let at = 0
    for (let place = 0; free.length < count; place++) {
      if (this.all[at]?.place === place) at++
      else free.push(place)
    }
    return free
  }

  pick(message: unknown): Cell | undefined {
    const { all, routing } = this
    switch (routing._tag) {
      case "RoundRobin":
        return this.runningFrom(this.next++)
      case "Random":
        return this.runningFrom(Math.floor(this.random.nextDoubleUnsafe() * all.length))
      case "LeastLoaded":
        return this.leastFrom(this.next++)
      case "ConsistentHash":
        return this.highest(hash(routing.key(message as never)))
    }
  }

  /** The next that runs from a place on, else the next that takes messages. */
  private runningFrom(from: number): Cell | undefined {
    const { all } = this
    let open: Cell | undefined
    for (let i = 0; i < all.length; i++) {
      const { cell } = all[(from + i) % all.length]!
      if (!isOpen(cell)) continue
      if (cell.status() === "Running") return cell
      open ??= cell
    }
    return open
  }

  private leastFrom(from: number): Cell | undefined {
    const { all } = this
    let least: Cell | undefined
    let leastLoad = Infinity
    for (let i = 0; i < all.length; i++) {
      const { cell } = all[(from + i) % all.length]!
      if (!isOpen(cell)) continue
      // One that does not run comes after all that do.
      const load = cell.size + ((cell.flags & running) === 0 ? 0 : 1) + (cell.status() === "Running" ? 0 : 2 ** 32)
      if (load >= leastLoad) continue
      least = cell
      leastLoad = load
    }
    return least
  }

  /** Rendezvous hashing: each member bids for each key, by the two alone. */
  private highest(key: number): Cell | undefined {
    let best: Cell | undefined
    let bestBid = -1
    for (const { cell, place } of this.all) {
      if (!isOpen(cell)) continue
      const bid = mix(key ^ mix(place + 1))
      if (bid <= bestBid) continue
      best = cell
      bestBid = bid
    }
    return best
  }
}

/** Whether it still takes messages. */
export const isOpen = (cell: Cell): boolean => (cell.flags & closed) === 0

/** FNV-1a over UTF-16 units. */
const hash = (key: string | number): number => {
  const text = `${key}`
  let result = 0x811c9dc5
  for (let i = 0; i < text.length; i++) result = Math.imul(result ^ text.charCodeAt(i), 0x01000193)
  return result
}

/** The last steps of MurmurHash3, which spread every bit over all. */
const mix = (value: number): number => {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** The ref of a pool. Its life and its name are those of the members' supervisor, its `anchor`. */
export class PoolRef implements ActorRef<unknown>, Target {
  declare readonly "~airssys/actor/ActorRef": "~airssys/actor/ActorRef"
  readonly anchor: Cell
  private readonly members: Members

  constructor(anchor: Cell, members: Members) {
    this.anchor = anchor
    this.members = members
  }

  get id(): number {
    return this.anchor.id
  }

  get name(): string {
    return this.anchor.name
  }

  status(): Status {
    return this.anchor.status()
  }

  tell(message: unknown, options?: SendOptions): void {
    this.send(message, undefined, deliveryOf(options))
  }

  offer(message: unknown, options?: SendOptions): Effect.Effect<void, OfferError> {
    return Effect.suspend(() => {
      const member = this.members.pick(message)
      return member === undefined ? this.refuse(message, undefined) : member.offer(message, options)
    })
  }

  ask<Reply, Error>(
    request: Protocol.Request<Reply, Error>,
    options?: AskOptions
  ): Effect.Effect<Reply, Error | AskError> {
    return this.askAs(undefined, request, options)
  }

  askAs<Reply, Error>(
    sender: ActorRef<never> | undefined,
    request: Protocol.Request<Reply, Error>,
    options: AskOptions | undefined
  ): Effect.Effect<Reply, Error | AskError> {
    return Effect.suspend((): Effect.Effect<Reply, Error | AskError> => {
      const member = this.members.pick(request)
      return member === undefined ? this.refuse(request, sender) : member.askAs(sender, request, options)
    })
  }

  askSettling<B, E>(fiber: Fiber.Fiber<unknown, unknown>, request: object, settle: Settle<B, E>): Effect.Effect<B, E> {
    const member = this.members.pick(request)
    return member === undefined ? settle(this.refuse(request, undefined)) : member.askSettling(fiber, request, settle)
  }

  askFor(request: object, asker: Asker): () => void {
    const member = this.members.pick(request)
    if (member !== undefined) return member.askFor(request, asker)
    asker.onExit(this.refuse(request, undefined))
    return () => {}
  }

  send(message: unknown, from: From, delivery?: Delivery): Refusal | undefined {
    const member = this.members.pick(message)
    return member === undefined ? this.reject(message, from) : member.send(message, from, delivery)
  }

  private refuse(message: unknown, from: From): Exit.Exit<never, ActorStopped> {
    this.reject(message, from)
    return Exit.fail(new ActorStopped({ actor: this.name }))
  }

  private reject(message: unknown, from: From): Refusal {
    const { system, turns } = this.anchor
    turns.offered++
    turns.rejected++
    system.deadLetter(this, message, from, "ActorStopped")
    return "ActorStopped"
  }

  refusal(reason: Refusal, message: unknown): OfferError {
    const [member] = this.members.all
    return member === undefined ? new ActorStopped({ actor: this.name }) : member.cell.refusal(reason, message)
  }

  withdraw(request: object, ask: Ask): void {
    for (const { cell } of this.members.all) cell.withdraw(request, ask)
  }

  /** A pool has one life: its members' restarts are theirs. */
  onLifeEnd(cleanup: () => void): () => void {
    return this.anchor.onEnd(cleanup)
  }

  toJSON(): unknown {
    return { _id: "ActorRef", id: this.id, name: this.name }
  }

  toString(): string {
    return `ActorRef(${this.name})`
  }

  [NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

/** The pools by their anchors, under whose names they are found. */
export const pools = new WeakMap<Cell, { readonly ref: PoolRef; readonly protocol: Protocol.Any | undefined }>()

Object.assign(PoolRef.prototype, { "~airssys/actor/ActorRef": "~airssys/actor/ActorRef" })
