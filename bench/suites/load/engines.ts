/**
 * The engine as Node runs it.
 */
import * as Engine from "@airssys/engine/Engine"
import * as NodeEnginePlatform from "@airssys/platform-node/NodeEnginePlatform"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as path from "node:path"

export interface Ours {
  /** An engine that has seen nothing yet. */
  readonly make: () => Engine.Engine
  /** Resolves when another component is on disk. */
  readonly stored: () => Promise<void>
  /** Components that were taken from disk. */
  readonly hits: () => number
  readonly close: () => Promise<void>
}

/** The engine as Node runs it, with a cache on disk or without one. */
export const engines = async (folder?: string): Promise<Ours> => {
  const scope = Scope.makeUnsafe()
  let tell = (): void => {}
  let hits = 0
  const cache = folder === undefined ? undefined : {
    folder: path.join(folder, "cache"),
    key: path.join(folder, "key"),
    report: ({ kind }: { readonly kind: string }) => {
      if (kind === "stored") tell()
      if (kind === "hit") hits++
    }
  }
  const platform = await Effect.runPromise(Scope.provide(NodeEnginePlatform.make({ cache }), scope))
  return {
    // The largest guest consists of many.
    make: () => Engine.make({ ...platform, componentInstances: 1_024, coreInstances: 256, memories: 64 }),
    stored: () =>
      new Promise((resolve) => {
        tell = resolve
      }),
    hits: () => hits,
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
