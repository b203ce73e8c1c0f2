/** A world with its names followed: what a guest imports and must export. */
import { BuildError } from "../BuildError.ts"
import { placeOfOffset } from "./text.ts"
import type { WitSource } from "./witSource.ts"
import type {
  At,
  Definition,
  Func,
  Interface,
  Package,
  Path,
  TypeDefinition,
  TypeRef,
  Use,
  World
} from "./witSyntax.ts"
import { fail } from "./witSyntax.ts"

/** An interface and the package or world in which its names are looked up. */
export interface Bound {
  /** `acme:rates/rates@1.2.0`, or the plain name of an interface written inside a world. */
  readonly id: string
  readonly pkg: Package
  readonly interface: Interface
}

export interface ResolvedWorld {
  /** `acme:rates/plugin@1.2.0`. */
  readonly id: string
  readonly world: World
  readonly pkg: Package
  readonly imports: ReadonlyMap<string, Bound>
  readonly exports: ReadonlyMap<string, Bound>
  readonly importedFunctions: ReadonlyMap<string, { readonly function: Func; readonly scope: Scope }>
  readonly exportedFunctions: ReadonlyMap<string, { readonly function: Func; readonly scope: Scope }>
}

/** Where a name of a type is looked up. */
export interface Scope {
  readonly pkg: Package
  readonly uses: ReadonlyArray<Use>
  readonly types: ReadonlyArray<TypeDefinition>
  /** Undefined for the world's own types. */
  readonly id: string | undefined
}

export type Resolved =
  | {
    readonly kind: "definition"
    readonly type: TypeDefinition
    readonly definition: Definition
    readonly scope: Scope
  }
  | { readonly kind: "type"; readonly type: Exclude<TypeRef, { readonly kind: "name" }>; readonly scope: Scope }

export const packageName = (pkg: Package): string => pkg.version === undefined ? pkg.id : `${pkg.id}@${pkg.version}`

const idOf = (pkg: Package, name: string): string =>
  pkg.version === undefined ? `${pkg.id}/${name}` : `${pkg.id}/${name}@${pkg.version}`

export const scopeOf = (bound: Bound): Scope => ({
  pkg: bound.pkg,
  uses: bound.interface.uses,
  types: bound.interface.types,
  id: bound.id
})

const packageOf = (source: WitSource, from: Package, path: Path): Package =>
  path.pkg === undefined
    ? from
    : source.packages.find((pkg) => pkg.id === path.pkg && pkg.version === path.version) ??
      fail(path.at, `package ${path.pkg}${path.version === undefined ? "" : `@${path.version}`} not found`)

/** Follows a path to an interface, through a file's `use … as`. */
export const findInterface = (source: WitSource, from: Package, path: Path): Bound => {
  const alias = path.pkg === undefined ? from.aliases.get(path.name) : undefined
  const target = alias ?? path
  const pkg = packageOf(source, from, target)
  const found = pkg.interfaces.find((candidate) => candidate.name === target.name)
  return found === undefined
    ? fail(
      path.at,
      `package ${packageName(pkg)} has no interface "${target.name}"`,
      `It has ${pkg.interfaces.map((candidate) => candidate.name).join(", ") || "none"}.`
    )
    : { id: idOf(pkg, found.name), pkg, interface: found }
}

const findWorld = (source: WitSource, from: Package, path: Path): { readonly world: World; readonly pkg: Package } => {
  const target = path.pkg === undefined ? from.aliases.get(path.name) ?? path : path
  const pkg = packageOf(source, from, target)
  const world = pkg.worlds.find((candidate) => candidate.name === target.name)
  return world === undefined
    ? fail(
      path.at,
      `package ${packageName(pkg)} has no world "${target.name}"`,
      `It has ${pkg.worlds.map((candidate) => candidate.name).join(", ") || "none"}.`
    )
    : { world, pkg }
}

/** Follows a type to its definition or to a type that is not a name. */
export const resolveType = (source: WitSource, scope: Scope, type: TypeRef, steps = 0): Resolved => {
  if (type.kind !== "name") {
    return { kind: "type", type, scope }
  }
  if (steps > 64) {
    return fail(type.at, `"${type.name}" is defined by itself`)
  }
  const own = scope.types.find((candidate) => candidate.name === type.name)
  if (own !== undefined) {
    return own.definition.kind === "alias"
      ? resolveType(source, scope, own.definition.type, steps + 1)
      : { kind: "definition", type: own, definition: own.definition, scope }
  }
  for (const use of scope.uses) {
    const used = use.names.find((candidate) => candidate.as === type.name)
    if (used !== undefined) {
      const bound = findInterface(source, scope.pkg, use.path)
      return resolveType(source, scopeOf(bound), { kind: "name", name: used.name, at: used.at }, steps + 1)
    }
  }
  return fail(type.at, `there is no type "${type.name}" here`)
}

/** The world that `name` means: `plugin`, `acme:rates/plugin` or `acme:rates/plugin@1.2.0`. */
const select = (source: WitSource, name: string | undefined): { readonly world: World; readonly pkg: Package } => {
  const root = source.packages[0]!
  const worlds = root.worlds
  if (name === undefined) {
    return worlds.length === 1 ? { world: worlds[0]!, pkg: root } : fail(
      root.at,
      worlds.length === 0
        ? `package ${packageName(root)} has no world`
        : `package ${packageName(root)} has several worlds`,
      worlds.length === 0 ? undefined : `Name one: ${worlds.map((world) => world.name).join(", ")}.`
    )
  }
  const found = source.packages.flatMap((pkg) =>
    pkg.worlds
      .filter((world) =>
        name === idOf(pkg, world.name) || name === `${pkg.id}/${world.name}` || (pkg === root && name === world.name)
      )
      .map((world) => ({ world, pkg }))
  )
  return found[0] ?? fail(
    root.at,
    `there is no world "${name}"`,
    worlds.length === 0 ? undefined : `There is ${worlds.map((world) => idOf(root, world.name)).join(", ")}.`
  )
}

export const resolveWorld = (source: WitSource, name: string | undefined): ResolvedWorld => {
  const { world, pkg } = select(source, name)
  const imports = new Map<string, Bound>()
  const exports = new Map<string, Bound>()
  const importedFunctions = new Map<string, { readonly function: Func; readonly scope: Scope }>()
  const exportedFunctions = new Map<string, { readonly function: Func; readonly scope: Scope }>()
  const visited = new Set<World>()
  const visit = (current: World, owner: Package, renames: ReadonlyMap<string, string>): void => {
    if (visited.has(current)) {
      return
    }
    visited.add(current)
    for (const include of current.includes) {
      const included = findWorld(source, owner, include.path)
      visit(included.world, included.pkg, include.renames)
    }
    const scope: Scope = { pkg: owner, uses: current.uses, types: current.types, id: undefined }
    const rename = (plain: string): string => renames.get(plain) ?? plain
    for (const { direction, item } of current.items) {
      const target = direction === "import" ? imports : exports
      if (item.kind === "function") {
        const functions = direction === "import" ? importedFunctions : exportedFunctions
        functions.set(rename(item.function.name), { function: item.function, scope })
      } else if (item.kind === "interface") {
        const id = rename(item.interface.name)
        target.set(id, { id, pkg: owner, interface: item.interface })
      } else {
        const bound = findInterface(source, owner, item.path)
        const id = item.as === undefined ? bound.id : rename(item.as)
        target.set(id, { ...bound, id })
      }
    }
  }
  visit(world, pkg, new Map())
  return { id: idOf(pkg, world.name), world, pkg, imports, exports, importedFunctions, exportedFunctions }
}

const namesIn = (type: TypeRef | undefined): ReadonlyArray<{ readonly name: string; readonly at: At }> => {
  if (type === undefined) {
    return []
  }
  switch (type.kind) {
    case "primitive":
      return []
    case "name":
    case "handle":
      return [type]
    case "result":
      return [...namesIn(type.ok), ...namesIn(type.err)]
    case "tuple":
      return type.items.flatMap(namesIn)
    case "map":
      return [...namesIn(type.key), ...namesIn(type.value)]
    default:
      return namesIn(type.of)
  }
}

const typesOfFunction = (func: Func): ReadonlyArray<TypeRef | undefined> => [
  ...func.params.map((param) => param.type),
  func.result
]

const typesOfDefinition = (definition: Definition): ReadonlyArray<TypeRef | undefined> => {
  switch (definition.kind) {
    case "alias":
      return [definition.type]
    case "record":
      return definition.fields.map((field) => field.type)
    case "variant":
      return definition.cases.map((found) => found.type)
    case "resource":
      return definition.functions.flatMap(typesOfFunction)
    default:
      return []
  }
}

const checkUses = (source: WitSource, pkg: Package, uses: ReadonlyArray<Use>): void => {
  for (const use of uses) {
    const bound = findInterface(source, pkg, use.path)
    for (const { at, name } of use.names) {
      resolveType(source, scopeOf(bound), { kind: "name", name, at })
    }
  }
}

const checkBody = (source: WitSource, scope: Scope, functions: ReadonlyArray<Func>): void => {
  checkUses(source, scope.pkg, scope.uses)
  const types = [
    ...scope.types.flatMap((type) => typesOfDefinition(type.definition)),
    ...functions.flatMap(typesOfFunction)
  ]
  for (const { at, name } of types.flatMap(namesIn)) {
    resolveType(source, scope, { kind: "name", name, at })
  }
}

/** Fails at the first name that leads nowhere, with its place. */
export const check = (source: WitSource): void => {
  for (const pkg of source.packages) {
    for (const found of pkg.interfaces) {
      checkBody(source, scopeOf({ id: found.name, pkg, interface: found }), found.functions)
    }
    for (const world of pkg.worlds) {
      checkBody(
        source,
        { pkg, uses: world.uses, types: world.types, id: undefined },
        world.items.flatMap(({ item }) => item.kind === "function" ? [item.function] : [])
      )
      for (const include of world.includes) {
        findWorld(source, pkg, include.path)
      }
      for (const { item } of world.items) {
        if (item.kind === "path") {
          findInterface(source, pkg, item.path)
        } else if (item.kind === "interface") {
          checkBody(
            source,
            scopeOf({ id: item.interface.name, pkg, interface: item.interface }),
            item.interface.functions
          )
        }
      }
    }
  }
}

/** The error for text that wasm-tools refuses; it names no place, so the first use of the name it quotes is one. */
export const refused = (source: WitSource, problem: string): BuildError => {
  const quoted = /`([A-Za-z][A-Za-z0-9-]*)`/u.exec(problem)?.[1]
  for (const file of quoted === undefined ? [] : source.files) {
    const offset = file.text.search(new RegExp(`(?<![A-Za-z0-9-])${quoted}(?![A-Za-z0-9-])`, "u"))
    if (offset >= 0) {
      return new BuildError({ reason: "Wit", problem, place: placeOfOffset(file.path, file.text, offset) })
    }
  }
  return new BuildError({ reason: "Wit", problem })
}
