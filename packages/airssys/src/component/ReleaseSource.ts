/**
 * Where the files of a component come from.
 *
 * A source is a folder with a `Component.toml` and the artifact that its
 * `[build]` names. Sizes are checked before anything is read, and a path that
 * leaves the folder, by `..` or by a link, is refused. Sources that are held in
 * memory have no path and are trusted by their digest alone.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
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
  remedy: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
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
 * The manifest of a source, as text. `folder` names the source for `artifact`;
 * `path` is its absolute path free of links, where it has one.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManifestText {
  readonly folder: string
  readonly path: string | undefined
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
  /** Reads `Component.sig` of a folder, at most 128 KiB; undefined if there is none. */
  readonly signature: (folder: string) => Effect.Effect<string | undefined, SourceError>
}>()("airssys/component/ReleaseSource") {}

const manifestLimit = 256 * 1024
const signatureLimit = 128 * 1024
const artifactLimit = 64 * 1024 * 1024

const textOf = (file: string, bytes: Uint8Array): Effect.Effect<string, SourceError> =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: (cause) => new SourceError({ file, problem: "Unreadable", remedy: "Save it as UTF-8.", cause })
  })

/**
 * Layer that reads folders of the file system. What is read is the regular
 * file that was looked at, up to its limit, also when somebody replaces or
 * extends it meanwhile.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFileSystem: Layer.Layer<ReleaseSource, never, FileSystem.FileSystem | Path.Path> = Layer.effect(
  ReleaseSource,
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path

    const failed = (file: string, missing: string) => (cause: PlatformError) =>
      cause.reason._tag === "NotFound"
        ? new SourceError({ file, problem: "Missing", remedy: missing })
        : new SourceError({ file, problem: "Unreadable", remedy: "Check its path and its permissions.", cause })

    const readOpen = Effect.fnUntraced(function*(file: string, real: string, limit: number) {
      const unreadable = (remedy: string) => new SourceError({ file, problem: "Unreadable", remedy })
      const tooLarge = (size: bigint) =>
        new SourceError({ file, problem: "TooLarge", remedy: `It has ${size} bytes, at most ${limit} are read.` })
      // Opening a pipe would wait for a writer, so the kind is looked at first.
      const before = yield* fs.stat(real)
      if (before.type !== "File") return yield* unreadable("It is no regular file.")
      const opened = yield* fs.open(real)
      const info = yield* opened.stat
      if (info.type !== "File" || info.dev !== before.dev || !Equal.equals(info.ino, before.ino)) {
        return yield* unreadable("It was replaced while it was read.")
      }
      if (info.size > limit) return yield* tooLarge(info.size)
      const bytes = new Uint8Array(Number(info.size) + 1)
      let length = 0
      while (length < bytes.length) {
        const read = yield* opened.read(bytes.subarray(length))
        if (read === 0) break
        length += read
      }
      return length > Number(info.size)
        ? yield* unreadable("It grew while it was read.")
        : bytes.subarray(0, length)
    }, Effect.scoped)

    const read = Effect.fnUntraced(function*(folder: string, relative: string, limit: number, missing: string) {
      const file = path.join(folder, relative)
      const real = yield* Effect.mapError(fs.realPath(file), failed(file, missing))
      const inside = path.relative(folder, real)
      if (inside === "" || inside === ".." || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) {
        return yield* new SourceError({ file, problem: "Outside", remedy: "Name a file below the folder." })
      }
      return yield* Effect.catchTag(
        readOpen(file, real, limit),
        "PlatformError",
        (cause) => Effect.fail(failed(file, missing)(cause))
      )
    })

    return ReleaseSource.of({
      manifest: Effect.fnUntraced(function*(source) {
        const absolute = path.resolve(source)
        const folder = yield* Effect.mapError(
          fs.realPath(absolute),
          failed(absolute, "A component is a folder with a Component.toml.")
        )
        const file = path.join(folder, "Component.toml")
        const bytes = yield* read(folder, "Component.toml", manifestLimit, "A component needs this manifest.")
        const text = yield* textOf(file, bytes)
        return { folder, path: folder, file, text }
      }),
      signature: (folder) =>
        read(folder, "Component.sig", signatureLimit, "It is not signed.").pipe(
          Effect.flatMap((bytes) => textOf(path.join(folder, "Component.sig"), bytes)),
          Effect.catchIf((error) => error.problem === "Missing", () => Effect.undefined)
        ),
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
  sources: Readonly<
    Record<string, {
      readonly manifest: string
      readonly artifact: Uint8Array
      readonly signature?: string | undefined
    }>
  >
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
      Effect.map(find(source), (found) => ({
        folder: source,
        path: undefined,
        file: `${source}/Component.toml`,
        text: found.manifest
      })),
    artifact: (folder) => Effect.map(find(folder), (found) => found.artifact),
    signature: (folder) => Effect.map(find(folder), (found) => found.signature)
  })
}
