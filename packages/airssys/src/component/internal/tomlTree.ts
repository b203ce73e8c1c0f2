import * as Result from "effect/Result"
import { type AST, ParseError, parseTOML } from "toml-eslint-parser"

/** Offsets of the text, the end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export type Path = ReadonlyArray<PropertyKey>

/** What a value is in TOML. Dates and times are given as their text. */
export type Kind = AST.TOMLValue["kind"] | "list" | "table"

/**
 * A value with its places: `key` is the name under which it is found, `span`
 * the value, or for a table the header or name that opens it. `children` are
 * the same as those of `value`, by key or index.
 */
export interface Node {
  readonly value: unknown
  readonly kind: Kind
  readonly key: Span | undefined
  readonly span: Span
  readonly children: ReadonlyMap<PropertyKey, Node>
}

/** Why a text has no tree. */
export interface TreeProblem {
  readonly problem: string
  readonly hint?: string
  readonly note?: string
  readonly span: Span
}

const byteLimit = 256 * 1024
const depthLimit = 16
const nodeLimit = 8192
const stringLimit = 32 * 1024

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf("\n", from)
  return end === -1 ? text.length : end
}

const endOfString = (text: string, start: number, quote: string): number => {
  const isLong = text.startsWith(quote.repeat(3), start)
  for (let at = start + (isLong ? 3 : 1); at < text.length; at++) {
    if (quote === "\"" && text[at] === "\\") at++
    else if (isLong && text.startsWith(quote.repeat(3), at)) return at + 2
    else if (!isLong && (text[at] === quote || text[at] === "\n")) return at
  }
  return text.length
}

const tooMuch = (text: string): TreeProblem => ({
  problem: `a file has at most ${nodeLimit} values in ${depthLimit} levels`,
  hint: "shorten it",
  span: firstLine(text)
})

const tooDeep = (at: number): TreeProblem => ({
  problem: `values nest at most ${depthLimit} deep`,
  hint: "write a flatter table",
  span: { start: at, end: at + 1 }
})

const tooLong = (start: number, end: number): TreeProblem => ({
  problem: `a text has at most ${stringLimit} characters`,
  hint: "shorten it",
  span: { start, end }
})

/** What the parser is not given, since its time or stack could run out. Strings and comments do not count. */
const excess = (text: string): TreeProblem | undefined => {
  let depth = 0
  let dots = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === "#") at = endOfLine(text, at) - 1
    else if (character === "\"" || character === "'") {
      const start = at
      at = endOfString(text, at, character)
      if (at - start > stringLimit) return tooLong(start, at)
    } else if (character === "[" || character === "{") {
      if (++depth > depthLimit) return tooDeep(at)
      if (++values > nodeLimit) return tooMuch(text)
    } else if (character === "]" || character === "}") depth = Math.max(0, depth - 1)
    else if (character === ".") {
      if (++dots >= depthLimit) return tooDeep(at)
    } else if (character === "\n" || character === "=" || character === ",") {
      dots = 0
      if (character !== "\n" && ++values > nodeLimit) return tooMuch(text)
    }
  }
  return undefined
}

const spanOf = (node: { readonly range: AST.Range }): Span => ({ start: node.range[0], end: node.range[1] })

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string => key.type === "TOMLBare" ? key.name : key.value

/** A table or list that still grows. */
class Branch {
  readonly key: Span | undefined
  readonly isList: boolean
  readonly children = new Map<PropertyKey, Branch | Node>()
  span: Span
  constructor(key: Span | undefined, span: Span, isList: boolean) {
    this.key = key
    this.span = span
    this.isList = isList
  }
}

const branchAt = (parent: Branch, name: PropertyKey, key: Span | undefined, span: Span, isList: boolean): Branch => {
  const found = parent.children.get(name)
  if (found instanceof Branch) return found
  const made = new Branch(key, span, isList)
  parent.children.set(name, made)
  return made
}

const addPair = (parent: Branch, pair: AST.TOMLKeyValue): void => {
  let branch = parent
  const names = pair.key.keys
  for (const [index, key] of names.entries()) {
    const span = spanOf(key)
    if (index === names.length - 1) branch.children.set(nameOf(key), content(pair.value, span))
    else branch = branchAt(branch, nameOf(key), span, span, false)
  }
}

const content = (value: AST.TOMLContentNode, key: Span | undefined): Branch | Node => {
  const span = spanOf(value)
  if (value.type === "TOMLValue") return { value: scalar(value), kind: value.kind, key, span, children: new Map() }
  const branch = new Branch(key, span, value.type === "TOMLArray")
  if (value.type === "TOMLInlineTable") {
    for (const pair of value.body) addPair(branch, pair)
  } else for (const [index, item] of value.elements.entries()) branch.children.set(index, content(item, undefined))
  return branch
}

const scalar = (value: AST.TOMLValue): unknown => {
  switch (value.kind) {
    case "integer":
      return Number.isSafeInteger(Number(value.bigint)) ? Number(value.bigint) : value.bigint
    case "float":
    case "string":
    case "boolean":
      return value.value
    default:
      return value.datetime
  }
}

const addTable = (root: Branch, table: AST.TOMLTable, text: string): void => {
  const bracket = text.indexOf("]", table.key.range[1])
  const header = { start: table.range[0], end: bracket + (table.kind === "array" ? 2 : 1) }
  const keys = table.key.keys.map(spanOf)
  let branch = root
  let used = 0
  for (const [index, name] of table.resolvedKey.entries()) {
    const isLast = index === table.resolvedKey.length - 1
    if (typeof name === "string") used++
    const key = keys[used - 1]
    const isList = typeof table.resolvedKey[index + 1] === "number"
    branch = branchAt(branch, name, key, isLast ? header : key ?? header, isList)
    if (isLast) branch.span = header
  }
  for (const pair of table.body) addPair(branch, pair)
}

/** Tables become objects without a prototype, so that a key can only ever be found as a key. */
const close = (branch: Branch | Node, depth: number, count: { left: number }): Node | undefined => {
  if (count.left-- <= 0 || depth > depthLimit) return undefined
  if (!(branch instanceof Branch)) return branch
  const children = new Map<PropertyKey, Node>()
  const table: Record<PropertyKey, unknown> = Object.create(null)
  for (const [name, next] of branch.children) {
    const closed = close(next, depth + 1, count)
    if (closed === undefined) return undefined
    children.set(name, closed)
    if (!branch.isList) table[name] = closed.value
  }
  const { isList, key, span } = branch
  return {
    value: isList ? [...children.values()].map((node) => node.value) : table,
    kind: isList ? "list" : "table",
    key,
    span,
    children
  }
}

const wordCharacter = /[^\s,=[\]{}"'#]/

/** The word around an offset; the character where there is none. */
const wordAt = (text: string, offset: number): Span => {
  const at = Math.max(0, Math.min(offset, text.length - 1))
  let start = at
  let end = at + 1
  if (!wordCharacter.test(text[at] ?? "")) return { start, end }
  while (start > 0 && wordCharacter.test(text[start - 1] ?? "")) start--
  while (end < text.length && wordCharacter.test(text[end] ?? "")) end++
  return { start, end }
}

const note = "This file is TOML 1.0."

const syntaxProblem = (error: ParseError, text: string): TreeProblem => {
  const span = wordAt(text, error.index)
  if (/invalid (?:date|time)/i.test(error.message)) {
    return { problem: "this is no date of the calendar", hint: "write a day as 2027-03-31", note, span }
  }
  return /multiple times/i.test(error.message)
    ? { problem: "this key or table is there twice", hint: "keep one of them", note, span }
    : { problem: `not TOML: ${error.message.slice(0, 1).toLowerCase()}${error.message.slice(1)}`, note, span }
}

const firstLine = (text: string): Span => {
  const start = Math.max(0, text.search(/\S/))
  return { start, end: endOfLine(text, start) }
}

const parseProgram = (text: string): Result.Result<AST.TOMLProgram, TreeProblem> =>
  Result.try({
    try: () => parseTOML(text, { tomlVersion: "1.0" }),
    catch: (error) => error instanceof ParseError ? syntaxProblem(error, text) : tooMuch(text)
  })

/**
 * Parses at most 256 KiB, 16 levels and 8,192 values. The root's `span` is the
 * first line that has something.
 */
export const parse = (text: string): Result.Result<Node, TreeProblem> => {
  if (text.length > byteLimit || new TextEncoder().encode(text).length > byteLimit) {
    return Result.fail({ problem: "a file has at most 256 KiB", hint: "shorten it", span: firstLine(text) })
  }
  const problem = excess(text)
  if (problem !== undefined) return Result.fail(problem)
  return Result.flatMap(parseProgram(text), (program) => {
    const root = new Branch(undefined, firstLine(text), false)
    for (const item of program.body[0].body) {
      if (item.type === "TOMLTable") addTable(root, item, text)
      else addPair(root, item)
    }
    const closed = close(root, 0, { left: nodeLimit })
    return closed === undefined ? Result.fail(tooMuch(text)) : Result.succeed(closed)
  })
}

/** The node at a path, or the nearest above it. */
export const find = (root: Node, path: Path): Node => {
  let node = root
  for (const name of path) {
    const next = node.children.get(name)
    if (next === undefined) return node
    node = next
  }
  return node
}
