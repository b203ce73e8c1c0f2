/**
 * The folder of a host, for programs that work on what a host keeps there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as hostFolder from "./internal/hostFolder.ts"
import { FolderRefused } from "./NodeHost.ts"

/**
 * What lies where in the folder, as absolute paths; it may not be there yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Places {
  readonly audit: string
  readonly approvals: string
  readonly storage: string
  readonly receipts: string
}

const refused = (folder: string) => (fault: hostFolder.Fault) => new FolderRefused({ folder, ...fault })

/**
 * The places of a folder that is there and this user's alone, whether or not a
 * host has it: for what processes share, which is the store of approvals.
 *
 * @category constructors
 * @since 0.1.0
 */
export const look = (folder: string): Effect.Effect<Places, FolderRefused> =>
  Effect.mapError(hostFolder.look(folder), refused(folder))

/**
 * Has a folder that is there, as a host has it, until the scope ends. Fails with
 * `InUse` where another one does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const take = (folder: string): Effect.Effect<Places, FolderRefused, Scope.Scope> =>
  Effect.mapError(hostFolder.take(folder), refused(folder))

/**
 * The same, of a folder that is made where there is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = (folder: string): Effect.Effect<Places, FolderRefused, Scope.Scope> =>
  Effect.mapError(hostFolder.open(folder), refused(folder))
