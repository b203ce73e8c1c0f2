/**
 * The module put around a guest: it checks that everything the world declares
 * is there, and turns a denial that the guest did not catch into the error of
 * the export, where the type of that error has a place for it.
 */
import { BuildError } from "../BuildError.ts"
import { camelCase, pascalCase, shortName } from "./names.ts"
import { placeOfOffset } from "./text.ts"
import type { WitSource } from "./witSource.ts"
import type { At, Func, TypeDefinition } from "./witSyntax.ts"
import { fail } from "./witSyntax.ts"
import type { ResolvedWorld, Scope } from "./witWorld.ts"
import { resolveType, scopeOf } from "./witWorld.ts"

export interface GuestEntry {
  readonly code: string
  /** Where each export is declared, by its JavaScript path: `rates.latest`. */
  readonly declared: ReadonlyMap<string, At>
}

/** Starts the message of the error that the entry throws while it is evaluated. */
export const missingMarker = "airssys: missing exports "

const deniedCases = ["access-denied", "denied"]
const deniedText = JSON.stringify("access denied")

/** An expression for what is thrown instead of a denial; undefined where the type has no place for it. */
const denied = (source: WitSource, scope: Scope, func: Func): string | undefined => {
  if (func.result === undefined) {
    return undefined
  }
  const result = resolveType(source, scope, func.result)
  if (result.kind !== "type" || result.type.kind !== "result" || result.type.err === undefined) {
    return undefined
  }
  const error = resolveType(source, result.scope, result.type.err)
  if (error.kind === "type") {
    return error.type.kind === "primitive" && error.type.name === "string" ? deniedText : undefined
  }
  const { definition } = error
  for (const name of deniedCases) {
    if (definition.kind === "enum" && definition.labels.some((label) => label.name === name)) {
      return JSON.stringify(name)
    }
    const found = definition.kind === "variant"
      ? definition.cases.find((candidate) => candidate.name === name)
      : undefined
    if (found !== undefined) {
      const payload = found.type === undefined ? undefined : resolveType(source, error.scope, found.type)
      if (payload === undefined) {
        return JSON.stringify({ tag: name })
      }
      if (payload.kind === "type" && payload.type.kind === "primitive" && payload.type.name === "string") {
        return JSON.stringify({ tag: name, val: "access denied" })
      }
    }
  }
  return undefined
}

const runtime = `
const missing = []
const isDenial = (error) =>
  error instanceof Error && typeof error.payload === "object" && error.payload !== null &&
  error.payload.tag === "access-denied"
const guard = (path, owner, call, denied) => {
  if (typeof call !== "function") {
    missing.push(path)
    return undefined
  }
  return function(...args) {
    try {
      return call.apply(this === undefined || owner !== undefined ? owner : this, args)
    } catch (error) {
      throw denied !== undefined && isDenial(error) ? denied() : error
    }
  }
}
const member = (path, holder, name, denied) => {
  const guarded = guard(path, undefined, holder[name], denied)
  if (guarded !== undefined) {
    Object.defineProperty(holder, name, { value: guarded, configurable: true, writable: true })
  }
}
const resource = (path, type, members) => {
  if (typeof type !== "function") {
    missing.push(path)
    return undefined
  }
  for (const [kind, name, denied] of members) {
    member(path + "." + name, kind === "static" ? type : type.prototype, name, denied)
  }
  return type
}
const instance = (path, value) => {
  if (value === undefined || value === null) {
    missing.push(path)
    return undefined
  }
  return value
}
`

const argument = (expression: string | undefined): string =>
  expression === undefined ? "undefined" : `() => (${expression})`

export const guestEntry = (source: WitSource, world: ResolvedWorld, entry: string): GuestEntry => {
  const declared = new Map<string, At>()
  const lines: Array<string> = []
  const names: Array<string> = []
  const claim = (path: string, func: Func): void => {
    declared.set(path, func.at)
    if (func.async) {
      fail(func.at, `"${func.name}" is async, which a TypeScript guest cannot export yet`, "Declare it as func.")
    }
  }
  const member = (owner: string, path: string, scope: Scope, func: Func): string => {
    const name = camelCase(func.name)
    claim(`${path}.${name}`, func)
    return `${JSON.stringify(name)}: guard(${JSON.stringify(`${path}.${name}`)}, ${owner}, ${owner}[${
      JSON.stringify(name)
    }], ${argument(denied(source, scope, func))})`
  }
  const resource = (owner: string, path: string, scope: Scope, type: TypeDefinition): string => {
    const name = pascalCase(type.name)
    declared.set(`${path}.${name}`, type.at)
    const functions = type.definition.kind === "resource" ? type.definition.functions : []
    const members = functions.filter((func) => func.kind !== "constructor").map((func) => {
      claim(`${path}.${name}.${camelCase(func.name)}`, func)
      return `[${JSON.stringify(func.kind)}, ${JSON.stringify(camelCase(func.name))}, ${
        argument(denied(source, scope, func))
      }]`
    })
    return `${JSON.stringify(name)}: resource(${JSON.stringify(`${path}.${name}`)}, ${owner}[${
      JSON.stringify(name)
    }], [${members.join(", ")}])`
  }
  const taken = new Set<string>()
  const publish = (name: string, expression: string, at: At): void => {
    if (taken.has(name)) {
      fail(at, `two exports of the world are called "${name}" in TypeScript`)
    }
    taken.add(name)
    lines.push(`const e${names.length} = ${expression}`)
    names.push(`e${names.length} as ${JSON.stringify(name)}`)
  }
  for (const [id, bound] of world.exports) {
    const name = camelCase(shortName(id))
    const owner = `guest_${names.length}`
    const scope = scopeOf(bound)
    declared.set(name, bound.interface.at)
    lines.push(`const ${owner} = instance(${JSON.stringify(name)}, guest[${JSON.stringify(name)}])`)
    const parts = [
      ...bound.interface.functions.map((func) => member(owner, name, scope, func)),
      ...bound.interface.types.filter((type) => type.definition.kind === "resource").map((type) =>
        resource(owner, name, scope, type)
      )
    ]
    publish(name, `${owner} === undefined ? undefined : { ${parts.join(", ")} }`, bound.interface.at)
  }
  for (const [plain, { function: func, scope }] of world.exportedFunctions) {
    const name = camelCase(plain)
    if (name === "init") {
      fail(func.at, `a TypeScript guest cannot export a function called "init"`, "Put it into an interface.")
    }
    claim(name, func)
    publish(
      name,
      `guard(${JSON.stringify(name)}, undefined, guest[${JSON.stringify(name)}], ${
        argument(denied(source, scope, func))
      })`,
      func.at
    )
  }
  for (const { function: func } of world.importedFunctions.values()) {
    fail(func.at, `a TypeScript guest cannot import the function "${func.name}" by itself`, "Put it into an interface.")
  }
  const code = `import * as guest from ${JSON.stringify(entry)}
${runtime}${lines.join("\n")}
if (missing.length > 0) {
  throw new Error(${JSON.stringify(missingMarker)} + JSON.stringify(missing))
}
export { ${names.join(", ")} }
`
  return { code, declared }
}

/** The build error for the names that an entry found missing; its place is the declaration of the first. */
export const missingExports = (
  world: ResolvedWorld,
  entry: GuestEntry,
  file: string,
  missing: ReadonlyArray<string>
): BuildError => {
  const first = missing[0] ?? ""
  const at = entry.declared.get(first)
  return new BuildError({
    reason: "MissingExport",
    problem: `${file} does not export "${first}"`,
    place: at === undefined ? undefined : placeOfOffset(at.file.path, at.file.text, at.offset),
    hint: missing.length > 1
      ? `World ${world.id} declares it, and ${missing.slice(1).map((name) => `"${name}"`).join(", ")}.`
      : `World ${world.id} declares it.`
  })
}
