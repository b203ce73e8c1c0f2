/**
 * Writes the types of a WIT world: what `airssys types` does.
 *
 * @since 0.1.0
 */
import * as GuestTypes from "@airssys/sdk/GuestTypes"
import * as Wit from "@airssys/sdk/Wit"
import * as Admission from "airssys/component/Admission"
import type { LoadError } from "airssys/component/ComponentError"
import * as ContractSource from "airssys/component/ContractSource"
import * as Effect from "effect/Effect"
import * as GuestBuild from "./GuestBuild.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ContractFile {
  /** Where it is written by default: `rates.gen.ts` for `acme:rates`. */
  readonly name: string
  readonly text: string
}

/**
 * The contract of the world of a WIT folder or file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate = Effect.fnUntraced(function*(
  wit: string,
  world?: string
): Effect.fn.Return<
  ContractFile,
  ContractSource.ContractSourceError | GuestBuild.GuestBuildError | LoadError
> {
  const encoded = yield* GuestBuild.attempt(wit, () => Wit.encodeWit({ path: wit }, world))
  const { world: description } = yield* Admission.inspect(encoded.bytes)
  const text = yield* Effect.fromResult(ContractSource.generate({ world: encoded.world, description }))
  const name = encoded.world.slice(encoded.world.indexOf(":") + 1, encoded.world.indexOf("/"))
  return { name: `${name}.gen.ts`, text }
})

/**
 * The declarations that a TypeScript guest of the world imports.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generateGuest = (
  wit: string,
  world?: string
): Effect.Effect<ContractFile, GuestBuild.GuestBuildError> =>
  Effect.map(
    GuestBuild.attempt(wit, () => GuestTypes.guestTypes({ path: wit }, world)),
    (text) => ({ name: "wit.gen.d.ts", text })
  )
