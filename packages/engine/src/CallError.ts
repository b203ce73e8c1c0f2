/**
 * Why a call was not made, or why a component could not be instantiated. The
 * guest is not to blame, and an instance that exists is as good as before.
 *
 * @since 0.1.0
 */
import type { Func } from "./WitType.ts"

/**
 * A call that did not reach the guest.
 *
 * `BadArgument` arguments do not have the types of the export; `message` names
 * the place. `ReEntered` calls were made while another one runs or is
 * suspended. `QueueFull`: too many calls wait for the instance. `Poisoned`: an
 * earlier call ended in a trap. `Disposed`: the instance was given up.
 * `NoSuchExport`: there is no function of that name. `Unsupported`: this
 * runtime lacks what the call needs.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallError extends Error {
  readonly _tag = "CallError"
  override readonly name = "CallError"
  readonly reason:
    | "BadArgument"
    | "ReEntered"
    | "QueueFull"
    | "Poisoned"
    | "Disposed"
    | "NoSuchExport"
    | "Unsupported"

  constructor(reason: CallError["reason"], message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * A function that a component imports and that the host did not give: the
 * interface's id, or "" for a function of the world itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface MissingImport {
  readonly interface: string
  readonly func: Func
}

/**
 * A component that could not be instantiated; nothing of it exists.
 *
 * `MissingImports` lists them all. `MemoryLimit` and `TableLimit`: it starts
 * with more than it may have. `TooManyInstances`: the engine's own limits on
 * instances, memories and suspended calls.
 *
 * @category errors
 * @since 0.1.0
 */
export class LinkError extends Error {
  readonly _tag = "LinkError"
  override readonly name = "LinkError"
  readonly reason: "MissingImports" | "MemoryLimit" | "TableLimit" | "TooManyInstances" | "Unsupported"
  readonly missing: ReadonlyArray<MissingImport>

  constructor(reason: LinkError["reason"], message: string, missing: ReadonlyArray<MissingImport> = []) {
    super(message)
    this.reason = reason
    this.missing = missing
  }
}
