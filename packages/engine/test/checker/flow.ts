/**
 * Follows every path of a metered body, with what is known of its accounts:
 * how much more has been paid than done, how much since the last check, and
 * where the true counters of fuel and stack are.
 */
import { boundingTable, inserted, opens } from "./align.ts"
import type { Instruction } from "./coreModule.ts"
import type { Helper, Places } from "./helpers.ts"
import { byCode, Code } from "./opcodes.ts"
import type { State } from "./state.ts"
import { copy, equal, fresh, join, unknown } from "./state.ts"
import type { Value } from "./value.ts"
import { combined, valueOf } from "./value.ts"

/** What a flow has to know of the module. */
export interface Surroundings {
  readonly places: Places
  readonly helpers: ReadonlyMap<number, Helper>
  /** First local that was appended, and how many there are. */
  readonly firstLocal: number
  readonly appendedLocals: number
  /** Results and parameters of an appended function. */
  readonly arity: (func: number) => readonly [params: number, results: number]
  /** The price of an instruction of the original. */
  readonly price: (instruction: Instruction) => number
  /** Whether a function pays for itself, instead of its callers. */
  readonly paysForItself: (func: number) => boolean
  /** What must have been paid before the first instruction. */
  readonly entry: number
  /** The most that may be paid between two checks. */
  readonly unchecked: number
}

export interface Flow {
  readonly problems: ReadonlyArray<string>
  /** Fuel in all charges that can be reached, and the price of all instructions that can be and of all there are. */
  readonly charged: number
  readonly reached: number
  readonly all: number
  /** Bytes of stack that the function takes, 0 if it does not count. */
  readonly frame: number
  /** The most that is paid without a check between the return of a call and the end. */
  readonly tail: number
}

interface Frame {
  readonly loop: number | undefined
  readonly test: Value | undefined
  /** At its end, or for a loop at its top the next time round. */
  joined: State | undefined
  /** Before the other arm of an `if`. */
  other: State | undefined
  readonly catches: ReadonlyArray<Frame>
}

const never = -Infinity
const untold = 1e9

export const follow = (
  code: ReadonlyArray<Instruction>,
  origin: ReadonlyArray<number>,
  original: ReadonlyArray<Instruction>,
  around: Surroundings
): Flow => {
  const depth = deepest(code)
  let loops: ReadonlyArray<State | undefined> = []
  for (let pass = 0;; pass++) {
    const walk = new Walk(code, origin, original, around, loops)
    const next = walk.run()
    const changed = next.findIndex((state, index) => !equal(state, loops[index]))
    if (changed === -1 || walk.problems.length > 0) return walk.flow()
    if (pass === depth + 8) {
      const [before, now] = [loops[changed], next[changed]]
      const what = (now?.credit ?? 0) < (before?.credit ?? 0)
        ? "is not paid for each time round"
        : "goes round without a check"
      return { ...walk.flow(), problems: [`loop ${changed} ${what}`] }
    }
    loops = next
  }
}

const deepest = (code: ReadonlyArray<Instruction>): number => {
  let depth = 0
  let most = 0
  for (const { code: op } of code) {
    if (opens(op)) most = Math.max(most, ++depth)
    else if (op === Code.end) depth--
  }
  return most
}

class Walk {
  readonly problems: Array<string> = []
  readonly #code: ReadonlyArray<Instruction>
  readonly #origin: ReadonlyArray<number>
  readonly #original: ReadonlyArray<Instruction>
  readonly #around: Surroundings
  readonly #loops: ReadonlyArray<State | undefined>
  readonly #next: Array<State | undefined> = []
  #state: State | undefined
  readonly #frames: Array<Frame> = []
  /** Operands of inserted code. */
  #values: Array<Value> = []
  #at: Instruction = { code: 0, a: 0, b: 0, labels: [], start: 0, end: 0 }
  #charged = 0
  #reached = 0
  #all = 0
  #frame = 0
  #tail = 0
  /** The table whose elements have just been paid for. */
  #table: number | undefined

  constructor(
    code: ReadonlyArray<Instruction>,
    origin: ReadonlyArray<number>,
    original: ReadonlyArray<Instruction>,
    around: Surroundings,
    loops: ReadonlyArray<State | undefined>
  ) {
    this.#code = code
    this.#origin = origin
    this.#original = original
    this.#around = around
    this.#loops = loops
    const locals = new Array<number>(around.appendedLocals).fill(unknown)
    this.#state = {
      credit: -around.entry,
      unchecked: untold,
      tail: never,
      global: true,
      stack: 0,
      room: never,
      owes: false,
      locals
    }
    this.#push()
  }

  flow(): Flow {
    return {
      problems: this.problems,
      charged: this.#charged,
      reached: this.#reached,
      all: this.#all,
      frame: this.#frame,
      tail: Math.max(0, this.#tail)
    }
  }

  run(): ReadonlyArray<State | undefined> {
    for (const [index, here] of this.#code.entries()) {
      this.#at = here
      const origin = this.#origin[index] ?? inserted
      const original = this.#original[origin]
      if (original === undefined) this.#inserted(here)
      else this.#kept(here, original)
      if (this.problems.length > 8) break
    }
    return this.#next
  }

  #problem(what: string): void {
    this.problems.push(`${byCode.get(this.#at.code)?.name} at ${this.#at.start}: ${what}`)
  }

  #push(frame: Partial<Frame> = {}): void {
    this.#frames.push({ loop: undefined, test: undefined, joined: undefined, other: undefined, catches: [], ...frame })
  }

  #label(label: number): Frame | undefined {
    return this.#frames.at(-1 - label)
  }

  #reach(frame: Frame | undefined, state: State | undefined): void {
    if (frame === undefined || state === undefined) return
    frame.joined = join(frame.joined, state)
    if (frame.loop !== undefined) this.#next[frame.loop] = frame.joined
  }

  #kept(here: Instruction, original: Instruction): void {
    const price = this.#around.price(original)
    this.#all += price
    const state = this.#state
    if (state !== undefined) {
      this.#reached += price
      if (state.unchecked >= untold) this.#problem("nothing was checked at entry")
      state.credit -= price
      if (state.credit < 0) this.#problem(`${-state.credit} has not been paid for`)
      if (state.owes) this.#problem("what an exception unwound has not been paid for")
      if (state.unchecked > this.#around.unchecked) this.#problem(`${state.unchecked} were paid without a check`)
    }
    this.#control(here)
    if (here.code === Code.call && original.code !== Code.call) this.#stale()
    else this.#leaves(here)
    this.#table = undefined
  }

  #control(here: Instruction): void {
    const { a, code, labels } = here
    switch (code) {
      case Code.block:
        return this.#push()
      case Code.loop:
        return this.#loop()
      case Code.if:
        return this.#push({ other: this.#state && copy(this.#state) })
      case Code.else:
        return this.#else()
      case Code.tryTable: {
        const catches = labels.map((label) => this.#label(label)).filter((frame) => frame !== undefined)
        return this.#push({ catches })
      }
      case Code.end:
        return this.#end()
      case Code.br:
        this.#reach(this.#label(a), this.#state)
        this.#state = undefined
        return
      case Code.brIf:
      case Code.brOnNull:
      case Code.brOnNonNull:
        return this.#reach(this.#label(a), this.#state)
      case Code.brTable:
        for (const label of labels) this.#reach(this.#label(label), this.#state)
        this.#state = undefined
        return
      case Code.return:
        this.#reach(this.#frames[0], this.#state)
        this.#state = undefined
        return
      case Code.unreachable:
        this.#state = undefined
    }
  }

  #loop(): void {
    const loop = this.#next.length
    this.#next.push(undefined)
    this.#state = this.#state && join(this.#state, this.#loops[loop])
    this.#push({ loop })
  }

  #else(): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    this.#reach(frame, this.#state)
    this.#state = frame.other
    frame.other = undefined
  }

  #end(): void {
    const frame = this.#frames.pop()
    if (frame === undefined) return
    if (frame.loop === undefined) {
      this.#reach(frame, this.#state)
      this.#reach(frame, frame.other)
      this.#state = frame.joined
    }
    if (this.#frames.length === 0) this.#exit()
  }

  #exit(): void {
    const state = this.#state
    if (state === undefined) return
    if (state.owes) this.#problem("what an exception unwound has not been paid for")
    if (!state.global) this.#problem("leaves without its fuel in the global")
    if (state.stack !== 0) this.#problem("leaves without giving its stack back")
    this.#tail = Math.max(this.#tail, state.tail)
  }

  /** What leaves the function, for a while or for good. */
  #leaves(here: Instruction): void {
    const { a, code } = here
    const state = this.#state
    if (state === undefined) return
    switch (code) {
      case Code.throw:
      case Code.throwRef:
        if (!state.global) this.#problem("throws without its fuel in the global")
        if (state.unchecked > 0) this.#problem("throws without a check")
        this.#throws()
        this.#state = undefined
        return
      case Code.call:
        return this.#around.paysForItself(a) ? this.#calls(state) : undefined
      case Code.callIndirect:
      case Code.callRef:
        return this.#calls(state)
      case Code.returnCall:
      case Code.returnCallIndirect:
      case Code.returnCallRef:
        if (state.stack !== 0) this.#problem("leaves without giving its stack back")
        if (!state.global) this.#problem("leaves without its fuel in the global")
        if (state.unchecked > this.#around.unchecked) this.#problem("leaves with too much unchecked")
        this.#state = undefined
        return
    }
    const table = boundingTable(here)
    if (bulk.has(code) || (table !== undefined && table !== this.#table)) {
      this.#problem("is not paid for by its length")
    }
  }

  #calls(state: State): void {
    if (!state.global) this.#problem("calls without its fuel in the global")
    if (!(state.stack > 0) || !(state.room >= state.stack)) this.#problem("calls without room on the stack")
    this.#stale()
    state.tail = 0
    this.#throws()
  }

  /** The global alone has the fuel now. */
  #stale(): void {
    const state = this.#state
    if (state === undefined) return
    if (!state.global) this.#problem("calls without its fuel in the global")
    for (const [index, value] of state.locals.entries()) if (value === fresh) state.locals[index] = unknown
    state.global = true
  }

  /** An exception may come from here. */
  #throws(): void {
    const state = this.#state
    if (state === undefined) return
    for (const { catches } of this.#frames) {
      for (const frame of catches) this.#reach(frame, { ...copy(state), global: true, stack: unknown, owes: true })
    }
  }

  #inserted(here: Instruction): void {
    const { a, code } = here
    if (code === Code.block) return this.#push()
    if (code === Code.if) return this.#insertedIf(this.#pop())
    if (code === Code.end) return this.#end()
    const state = this.#state
    if (code === Code.unreachable) this.#state = undefined
    else if (code === Code.call) this.#helper(a, state)
    else if (state !== undefined) this.#compute(here, state)
    else this.#values = []
  }

  #pop(): Value {
    return this.#values.pop() ?? { is: "unknown" }
  }

  #insertedIf(test: Value): void {
    const state = this.#state
    if (state === undefined) return this.#push()
    const other = copy(state)
    if (test.is === "fuelNegative" || test.is === "eitherNegative") this.#checked(other)
    if (test.is === "eitherNegative") other.room = Math.max(other.room, test.less)
    this.#push({ test, other })
  }

  #helper(func: number, state: State | undefined): void {
    const helper = this.#around.helpers.get(func)
    const [params, results] = this.#around.arity(func)
    const args = this.#values.splice(Math.max(0, this.#values.length - params), params)
    if (state === undefined) return
    switch (helper?.kind) {
      case "refill":
      case "enter":
        this.#stale()
        if (helper.kind === "enter") state.room = Math.max(state.room, state.stack)
        return this.#checked(state)
      case "refillLocal":
      case "enterLocal": {
        const [fuel] = args
        if (helper.kind === "enterLocal") state.room = Math.max(state.room, state.stack)
        if (fuel?.is !== "fuel" || fuel.less !== 0) this.#problem("refills something else than the fuel")
        state.global = true
        this.#stale()
        this.#checked(state)
        return void this.#values.push({ is: "fuel", less: 0 })
      }
      case "landed": {
        const [level] = args
        this.#stale()
        if (level?.is !== "stack") return this.#problem("lands somewhere else")
        state.stack = level.less
        state.owes = false
        return this.#checked(state)
      }
      case "tableCharge":
        this.#table = helper.table
        return this.#stale()
      default:
        this.#problem("calls what is not for it")
        for (let i = 0; i < results; i++) this.#values.push({ is: "unknown" })
    }
  }

  #checked(state: State): void {
    state.unchecked = 0
    state.tail = Math.min(state.tail, 0)
  }

  #compute(here: Instruction, state: State): void {
    const { a, code } = here
    const local = a - this.#around.firstLocal
    switch (code) {
      case Code.i32Const:
        return void this.#values.push({ is: "constant", value: a })
      case Code.localGet:
        return void this.#values.push(valueOf(state.locals[local] ?? unknown))
      case Code.localSet:
      case Code.localTee: {
        const value = this.#pop()
        this.#keep(value, state)
        state.locals[local] = value.is === "fuel" ? fresh : value.is === "stack" ? value.less : unknown
        if (code === Code.localTee) this.#values.push(value.is === "fuel" ? { is: "fuel", less: 0 } : value)
        return
      }
      case Code.globalGet:
        return void this.#values.push(this.#global(a, state))
      case Code.globalSet:
        return this.#setGlobal(a, this.#pop(), state)
      default:
        return this.#arithmetic(code)
    }
  }

  #global(index: number, state: State): Value {
    const { fuel, stack } = this.#around.places
    if (index === stack) return valueOf(state.stack)
    return index === fuel && state.global ? { is: "fuel", less: 0 } : { is: "unknown" }
  }

  #setGlobal(index: number, value: Value, state: State): void {
    const { fuel, stack } = this.#around.places
    if (index === fuel) {
      if (value.is !== "fuel") return this.#problem("the fuel becomes something else")
      this.#keep(value, state)
      state.global = true
    } else if (index === stack) {
      if (value.is !== "stack") return this.#problem("the stack becomes something else")
      state.stack = value.less
      this.#frame = Math.max(this.#frame, value.less)
    } else this.#problem("a global that is not for it")
  }

  /** Fuel that is less than before is a charge, wherever it is kept. */
  #keep(value: Value, state: State): void {
    if (value.is !== "fuel" || value.less === 0) return
    if (value.less < 0) return this.#problem("gives fuel back")
    this.#charged += value.less
    state.credit += value.less
    state.unchecked += value.less
    state.tail += value.less
    state.global = false
    for (const [index, kept] of state.locals.entries()) if (kept === fresh) state.locals[index] = unknown
    this.#values = this.#values.map((other) => other.is === "fuel" ? { is: "unknown" } : other)
  }

  #arithmetic(code: number): void {
    const op = byCode.get(code)
    const right = this.#pop()
    if (op?.params.length !== 2) this.#values.push({ is: "unknown" })
    else this.#values.push(combined(op.name, this.#pop(), right))
  }
}

const bulk: ReadonlySet<number> = new Set([
  Code.memoryGrow,
  Code.memoryInit,
  Code.memoryCopy,
  Code.memoryFill,
  Code.tableGrow
])
