/**
 * Writes the types of a WIT world, or of a component: what `airssys types` does.
 *
 * @since 0.1.0
 */
import * as GuestTypes from "@airssys/sdk/GuestTypes"
import * as Wit from "@airssys/sdk/Wit"
import * as Admission from "airssys/component/Admission"
import type { LoadError } from "airssys/component/ComponentError"
import * as ContractSource from "airssys/component/ContractSource"
import * as Manifest from "airssys/component/Manifest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
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
  return yield* contractOf(encoded.bytes, encoded.world)
})

const contractOf = Effect.fnUntraced(function*(bytes: Uint8Array, world: string) {
  const { world: description } = yield* Admission.inspect(bytes)
  const text = yield* Effect.fromResult(ContractSource.generate({ world, description }))
  const name = world.slice(world.indexOf(":") + 1, world.indexOf("/"))
  return { name: `${name}.gen.ts`, text }
})

const sizeLimit = 64 * 1024 * 1024

/**
 * The contract of a component, from its file. The file has the types of its
 * exports and not the name of its world: that is given, or found in a
 * `Component.toml` beside the file or one folder up whose output the file is.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generateFromComponent = Effect.fnUntraced(function*(
  file: string,
  world?: string
): Effect.fn.Return<
  ContractFile,
  ContractSource.ContractSourceError | GuestBuild.GuestBuildError | LoadError | Manifest.ManifestError,
  FileSystem.FileSystem | Path.Path
> {
  const fs = yield* FileSystem.FileSystem
  const refused = (detail: string) =>
    new GuestBuild.GuestBuildError({ folder: file, detail: `error: ${file} ${detail}` })
  const info = yield* Effect.mapError(fs.stat(file), () => refused("is not there"))
  if (info.type !== "File" || info.size > sizeLimit) return yield* refused("is no file of at most 64 MiB")
  const bytes = yield* Effect.mapError(fs.readFile(file), () => refused("cannot be read"))
  const declared = world ?? (yield* worldBeside(file))
  if (declared === undefined) {
    return yield* refused("does not say which world it has: give --world, such as acme:rates/plugin@1.2.0")
  }
  return yield* contractOf(bytes, declared)
})

const worldBeside = Effect.fnUntraced(function*(artifact: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.resolve(artifact)
  const beside = path.dirname(file)
  for (const folder of [beside, path.dirname(beside)]) {
    const text = yield* Effect.option(fs.readFileString(path.join(folder, "Component.toml")))
    if (text._tag === "None") continue
    const manifest = yield* Effect.fromResult(
      Manifest.parse(text.value, { file: path.join(folder, "Component.toml") })
    )
    if (path.resolve(folder, manifest.build.output) === file) return manifest.component.world
  }
  return undefined
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
