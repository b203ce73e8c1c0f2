/**
 * `airssys review`: what a component asks for, compared with what it imports
 * and is granted. Nothing of the component runs.
 *
 * @since 0.1.0
 */
import * as Admission from "airssys/component/Admission"
import type { LoadError } from "airssys/component/ComponentError"
import type * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import * as Review from "airssys/component/Review"
import type { Grant } from "airssys/security/Grant"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import * as HostFolder from "./HostFolder.ts"

/**
 * A review with errors, of which the report was printed.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReviewError extends Schema.TaggedError<ReviewError>("@airssys/cli/ReviewError")("ReviewError", {
  folder: Schema.String
}) {
  override get message(): string {
    return `error: ${this.folder}: the component needs what it will not have.`
  }
}

/**
 * Reviews the component of a folder; `host` is a folder with the `airssys.toml`
 * whose grants count.
 *
 * @category constructors
 * @since 0.1.0
 */
export const review = Effect.fnUntraced(function*(
  source: string,
  host: string | undefined
): Effect.fn.Return<
  Review.Review,
  | ReleaseSource.SourceError
  | Manifest.ManifestError
  | LoadError
  | HostConfig.HostConfigError
  | HostFolder.HostFolderError,
  FileSystem.FileSystem | Path.Path | ReleaseSource.ReleaseSource
> {
  const files = yield* ReleaseSource.ReleaseSource
  const { file, folder, text } = yield* files.manifest(source)
  const manifest = yield* Effect.fromResult(Manifest.parse(text, { file }))
  const { world } = yield* Admission.inspect(yield* files.artifact(folder, manifest.build.output))
  const grants = host === undefined ? undefined : yield* grantsOf(source, host)
  return Review.make({ manifest, file, world, grants, now: yield* Clock.currentTimeMillis })
})

const outcome = "Nothing was reviewed."

const grantsOf = Effect.fnUntraced(function*(
  source: string,
  host: string
): Effect.fn.Return<
  ReadonlyArray<Grant>,
  HostConfig.HostConfigError | HostFolder.HostFolderError,
  FileSystem.FileSystem | Path.Path
> {
  const path = yield* Path.Path
  const { plugins } = yield* HostFolder.read(host, outcome)
  const plugin = plugins.find((one) => one.source === path.resolve(source))
  return plugin === undefined
    ? yield* new HostFolder.HostFolderError({
      detail: `airssys.toml of ${host} has no [[component]] whose source is ${source}`,
      outcome
    })
    : plugin.options.grants ?? []
})

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make(
  "review",
  {
    folder: Argument.String("folder").pipe(Argument.withDescription("Folder with a Component.toml and what it builds")),
    host: Flag.String("host").pipe(
      Flag.withDescription("Folder with the airssys.toml whose grants count; by default all is granted"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print one JSON object per line"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ folder, host, json }) {
    const found = yield* Effect.provide(review(folder, Option.getOrUndefined(host)), ReleaseSource.layerFileSystem)
    yield* json
      ? Effect.forEach(found.findings, (finding) => Console.log(JSON.stringify(finding)), { discard: true })
      : Console.log(Review.render(found))
    if (!Review.isClean(found)) return yield* new ReviewError({ folder })
  })
).pipe(
  Command.withDescription("Compare what a component asks for with what it imports and is granted; runs nothing of it"),
  Command.withExamples([{ command: "airssys review examples/plugins/rates", description: "Review a component" }])
)
