/**
 * The folder of a host: what lies where in it, and the lock by which one host
 * at a time has it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as path from "node:path"
import { HeldFiles } from "./heldFiles.ts"
import { folderAsItIs, ownFolder, PathFault } from "./ownedPaths.ts"
import * as storeLock from "./storeLock.ts"

export interface Places {
  readonly audit: string
  readonly approvals: string
  readonly receipts: string
  readonly storage: string
  readonly trust: string
  readonly cache: string
  readonly cacheKey: string
}

export interface Fault {
  readonly reason: "InUse" | "NotAFolder" | "Exposed" | "ForeignOwner" | "Unusable"
  readonly detail: string
  readonly cause?: unknown
}

const unusable = (detail: string, cause: unknown): Fault => ({ reason: "Unusable", detail, cause })

const faultOf = (folder: string) => (cause: unknown): Fault => {
  if (!(cause instanceof PathFault)) return unusable(`${folder} cannot be used as the folder of a host`, cause)
  const { detail, reason } = cause.fault
  return reason === "NotAFolder" || reason === "Exposed" || reason === "ForeignOwner"
    ? { reason, detail }
    : unusable(detail, cause)
}

const placesIn = (real: string): Places => ({
  audit: path.join(real, "audit.sqlite"),
  approvals: path.join(real, "approvals.sqlite"),
  receipts: path.join(real, "receipts.sqlite"),
  storage: path.join(real, "storage.sqlite"),
  trust: path.join(real, "trust"),
  cache: path.join(real, "cache"),
  cacheKey: path.join(real, "cache.key")
})

/** The places of a folder, and what tells that it is there no more. */
export interface Held extends Places {
  readonly lock: HeldFiles
}

const hold = (folder: string, real: string): Effect.Effect<Held, Fault, Scope.Scope> => {
  const lock = path.join(real, "host.lock")
  return Effect.map(
    storeLock.holdFile(lock, ({ cause, isHeld }) =>
      isHeld
        ? { reason: "InUse", detail: `another host has ${folder}: give this one a folder of its own` } as const
        : unusable(`${folder} cannot be locked`, cause)),
    () => ({ ...placesIn(real), lock: new HeldFiles([lock]) })
  )
}

/** The folder as it is, whoever has it. */
export const look = (folder: string): Effect.Effect<Places, Fault> =>
  Effect.tryPromise({ try: async () => placesIn(await folderAsItIs(folder)), catch: faultOf(folder) })

/** Holds a folder that is there until the scope ends. */
export const take = (folder: string): Effect.Effect<Places, Fault, Scope.Scope> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => folderAsItIs(folder), catch: faultOf(folder) }),
    (real) => hold(folder, real)
  )

/** Makes the folder where there is none, and holds it until the scope ends. */
export const open = (folder: string): Effect.Effect<Held, Fault, Scope.Scope> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => ownFolder(folder), catch: faultOf(folder) }),
    (real) => hold(folder, real)
  )
