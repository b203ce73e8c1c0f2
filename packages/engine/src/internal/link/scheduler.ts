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

/** Those who wait, the longest first. */
class Line {
  #waiting: Array<Waiting> = []
  #next = 0

  get isEmpty(): boolean {
    return this.#next === this.#waiting.length
  }

  add(one: Waiting): void {
    this.#waiting.push(one)
  }

  take(): Waiting | undefined {
    const one = this.#waiting[this.#next]
    if (one === undefined) return undefined
    this.#next++
    if (this.isEmpty || (this.#next > 64 && this.#next * 2 > this.#waiting.length)) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    return one
  }

  /** Those whose time is over, who are in the line no longer. */
  takeOver(): ReadonlyArray<Waiting> {
    const waiting = this.#waiting.slice(this.#next)
    const over = waiting.filter((one) => one.isOver())
    if (over.length > 0) {
      this.#waiting = waiting.filter((one) => !over.includes(one))
      this.#next = 0
    }
    return over
  }
}

/** Resumptions and time that guests get in one macrotask before others have their turn. */
const resumptions = 32
const millis = 1

/** Calls that begin before it is looked at how long they take: that needs a macrotask. */
const uncounted = 32

export class Scheduler {
  readonly clock: Clock
  /** Calls of the thread that have stacks of their own, and how many there may be. */
  calls = 0
  readonly mostCalls: number
  /** Calls that were suspended for computing too long since the last turn: others had better not start in this one. */
  #computing = 0
  readonly #guests = new Line()
  readonly #starts = new Line()
  #isPumping = false
  #wasStart = false
  #immediate = 0
  #since = 0
  /** Calls that have begun since a macrotask that was noticed, and since when, if they were many. */
  #begun = 0
  #beginning = Infinity

  constructor(clock: Clock, mostCalls: number) {
    this.clock = clock
    this.mostCalls = mostCalls
  }

  /**
   * Whether a call has to wait for a turn before it begins: guests have computed
   * for long in this macrotask, or calls have begun and ended in it one after the
   * other, which lets nobody else have a turn either.
   */
  isCrowded(now: number): boolean {
    if (this.#computing >= 2) return true
    if (this.#beginning !== Infinity) return now - this.#beginning > millis
    if (++this.#begun > uncounted) this.#begin(now)
    return false
  }

  #begin(now: number): void {
    this.#beginning = now
    this.clock.macrotask(() => {
      this.#begun = 0
      this.#beginning = Infinity
    })
  }

  /** Lets a guest that has computed for long go on in a later macrotask. */
  yields(isOver: () => boolean, go: () => void): void {
    this.#computing++
    this.#later(isOver, go)
  }

  /** Lets a call begin in a later macrotask. */
  starts(isOver: () => boolean, go: () => void): void {
    this.#starts.add({ isOver, go })
    this.#pump()
  }

  #later(isOver: () => boolean, go: () => void): void {
    this.#guests.add({ isOver, go })
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
    if (++this.#immediate > resumptions || now - this.#since > millis) return this.#later(isOver, go)
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
    this.#wasStart = !this.#starts.isEmpty && (this.#guests.isEmpty || !this.#wasStart)
    const one = this.#wasStart ? undefined : this.#guests.take()
    if (this.#wasStart) this.#beginCalls()
    if (!this.#guests.isEmpty || !this.#starts.isEmpty) this.#pump()
    one?.go()
  }

  /** Calls begin until these have had their time, those that they lead to included. */
  #beginCalls(): void {
    const now = this.clock.now()
    if (this.#beginning === Infinity) this.#begin(now)
    for (let one = this.#starts.take(); one !== undefined; one = this.#starts.take()) {
      one.go()
      if (this.#computing > 0 || this.clock.now() - now > millis) return
    }
  }

  /** Guests whose time is over are ended first; ending one takes next to no time. */
  #endFinished(): void {
    for (const one of [...this.#guests.takeOver(), ...this.#starts.takeOver()]) one.go()
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
      const timer = setTimeout(run, Math.min(Math.max(0, millis), 0x7fff_ffff))
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
