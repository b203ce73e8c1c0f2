import * as Duration from "effect/Duration"
import type { Restart, Shutdown } from "../ChildSpec.ts"

export const shutdownOf = (shutdown: Shutdown): Duration.Duration =>
  shutdown === "Brutal" ? Duration.zero : Duration.fromInputUnsafe(shutdown)

/** A permanent child never ends by itself, so nothing can follow from it. */
export const checkSignificant = (id: string, restart: Restart, isSignificant: boolean): void => {
  if (isSignificant && restart === "Permanent") {
    throw new RangeError(`A permanent child cannot be significant: ${id}`)
  }
}
