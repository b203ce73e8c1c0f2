/**
 * A host as `NodeHost.layer` makes it, whose components come out of memory and
 * may be as many as a row wants, and which keeps no receipts unless one asks.
 */
import { NodeAuditStore, NodeDigest, NodeEnginePlatform, NodeReceipts, NodeTurnScheduler } from "@airssys/platform-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import {
  type AuditError,
  AuditLog,
  AuditStore,
  type Component,
  ComponentEngine,
  Grant,
  HostFunctions,
  Receipts,
  type Release,
  ReleaseSource,
  Runtime,
  TrustRegistry
} from "airssys"
import { EnginePlatform } from "airssys/component/EnginePlatform"
import { HostileGuests } from "airssys/testing"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { artifact, type Fuel, Guest, manifest } from "./guest.ts"

export type Sources = Parameters<typeof ReleaseSource.layerMemory>[0]

/** More than the rows host at once. */
const instances = 20_000

const layerEngine = ComponentEngine.layer.pipe(
  Layer.provide(Layer.effect(
    EnginePlatform,
    Effect.map(NodeEnginePlatform.make(), (options) => ({ options: { ...options, instances } }))
  ))
)

/** Where the audit log is, and with it what it keeps of each component. */
export type Log = "memory" | "file"

const layer = (sources: Sources, store: Layer.Layer<AuditStore.AuditStore, AuditError.AuditError>) =>
  Runtime.layerWith.pipe(
    Layer.provide(NodeTurnScheduler.layer),
    Layer.provideMerge(Runtime.layerKernel),
    Layer.provideMerge(TrustRegistry.layerMemory()),
    Layer.provideMerge(AuditLog.layer()),
    Layer.provide(store),
    Layer.provideMerge(layerEngine),
    Layer.provide(ReleaseSource.layerMemory(sources)),
    Layer.provide(HostFunctions.layer(...HostileGuests.functions)),
    Layer.provide(NodeDigest.layer),
    Layer.provide(NodeServices.layer),
    Layer.provide(Logger.layer([]))
  )

export interface Host {
  readonly runtime: Runtime.Runtime["Service"]
  /** Only where receipts are kept. */
  readonly receipts: Receipts.Receipts["Service"] | undefined
  readonly close: () => Promise<void>
}

export const open = async (
  sources: Sources,
  { log = "memory", receipts = false }: { readonly log?: Log; readonly receipts?: boolean } = {}
): Promise<Host> => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "airssys-bench-runtime-"))
  const scope = Scope.makeUnsafe()
  const store = log === "memory" ? AuditStore.layerMemory : NodeAuditStore.layerFile(path.join(folder, "audit.jsonl"))
  const build = <A, E>(layer: Layer.Layer<A, E>) => Effect.runPromise(Layer.buildWithScope(layer, scope))
  const kept = receipts ? await build(NodeReceipts.layer(path.join(folder, "receipts.sqlite"))) : undefined
  const context = await build(
    layer(sources, store).pipe(Layer.provide(Layer.succeedContext(kept ?? Context.empty())))
  )
  return {
    runtime: Context.get(context, Runtime.Runtime),
    receipts: kept === undefined ? undefined : Context.get(kept, Receipts.Receipts),
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await fs.rm(folder, { recursive: true })
    }
  }
}

/** So many components of one artifact, `bench:work-0` and so on. */
export const copies = async (count: number, fuel: Fuel): Promise<Sources> => {
  const bytes = await artifact()
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const name = `work-${index}`
      return [`bench:${name}`, { manifest: manifest(name, fuel), artifact: bytes }]
    })
  )
}

const options: Component.LayerOptions = { tier: "inline", grants: [Grant.make("clock", { reason: "To look at it." })] }

export const start = (runtime: Host["runtime"], source: string | Release.Release) =>
  runtime.start(Guest, source, options)
