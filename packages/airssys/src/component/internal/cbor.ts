/**
 * CBOR (RFC 8949) in one pass that checks while it reads: definite lengths, a
 * known number of values, keys that are texts or integers and stand once, and
 * of tags the two of bignums. Nothing is allocated for a length before that many
 * bytes are there.
 */
import { Budget, bytesOf, fail, type Limits, Reader, Writer } from "./codecFault.ts"

/** The most bytes of a bignum. */
const bignumLimit = 64

/** V8 hashes numbers and bigints without a seed: a sender can choose keys that all collide. */
const integerKeysLimit = 256

/** Integers, texts and bignums. */
const keyMajors = [true, true, false, true, false, false, true, false]

const normalised = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const negative = (argument: number | bigint): number | bigint =>
  typeof argument === "bigint" || argument === Number.MAX_SAFE_INTEGER
    ? normalised(-1n - BigInt(argument))
    : -1 - argument

class Decoder {
  readonly #reader: Reader
  readonly #budget: Budget

  constructor(reader: Reader, limits: Limits) {
    this.#reader = reader
    this.#budget = new Budget(limits)
  }

  item(depth: number): unknown {
    this.#budget.spend(1, this.#reader.at)
    const at = this.#reader.at
    const initial = this.#reader.byte()
    const info = initial & 31
    if (info === 31) fail("Unsupported", "an open length or a break", at)
    if (info > 27) fail("Malformed", "a reserved length", at)
    switch (initial >> 5) {
      case 0:
        return this.#argument(info)
      case 1:
        return negative(this.#argument(info))
      case 2:
        return this.#reader.slice(this.#length(info))
      case 3:
        return this.#reader.text(this.#length(info))
      case 4:
        return this.#array(this.#length(info), this.#budget.deepen(depth, at))
      case 5:
        return this.#map(this.#length(info), this.#budget.deepen(depth, at))
      case 6:
        return this.#tagged(this.#argument(info), at)
      default:
        return this.#simple(info, at)
    }
  }

  #argument(info: number): number | bigint {
    const { view } = this.#reader
    switch (info) {
      case 24:
        return this.#reader.byte()
      case 25:
        return view.getUint16(this.#reader.take(2))
      case 26:
        return view.getUint32(this.#reader.take(4))
      case 27:
        return normalised(view.getBigUint64(this.#reader.take(8)))
      default:
        return info
    }
  }

  /** Each byte, and each element, is a byte at least. */
  #length(info: number): number {
    const at = this.#reader.at
    const length = this.#argument(info)
    return length <= this.#reader.left ? Number(length) : fail("Truncated", "a length beyond the end", at)
  }

  #array(length: number, depth: number): ReadonlyArray<unknown> {
    const array: Array<unknown> = []
    for (let index = 0; index < length; index++) array.push(this.item(depth))
    return array
  }

  #map(length: number, depth: number): ReadonlyMap<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    let integers = 0
    for (let index = 0; index < length; index++) {
      const { at, bytes } = this.#reader
      if (keyMajors[(bytes[at] ?? 0) >> 5] !== true) {
        fail("Unsupported", "a key that is neither a text nor an integer", at)
      }
      const key = this.item(depth)
      if (typeof key !== "string" && ++integers > integerKeysLimit) {
        fail("TooManyElements", `more than ${integerKeysLimit} integer keys in one map`, at)
      }
      if (map.has(key)) fail("DuplicateKey", "a key that the map has already", at)
      map.set(key, this.item(depth))
    }
    return map
  }

  #tagged(tag: number | bigint, at: number): number | bigint {
    if (tag !== 2 && tag !== 3) return fail("Unsupported", `tag ${tag}; 2 and 3 are taken`, at)
    const start = this.#reader.at
    const initial = this.#reader.byte()
    const info = initial & 31
    if (initial >> 5 !== 2 || info > 27) fail("Malformed", "a bignum without its byte string", start)
    const length = this.#length(info)
    if (length > bignumLimit) fail("TooLarge", `a bignum of more than ${bignumLimit} bytes`, start)
    const hex = Array.from(this.#reader.slice(length), (byte) => byte.toString(16).padStart(2, "0")).join("")
    const magnitude = BigInt(`0x0${hex}`)
    return normalised(tag === 2 ? magnitude : -1n - magnitude)
  }

  #simple(info: number, at: number): unknown {
    const { view } = this.#reader
    switch (info) {
      case 20:
        return false
      case 21:
        return true
      case 22:
        return null
      case 23:
        return undefined
      case 24:
        return this.#reader.byte() < 32
          ? fail("Malformed", "a simple value in a form that is too long", at)
          : fail("Unsupported", "a simple value without a meaning", at)
      case 25:
        return half(view.getUint16(this.#reader.take(2)))
      case 26:
        return view.getFloat32(this.#reader.take(4))
      case 27:
        return view.getFloat64(this.#reader.take(8))
      default:
        return fail("Unsupported", "a simple value without a meaning", at)
    }
  }
}

/** Appendix D of RFC 8949. */
const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31
  const mantissa = bits & 1023
  const sign = bits >> 15 === 0 ? 1 : -1
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (mantissa + 1024) * 2 ** (exponent - 25))
}

export const decode = (bytes: Uint8Array, limits: Limits): unknown => {
  const reader = new Reader(bytes, limits)
  const decoder = new Decoder(reader, limits)
  const value = decoder.item(0)
  reader.end()
  return value
}

class Encoder {
  readonly writer: Writer
  readonly #budget: Budget

  constructor(limits: Limits) {
    this.writer = new Writer(limits.maxBytes)
    this.#budget = new Budget(limits)
  }

  item(value: unknown, depth: number): void {
    this.#budget.spend(1)
    switch (typeof value) {
      case "boolean":
        return this.writer.byte(value ? 0xf5 : 0xf4)
      case "undefined":
        return this.writer.byte(0xf7)
      case "number":
        return this.#number(value)
      case "bigint":
        return this.#bigint(value)
      case "string":
        return this.#text(value)
      case "object":
        return value === null ? this.writer.byte(0xf6) : this.#object(value, depth)
      default:
        return fail("Unencodable", `a ${typeof value}`)
    }
  }

  #head(major: number, argument: number | bigint): void {
    const type = major << 5
    if (argument < 24) return this.writer.byte(type | Number(argument))
    const [info, size] = argument < 0x100
      ? [24, 1] as const
      : argument < 0x1_0000
      ? [25, 2] as const
      : argument < 0x1_0000_0000
      ? [26, 4] as const
      : [27, 8] as const
    this.writer.byte(type | info)
    const { at, view } = this.writer.room(size)
    if (size === 1) view.setUint8(at, Number(argument))
    else if (size === 2) view.setUint16(at, Number(argument))
    else if (size === 4) view.setUint32(at, Number(argument))
    else view.setBigUint64(at, BigInt(argument))
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      return value < 0 ? this.#head(1, -1 - value) : this.#head(0, value)
    }
    const isSingle = Number.isNaN(value) || Math.fround(value) === value
    this.writer.byte(isSingle ? 0xfa : 0xfb)
    const { at, view } = this.writer.room(isSingle ? 4 : 8)
    if (isSingle) view.setFloat32(at, value)
    else view.setFloat64(at, value)
  }

  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    if (magnitude < 1n << 64n) return this.#head(value < 0n ? 1 : 0, magnitude)
    if (magnitude >= 1n << BigInt(bignumLimit * 8)) fail("Unencodable", `an integer of more than ${bignumLimit} bytes`)
    const hex = magnitude.toString(16)
    const digits = hex.length % 2 === 0 ? hex : `0${hex}`
    this.#head(6, value < 0n ? 3 : 2)
    this.#head(2, digits.length / 2)
    for (let at = 0; at < digits.length; at += 2) this.writer.byte(Number.parseInt(digits.slice(at, at + 2), 16))
  }

  #text(value: string): void {
    const bytes = bytesOf(value)
    this.#head(3, bytes.length)
    this.writer.bytes(bytes)
  }

  #object(value: object, depth: number): void {
    if (value instanceof Uint8Array) {
      this.#head(2, value.length)
      return this.writer.bytes(value)
    }
    const inner = this.#budget.deepen(depth)
    if (Array.isArray(value)) {
      this.#head(4, value.length)
      for (const element of value) this.item(element, inner)
      return
    }
    const entries = value instanceof Map ? [...value] : fieldsOf(value)
    const integers = new Set<unknown>()
    this.#head(5, entries.length)
    for (const [key, element] of entries) {
      this.item(typeof key === "string" ? key : integerKey(key, integers), inner)
      this.item(element, inner)
    }
  }
}

const integerKey = (key: unknown, known: Set<unknown>): number | bigint => {
  const integer = typeof key === "bigint" ? normalised(key) : key
  if (typeof integer !== "bigint" && !Number.isSafeInteger(integer)) {
    return fail("Unencodable", "a key that is neither a text nor an integer")
  }
  if (known.has(integer)) fail("Unencodable", "two keys that are one integer")
  if (known.add(integer).size > integerKeysLimit) {
    fail("Unencodable", `more than ${integerKeysLimit} integer keys in one map`)
  }
  return integer as number | bigint
}

/** The fields of a plain object that have a value. */
export const fieldsOf = (value: object): ReadonlyArray<readonly [string, unknown]> => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
    ? Object.entries(value).filter(([, field]) => field !== undefined)
    : fail("Unencodable", "an object that is not plain")
}

export const encode = (value: unknown, limits: Limits): Uint8Array => {
  const encoder = new Encoder(limits)
  encoder.item(value, 0)
  return encoder.writer.written()
}
