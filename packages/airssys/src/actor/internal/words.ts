/** What was given, for an error; what has parts is not looked into. */
export const shown = (given: unknown): string => {
  if (typeof given === "string") return JSON.stringify(given.slice(0, 64))
  return typeof given === "object" && given !== null || typeof given === "function"
    ? `a value of type ${typeof given}`
    : String(given)
}

/** One of some words, refused where it is given: any other would be taken for one of them. */
export const wordOf = <A extends string>(what: string, words: ReadonlyArray<A>, given: A): A => {
  if (words.includes(given)) return given
  throw new RangeError(`${what} is one of ${words.join(", ")}, not ${shown(given)}`)
}

/** The same for what is true or false. */
export const flagOf = (what: string, given: boolean): boolean => {
  if (typeof given === "boolean") return given
  throw new RangeError(`${what} is true or false, not ${shown(given)}`)
}
