/**
 * The types of what core modules import and export.
 */

/**
 * A value type of core WebAssembly, written as in the text format: `i32`,
 * `v128`, `funcref`, `externref`, `exnref`, `(ref func)`. A reference to a
 * function type is written out, `(ref null (func (param i32)))`, so that equal
 * types of different modules are equal strings; a type that mentions itself
 * writes `rec` there.
 */
export type CoreValueType = string

export interface CoreFuncType {
  readonly params: ReadonlyArray<CoreValueType>
  readonly results: ReadonlyArray<CoreValueType>
}

/** In pages of 64 KiB for memories, in elements for tables. */
export interface CoreLimits {
  readonly minimum: number
  readonly maximum: number | undefined
}

export type CoreExtern =
  | { readonly sort: "func"; readonly type: CoreFuncType }
  | { readonly sort: "table"; readonly element: CoreValueType; readonly limits: CoreLimits }
  | { readonly sort: "memory"; readonly limits: CoreLimits }
  | { readonly sort: "global"; readonly type: CoreValueType; readonly mutable: boolean }
  | { readonly sort: "tag"; readonly type: CoreFuncType }

export interface CoreImport {
  readonly module: string
  readonly name: string
  readonly extern: CoreExtern
}

/** What a core module takes and gives, in the order of its sections. */
export interface CoreModuleType {
  readonly imports: ReadonlyArray<CoreImport>
  readonly exports: ReadonlyMap<string, CoreExtern>
}
