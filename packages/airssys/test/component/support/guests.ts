/**
 * Guests written in WAT: a core module and a world become a component.
 */
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"

const bytes = async (made: unknown): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (made as Promise<Uint8Array>))

/**
 * A component from the text of a core module and of its WIT.
 */
export const component = async (wat: string, wit: string): Promise<Uint8Array<ArrayBuffer>> =>
  bytes(componentNew(await componentEmbed({ binary: await parse(wat), witSource: wit })))

/**
 * A component, or a core module, written out in full.
 */
export const fromText = async (wat: string): Promise<Uint8Array<ArrayBuffer>> => bytes(parse(wat))

/**
 * A bump allocator and one exported memory.
 */
export const memory = (pages = 1, data = "") => `
 (memory (export "memory") ${pages})
 ${data}
 (global $next (mut i32) (i32.const 4096))
 (func $alloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
   (local $at i32)
   (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
   (global.set $next (i32.add (local.get $at) (local.get 3)))
   (block $fits
     (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
     (br_if $fits (i32.ne (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1))) (i32.const -1)))
     unreachable)
   (memory.copy (local.get $at) (local.get 0) (local.get 1))
   (local.get $at))`
