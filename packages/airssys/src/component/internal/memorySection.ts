/**
 * The memories that a core module defines, read from and written to its
 * memory section. The module has been validated before.
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
  readonly start: number
  readonly content: number
  readonly end: number
}

const memorySection = 5

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

const find = (bytes: Uint8Array): Section | undefined => {
  let at = 8
  while (at < bytes.length) {
    const [size, content] = leb(bytes, at + 1)
    const end = content + size
    if (bytes[at] === memorySection) return { start: at, content, end }
    at = end
  }
  return undefined
}

/**
 * The memories a module defines, in order. Shared and 64-bit memories, and
 * pages of another size, are refused.
 */
export const read = (bytes: Uint8Array): ReadonlyArray<MemoryLimits> => {
  const section = find(bytes)
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
 * The module with these maxima, one for each memory it defines.
 */
export const write = (
  bytes: Uint8Array,
  memories: ReadonlyArray<{ readonly minimum: number; readonly maximum: number }>
): Uint8Array => {
  const section = find(bytes)
  if (section === undefined) return bytes
  const content = [
    ...toLeb(memories.length),
    ...memories.flatMap(({ maximum, minimum }) => [1, ...toLeb(minimum), ...toLeb(maximum)])
  ]
  const head = [memorySection, ...toLeb(content.length)]
  const out = new Uint8Array(section.start + head.length + content.length + bytes.length - section.end)
  out.set(bytes.subarray(0, section.start))
  out.set(head, section.start)
  out.set(content, section.start + head.length)
  out.set(bytes.subarray(section.end), section.start + head.length + content.length)
  return out
}
