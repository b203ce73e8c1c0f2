/**
 * Which versions of an interface stand for each other.
 */

const versioned = /^(.*)@(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)([-+].*)?$/

/**
 * The id with its version cut down to what compatible versions have in common:
 * the major number, `0.` and the minor one before 1.0.0, everything before
 * 0.1.0 and of a pre-release.
 *
 * Specification: Component Model, Explainer.md, "canonicalized version".
 */
export const track = (id: string): string => {
  const found = versioned.exec(id)
  if (found === null) return id
  const [, name, major, minor, patch, rest] = found
  if (rest?.startsWith("-") === true) return id
  if (major !== "0") return `${name}@${major}`
  return minor === "0" ? `${name}@0.0.${patch}` : `${name}@0.${minor}`
}
