const longest = 4096

/**
 * The normal form of an absolute path with `/` between segments: no empty or
 * `.` segments, no `/` at the end. Undefined for anything else, `..` and the root itself included.
 * A drive letter is taken as a first segment, and `\` as `/` below it alone.
 */
export const normalize = (path: string): string | undefined => {
  if (typeof path !== "string" || path.length > longest || path.includes("\0")) return undefined
  const hasDrive = /^[A-Za-z]:[\\/]/.test(path)
  if (!hasDrive && !path.startsWith("/")) return undefined
  const segments = (hasDrive ? path.replaceAll("\\", "/") : path).split("/").filter((_) => _ !== "" && _ !== ".")
  return segments.length === 0 || segments.includes("..") ? undefined : `/${segments.join("/")}`
}

/** A normal path and the folders above it, nearest first, the root excepted. */
export const ancestors = (normal: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let at = normal; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) found.push(at)
  return found
}
