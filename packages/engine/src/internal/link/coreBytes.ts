/**
 * The bytes of the small modules that the engine itself puts between guests and
 * the host.
 *
 * Specification: WebAssembly Core, "Binary Format".
 */
import { u32 } from "../core/sink.ts"
import type { Flat } from "../flat.ts"

export type Bytes = ReadonlyArray<number>

const valueTypes: Readonly<Record<Flat | "funcref", number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  funcref: 0x70
}

/** The core type of a function. */
export interface FuncType {
  readonly params: ReadonlyArray<Flat | "funcref">
  readonly results: ReadonlyArray<Flat | "funcref">
}

const vector = (items: ReadonlyArray<Bytes>): Bytes => [...u32(items.length), ...items.flat()]

const name = (text: string): Bytes => vector(Array.from(text, (char) => [char.charCodeAt(0)]))

const funcType = ({ params, results }: FuncType): Bytes => [
  0x60,
  ...vector(params.map((type) => [valueTypes[type]])),
  ...vector(results.map((type) => [valueTypes[type]]))
]

const section = (id: number, items: ReadonlyArray<Bytes>): Bytes => {
  const content = vector(items)
  return [id, ...u32(content.length), ...content]
}

/** A function that a module imports, by the index of its type. */
export interface ImportedFunc {
  readonly module: string
  readonly name: string
  readonly type: number
}

/** A function that a module defines: instructions come without the last `end`. */
export interface ExportedFunc {
  readonly name: string
  readonly type: number
  readonly locals?: ReadonlyArray<Flat> | undefined
  readonly code: Bytes
}

const preamble: Bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** A module of functions alone, each of which it imports or exports. */
export const moduleOf = (
  { exports, imports, types }: {
    readonly types: ReadonlyArray<FuncType>
    readonly imports: ReadonlyArray<ImportedFunc>
    readonly exports: ReadonlyArray<ExportedFunc>
  }
): WebAssembly.Module =>
  new WebAssembly.Module(Uint8Array.from([
    ...preamble,
    ...section(1, types.map(funcType)),
    ...section(2, imports.map(({ module, name: field, type }) => [...name(module), ...name(field), 0, ...u32(type)])),
    ...section(3, exports.map(({ type }) => u32(type))),
    ...section(7, exports.map(({ name: field }, i) => [...name(field), 0, ...u32(imports.length + i)])),
    ...section(
      10,
      exports.map(({ code, locals = [] }) => {
        const body = [...vector(locals.map((type) => [1, valueTypes[type]])), ...code, 0x0b]
        return [...u32(body.length), ...body]
      })
    )
  ]))
