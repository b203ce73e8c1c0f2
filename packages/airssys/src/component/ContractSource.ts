/**
 * The TypeScript source of a contract, written from a component's world.
 *
 * Everything that reaches the source text is either a validated kebab-case
 * identifier, a string literal made by `JSON.stringify`, or text of this
 * module. Names that would collide are qualified, never overwritten.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Contract from "./Contract.ts"

/**
 * A world that cannot become a contract; `place` names the function or type.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractSourceError
  extends Schema.TaggedError<ContractSourceError>("airssys/component/ContractSourceError")("ContractSourceError", {
    place: Schema.String,
    problem: Schema.String
  })
{
  override get message(): string {
    return `${this.place}: ${this.problem}`
  }
}

/**
 * Writes the contract of a world. `world` is its id, such as
 * `acme:rates/plugin@1.2.0`; the class is named after the package.
 * Interfaces of `airssys:core` are the host's business and left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate = (options: {
  readonly world: string
  readonly description: WitType.World
}): Result.Result<string, ContractSourceError> => {
  try {
    return Result.succeed(new Writer(options.world, options.description).write())
  } catch (error) {
    if (error instanceof ContractSourceError) return Result.fail(error)
    throw error
  }
}

const identifier = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/i
const worldId = /^([a-z][a-z0-9-]*):([a-z][a-z0-9-]*)\/([a-z][a-z0-9-]*)(@[0-9A-Za-z.+-]+)?$/

const reserved: ReadonlySet<string> = new Set([
  "Array",
  "ArrayLike",
  "BigInt",
  "Boolean",
  "ComponentError",
  "Contract",
  "Effect",
  "Error",
  "Function",
  "Map",
  "Number",
  "Object",
  "Promise",
  "Readonly",
  "ReadonlyArray",
  "Record",
  "Result",
  "Set",
  "String",
  "Symbol",
  "Uint8Array",
  "WitType"
])

const keywords: ReadonlySet<string> = new Set([
  "arguments",
  "await",
  "break",
  "case",
  "catch",
  "class",
  "const",
  "continue",
  "debugger",
  "default",
  "delete",
  "do",
  "else",
  "enum",
  "eval",
  "export",
  "extends",
  "false",
  "finally",
  "for",
  "function",
  "if",
  "implements",
  "import",
  "in",
  "instanceof",
  "interface",
  "let",
  "new",
  "null",
  "package",
  "private",
  "protected",
  "public",
  "return",
  "static",
  "super",
  "switch",
  "this",
  "throw",
  "true",
  "try",
  "typeof",
  "var",
  "void",
  "while",
  "with",
  "yield"
])

type Named = Extract<WitType.WitType, { readonly kind: "record" | "variant" | "enum" | "flags" }>

class Writer {
  readonly world: string
  readonly packageId: string
  readonly className: string
  readonly interfaces: ReadonlyArray<WitType.Interface>
  readonly taken = new Set<string>(reserved)
  readonly names = new Map<string, string>()
  readonly declarations: Array<string> = []
  readonly failures = new Map<string, FailureUnion>()

  constructor(world: string, description: WitType.World) {
    const parts = worldId.exec(world)
    if (parts === null) throw this.error(world, "a world id looks like acme:rates/plugin@1.2.0")
    this.world = world
    this.packageId = `${parts[1]}:${parts[2]}`
    this.className = pascal(parts[2] ?? "")
    this.taken.add(this.className)
    this.interfaces = description.exports.filter((item) =>
      item.id === undefined || !item.id.startsWith("airssys:core/")
    )
  }

  write(): string {
    const withFunctions = this.interfaces.filter((item) => item.functions.length > 0)
    if (withFunctions.length === 0) throw this.error(this.world, "exports no functions")
    for (const item of withFunctions) {
      const resource = item.resources[0] ?? item.functions.find((func) => func.name.startsWith("["))?.name
      if (resource !== undefined) {
        throw this.error(`${item.id ?? this.world}#${resource}`, "exported resources have no place in a contract yet")
      }
    }
    const members = withFunctions.length === 1
      ? this.functions(withFunctions[0]!, "  ")
      : this.nested(withFunctions)
    return [
      "// Written by `airssys types`. Do not edit: run it again when the WIT changes.",
      `import type { ComponentError } from "airssys/component/ComponentError"`,
      `import * as Contract from "airssys/component/Contract"`,
      `import type * as Effect from "effect/Effect"`,
      "",
      ...this.declarations,
      "/**",
      ` * The exports of \`${this.world}\`.`,
      " */",
      `export class ${this.className} extends Contract.Service<${this.className}, {`,
      ...members.map((member) => member.type),
      `}>()(${quote(this.world)}, {`,
      members.map((member) => member.value).join(",\n"),
      "}) {}",
      ""
    ].join("\n")
  }

  nested(interfaces: ReadonlyArray<WitType.Interface>): ReadonlyArray<Member> {
    return interfaces.flatMap((item) => {
      if (item.id === undefined) return this.functions(item, "  ")
      const name = camelCase(this.checked(Contract.interfaceName(item.id), item.id))
      const inner = this.functions(item, "    ")
      return [{
        type: [`  readonly ${name}: {`, ...inner.map((member) => member.type), "  }"].join("\n"),
        value: [`  ${name}: {`, inner.map((member) => member.value).join(",\n"), "  }"].join("\n")
      }]
    })
  }

  functions(from: WitType.Interface, indent: string): ReadonlyArray<Member> {
    const seen = new Set<string>()
    return from.functions.map((func) => {
      const place = `${from.id ?? this.world}#${func.name}`
      if (func.async) throw this.error(place, "async functions have no place in a contract yet")
      const name = camelCase(this.checked(func.name, place))
      if (seen.has(name)) throw this.error(place, `two functions would be called ${name}`)
      seen.add(name)
      const params = func.params.map((param) => {
        const local = camelCase(this.checked(param.name, place))
        return `${keywords.has(local) ? `${local}_` : local}: ${this.type(param.type, place)}`
      })
      const { result } = func
      const failure = result?.kind === "result" ? this.failure(func.name, result.err, place) : undefined
      const value = result?.kind === "result" ? result.ok : result
      const success = value === undefined ? "void" : this.type(value, place)
      const error = failure === undefined ? "ComponentError" : `${failure.type} | ComponentError`
      const descriptors = func.params.map((param) => `[${quote(param.name)}, ${descriptor(param.type)}]`)
      return {
        type: `${indent}readonly ${name}: (${params.join(", ")}) => Effect.Effect<${success}, ${error}>`,
        value: `${indent}${name}: Contract.func(${from.id === undefined ? "undefined" : quote(from.id)}, ${
          quote(func.name)
        }, [${descriptors.join(", ")}], ${descriptor(result)}, ${failure?.value ?? "undefined"})`
      }
    })
  }

  failure(
    func: string,
    type: WitType.WitType | undefined,
    place: string
  ): FailureUnion {
    if (type?.kind === "variant" || type?.kind === "enum") {
      return this.failureUnion(type, func, place)
    }
    const key = `error:${place}`
    const name = this.unique(`${pascal(func)}Error`, pascal(func), key)
    const payload = type === undefined ? "" : `<{ readonly value: ${this.type(type, place)} }>`
    this.declare(failureClass(name, `${this.packageId}/${name}`, payload, `Failure of \`${func}\`.`))
    return { type: name, value: name }
  }

  failureUnion(
    type: Extract<WitType.WitType, { readonly kind: "variant" | "enum" }>,
    func: string,
    place: string
  ): FailureUnion {
    const owner = type.name === undefined ? `${place}:err` : typeKey(type.name)
    const known = this.failures.get(owner)
    if (known !== undefined) return known
    const prefix = pascal(type.name?.name ?? func)
    const cases: ReadonlyArray<WitType.Case> = type.kind === "enum"
      ? type.cases.map((name) => ({ name, type: undefined }))
      : type.cases
    const classes = new Map<string, string>()
    for (const item of cases) {
      const local = this.unique(pascal(this.checked(item.name, place)), prefix, `${owner}#${item.name}`)
      const payload = item.type === undefined ? "" : `<{ readonly value: ${this.type(item.type, place)} }>`
      this.declare(
        failureClass(local, `${this.packageId}/${local}`, payload, `Case \`${item.name}\` of \`${prefix}\`.`)
      )
      classes.set(item.name, local)
    }
    const alias = this.unique(prefix, this.className, owner)
    this.declare(
      `/**\n * Failures of \`${prefix}\`.\n */\nexport type ${alias} = ${[...classes.values()].join(" | ")}\n`
    )
    const union = {
      type: alias,
      value: `{ ${[...classes].map(([name, local]) => `${quote(name)}: ${local}`).join(", ")} }`
    }
    this.failures.set(owner, union)
    return union
  }

  type(type: WitType.WitType, place: string): string {
    switch (type.kind) {
      case "bool":
        return "boolean"
      case "s64":
      case "u64":
        return "bigint"
      case "string":
      case "char":
        return "string"
      case "list":
        return type.element.kind === "u8" ? "Uint8Array" : `ReadonlyArray<${this.type(type.element, place)}>`
      case "option":
        return type.some.kind === "option"
          ? `{ readonly tag: "some"; readonly val: ${this.type(type.some, place)} } | { readonly tag: "none" }`
          : `${this.type(type.some, place)} | undefined`
      case "result":
        return `${this.tagged("ok", type.ok, place)} | ${this.tagged("err", type.err, place)}`
      case "tuple":
        return `readonly [${type.items.map((item) => this.type(item, place)).join(", ")}]`
      case "own":
      case "borrow":
        throw this.error(place, `resource ${type.resource.name} has no place in a contract yet`)
      case "record":
      case "variant":
      case "enum":
      case "flags":
        return this.named(type, place)
      default:
        return "number"
    }
  }

  named(type: Named, place: string): string {
    if (type.name === undefined) return this.structure(type, place)
    const key = typeKey(type.name)
    const known = this.names.get(key)
    if (known !== undefined) return known
    const scope = type.name.owner === undefined ? this.className : pascal(Contract.interfaceName(type.name.owner))
    const name = this.unique(pascal(this.checked(type.name.name, place)), scope, key)
    this.names.set(key, name)
    this.declare(`export type ${name} = ${this.structure(type, place)}\n`)
    return name
  }

  structure(type: Named, place: string): string {
    switch (type.kind) {
      case "record":
        return `{ ${
          type.fields.map((field) =>
            `readonly ${camelCase(this.checked(field.name, place))}${field.type.kind === "option" ? "?" : ""}: ${
              this.type(field.type, place)
            }`
          )
            .join("; ")
        } }`
      case "variant":
        return type.cases.map((item) => this.tagged(item.name, item.type, place)).join(" | ")
      case "enum":
        return type.cases.map(quote).join(" | ")
      case "flags":
        return `{ ${
          type.labels.map((label) => `readonly ${camelCase(this.checked(label, place))}: boolean`).join("; ")
        } }`
    }
  }

  tagged(tag: string, type: WitType.WitType | undefined, place: string): string {
    return type === undefined
      ? `{ readonly tag: ${quote(tag)} }`
      : `{ readonly tag: ${quote(tag)}; readonly val: ${this.type(type, place)} }`
  }

  unique(name: string, scope: string, place: string): string {
    for (const candidate of [name, `${scope}${name}`, `${name}Failure`, `${scope}${name}Failure`]) {
      if (this.taken.has(candidate)) continue
      this.taken.add(candidate)
      return candidate
    }
    throw this.error(place, `no free name for ${name}`)
  }

  declare(text: string): void {
    this.declarations.push(text)
  }

  checked(name: string, place: string): string {
    if (!identifier.test(name)) throw this.error(place, `${JSON.stringify(name)} is no WIT identifier`)
    return name
  }

  error(place: string, problem: string): ContractSourceError {
    return new ContractSourceError({ place, problem })
  }
}

interface FailureUnion {
  /** The union in a signature. */
  readonly type: string
  /** The argument of `Contract.func`. */
  readonly value: string
}

interface Member {
  readonly type: string
  readonly value: string
}

const failureClass = (name: string, tag: string, payload: string, doc: string): string =>
  `/**\n * ${doc}\n */\nexport class ${name} extends Contract.failure(${quote(tag)})${payload} {}\n`

const quote = (text: string): string => JSON.stringify(text)

const typeKey = (name: WitType.TypeName): string => `${name.owner ?? ""}#${name.name}`

const pascal = (kebab: string): string => {
  const name = camelCase(kebab)
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}

const descriptor = (value: unknown): string => {
  if (value === undefined) return "undefined"
  if (typeof value === "string") return quote(value)
  if (Array.isArray(value)) return `[${value.map(descriptor).join(", ")}]`
  const fields = Object.entries(value as object).map(([key, field]) => `${key}: ${descriptor(field)}`)
  return `{ ${fields.join(", ")} }`
}
