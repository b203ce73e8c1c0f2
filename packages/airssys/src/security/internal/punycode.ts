const base = 36
const skew = 38
const damp = 700

/** Lower case only: in a host name there is no other. */
const digitOf = (unit: number): number => {
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 + 26 : base
}

const adapt = (delta: number, points: number, isFirst: boolean): number => {
  let rest = isFirst ? Math.floor(delta / damp) : delta >> 1
  rest += Math.floor(rest / points)
  let k = 0
  for (; rest > 455; k += base) rest = Math.floor(rest / 35)
  return k + Math.floor(36 * rest / (rest + skew))
}

/** The text behind the `xn--` of a label (RFC 3492); `undefined` for what encodes none. */
export const decode = (encoded: string): string | undefined => {
  const dash = encoded.lastIndexOf("-")
  const points = Array.from(encoded.slice(0, Math.max(0, dash)), (character) => character.charCodeAt(0))
  let at = dash + 1
  let index = 0
  let bias = 72
  let point = 128
  while (at < encoded.length) {
    const start = index
    for (let weight = 1, k = base;; k += base) {
      const digit = at < encoded.length ? digitOf(encoded.charCodeAt(at++)) : base
      if (digit >= base) return undefined
      index += digit * weight
      const threshold = Math.min(26, Math.max(1, k - bias))
      if (digit < threshold) break
      weight *= base - threshold
      if (index + weight > 0x7fff_ffff) return undefined
    }
    const length = points.length + 1
    bias = adapt(index - start, length, start === 0)
    point += Math.floor(index / length)
    if (point > 0x10_ffff) return undefined
    points.splice(index % length, 0, point)
    index = index % length + 1
  }
  return String.fromCodePoint(...points)
}
