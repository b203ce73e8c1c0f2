import * as Result from "effect/Result"
import { CodecError } from "../CodecError.ts"
import type { Codec } from "../Payload.ts"

/** Thrown within a decoder or encoder and caught by `attempt`: nobody else sees it. */
class Fault {
  readonly reason: CodecError["reason"]
  readonly detail: string
  readonly offset: number | undefined

  constructor(reason: CodecError["reason"], detail: string, offset: number | undefined) {
    this.reason = reason
    this.detail = detail
    this.offset = offset
  }
}

export const fail = (reason: CodecError["reason"], detail: string, offset?: number): never => {
  throw new Fault(reason, detail, offset)
}

/** For values that do not keep their static type. */
export const expected = (what: string): never => fail("Unencodable", `not ${what}`)

export const attempt = <A>(codec: Codec, run: () => A): Result.Result<A, CodecError> => {
  try {
    return Result.succeed(run())
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { detail, offset, reason } = error
    return Result.fail(new CodecError({ codec, reason, detail, ...(offset === undefined ? undefined : { offset }) }))
  }
}

/** Writes a value of a program, which may be one that throws when it is looked at. */
export const attemptEncode = <A>(codec: Codec, run: () => A): Result.Result<A, CodecError> => {
  try {
    return attempt(codec, run)
  } catch {
    return Result.fail(new CodecError({ codec, reason: "Unencodable", detail: "a value that cannot be read" }))
  }
}

/** What one payload may cost, whatever its bytes say. */
export interface Limits {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxElements: number
}

/** Counts values and depth of one payload: the work of a decoder is bounded by bytes and elements together. */
export class Budget {
  readonly limits: Limits
  #elements = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  spend(count: number, offset?: number): void {
    this.#elements += count
    if (!(this.#elements <= this.limits.maxElements)) {
      fail("TooManyElements", `more than ${this.limits.maxElements} values`, offset)
    }
  }

  deepen(depth: number, offset?: number): number {
    return depth < this.limits.maxDepth
      ? depth + 1
      : fail("TooDeep", `more than ${this.limits.maxDepth} levels`, offset)
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export const textOf = (bytes: Uint8Array, offset: number): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    return fail("NotUtf8", "a text is not UTF-8", offset)
  }
}

export const bytesOf = (text: string): Uint8Array =>
  text.isWellFormed() ? encoder.encode(text) : fail("Unencodable", "a text has half of a surrogate pair")

/** Bytes that grow up to the limit. */
export class Writer {
  readonly #limit: number
  #bytes: Uint8Array = new Uint8Array(256)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Room for `size` bytes; the view and the offset to write them at. */
  room(size: number): { readonly view: DataView; readonly at: number } {
    const at = this.#at
    const end = at + size
    if (!(end <= this.#limit)) fail("TooLarge", `more than ${this.#limit} bytes`)
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#at = end
    return { view: this.#view, at }
  }

  byte(value: number): void {
    const { at, view } = this.room(1)
    view.setUint8(at, value)
  }

  bytes(bytes: Uint8Array): void {
    const { at } = this.room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  written(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }
}

/** What is no array of bytes, or was given to another thread, has none. */
const viewOf = (bytes: Uint8Array): DataView => {
  try {
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  } catch {
    return fail("Malformed", "no bytes")
  }
}

/** Bytes that are read once, from the front. */
export class Reader {
  readonly bytes: Uint8Array
  readonly view: DataView
  #at = 0

  constructor(bytes: Uint8Array, limits: Limits) {
    this.view = viewOf(bytes)
    if (!(bytes.length <= limits.maxBytes)) {
      fail("TooLarge", `${bytes.length} bytes, more than ${limits.maxBytes}`)
    }
    this.bytes = bytes
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.bytes.length - this.#at
  }

  /** Moves on by `size` and gives the offset before; fails before anything is allocated. */
  take(size: number): number {
    const at = this.#at
    if (size > this.left) fail("Truncated", "the bytes end within a value", at)
    this.#at = at + size
    return at
  }

  byte(): number {
    return this.bytes[this.take(1)]!
  }

  slice(size: number): Uint8Array {
    const at = this.take(size)
    return this.bytes.slice(at, at + size)
  }

  text(size: number): string {
    const at = this.take(size)
    return textOf(this.bytes.subarray(at, at + size), at)
  }

  end(): void {
    if (this.left > 0) fail("Trailing", `${this.left} bytes behind the value`, this.#at)
  }
}
