/**
 * `TextEncoder` and `TextDecoder` for guests, whose engine has none: UTF-8 as in
 * the Encoding Standard, in one piece. They are bundled into guests that name them.
 */

/** Most arguments of one call. */
const pieceSize = 4096

const replacement = 0xfffd

const isSurrogate = (point: number): boolean => point >= 0xd800 && point <= 0xdfff

const sizeOf = (point: number): number => point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4

/** The first byte has the size and the highest bits, each other one six of them. */
const put = (bytes: Uint8Array, at: number, point: number, size: number): void => {
  let rest = point
  for (let index = size - 1; index > 0; index--) {
    bytes[at + index] = 0x80 | rest & 0x3f
    rest >>= 6
  }
  bytes[at] = size === 1 ? rest : 0xf00 >> size & 0xff | rest
}

export class TextEncoder {
  get encoding(): string {
    return "utf-8"
  }

  encode(input: string = ""): Uint8Array {
    const text = String(input)
    const bytes = new Uint8Array(text.length * 3)
    return bytes.slice(0, this.encodeInto(text, bytes).written)
  }

  encodeInto(source: string, destination: Uint8Array): { readonly read: number; readonly written: number } {
    let [read, written] = [0, 0]
    while (read < source.length) {
      const found = source.codePointAt(read)!
      const point = isSurrogate(found) ? replacement : found
      const size = sizeOf(point)
      if (written + size > destination.length) break
      put(destination, written, point, size)
      written += size
      read += size === 4 ? 2 : 1
    }
    return { read, written }
  }
}

/** What a byte that begins several asks of the second one: how many follow, from what and to what. */
const leadOf = (byte: number): readonly [following: number, from: number, to: number] => {
  if (byte >= 0xc2 && byte <= 0xdf) return [1, 0x80, 0xbf]
  if (byte >= 0xe0 && byte <= 0xef) return [2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf]
  if (byte >= 0xf0 && byte <= 0xf4) return [3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf]
  return [0, 0, 0]
}

/** The code point at a byte that is not ASCII, undefined where there is none, and how many bytes that takes. */
const pointAt = (bytes: Uint8Array, at: number): readonly [point: number | undefined, size: number] => {
  const first = bytes[at]!
  const [following, from, to] = leadOf(first)
  if (following === 0) return [undefined, 1]
  let point = first & 0x3f >> following
  for (let index = 1; index <= following; index++) {
    const byte = bytes[at + index] ?? 0
    if (index === 1 ? byte < from || byte > to : byte < 0x80 || byte > 0xbf) return [undefined, index]
    point = point << 6 | byte & 0x3f
  }
  return [point, following + 1]
}

const endOfAscii = (bytes: Uint8Array, from: number): number => {
  const most = Math.min(bytes.length, from + pieceSize)
  let at = from
  while (at < most && bytes[at]! < 0x80) at++
  return at
}

const hasMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf

export class TextDecoder {
  readonly fatal: boolean
  readonly ignoreBOM: boolean

  constructor(
    label: string = "utf-8",
    options: { readonly fatal?: boolean | undefined; readonly ignoreBOM?: boolean | undefined } = {}
  ) {
    if (!/^\s*utf-?8\s*$/iu.test(label)) throw new RangeError(`a guest decodes utf-8 and not ${label}`)
    this.fatal = options.fatal === true
    this.ignoreBOM = options.ignoreBOM === true
  }

  get encoding(): string {
    return "utf-8"
  }

  decode(
    input: ArrayBuffer | ArrayBufferView = new Uint8Array(0),
    options?: { readonly stream?: boolean | undefined }
  ): string {
    if (options?.stream === true) throw new TypeError("a guest decodes in one piece: there is no stream")
    const bytes = input instanceof ArrayBuffer
      ? new Uint8Array(input)
      : new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    let text = ""
    for (let at = !this.ignoreBOM && hasMark(bytes) ? 3 : 0; at < bytes.length;) {
      const end = endOfAscii(bytes, at)
      if (end > at) {
        text += String.fromCharCode(...bytes.subarray(at, end))
        at = end
        continue
      }
      const [point, size] = pointAt(bytes, at)
      if (point === undefined && this.fatal) throw new TypeError(`no UTF-8 at byte ${at}`)
      text += String.fromCodePoint(point ?? replacement)
      at += size
    }
    return text
  }
}
