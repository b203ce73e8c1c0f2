/**
 * WIT types together with the TypeScript types of their values, for host
 * functions that are written by hand.
 *
 * ```ts
 * import { Wit } from "airssys/component"
 *
 * const error = Wit.variant({ "access-denied": undefined, "failed": Wit.string })
 * const value: Wit.Value<typeof error> = { tag: "failed", val: "no such key" }
 *
 * value.tag // => "failed"
 * Wit.list(Wit.string).type // => { kind: "list", element: { kind: "string" } }
 * ```
 *
 * @since 0.1.0
 */
import type { Primitive, WitType } from "@airssys/engine/WitType"
import type * as Types from "effect/Types"

const TypeId = "~airssys/component/Wit"

/**
 * A WIT type whose values are of type `A`, by the mapping of `WitType`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Type<out A> {
  readonly [TypeId]: Types.Covariant<A>
  readonly type: WitType
}

/**
 * The type of the values of a WIT type; `void` where there is none.
 *
 * @category models
 * @since 0.1.0
 */
export type Value<T> = T extends Type<infer A> ? A : void

/**
 * The type of a `result`, which a function succeeds or fails with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Result<out A, out E> extends Type<ResultValue<A, E>> {
  readonly success: Types.Covariant<A>
  readonly failure: Types.Covariant<E>
}

/**
 * @category models
 * @since 0.1.0
 */
export type ResultValue<A, E> =
  | { readonly tag: "ok"; readonly val: A }
  | { readonly tag: "err"; readonly val: E }

/**
 * WIT types by kebab-case names: the fields of a record, or parameters.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields = Readonly<Record<string, Type<unknown>>>

/**
 * The values of fields, by camelCase names.
 *
 * @category models
 * @since 0.1.0
 */
export type ValueOfFields<F> = Types.Simplify<
  { readonly [K in keyof F & string as CamelCase<K>]: Value<F[K]> }
>

/**
 * A kebab-case name in camelCase.
 *
 * @category models
 * @since 0.1.0
 */
export type CamelCase<K extends string> = K extends `${infer Head}-${infer Rest}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<K>

const make = <A>(type: WitType): Type<A> => ({ [TypeId]: covariant, type })

const covariant = (_: never): never => _

const primitive = <A>(kind: Primitive): Type<A> => make({ kind })

/**
 * @category primitives
 * @since 0.1.0
 */
export const bool: Type<boolean> = primitive("bool")

/**
 * @category primitives
 * @since 0.1.0
 */
export const s8: Type<number> = primitive("s8")

/**
 * @category primitives
 * @since 0.1.0
 */
export const u8: Type<number> = primitive("u8")

/**
 * @category primitives
 * @since 0.1.0
 */
export const s16: Type<number> = primitive("s16")

/**
 * @category primitives
 * @since 0.1.0
 */
export const u16: Type<number> = primitive("u16")

/**
 * @category primitives
 * @since 0.1.0
 */
export const s32: Type<number> = primitive("s32")

/**
 * @category primitives
 * @since 0.1.0
 */
export const u32: Type<number> = primitive("u32")

/**
 * @category primitives
 * @since 0.1.0
 */
export const s64: Type<bigint> = primitive("s64")

/**
 * @category primitives
 * @since 0.1.0
 */
export const u64: Type<bigint> = primitive("u64")

/**
 * @category primitives
 * @since 0.1.0
 */
export const f32: Type<number> = primitive("f32")

/**
 * @category primitives
 * @since 0.1.0
 */
export const f64: Type<number> = primitive("f64")

/**
 * @category primitives
 * @since 0.1.0
 */
export const char: Type<string> = primitive("char")

/**
 * @category primitives
 * @since 0.1.0
 */
export const string: Type<string> = primitive("string")

/**
 * `list<u8>`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bytes: Type<Uint8Array> = make({ kind: "list", element: { kind: "u8" } })

/**
 * A list of anything but `u8`, for which there is `bytes`; throws for that one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const list = <A>(element: Type<A>): Type<ReadonlyArray<A>> => {
  if (element.type.kind === "u8") throw new TypeError("a list of u8 is Wit.bytes")
  return make({ kind: "list", element: element.type })
}

/**
 * The value, or undefined. Throws for an option of an option, whose values are
 * others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const option = <A>(some: Type<A>): Type<A | undefined> => {
  if (some.type.kind === "option") throw new TypeError("an option of an option is not to be had")
  return make({ kind: "option", some: some.type })
}

/**
 * Leave out, as undefined, what the WIT writes as `_`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const result = <
  T extends Type<unknown> | undefined = undefined,
  E extends Type<unknown> | undefined = undefined
>(
  ok?: T,
  err?: E
): Result<Value<T>, Value<E>> => ({
  ...make<ResultValue<Value<T>, Value<E>>>({ kind: "result", ok: ok?.type, err: err?.type }),
  success: covariant,
  failure: covariant
})

/**
 * @category constructors
 * @since 0.1.0
 */
export const tuple = <const T extends ReadonlyArray<Type<unknown>>>(
  ...items: T
): Type<{ readonly [I in keyof T]: Value<T[I]> }> => make({ kind: "tuple", items: items.map(({ type }) => type) })

/**
 * Fields by their names in the WIT, in their order.
 *
 * @category constructors
 * @since 0.1.0
 */
export const record = <const F extends Fields>(fields: F): Type<ValueOfFields<F>> =>
  make({
    kind: "record",
    name: undefined,
    fields: Object.entries(fields).map(([name, { type }]) => ({ name, type }))
  })

/**
 * Cases by their names, in their order; undefined for one without a payload.
 *
 * @category constructors
 * @since 0.1.0
 */
export const variant = <const C extends Readonly<Record<string, Type<unknown> | undefined>>>(
  cases: C
): Type<CaseOf<C>> =>
  make({
    kind: "variant",
    name: undefined,
    cases: Object.entries(cases).map(([name, payload]) => ({ name, type: payload?.type }))
  })

/**
 * The values of a variant.
 *
 * @category models
 * @since 0.1.0
 */
export type CaseOf<C> = {
  readonly [K in keyof C & string]: C[K] extends Type<infer A> ? { readonly tag: K; readonly val: A }
    : { readonly tag: K; readonly val?: undefined }
}[keyof C & string]

/**
 * Cases in their order.
 *
 * @category constructors
 * @since 0.1.0
 */
export const enumeration = <const C extends ReadonlyArray<string>>(...cases: C): Type<C[number]> =>
  make({ kind: "enum", name: undefined, cases })

/**
 * A resource of the host that a guest owns, as `own<...>` or by its name alone,
 * by the interface that declares it. The guest has a handle; the value is the
 * object that the host gave. Dropping it calls `[resource-drop]` and the name,
 * where the host has such a function.
 *
 * @category constructors
 * @since 0.1.0
 */
export const own = <A extends object>(owner: string, name: string): Type<A> =>
  make({ kind: "own", resource: { owner, name } })

/**
 * A resource of the host for the time of a call, such as the `self` of a method.
 *
 * @category constructors
 * @since 0.1.0
 */
export const borrow = <A extends object>(owner: string, name: string): Type<A> =>
  make({ kind: "borrow", resource: { owner, name } })
