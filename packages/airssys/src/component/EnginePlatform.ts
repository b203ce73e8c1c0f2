/**
 * What the default engine takes of the platform it runs on.
 *
 * @since 0.1.0
 */
import type * as Engine from "@airssys/engine/Engine"
import * as Context from "effect/Context"

/**
 * Options of the engine that `ComponentEngine.layer` makes: caches, compilers,
 * clock and bounds.
 *
 * @category models
 * @since 0.1.0
 */
export interface EnginePlatform {
  readonly options: Engine.Options
}

/**
 * The platform of the default engine. Where none is given, the engine keeps
 * the last components in memory and nothing on disk.
 *
 * @category references
 * @since 0.1.0
 */
export const EnginePlatform: Context.Reference<EnginePlatform> = Context.Reference<EnginePlatform>(
  "airssys/component/EnginePlatform",
  { defaultValue: () => ({ options: {} }) }
)
