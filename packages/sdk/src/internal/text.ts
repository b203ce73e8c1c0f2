import * as path from "node:path"
import type { Place } from "../BuildError.ts"

/** A path as a person would write it: relative inside the working directory, absolute outside. */
export const shown = (file: string): string => {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith("..") ? path.resolve(file) : relative
}

/** Control, format and line-separating characters become visible escapes; tabs become a space. */
export const escape = (text: string): string =>
  text.replaceAll("\t", " ").replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`
  )

export const placeAt = (file: string, source: string, line: number, column: number): Place => ({
  file,
  line,
  column,
  excerpt: source.split(/\r?\n/u)[line - 1] ?? ""
})

export const placeOfOffset = (file: string, source: string, offset: number): Place => {
  const before = source.slice(0, offset).split("\n")
  return placeAt(file, source, before.length, before.at(-1)!.length + 1)
}
