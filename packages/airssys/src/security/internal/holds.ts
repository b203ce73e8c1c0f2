import type * as CapabilityKind from "../CapabilityKind.ts"
import type { Decision, Denied } from "../Decision.ts"
import type { Principal } from "../Principal.ts"

/**
 * Something that goes on under a decision: an effect in flight or an open
 * handle. `end` is called at most once, when the decision would be another.
 */
export interface Hold {
  /** Who acts, and for whom: the authority of each counts. */
  readonly principals: ReadonlyArray<Principal>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  /** Whether it is a handle: what is in flight on one is stopped before the handle is closed. */
  readonly isOpen: boolean
  readonly end: (denied: Denied) => void
}

export interface Options {
  readonly check: (hold: Hold) => Decision
  /** When an allowed hold stops being allowed unless something changes; infinite if never. */
  readonly until: (hold: Hold) => number
  readonly now: () => number
  /** Calls back after so many milliseconds unless the returned function is called before. */
  readonly wake: (millis: number, then: () => void) => () => void
}

/** A clock may jump ahead while a timer runs: no nap is longer. */
const longestNap = 60_000

/**
 * What goes on at the moment. Each hold is decided again, by the same check as
 * everything else, after any change that may have narrowed its principal's
 * authority and when its time is over; what another grant still allows goes on.
 *
 * All of it is synchronous: a hold is either registered, and ended by the next
 * change, or it sees that change when it is added.
 */
export class Holds {
  private readonly options: Options
  private readonly byPrincipal = new Map<string, Set<Hold>>()
  private readonly expiring = new Map<Hold, number>()
  private alarm: { readonly time: number; readonly cancel: () => void } | undefined

  constructor(options: Options) {
    this.options = options
  }

  /** Registers, unless it is not allowed any more: then nothing is registered and the denial is returned. */
  add(hold: Hold): Denied | undefined {
    const decision = this.options.check(hold)
    if (decision._tag === "Denied") return decision
    for (const key of hold.principals.map(keyOf)) {
      const found = this.byPrincipal.get(key)
      if (found === undefined) this.byPrincipal.set(key, new Set([hold]))
      else found.add(hold)
    }
    this.schedule(hold)
    return undefined
  }

  remove(hold: Hold): void {
    for (const key of hold.principals.map(keyOf)) {
      const found = this.byPrincipal.get(key)
      if (found?.delete(hold) === true && found.size === 0) this.byPrincipal.delete(key)
    }
    if (this.expiring.delete(hold) && this.expiring.size === 0) this.silence()
  }

  /** Decides again what goes on for a principal. */
  review(principal: Principal): void {
    this.decideAgain([...this.byPrincipal.get(keyOf(principal)) ?? []])
  }

  reviewAll(): void {
    this.decideAgain([...new Set([...this.byPrincipal.values()].flatMap((holds) => [...holds]))])
  }

  private decideAgain(holds: ReadonlyArray<Hold>): void {
    const over: Array<readonly [hold: Hold, denied: Denied]> = []
    for (const hold of holds) {
      const decision = this.options.check(hold)
      if (decision._tag === "Allowed") this.schedule(hold)
      else {
        this.remove(hold)
        over.push([hold, decision])
      }
    }
    for (const [hold, denied] of over) if (!hold.isOpen) hold.end(denied)
    for (const [hold, denied] of over) if (hold.isOpen) hold.end(denied)
  }

  private schedule(hold: Hold): void {
    const until = this.options.until(hold)
    if (until === Number.POSITIVE_INFINITY) {
      if (this.expiring.delete(hold) && this.expiring.size === 0) this.silence()
      return
    }
    this.expiring.set(hold, until)
    this.wakeAt(until)
  }

  private wakeAt(until: number): void {
    const now = this.options.now()
    const time = Math.min(until, now + longestNap)
    if (this.alarm !== undefined && this.alarm.time <= time) return
    this.silence()
    this.alarm = { time, cancel: this.options.wake(Math.max(1, Math.ceil(time - now)), () => this.ring()) }
  }

  private ring(): void {
    this.alarm = undefined
    const now = this.options.now()
    this.decideAgain([...this.expiring].flatMap(([hold, until]) => until <= now ? [hold] : []))
    let next = Number.POSITIVE_INFINITY
    for (const until of this.expiring.values()) next = Math.min(next, until)
    if (next !== Number.POSITIVE_INFINITY) this.wakeAt(next)
  }

  private silence(): void {
    this.alarm?.cancel()
    this.alarm = undefined
  }
}

const keyOf = (principal: Principal): string => `${principal.kind}\n${principal.id}`
