/**
 * What ends a call from outside: its deadline and its signal.
 *
 * A guest that computes is asked about them at each of its turns. A timer runs
 * only while something waits that has no turns: a call for those before it, a
 * guest for the host. Most calls never have one.
 */
import { Trap } from "../../Trap.ts"
import type { Clock } from "./scheduler.ts"

/** Milliseconds by which timers may be early. */
const early = 2

export class Bounds {
  /** Keeps the shape of bounds alive while no call has any, and with it the code that was compiled for it. */
  static readonly shape: Bounds = new Bounds(
    { now: () => 0, macrotask: () => {}, timer: () => () => {} },
    0,
    0,
    undefined
  )

  readonly #clock: Clock
  readonly #timeout: number | undefined
  readonly #signal: AbortSignal | undefined
  readonly #deadline: number
  #isLate = false
  #end: ((trap: Trap) => void) | undefined = undefined
  #unwatch: (() => void) | undefined = undefined

  constructor(clock: Clock, start: number, timeout: number | undefined, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#timeout = timeout
    this.#signal = signal
    this.#deadline = timeout === undefined ? Infinity : start + timeout
  }

  /** True where the call is over before it has begun. */
  get isOver(): boolean {
    return this.#timeout === 0 || this.#signal?.aborted === true
  }

  /** Why the call is over, if it is. */
  late(): Trap | undefined {
    if (this.#signal?.aborted === true) return new Trap("Cancelled", "the call was cancelled")
    return this.#isLate || this.#clock.now() >= this.#deadline
      ? new Trap("Deadline", `the call took longer than ${this.#timeout} ms`)
      : undefined
  }

  /** Calls this, and nothing that was given before, once the call is over. */
  watch(end: (trap: Trap) => void): void {
    const isWatching = this.#end !== undefined
    this.#end = end
    if (isWatching) return
    const check = () => {
      const trap = this.late()
      if (trap !== undefined) this.#end?.(trap)
    }
    this.#signal?.addEventListener("abort", check)
    let cancel: (() => void) | undefined
    const wait = () => {
      if (this.#deadline !== Infinity) cancel = this.#clock.timer(this.#deadline - this.#clock.now(), expire)
    }
    const expire = () => {
      this.#isLate = this.#clock.now() + early >= this.#deadline
      if (this.#isLate) check()
      else wait()
    }
    wait()
    this.#unwatch = () => {
      cancel?.()
      this.#signal?.removeEventListener("abort", check)
    }
  }

  /** Ends watching: the call is over. */
  clear(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#end = undefined
  }
}
