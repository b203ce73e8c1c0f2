/**
 * The text of generated functions. It holds numbers, names made here and
 * labels that the decoder has found to be kebab-case: nothing else of a
 * component gets into it.
 */
import { DecodeError } from "../../DecodeError.ts"

const maximumLength = 2 * 1_024 * 1_024

/** A text that grows, and names that are used once. */
export class Source {
  #length = 0
  #names = 0
  readonly #parts: Array<string> = []

  add(...lines: ReadonlyArray<string>): void {
    for (const line of lines) {
      this.#length += line.length + 1
      if (this.#length > maximumLength) {
        throw new DecodeError({
          reason: "TooLarge",
          offset: 0,
          section: "component",
          message: "the types of the component's functions take too much code"
        })
      }
      this.#parts.push(line)
    }
  }

  name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  toString(): string {
    return this.#parts.join("\n")
  }
}

const label = /^[A-Za-z][0-9A-Za-z-]*$/

/** A label as a string of JavaScript. */
export const text = (kebab: string): string => {
  if (!label.test(kebab)) throw new RangeError("a label that is not kebab-case")
  return `"${kebab}"`
}

const identifier = /^[a-z][0-9A-Za-z]*$/

/** The key of a field, which is the camelCase of its label. */
export const key = (camel: string): string => {
  if (!identifier.test(camel)) throw new RangeError("a field that is no identifier")
  return camel
}
