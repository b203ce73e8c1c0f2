/**
 * Decides who goes on, and when: one suspended guest for each macrotask of the
 * thread, those first whose time is over.
 */

/** Time and turns of the thread. */
export interface Clock {
  /** Milliseconds from any start. */
  readonly now: () => number
  /** Runs something in a macrotask of its own. */
  readonly macrotask: (run: () => void) => void
  /** Runs something after some milliseconds; the result cancels that. */
  readonly timer: (millis: number, run: () => void) => () => void
}

interface Waiting {
  readonly isOver: () => boolean
  readonly go: () => void
}

/** Resumptions and time that guests get in one macrotask before others have their turn. */
const resumptions = 32
const millis = 1

export class Scheduler {
  readonly clock: Clock
  /** Calls of the thread that have stacks of their own, and how many there may be. */
  calls = 0
  /** Calls that were suspended for computing too long since the last turn: others had better not start in this one. */
  #computing = 0
  readonly mostCalls: number
  #waiting: Array<Waiting> = []
  #next = 0
  #isPumping = false
  #immediate = 0
  #since = 0

  constructor(clock: Clock, mostCalls: number) {
    this.clock = clock
    this.mostCalls = mostCalls
  }

  /** True where guests have already computed for long in this macrotask. */
  get isCrowded(): boolean {
    return this.#computing >= 2
  }

  /** Lets a guest that has computed for long go on in a later macrotask. */
  yields(isOver: () => boolean, go: () => void): void {
    this.#computing++
    this.later(isOver, go)
  }

  /** Lets a guest go on in a later macrotask. */
  later(isOver: () => boolean, go: () => void): void {
    this.#waiting.push({ isOver, go })
    this.#pump()
  }

  /** Lets a guest go on at once where there is time left in this macrotask, else later. */
  soon(isOver: () => boolean, go: () => void): void {
    const now = this.clock.now()
    if (this.#immediate === 0) {
      this.#since = now
      this.#immediate = 1
      this.clock.macrotask(() => {
        this.#immediate = 0
      })
      return go()
    }
    if (++this.#immediate > resumptions || now - this.#since > millis) return this.later(isOver, go)
    go()
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    this.clock.macrotask(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isPumping = false
    this.#computing = 0
    this.#endFinished()
    const one = this.#waiting[this.#next]
    if (one === undefined) return
    this.#next++
    if (this.#next > 64 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    if (this.#next < this.#waiting.length) this.#pump()
    one.go()
  }

  /** Guests whose time is over are ended first; ending one takes next to no time. */
  #endFinished(): void {
    const over: Array<Waiting> = []
    const rest: Array<Waiting> = []
    for (let i = this.#next; i < this.#waiting.length; i++) {
      const one = this.#waiting[i]
      if (one !== undefined) (one.isOver() ? over : rest).push(one)
    }
    if (over.length === 0) return
    this.#waiting = rest
    this.#next = 0
    for (const one of over) one.go()
  }
}

/** The clock of a thread, by what JavaScript itself has. */
export const threadClock = (): Clock => {
  const { performance, setImmediate } = globalThis as typeof globalThis & {
    readonly setImmediate?: (run: () => void) => void
  }
  return {
    now: () => performance.now(),
    macrotask: setImmediate === undefined ? macrotaskOfChannel() : (run) => setImmediate(run),
    timer: (millis, run) => {
      const timer = setTimeout(run, Math.min(millis, 0x7fff_ffff))
      return () => clearTimeout(timer)
    }
  }
}

const macrotaskOfChannel = (): Clock["macrotask"] => {
  const waiting: Array<() => void> = []
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener("message", () => waiting.shift()?.())
  port1.start()
  return (run) => {
    waiting.push(run)
    port2.postMessage(undefined)
  }
}
