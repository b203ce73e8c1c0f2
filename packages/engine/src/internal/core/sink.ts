/**
 * A growing buffer of bytes.
 */
export class Sink {
  bytes: Uint8Array<ArrayBuffer>
  length = 0
  #view: DataView

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(64, capacity))
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `size` more bytes, of which the caller writes as many as it likes. */
  reserve(size: number): void {
    const needed = this.length + size
    if (needed <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    bytes.set(this.bytes.subarray(0, this.length))
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  u32(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** A constant from 0 to 2,147,483,647 as a signed number. */
  positive(value: number): void {
    let rest = value
    while (rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.reserve(size)
    const { bytes, length } = this
    if (size > 96) bytes.set(from.subarray(start, end), length)
    else for (let i = 0; i < size; i++) bytes[length + i] = from[start + i] ?? 0
    this.length = length + size
  }

  /**
   * Copies what is mostly short, in blocks of 16 bytes: a loop over single bytes
   * ends where the processor does not expect it. What is written too much is
   * behind `length`.
   */
  copyShort(from: DataView, start: number, end: number): void {
    const size = end - start
    this.reserve(size + 32)
    const view = this.#view
    let to = this.length
    let at = start
    this.length = to + size
    if (end + 32 > from.byteLength) {
      for (; at < end; at++) view.setUint8(to++, from.getUint8(at))
      return
    }
    for (; at < end; at += 32, to += 32) {
      view.setInt32(to, from.getInt32(at, true), true)
      view.setInt32(to + 4, from.getInt32(at + 4, true), true)
      view.setInt32(to + 8, from.getInt32(at + 8, true), true)
      view.setInt32(to + 12, from.getInt32(at + 12, true), true)
      if (at + 16 >= end) return
      view.setInt32(to + 16, from.getInt32(at + 16, true), true)
      view.setInt32(to + 20, from.getInt32(at + 20, true), true)
      view.setInt32(to + 24, from.getInt32(at + 24, true), true)
      view.setInt32(to + 28, from.getInt32(at + 28, true), true)
    }
  }

  /** Leaves room for the size of what follows, about `expected` bytes; gives where that starts. */
  begin(expected: number): number {
    this.reserve(8)
    this.length += width(expected)
    return this.length
  }

  /** Writes the size of all that started there. */
  finish(start: number, expected: number): void {
    const { length } = this
    const size = length - start
    const begin = start - width(expected)
    const end = begin + width(size) + size
    if (end !== length) {
      this.reserve(8)
      this.bytes.copyWithin(end - size, start, length)
    }
    this.length = begin
    this.u32(size)
    this.length = end
  }
}

/** Pieces, one after the other. */
export const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Bytes of an unsigned number. */
export const u32 = (value: number): Array<number> => {
  const out: Array<number> = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80)
  out.push(rest)
  return out
}

/** Bytes of a signed number for a constant from 0 to 2,147,483,647. */
export const positive = (value: number): Array<number> => {
  const out: Array<number> = []
  let rest = value
  for (; rest >= 0x40; rest >>>= 7) out.push((rest & 0x7f) | 0x80)
  out.push(rest)
  return out
}

/** Of an unsigned number, in bytes. */
const width = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
