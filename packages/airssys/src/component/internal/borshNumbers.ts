import { expected, fail, type Reader, type Writer } from "./codecFault.ts"

interface Numbers<in out A> {
  readonly least: number
  readonly read: (input: { readonly reader: Reader }) => A
  readonly write: (output: { readonly writer: Writer }, value: A) => void
}

export const natural = (bits: 8 | 16 | 32): Numbers<number> => integer(bits, 0, 2 ** bits - 1, `u${bits}`)

export const signed = (bits: 8 | 16 | 32): Numbers<number> =>
  integer(bits, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, `i${bits}`)

const integer = (bits: 8 | 16 | 32, least: number, most: number, name: string): Numbers<number> => ({
  least: bits / 8,
  read: ({ reader }) => {
    const at = reader.take(bits / 8)
    const value = bits === 8
      ? reader.view.getUint8(at)
      : bits === 16
      ? reader.view.getUint16(at, true)
      : reader.view.getUint32(at, true)
    return value > most ? value - 2 ** bits : value
  },
  write: ({ writer }, value) => {
    if (!Number.isInteger(value) || value < least || value > most) expected(name)
    const { at, view } = writer.room(bits / 8)
    if (bits === 8) view.setUint8(at, value)
    else if (bits === 16) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
  }
})

export const wide = (words: 1 | 2, isSigned: boolean): Numbers<bigint> => {
  const bits = words * 64
  const fit = isSigned ? BigInt.asIntN : BigInt.asUintN
  return {
    least: bits / 8,
    read: ({ reader }) => {
      let value = 0n
      const at = reader.take(bits / 8)
      for (let word = words - 1; word >= 0; word--) {
        value = (value << 64n) | reader.view.getBigUint64(at + word * 8, true)
      }
      return fit(bits, value)
    },
    write: ({ writer }, value) => {
      if (typeof value !== "bigint" || fit(bits, value) !== value) expected(`${isSigned ? "i" : "u"}${bits}`)
      const { at, view } = writer.room(bits / 8)
      for (let word = 0; word < words; word++) {
        view.setBigUint64(at + word * 8, BigInt.asUintN(64, value >> BigInt(word * 64)), true)
      }
    }
  }
}

/** Borsh has no NaN, of which there would be many. */
export const float = (bytes: 4 | 8): Numbers<number> => ({
  least: bytes,
  read: ({ reader }) => {
    const at = reader.take(bytes)
    const value = bytes === 4 ? reader.view.getFloat32(at, true) : reader.view.getFloat64(at, true)
    return Number.isNaN(value) ? fail("Malformed", "NaN", at) : value
  },
  write: ({ writer }, value) => {
    const kept = bytes === 4 ? Math.fround(value) === value : !Number.isNaN(value)
    if (typeof value !== "number" || !kept) expected(`f${bytes * 8}`)
    const { at, view } = writer.room(bytes)
    if (bytes === 4) view.setFloat32(at, value, true)
    else view.setFloat64(at, value, true)
  }
})
