/**
 * WIT text to a syntax tree with places.
 *
 * wasm-tools decides what is valid WIT, but its errors say no place and its
 * output has no docs. This reads the same text for both.
 */
import { BuildError } from "../BuildError.ts"
import { placeOfOffset } from "./text.ts"

/** A file and where in it. */
export interface At {
  readonly file: WitFile
  readonly offset: number
}

export interface WitFile {
  readonly path: string
  readonly text: string
}

/** `pkg` is `namespace:name`; undefined for the package in which the path stands. */
export interface Path {
  readonly pkg: string | undefined
  readonly version: string | undefined
  readonly name: string
  readonly at: At
}

export type TypeRef =
  | { readonly kind: "primitive"; readonly name: string }
  | { readonly kind: "name"; readonly name: string; readonly at: At }
  | { readonly kind: "list" | "option" | "stream" | "future"; readonly of: TypeRef | undefined }
  | { readonly kind: "map"; readonly key: TypeRef; readonly value: TypeRef }
  | { readonly kind: "result"; readonly ok: TypeRef | undefined; readonly err: TypeRef | undefined }
  | { readonly kind: "tuple"; readonly items: ReadonlyArray<TypeRef> }
  | { readonly kind: "handle"; readonly owned: boolean; readonly name: string; readonly at: At }

export interface Named {
  readonly name: string
  readonly docs: string
  readonly at: At
}

export interface Field extends Named {
  readonly type: TypeRef
}

export interface Case extends Named {
  readonly type: TypeRef | undefined
}

export interface Func extends Named {
  readonly kind: "function" | "constructor" | "method" | "static"
  readonly async: boolean
  readonly params: ReadonlyArray<{ readonly name: string; readonly type: TypeRef }>
  readonly result: TypeRef | undefined
}

export type Definition =
  | { readonly kind: "alias"; readonly type: TypeRef }
  | { readonly kind: "record"; readonly fields: ReadonlyArray<Field> }
  | { readonly kind: "variant"; readonly cases: ReadonlyArray<Case> }
  | { readonly kind: "enum" | "flags"; readonly labels: ReadonlyArray<Named> }
  | { readonly kind: "resource"; readonly functions: ReadonlyArray<Func> }

export interface TypeDefinition extends Named {
  readonly definition: Definition
}

export interface Use {
  readonly path: Path
  readonly names: ReadonlyArray<{ readonly name: string; readonly as: string; readonly at: At }>
}

export interface InterfaceBody {
  readonly uses: ReadonlyArray<Use>
  readonly types: ReadonlyArray<TypeDefinition>
  readonly functions: ReadonlyArray<Func>
}

export interface Interface extends Named, InterfaceBody {}

export type WorldItem = {
  readonly direction: "import" | "export"
  readonly docs: string
  readonly at: At
  readonly item:
    | { readonly kind: "path"; readonly path: Path; readonly as: string | undefined }
    | { readonly kind: "interface"; readonly interface: Interface }
    | { readonly kind: "function"; readonly function: Func }
}

export interface World extends Named {
  readonly includes: ReadonlyArray<{ readonly path: Path; readonly renames: ReadonlyMap<string, string> }>
  readonly uses: ReadonlyArray<Use>
  readonly types: ReadonlyArray<TypeDefinition>
  readonly items: ReadonlyArray<WorldItem>
}

/** One `package` and what stands in it; `id` has no version. */
export interface Package {
  readonly id: string
  readonly version: string | undefined
  readonly at: At
  readonly interfaces: ReadonlyArray<Interface>
  readonly worlds: ReadonlyArray<World>
  /** Interfaces of other packages that a file calls by a short name. */
  readonly aliases: ReadonlyMap<string, Path>
}

export interface ParsedFile {
  readonly file: WitFile
  /** The `package …;` line: its parts and its span in the text. */
  readonly header:
    | { readonly id: string; readonly version: string | undefined; readonly at: At; readonly end: number }
    | undefined
  readonly body: Omit<Package, "id" | "version" | "at">
  /** `package … { }` blocks. */
  readonly nested: ReadonlyArray<Package>
}

export const fail = (at: At, problem: string, hint?: string): never => {
  throw new BuildError({ reason: "Wit", problem, place: placeOfOffset(at.file.path, at.file.text, at.offset), hint })
}

const primitives = new Set([
  "bool",
  "s8",
  "u8",
  "s16",
  "u16",
  "s32",
  "u32",
  "s64",
  "u64",
  "f32",
  "f64",
  "char",
  "string",
  "error-context"
])

/** What the tools take for no name unless it is escaped. */
const keywords: ReadonlySet<string> = new Set([
  ...primitives,
  ..."as async borrow constructor enum export flags from func future import include interface list map".split(" "),
  ..."option own package record resource result static stream tuple type use variant with world".split(" ")
])

interface Token {
  readonly kind: "word" | "symbol" | "number" | "end"
  readonly text: string
  /** Written `%word`: never a keyword. */
  readonly escaped: boolean
  readonly start: number
  readonly end: number
  readonly docs: string
}

const tokenPattern =
  /(?<space>\s+)|(?<doc>\/\/\/[^\n]*)|(?<line>\/\/[^\n]*)|(?<open>\/\*)|(?<word>%?[A-Za-z](?:-?[A-Za-z0-9])*)|(?<number>[0-9]+(?:\.[0-9]+)*(?:[-+][0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*)*)|(?<symbol>->|[{}()<>,:;=./@*_])/uy

const endOfComment = (file: WitFile, start: number): number => {
  let depth = 0
  for (let at = start; at < file.text.length; at++) {
    if (file.text.startsWith("/*", at)) {
      depth++
      at++
    } else if (file.text.startsWith("*/", at)) {
      depth--
      at++
      if (depth === 0) {
        return at + 1
      }
    }
  }
  return fail({ file, offset: start }, "comment without an end")
}

const tokenize = (file: WitFile): ReadonlyArray<Token> => {
  const { text } = file
  const tokens: Array<Token> = []
  let docs: Array<string> = []
  let at = 0
  while (at < text.length) {
    tokenPattern.lastIndex = at
    const groups = tokenPattern.exec(text)?.groups
    if (groups === undefined) {
      return fail({ file, offset: at }, `unexpected character "${String.fromCodePoint(text.codePointAt(at)!)}"`)
    }
    const start = at
    if (groups["open"] !== undefined) {
      at = endOfComment(file, at)
      if (text.startsWith("/**", start)) {
        docs.push(...text.slice(start + 3, at - 2).split("\n").map((line) => line.replace(/^\s*\* ?/u, "").trim()))
      }
      continue
    }
    at = tokenPattern.lastIndex
    if (groups["doc"] !== undefined) {
      docs.push(groups["doc"].slice(3).replace(/^ /u, "").trimEnd())
      continue
    }
    if (groups["space"] !== undefined || groups["line"] !== undefined) {
      continue
    }
    const escaped = groups["word"]?.startsWith("%") === true
    tokens.push({
      kind: groups["word"] === undefined ? (groups["number"] === undefined ? "symbol" : "number") : "word",
      text: text.slice(escaped ? start + 1 : start, at),
      escaped,
      start,
      end: at,
      docs: docs.join("\n").trim()
    })
    docs = []
  }
  tokens.push({ kind: "end", text: "end of file", escaped: false, start: text.length, end: text.length, docs: "" })
  return tokens
}

const maximumDepth = 64

/** Parses one file. Fails with a `BuildError` that has the place. */
export const parse = (file: WitFile): ParsedFile => {
  const tokens = tokenize(file)
  let index = 0
  let depth = 0
  const peek = (ahead = 0): Token => tokens[Math.min(index + ahead, tokens.length - 1)]!
  const next = (): Token => tokens[Math.min(index++, tokens.length - 1)]!
  const placeOf = (token: Token): At => ({ file, offset: token.start })
  const is = (text: string, ahead = 0): boolean => {
    const token = peek(ahead)
    return token.text === text && !token.escaped && token.kind !== "end"
  }
  const unexpected = (expected: string): never =>
    fail(placeOf(peek()), `expected ${expected}, found ${peek().kind === "end" ? "the end" : `"${peek().text}"`}`)
  const accept = (text: string): boolean => is(text) ? (index++, true) : false
  const expect = (text: string): Token => is(text) ? next() : unexpected(`"${text}"`)
  const word = (what: string): Token => peek().kind === "word" ? next() : unexpected(what)
  const identifier = (what: string): Token => {
    const token = word(what)
    return token.escaped || !keywords.has(token.text)
      ? token
      : fail(
        placeOf(token),
        `"${token.text}" is a keyword of WIT and stands in the place of a name`,
        `Write %${token.text}, or take another name.`
      )
  }

  const until = <A>(close: string, item: () => A): ReadonlyArray<A> => {
    const items: Array<A> = []
    while (!accept(close)) {
      items.push(item())
      if (!accept(",")) {
        expect(close)
        break
      }
    }
    return items
  }

  const version = (): string => peek().kind === "number" ? next().text : unexpected("a version")

  const gates = (): void => {
    while (accept("@")) {
      word("an attribute")
      if (accept("(")) {
        while (!accept(")")) {
          if (peek().kind === "end") {
            unexpected(`")"`)
          }
          index++
        }
      }
    }
  }

  const path = (): Path => {
    const first = identifier("a name")
    const at = placeOf(first)
    if (!accept(":")) {
      return { pkg: undefined, version: undefined, name: first.text, at }
    }
    const pkg = `${first.text}:${identifier("a package name").text}`
    expect("/")
    const name = identifier("the name of an interface or world").text
    return { pkg, version: accept("@") ? version() : undefined, name, at }
  }

  const optional = (): TypeRef | undefined => accept("_") ? undefined : type()

  const type = (): TypeRef => {
    if (++depth > maximumDepth) {
      fail(placeOf(peek()), `types are nested more than ${maximumDepth} deep`)
    }
    const found = typeInner()
    depth--
    return found
  }

  const typeInner = (): TypeRef => {
    const token = word("a type")
    if (token.escaped) {
      return { kind: "name", name: token.text, at: placeOf(token) }
    }
    if (primitives.has(token.text)) {
      return { kind: "primitive", name: token.text }
    }
    switch (token.text) {
      case "list": {
        expect("<")
        const of = type()
        if (accept(",")) {
          next()
        }
        expect(">")
        return { kind: "list", of }
      }
      case "option": {
        expect("<")
        const of = type()
        expect(">")
        return { kind: "option", of }
      }
      case "map": {
        expect("<")
        const key = type()
        expect(",")
        const value = type()
        expect(">")
        return { kind: "map", key, value }
      }
      case "stream":
      case "future": {
        const of = accept("<") ? optional() : undefined
        if (of !== undefined) {
          expect(">")
        }
        return { kind: token.text, of }
      }
      case "result": {
        if (!accept("<")) {
          return { kind: "result", ok: undefined, err: undefined }
        }
        const ok = optional()
        const err = accept(",") ? optional() : undefined
        expect(">")
        return { kind: "result", ok, err }
      }
      case "tuple": {
        expect("<")
        return { kind: "tuple", items: until(">", type) }
      }
      case "own":
      case "borrow": {
        expect("<")
        const name = identifier("a resource")
        expect(">")
        return { kind: "handle", owned: token.text === "own", name: name.text, at: placeOf(name) }
      }
      default:
        return { kind: "name", name: token.text, at: placeOf(token) }
    }
  }

  const signature = (name: Token, kind: Func["kind"], docs: string): Func => {
    const async = kind !== "constructor" && accept("async")
    if (kind !== "constructor") {
      expect("func")
    }
    expect("(")
    const params = until(")", () => {
      const param = identifier("a parameter").text
      expect(":")
      return { name: param, type: type() }
    })
    const result = accept("->") ? type() : undefined
    expect(";")
    return { name: name.text, docs, at: placeOf(name), kind, async, params, result }
  }

  const resourceFunction = (): Func => {
    gates()
    const { docs } = peek()
    if (is("constructor") && is("(", 1)) {
      return signature(next(), "constructor", docs)
    }
    const name = identifier("a function")
    expect(":")
    return accept("static") ? signature(name, "static", docs) : signature(name, "method", docs)
  }

  const named = (): Named => {
    gates()
    const token = identifier("a name")
    return { name: token.text, docs: token.docs, at: placeOf(token) }
  }

  const isDefinition = (): boolean =>
    peek(1).kind === "word" && ["record", "variant", "enum", "flags", "resource", "type"].some((keyword) => is(keyword))

  const definition = (docs: string): TypeDefinition => {
    const keyword = next().text
    const token = identifier("the name of a type")
    const head = { name: token.text, docs, at: placeOf(token) }
    switch (keyword) {
      case "type": {
        expect("=")
        const aliased = type()
        expect(";")
        return { ...head, definition: { kind: "alias", type: aliased } }
      }
      case "record": {
        expect("{")
        const fields = until("}", () => {
          const field = named()
          expect(":")
          return { ...field, type: type() }
        })
        return { ...head, definition: { kind: "record", fields } }
      }
      case "variant": {
        expect("{")
        const cases = until("}", () => {
          const found = named()
          const payload = accept("(") ? type() : undefined
          if (payload !== undefined) {
            expect(")")
          }
          return { ...found, type: payload }
        })
        return { ...head, definition: { kind: "variant", cases } }
      }
      case "resource": {
        const functions: Array<Func> = []
        if (!accept(";")) {
          expect("{")
          while (!accept("}")) {
            functions.push(resourceFunction())
          }
        }
        return { ...head, definition: { kind: "resource", functions } }
      }
      default: {
        expect("{")
        return { ...head, definition: { kind: keyword === "enum" ? "enum" : "flags", labels: until("}", named) } }
      }
    }
  }

  const use = (): Use => {
    expect("use")
    const from = path()
    expect(".")
    expect("{")
    const names = until("}", () => {
      const name = identifier("the name of a type")
      return { name: name.text, as: accept("as") ? identifier("a name").text : name.text, at: placeOf(name) }
    })
    expect(";")
    return { path: from, names }
  }

  const interfaceBody = (): InterfaceBody => {
    const uses: Array<Use> = []
    const types: Array<TypeDefinition> = []
    const functions: Array<Func> = []
    expect("{")
    while (!is("}")) {
      const { docs } = peek()
      gates()
      if (is("use") && !is(":", 1)) {
        uses.push(use())
      } else if (isDefinition()) {
        types.push(definition(docs || peek().docs))
      } else {
        const name = identifier("a function, a type or a use")
        expect(":")
        functions.push(signature(name, "function", docs || name.docs))
      }
    }
    expect("}")
    return { uses, types, functions }
  }

  const worldItem = (docs: string): WorldItem => {
    const direction = next().text === "import" ? "import" : "export"
    const first = peek()
    const at = placeOf(first)
    if (is(":", 1) && (is("func", 2) || is("async", 2))) {
      index += 2
      return { direction, docs, at, item: { kind: "function", function: signature(first, "function", docs) } }
    }
    if (is(":", 1) && is("interface", 2)) {
      index += 3
      return {
        direction,
        docs,
        at,
        item: { kind: "interface", interface: { name: first.text, docs, at, ...interfaceBody() } }
      }
    }
    // `name: namespace:package/interface` has a second colon.
    const as = is(":", 1) && peek(2).kind === "word" && is(":", 3) ? (index += 2, first.text) : undefined
    const item = { kind: "path", path: path(), as } as const
    expect(";")
    return { direction, docs, at, item }
  }

  const world = (docs: string): World => {
    const token = identifier("the name of a world")
    const includes: Array<World["includes"][number]> = []
    const uses: Array<Use> = []
    const types: Array<TypeDefinition> = []
    const items: Array<WorldItem> = []
    expect("{")
    while (!is("}")) {
      const inner = peek().docs
      gates()
      if (is("import") || is("export")) {
        items.push(worldItem(inner || peek().docs))
      } else if (accept("include")) {
        const included = path()
        const renames = new Map<string, string>()
        if (accept("with")) {
          expect("{")
          until("}", () => {
            const from = identifier("a name").text
            expect("as")
            renames.set(from, identifier("a name").text)
          })
          accept(";")
        } else {
          expect(";")
        }
        includes.push({ path: included, renames })
      } else if (is("use")) {
        uses.push(use())
      } else if (isDefinition()) {
        types.push(definition(inner || peek().docs))
      } else {
        unexpected("import, export, include, use or a type")
      }
    }
    expect("}")
    return { name: token.text, docs, at: placeOf(token), includes, uses, types, items }
  }

  const packageName = (): { readonly id: string; readonly version: string | undefined } => {
    const namespace = identifier("a namespace").text
    expect(":")
    const id = `${namespace}:${identifier("a package name").text}`
    return { id, version: accept("@") ? version() : undefined }
  }

  const items = (close: string | undefined, nested: Array<Package> | undefined): ParsedFile["body"] => {
    const interfaces: Array<Interface> = []
    const worlds: Array<World> = []
    const aliases = new Map<string, Path>()
    while (close === undefined ? peek().kind !== "end" : !accept(close)) {
      const { docs } = peek()
      gates()
      const start = peek()
      if (accept("interface")) {
        const token = identifier("the name of an interface")
        interfaces.push({ name: token.text, docs: docs || start.docs, at: placeOf(token), ...interfaceBody() })
      } else if (accept("world")) {
        worlds.push(world(docs || start.docs))
      } else if (accept("use")) {
        const target = path()
        aliases.set(accept("as") ? identifier("a name").text : target.name, target)
        expect(";")
      } else if (nested !== undefined && accept("package")) {
        const at = placeOf(peek())
        const name = packageName()
        expect("{")
        nested.push({ ...name, at, ...items("}", undefined) })
      } else {
        unexpected("interface, world or use")
      }
    }
    return { interfaces, worlds, aliases }
  }

  let header: ParsedFile["header"]
  if (is("package")) {
    const from = index
    index++
    const at = placeOf(peek())
    const name = packageName()
    if (is(";")) {
      header = { ...name, at, end: next().end }
    } else {
      index = from
    }
  }
  const nested: Array<Package> = []
  return { file, header, body: items(undefined, nested), nested }
}
