/**
 * The memories that a core module defines, read from and written to its
 * binary. The module has been validated before; nothing in it is renumbered.
 */

/**
 * Sizes are in pages of 64 KiB.
 */
export interface MemoryLimits {
  readonly minimum: number
  readonly maximum: number | undefined
}

/**
 * Why the memories of a module cannot be limited.
 */
export class UnsupportedMemory extends Error {}

interface Section {
  readonly id: number
  readonly start: number
  readonly content: number
  readonly end: number
}

const memorySection = 5
const exportSection = 7
const afterExports: ReadonlySet<number> = new Set([8, 9, 10, 11, 12])

const leb = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let value = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return [value, at + index + 1]
  }
  throw new UnsupportedMemory("a core module ends too early")
}

const toLeb = (value: number): Array<number> => {
  const out: Array<number> = []
  let rest = value
  while (rest >= 0x80) {
    out.push(0x80 | (rest % 0x80))
    rest = Math.floor(rest / 0x80)
  }
  return [...out, rest]
}

const sections = (bytes: Uint8Array): ReadonlyArray<Section> => {
  const found: Array<Section> = []
  let at = 8
  while (at < bytes.length) {
    const [size, content] = leb(bytes, at + 1)
    found.push({ id: bytes[at]!, start: at, content, end: content + size })
    at = content + size
  }
  return found
}

/**
 * The memories a module defines, in order. Shared and 64-bit memories, and
 * pages of another size, are refused.
 */
export const read = (bytes: Uint8Array): ReadonlyArray<MemoryLimits> => {
  const section = sections(bytes).find((_) => _.id === memorySection)
  if (section === undefined) return []
  const memories: Array<MemoryLimits> = []
  let [count, at] = leb(bytes, section.content)
  for (; count > 0; count--) {
    const flags = bytes[at]
    if (flags !== 0 && flags !== 1) {
      throw new UnsupportedMemory("shared memories, 64-bit memories and other page sizes are not supported")
    }
    const [minimum, next] = leb(bytes, at + 1)
    const [maximum, after] = flags === 1 ? leb(bytes, next) : [undefined, next]
    memories.push({ minimum, maximum })
    at = after
  }
  return memories
}

/**
 * The module with these maxima, one for each memory it defines. Each is also
 * exported, as `airssys:memory:0` and so on, so that it can be measured.
 */
export const write = (
  bytes: Uint8Array,
  memories: ReadonlyArray<{ readonly minimum: number; readonly maximum: number }>,
  imported: number
): Uint8Array => {
  if (memories.length === 0) return bytes
  const limits = [
    ...toLeb(memories.length),
    ...memories.flatMap(({ maximum, minimum }) => [1, ...toLeb(minimum), ...toLeb(maximum)])
  ]
  const exports = memories.flatMap((_, index) => {
    const name = new TextEncoder().encode(`airssys:memory:${index}`)
    return [...toLeb(name.length), ...name, 2, ...toLeb(imported + index)]
  })
  const parts: Array<Uint8Array> = [bytes.subarray(0, 8)]
  const add = (id: number, ...content: ReadonlyArray<Uint8Array>): void => {
    const size = content.reduce((sum, _) => sum + _.length, 0)
    parts.push(Uint8Array.of(id, ...toLeb(size)), ...content)
  }
  let exported = false
  for (const { content, end, id, start } of sections(bytes)) {
    if (!exported && afterExports.has(id)) {
      exported = true
      add(exportSection, Uint8Array.from([...toLeb(memories.length), ...exports]))
    }
    if (id === memorySection) add(id, Uint8Array.from(limits))
    else if (id === exportSection) {
      exported = true
      const [count, entries] = leb(bytes, content)
      add(
        id,
        Uint8Array.from(toLeb(count + memories.length)),
        bytes.subarray(entries, end),
        Uint8Array.from(exports)
      )
    } else parts.push(bytes.subarray(start, end))
  }
  if (!exported) add(exportSection, Uint8Array.from([...toLeb(memories.length), ...exports]))
  const out = new Uint8Array(parts.reduce((sum, _) => sum + _.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
