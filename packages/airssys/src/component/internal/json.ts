/**
 * JSON (RFC 8259) in UTF-8, with each key once. Objects have no prototype, so
 * that `__proto__` is a key like any other.
 */
import { fieldsOf } from "./cbor.ts"
import { Budget, bytesOf, fail, type Limits, Reader, textOf } from "./codecFault.ts"

const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const numberLimit = 256

class Decoder {
  readonly #text: string
  readonly #budget: Budget
  #at = 0

  constructor(text: string, limits: Limits) {
    this.#text = text
    this.#budget = new Budget(limits)
  }

  document(): unknown {
    const value = this.#value(0)
    if (this.#next() !== "") fail("Trailing", "text behind the value")
    return value
  }

  /** The next character that is no white space; the empty text at the end. */
  #next(): string {
    for (;;) {
      const char = this.#text.charAt(this.#at)
      if (char !== " " && char !== "\n" && char !== "\r" && char !== "\t") return char
      this.#at++
    }
  }

  #value(depth: number): unknown {
    this.#budget.spend(1)
    switch (this.#next()) {
      case "{":
        return this.#object(this.#budget.deepen(depth))
      case "[":
        return this.#array(this.#budget.deepen(depth))
      case "\"":
        return this.#string()
      case "t":
        return this.#word("true", true)
      case "f":
        return this.#word("false", false)
      case "n":
        return this.#word("null", null)
      case "":
        return fail("Truncated", "the text ends within a value")
      default:
        return this.#number()
    }
  }

  #object(depth: number): Readonly<Record<string, unknown>> {
    const object: Record<string, unknown> = Object.create(null)
    this.#at++
    if (this.#next() === "}") this.#at++
    else {
      do {
        if (this.#next() !== "\"") this.#unexpected("a key")
        this.#budget.spend(1)
        const key = this.#string()
        if (key in object) fail("DuplicateKey", "a key that the object has already")
        if (this.#next() !== ":") this.#unexpected("a colon")
        this.#at++
        object[key] = this.#value(depth)
      } while (this.#goesOn("}"))
    }
    return object
  }

  #array(depth: number): ReadonlyArray<unknown> {
    const array: Array<unknown> = []
    this.#at++
    if (this.#next() === "]") this.#at++
    else {do array.push(this.#value(depth))
      while (this.#goesOn("]"))}
    return array
  }

  #goesOn(end: string): boolean {
    const char = this.#next()
    if (char !== "," && char !== end) this.#unexpected(`a comma or ${end}`)
    this.#at++
    return char === ","
  }

  #string(): string {
    const start = this.#at++
    let isPlain = true
    for (;;) {
      const code = this.#text.charCodeAt(this.#at++)
      if (code === 0x22) break
      if (Number.isNaN(code)) fail("Truncated", "the text ends within a string")
      if (code < 0x20) fail("Malformed", "a control character in a string")
      if (code === 0x5c) {
        isPlain = false
        this.#at++
      }
    }
    if (isPlain) return this.#text.slice(start + 1, this.#at - 1)
    const string = unescape(this.#text.slice(start, this.#at))
    return string.isWellFormed() ? string : fail("NotUtf8", "a string has half of a surrogate pair")
  }

  #word<A>(word: string, value: A): A {
    if (!this.#text.startsWith(word, this.#at)) this.#unexpected("a value")
    this.#at += word.length
    return value
  }

  #number(): number {
    numberToken.lastIndex = this.#at
    const token = numberToken.exec(this.#text)?.[0]
    if (token === undefined) return this.#unexpected("a value")
    if (token.length > numberLimit) fail("TooLarge", `a number of more than ${numberLimit} characters`)
    const number = Number(token)
    if (!Number.isFinite(number)) fail("Unsupported", "a number beyond those of 64 bits")
    this.#at += token.length
    return number
  }

  #unexpected(expected: string): never {
    return this.#next() === ""
      ? fail("Truncated", `the text ends before ${expected}`)
      : fail("Malformed", `no ${expected}`)
  }
}

const unescape = (token: string): string => {
  try {
    return JSON.parse(token) as string
  } catch {
    return fail("Malformed", "an escape that JSON does not have")
  }
}

export const decode = (bytes: Uint8Array, limits: Limits): unknown =>
  new Decoder(textOf(new Reader(bytes, limits).bytes, 0), limits).document()

class Encoder {
  readonly #budget: Budget
  /** Characters that may still be written: none of them is less than a byte. */
  #left: number

  constructor(limits: Limits) {
    this.#budget = new Budget(limits)
    this.#left = limits.maxBytes
  }

  text(value: unknown, depth: number): string {
    this.#budget.spend(1)
    switch (typeof value) {
      case "boolean":
        return String(value)
      case "number":
        return Number.isFinite(value) ? this.#number(value) : fail("Unencodable", `the number ${value}`)
      case "string":
        return this.#quoted(value)
      case "object":
        return value === null ? "null" : this.#object(value, this.#budget.deepen(depth))
      default:
        return fail("Unencodable", `a ${typeof value}`)
    }
  }

  #number(value: number): string {
    return Object.is(value, -0) ? "-0" : String(value)
  }

  #object(value: object, depth: number): string {
    if (Array.isArray(value)) {
      const elements: Array<string> = []
      for (const element of value) elements.push(this.text(element, depth))
      return `[${elements.join(",")}]`
    }
    const fields = fieldsOf(value).map(([key, field]) => {
      this.#budget.spend(1)
      return `${this.#quoted(key)}:${this.text(field, depth)}`
    })
    return `{${fields.join(",")}}`
  }

  #quoted(text: string): string {
    this.#left -= text.length
    if (!(this.#left >= 0)) fail("TooLarge", "more bytes than are allowed")
    return text.isWellFormed() ? JSON.stringify(text) : fail("Unencodable", "a text has half of a surrogate pair")
  }
}

export const encode = (value: unknown, limits: Limits): Uint8Array => {
  const bytes = bytesOf(new Encoder(limits).text(value, 0))
  return bytes.length <= limits.maxBytes ? bytes : fail("TooLarge", `more than ${limits.maxBytes} bytes`)
}
