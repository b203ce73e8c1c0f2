import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Powers from "../../security/Powers.ts"
import { type Child, type Output, ProcessError, type ProcessSpawn } from "../../security/ProcessSpawn.ts"
import type { Desk } from "./desk.ts"

const defaultMaxBytes = 1_024 * 1_024
const nothing = new Uint8Array()

/** Programs that end at once with what they wrote. */
export const make =
  <K extends string>(desk: Desk<K>, programs: ReadonlyMap<string, Partial<Output>>) =>
  (lease: Powers.Lease): ProcessSpawn["Service"] => {
    const { resource } = lease
    const found = programs.get(resource)
    const output = found && { exitCode: 0, stdout: nothing, stderr: nothing, ...found }
    const started = output === undefined
      ? Effect.fail(new ProcessError({ resource, reason: "NotFound" }))
      : Effect.succeed(output)
    return {
      spawn: () =>
        Effect.map(lease.open(desk.step(lease, "spawn", () => started)), ({ exitCode, stderr, stdout }): Child => ({
          stdout: Powers.stream(lease, Stream.make(stdout)),
          stderr: Powers.stream(lease, Stream.make(stderr)),
          exitCode: lease.use(Effect.succeed(exitCode))
        })),
      run: ({ maxBytes = defaultMaxBytes } = {}) =>
        desk.use(lease, "run", () =>
          Effect.filterOrFail(
            started,
            ({ stderr, stdout }) => stdout.length <= maxBytes && stderr.length <= maxBytes,
            () => new ProcessError({ resource, reason: "TooLarge" })
          ))
    }
  }
