/**
 * Runs an appended function with symbols for what it cannot know, along every
 * path. What a loop changes becomes unknown; a path ends where it goes round.
 */
import { opens } from "./align.ts"
import type { Body, CoreModule, Instruction } from "./coreModule.ts"
import { localCount } from "./coreModule.ts"
import { byCode, Code } from "./opcodes.ts"

/** What happens on a path, in its order. */
export type Event =
  | {
    readonly kind: "set"
    readonly global: number
    readonly from: string
    readonly value: string
    readonly becomes: string
  }
  | { readonly kind: "call"; readonly func: number; readonly args: ReadonlyArray<string> }
  | { readonly kind: "ask"; readonly table: number; readonly args: ReadonlyArray<string>; readonly answer: string }
  | {
    readonly kind: "operation"
    readonly code: number
    readonly a: number
    readonly b: number
    readonly args: ReadonlyArray<string>
    readonly result: string
  }
  /** Known from here on: an expression that is not zero, or with `!` before it is zero. */
  | { readonly kind: "know"; readonly fact: string }
  | { readonly kind: "loop" }

export interface Path {
  readonly events: ReadonlyArray<Event>
  readonly end: "return" | "trap" | "round"
  readonly results: ReadonlyArray<string>
}

interface State {
  readonly events: Array<Event>
  readonly stack: Array<string>
  readonly locals: Array<string>
  readonly globals: Map<number, string>
}

interface Frame {
  readonly loop: boolean
  readonly start: number
  readonly end: number
}

export const paths = (module: CoreModule, body: Body): ReadonlyArray<Path> => new Walk(module, body).paths

const maxPaths = 1_000

class Walk {
  readonly paths: Array<Path> = []
  readonly #module: CoreModule
  readonly #code: ReadonlyArray<Instruction>
  readonly #results: number
  #symbols = 0

  constructor(module: CoreModule, body: Body) {
    this.#module = module
    this.#code = module.instructions(body)
    const type = module.typeOf(body.index)
    this.#results = type.results.length
    const locals = type.params.map((_, index) => `p${index}`)
    for (let left = localCount(body); left > 0; left--) locals.push("0")
    const globals = new Map(
      module.globals.map((_, index) => [index, `global${index}`]).slice(-8) as Array<[number, string]>
    )
    this.#walk(0, { events: [], stack: [], locals, globals }, [])
  }

  #fresh(what: string): string {
    return `${what}#${++this.#symbols}`
  }

  #finish(state: State, end: Path["end"]): void {
    if (this.paths.length === maxPaths) throw new Error("too many paths")
    this.paths.push({ events: state.events, end, results: end === "return" ? state.stack.slice(-this.#results) : [] })
  }

  /** Where the frame that opens at an instruction has its `else`, if any, and its `end`. */
  #extent(start: number): { readonly otherwise: number | undefined; readonly end: number } {
    let depth = 0
    let otherwise: number | undefined
    for (let at = start + 1;; at++) {
      const code = this.#code[at]?.code
      if (code === undefined) throw new Error("a frame without an end")
      if (opens(code)) depth++
      else if (code === Code.else && depth === 0) otherwise = at
      else if (code === Code.end && depth-- === 0) return { otherwise, end: at }
    }
  }

  #walk(from: number, state: State, frames: ReadonlyArray<Frame>): void {
    let open = frames
    for (let at = from;; at++) {
      const here = this.#code[at]
      if (here === undefined) return this.#finish(state, "return")
      const { a, code } = here
      if (code === Code.unreachable) return this.#finish(state, "trap")
      if (code === Code.return) return this.#finish(state, "return")
      if (code === Code.block || code === Code.loop) {
        const { end } = this.#extent(at)
        if (code === Code.loop) this.#enter(at, end, state)
        open = open.concat({ loop: code === Code.loop, start: at, end })
      } else if (code === Code.if) {
        const { end, otherwise } = this.#extent(at)
        const inner = open.concat({ loop: false, start: at, end })
        const test = state.stack.pop() ?? ""
        this.#walk((otherwise ?? end - 1) + 1, knowing(state, `!${test}`), inner)
        state.events.push({ kind: "know", fact: test })
        open = inner
      } else if (code === Code.else) {
        at = (open.at(-1)?.end ?? at) - 1
      } else if (code === Code.end) {
        open = open.slice(0, -1)
      } else if (code === Code.br || code === Code.brIf) {
        const test = code === Code.brIf ? state.stack.pop() ?? "" : undefined
        this.#branch(a, test === undefined ? state : knowing(state, test), open)
        if (test === undefined) return
        state.events.push({ kind: "know", fact: `!${test}` })
      } else this.#step(here, state)
    }
  }

  #branch(label: number, state: State, open: ReadonlyArray<Frame>): void {
    const frame = open.at(-1 - label)
    if (frame === undefined) return this.#finish(state, "return")
    if (frame.loop) return this.#finish(state, "round")
    this.#walk(frame.end, state, open.slice(0, open.length - label))
  }

  /** Forgets what a loop changes. */
  #enter(start: number, end: number, state: State): void {
    for (const { a, code } of this.#code.slice(start, end)) {
      if (code === Code.localSet || code === Code.localTee) state.locals[a] = this.#fresh(`local${a}`)
    }
    for (const global of state.globals.keys()) state.globals.set(global, this.#fresh(`global${global}`))
    state.events.push({ kind: "loop" })
  }

  #step({ a, b, code }: Instruction, state: State): void {
    const { events, globals, locals, stack } = state
    const pop = (): string => stack.pop() ?? "?"
    const take = (count: number): Array<string> => stack.splice(stack.length - count, count)
    const global = (): string => globals.get(a) ?? `global${a}`
    switch (code) {
      case Code.localGet:
        return void stack.push(locals[a] ?? "?")
      case Code.localSet:
        locals[a] = pop()
        return
      case Code.localTee:
        locals[a] = stack.at(-1) ?? "?"
        return
      case Code.globalGet:
        return void stack.push(global())
      case Code.globalSet: {
        const value = pop()
        const from = global()
        const becomes = this.#fresh(`global${a}`)
        globals.set(a, becomes)
        events.push({ kind: "set", global: a, from, value, becomes })
        return
      }
      case Code.call: {
        const { params, results } = this.#module.typeOf(a)
        events.push({ kind: "call", func: a, args: take(params.length) })
        for (const known of globals.keys()) globals.set(known, this.#fresh(`global${known}`))
        stack.push(...results.map(() => this.#fresh(`call${a}`)))
        return
      }
      case Code.callIndirect: {
        const entry = pop()
        const { params } = this.#module.types[a] ?? { params: [] }
        const args = [entry, ...take(params.length)]
        const answer = this.#fresh("answer")
        events.push({ kind: "ask", table: b, args, answer })
        for (const known of globals.keys()) globals.set(known, this.#fresh(`global${known}`))
        return void stack.push(answer)
      }
      case Code.i32Const:
        return void stack.push(String(a))
    }
    const op = byCode.get(code)
    if (op === undefined) throw new Error(`opcode ${code}`)
    if (op.name === "i64.const") return void stack.push(String(a))
    if (op.name === "memory.size" || op.name === "table.size") return void stack.push(`${op.name} ${a}`)
    const growth = code === Code.memoryGrow || code === Code.tableGrow
    if (op.immediates === "none" && op.fixed) {
      stack.push(`(${op.name} ${take(op.params.length).join(" ")})`)
    } else if (growth || !op.fixed || op.params === "iii") {
      const args = take(code === Code.memoryGrow ? 1 : code === Code.tableGrow ? 2 : 3)
      const result = this.#fresh(op.name)
      events.push({ kind: "operation", code, a, b, args, result })
      if (growth) stack.push(result)
    } else throw new Error(`${op.name} in an appended function`)
  }
}

const knowing = (state: State, fact: string): State => ({
  events: [...state.events, { kind: "know", fact }],
  stack: [...state.stack],
  locals: [...state.locals],
  globals: new Map(state.globals)
})
