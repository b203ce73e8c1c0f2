import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SafeText from "../../security/SafeText.ts"
import { type Diagnostic, place } from "../Diagnostic.ts"
import { nearest } from "./nearestKey.ts"
import * as tomlTree from "./tomlTree.ts"

const reportLimit = 20

/** What a check says about a value, beside that it failed. `offset` is inside a string. */
export interface Problem {
  readonly problem: string
  readonly hint?: string | undefined
  readonly note?: string | undefined
  readonly offset?: number | undefined
  readonly length?: number | undefined
}

/** A problem below a checked value; with `isKey` it is the key that is wrong, not its value. */
export interface KeyProblem {
  readonly path: tomlTree.Path
  readonly problem: Problem
  readonly isKey?: boolean | undefined
}

declare module "effect/Schema" {
  namespace Annotations {
    interface Issue {
      readonly airssys?: Problem | undefined
      readonly airssysKey?: boolean | undefined
    }
  }
}

/**
 * A check that fails with a problem, for `Schema.check`. `keywords` are what
 * JSON Schema can say of it, looser than the check or equal to it.
 */
export const check = <T>(
  find: (value: T) => Problem | undefined,
  keywords?: Readonly<Record<string, unknown>>
): SchemaAST.Filter<T> =>
  Schema.makeFilter((value: T) => {
    const problem = find(value)
    return problem === undefined ? true : issueOf(problem)
  }, annotationsOf(keywords))

/** The same, for problems that belong to keys below the value. */
export const checkKeys = <T>(
  find: (value: T) => ReadonlyArray<KeyProblem>,
  keywords?: Readonly<Record<string, unknown>>
): SchemaAST.Filter<T> =>
  Schema.makeFilter(
    (value: T) => find(value).map(({ isKey, path, problem }) => ({ path: [...path], issue: issueOf(problem, isKey) })),
    annotationsOf(keywords)
  )

const annotationsOf = (
  keywords: Readonly<Record<string, unknown>> | undefined
): Schema.Annotations.Filter | undefined =>
  keywords === undefined ? undefined : { toJsonSchema: () => [keywords as JsonSchema.JsonSchema, true] }

const issueOf = (problem: Problem, isKey?: boolean): SchemaIssue.Issue =>
  new SchemaIssue.InvalidValue({ message: problem.problem, airssys: problem, airssysKey: isKey })

const diagnostic = (file: string, text: string, span: tomlTree.Span, problem: Problem): Diagnostic => ({
  ...place(file, text, span.start, span.end),
  problem: problem.problem,
  ...(problem.hint === undefined || problem.hint === "" ? undefined : { hint: problem.hint }),
  ...(problem.note === undefined || problem.note === "" ? undefined : { note: problem.note })
})

export interface Decoded<A> {
  readonly value: A
  /** The line of the key at a path, counted from 1. */
  readonly lineOf: (path: tomlTree.Path) => number
}

const secretSpans = (
  node: tomlTree.Node,
  path: tomlTree.Path,
  isSecret: (path: tomlTree.Path) => boolean
): ReadonlyArray<tomlTree.Span> =>
  node.kind === "string" && isSecret(path)
    ? [node.span]
    : [...node.children].flatMap(([name, inner]) => secretSpans(inner, [...path, name], isSecret))

/** The text with the contents of secret strings starred, so that places in it stay the same. */
const withoutSecrets = (text: string, root: tomlTree.Node, isSecret: (path: tomlTree.Path) => boolean): string => {
  const parts: Array<string> = []
  let end = 0
  for (const span of secretSpans(root, [], isSecret).toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(end, span.start + 1), text.slice(span.start + 1, span.end - 1).replace(/[^\r\n]/g, "*"))
    end = span.end - 1
  }
  return `${parts.join("")}${text.slice(end)}`
}

/**
 * Decodes a text with one schema; the failure has the first problems of the
 * text in its order. Strings at secret paths are not shown. What is no text, by
 * a mistake of a program, is one without a line.
 */
export const decode = <S extends Schema.Top & { readonly DecodingServices: never }>(
  schema: S,
  input: string,
  file: string,
  isSecret: (path: tomlTree.Path) => boolean = () => false
): Result.Result<Decoded<S["Type"]>, ReadonlyArray<Diagnostic>> => {
  const given = typeof input === "string" ? input : ""
  const text = given.startsWith("\ufeff") ? given.slice(1) : given
  const tree = tomlTree.parse(text)
  if (Result.isFailure(tree)) return Result.fail([diagnostic(file, text, tree.failure.span, tree.failure)])
  const root = tree.success
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(root.value)
  if (Result.isSuccess(decoded)) {
    return Result.succeed({
      value: decoded.success,
      lineOf: (path) => place(file, text, keyAt(root, path).start, keyAt(root, path).end).line
    })
  }
  const found: Array<Found> = []
  collect(decoded.failure.issue, [], undefined, { text, root }, found)
  const seen = new Set<string>()
  const safe = withoutSecrets(text, root, isSecret)
  return Result.fail(
    found
      .toSorted((a, b) => a.span.start - b.span.start)
      .filter(({ problem, span }) => seen.size !== seen.add(`${span.start} ${problem.problem}`).size)
      .slice(0, reportLimit)
      .map(({ problem, span }) => diagnostic(file, safe, span, problem))
  )
}

interface Source {
  readonly text: string
  readonly root: tomlTree.Node
}

interface Found {
  readonly span: tomlTree.Span
  readonly problem: Problem
}

const valueAt = (root: tomlTree.Node, path: tomlTree.Path): tomlTree.Span => tomlTree.find(root, path).span

const keyAt = (root: tomlTree.Node, path: tomlTree.Path): tomlTree.Span => {
  const node = tomlTree.find(root, path)
  return node.key ?? node.span
}

/** `table` is the innermost schema of a table around the value. */
const collect = (
  issue: SchemaIssue.Issue,
  path: tomlTree.Path,
  table: SchemaAST.AST | undefined,
  source: Source,
  out: Array<Found>
): void => {
  const { root } = source
  switch (issue._tag) {
    case "Filter":
    case "Encoding":
      return collect(issue.issue, path, table, source, out)
    case "Pointer":
      return collect(issue.issue, [...path, ...issue.path], table, source, out)
    case "Composite":
      for (const inner of issue.issues) collect(inner, path, issue.ast, source, out)
      return
    case "AnyOf": {
      const deeper = issue.issues.find((inner) => inner._tag === "Composite" || inner._tag === "Filter")
      if (deeper !== undefined) return collect(deeper, path, table, source, out)
      out.push({ span: valueAt(root, path), problem: wrongType(issue.ast, root, path) })
      return
    }
    case "MissingKey":
      out.push({ span: valueAt(root, path.slice(0, -1)), problem: missing(path, table) })
      return
    case "UnexpectedKey":
      out.push({ span: keyAt(root, path), problem: unexpected(path, issue.ast) })
      return
    case "InvalidValue": {
      const problem = issue.annotations?.airssys ??
        { problem: String(issue.annotations?.["message"] ?? "invalid value") }
      const span = issue.annotations?.airssysKey === true ? keyAt(root, path) : valueAt(root, path)
      out.push({ span: within(source.text, span, problem), problem })
      return
    }
    case "InvalidType":
      out.push({ span: valueAt(root, path), problem: wrongType(issue.ast, root, path) })
      return
    case "OneOf":
    case "Forbidden":
      out.push({ span: valueAt(root, path), problem: { problem: "invalid value" } })
  }
}

const shorten = (text: string): string => SafeText.escape(text, 80)

const missing = (path: tomlTree.Path, table: SchemaAST.AST | undefined): Problem => {
  const key = String(path.at(-1))
  const signature = table?._tag === "Objects" ? table.propertySignatures.find(({ name }) => name === key) : undefined
  return {
    problem: `${tableName(path.slice(0, -1))} needs "${key}"`,
    hint: signature?.type._tag === "Objects"
      ? `add [${path.filter((part) => typeof part === "string").join(".")}]`
      : `add ${key} = ${signature === undefined ? "..." : exampleOf(signature.type)}`,
    note: takes(path.slice(0, -1), table)
  }
}

const exampleOf = (ast: SchemaAST.AST): string => {
  const expected = expectation(ast)
  return ast._tag === "Literal"
    ? expected
    : expected.split(" such as ")[1] ?? (ast._tag === "String" ? "\"...\"" : "...")
}

const unexpected = (path: tomlTree.Path, table: SchemaAST.AST): Problem => {
  const key = String(path.at(-1))
  const near = nearest(key, keysOf(table))
  return {
    problem: `unknown key "${shorten(key)}" in ${tableName(path.slice(0, -1))}`,
    hint: near === undefined ? undefined : `did you mean "${near}"?`,
    note: takes(path.slice(0, -1), table)
  }
}

/** The part of a string literal that a problem names, where it stands in the text as it is. */
const within = (text: string, span: tomlTree.Span, { length = 1, offset }: Problem): tomlTree.Span => {
  if (offset === undefined) return span
  const literal = text.slice(span.start, span.end)
  const isPlain = /^"[^"\\\n]*"$|^'[^'\n]*'$/.test(literal)
  return isPlain && (offset !== 0 || length < literal.length - 2)
    ? { start: span.start + 1 + offset, end: Math.min(span.end - 1, span.start + 1 + offset + length) }
    : span
}

const tableName = (path: tomlTree.Path): string =>
  shorten(path.findLast((part) => typeof part === "string") ?? "this file")

/** `storage.write` in a block, else the last name. */
const memberName = (path: tomlTree.Path): string => {
  const [, index, ...names] = path.filter((part, at) => typeof part === "string" || at === 1)
  return typeof index === "number" && names.length === 2 ? shorten(names.join(".")) : tableName(path)
}

const keysOf = (table: SchemaAST.AST | undefined): ReadonlyArray<string> =>
  table?._tag === "Objects" ? table.propertySignatures.map((signature) => String(signature.name)) : []

const takes = (path: tomlTree.Path, table: SchemaAST.AST | undefined): string | undefined => {
  const known = keysOf(table)
  return known.length === 0 ? undefined : `${tableName(path)} takes ${known.join(", ")}.`
}

const expectation = (ast: SchemaAST.AST): string => {
  const annotated = ast.annotations?.["expected"]
  if (typeof annotated === "string") return annotated
  switch (ast._tag) {
    case "String":
      return "a text in quotes"
    case "Number":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Arrays":
      return "a list"
    case "Objects":
      return "a table"
    case "Literal":
      return typeof ast.literal === "string" ? `"${ast.literal}"` : String(ast.literal)
    case "Union":
      return [...new Set(ast.types.map(expectation))].join(", ").replace(/, ([^,]*)$/, " or $1")
    default:
      return "another value"
  }
}

const wrongType = (ast: SchemaAST.AST, root: tomlTree.Node, path: tomlTree.Path): Problem => {
  const node = tomlTree.find(root, path)
  const name = memberName(path)
  const isListed = ast._tag === "Arrays" && ast.rest[0]?._tag === "String" && node.kind === "string"
  return {
    problem: `${typeof path.at(-1) === "number" ? `a value of ${name}` : name} is ${describe(node, ast)}`,
    hint: isListed ? `write [${SafeText.tomlString(String(node.value).slice(0, 80))}]` : `write ${expectation(ast)}`,
    note: ast._tag === "Objects" ? takes(path, ast) : undefined
  }
}

const describe = ({ kind, value }: tomlTree.Node, ast: SchemaAST.AST): string => {
  const isOneOf = ast._tag === "Literal" || ast._tag === "Union" && ast.types.every((type) => type._tag === "Literal")
  switch (kind) {
    case "string":
      return isOneOf ? `"${shorten(String(value))}"` : "a text"
    case "integer":
      return typeof value === "bigint" ? "too large a number" : isOneOf ? String(value) : "a number"
    case "float":
      return "a number"
    case "boolean":
      return String(value)
    case "local-date":
      return "a date"
    case "list":
    case "table":
      return `a ${kind}`
    default:
      return "a time"
  }
}

/** The JSON Schema of a file, for editors. */
export const jsonSchema = (schema: Schema.Top, title: string): object => {
  const document = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    ...document.schema,
    ...(Object.keys(document.definitions).length === 0 ? undefined : { $defs: document.definitions })
  }
}
