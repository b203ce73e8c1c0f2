/**
 * The text format's parentheses, atoms and strings, each with its place, so
 * that a component's text can be cut out and handed to an assembler as it is.
 */

export interface Atom {
  readonly _tag: "Atom"
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A string literal; `bytes` has its escapes resolved. */
export interface Literal {
  readonly _tag: "Literal"
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly start: number
  readonly end: number
}

export interface List {
  readonly _tag: "List"
  readonly items: ReadonlyArray<Node>
  readonly start: number
  readonly end: number
}

export type Node = Atom | Literal | List

/** The text breaks the grammar at `offset`. */
export class SyntaxProblem extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The lists at the top of a script. Annotations are left out. */
export const parse = (source: string): ReadonlyArray<List> => {
  const reader = new Reader(source)
  const top: Array<List> = []
  for (const node of reader.nodes()) {
    if (node._tag !== "List") throw new SyntaxProblem("only lists stand at the top of a script", node.start)
    top.push(node)
  }
  return top
}

/** The first atom of a list; undefined when it starts with something else. */
export const head = (list: List): string | undefined => {
  const first = list.items[0]
  return first?._tag === "Atom" ? first.text : undefined
}

/** The 1-based line of an offset. */
export const lineOf = (source: string, offset: number): number => source.slice(0, offset).split("\n").length

const space = /[\s]/
const atomEnd = /[\s()";]/
const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ["t", 0x09],
  ["n", 0x0a],
  ["r", 0x0d],
  ["\"", 0x22],
  ["'", 0x27],
  ["\\", 0x5c]
])

class Reader {
  readonly #source: string
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  nodes(): ReadonlyArray<Node> {
    const open: Array<{ readonly start: number; readonly items: Array<Node> }> = [{ start: 0, items: [] }]
    for (;;) {
      this.#skip()
      const start = this.#at
      const char = this.#source[start]
      const current = open.at(-1)!
      if (char === undefined) {
        if (open.length > 1) throw new SyntaxProblem("a parenthesis is never closed", current.start)
        return current.items
      }
      if (char === "(") {
        this.#at++
        open.push({ start, items: [] })
      } else if (char === ")") {
        if (open.length === 1) throw new SyntaxProblem("a parenthesis closes nothing", start)
        this.#at++
        open.pop()
        const list: List = { _tag: "List", items: current.items, start: current.start, end: this.#at }
        if (head(list)?.startsWith("@") !== true) open.at(-1)!.items.push(list)
      } else {
        current.items.push(char === "\"" ? this.#literal() : this.#atom())
      }
    }
  }

  #skip(): void {
    for (;;) {
      const char = this.#source[this.#at]
      if (char === undefined) return
      if (space.test(char)) this.#at++
      else if (this.#source.startsWith(";;", this.#at)) {
        const end = this.#source.indexOf("\n", this.#at)
        this.#at = end < 0 ? this.#source.length : end + 1
      } else if (this.#source.startsWith("(;", this.#at)) this.#blockComment()
      else return
    }
  }

  #blockComment(): void {
    const start = this.#at
    let depth = 0
    do {
      if (this.#source.startsWith("(;", this.#at)) {
        depth++
        this.#at += 2
      } else if (this.#source.startsWith(";)", this.#at)) {
        depth--
        this.#at += 2
      } else if (this.#at >= this.#source.length) throw new SyntaxProblem("a comment is never closed", start)
      else this.#at++
    } while (depth > 0)
  }

  /** Includes the string of an id or annotation that is written with one, as in `$"an id"`. */
  #atom(): Atom {
    const start = this.#at
    for (;;) {
      const char = this.#source[this.#at]
      if (char === "\"" && /^[$@]$/.test(this.#source.slice(start, this.#at))) this.#literal()
      else if (char === undefined || atomEnd.test(char)) break
      else this.#at++
    }
    if (this.#at === start) throw new SyntaxProblem(`unexpected ${JSON.stringify(this.#source[start])}`, start)
    return { _tag: "Atom", text: this.#source.slice(start, this.#at), start, end: this.#at }
  }

  #literal(): Literal {
    const start = this.#at++
    const bytes: Array<number> = []
    for (;;) {
      const char = this.#source[this.#at]
      if (char === undefined || char === "\n") throw new SyntaxProblem("a string is never closed", start)
      if (char === "\"") break
      if (char === "\\") this.#escape(bytes)
      else {
        const point = String.fromCodePoint(this.#source.codePointAt(this.#at)!)
        bytes.push(...new TextEncoder().encode(point))
        this.#at += point.length
      }
    }
    this.#at++
    return { _tag: "Literal", bytes: Uint8Array.from(bytes), start, end: this.#at }
  }

  #escape(bytes: Array<number>): void {
    const start = this.#at
    const rest = this.#source.slice(start + 1, start + 16)
    const simple = simpleEscapes.get(rest[0] ?? "")
    const hex = /^[0-9a-fA-F]{2}/.exec(rest)
    const unicode = /^u\{([0-9a-fA-F_]+)\}/.exec(rest)
    if (simple !== undefined) {
      bytes.push(simple)
      this.#at += 2
    } else if (hex !== null) {
      bytes.push(Number.parseInt(hex[0], 16))
      this.#at += 3
    } else if (unicode !== null) {
      const point = Number.parseInt(unicode[1]!.replaceAll("_", ""), 16)
      if (!(point < 0xd800 || (point > 0xdfff && point <= 0x10ffff))) {
        throw new SyntaxProblem("an escape names no scalar value", start)
      }
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(point)))
      this.#at += 1 + unicode[0].length
    } else throw new SyntaxProblem("an unknown escape", start)
  }
}
