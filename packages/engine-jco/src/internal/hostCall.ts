/**
 * Running a host function for a guest, and what its outcome means to the guest.
 */
import type { HostFunction, HostTrap } from "airssys/component/ComponentEngine"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Import } from "./compiled.ts"
import { classify, type Stop } from "./traps.ts"

/**
 * Starts a host function: its exit if there is one at once, otherwise its fiber.
 */
export const startHost = (
  host: HostFunction,
  args: ReadonlyArray<unknown>,
  context: Context.Context<never>
): Exit.Exit<unknown, unknown> | Fiber.Fiber<unknown, unknown> => {
  try {
    if (host._tag === "Sync") return Exit.succeed(host.call(args))
    const effect = host.call(args)
    if (Exit.isExit(effect)) return effect
    const fiber = Effect.runForkWith(context)(effect)
    return fiber.pollUnsafe() ?? fiber
  } catch (error) {
    return Exit.die(error)
  }
}

const isHostTrap = (error: unknown): error is HostTrap =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "HostTrap"

/**
 * Why a failing host function stops its guest.
 */
export const stopOf = (error: unknown): Stop => {
  if (isHostTrap(error)) return { category: error.category, detail: error.detail }
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return classify(error)
  return { category: "HostFailure", detail: error instanceof Error ? error.message : "a host function failed" }
}

/**
 * The value for the guest, checked against the import's type, or the stop.
 */
export const hostResult = (
  declared: Import,
  exit: Exit.Exit<unknown, unknown>
): { readonly _tag: "Value"; readonly value: unknown } | { readonly _tag: "Stop"; readonly stop: Stop } => {
  const name = `${declared.owner}#${declared.name}`
  if (Exit.isFailure(exit)) {
    if (Cause.hasInterruptsOnly(exit.cause)) {
      return { _tag: "Stop", stop: { category: "Cancelled", detail: `${name} was interrupted` } }
    }
    const stop = stopOf(Cause.squash(exit.cause))
    return { _tag: "Stop", stop: { ...stop, detail: `${name}: ${stop.detail}` } }
  }
  if (!declared.returns) return { _tag: "Value", value: undefined }
  const problem = declared.result(exit.value)
  if (problem !== undefined) {
    return { _tag: "Stop", stop: { category: "HostFailure", detail: `${name} returned a wrong value: ${problem}` } }
  }
  if (!declared.returnsResult) return { _tag: "Value", value: exit.value }
  const { tag, val } = exit.value as { readonly tag: string; readonly val?: unknown }
  return { _tag: "Value", value: { tag, val } }
}
