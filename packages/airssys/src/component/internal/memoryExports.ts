/**
 * Appends exports to a core module, so that its memories can be measured.
 * The module has been validated before; nothing in it is renumbered.
 */

const exportSection = 7
const afterExports: ReadonlySet<number> = new Set([8, 9, 10, 11, 12])

const read = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return [value, at + index + 1]
  }
  return [value, at + 5]
}

const leb = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [0x80 | (value % 0x80), ...leb(Math.floor(value / 0x80))]

/**
 * The module with each memory it defines exported as `airssys:memory:0` and so
 * on; `first` is the index of the first one.
 */
export const add = (bytes: Uint8Array, first: number, count: number): Uint8Array => {
  if (count === 0) return bytes
  const entries = Array.from({ length: count }, (_, index) => {
    const name = new TextEncoder().encode(`airssys:memory:${index}`)
    return [...leb(name.length), ...name, 2, ...leb(first + index)]
  }).flat()
  const section = (known: number, content: Uint8Array): ReadonlyArray<Uint8Array> => {
    const number = leb(known + count)
    const size = number.length + content.length + entries.length
    return [Uint8Array.of(exportSection, ...leb(size), ...number), content, Uint8Array.from(entries)]
  }
  const parts: Array<Uint8Array> = [bytes.subarray(0, 8)]
  let isDone = false
  for (let at = 8; at < bytes.length;) {
    const [size, content] = read(bytes, at + 1)
    const end = content + size
    const id = bytes[at]!
    if (id === exportSection) {
      const [known, from] = read(bytes, content)
      parts.push(...section(known, bytes.subarray(from, end)))
      isDone = true
    } else {
      if (!isDone && afterExports.has(id)) {
        parts.push(...section(0, new Uint8Array()))
        isDone = true
      }
      parts.push(bytes.subarray(at, end))
    }
    at = end
  }
  if (!isDone) parts.push(...section(0, new Uint8Array()))
  return concat(parts)
}

const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, _) => sum + _.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
