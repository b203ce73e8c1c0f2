/**
 * The state of one instance of a component: what its generated code, its
 * metered modules and its callers share.
 *
 * Fuel: `fuel` is what the running call may use. Core instances have been
 * `granted` slices of it, imports have been `charged`; what a core instance has
 * left of its slice is in its own counter. Outside of a call all counters are 0,
 * except that of the core instance that was entered last.
 */
import { HostTrap, Trap } from "../../Trap.ts"
import type { TrapCategory } from "../../Trap.ts"
import type { Bounds } from "./bounds.ts"
import type { Bridge } from "./bridge.ts"
import type { Resource } from "./expansion.ts"
import type { HandleTable, Lent } from "./handles.ts"
import { GuestResource, returnLent } from "./handles.ts"
import type { Scheduler } from "./scheduler.ts"
import { classify, classifyFull } from "./traps.ts"

/** What one instance may use; see `Engine.Limits`. */
export interface StoreLimits {
  readonly memory: number
  readonly tableElements: number
  readonly handles: number
  readonly lift: number
  readonly stack: number
}

/** A metered core instance. */
export interface Metered {
  readonly setFuel: (slice: number) => void
  readonly fuel: () => number
}

/** Fuel that a core instance gets at once: it runs for a millisecond or less. */
export const slice = 1_000_000

/**
 * Fuel, and milliseconds, of one turn of a call that can be suspended: short
 * against what others wait for, and long against what a turn itself costs.
 */
const turn = 200_000
const turnMillis = 0.2

/** Fuel charged for imports between two looks at the clock: a host may take longer for one than it is charged. */
const look = 16_000

/** Fuel that a call which can be suspended gets before its first turn, so that many may start in one macrotask. */
const firstSlice = 100_000

/**
 * Fuel, between two turns of a call that can be suspended, for what cannot:
 * realloc, post-return, destructors and calls from component to component, which
 * all have frames of the host below them.
 */
const allowance = 3_000_000

/** Fuel of a call from component to component, besides what is copied. */
const crossFuel = 100

/** Calls between components, and destructors, inside each other: each has frames of the host that no counter sees. */
const maxDepth = 64

/** Fuel of giving a resource back to the host. */
const dropFuel = 100

/** Fuel that a guest gets at once while it cannot be suspended: what it leaves is lost to that allowance. */
const asideSlice = 5_000

/** Fuel that a core instance gets that the host did not enter itself. */
const innerSlice = 20_000

/** Nobody waits for the value: as a promise that is rejected it would end the process. */
const ignore = (value: unknown): void => {
  if (value instanceof Promise) value.catch(() => undefined)
}

export type State = "idle" | "running" | "suspended" | "poisoned" | "disposed"

export class Store {
  readonly id: number
  readonly limits: StoreLimits
  readonly bridge: Bridge
  readonly scheduler: Scheduler
  readonly resources: ReadonlyArray<Resource>
  readonly tables: ReadonlyArray<HandleTable>
  readonly memories: Array<{ readonly buffer: ArrayBufferLike }> = []
  readonly #buffers: Array<ArrayBufferLike> = []
  readonly wasmTables: Array<{ readonly length: number }> = []
  readonly cores: Array<Metered> = []
  readonly miss: symbol
  readonly dropped: (resource: number, value: unknown) => unknown

  state: State = "idle"
  failure: Trap | undefined = undefined
  /** True while the guest runs where it can neither leave nor be suspended. */
  aside = false
  /** Calls between components that are under way: they have frames of the host between those of guests. */
  depth = 0
  isSuspending = false
  /** Code units or bytes of what was last lowered. */
  length = 0
  /** Whether a memory was refused to grow. */
  isFull = false
  liftLeft = 0
  moved = 0
  lent: Lent = []
  /** True while the arguments of a call of the host are lowered; what has been given is then kept in `given`. */
  isEntering = false
  readonly given: Array<{
    readonly table: HandleTable
    readonly index: number
    readonly value: unknown
  }> = []
  /** What the host lent to the running call. */
  borrowed: Array<GuestResource> = []

  fuel = 0
  charged = 0
  granted = 0
  #entered = 0
  #touched: Array<number> = []
  #sinceYield = 0
  /** Charged for imports since the guest last yielded, and what is to be charged when the clock is looked at. */
  #imports = 0
  #look = look
  /** When the turn began, by the first look; 0 before. */
  #since = 0
  #allowance = 0
  /** Ends what waits for the host, with the error of a trap. */
  #reject: ((error: unknown) => void) | undefined = undefined
  /** Called once nothing of the guest can run any more, where the instance was given up before. */
  released: (() => void) | undefined = undefined
  /** What ends the running call from outside. */
  bounds: Bounds | undefined = undefined

  constructor(
    options: Pick<Store, "id" | "limits" | "bridge" | "scheduler" | "resources" | "tables" | "miss" | "dropped">
  ) {
    this.id = options.id
    this.limits = options.limits
    this.bridge = options.bridge
    this.scheduler = options.scheduler
    this.resources = options.resources
    this.tables = options.tables
    this.miss = options.miss
    this.dropped = options.dropped
  }

  isGuestResource(resource: number): boolean {
    return this.resources[resource]?.from === "guest"
  }

  definesResource(component: number, resource: number): boolean {
    const one = this.resources[resource]
    return one?.from === "guest" && one.component === component
  }

  isPromise(value: unknown): value is Promise<unknown> {
    return value instanceof Promise
  }

  /** True from the start of a call to its end. */
  get isBusy(): boolean {
    return this.state === "running" || this.state === "suspended"
  }

  /**
   * Bytes of all memories. Asking a memory for its buffer is dear, asking a buffer
   * for its length is not: it is 0 once the memory has grown.
   */
  get memory(): number {
    const { memories } = this
    const buffers = this.#buffers
    let bytes = 0
    for (let i = 0; i < memories.length; i++) {
      bytes += buffers[i]?.byteLength || (buffers[i] = memories[i]!.buffer).byteLength
    }
    return bytes
  }

  /** Begins a call that enters this core instance first. */
  enter(core: number, fuel: number, isSuspending: boolean): void {
    this.state = "running"
    this.isSuspending = isSuspending
    this.liftLeft = this.limits.lift
    this.fuel = fuel
    this.charged = 0
    this.moved = 0
    this.#allowance = allowance
    this.#sinceYield = isSuspending ? turn : 0
    this.#beginTurn()
    if (core !== this.#entered) {
      this.cores[this.#entered]?.setFuel(0)
      this.#entered = core
    }
    const most = isSuspending ? firstSlice : slice
    const first = core < 0 ? 0 : fuel <= most ? fuel - (fuel >>> 3) : most
    this.granted = first
    this.cores[core]?.setFuel(first)
  }

  /** Ends a call that went well; the fuel that it took. */
  leave(): number {
    if (this.failure !== undefined) throw this.failure
    this.state = "idle"
    if (this.borrowed.length > 0) this.#release()
    let left = this.cores[this.#entered]?.fuel() ?? 0
    if (this.#touched.length > 0) left += this.#collect()
    return this.granted - left + this.charged
  }

  /** All arguments have their types: the guest keeps what they give. What it is given from here on is not noted. */
  entered(): void {
    this.isEntering = false
    this.given.length = 0
  }

  /** Takes back what arguments have given to the guest, where one of them turned out to have another type. */
  undo(): void {
    this.aside = false
    const given = this.given.toReversed()
    this.entered()
    for (const { index, table, value } of given) {
      const entry = table.withdraw(index)
      if (entry?.own === true && GuestResource.is(value)) GuestResource.restore(value)
    }
  }

  #release(): void {
    for (const resource of this.borrowed) GuestResource.release(resource)
    this.borrowed.length = 0
  }

  /** The fuel that the call has taken so far. */
  used(): number {
    let left = 0
    for (const core of this.cores) left += Math.max(0, core.fuel())
    return Math.min(this.fuel, Math.max(0, this.granted - left) + this.charged)
  }

  #collect(): number {
    let left = 0
    for (const core of this.#touched) {
      left += this.cores[core]?.fuel() ?? 0
      this.cores[core]?.setFuel(0)
    }
    this.#touched.length = 0
    return left
  }

  /** Takes fuel for something that the host does; a guest that has not got it is stopped. */
  charge(fuel: number): void {
    const cost = fuel + (this.moved >>> 1)
    this.charged += cost
    this.moved = 0
    if (this.isSuspending && (this.#imports += cost) >= this.#look) this.#lookAtTime()
    if (this.isSuspending && this.depth > 0 && !this.#advance(cost)) this.bridge.trap()
    if (this.charged + this.granted > this.fuel && !this.#takeBack(0, -1)) {
      this.stop("OutOfFuel", "the fuel of the call is used up")
    }
  }

  /** Takes of what a guest may use without a pause where none can be made; false, and a failure, where it is used up. */
  #advance(fuel: number): boolean {
    this.#allowance -= fuel
    if (this.#allowance >= 0) return true
    this.fails("OutOfFuel", "what cannot be suspended took more fuel than a guest may without a pause")
    return false
  }

  #beginTurn(): void {
    this.#imports = 0
    this.#look = look
    this.#since = 0
  }

  /** Ends the turn of a guest that the host has worked for long enough. */
  #lookAtTime(): void {
    const now = this.scheduler.clock.now()
    this.#since ||= now
    if (this.#imports >= turn || now - this.#since >= turnMillis) return this.#endSlice()
    this.#look = this.#imports + look
  }

  /** Lets the guest yield at its next check. */
  #endSlice(): void {
    this.#beginTurn()
    this.#sinceYield = turn
    for (const core of this.cores) {
      const left = core.fuel()
      if (left <= 0) continue
      core.setFuel(0)
      this.granted -= left
    }
  }

  /** Takes slices back until this much fuel is free again. */
  #takeBack(need: number, but: number): boolean {
    for (const core of [this.#entered, ...this.#touched]) {
      if (core === but) continue
      const metered = this.cores[core]
      const left = metered?.fuel() ?? 0
      if (left <= 0) continue
      const wanted = need - (this.fuel - this.granted - this.charged)
      const taken = Math.min(left, Math.max(0, wanted))
      metered?.setFuel(left - taken)
      this.granted -= taken
    }
    return this.fuel - this.granted - this.charged >= need
  }

  /** Answers a core instance whose slice is used up; see `Requests.refill`. */
  refill(core: number, need: number): number {
    if (this.failure !== undefined) return -1
    if (this.isSuspending) {
      if (this.aside || this.depth > 0) {
        if (!this.#advance(need)) return -1
      } else if (this.#sinceYield >= turn) return 0
    }
    return this.#grant(core, need)
  }

  #grant(core: number, need: number): number {
    if (core !== this.#entered && !this.#touched.includes(core)) this.#touched.push(core)
    let free = this.fuel - this.granted - this.charged
    if (free < need) {
      if (!this.#takeBack(need, core)) return this.fails("OutOfFuel", "the fuel of the call is used up")
      free = this.fuel - this.granted - this.charged
    }
    const isInner = this.isSuspending && (this.aside || this.depth > 0)
    // A guest that is to yield gets what realloc needs and no more: it would go on with the rest.
    const aside = this.aside && this.#sinceYield >= turn ? 0 : asideSlice
    const wanted = isInner ? aside : core !== this.#entered ? innerSlice : this.isSuspending ? turn : slice
    const grant = Math.min(free, Math.max(need, wanted))
    if (isInner) this.#allowance -= grant - need
    this.granted += grant
    this.#sinceYield += grant
    return grant
  }

  /** Lets the guest go on once its turn has come; see `Requests.resume`. */
  resume(core: number, need: number): Promise<number> {
    this.state = "suspended"
    return new Promise((resolve) => {
      this.scheduler.yields(() => this.isOver(), () => {
        this.#sinceYield = 0
        this.#beginTurn()
        this.#allowance = allowance
        this.state = "running"
        resolve(this.isOver() ? -1 : this.#grant(core, need))
      })
    })
  }

  /** True once the call is to end: nothing of the guest runs afterwards. */
  isOver(): boolean {
    this.failure ??= this.bounds?.late()
    return this.failure !== undefined
  }

  grow(kind: number, amount: number): number {
    if (kind === 0) {
      if (this.memory + (amount >>> 0) * 65_536 <= this.limits.memory) return 1
      this.isFull = true
      return 0
    }
    if (kind === 1) {
      let elements = amount >>> 0
      for (const table of this.wasmTables) elements += table.length
      return elements <= this.limits.tableElements ? 1 : 0
    }
    return this.fails("StackOverflow", "trap: the stack of the guest is used up")
  }

  /** Begins a call from component to component: what it copies is paid for, and how deep it goes is bounded. */
  cross(): void {
    if (++this.depth > maxDepth) this.stop("StackOverflow", `more than ${maxDepth} components call each other`)
    this.charge(crossFuel)
  }

  /** Tells the host that a guest has dropped the last handle of one of its resources. */
  drop(resource: number, value: unknown): void {
    this.charge(dropFuel)
    const answer = this.dropped(resource, value)
    ignore(answer)
    if (this.failure !== undefined) this.bridge.trap()
  }

  fails(category: TrapCategory, detail: string): number {
    this.failure ??= new Trap(category, detail)
    return -1
  }

  /** Stops the guest by an error that it cannot catch. */
  stop(category: TrapCategory, detail: string): never {
    this.failure ??= new Trap(category, detail)
    return this.bridge.trap()
  }

  /** Ends the guest that called a host function which failed, after it gave something or before. */
  failed(error: unknown, given?: unknown): never {
    ignore(given)
    if (this.failure !== undefined) throw error
    if (this.aside) return this.crossed(error)
    this.failure = this.hostFailure(error)
    return this.bridge.trap()
  }

  hostFailure(error: unknown): Trap {
    if (error === this.miss) return new Trap("HostFailure", "a host function gave a value of another type")
    if (error instanceof HostTrap) return new Trap(error.category, error.message, { cause: error.cause })
    if (error instanceof RangeError && /call stack/.test(error.message)) return classify(error)
    return new Trap("HostFailure", "a host function failed", { cause: error })
  }

  /** Ends the component that called another one which was stopped or threw. */
  crossed(error: unknown): never {
    if (this.failure !== undefined || error instanceof WebAssembly.RuntimeError) throw error
    this.failure = error === this.miss ? this.hostFailure(error) : classify(error)
    return this.bridge.trap()
  }

  /** Stops a guest that calls an asynchronous import where nothing can wait for it. */
  readonly mayWait = (): void => {
    if (this.isSuspending && !this.aside && this.depth === 0) return
    this.stop("HostFailure", "an asynchronous import was called where nothing can wait for it")
  }

  /** Suspends the guest until the host has an answer, of which `lower` makes what the guest gets. */
  suspend(promise: Promise<unknown>, lower: (value: unknown) => unknown): unknown {
    this.state = "suspended"
    this.bounds?.watch((trap) => this.end(trap))
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        if (this.#reject !== reject) return
        this.#reject = undefined
        this.scheduler.soon(() => this.isOver(), () => {
          if (this.isOver()) return reject(this.trapError())
          this.state = "running"
          finish()
        })
      }
      this.#reject = reject
      promise.then(
        (value) => settle(() => this.#answer(lower, value, resolve, reject)),
        (error: unknown) =>
          settle(() => {
            this.failure ??= this.hostFailure(error)
            reject(this.trapError())
          })
      )
    })
  }

  #answer(
    lower: (value: unknown) => unknown,
    value: unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void
  ): void {
    try {
      resolve(lower(value))
    } catch (error) {
      if (this.failure === undefined) this.failure = this.aside ? classify(error) : this.hostFailure(error)
      reject(this.trapError())
    }
  }

  /** Ends a guest that waits for the host; one that computes ends at its next turn. */
  end(trap: Trap): void {
    this.failure ??= trap
    const reject = this.#reject
    this.#reject = undefined
    reject?.(this.trapError())
  }

  /** An error that guests cannot catch, to reject a promise with. */
  trapError(): unknown {
    try {
      this.bridge.trap()
    } catch (error) {
      return error
    }
  }

  /** Gives up the instance after a call that did not end with a value. */
  poison(error: unknown): Trap {
    this.state = "poisoned"
    for (const table of this.tables) table.clear()
    this.entered()
    this.failure ??= this.isFull ? classifyFull(error, this.limits.memory) : classify(error)
    this.isSuspending = false
    this.#release()
    returnLent(this.lent)
    this.released?.()
    return this.failure
  }
}
