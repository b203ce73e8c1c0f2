import * as Layer from "effect/Layer"
import type { ComponentEngine } from "../../component/ComponentEngine.ts"
import * as ReleaseSource from "../../component/ReleaseSource.ts"
import * as Runtime from "../../Runtime.ts"
import * as AuditLog from "../../security/AuditLog.ts"
import * as Powers from "../../security/Powers.ts"
import * as TrustRegistry from "../../security/TrustRegistry.ts"
import * as immediateDigest from "./immediateDigest.ts"

type Files = Parameters<typeof ReleaseSource.layerMemory>[0]

/** A runtime of its own for each that builds it, whose files and hashes wait for nothing. */
export const runtime = (
  engine: Layer.Layer<ComponentEngine>,
  components: Files,
  powers: ReadonlyArray<Powers.Source>
): Layer.Layer<Runtime.Services> =>
  Runtime.layerWith.pipe(
    Layer.provideMerge(Runtime.layerKernel),
    Layer.provideMerge(TrustRegistry.layerMemory()),
    Layer.provideMerge(AuditLog.layerMemory()),
    Layer.provide([engine, ReleaseSource.layerMemory(components), immediateDigest.layer, Powers.layer(...powers)]),
    Layer.orDie,
    Layer.fresh
  )
