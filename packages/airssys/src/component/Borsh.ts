/**
 * Types of Borsh, which does not describe itself: both sides have to know them.
 *
 * Integers of 64 and 128 bits are bigints; `Vec<u8>` is `bytes`, and an enum is
 * `variant`, whose values have a `_tag`. Types are finite: there is none that
 * holds itself.
 *
 * @since 0.1.0
 */
import * as numbers from "./internal/borshNumbers.ts"
import { type Budget, bytesOf, expected, fail, type Reader, type Writer } from "./internal/codecFault.ts"

/**
 * What a value is read from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  readonly reader: Reader
  readonly budget: Budget
}

/**
 * What a value is written to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Output {
  readonly writer: Writer
  readonly budget: Budget
}

/**
 * A type: how its values are read and written. They are used by
 * `Codec.borsh`, within the limits of a payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface Type<out Read, in Write = Read> {
  /** The fewest bytes of a value. */
  readonly least: number
  readonly read: (input: Input) => Read
  readonly write: (output: Output, value: Write) => void
}

/**
 * The values of a type.
 *
 * @category models
 * @since 0.1.0
 */
export type Value<T> = T extends Type<infer Read, never> ? Read : never

/**
 * Any type at all.
 *
 * @category models
 * @since 0.1.0
 */
export type Any = Type<unknown, never>

/**
 * 0 to 2^8 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const u8: Type<number> = numbers.natural(8)
/**
 * 0 to 2^16 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const u16: Type<number> = numbers.natural(16)
/**
 * 0 to 2^32 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const u32: Type<number> = numbers.natural(32)
/**
 * -2^7 to 2^7 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const i8: Type<number> = numbers.signed(8)
/**
 * -2^15 to 2^15 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const i16: Type<number> = numbers.signed(16)
/**
 * -2^31 to 2^31 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const i32: Type<number> = numbers.signed(32)
/**
 * 0 to 2^64 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const u64: Type<bigint> = numbers.wide(1, false)
/**
 * -2^63 to 2^63 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const i64: Type<bigint> = numbers.wide(1, true)
/**
 * 0 to 2^128 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const u128: Type<bigint> = numbers.wide(2, false)
/**
 * -2^127 to 2^127 - 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const i128: Type<bigint> = numbers.wide(2, true)

/**
 * A number of 32 bits that is no NaN: Borsh has none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const f32: Type<number> = numbers.float(4)
/**
 * A number of 64 bits that is no NaN: Borsh has none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const f64: Type<number> = numbers.float(8)

/** A byte that is 0 up to `most`. */
const choice = ({ reader }: Input, most: number, what: string): number => {
  const { at } = reader
  const index = reader.byte()
  return index <= most ? index : fail("Malformed", `${index} is no ${what}`, at)
}

/**
 * True or false.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bool: Type<boolean> = {
  least: 1,
  read: (input) => choice(input, 1, "boolean") === 1,
  write: ({ writer }, value) => writer.byte(value === true ? 1 : value === false ? 0 : expected("a boolean"))
}

/** A length, checked against the bytes that are left and the elements that are allowed before either is used. */
const length = ({ budget, reader }: Input, least: number): number => {
  const { at } = reader
  const size = u32.read({ budget, reader })
  if (size * least > reader.left) fail("Truncated", "a length beyond the end", at)
  return size
}

/**
 * Bytes, also what Borsh calls `Vec<u8>`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bytes: Type<Uint8Array> = {
  least: 4,
  read: (input) => input.reader.slice(length(input, 1)),
  write: (output, value) => {
    if (!(value instanceof Uint8Array)) return expected("bytes")
    u32.write(output, value.length)
    output.writer.bytes(value)
  }
}

/**
 * A text in UTF-8.
 *
 * @category constructors
 * @since 0.1.0
 */
export const string: Type<string> = {
  least: 4,
  read: (input) => input.reader.text(length(input, 1)),
  write: (output, value) => bytes.write(output, typeof value === "string" ? bytesOf(value) : expected("a string"))
}

/**
 * A value or none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const option = <A>(some: Type<A>): Type<A | undefined> => ({
  least: 1,
  read: (input) => choice(input, 1, "option") === 1 ? some.read(input) : undefined,
  write: (output, value) => {
    output.writer.byte(value === undefined ? 0 : 1)
    if (value !== undefined) some.write(output, value)
  }
})

const elements = <A>(input: Input, size: number, element: Type<A>): ReadonlyArray<A> => {
  input.budget.spend(size, input.reader.at)
  return Array.from({ length: size }, () => element.read(input))
}

/**
 * A list of any length.
 *
 * @category constructors
 * @since 0.1.0
 */
export const vec = <A>(element: Type<A>): Type<ReadonlyArray<A>> => ({
  least: 4,
  read: (input) => elements(input, length(input, element.least), element),
  write: (output, value) => {
    if (!Array.isArray(value)) return expected("a list")
    u32.write(output, value.length)
    output.budget.spend(value.length)
    for (const one of value as ReadonlyArray<A>) element.write(output, one)
  }
})

/**
 * A list of a length that is part of the type.
 *
 * @category constructors
 * @since 0.1.0
 */
export const array = <A>(element: Type<A>, size: number): Type<ReadonlyArray<A>> => ({
  least: element.least * size,
  read: (input) => elements(input, size, element),
  write: (output, value) => {
    if (!Array.isArray(value) || value.length !== size) return expected(`a list of ${size}`)
    output.budget.spend(size)
    for (const one of value as ReadonlyArray<A>) element.write(output, one)
  }
})

/**
 * Fields of a struct, in the order in which they are written.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = Readonly<Record<string, Any>>

/**
 * The values of a struct.
 *
 * @category models
 * @since 0.1.0
 */
export type Struct<F extends Fields> = { readonly [K in keyof F]: Value<F[K]> }

/**
 * The fields of a record, in the order in which they are given.
 *
 * @category constructors
 * @since 0.1.0
 */
export const struct = <const F extends Fields>(fields: F): Type<Struct<F>> => {
  const entries = Object.entries<Any>(fields)
  return {
    least: entries.reduce((sum, [, type]) => sum + type.least, 0),
    read: (input) => {
      input.budget.spend(entries.length, input.reader.at)
      return Object.fromEntries(entries.map(([name, type]) => [name, type.read(input)])) as Struct<F>
    },
    write: (output, value) => {
      if (typeof value !== "object" || value === null) return expected("a struct")
      output.budget.spend(entries.length)
      for (const [name, type] of entries) type.write(output, value[name] as never)
    }
  }
}

/**
 * The cases of an enum by their tags, in the order in which they are numbered.
 *
 * @category models
 * @since 0.1.0
 */
export type Cases = Readonly<Record<string, Fields>>

/**
 * The values of an enum.
 *
 * @category models
 * @since 0.1.0
 */
export type Variant<C extends Cases> = {
  readonly [K in keyof C]: { readonly _tag: K } & Struct<C[K]>
}[keyof C]

/**
 * An enum of 1 to 256 cases; throws a `RangeError` for another number of them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const variant = <const C extends Cases>(cases: C): Type<Variant<C>> => {
  const bodies = Object.entries(cases).map(([tag, fields]) => ({ tag, body: struct(fields) }))
  if (bodies.length < 1 || bodies.length > 256) {
    throw new RangeError(`An enum of Borsh has 1 to 256 cases, not ${bodies.length}`)
  }
  return {
    least: 1 + Math.min(...bodies.map(({ body }) => body.least)),
    read: (input) => {
      const { body, tag } = bodies[choice(input, bodies.length - 1, "case")]!
      return { ...body.read(input), _tag: tag } as unknown as Variant<C>
    },
    write: (output, value) => {
      const index = bodies.findIndex(({ tag }) => tag === value?._tag)
      if (index < 0) return expected("a case of the enum")
      output.writer.byte(index)
      bodies[index]!.body.write(output, value as never)
    }
  }
}
