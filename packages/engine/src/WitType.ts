/**
 * WIT types as data: what a component's exports take and return.
 *
 * A description holds resolved types: aliases are followed, and a named type
 * keeps its name and the interface that owns it, so that a printer can refer
 * to it instead of repeating it.
 *
 * @since 0.1.0
 */

/**
 * The name of a named type: kebab-case `name`, owned by an interface id such
 * as `acme:rates/rates@1.2.0`, or by the world itself (`owner` undefined).
 *
 * @category models
 * @since 0.1.0
 */
export interface TypeName {
  readonly owner: string | undefined
  readonly name: string
}

/**
 * @category models
 * @since 0.1.0
 */
export type Primitive =
  | "bool"
  | "s8"
  | "u8"
  | "s16"
  | "u16"
  | "s32"
  | "u32"
  | "s64"
  | "u64"
  | "f32"
  | "f64"
  | "char"
  | "string"

/**
 * A resolved WIT type. JavaScript values follow jco's mapping: `s64` and `u64`
 * are bigint, `list<u8>` is Uint8Array, records are objects with camelCase
 * keys, variants `{ tag, val }`, enums kebab-case strings, flags objects of
 * booleans, `option` is the value or undefined (nested options are
 * `{ tag: "some" | "none", val }`), `result` is `{ tag: "ok" | "err", val }`.
 *
 * @category models
 * @since 0.1.0
 */
export type WitType =
  | { readonly kind: Primitive }
  | { readonly kind: "list"; readonly element: WitType }
  | { readonly kind: "option"; readonly some: WitType }
  | { readonly kind: "result"; readonly ok: WitType | undefined; readonly err: WitType | undefined }
  | { readonly kind: "tuple"; readonly items: ReadonlyArray<WitType> }
  | { readonly kind: "record"; readonly name: TypeName | undefined; readonly fields: ReadonlyArray<Field> }
  | { readonly kind: "variant"; readonly name: TypeName | undefined; readonly cases: ReadonlyArray<Case> }
  | { readonly kind: "enum"; readonly name: TypeName | undefined; readonly cases: ReadonlyArray<string> }
  | { readonly kind: "flags"; readonly name: TypeName | undefined; readonly labels: ReadonlyArray<string> }
  | { readonly kind: "own" | "borrow"; readonly resource: TypeName }

/**
 * @category models
 * @since 0.1.0
 */
export interface Field {
  readonly name: string
  readonly type: WitType
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly name: string
  readonly type: WitType | undefined
}

/**
 * A function type. `kind` tells freestanding functions from the members of a
 * resource, whose names are written `[method]store.get` in the binary and here.
 *
 * @category models
 * @since 0.1.0
 */
export interface Func {
  readonly name: string
  readonly params: ReadonlyArray<Field>
  readonly result: WitType | undefined
  readonly async: boolean
}

/**
 * One imported or exported interface (`id` like `airssys:core/log@0.1.0`), or
 * the functions a world imports or exports directly (`id` undefined).
 *
 * @category models
 * @since 0.1.0
 */
export interface Interface {
  readonly id: string | undefined
  readonly functions: ReadonlyArray<Func>
  readonly types: ReadonlyArray<{ readonly name: string; readonly type: WitType }>
  readonly resources: ReadonlyArray<string>
}

/**
 * What a component imports and exports, with resolved types.
 *
 * @category models
 * @since 0.1.0
 */
export interface World {
  readonly imports: ReadonlyArray<Interface>
  readonly exports: ReadonlyArray<Interface>
}
