/**
 * Where the files of a component come from.
 *
 * A source is a folder with a `Component.toml` and the artifact that its
 * `[build]` names. Sizes are checked before anything is read, and a path that
 * leaves the folder, by `..` or by a link, is refused.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

/**
 * A file of a component that cannot be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class SourceError extends Schema.TaggedError<SourceError>("airssys/component/SourceError")("SourceError", {
  file: Schema.String,
  problem: Schema.Literals(["Missing", "TooLarge", "Outside", "Unreadable"]),
  remedy: Schema.String
}) {
  override get message(): string {
    return `${this.file}: ${problems[this.problem]}. ${this.remedy}`
  }
}

const problems = {
  Missing: "there is no such file",
  TooLarge: "the file is too large",
  Outside: "the path leaves the component's folder",
  Unreadable: "the file cannot be read"
} as const

/**
 * The manifest of a source, as text. `folder` is absolute and free of links.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManifestText {
  readonly folder: string
  readonly file: string
  readonly text: string
}

/**
 * @category services
 * @since 0.1.0
 */
export class ReleaseSource extends Context.Service<ReleaseSource, {
  /** Reads `Component.toml` of a folder, at most 256 KiB. */
  readonly manifest: (source: string) => Effect.Effect<ManifestText, SourceError>
  /** Reads an artifact by its path below the folder, at most 64 MiB. */
  readonly artifact: (folder: string, output: string) => Effect.Effect<Uint8Array, SourceError>
}>()("airssys/component/ReleaseSource") {}

const manifestLimit = 256 * 1024
const artifactLimit = 64 * 1024 * 1024

/**
 * Layer that reads folders of the file system.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFileSystem: Layer.Layer<ReleaseSource, never, FileSystem.FileSystem | Path.Path> = Layer.effect(
  ReleaseSource,
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    const read = Effect.fnUntraced(function*(folder: string, relative: string, limit: number, remedy: string) {
      const file = path.join(folder, relative)
      const real = yield* fs.realPath(file).pipe(
        Effect.mapError(() => new SourceError({ file, problem: "Missing", remedy }))
      )
      const inside = path.relative(folder, real)
      if (inside === "" || inside === ".." || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
        return yield* new SourceError({ file, problem: "Outside", remedy: "Name a file below the folder." })
      }
      const unreadable = () => new SourceError({ file, problem: "Unreadable", remedy: "Check its permissions." })
      const info = yield* Effect.mapError(fs.stat(real), unreadable)
      if (info.type !== "File") return yield* unreadable()
      if (info.size > limit) {
        return yield* new SourceError({
          file,
          problem: "TooLarge",
          remedy: `It has ${info.size} bytes, at most ${limit} are read.`
        })
      }
      return yield* Effect.mapError(fs.readFile(real), unreadable)
    })

    return ReleaseSource.of({
      manifest: Effect.fnUntraced(function*(source) {
        const absolute = path.resolve(source)
        const folder = yield* fs.realPath(absolute).pipe(
          Effect.mapError(() =>
            new SourceError({
              file: absolute,
              problem: "Missing",
              remedy: "A component is a folder with a Component.toml."
            })
          )
        )
        const bytes = yield* read(folder, "Component.toml", manifestLimit, "A component needs this manifest.")
        return { folder, file: path.join(folder, "Component.toml"), text: new TextDecoder().decode(bytes) }
      }),
      artifact: (folder, output) => read(folder, output, artifactLimit, "Build it with `airssys build` in its folder.")
    })
  })
)

/**
 * Layer that serves components held in memory, by source name.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (
  sources: Readonly<Record<string, { readonly manifest: string; readonly artifact: Uint8Array }>>
): Layer.Layer<ReleaseSource> => {
  const known = new Map(Object.entries(sources))
  const find = (source: string) => {
    const found = known.get(source)
    return found === undefined
      ? Effect.fail(new SourceError({ file: source, problem: "Missing", remedy: "No such source in memory." }))
      : Effect.succeed(found)
  }
  return Layer.succeed(ReleaseSource, {
    manifest: (source) =>
      Effect.map(find(source), (found) => ({ folder: source, file: `${source}/Component.toml`, text: found.manifest })),
    artifact: (folder) => Effect.map(find(folder), (found) => found.artifact)
  })
}
