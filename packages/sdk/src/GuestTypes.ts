/**
 * TypeScript declarations for a guest: every interface of its world as a
 * module under its WIT id, and the world as one more, with the types that the
 * guest has to fill.
 *
 * The types are those of QuickJS guests: 64-bit integers are numbers and exact
 * to 2^53, `option` is `null` or the value, `result` as the type of a function
 * means that it returns the one and throws the other.
 *
 * @since 0.1.0
 */
import { camelCase, pascalCase, shortName } from "./internal/names.ts"
import { fromPath, fromText } from "./internal/witSource.ts"
import type { WitSource } from "./internal/witSource.ts"
import type { Func, TypeDefinition, TypeRef } from "./internal/witSyntax.ts"
import type { Bound, ResolvedWorld, Scope } from "./internal/witWorld.ts"
import { check, findInterface, resolveType, resolveWorld, scopeOf } from "./internal/witWorld.ts"
import type { WitInput } from "./Wit.ts"

const docs = (text: string, indent: string): string => {
  if (text === "") {
    return ""
  }
  const lines = text.replaceAll("*/", "*\\/").split("\n").map((line) => `${indent} * ${line}`.trimEnd())
  return `${indent}/**\n${lines.join("\n")}\n${indent} */\n`
}

const primitive = (name: string): string =>
  name === "bool" ? "boolean" : name === "string" || name === "char" ? "string" : "number"

const tagged = (tag: string, val: string | undefined): string =>
  val === undefined
    ? `{ readonly tag: ${JSON.stringify(tag)} }`
    : `{ readonly tag: ${JSON.stringify(tag)}; readonly val: ${val} }`

const isByte = (source: WitSource, scope: Scope, type: TypeRef): boolean => {
  const resolved = resolveType(source, scope, type)
  return resolved.kind === "type" && resolved.type.kind === "primitive" && resolved.type.name === "u8"
}

const isOption = (source: WitSource, scope: Scope, type: TypeRef): boolean => {
  const resolved = resolveType(source, scope, type)
  return resolved.kind === "type" && resolved.type.kind === "option"
}

const printType = (source: WitSource, scope: Scope, type: TypeRef | undefined): string => {
  const print = (inner: TypeRef | undefined): string => printType(source, scope, inner)
  if (type === undefined) {
    return "void"
  }
  switch (type.kind) {
    case "primitive":
      return primitive(type.name)
    case "name":
    case "handle":
      return pascalCase(type.name)
    case "list":
      return type.of !== undefined && isByte(source, scope, type.of) ? "Uint8Array" : `ReadonlyArray<${print(type.of)}>`
    case "option":
      return type.of !== undefined && isOption(source, scope, type.of)
        ? `${tagged("some", print(type.of))} | ${tagged("none", undefined)}`
        : `${print(type.of)} | null`
    case "map":
      return `ReadonlyMap<${print(type.key)}, ${print(type.value)}>`
    case "result":
      return `${tagged("ok", type.ok && print(type.ok))} | ${tagged("err", type.err && print(type.err))}`
    case "tuple":
      return `readonly [${type.items.map(print).join(", ")}]`
    default:
      return `AsyncIterable<${print(type.of)}>`
  }
}

/** What a function returns, and what it throws. */
const outcome = (
  source: WitSource,
  scope: Scope,
  func: Func
): { readonly returns: string; readonly throws: string } => {
  const resolved = func.result === undefined ? undefined : resolveType(source, scope, func.result)
  if (resolved?.kind !== "type" || resolved.type.kind !== "result") {
    return { returns: printType(source, scope, func.result), throws: "" }
  }
  // A named result is printed where it is defined, so its parts are looked up there.
  const { err, ok } = resolved.type
  return {
    returns: printType(source, resolved.scope, ok),
    throws: err === undefined
      ? "\n@throws an error without a payload"
      : `\n@throws ${printType(source, resolved.scope, err)}`
  }
}

const signature = (source: WitSource, scope: Scope, func: Func): string => {
  const params = func.params.map((param) => `${camelCase(param.name)}: ${printType(source, scope, param.type)}`)
  return `(${params.join(", ")}): ${outcome(source, scope, func).returns}`
}

const functionDocs = (source: WitSource, scope: Scope, func: Func, indent: string): string =>
  docs(`${func.docs}${outcome(source, scope, func).throws}`.trim(), indent)

const member = (source: WitSource, scope: Scope, func: Func, prefix = ""): string =>
  `${functionDocs(source, scope, func, "    ")}    ${prefix}${JSON.stringify(camelCase(func.name))}${
    signature(source, scope, func)
  }\n`.replace(/"([A-Za-z][A-Za-z0-9]*)"\(/u, "$1(")

const printResource = (source: WitSource, scope: Scope, functions: ReadonlyArray<Func>, imported: boolean): string => {
  const constructor = functions.find((func) => func.kind === "constructor")
  const head = constructor === undefined
    ? imported ? "    private constructor()\n" : ""
    : `${docs(constructor.docs, "    ")}    constructor${
      signature(source, scope, constructor).replace(/: void$/u, "")
    }\n`
  const members = functions.filter((func) => func.kind !== "constructor").map((func) =>
    member(source, scope, func, func.kind === "static" ? "static " : "")
  )
  const dispose = imported ? "    [Symbol.dispose](): void\n" : ""
  return `{\n${head}${members.join("")}${dispose}  }`
}

const printDefinition = (source: WitSource, scope: Scope, type: TypeDefinition, imported: boolean): string => {
  const name = pascalCase(type.name)
  const { definition } = type
  const head = docs(type.docs, "  ")
  switch (definition.kind) {
    case "alias":
      return `${head}  export type ${name} = ${printType(source, scope, definition.type)}\n`
    case "record": {
      const fields = definition.fields.map((field) =>
        `${docs(field.docs, "    ")}    readonly ${camelCase(field.name)}: ${printType(source, scope, field.type)}\n`
      )
      return `${head}  export interface ${name} {\n${fields.join("")}  }\n`
    }
    case "variant": {
      const cases = definition.cases.map((found) =>
        `${docs(found.docs, "    ")}    | ${tagged(found.name, found.type && printType(source, scope, found.type))}\n`
      )
      return `${head}  export type ${name} =\n${cases.join("") || "    never\n"}`
    }
    case "enum": {
      const labels = definition.labels.map((label) =>
        `${docs(label.docs, "    ")}    | ${JSON.stringify(label.name)}\n`
      )
      return `${head}  export type ${name} =\n${labels.join("") || "    never\n"}`
    }
    case "flags": {
      const labels = definition.labels.map((label) =>
        `${docs(label.docs, "    ")}    readonly ${camelCase(label.name)}: boolean\n`
      )
      return `${head}  export interface ${name} {\n${labels.join("")}  }\n`
    }
    case "resource":
      return `${head}  export class ${name} ${printResource(source, scope, definition.functions, imported)}\n`
  }
}

const reserved = new Set(
  ("break case catch class const continue debugger default delete do else enum export extends false finally for function " +
    "if import in instanceof new null return super switch this throw true try typeof var void while with yield await " +
    "let static implements interface package private protected public").split(" ")
)

const printFunction = (source: WitSource, scope: Scope, func: Func): string => {
  const name = camelCase(func.name)
  const head = functionDocs(source, scope, func, "  ")
  return reserved.has(name)
    ? `${head}  function $${name}${signature(source, scope, func)}\n  export { $${name} as ${name} }\n`
    : `${head}  export function ${name}${signature(source, scope, func)}\n`
}

const uses = (source: WitSource, scope: Scope): string =>
  scope.uses.flatMap((use) => {
    const { id } = findInterface(source, scope.pkg, use.path)
    return use.names.map((used) =>
      `  export type ${pascalCase(used.as)} = import(${JSON.stringify(id)}).${pascalCase(used.name)}\n`
    )
  }).join("")

/** The name of the type that a guest fills: `Rates`, or `HealthExports` where the interface has a type `health`. */
const exportsName = (bound: Bound): string => {
  const name = pascalCase(shortName(bound.id))
  const taken = [
    ...bound.interface.types.map((type) => type.name),
    ...bound.interface.uses.flatMap((use) => use.names.map((used) => used.as))
  ].some((type) => pascalCase(type) === name)
  return taken ? `${name}Exports` : name
}

const printInterface = (
  source: WitSource,
  bound: Bound,
  is: { readonly imported: boolean; readonly exported: boolean }
): string => {
  const scope = scopeOf(bound)
  const { functions, types } = bound.interface
  const parts = [uses(source, scope), ...types.map((type) => printDefinition(source, scope, type, is.imported))]
  if (is.imported) {
    parts.push(...functions.map((func) => printFunction(source, scope, func)))
  }
  if (is.exported) {
    const resources = types.filter((type) => type.definition.kind === "resource").map((type) =>
      `    readonly ${pascalCase(type.name)}: typeof ${pascalCase(type.name)}\n`
    )
    const members = functions.map((func) => member(source, scope, func))
    parts.push(
      `${docs(bound.interface.docs, "  ")}  export interface ${exportsName(bound)} {\n${members.join("")}${
        resources.join("")
      }  }\n`
    )
  }
  return `${docs(bound.interface.docs, "")}declare module ${JSON.stringify(bound.id)} {\n${
    parts.filter((part) => part !== "").join("\n")
  }}\n`
}

const printWorld = (source: WitSource, world: ResolvedWorld): string => {
  const scope: Scope = { pkg: world.pkg, uses: world.world.uses, types: world.world.types, id: undefined }
  const taken = new Set(["Exports", ...world.world.types.map((type) => pascalCase(type.name))])
  const parts: Array<string> = [
    uses(source, scope),
    ...scope.types.map((type) => printDefinition(source, scope, type, false))
  ]
  const members: Array<string> = []
  for (const [id, bound] of world.exports) {
    const filled = exportsName(bound)
    const names = [
      ...bound.interface.types.map((type) => pascalCase(type.name)),
      ...bound.interface.uses.flatMap((use) => use.names.map((used) => pascalCase(used.as))),
      filled
    ].filter((name) => !taken.has(name)).sort()
    names.forEach((name) => taken.add(name))
    if (names.length > 0) {
      parts.push(`  export type { ${names.join(", ")} } from ${JSON.stringify(bound.id)}\n`)
    }
    members.push(`    readonly ${camelCase(shortName(id))}: import(${JSON.stringify(bound.id)}).${filled}\n`)
  }
  for (const { function: func, scope: owner } of world.exportedFunctions.values()) {
    members.push(member(source, owner, func))
  }
  parts.push(
    `  /** Everything that the guest has to export. */\n  export interface Exports {\n${members.join("")}  }\n`
  )
  return `${docs(world.world.docs, "")}declare module ${JSON.stringify(world.id)} {\n${
    parts.filter((part) => part !== "").join("\n")
  }}\n`
}

/** The interfaces of the world and all whose types they use. */
const reachable = (source: WitSource, world: ResolvedWorld): ReadonlyMap<string, Bound> => {
  const found = new Map<string, Bound>()
  const queue = [...world.imports.values(), ...world.exports.values()]
  const follow = (scope: Scope): void => {
    queue.push(...scope.uses.map((use) => findInterface(source, scope.pkg, use.path)))
  }
  follow({ pkg: world.pkg, uses: world.world.uses, types: [], id: undefined })
  for (let bound = queue.pop(); bound !== undefined; bound = queue.pop()) {
    if (!found.has(bound.id)) {
      found.set(bound.id, bound)
      follow(scopeOf(bound))
    }
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1))
}

/**
 * The text of a `.d.ts` file for a world, the same for the same WIT. Rejects
 * with a `BuildError` that has file, line and column.
 *
 * @category constructors
 * @since 0.1.0
 */
export const guestTypes = async (wit: WitInput, world?: string | undefined): Promise<string> => {
  const source = await ("path" in wit ? fromPath(wit.path) : fromText(wit.source))
  check(source)
  const resolved = resolveWorld(source, world)
  const modules = [...reachable(source, resolved)].map(([id, bound]) =>
    printInterface(source, bound, { imported: resolved.imports.has(id), exported: resolved.exports.has(id) })
  )
  return `// Generated from ${resolved.id} by airssys. Do not edit.\n// dprint-ignore-file\n\n${
    [...modules, printWorld(source, resolved)].join("\n")
  }`
}
