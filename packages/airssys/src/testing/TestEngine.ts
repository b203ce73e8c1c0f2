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
import type * as Engine from "@airssys/engine/Engine"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ComponentEngine from "../component/ComponentEngine.ts"
import { EnginePlatform } from "../component/EnginePlatform.ts"
import { macrotask } from "./internal/macrotask.ts"

/** Time as the engine reads it. */
const engineClock = (clock: Clock.Clock): NonNullable<Engine.Options["clock"]> => ({
  now: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
  macrotask,
  timer: (millis, run) => {
    const fiber = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(run)))
    return () => fiber.interruptUnsafe()
  }
})

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
      options: { ...options, clock: engineClock(clock) }
    }))
  ))
)
