/**
 * What the generated functions of one component share: the views of its
 * memories, the core functions they call, and one function for each type that
 * is lifted or lowered under the same canonical options.
 */
import type { Options } from "./expansion.ts"
import { Source } from "./source.ts"

/** `host` values are the program's, `guest` ones go from component to component. */
export type Mode = "host" | "guest"

export type View = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f32" | "f64"

/** The names under which generated code knows core items, in the order they are bound in. */
export class Names {
  readonly memories: Array<NonNullable<Options["memory"]>> = []
  readonly funcs: Array<NonNullable<Options["realloc"]>> = []
  readonly #ids = new Map<string, number>()

  memory(ref: NonNullable<Options["memory"]>): number {
    return this.#id("m", ref, this.memories)
  }

  func(ref: NonNullable<Options["realloc"]>): number {
    return this.#id("f", ref, this.funcs)
  }

  #id<T extends NonNullable<Options["memory"]>>(kind: string, ref: T, all: Array<T>): number {
    const key = ref.from === "instance"
      ? `${kind} ${ref.from} ${ref.instance} ${ref.name}`
      : `${kind} ${ref.from} ${ref.id}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = all.push(ref) - 1
    this.#ids.set(key, id)
    return id
  }
}

/** All generated code of one component. */
export class Program {
  readonly names = new Names()
  readonly head = new Source()
  readonly #contexts = new Map<string, Context>()
  /** Views of memories that generated code mentions. */
  readonly views = new Set<string>()
  /** Component instances whose handles generated code touches. */
  readonly tables = new Set<number>()

  context(options: Options, component: number, mode: Mode): Context {
    const memory = options.memory === undefined ? undefined : this.names.memory(options.memory)
    const realloc = options.realloc === undefined ? undefined : this.names.func(options.realloc)
    const key = `${options.encoding} ${memory} ${realloc} ${component} ${mode}`
    const known = this.#contexts.get(key)
    if (known !== undefined) return known
    const made = new Context(this, options.encoding, memory, realloc, component, mode)
    this.#contexts.set(key, made)
    return made
  }
}

/** How values are lifted and lowered: under these options, by this component instance, for these takers. */
export class Context {
  readonly program: Program
  readonly encoding: Options["encoding"]
  readonly memory: number | undefined
  readonly realloc: number | undefined
  readonly component: number
  readonly mode: Mode
  readonly #functions = new Map<string, string>()

  constructor(
    program: Program,
    encoding: Options["encoding"],
    memory: number | undefined,
    realloc: number | undefined,
    component: number,
    mode: Mode
  ) {
    this.program = program
    this.encoding = encoding
    this.memory = memory
    this.realloc = realloc
    this.component = component
    this.mode = mode
  }

  get table(): string {
    this.program.tables.add(this.component)
    return `h${this.component}`
  }

  view(view: View): string {
    if (this.memory === undefined) throw new RangeError("a memory that the canonical options do not name")
    const name = `${view}_${this.memory}`
    this.program.views.add(name)
    return name
  }

  /** The unsigned number of 1, 2 or 4 bytes at an address. */
  sized(size: number, at: string): string {
    return size === 1
      ? `${this.view("u8")}[${at}]`
      : size === 2
      ? `${this.view("u16")}[${at} >>> 1]`
      : `${this.view("u32")}[${at} >>> 2]`
  }

  /** Gets new views where the memory has grown since they were made. */
  get refresh(): string {
    return `if (${this.view("u8")}.length === 0) r${this.memory}();`
  }

  /** A call of `realloc`, during which the guest can neither leave nor be suspended. */
  allocate(into: string, old: string, oldSize: string, align: number, size: string): string {
    if (this.realloc === undefined) throw new RangeError("a realloc that the canonical options do not name")
    return `S.aside = true; ${into} = f${this.realloc}(${old}, ${oldSize}, ${align}, ${size}) >>> 0; ` +
      `S.aside = false; ${this.refresh}` + (align > 1 ? ` if (${into} % ${align} !== 0) T(S, "misaligned");` : "") +
      ` if (${into} + (${size}) > ${this.view("u8")}.length) T(S, "memory");`
  }

  /** The function that `make` writes under this name, which it is given; written once. */
  once(kind: string, make: (name: string) => void): string {
    const known = this.#functions.get(kind)
    if (known !== undefined) return known
    const name = this.program.head.name("g")
    this.#functions.set(kind, name)
    make(name)
    return name
  }
}
