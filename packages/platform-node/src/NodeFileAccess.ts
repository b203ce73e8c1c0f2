/**
 * The powers to read and write files below folders of this host.
 *
 * A root is a folder that is opened once and stays open; what is below it is
 * found by walking from there, one name after the other, without following
 * links. Refused are files with a second name, pipes, devices, sockets and what
 * is on another mount. `docs/decisions/0040-roots-are-open-folders.md` has what
 * is left to a writer who races, on Linux nothing.
 *
 * @since 0.1.0
 */
import { FileRead } from "airssys/security/FileRead"
import { FileWrite } from "airssys/security/FileWrite"
import * as Pattern from "airssys/security/Pattern"
import * as Powers from "airssys/security/Powers"
import * as SafeText from "airssys/security/SafeText"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { FileFault } from "./internal/fileFault.ts"
import { reading } from "./internal/fileReading.ts"
import { writing } from "./internal/fileWriting.ts"
import { RootFolder } from "./internal/rootFolder.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Folders by the names that resources give them, `{ inbox: "/srv/inbox" }`. */
  readonly roots: Readonly<Record<string, string>>
  /** Files and folders that no root may hold or be in, such as those of the host itself. */
  readonly reserved?: ReadonlyArray<string> | undefined
}

/**
 * A root that cannot be given.
 *
 * - `InvalidName`: not words of a to z and 0 to 9, joined by "-".
 * - `Reserved`: it holds, or is in, what no root may, or is called like what is
 *   given to nobody, such as `.ssh`.
 * - `FoldsCase`: on Linux, a folder that finds a name in another case as well.
 * - `Unusable`: no folder, a link to one, or not to be read.
 *
 * @category errors
 * @since 0.1.0
 */
export class RootError extends Schema.TaggedError<RootError>("@airssys/platform-node/NodeFileAccess/RootError")(
  "RootError",
  {
    name: Schema.String,
    reason: Schema.Literals(["InvalidName", "Reserved", "FoldsCase", "Unusable"]),
    detail: Schema.String,
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    return `root "${SafeText.escape(this.name)}": ${SafeText.escape(this.detail)}`
  }
}

/** What the kernel shows as files is not for components, nor is all there is. */
const ofTheSystem = ["/proc", "/sys", "/dev"]

/** The real path of what is there, and the rest of the path as it is. */
const realPath = async (given: string): Promise<string> => {
  const absolute = path.resolve(given)
  const parent = path.dirname(absolute)
  return await fs.realpath(absolute).catch(async () =>
    parent === absolute ? absolute : path.join(await realPath(parent), path.basename(absolute))
  )
}

const holds = (folder: string, other: string): boolean => {
  const relative = path.relative(folder, other)
  return relative === "" || relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

/** Below a root called `.ssh` no name would say what it is. */
const isSpeakable = (real: string): boolean => {
  const names = path.relative(path.parse(real).root, real).split(path.sep)
  return Result.isSuccess(Pattern.parse("filesystem.read", `a:/${names.join("/")}`))
}

/** An empty path is none, above all not that of the current folder. */
const openRoot = async (name: string, given: string, reserved: ReadonlyArray<string>): Promise<RootFolder> => {
  if (given.trim() === "") throw new RootError({ name, reason: "Unusable", detail: "an empty path is no folder" })
  return await openFolder(name, given, reserved)
}

const openFolder = (name: string, given: string, reserved: ReadonlyArray<string>): Promise<RootFolder> =>
  RootFolder.open(name, given, { useProc: true }).then(async (root) => {
    const other = reserved.find((other) => holds(root.path, other) || holds(other, root.path))
    const fault = other !== undefined
      ? { reason: "Reserved", detail: `${root.path} and ${other} are one in the other: give another folder` } as const
      : !isSpeakable(root.path)
      ? { reason: "Reserved", detail: `${root.path} has a name that is given to nobody: give another folder` } as const
      : root.isAnchored && await root.foldsCase()
      ? { reason: "FoldsCase", detail: `${root.path} takes "a" and "A" for one name: give another folder` } as const
      : undefined
    if (fault === undefined) return root
    await root.close()
    throw new RootError({ name, ...fault })
  })

const acquireRoot = (name: string, given: string, reserved: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => openRoot(name, given, reserved),
      catch: (cause) =>
        cause instanceof RootError ? cause : new RootError({
          name,
          reason: "Unusable",
          detail: cause instanceof FileFault
            ? cause.message
            : `${given} is no folder, a link to one, or not to be read`,
          cause
        })
    }),
    (root) => Effect.promise(() => root.close())
  )

/**
 * Opens the roots and gives the sources of `FileRead` and `FileWrite`, to be
 * given to `Powers.layer`. The roots are open until the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sources = (
  options: Options
): Effect.Effect<ReadonlyArray<Powers.Source>, RootError, Scope.Scope> =>
  Effect.gen(function*() {
    const reserved = yield* Effect.promise(() => Promise.all([...ofTheSystem, ...options.reserved ?? []].map(realPath)))
    const roots = new Map<string, RootFolder>()
    for (const [name, given] of Object.entries(options.roots)) {
      if (Result.isFailure(Pattern.parse("filesystem.read", `${name}:/`))) {
        const detail = "a name has words of a to z and 0 to 9, joined by \"-\""
        return yield* new RootError({ name, reason: "InvalidName", detail })
      }
      roots.set(name, yield* acquireRoot(name, given, reserved))
    }
    return [Powers.source(FileRead, reading(roots)), Powers.source(FileWrite, writing(roots))]
  })
