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
import { ReleaseSource, type SourceError } from "airssys/component/ReleaseSource"
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
  ContractSource.ContractSourceError | GuestBuild.GuestBuildError | LoadError | Manifest.ManifestError | SourceError,
  FileSystem.FileSystem | Path.Path | ReleaseSource
> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const refused = (detail: string) =>
    new GuestBuild.GuestBuildError({ folder: file, detail: `error: ${file} ${detail}` })
  const artifact = yield* Effect.mapError(fs.realPath(file), () => refused("is not there"))
  const files = yield* ReleaseSource
  const bytes = yield* files.artifact(path.dirname(artifact), path.basename(artifact))
  const declared = world ?? (yield* worldBeside(artifact))
  if (declared === undefined) {
    return yield* refused("does not say which world it has: give --world, such as acme:rates/plugin@1.2.0")
  }
  return yield* contractOf(bytes, declared)
})

const worldBeside = Effect.fnUntraced(function*(artifact: string) {
  const path = yield* Path.Path
  const files = yield* ReleaseSource
  const beside = path.dirname(artifact)
  for (const folder of [beside, path.dirname(beside)]) {
    const found = yield* Effect.catchIf(
      files.manifest(folder),
      ({ problem }) => problem === "Missing",
      () => Effect.undefined
    )
    if (found === undefined) continue
    const manifest = yield* Effect.fromResult(Manifest.parse(found.text, { file: found.file }))
    if (path.resolve(folder, manifest.build.output) === artifact) return manifest.component.world
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
