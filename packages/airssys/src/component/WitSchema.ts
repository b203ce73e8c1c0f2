/**
 * Effect Schemas of WIT types: for JSON codecs, JSON Schemas and generators of
 * what components take and give.
 *
 * A schema's values are those of `WitType`'s mapping. It takes each value that
 * an engine gives, and what it decodes is one that engines take. From callers
 * these take typed arrays for lists of numbers too.
 *
 * @since 0.1.0
 */
import type { Case, Func, WitType } from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import * as Schema from "effect/Schema"

/**
 * The schema of a type; the same one for the same type object.
 *
 * **Details**
 *
 * `Schema.toCodecJson` of it makes texts of 64-bit integers and bytes. As with
 * any struct, keys that the type does not have are dropped, or refused on
 * request (`onExcessProperty`). A key that is missing is looked for on the
 * prototype: a member called `constructor` has to be there, though the type
 * allows that it is not. Handles have no encoded form.
 *
 * **Example** (Reading a value from JSON)
 *
 * ```ts
 * import * as WitSchema from "airssys/component/WitSchema"
 * import * as Schema from "effect/Schema"
 *
 * const cents = WitSchema.make({ kind: "option", some: { kind: "u64" } })
 * Schema.decodeUnknownSync(Schema.toCodecJson(cents))("7") // => 7n
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (type: WitType): Schema.Codec<unknown> => {
  const known = schemas.get(type)
  if (known !== undefined) return known
  const made = structure(type)
  schemas.set(type, made)
  return made
}

const schemas = new WeakMap<WitType, Schema.Codec<unknown>>()

/**
 * The schema of the arguments of a function, in their order.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parameters = (func: Func): Schema.Codec<ReadonlyArray<unknown>> =>
  Schema.Tuple(func.params.map(({ type }) => make(type)))

const integer = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const bigInteger = (minimum: bigint, maximum: bigint) =>
  Schema.BigInt.check(Schema.isBetweenBigInt({ minimum, maximum }))

const isWellFormed = Schema.makeFilter((value: string) => value.isWellFormed() || "a lone surrogate")

const isCharacter = Schema.makeFilter((value: string) =>
  value.length > 0 && value.length === String.fromCodePoint(value.codePointAt(0) ?? 0).length
)

const handle = Schema.declare((value: unknown): value is object => typeof value === "object" && value !== null)

const structure = (type: WitType): Schema.Codec<unknown> => {
  switch (type.kind) {
    case "bool":
      return Schema.Boolean
    case "s8":
      return integer(-0x80, 0x7f)
    case "u8":
      return integer(0, 0xff)
    case "s16":
      return integer(-0x8000, 0x7fff)
    case "u16":
      return integer(0, 0xffff)
    case "s32":
      return integer(-0x8000_0000, 0x7fff_ffff)
    case "u32":
      return integer(0, 0xffff_ffff)
    case "s64":
      return bigInteger(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn)
    case "u64":
      return bigInteger(0n, 0xffff_ffff_ffff_ffffn)
    case "f32":
    case "f64":
      return Schema.Number
    case "char":
      return Schema.String.check(isWellFormed, isCharacter)
    case "string":
      return Schema.String.check(isWellFormed)
    case "list":
      return type.element.kind === "u8" ? Schema.Uint8Array : Schema.Array(make(type.element))
    case "option":
      return type.some.kind === "option"
        ? tagged([{ name: "none", type: undefined }, { name: "some", type: type.some }])
        : Schema.UndefinedOr(make(type.some))
    case "result":
      return tagged([{ name: "ok", type: type.ok }, { name: "err", type: type.err }])
    case "tuple":
      return Schema.Tuple(type.items.map(make))
    case "record":
      return object(type.fields.map(({ name, type }) => [camelCase(name), member(type)]))
    case "variant":
      return tagged(type.cases)
    case "enum":
      return Schema.Literals(type.cases)
    case "flags":
      return object(type.labels.map((label) => [camelCase(label), Schema.optional(Schema.Boolean)]))
    case "own":
    case "borrow":
      return handle
  }
}

type Member = Schema.Codec<unknown> | Schema.optional<Schema.Codec<unknown>>

/** A key may be missing where its value may be undefined. */
const member = (type: WitType | undefined): Member =>
  type === undefined
    ? Schema.optional(Schema.Undefined)
    : type.kind === "option" && type.some.kind !== "option"
    ? Schema.optional(make(type.some))
    : make(type)

const tagged = (cases: ReadonlyArray<Case>): Schema.Codec<unknown> =>
  Schema.Union(cases.map(({ name, type }) => object([["tag", Schema.Literal(name)], ["val", member(type)]])))

const object = (members: ReadonlyArray<readonly [key: string, schema: Member]>): Schema.Codec<unknown> =>
  Schema.Struct(Object.fromEntries(members))
