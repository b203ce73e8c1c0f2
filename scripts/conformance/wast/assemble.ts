/**
 * Turns the text of a component into bytes, without validating it.
 */
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import type { Source } from "./script.ts"

/** The assembler does not know the text. `crashed` means that it cannot be used any more. */
export class NotAssembled extends Error {
  readonly crashed: boolean

  constructor(message: string, crashed: boolean) {
    super(message)
    this.crashed = crashed
  }
}

export const bytesOf = async (source: Source): Promise<Uint8Array<ArrayBuffer>> => {
  if (source._tag === "Bytes") return source.bytes
  try {
    return Uint8Array.from(await parse(source.text))
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw new NotAssembled(`wasm-tools: ${error.message}`, true)
    const payload = typeof error === "object" && error !== null && "payload" in error ? error.payload : error
    throw new NotAssembled(firstLine(String(payload)), false)
  }
}

/** What is wrong, out of a description that also quotes the source. */
const firstLine = (text: string): string => {
  const kind = /kind: (?:Custom\("((?:[^"\\]|\\.)*)"\)|(Lex\(.*?\)+))/.exec(text)
  return (kind?.[1] ?? kind?.[2] ?? text.split("\n")[0] ?? "").slice(0, 300)
}
