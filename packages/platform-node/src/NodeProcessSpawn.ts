/**
 * The power to run programs of this machine.
 *
 * A name stands for one file, which the host says: nothing is looked up on a
 * path. There is no shell, and the environment is what the options give,
 * empty by default. A program leads a process group of its own; when it has to
 * end, the group is told to, and killed two seconds later.
 *
 * @since 0.1.0
 */
import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { CapabilityError } from "airssys/security/CapabilityError"
import * as Pattern from "airssys/security/Pattern"
import * as Powers from "airssys/security/Powers"
import { type Child, ProcessError, ProcessSpawn } from "airssys/security/ProcessSpawn"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The file of each program by the name that grants use, `{ git: "/usr/bin/git" }`. */
  readonly programs: Readonly<Record<string, string>>
  /** The folder that they start in; `/` by default. */
  readonly directory?: string | undefined
  /** Their environment, empty by default. */
  readonly env?: Readonly<Record<string, string>> | undefined
}

const defaultMaxBytes = 1_024 * 1_024

/** At most so many bytes of a stream, in one piece. */
const collect = (
  stream: Stream.Stream<Uint8Array, CapabilityError | ProcessError>,
  resource: string,
  maxBytes: number
): Effect.Effect<Uint8Array, CapabilityError | ProcessError> =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    let size = 0
    return Effect.map(
      Stream.runForEach(stream, (piece) => {
        pieces.push(piece)
        size += piece.length
        return size > maxBytes ? Effect.fail(new ProcessError({ resource, reason: "TooLarge" })) : Effect.void
      }),
      () => Buffer.concat(pieces)
    )
  })

const make = (
  lease: Powers.Lease,
  spawner: ChildProcessSpawner.ChildProcessSpawner["Service"],
  programs: ReadonlyMap<string, string>,
  options: Options
): ProcessSpawn["Service"] => {
  const { resource } = lease
  const failed = (cause: PlatformError) => new ProcessError({ resource, reason: "Failed", cause })
  const named = Pattern.commandOf(resource)
  const file = named === undefined
    ? undefined
    : named.program.startsWith("/")
    ? named.program
    : programs.get(named.program)

  const guarded = (stream: Stream.Stream<Uint8Array, PlatformError>) =>
    Powers.stream(lease, Stream.mapError(stream, failed))

  const spawn: ProcessSpawn["Service"]["spawn"] = (asked) =>
    named === undefined || file === undefined
      ? Effect.fail(new ProcessError({ resource, reason: "NotFound" }))
      : Effect.map(
        lease.open(Effect.mapError(
          spawner.spawn(ChildProcess.make(file, named.args, {
            cwd: options.directory ?? "/",
            env: { ...options.env },
            extendEnv: false,
            shell: false,
            killSignal: "SIGTERM",
            forceKillAfter: "2 seconds",
            stdin: asked?.stdin === undefined ? "ignore" : { stream: Stream.make(asked.stdin), endOnDone: true },
            stdout: "pipe",
            stderr: "pipe"
          })),
          failed
        )),
        (handle): Child => ({
          stdout: guarded(handle.stdout),
          stderr: guarded(handle.stderr),
          exitCode: lease.use(Effect.mapError(handle.exitCode, failed))
        })
      )

  return {
    spawn,
    run: (asked) =>
      Effect.scoped(Effect.gen(function*() {
        const child = yield* spawn(asked)
        const maxBytes = asked?.maxBytes ?? defaultMaxBytes
        const [stdout, stderr, exitCode] = yield* Effect.all([
          collect(child.stdout, resource, maxBytes),
          collect(child.stderr, resource, maxBytes),
          child.exitCode
        ], { concurrency: "unbounded" })
        return { exitCode, stdout, stderr }
      }))
  }
}

/**
 * Source of `ProcessSpawn` over Effect's spawner.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (
  options: Options
): Effect.Effect<Powers.Source, never, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.map(ChildProcessSpawner.ChildProcessSpawner, (spawner) => {
    const programs = new Map(Object.entries(options.programs))
    return Powers.source(ProcessSpawn, (lease) => make(lease, spawner, programs, options))
  })

/**
 * Effect's spawner on Node.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSpawner: Layer.Layer<ChildProcessSpawner.ChildProcessSpawner> = NodeChildProcessSpawner.layer.pipe(
  Layer.provide(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer))
)
