import type * as Engine from "@airssys/engine/Engine"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { macrotask } from "./macrotask.ts"

/** Time as the engine reads it, on a clock of Effect. */
export const engineClock = (clock: () => Clock.Clock): NonNullable<Engine.Options["clock"]> => ({
  now: () => Number(clock().monotonicTimeNanosUnsafe()) / 1e6,
  macrotask,
  timer: (millis, run) => {
    const fiber = Effect.runFork(Effect.andThen(clock().sleep(Duration.millis(millis)), Effect.sync(run)))
    return () => fiber.interruptUnsafe()
  }
})
