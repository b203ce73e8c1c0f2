import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const word = Effect.map(Random.next, (part) => Math.floor(part * 2 ** 32).toString(16).padStart(8, "0"))

/**
 * A name for one run of a host, 16 hex digits. Whatever the host names begins
 * with it: what a later run on the same folder names has other names.
 */
export const make: Effect.Effect<string> = Effect.map(Effect.all([word, word]), (words) => words.join(""))
