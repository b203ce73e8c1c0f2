/**
 * Values of components as values of core functions.
 *
 * Specification: Component Model, CanonicalABI.md, "Flattening".
 */

export type Flat = "i32" | "i64" | "f32" | "f64"

/** The most values that pass as parameters; of more, there is one that says where they are. */
export const maxFlatParams = 16

/** One after the other, if each has so few and all of them do; else undefined. */
export const inRow = (parts: Iterable<ReadonlyArray<Flat> | undefined>): ReadonlyArray<Flat> | undefined => {
  const all: Array<Flat> = []
  for (const part of parts) {
    if (part === undefined || all.length + part.length > maxFlatParams) return undefined
    all.push(...part)
  }
  return all
}

/** One of these, behind the number that says which. */
export const oneOf = (cases: Iterable<ReadonlyArray<Flat> | undefined>): ReadonlyArray<Flat> | undefined => {
  const joined: Array<Flat> = []
  for (const one of cases) {
    if (one === undefined) return undefined
    one.forEach((flat, i) => {
      joined[i] = join(joined[i], flat)
    })
  }
  return joined.length >= maxFlatParams ? undefined : ["i32", ...joined]
}

const join = (a: Flat | undefined, b: Flat): Flat =>
  a === undefined || a === b
    ? b
    : (a === "i32" && b === "f32") || (a === "f32" && b === "i32")
    ? "i32"
    : "i64"
