/**
 * The framework's own engine on the clock of Effect.
 *
 * What runs is the real component. Its deadline, and the times of its
 * receipts, come from the `Clock` that this layer is built with: under
 * `TestClock` no time passes for a guest until the test says so, and a guest
 * that never returns is stopped when the test has gone past its limit. Turns
 * between guests are those of the thread, so fuel and order are the same.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ComponentEngine from "../component/ComponentEngine.ts"
import { EnginePlatform } from "../component/EnginePlatform.ts"
import { engineClock } from "./internal/engineClock.ts"

/**
 * Layer of an engine for tests: `ComponentEngine.layer` whose time is that of
 * Effect.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ComponentEngine.ComponentEngine> = ComponentEngine.layer.pipe(
  Layer.provide(Layer.effect(
    EnginePlatform,
    Effect.map(Effect.all([EnginePlatform, Clock.Clock]), ([{ options }, clock]) => ({
      options: { ...options, clock: engineClock(() => clock) }
    }))
  ))
)
