/** Bytes of core modules. */

export type Bytes = ReadonlyArray<number>

export const unsigned = (value: number): Bytes => {
  const out: Array<number> = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80)
  out.push(rest)
  return out
}

export const signed = (value: bigint): Bytes => {
  const out: Array<number> = []
  let rest = value
  for (;;) {
    const byte = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)) {
      out.push(byte)
      return out
    }
    out.push(byte | 0x80)
  }
}

export const vector = (items: ReadonlyArray<Bytes>): Bytes => [...unsigned(items.length), ...items.flat()]

export const text = (value: string): Bytes => {
  const bytes = new TextEncoder().encode(value)
  return [...unsigned(bytes.length), ...bytes]
}

export const section = (id: number, content: Bytes): Bytes => [id, ...unsigned(content.length), ...content]

/** The code of an instruction: a byte, or a prefix and a number. */
export const opcode = (code: number): Bytes => code < 0x1000 ? [code] : [code >> 12, ...unsigned(code & 0xfff)]

export const float32 = (value: number): Bytes => Array.from(new Uint8Array(Float32Array.of(value).buffer))

export const float64 = (value: number): Bytes => Array.from(new Uint8Array(Float64Array.of(value).buffer))
