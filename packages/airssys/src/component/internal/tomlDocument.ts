import { type AST, ParseError, parseTOML } from "toml-eslint-parser"

/** A place in the text: `line` from 1, `column` from 0, as the parser counts. */
export interface Span {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** Path of a value: table keys and array indexes. */
export type Path = ReadonlyArray<string | number>

export interface TomlProblem {
  readonly span: Span
  readonly problem: string
}

/**
 * A parsed file. Tables are objects without a prototype; dates are their text.
 * Every key and value has its place, by path.
 */
export interface TomlDocument {
  readonly value: unknown
  readonly lines: ReadonlyArray<string>
  readonly keyAt: (path: Path) => Span | undefined
  readonly valueAt: (path: Path) => Span | undefined
}

const textLimit = 256 * 1024
const entryLimit = 2000
const depthLimit = 16

const start: Span = { line: 1, column: 0, length: 1 }
const idOf = (path: Path): string => JSON.stringify(path)

class TooMuch extends Error {
  readonly span: Span
  constructor(message: string, span: Span) {
    super(message)
    this.span = span
  }
}

export const read = (text: string): TomlDocument | TomlProblem => {
  if (text.length > textLimit) return { span: start, problem: `the file is larger than ${textLimit / 1024} KiB` }
  const deep = nesting(text)
  if (deep !== undefined) return { span: deep, problem: `values are nested deeper than ${depthLimit}` }
  try {
    return new Reader(text).read(parseTOML(text))
  } catch (error) {
    if (error instanceof TooMuch) return { span: error.span, problem: error.message }
    if (error instanceof ParseError) {
      return {
        span: { line: error.lineNumber, column: Math.max(0, error.column), length: 1 },
        problem: `not TOML: ${error.message.slice(0, 1).toLowerCase()}${error.message.slice(1)}`
      }
    }
    throw error
  }
}

/** Where brackets and dots nest deeper than allowed, found before the parser recurses. */
const nesting = (text: string): Span | undefined => {
  let depth = 0
  let line = 1
  let lineStart = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === "\n") {
      line++
      lineStart = i + 1
    } else if (char === "[" || char === "{") depth++
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1)
    if (depth > 4 * depthLimit) return { line, column: i - lineStart, length: 1 }
  }
  return undefined
}

class Reader implements TomlDocument {
  readonly lines: ReadonlyArray<string>
  value: unknown
  readonly keys = new Map<string, Span>()
  readonly values = new Map<string, Span>()
  entries = 0

  constructor(text: string) {
    this.lines = text.split(/\r?\n/)
  }

  keyAt = (path: Path): Span | undefined => this.keys.get(idOf(path))
  valueAt = (path: Path): Span | undefined => this.values.get(idOf(path))

  read(program: AST.TOMLProgram): this {
    const root = newTable()
    this.value = root
    for (const node of program.body[0].body) {
      if (node.type === "TOMLKeyValue") this.pair(root, [], node)
      else this.table(root, node)
    }
    return this
  }

  table(root: Table, node: AST.TOMLTable): void {
    const path: Array<string | number> = []
    const names = node.key.keys
    let index = 0
    let current: Table = root
    for (const part of node.resolvedKey) {
      path.push(part)
      if (typeof part === "number") continue
      const span = spanOf(names[index++]!)
      if (!this.keys.has(idOf(path))) this.keys.set(idOf(path), span)
    }
    for (const [at, part] of node.resolvedKey.entries()) {
      if (typeof part === "number") continue
      const next = node.resolvedKey[at + 1]
      current = typeof next === "number" ? this.item(current, part, next) : this.child(current, part)
    }
    this.count(spanOf(node.key), path.length)
    if (!this.values.has(idOf(path))) this.values.set(idOf(path), spanOf(node.key))
    for (const pair of node.body) this.pair(current, path, pair)
  }

  pair(table: Table, base: Path, node: AST.TOMLKeyValue): void {
    const path = [...base]
    let current = table
    const names = node.key.keys
    for (const [index, name] of names.entries()) {
      path.push(nameOf(name))
      if (!this.keys.has(idOf(path))) this.keys.set(idOf(path), spanOf(name))
      if (index < names.length - 1) {
        current = this.child(current, nameOf(name))
        if (!this.values.has(idOf(path))) this.values.set(idOf(path), spanOf(name))
      }
    }
    this.count(spanOf(node.key), path.length)
    define(current, nameOf(names[names.length - 1]!), this.content(node.value, path))
  }

  content(node: AST.TOMLContentNode, path: Path): unknown {
    this.values.set(idOf(path), spanOf(node))
    switch (node.type) {
      case "TOMLArray":
        return node.elements.map((element, index) => {
          this.count(spanOf(element), path.length + 1)
          return this.content(element, [...path, index])
        })
      case "TOMLInlineTable": {
        const table = newTable()
        for (const pair of node.body) this.pair(table, path, pair)
        return table
      }
      case "TOMLValue":
        switch (node.kind) {
          case "integer":
            return Number.isSafeInteger(node.value) ? node.value : node.bigint
          case "offset-date-time":
          case "local-date-time":
          case "local-date":
          case "local-time":
            return node.datetime
          default:
            return node.value
        }
    }
  }

  child(table: Table, name: string): Table {
    const known = table[name]
    if (isTable(known)) return known
    const made = newTable()
    define(table, name, made)
    return made
  }

  item(table: Table, name: string, index: number): Table {
    const known = table[name]
    const list = Array.isArray(known) ? known : []
    if (list !== known) define(table, name, list)
    const made = isTable(list[index]) ? list[index] : newTable()
    list[index] = made
    return made
  }

  count(span: Span, depth: number): void {
    if (++this.entries > entryLimit) throw new TooMuch(`more than ${entryLimit} values`, span)
    if (depth > depthLimit) throw new TooMuch(`values are nested deeper than ${depthLimit}`, span)
  }
}

interface Table {
  [key: string]: unknown
}

const newTable = (): Table => Object.create(null)

const isTable = (value: unknown): value is Table => typeof value === "object" && value !== null && !Array.isArray(value)

const define = (table: Table, key: string, value: unknown): void => {
  Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true })
}

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => key.type === "TOMLBare" ? key.name : key.value

const spanOf = (node: { readonly loc: AST.SourceLocation; readonly range: AST.Range }): Span => ({
  line: node.loc.start.line,
  column: node.loc.start.column,
  length: node.loc.start.line === node.loc.end.line
    ? Math.max(1, node.loc.end.column - node.loc.start.column)
    : Number.MAX_SAFE_INTEGER
})
