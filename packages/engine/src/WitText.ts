/**
 * Worlds as WIT text.
 *
 * @since 0.1.0
 */
import type { Func, Interface, TypeName, WitType, World } from "./WitType.ts"

/**
 * A world as one WIT document: the package `root:component` with the world
 * `root`, then each package whose interfaces it imports or exports. A component
 * built from the text has this world again.
 *
 * **Details**
 *
 * An interface that is imported and exported is printed once, with the members
 * of both sides. Throws a RangeError when the text would exceed 16 Mi
 * characters, or when a record, variant, enum or flags type has no name: WIT
 * cannot say it.
 *
 * **Example** (Printing a world)
 *
 * ```ts
 * import * as WitText from "@airssys/engine/WitText"
 *
 * const text = WitText.print({
 *   imports: [],
 *   exports: [{
 *     id: undefined,
 *     functions: [{ name: "sum", params: [{ name: "of", type: { kind: "u8" } }], result: { kind: "u8" }, async: false }],
 *     types: [],
 *     resources: []
 *   }]
 * })
 * text.includes("export sum: func(of: u8) -> u8;") // => true
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const print = (world: World): string => {
  const out = new Lines()
  out.line("package root:component;")
  out.line("")
  out.block("world root", () => printWorld(out, world))
  for (const [name, interfaces] of packages(world)) {
    out.line("")
    out.block(`package ${name}`, () => {
      for (const one of interfaces) {
        out.block(`interface ${escape(interfaceName(one.id ?? ""))}`, () => printInterface(out, one))
      }
    })
  }
  return out.text()
}

const maxCharacters = 16 * 1_024 * 1_024

class Lines {
  readonly #lines: Array<string> = []
  #indent = ""
  #characters = 0

  line(text: string): void {
    this.#characters += text.length + this.#indent.length + 1
    if (this.#characters > maxCharacters) throw new RangeError("the world is too large to print")
    this.#lines.push(text === "" ? "" : this.#indent + text)
  }

  block(head: string, body: () => void): void {
    this.line(`${head} {`)
    this.#indent += "  "
    body()
    this.#indent = this.#indent.slice(2)
    this.line("}")
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`
  }
}

const keywords: ReadonlySet<string> = new Set(
  ("as async bool borrow char constructor enum error-context export f32 f64 flags from func future import include " +
    "interface list map option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 " +
    "u32 u64 u8 use variant with world").split(" ")
)

const escape = (name: string): string => keywords.has(name) ? `%${name}` : name

const isPath = (id: string): boolean => id.includes("/")

/** `host` of `acme:rates/host@1.2.0`. */
const interfaceName = (id: string): string => id.slice(id.indexOf("/") + 1).replace(/@.*$/, "")

/** `acme:rates@1.2.0` of `acme:rates/host@1.2.0`. */
const packageName = (id: string): string => {
  const version = id.indexOf("@")
  return id.slice(0, id.indexOf("/")) + (version === -1 ? "" : id.slice(version))
}

const interfacePath = (id: string): string =>
  id.replace(/[^:/@]+/g, (part, at: number) => id.slice(0, at).includes("@") ? part : escape(part))

const packages = (world: World): ReadonlyMap<string, ReadonlyArray<Interface>> => {
  const merged = new Map<string, Interface>()
  for (const one of [...world.imports, ...world.exports]) {
    if (one.id === undefined || !isPath(one.id)) continue
    const known = merged.get(one.id)
    merged.set(one.id, known === undefined ? one : merge(known, one))
  }
  const grouped = new Map<string, Array<Interface>>()
  for (const [id, one] of merged) {
    const name = interfacePath(packageName(id))
    const group = grouped.get(name)
    if (group === undefined) grouped.set(name, [one])
    else group.push(one)
  }
  return grouped
}

/** The items of both sides, those of the left one where a name is taken twice. */
const union = <T>(
  left: ReadonlyArray<T>,
  right: ReadonlyArray<T>,
  name: (item: T) => string
): ReadonlyArray<T> => {
  const taken = new Set(left.map(name))
  return [...left, ...right.filter((item) => !taken.has(name(item)))]
}

const merge = (a: Interface, b: Interface): Interface => ({
  id: a.id,
  functions: union(a.functions, b.functions, (func) => func.name),
  types: union(a.types, b.types, (type) => type.name),
  resources: union(a.resources, b.resources, (name) => name)
})

const printWorld = (out: Lines, world: World): void => {
  for (const one of world.imports) {
    if (one.id !== undefined) printUse(out, "import", one)
  }
  const own = world.imports.find((one) => one.id === undefined)
  const given = world.exports.find((one) => one.id === undefined)
  const scope = new Scope(undefined, [own, given])
  scope.printUses(out)
  if (own !== undefined) {
    scope.printTypes(out, own)
    for (const func of own.functions.filter(isFree)) out.line(`import ${escape(func.name)}: ${scope.func(func)};`)
  }
  for (const func of given?.functions.filter(isFree) ?? []) {
    out.line(`export ${escape(func.name)}: ${scope.func(func)};`)
  }
  for (const one of world.exports) {
    if (one.id !== undefined) printUse(out, "export", one)
  }
}

const printUse = (out: Lines, direction: "import" | "export", one: Interface): void => {
  const id = one.id ?? ""
  if (isPath(id)) return out.line(`${direction} ${interfacePath(id)};`)
  out.block(`${direction} ${escape(id)}: interface`, () => printInterface(out, one))
}

const printInterface = (out: Lines, one: Interface): void => {
  const scope = new Scope(one.id, [one])
  scope.printUses(out)
  scope.printTypes(out, one)
  for (const func of one.functions.filter(isFree)) out.line(`${escape(func.name)}: ${scope.func(func)};`)
}

const isFree = (func: Func): boolean => !func.name.startsWith("[")

type Named = Extract<WitType, { readonly name: TypeName | undefined }>

const isNamed = (type: WitType): type is Named =>
  type.kind === "record" || type.kind === "variant" || type.kind === "enum" || type.kind === "flags"

/** How one interface or world writes types: by local names for what it defines or uses. */
class Scope {
  readonly #id: string | undefined
  readonly #locals = new Map<string, string>()
  readonly #uses: Array<{ readonly from: TypeName; readonly as: string }> = []
  readonly #taken = new Set<string>()
  readonly #walked = new Set<WitType>()

  constructor(id: string | undefined, sides: ReadonlyArray<Interface | undefined>) {
    this.#id = id
    const present = sides.filter((side) => side !== undefined)
    for (const { functions, resources, types } of present) {
      for (const name of [...resources, ...types.map((type) => type.name), ...functions.map((func) => func.name)]) {
        this.#taken.add(name)
      }
      for (const name of resources) this.#locals.set(key({ owner: id, name }), name)
    }
    for (const { types } of present) {
      for (const { name, type } of types) {
        if (!isNamed(type) || type.name === undefined || this.#locals.has(key(type.name))) continue
        if (type.name.owner !== id) this.#uses.push({ from: type.name, as: name })
        else if (type.name.name !== name) continue
        this.#locals.set(key(type.name), name)
      }
    }
    for (const { functions, types } of present) {
      for (const { type } of types) this.#walk(type)
      for (const func of functions) {
        for (const param of func.params) this.#walk(param.type)
        if (func.result !== undefined) this.#walk(func.result)
      }
    }
  }

  /** Adds a use for each type of another interface that is mentioned without one. */
  #walk(type: WitType): void {
    if (this.#walked.has(type)) return
    this.#walked.add(type)
    const name = isNamed(type) ? type.name : type.kind === "own" || type.kind === "borrow" ? type.resource : undefined
    if (name !== undefined && name.owner !== this.#id) return this.#use(name)
    for (const child of children(type)) this.#walk(child)
  }

  #use(name: TypeName): void {
    if (this.#locals.has(key(name))) return
    let local = name.name
    for (let i = 2; this.#taken.has(local); i++) local = `${name.name}-${i}`
    this.#taken.add(local)
    this.#locals.set(key(name), local)
    this.#uses.push({ from: name, as: local })
  }

  printUses(out: Lines): void {
    for (const { as, from } of this.#uses) {
      const path = from.owner === undefined ? "" : this.#path(from.owner)
      const renamed = as === from.name ? "" : ` as ${escape(as)}`
      out.line(`use ${path}.{${escape(from.name)}${renamed}};`)
    }
  }

  #path(owner: string): string {
    return this.#id !== undefined && isPath(this.#id) && packageName(owner) === packageName(this.#id)
      ? escape(interfaceName(owner))
      : interfacePath(owner)
  }

  printTypes(out: Lines, one: Interface): void {
    for (const { name, type } of one.types) {
      const owner = isNamed(type) ? type.name : undefined
      if (owner?.owner === this.#id && owner?.name === name) this.#define(out, name, type)
      else if (owner === undefined || this.#locals.get(key(owner)) !== name) {
        out.line(`type ${escape(name)} = ${this.type(type)};`)
      }
    }
    for (const name of one.resources) {
      const members = one.functions.filter((func) => memberOf(func) === name)
      if (members.length === 0) out.line(`resource ${escape(name)};`)
      else {
        out.block(`resource ${escape(name)}`, () => {
          for (const func of members) out.line(this.#member(name, func))
        })
      }
    }
  }

  #define(out: Lines, name: string, type: WitType): void {
    if (!isNamed(type)) return
    out.block(`${type.kind} ${escape(name)}`, () => {
      switch (type.kind) {
        case "record":
          for (const field of type.fields) out.line(`${escape(field.name)}: ${this.type(field.type)},`)
          return
        case "variant":
          for (const one of type.cases) {
            out.line(`${escape(one.name)}${one.type === undefined ? "" : `(${this.type(one.type)})`},`)
          }
          return
        case "enum":
          for (const one of type.cases) out.line(`${escape(one)},`)
          return
        case "flags":
          for (const label of type.labels) out.line(`${escape(label)},`)
      }
    })
  }

  #member(resource: string, func: Func): string {
    if (func.name.startsWith("[constructor]")) {
      const plain = func.result?.kind === "own"
      return `constructor(${this.#params(func.params)})${plain ? "" : this.#result(func)};`
    }
    const name = escape(func.name.slice(func.name.indexOf("]") + resource.length + 2))
    return func.name.startsWith("[static]")
      ? `${name}: static ${this.func(func)};`
      : `${name}: ${this.func({ ...func, params: func.params.slice(1) })};`
  }

  #params(params: Func["params"]): string {
    return params.map((param) => `${escape(param.name)}: ${this.type(param.type)}`).join(", ")
  }

  #result(func: Func): string {
    return func.result === undefined ? "" : ` -> ${this.type(func.result)}`
  }

  func(func: Func): string {
    return `${func.async ? "async " : ""}func(${this.#params(func.params)})${this.#result(func)}`
  }

  #reference(name: TypeName): string {
    const local = this.#locals.get(key(name))
    return escape(local ?? name.name)
  }

  type(type: WitType): string {
    switch (type.kind) {
      case "list":
        return `list<${this.type(type.element)}>`
      case "option":
        return `option<${this.type(type.some)}>`
      case "result":
        if (type.ok === undefined && type.err === undefined) return "result"
        if (type.err === undefined) return `result<${this.#orNothing(type.ok)}>`
        return `result<${this.#orNothing(type.ok)}, ${this.type(type.err)}>`
      case "tuple":
        return `tuple<${type.items.map((item) => this.type(item)).join(", ")}>`
      case "own":
        return this.#reference(type.resource)
      case "borrow":
        return `borrow<${this.#reference(type.resource)}>`
      case "record":
      case "variant":
      case "enum":
      case "flags":
        if (type.name === undefined) throw new RangeError(`a ${type.kind} type without a name`)
        return this.#reference(type.name)
      default:
        return type.kind
    }
  }

  #orNothing(type: WitType | undefined): string {
    return type === undefined ? "_" : this.type(type)
  }
}

const key = (name: TypeName): string => `${name.owner ?? ""} ${name.name}`

const memberOf = (func: Func): string | undefined => /^\[[a-z]+\]([^.]+)/.exec(func.name)?.[1]

const children = (type: WitType): ReadonlyArray<WitType> => {
  switch (type.kind) {
    case "list":
      return [type.element]
    case "option":
      return [type.some]
    case "result":
      return [type.ok, type.err].filter((child) => child !== undefined)
    case "tuple":
      return type.items
    case "record":
      return type.fields.map((field) => field.type)
    case "variant":
      return type.cases.map((one) => one.type).filter((child) => child !== undefined)
    default:
      return []
  }
}
