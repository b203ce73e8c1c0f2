import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Diagnostic } from "../Diagnostic.ts"
import * as tomlDocument from "./tomlDocument.ts"

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
  readonly path: tomlDocument.Path
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

export interface Decoded<A> {
  readonly value: A
  readonly document: tomlDocument.TomlDocument
}

export const decode = <S extends Schema.Top & { readonly DecodingServices: never }>(
  schema: S,
  text: string,
  file: string
): Result.Result<Decoded<S["Type"]>, ReadonlyArray<Diagnostic>> => {
  const document = tomlDocument.read(text)
  if ("problem" in document) {
    return Result.fail([diagnostic(file, text.split(/\r?\n/), document.span, { problem: document.problem })])
  }
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(document.value)
  if (Result.isSuccess(decoded)) return Result.succeed({ value: decoded.success, document })
  const problems: Array<Diagnostic> = []
  collect(decoded.failure.issue, [], undefined, document, file, problems)
  const seen = new Set<string>()
  return Result.fail(
    problems
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .filter((problem) => {
        const id = `${problem.line}:${problem.column}:${problem.problem}`
        return !seen.has(id) && seen.add(id)
      })
      .slice(0, reportLimit)
  )
}

const collect = (
  issue: SchemaIssue.Issue,
  path: tomlDocument.Path,
  container: SchemaAST.AST | undefined,
  document: tomlDocument.TomlDocument,
  file: string,
  out: Array<Diagnostic>
): void => {
  if (out.length >= 10 * reportLimit) return
  const report = (span: tomlDocument.Span, problem: Problem) =>
    out.push(diagnostic(file, document.lines, span, problem))
  switch (issue._tag) {
    case "Filter":
    case "Encoding":
      return collect(issue.issue, path, container, document, file, out)
    case "Pointer":
      return collect(issue.issue, [...path, ...issue.path.map(pathPart)], container, document, file, out)
    case "Composite":
      for (const inner of issue.issues) collect(inner, path, issue.ast, document, file, out)
      return
    case "AnyOf": {
      const deeper = issue.issues.find((inner) => inner._tag === "Composite" || inner._tag === "Filter")
      if (deeper !== undefined) return collect(deeper, path, container, document, file, out)
      report(valueSpan(document, path), wrongType(expectation(issue.ast), document, path))
      return
    }
    case "MissingKey": {
      const key = String(path[path.length - 1])
      const table = path.slice(0, -1)
      report(headerSpan(document, table), {
        problem: `${tableName(table)} needs ${JSON.stringify(key)}`,
        hint: `add ${key} = ...`,
        note: takes(table, container)
      })
      return
    }
    case "UnexpectedKey": {
      const key = String(path[path.length - 1])
      const table = path.slice(0, -1)
      const known = keysOf(container)
      const near = nearest(key, known)
      report(document.keyAt(path) ?? headerSpan(document, table), {
        problem: `unknown key ${JSON.stringify(key)} in ${tableName(table)}`,
        hint: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
        note: takes(table, container)
      })
      return
    }
    case "InvalidValue": {
      const problem = issue.annotations?.airssys ?? {
        problem: String(issue.annotations?.["message"] ?? issue.annotations?.["expected"] ?? "invalid value")
      }
      const key = issue.annotations?.airssysKey === true ? document.keyAt(path) : undefined
      const span = key ?? document.valueAt(path) ?? headerSpan(document, path)
      report(problem.offset === undefined ? span : within(span, problem), problem)
      return
    }
    case "InvalidType":
      report(valueSpan(document, path), wrongType(expectation(issue.ast), document, path))
      return
    case "OneOf":
    case "Forbidden":
      report(valueSpan(document, path), { problem: "invalid value" })
  }
}

const pathPart = (part: PropertyKey): string | number => typeof part === "number" ? part : String(part)

const valueSpan = (document: tomlDocument.TomlDocument, path: tomlDocument.Path): tomlDocument.Span =>
  document.valueAt(path) ?? document.keyAt(path) ?? headerSpan(document, path.slice(0, -1))

const headerSpan = (document: tomlDocument.TomlDocument, path: tomlDocument.Path): tomlDocument.Span => {
  for (let length = path.length; length > 0; length--) {
    const span = document.valueAt(path.slice(0, length)) ?? document.keyAt(path.slice(0, length))
    if (span !== undefined) return span
  }
  return { line: 1, column: 0, length: 1 }
}

/** A span inside a string literal of one line; the quote is one character. */
const within = (span: tomlDocument.Span, problem: Problem): tomlDocument.Span => {
  const whole = problem.offset === 0 && (problem.length ?? 0) >= span.length - 2
  return whole
    ? span
    : { line: span.line, column: span.column + 1 + (problem.offset ?? 0), length: problem.length ?? 1 }
}

const diagnostic = (
  file: string,
  lines: ReadonlyArray<string>,
  span: tomlDocument.Span,
  problem: Problem
): Diagnostic => {
  const source = lines[span.line - 1] ?? ""
  const column = Math.min(span.column, source.length)
  return {
    file,
    line: span.line,
    column: column + 1,
    length: Math.max(1, Math.min(span.length, source.length - column)),
    source,
    problem: problem.problem,
    ...(problem.hint === undefined ? undefined : { hint: problem.hint }),
    ...(problem.note === undefined ? undefined : { note: problem.note })
  }
}

const tableName = (path: tomlDocument.Path): string => {
  const names = path.filter((part) => typeof part === "string")
  return names.length === 0 ? "this file" : names[names.length - 1]!
}

const keysOf = (ast: SchemaAST.AST | undefined): ReadonlyArray<string> =>
  ast?._tag === "Objects" ? ast.propertySignatures.map((signature) => String(signature.name)) : []

const takes = (table: tomlDocument.Path, ast: SchemaAST.AST | undefined): string | undefined => {
  const known = keysOf(ast)
  return known.length === 0 ? undefined : `${tableName(table)} takes ${known.join(", ")}.`
}

const expectation = (ast: SchemaAST.AST): string => {
  const annotated = ast.annotations?.["expected"]
  if (typeof annotated === "string") return annotated
  switch (ast._tag) {
    case "String":
      return "a string"
    case "Number":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Arrays":
      return "a list"
    case "Objects":
      return "a table"
    case "Literal":
      return JSON.stringify(ast.literal)
    case "Union":
      return [...new Set(ast.types.map(expectation))].join(" or ")
    default:
      return "another value"
  }
}

const wrongType = (
  expected: string,
  document: tomlDocument.TomlDocument,
  path: tomlDocument.Path
): Problem => {
  const actual = path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    document.value
  )
  const name = path.filter((part) => typeof part === "string").at(-1) ?? "this file"
  return { problem: `${name} is ${describe(actual)}`, hint: `write ${expected}` }
}

const describe = (value: unknown): string => {
  if (value === undefined) return "missing"
  if (Array.isArray(value)) return "a list"
  switch (typeof value) {
    case "string":
      return "a string"
    case "number":
    case "bigint":
      return "a number"
    case "boolean":
      return String(value)
    default:
      return "a table"
  }
}

const nearest = (key: string, known: ReadonlyArray<string>): string | undefined => {
  if (key.length > 64) return undefined
  const ranked = known
    .map((name) => ({ name, distance: distance(key.toLowerCase(), name) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.name.length / 3)) ? best.name : undefined
}

/** Levenshtein's distance. */
const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost))
    }
    previous = current
  }
  return previous[b.length]!
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
