/**
 * What generated code calls: checks, strings, numbers seen as others.
 */
import * as handles from "./handles.ts"
import type { Store } from "./store.ts"

/** Thrown where a value of the host does not have the type it should have. */
export const MISS: unique symbol = Symbol("a value of another type")

const stops = {
  memory: ["MemoryOutOfBounds", "an address outside of the memory"],
  misaligned: ["InvalidValue", "an address that is not aligned"],
  discriminant: ["InvalidValue", "a case that the type does not have"],
  leaves: ["InvalidCall", "a call out of realloc, post-return or a start function"],
  reentry: ["InvalidCall", "a call into a component that is running"]
} as const

const T = (S: Store, code: keyof typeof stops): never => S.stop(stops[code][0], stops[code][1])

const miss = (): never => {
  throw MISS
}

const spend = (S: Store, bytes: number): void => {
  S.liftLeft -= bytes
  S.moved += bytes
  if (S.liftLeft < 0) S.stop("InvalidValue", `more than ${S.limits.lift} bytes taken out of the guest at once`)
}

const char = (S: Store, code: number): string =>
  code < 0xd800 || (code > 0xdfff && code < 0x11_0000)
    ? String.fromCodePoint(code)
    : S.stop("InvalidValue", "a number that is no character")

const point = (value: unknown): number => {
  if (typeof value !== "string" || value.length === 0 || value.length > 2) throw MISS
  const code = value.codePointAt(0) ?? 0
  if (value.length !== (code > 0xffff ? 2 : 1) || (code >= 0xd800 && code <= 0xdfff)) throw MISS
  return code
}

const strict8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const wide = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

const shortest = 24

const utf8 = (S: Store, bytes: Uint8Array, start: number, size: number): string => {
  if (size <= shortest) {
    let text = ""
    let i = start
    const end = start + size
    for (; i < end; i++) {
      const byte = bytes[i] as number
      if (byte > 0x7f) break
      text += String.fromCharCode(byte)
    }
    if (i === end) return text
  }
  try {
    return strict8.decode(bytes.subarray(start, start + size))
  } catch {
    return S.stop("InvalidValue", "a string that is not UTF-8")
  }
}

const utf16 = (S: Store, bytes: Uint8Array, start: number, units: number): string => {
  try {
    return wide.decode(bytes.subarray(start, start + 2 * units))
  } catch {
    return S.stop("InvalidValue", "a string that is not UTF-16")
  }
}

const latin1 = (bytes: Uint8Array, start: number, size: number): string => {
  let text = ""
  for (let i = start; i < start + size; i += 4_096) {
    text += String.fromCharCode(...bytes.subarray(i, Math.min(i + 4_096, start + size)))
  }
  return text
}

/** Writes the leading ASCII characters and gives their number. */
const ascii = (bytes: Uint8Array, at: number, text: string, size: number): number => {
  if (size > 64) {
    const { read, written } = encoder.encodeInto(text, bytes.subarray(at, at + size))
    return read === size && written === size ? size : 0
  }
  for (let i = 0; i < size; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return i
    bytes[at + i] = code
  }
  return size
}

const utf8Size = (text: string): number => {
  if (!text.isWellFormed()) throw MISS
  let size = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3
  }
  return size
}

const writeUtf8 = (bytes: Uint8Array, at: number, text: string, size: number): void => {
  const { read, written } = encoder.encodeInto(text, bytes.subarray(at, at + size))
  // Node 26 stops before the last characters of a long text for which there is just enough room.
  if (written < size) bytes.set(encoder.encode(text.slice(read)), at + written)
}

const writeUtf16 = (bytes: Uint8Array, at: number, text: string): void => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    bytes[at + 2 * i] = code
    bytes[at + 2 * i + 1] = code >>> 8
  }
}

const writeLatin1 = (bytes: Uint8Array, at: number, text: string): void => {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
}

const isLatin1 = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)

const own = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined

/** Every key of a record has been read: others would make more of them. */
const counted = (value: object, keys: number): void => {
  let count = 0
  for (const _ in value) count++
  if (count > keys) throw MISS
}

const keyed = (value: object, keys: ReadonlySet<string>): void => {
  for (const key in value) if (!keys.has(key)) throw MISS
}

const tagged = (value: object): void => {
  for (const key in value) if (key !== "tag" && key !== "val") throw MISS
}

const f32 = new Float32Array(1)
const i32 = new Int32Array(f32.buffer)
const f64 = new Float64Array(1)
const i64 = new BigInt64Array(f64.buffer)

const i2f = (bits: number): number => {
  i32[0] = bits
  return f32[0] as number
}
const f2i = (value: number): number => {
  f32[0] = value
  return i32[0] as number
}
const l2d = (bits: bigint): number => {
  i64[0] = bits
  return f64[0] as number
}
const d2l = (value: number): bigint => {
  f64[0] = value
  return i64[0] as bigint
}

/** Views of no memory: what generated code has before it has seen one. */
const none = {
  Uint8Array: new Uint8Array(0),
  Int8Array: new Int8Array(0),
  Uint16Array: new Uint16Array(0),
  Int16Array: new Int16Array(0),
  Uint32Array: new Uint32Array(0),
  Int32Array: new Int32Array(0),
  BigUint64Array: new BigUint64Array(0),
  BigInt64Array: new BigInt64Array(0),
  Float32Array: new Float32Array(0),
  Float64Array: new Float64Array(0)
}

export const library = {
  ...handles,
  MISS,
  none,
  T,
  miss,
  spend,
  char,
  point,
  utf8,
  utf16,
  latin1,
  ascii,
  utf8Size,
  writeUtf8,
  writeUtf16,
  writeLatin1,
  isLatin1,
  isObject,
  own,
  counted,
  keyed,
  tagged,
  i2f,
  f2i,
  l2d,
  d2l
}
