/**
 * Stacks of guests that are entered again and again. A promising function has a
 * stack and a continuation for each call, which V8 puts among its old objects; a
 * kept stack is suspended between its calls instead.
 *
 * A loop waits for a call, makes it and tells its result. What it calls is on its
 * stack with no frame of JavaScript below, so that it can be suspended as if it
 * had been entered itself. An error ends the stack that it happens on.
 */
import type { Promising } from "../../Instance.ts"
import type { Flat } from "../flat.ts"
import type { CoreType } from "./abiType.ts"
import { jspi } from "./bridge.ts"
import { type Bytes, moduleOf } from "./coreBytes.ts"
import type { Store } from "./store.ts"

const flats = ["i32", "i64", "f32", "f64"] as const satisfies ReadonlyArray<Flat>

/** Functions of a loop that are called first. */
const firsts = ["first0", "first1", "first2", "first3", "first4"]

const waits = 0
const tells = 1
const argument = (flat: Flat) => 2 + flats.indexOf(flat)
const done = 2 + flats.length

/** The constant 0 of a type. */
const zero: Readonly<Record<Flat, Bytes>> = {
  i32: [0x41, 0],
  i64: [0x42, 0],
  f32: [0x43, 0, 0, 0, 0],
  f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0]
}

/**
 * The export `loop` calls functions of one type, until `h` `waits` gives 0. `fits`
 * is 1 for those that it can call.
 */
const loopModule = ({ params, results }: CoreType): WebAssembly.Module =>
  moduleOf({
    types: [
      { params, results },
      { params: [], results: ["i32"] },
      { params: [], results: ["funcref"] },
      ...flats.map((flat) => ({ params: ["i32"] as const, results: [flat] })),
      { params: results, results: [] },
      { params: [], results: [] },
      { params: ["funcref"], results: ["i32"] }
    ],
    imports: ["waits", "tells", ...flats, "done"].map((name, i) => ({ module: "h", name, type: i + 1 })),
    exports: [
      {
        name: "loop",
        type: 4 + flats.length,
        code: [
          // block, loop, leave where there is nothing more
          [0x02, 0x40, 0x03, 0x40, 0x10, waits, 0x45, 0x0d, 1],
          ...params.map((flat, i) => [0x41, i, 0x10, argument(flat)]),
          // ref.cast (ref 0), call_ref 0
          [0x10, tells, 0xfb, 0x16, 0, 0x14, 0],
          [0x10, done, 0x0c, 0, 0x0b, 0x0b]
        ].flat()
      },
      // ref.test (ref 0)
      { name: "fits", type: 5 + flats.length, code: [0x20, 0, 0xfb, 0x14, 0] },
      ...firsts.map((name) => ({ name, type: 0, code: results.flatMap((flat) => zero[flat]) }))
    ]
  })

type Jspi = NonNullable<ReturnType<typeof jspi>>

/** What a stack is entered for. */
interface Entry {
  readonly func: CallableFunction
  readonly store: Store
}

const none: ReadonlyArray<unknown> = []

export class Stack {
  readonly #stacks: Stacks
  readonly #kind: Kind
  readonly #loop: CallableFunction
  readonly #fits: (func: CallableFunction) => number
  /**
   * What is called before anything else: so many functions that V8 stops to remember
   * which the loop calls, and keeps no guest alive by that.
   */
  readonly #firsts: Array<CallableFunction>
  #wake: ((more: 0 | 1) => void) | undefined = undefined
  #entry: Entry | undefined = undefined
  #args = none
  #resolve: ((value: unknown) => void) | undefined = undefined
  #reject: ((error: unknown) => void) | undefined = undefined

  constructor(stacks: Stacks, kind: Kind, module: WebAssembly.Module, Suspending: Jspi["Suspending"]) {
    this.#stacks = stacks
    this.#kind = kind
    const argument = (i: number) => this.#args[i]
    const { exports } = new WebAssembly.Instance(module, {
      h: {
        waits: new Suspending(() => this.#waits()) as CallableFunction,
        tells: () => this.#tells(),
        i32: argument,
        i64: (i: number) => argument(i) ?? 0n,
        f32: argument,
        f64: argument,
        done: (value?: unknown) => this.#done(value)
      } as WebAssembly.ModuleImports
    })
    this.#loop = exports["loop"] as CallableFunction
    this.#fits = exports["fits"] as (func: CallableFunction) => number
    this.#firsts = firsts.map((name) => exports[name] as CallableFunction)
  }

  /** Runs the loop, which parks when it has called what comes first. */
  begin(promising: Jspi["promising"]): void {
    promising(this.#loop)().catch((error: unknown) => this.#failed(error))
  }

  /** Whether it is a function of a module: a component can also lift one of the host's that it lowered. */
  fits(func: CallableFunction): boolean {
    try {
      return this.#fits(func) === 1
    } catch {
      return false
    }
  }

  /** Enters a guest in a microtask. Where the host has no place on its own stack for the promise, nothing is taken. */
  enter(entry: Entry, args: ReadonlyArray<unknown>): Promise<unknown> {
    const { promise, reject, resolve } = Promise.withResolvers<unknown>()
    this.#kind.takeLast()
    this.#resolve = resolve
    this.#reject = reject
    this.#entry = entry
    this.#args = args
    this.#wake!(1)
    return promise
  }

  /** Ends a stack that is not used. */
  end(): void {
    this.#wake!(0)
  }

  readonly #parks = (resolve: (more: 0 | 1) => void): void => {
    this.#wake = resolve
    this.#kind.park(this)
  }

  #waits(): number | Promise<number> {
    return this.#firsts.length > 0 ? 1 : new Promise(this.#parks)
  }

  /** A guest that was given up meanwhile is not entered. */
  #tells(): CallableFunction {
    const first = this.#firsts.pop()
    if (first !== undefined) return first
    const { func, store } = this.#entry!
    this.#entry = undefined
    this.#args = none
    this.#stacks.woken--
    if (store.failure !== undefined) store.bridge.trap()
    return func
  }

  #done(value: unknown): void {
    const resolve = this.#resolve
    this.#resolve = this.#reject = undefined
    resolve?.(value)
  }

  #failed(error: unknown): void {
    if (this.#entry !== undefined) this.#stacks.woken--
    this.#reject?.(error)
  }
}

/** Stacks that are kept while they are not used. */
const mostParked = 64

/** Calls that find no stack before there is one more. */
const patience = 32

/** Types of functions of which the stacks are known. */
const mostKinds = 256

/** Guests that may be on their way into kept stacks: they are all entered in one macrotask. */
const mostWoken = 32

/** Stacks for functions of one type. */
class Kind {
  readonly #stacks: Stacks
  readonly #type: CoreType
  readonly #means: Jspi
  /** Those that are not used, the one that was used last at the end. */
  readonly #free: Array<Stack> = []
  #module: WebAssembly.Module | undefined = undefined
  #missed = 0

  constructor(stacks: Stacks, type: CoreType, means: Jspi) {
    this.#stacks = stacks
    this.#type = type
    this.#means = means
  }

  /** One that can be entered, if there is one. */
  last(): Stack | undefined {
    if (this.#stacks.woken >= mostWoken) return undefined
    const stack = this.#free.at(-1)
    if (stack === undefined) this.#miss()
    return stack
  }

  takeLast(): void {
    this.#free.pop()
    this.#stacks.parked--
    this.#stacks.woken++
  }

  #miss(): void {
    if (++this.#missed < patience) return
    this.#missed = 0
    this.#stacks.wants(this)
  }

  begin(): void {
    const { Suspending, promising } = this.#means
    this.#module ??= loopModule(this.#type)
    new Stack(this.#stacks, this, this.#module, Suspending).begin(promising)
  }

  park(stack: Stack): void {
    this.#free.push(stack)
    this.#stacks.parks(this)
  }

  /** Ends the one that has not been used for longest, if there is one. */
  end(): boolean {
    const stack = this.#free.shift()
    stack?.end()
    return stack !== undefined
  }
}

/** The kept stacks of an engine. V8 keeps those that are suspended for ever: they have to be ended. */
export class Stacks {
  /** Guests on their way into stacks. */
  woken = 0
  /** Stacks that are not used. */
  parked = 0
  /** By type, the one that was asked for longest ago first. */
  readonly #kinds = new Map<string, Kind>()
  /** Those with stacks that are not used, the one that got its first longest ago first. */
  readonly #parked = new Set<Kind>()
  /** Those that are to have one more. */
  readonly #wanting: Array<Kind> = []
  #want: () => void = () => undefined

  constructor() {
    this.#waits()
  }

  /** Runs a function where it can be suspended: as `fresh` does, but on a kept stack where there is one. */
  promising(func: CallableFunction, type: CoreType, store: Store, fresh: Promising): Promising {
    const means = jspi()
    if (means === undefined) return fresh
    const kind = this.#kind(type, means)
    const entry: Entry = { func, store }
    let fits: boolean | undefined
    return (...args) => {
      const stack = fits === false ? undefined : kind.last()
      if (stack === undefined) return fresh(...args)
      fits ??= stack.fits(func)
      return fits ? stack.enter(entry, args) : fresh(...args)
    }
  }

  /** Has a stack of this kind made in a microtask. */
  wants(kind: Kind): void {
    this.#wanting.push(kind)
    this.#want()
  }

  /**
   * Waits for those that are wanted, and makes them in the asynchronous context of
   * the engine, which a stack stays in. Callers have no part in what goes wrong.
   */
  #waits(): void {
    const wanted = new Promise<void>((resolve) => {
      this.#want = resolve
    })
    wanted.then(() => this.#begins()).catch(() => undefined)
  }

  #begins(): void {
    this.#waits()
    for (const kind of this.#wanting.splice(0)) kind.begin()
  }

  /** Counts a stack of this kind as not used. */
  parks(kind: Kind): void {
    this.parked++
    this.#parked.add(kind)
    if (this.parked > mostParked) this.#end()
  }

  /** Ends all that are not used. */
  end(): void {
    while (this.parked > 0) this.#end()
  }

  #end(): void {
    for (const kind of this.#parked) {
      this.#parked.delete(kind)
      if (!kind.end()) continue
      this.parked--
      this.#parked.add(kind)
      return
    }
  }

  #kind(type: CoreType, means: Jspi): Kind {
    const key = `${type.params.join(" ")}:${type.results.join(" ")}`
    const kind = this.#kinds.get(key) ?? new Kind(this, type, means)
    this.#kinds.delete(key)
    this.#kinds.set(key, kind)
    for (const oldest of this.#kinds.keys()) {
      if (this.#kinds.size <= mostKinds) break
      this.#kinds.delete(oldest)
    }
    return kind
  }
}
