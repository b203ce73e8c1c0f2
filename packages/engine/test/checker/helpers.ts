/**
 * Proves of each appended function that it is one of those that the checker of
 * bodies knows: what it charges, when it asks, and what it returns.
 */
import type { CostTable } from "../../src/CostTable.ts"
import type { Body, CoreModule } from "./coreModule.ts"
import { byCode, Code } from "./opcodes.ts"
import type { Event, Path } from "./symbolic.ts"
import { paths } from "./symbolic.ts"

/** Where the things are that the meter appends for its own use. */
export interface Places {
  readonly fuel: number
  readonly stack: number
  readonly id: number
  readonly hooks: number
}

/** What a proven function does. */
export type Helper =
  /** Does the operation of this code and these immediates, paid for by its operands. */
  | { readonly kind: "operation"; readonly code: number; readonly a: number; readonly b: number }
  /** (elements) -> elements, paid for, unless they are more than the table has. */
  | { readonly kind: "tableCharge"; readonly table: number }
  /** Leaves with fuel that is not negative, in the global alone or given and returned too. */
  | { readonly kind: "refill" }
  | { readonly kind: "refillLocal" }
  /** Leaves with fuel and stack that are not negative, likewise. */
  | { readonly kind: "enter" }
  | { readonly kind: "enterLocal" }
  /** (level): pays for what was unwound, and sets the stack to the level. */
  | { readonly kind: "landed" }
  /** For the host: called by nobody. */
  | { readonly kind: "host" }

/** The most bytes that one instruction may move. */
const largest = 1 << 18

/** Proves a function, or says what it is not. `refill` is known once that function is proven. */
export const prove = (
  module: CoreModule,
  body: Body,
  places: Places,
  costs: CostTable,
  known: ReadonlyMap<number, Helper>
): Helper | string => {
  const all = paths(module, body)
  const proof = new Proof(module, all, places, costs, known)
  return proof.result()
}

class Proof {
  readonly #module: CoreModule
  readonly #paths: ReadonlyArray<Path>
  readonly #places: Places
  readonly #costs: CostTable
  readonly #known: ReadonlyMap<number, Helper>

  constructor(
    module: CoreModule,
    all: ReadonlyArray<Path>,
    places: Places,
    costs: CostTable,
    known: ReadonlyMap<number, Helper>
  ) {
    this.#module = module
    this.#paths = all
    this.#places = places
    this.#costs = costs
    this.#known = known
  }

  result(): Helper | string {
    const events = this.#paths.flatMap((path) => path.events)
    const operation = events.find((event) => event.kind === "operation")
    if (operation?.kind === "operation") {
      const { a, b, code } = operation
      const wrong = this.#paths.map((path) => this.#operation(path, code, a, b)).find((problem) =>
        problem !== undefined
      )
      return wrong ?? { kind: "operation", code, a, b }
    }
    const asked = events.some((event) => event.kind === "ask")
    if (asked) return this.#asking()
    if (this.#paths.every((path) => this.#local(path, "refill"))) return { kind: "refillLocal" }
    if (this.#paths.every((path) => this.#local(path, "enter"))) return { kind: "enterLocal" }
    if (this.#paths.every((path) => this.#lands(path))) return { kind: "landed" }
    const table = this.#charges()
    if (table !== undefined) return { kind: "tableCharge", table }
    const calls = events.some((event) => event.kind === "call")
    return calls ? "calls what it should not" : { kind: "host" }
  }

  #asking(): Helper | string {
    if (this.#paths.every((path) => this.#enters(path))) return { kind: "enter" }
    if (this.#paths.every((path) => this.#refills(path))) return { kind: "refill" }
    return "asks the host for something else"
  }

  #hook(event: Event | undefined, entry: number, args: ReadonlyArray<string>): boolean {
    const { hooks, id } = this.#places
    return event?.kind === "ask" && event.table === hooks &&
      event.args.join() === [String(entry), `global${id}`, ...args].join()
  }

  #enters({ end, events }: Path): boolean {
    const { fuel, stack } = this.#places
    const [first, second, third] = events
    if (first?.kind !== "know") return false
    const used = `(i32.lt_s global${stack} 0)`
    if (end === "trap") {
      return first.fact === used && events.length === 2 && this.#hook(second, 1, ["2", `(i32.sub 0 global${stack})`])
    }
    const spent = `(i32.lt_s global${fuel} 0)`
    if (end !== "return" || first.fact !== `!${used}` || second?.kind !== "know") return false
    return events.length === 2
      ? second.fact === `!${spent}`
      : events.length === 3 && second.fact === spent && this.#calls(third, "refill")
  }

  #refills({ end, events }: Path): boolean {
    const [ask, set, know] = events
    const { fuel } = this.#places
    if (!this.#hook(ask, 0, [`(i32.sub 0 global${fuel})`]) || ask?.kind !== "ask" || set?.kind !== "set") return false
    if (set.global !== fuel || set.value !== `(i32.add ${ask.answer} ${set.from})`) return false
    if (end === "trap") return true
    return end === "return" && events.length === 3 && know?.kind === "know" &&
      know.fact === `!(i32.lt_s ${set.becomes} 0)`
  }

  #local({ end, events, results }: Path, kind: Helper["kind"]): boolean {
    const [set, call] = events
    const { fuel } = this.#places
    return end === "return" && events.length === 2 && set?.kind === "set" && set.global === fuel &&
      set.value === "p0" && this.#calls(call, kind) && (results[0] ?? "").startsWith(`global${fuel}#`) &&
      results[0] !== set.becomes
  }

  #calls(event: Event | undefined, kind: Helper["kind"]): boolean {
    return event?.kind === "call" && this.#known.get(event.func)?.kind === kind
  }

  #lands(path: Path): boolean {
    const { stack } = this.#places
    const charge = this.#spent(path.events, 0)
    const last = path.events.at(-1)
    return path.end === "return" && charge !== undefined && last?.kind === "set" && last.global === stack &&
      last.value === "p0" && charge.rest === path.events.length - 1 &&
      charge.amount === `(i32.shr_u (i32.sub p0 global${stack}) ${this.#costs.unwindShift})`
  }

  /** A charge that starts at an event and is checked: what it takes, and where it is over. */
  #spent(events: ReadonlyArray<Event>, at: number): { readonly amount: string; readonly rest: number } | undefined {
    const set = events[at]
    const know = events[at + 1]
    if (set?.kind !== "set" || set.global !== this.#places.fuel || know?.kind !== "know") return undefined
    const start = `(i32.sub ${set.from} `
    if (!set.value.startsWith(start)) return undefined
    const amount = set.value.slice(start.length, -1)
    const negative = `(i32.lt_s ${set.becomes} 0)`
    if (know.fact === `!${negative}`) return { amount, rest: at + 2 }
    return know.fact === negative && this.#calls(events[at + 2], "refill") ? { amount, rest: at + 3 } : undefined
  }

  /** The table that a function charges elements of, with its operand and result in place. */
  #charges(): number | undefined {
    const facts = this.#paths.map(({ events }) => events[0])
    const [first] = facts
    const table = first?.kind === "know" ? /^!?\(i32\.le_u p0 table\.size (\d+)\)$/.exec(first.fact)?.[1] : undefined
    const fits = this.#paths.every(({ end, events, results }) => {
      const [know] = events
      if (end !== "return" || results.join() !== "p0" || know?.kind !== "know") return false
      if (know.fact === `!(i32.le_u p0 table.size ${table})`) return events.length === 1
      const charge = this.#spent(events, 1)
      return know.fact === `(i32.le_u p0 table.size ${table})` && charge?.rest === events.length &&
        charge.amount === `(i32.mul p0 ${this.#costs.element})`
    })
    return table !== undefined && fits ? Number(table) : undefined
  }

  /** What is wrong on a path of a function that stands for an operation. */
  #operation({ end, events }: Path, code: number, a: number, b: number): string | undefined {
    let from = 0
    for (const [at, event] of events.entries()) {
      if (event.kind !== "operation") continue
      if (event.code !== code || event.a !== a || event.b !== b) return "does more than one operation"
      const before = events.slice(from, at)
      const past = at === events.length - 1 && end === "trap" && this.#outside(event, before)
      const problem = past ? undefined : this.#paid(event, before)
      if (problem !== undefined) return `${byCode.get(code)?.name} ${problem}`
      from = at + 1
    }
    return undefined
  }

  /** Whether it is known that an operation on memory is past the end of it. */
  #outside({ a, args, b, code }: Event & { readonly kind: "operation" }, before: ReadonlyArray<Event>): boolean {
    const wide = (value: string): string => `(i64.extend_i32_u ${value})`
    const bytes = (memory: number): string => `(i64.shl ${wide(`memory.size ${memory}`)} 16)`
    const [to = "", from = "", size = ""] = args
    const past = (start: string, end: string): string => `(i64.gt_u (i64.add ${wide(start)} ${wide(size)}) ${end})`
    const facts = code === Code.memoryFill
      ? [past(to, bytes(a))]
      : code === Code.memoryCopy
      ? [past(to, bytes(a)), past(from, bytes(b))]
      : [past(to, bytes(b)), past(from, String(this.#module.segments[a]))]
    return before.some((event) => event.kind === "know" && facts.includes(event.fact))
  }

  /** What is wrong with the payment for an operation that is about to run. */
  #paid({ a, args, code }: Event & { readonly kind: "operation" }, before: ReadonlyArray<Event>): string | undefined {
    const amounts: Array<string> = []
    for (const at of before.keys()) {
      const charge = this.#spent(before, at)
      if (charge !== undefined) amounts.push(charge.amount)
    }
    const { element, grow, memoryShift, page } = this.#costs
    const size = args.at(-1) ?? ""
    const known = (fact: string): boolean => before.some((event) => event.kind === "know" && event.fact === fact)
    if (code === Code.memoryGrow || code === Code.tableGrow) {
      const kind = code === Code.memoryGrow ? 0 : 1
      const ask = before.find((event) => this.#hook(event, 1, [String(kind), size]))
      if (ask?.kind !== "ask" || !known(`!(i32.eqz ${ask.answer})`)) return "is not allowed by the host"
      const prices = kind === 0
        ? [`(i32.mul ${size} ${page})`]
        : [`(i32.mul ${size} ${element})`, `(i32.mul (i32.add table.size ${a} ${size}) ${element})`]
      const paid = prices.some((price) => amounts.includes(`(i32.add ${price} ${grow})`))
      return paid ? undefined : "is not paid for by its length"
    }
    const constant = /^\d+$/.test(size)
    const price = constant ? String(Number(size) >>> memoryShift) : `(i32.shr_u ${size} ${memoryShift})`
    if (!amounts.includes(price)) return "is not paid for by its length"
    const bound = before.flatMap((event) => event.kind === "know" ? [atMost(event.fact, size)] : [])
    return (constant ? Number(size) : Math.min(...bound)) <= largest ? undefined : "may move too much at once"
  }
}

/** The most that a number can be by a fact. */
const atMost = (fact: string, value: string): number => {
  const start = `!(i32.gt_u ${value} `
  return fact.startsWith(start) ? Number(/^\d+/.exec(fact.slice(start.length))?.[0] ?? Infinity) : Infinity
}
