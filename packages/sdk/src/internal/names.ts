/** Kebab-case WIT names as JavaScript names, the way componentize-qjs writes them. */
const words = (name: string): ReadonlyArray<string> => name.toLowerCase().split("-")

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

export const camelCase = (name: string): string =>
  words(name).map((word, index) => index === 0 ? word : capital(word)).join("")

export const pascalCase = (name: string): string => words(name).map(capital).join("")

/** `rates` of `acme:rates/rates@1.2.0`. */
export const shortName = (id: string): string => id.replace(/^.*\//u, "").replace(/@.*$/u, "")
