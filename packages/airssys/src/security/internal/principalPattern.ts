import * as Schema from "effect/Schema"
import * as Principal from "../Principal.ts"

/** Ids are segments between colons: `*` is one of them, a last `**` any number. */
export const PrincipalPattern = Schema.Struct({
  kind: Schema.optionalKey(Principal.Kind),
  id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))
})

export interface PrincipalPattern extends Schema.Schema.Type<typeof PrincipalPattern> {}

/** What is wrong with the id of a pattern. */
export const problemOf = ({ id }: PrincipalPattern): string | undefined => {
  const segments = id.split(":")
  return segments.some((segment, index) =>
      segment.includes("*") && segment !== "*" && !(segment === "**" && index === segments.length - 1)
    )
    ? "* stands for a whole segment between colons, and ** for any number of them at the end"
    : undefined
}

/** Tells whether a principal is meant. Not called with a pattern that has a problem. */
export const matcher = (pattern: PrincipalPattern): (principal: Principal.Principal) => boolean => {
  const segments = pattern.id.split(":")
  const isOpen = segments.at(-1) === "**"
  const fixed = isOpen ? segments.slice(0, -1) : segments
  const isNamed = !pattern.id.includes("*")
  return ({ id, kind }) => {
    if (pattern.kind !== undefined && pattern.kind !== kind) return false
    if (isNamed) return id === pattern.id
    const subject = id.split(":")
    return (isOpen ? subject.length >= fixed.length : subject.length === fixed.length) &&
      fixed.every((segment, index) => segment === subject[index] || (segment === "*" && subject[index] !== ""))
  }
}
