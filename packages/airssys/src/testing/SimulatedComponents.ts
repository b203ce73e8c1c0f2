/**
 * Components inside a simulation.
 *
 * The component is the real one, run by the framework's own engine; around it
 * are the actors, supervisors and checks of production. A call of a guest is
 * one step of the simulation, so a seed decides what happens before and after
 * it, and fuel, which is counted and not timed, is the same in each run.
 *
 * What goes through promises cannot be part of it, and is refused. A guest
 * whose fuel is more than two slices gives way to the thread between them: such
 * a component does not start here, unless it is started with a smaller limit. An
 * import may be one that waits, as long as it does not: where its Effect is not
 * over at once, the run has failed as `NotSimulated`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ComponentEngine } from "../component/ComponentEngine.ts"
import type { LoadError } from "../component/ComponentError.ts"
import * as Manifest from "../component/Manifest.ts"
import type { Services } from "../Runtime.ts"
import type { Source } from "../security/Powers.ts"
import { makeSwitched, simulated } from "./internal/simulatedEngine.ts"
import { runtime } from "./internal/testRuntimeParts.ts"
import type { Files } from "./TestComponents.ts"

/**
 * One call of a guest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  /** Id of the component. */
  readonly component: string
  /** `rates.latest`. */
  readonly export: string
  /** Counts the calls of this component in the run from 1, over its restarts. */
  readonly ordinal: number
}

/**
 * What may happen to calls: the chance of it, from 0 to 1, or which calls it
 * happens to. What is left out does not happen. Each is a fault of the run, with
 * a number in its trace.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  /** The guest traps: before it has done anything, or when it has done all but answer. */
  readonly trap?: number | ((call: Call) => boolean) | undefined
  /**
   * The call takes longer, as one whose import is slow. Beyond the time limit of
   * the component it is stopped as `DeadlineExceeded`.
   */
  readonly slow?: number | ((call: Call) => boolean) | undefined
  /** Default: 1 second. */
  readonly longestDelay?: Duration.Input | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly faults?: Faults | undefined
  /** Where powers come from, such as those of `TestPowers`. Default: nowhere. */
  readonly powers?: ReadonlyArray<Source> | undefined
}

/**
 * Loads components, and gives the layer of a runtime that has them in these
 * folders. The layer is for the program of a simulation: each run has a
 * runtime of its own.
 *
 * Dies with a `RangeError` for a chance that is not from 0 to 1.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  components: Readonly<Record<string, Files>>,
  { faults = {}, powers = [] }: Options = {}
): Effect.Effect<Layer.Layer<Services>, LoadError | Manifest.ManifestError> =>
  Effect.gen(function*() {
    const switched = yield* makeSwitched
    const loaded = yield* Effect.forEach(Object.entries(components), ([folder, { artifact, manifest }]) =>
      Effect.gen(function*() {
        const { id } = yield* Effect.fromResult(Manifest.parse(manifest, { file: `${folder}/Component.toml` }))
        return { id, artifact, component: yield* switched.engine.load(artifact) }
      }))
    return runtime(Layer.effect(ComponentEngine, simulated(switched, loaded, faults)), components, powers)
  })
