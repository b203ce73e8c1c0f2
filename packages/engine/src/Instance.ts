/**
 * A live instance of a component, and its exported functions.
 *
 * One call runs at a time. Whatever ends a call but a value of the export's
 * own type poisons the instance: nothing of it runs again. Exports are reached
 * by name through `func` alone and are never properties, so that no name that a
 * guest chose means anything to JavaScript.
 *
 * @since 0.1.0
 */
import { CallError } from "./CallError.ts"
import { Bounds } from "./internal/link/bounds.ts"
import { GuestResource } from "./internal/link/handles.ts"
import { MISS } from "./internal/link/library.ts"
import type { LiftClosures, PlannedExport } from "./internal/link/plan.ts"
import { slice } from "./internal/link/store.ts"
import type { Store } from "./internal/link/store.ts"
import type { Receipt } from "./Receipt.ts"
import { Trap } from "./Trap.ts"
import type { Func } from "./WitType.ts"
import * as WitValue from "./WitValue.ts"

/**
 * A value of the export's type (a `result` as `{ tag, val }`) and its receipt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  readonly value: unknown
  readonly receipt: Receipt
}

/**
 * Options of a call that can be suspended. `fuel` defaults to the limit of the
 * instance; `timeout` is in milliseconds from the moment of the call, waiting
 * for earlier calls included; an aborted `signal` stops the guest.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  readonly fuel?: number | undefined
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Who waits for a call, and is told once: of its outcome, or of the `CallError`
 * or `Trap` that it ended with. What these throw is nobody's.
 *
 * @category models
 * @since 0.1.0
 */
export interface Waiter {
  readonly done: (outcome: Outcome) => void
  readonly failed: (error: unknown) => void
}

/** A call on its way. */
interface Running {
  readonly args: ReadonlyArray<unknown>
  /** When it began, in milliseconds. */
  start: number
}

/** Why a guest was not entered. */
class Refusal {
  readonly because: unknown

  constructor(because: unknown) {
    this.because = because
  }
}

const refused = (because: unknown): Promise<never> => Promise.reject(new Refusal(because))

/**
 * What the engine tells an instance about itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parts {
  readonly store: Store
  readonly exports: ReadonlyMap<string, ReadonlyMap<string, PlannedExport>>
  readonly closures: (planned: PlannedExport) => LiftClosures | undefined
  /** What enters a lifted function as a promise. */
  readonly promising: (planned: PlannedExport) => Promising | undefined
  /** As that, on a stack that is kept, where there is one. */
  readonly kept: (planned: PlannedExport, fresh: Promising) => Promising
  readonly destroy: (resource: number, rep: unknown) => void
  readonly costTable: number
  readonly fuel: number
  readonly queue: number
  readonly release: () => void
}

/**
 * The most fuel that a call which cannot be suspended may use: two slices,
 * about two milliseconds.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxSyncFuel: number = 2 * slice

/** Fuel of a call for whose likes many may be entered in one macrotask. */
const shortFuel = 20_000

/**
 * @category models
 * @since 0.1.0
 */
export class Instance {
  readonly #parts: Parts
  readonly #funcs = new Map<string, ExportedFunc>()
  readonly #calls: Calls

  constructor(parts: Parts) {
    this.#parts = parts
    this.#calls = new Calls(parts)
  }

  /** True after a failure that was not a typed `result` of the guest; nothing can be called any more. */
  get isPoisoned(): boolean {
    return this.#parts.store.state === "poisoned"
  }

  /** What poisoned the instance. */
  get trap(): Trap | undefined {
    return this.#parts.store.failure
  }

  /** Bytes of all memories. */
  get memory(): number {
    return this.#parts.store.memory
  }

  /**
   * An exported function: `owner` is the id of its interface, undefined for a
   * function of the world itself. Throws `CallError` with `NoSuchExport`.
   */
  func(owner: string | undefined, name: string): ExportedFunc {
    const key = `${owner ?? ""}#${name}`
    const known = this.#funcs.get(key)
    if (known !== undefined) return known
    const planned = this.#parts.exports.get(owner ?? "")?.get(name)
    const closures = planned === undefined ? undefined : this.#parts.closures(planned)
    if (planned === undefined || closures === undefined) {
      throw new CallError("NoSuchExport", `no export ${owner === undefined ? "" : `${owner} `}${name}`)
    }
    const made = new ExportedFunc(this, this.#parts, this.#calls, planned, closures)
    this.#funcs.set(key, made)
    return made
  }

  /**
   * Drops a resource of the guest that the host owns: its destructor runs, as
   * a call that cannot be suspended. Throws `CallError` and `Trap`.
   */
  drop(resource: object): void {
    const { destroy, store } = this.#parts
    if (!GuestResource.is(resource) || GuestResource.of(resource).store !== store) {
      throw new CallError("BadArgument", "not a resource of this instance")
    }
    this.#calls.refuse()
    const rep = GuestResource.take(resource)
    if (rep === undefined) throw new CallError("BadArgument", "a resource that the host does not own, or has lent")
    try {
      store.enter(0, maxSyncFuel, false)
      destroy(GuestResource.of(resource).resource, rep)
      store.leave()
    } catch (error) {
      throw store.poison(error)
    } finally {
      this.#calls.next()
    }
  }

  /** Gives up the instance: running and waiting calls end with `Cancelled`. */
  dispose(): void {
    const { release, store } = this.#parts
    const { isBusy } = store
    this.#calls.dispose()
    if (isBusy) store.released = release
    else release()
  }
}

/**
 * A function that runs a guest where it can be suspended.
 *
 * @category models
 * @since 0.1.0
 */
export type Promising = (...args: Array<unknown>) => Promise<unknown>

/**
 * A function that a component exports.
 *
 * @category models
 * @since 0.1.0
 */
export class ExportedFunc {
  /** Its type. */
  readonly type: Func
  /** An instance lives as long as one of its functions is held. */
  readonly instance: Instance
  readonly #parts: Parts
  readonly #store: Store
  readonly #calls: Calls
  readonly #planned: PlannedExport
  readonly #direct: LiftClosures[0]
  readonly #begin: LiftClosures[1]
  readonly #end: LiftClosures[2]
  readonly #core: number
  readonly #syncFuel: number
  #promising: Promising | undefined = undefined
  #kept: Promising | undefined = undefined
  /** Whether the last call that could be suspended computed for long: those are not entered in a microtask. */
  #wasLong = false
  #used = 0

  constructor(instance: Instance, parts: Parts, calls: Calls, planned: PlannedExport, closures: LiftClosures) {
    this.instance = instance
    this.type = planned.func
    this.#parts = parts
    this.#store = parts.store
    this.#calls = calls
    this.#planned = planned
    ;[this.#direct, this.#begin, this.#end] = closures
    this.#core = planned.from === "lift" ? planned.core : -1
    this.#syncFuel = Math.min(parts.fuel, maxSyncFuel)
  }

  /**
   * Calls the function at once, without a chance to be suspended: the guest
   * gets at most {@link maxSyncFuel}, and calling an asynchronous import stops it
   * as `HostFailure`.
   *
   * Gives a value of the export's type. Throws `CallError` and `Trap`.
   */
  callSync(args: ReadonlyArray<unknown>, fuel: number = this.#syncFuel): unknown {
    const store = this.#store
    if (store.state !== "idle") this.#calls.refuse()
    if (!(fuel >= 0)) throw new CallError("BadArgument", "the fuel is not a number from 0 on")
    try {
      store.enter(this.#core, fuel < maxSyncFuel ? fuel | 0 : maxSyncFuel, false)
      const value = this.#direct(args)
      this.#used = store.leave()
      if (this.#calls.areWaiting) this.#calls.next()
      return value
    } catch (error) {
      const failed = this.#failed(error, args)
      this.#calls.next()
      throw failed
    }
  }

  /** As {@link callSync}, with what the call cost. */
  measureSync(args: ReadonlyArray<unknown>, fuel?: number): Outcome {
    const { clock } = this.#store.scheduler
    const start = clock.now()
    try {
      const value = this.callSync(args, fuel)
      return { value, receipt: this.#receipt(this.#used, clock.now() - start) }
    } catch (error) {
      throw this.#billed(error, start)
    }
  }

  /**
   * Calls the function, which is suspended while it waits for the host and, so
   * that others have their turns, about every millisecond. Calls of one instance
   * run in the order in which they were made.
   *
   * Rejects with `CallError` and `Trap`.
   */
  call(args: ReadonlyArray<unknown>, options: CallOptions = {}): Promise<Outcome> {
    const call: Running = { args, start: this.#store.scheduler.clock.now() }
    return this.#entered(call, options, this.#promisingCore()).then(
      (result) => this.#settle(result, call),
      (error: unknown) => {
        throw this.#over(error, call)
      }
    )
  }

  /**
   * As {@link call}, and tells one who waits instead of promising. The guest is
   * entered now or in a microtask, and calls its host in the asynchronous context of
   * this call or in that in which the engine was made: what a host function needs of
   * its caller it does not have from there.
   */
  run(args: ReadonlyArray<unknown>, options: CallOptions, waiter: Waiter): void {
    const call: Running = { args, start: this.#store.scheduler.clock.now() }
    this.#entered(call, options, this.#wasLong ? this.#promisingCore() : this.#keptCore()).then(
      (result) => this.#tell(result, call, waiter),
      (error: unknown) => waiter.failed(this.#over(error, call))
    )
  }

  #tell(result: unknown, call: Running, waiter: Waiter): void {
    let outcome: Outcome
    try {
      outcome = this.#settle(result, call)
    } catch (error) {
      return waiter.failed(error)
    }
    waiter.done(outcome)
  }

  /** What the guest gives, when it has. */
  #entered(call: Running, options: CallOptions, promising: Promising | undefined): Promise<unknown> {
    if (promising === undefined) {
      return refused(new CallError("Unsupported", "this runtime has no JSPI, which calls that can be suspended need"))
    }
    const fuel = Math.floor(options.fuel ?? this.#parts.fuel)
    if (!(fuel >= 0) || !((options.timeout ?? 0) >= 0)) {
      return refused(new CallError("BadArgument", "fuel or timeout is not a number from 0 on"))
    }
    const { signal, timeout } = options
    const bounds = timeout === undefined && signal === undefined
      ? undefined
      : new Bounds(this.#store.scheduler.clock, call.start, timeout, signal)
    if (this.#store.state !== "idle") {
      return this.#calls.run(bounds, () => {
        call.start = this.#store.scheduler.clock.now()
        return this.#start(call, promising, fuel)
      })
    }
    if (bounds?.isOver === true) return refused(bounds.late())
    // Aborting also stops a call whose guest is done and whose answer nobody has seen.
    if (signal !== undefined) bounds?.watch((trap) => this.#store.end(trap))
    this.#store.bounds = bounds
    return this.#start(call, promising, fuel)
  }

  #start(call: Running, promising: Promising, fuel: number): Promise<unknown> {
    const { scheduler } = this.#store
    if (scheduler.calls >= scheduler.mostCalls) {
      this.#calls.next()
      return refused(new CallError("QueueFull", `${scheduler.mostCalls} calls run in the engine`))
    }
    scheduler.calls++
    return scheduler.isCrowded(call.start)
      ? this.#startLater(call, promising, fuel)
      : this.#enter(call.args, promising, fuel)
  }

  /** Waits for a turn before the guest is entered at all; a call that is over by then has not reached it. */
  #startLater(call: Running, promising: Promising, fuel: number): Promise<unknown> {
    const store = this.#store
    const { scheduler } = store
    store.state = "suspended"
    return new Promise((resolve) => {
      const over = (): Trap | undefined => store.failure ?? store.bounds?.late()
      scheduler.starts(() => over() !== undefined, () => {
        const trap = over()
        if (trap === undefined) {
          call.start = scheduler.clock.now()
          return resolve(this.#enter(call.args, promising, fuel))
        }
        scheduler.calls--
        if (store.failure === undefined) store.state = "idle"
        else store.poison(trap)
        resolve(refused(trap))
        this.#calls.next()
      })
    })
  }

  #enter(args: ReadonlyArray<unknown>, promising: Promising, fuel: number): Promise<unknown> {
    try {
      this.#store.enter(this.#core, fuel, true)
      return this.#begin(args, promising) as Promise<unknown>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #settle(result: unknown, call: Running): Outcome {
    const store = this.#store
    try {
      const value = this.#end(result)
      const fuel = store.leave()
      const receipt = this.#receipt(fuel, store.scheduler.clock.now() - call.start)
      this.#wasLong = fuel > shortFuel
      store.scheduler.calls--
      this.#calls.next()
      return { value, receipt }
    } catch (error) {
      throw this.#over(error, call)
    }
  }

  #over(error: unknown, { args, start }: Running): unknown {
    if (error instanceof Refusal) return error.because
    const failed = this.#billed(this.#failed(error, args), start)
    this.#store.scheduler.calls--
    this.#calls.next()
    return failed
  }

  #promisingCore(): Promising | undefined {
    this.#promising ??= this.#parts.promising(this.#planned)
    return this.#promising
  }

  #keptCore(): Promising | undefined {
    if (this.#kept !== undefined) return this.#kept
    const fresh = this.#promisingCore()
    return this.#kept = fresh === undefined ? undefined : this.#parts.kept(this.#planned, fresh)
  }

  /** A trap is paid for like a value. */
  #billed(error: unknown, start: number): unknown {
    const store = this.#store
    if (error instanceof Trap) error.receipt ??= this.#receipt(store.used(), store.scheduler.clock.now() - start)
    return error
  }

  #receipt(fuel: number, millis: number): Receipt {
    return { fuel, costTable: this.#parts.costTable, memory: this.#store.memory, millis }
  }

  /** A value of the host that does not have its type has not reached the guest. */
  #failed(error: unknown, args: ReadonlyArray<unknown>): CallError | Trap {
    const store = this.#store
    if (error !== MISS || store.failure !== undefined) return store.poison(error)
    store.undo()
    store.leave()
    return new CallError("BadArgument", mismatch(this.type, args))
  }
}

const mismatch = ({ params }: Func, args: ReadonlyArray<unknown>): string => {
  if (args.length !== params.length) return `takes ${params.length} arguments, not ${args.length}`
  for (const [i, { name, type }] of params.entries()) {
    const problem = WitValue.check(type, args[i])
    if (problem !== undefined) return `${name}: ${problem}`
  }
  return "a handle that is not the host's to give"
}

interface Waiting {
  readonly start: () => void
  readonly refuse: (error: unknown) => void
}

/** The calls of one instance that wait for each other. */
class Calls {
  readonly #parts: Parts
  readonly #waiting: Array<Waiting> = []
  #isStarting = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws why no call can be made now; does not where one can. */
  refuse(): void {
    switch (this.#parts.store.state) {
      case "idle":
        return
      case "poisoned":
        throw new CallError("Poisoned", "an earlier call ended in a trap")
      case "disposed":
        throw new CallError("Disposed", "the instance was given up")
      default:
        throw new CallError("ReEntered", "another call of the instance is not over")
    }
  }

  /** Runs a call when those before it are over. */
  run(bounds: Bounds | undefined, call: () => Promise<unknown>): Promise<unknown> {
    const { queue, store } = this.#parts
    if (store.isBusy && this.#waiting.length >= queue) {
      return refused(new CallError("QueueFull", `${queue} calls wait for the instance`))
    }
    return new Promise((resolve) => {
      const refuse = (error: unknown) => {
        bounds?.clear()
        resolve(refused(error))
      }
      const start = () => {
        try {
          const trap = bounds?.late()
          if (trap !== undefined) throw trap
          this.refuse()
        } catch (error) {
          refuse(error)
          return this.next()
        }
        bounds?.watch((trap) => store.end(trap))
        store.bounds = bounds
        resolve(call())
      }
      if (!store.isBusy) return start()
      const waiting = { start, refuse }
      this.#waiting.push(waiting)
      bounds?.watch((trap) => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        refuse(trap)
      })
    })
  }

  get areWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Starts the call that has waited longest, once none runs, and those behind it while they end at once. */
  next(): void {
    const { store } = this.#parts
    if (store.bounds !== undefined) {
      store.bounds.clear()
      store.bounds = undefined
    }
    if (this.#waiting.length === 0 || this.#isStarting) return
    this.#isStarting = true
    while (!store.isBusy && this.#waiting.length > 0) this.#waiting.shift()?.start()
    this.#isStarting = false
  }

  dispose(): void {
    const { store } = this.#parts
    if (store.isBusy) store.end(new Trap("Cancelled", "the instance was given up"))
    else store.state = "disposed"
    for (const { refuse } of this.#waiting.splice(0)) {
      refuse(new CallError("Disposed", "the instance was given up"))
    }
  }
}
