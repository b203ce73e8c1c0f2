/**
 * What keeps arguments from a guest, whatever its types: they are no list, or one
 * that throws when it is looked at; or they take more than so many bytes of its
 * memory. What holds itself is over any bound.
 */
export const problemOf = (args: ReadonlyArray<unknown>, most: number): "Unreadable" | "TooLarge" | undefined => {
  try {
    if (!Array.isArray(args)) return "Unreadable"
    return areOver(args, most) ? "TooLarge" : undefined
  } catch {
    return "Unreadable"
  }
}

const areOver = (args: ReadonlyArray<unknown>, most: number): boolean =>
  !args.every(isScalar) && exceed(args, most, largestUtf8) && exceed(args, most, exactUtf8)

const isScalar = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean"

const exceed = (args: ReadonlyArray<unknown>, most: number, textBytes: (text: string) => number): boolean => {
  let left = most
  const values: Array<unknown> = [...args]
  while (values.length > 0 && left >= 0) {
    const value = values.pop()
    if (typeof value === "string") left -= textBytes(value)
    else if (typeof value !== "object" || value === null) left--
    else if (ArrayBuffer.isView(value)) left -= value.byteLength
    else {
      const inner = Array.isArray(value) ? value : Object.values(value)
      left -= inner.length + 1
      if (left >= 0) { for (const one of inner) values.push(one) }
    }
  }
  return left < 0
}

const largestUtf8 = (text: string): number => 3 * text.length

const exactUtf8 = (text: string): number => {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}
