/**
 * Builds the guests at the start of a row.
 */
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import * as guest from "./guest.ts"

const compile = async (text: string): Promise<WebAssembly.Module> =>
  WebAssembly.compile(new Uint8Array(await parse(text)))

/** The component's bytes. */
export const component = async (): Promise<Uint8Array<ArrayBuffer>> => {
  const binary = await parse(guest.wat)
  return new Uint8Array(await componentNew(await componentEmbed({ binary, witSource: guest.wit })))
}

/** The component's core module, without the component. */
export const coreModule = (): Promise<WebAssembly.Module> => compile(guest.wat)

/** The plugin for Extism. */
export const plugin = (): Promise<WebAssembly.Module> => compile(guest.plugin)
