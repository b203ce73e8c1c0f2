/**
 * A bounds-checked cursor over one section of a WebAssembly binary.
 */
import { DecodeError } from "../DecodeError.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Counts what a binary makes its reader allocate, over all its sections. */
export class Budget {
  #left: number

  constructor(items: number) {
    this.#left = items
  }

  get left(): number {
    return this.#left
  }

  spend(amount: number): boolean {
    this.#left -= amount
    return this.#left >= 0
  }
}

/** Quotes text from the input for a message: bounded, printable ASCII. */
export const quote = (text: string): string => {
  const short = text.length > 64 ? `${text.slice(0, 64)}...` : text
  return JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
}

export class Reader {
  readonly bytes: Uint8Array
  readonly end: number
  readonly section: string
  readonly budget: Budget
  offset: number

  constructor(bytes: Uint8Array, offset: number, end: number, section: string, budget: Budget) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
    this.section = section
    this.budget = budget
  }

  /** A reader over the next `size` bytes, which this reader skips. */
  take(size: number, section: string): Reader {
    const start = this.offset
    this.skip(size)
    return new Reader(this.bytes, start, start + size, section, this.budget)
  }

  malformed(message: string, offset = this.offset): never {
    throw new DecodeError({ reason: "Malformed", offset, section: this.section, message })
  }

  refused(feature: string, offset = this.offset): never {
    throw new DecodeError({
      reason: "Refused",
      offset,
      section: this.section,
      message: `${feature}: not supported`,
      feature
    })
  }

  tooLarge(message: string, offset = this.offset): never {
    throw new DecodeError({ reason: "TooLarge", offset, section: this.section, message })
  }

  get remaining(): number {
    return this.end - this.offset
  }

  spend(amount: number): void {
    if (!this.budget.spend(amount)) this.tooLarge("too many items")
  }

  skip(size: number): void {
    if (size > this.remaining) this.malformed(`${size} bytes expected, ${this.remaining} left`)
    this.offset += size
  }

  byte(): number {
    const byte = this.offset < this.end ? this.bytes[this.offset] : undefined
    if (byte === undefined) return this.malformed("unexpected end")
    this.offset++
    return byte
  }

  expect(byte: number): void {
    const start = this.offset
    const found = this.byte()
    if (found !== byte) this.malformed(`byte ${byte} expected, ${found} found`, start)
  }

  peek(): number {
    const byte = this.offset < this.end ? this.bytes[this.offset] : undefined
    return byte === undefined ? this.malformed("unexpected end") : byte
  }

  u32(): number {
    const start = this.offset
    const first = this.byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let factor = 128, length = 2; length <= 5; factor *= 128, length++) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        return value <= 0xffff_ffff ? value : this.malformed("number above 32 bits", start)
      }
    }
    return this.malformed("number longer than 5 bytes", start)
  }

  /** The non-negative part of a 33-bit signed number: a type index. */
  typeIndex(): number {
    const start = this.offset
    let value = 0
    for (let factor = 1, length = 1; length <= 5; factor *= 128, length++) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        return (byte & 0x40) === 0 && value <= 0xffff_ffff ? value : this.malformed("unknown type code", start)
      }
    }
    return this.malformed("number longer than 5 bytes", start)
  }

  /** The length of a vector whose items take at least `minimum` bytes each. */
  count(what: string, minimum = 1): number {
    const start = this.offset
    const count = this.u32()
    if (count * minimum > this.remaining) {
      this.malformed(`${count} ${what} announced, ${this.remaining} bytes left`, start)
    }
    this.spend(count)
    return count
  }

  name(maxBytes = 100_000): string {
    const start = this.offset
    const size = this.u32()
    if (size > this.remaining) this.malformed(`a name of ${size} bytes, ${this.remaining} left`, start)
    if (size > maxBytes) this.tooLarge(`a name of ${size} bytes, at most ${maxBytes} are allowed`, start)
    const bytes = this.bytes.subarray(this.offset, this.offset + size)
    this.offset += size
    try {
      return utf8.decode(bytes)
    } catch {
      return this.malformed("a name that is not UTF-8", start)
    }
  }

  expectEnd(): void {
    if (this.offset !== this.end) this.malformed(`${this.remaining} bytes left over`)
  }
}
