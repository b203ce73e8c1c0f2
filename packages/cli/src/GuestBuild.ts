/**
 * Builds the component of a folder as its manifest says.
 *
 * The manifest's build command is read, never executed: it has to be
 * `airssys build <entry>`. What else a component needs to be built is its
 * author's business.
 *
 * @since 0.1.0
 */
import * as Build from "@airssys/sdk/Build"
import type { BuildError } from "@airssys/sdk/BuildError"
import * as Manifest from "airssys/component/Manifest"
import { ReleaseSource, type SourceError } from "airssys/component/ReleaseSource"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

/**
 * A guest that could not be built; `message` has the place and the remedy.
 *
 * @category errors
 * @since 0.1.0
 */
export class GuestBuildError extends Schema.TaggedError<GuestBuildError>("@airssys/cli/GuestBuildError")(
  "GuestBuildError",
  { folder: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return this.detail
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface GuestBuild {
  /** `namespace:name`. */
  readonly component: string
  readonly result: Build.BuildResult
}

const command = /^airssys build (\S+)$/

/**
 * Builds the component in a folder. `entry` is relative to the folder and
 * replaces the one in the manifest.
 *
 * @category constructors
 * @since 0.1.0
 */
export const build = Effect.fnUntraced(function*(
  source: string,
  options?: { readonly entry?: string | undefined; readonly cache?: string | undefined }
): Effect.fn.Return<
  GuestBuild,
  GuestBuildError | Manifest.ManifestError | SourceError,
  Path.Path | ReleaseSource
> {
  const path = yield* Path.Path
  const files = yield* ReleaseSource
  const { file, folder, text } = yield* files.manifest(source)
  const manifest = yield* Effect.fromResult(Manifest.parse(text, { file }))
  const entry = options?.entry ?? command.exec(manifest.build.command)?.[1]
  if (entry === undefined) {
    return yield* new GuestBuildError({
      folder,
      detail: `error: ${file}: its build command is not "airssys build <entry>", so airssys does not run it. Build ${
        path.join(folder, manifest.build.output)
      } yourself.`
    })
  }
  const result = yield* attempt(folder, () =>
    Build.build({
      entry: path.join(folder, entry),
      out: path.join(folder, manifest.build.output),
      wit: path.join(folder, "wit"),
      world: manifest.component.world,
      cacheDir: options?.cache
    }))
  return { component: manifest.id, result }
})

/**
 * Runs a build step of the sdk and keeps its report.
 *
 * @category combinators
 * @since 0.1.0
 */
export const attempt = <A>(folder: string, step: () => Promise<A>): Effect.Effect<A, GuestBuildError> =>
  Effect.tryPromise({
    try: step,
    catch: (error) =>
      new GuestBuildError({
        folder,
        detail: error instanceof Error ? `error: ${(error as BuildError).message}` : `error: ${String(error)}`
      })
  })
