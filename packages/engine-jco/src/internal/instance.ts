/**
 * What instances of both tiers have in common: their state, and how a failure
 * is told to the caller.
 */
import type * as ComponentEngine from "airssys/component/ComponentEngine"
import { ComponentError } from "airssys/component/ComponentError"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Compiled, Export, Surface } from "./compiled.ts"
import type { Stop } from "./traps.ts"

/**
 * The engine's own side of a loaded component. Printing or comparing one shows
 * its digest and world, not its bytes.
 */
export class Loaded implements ComponentEngine.LoadedComponent {
  readonly digest: string
  readonly world: ComponentEngine.LoadedComponent["world"]
  readonly #bytes: Uint8Array
  readonly #surface: Surface
  readonly #compiled: Compiled

  constructor(
    digest: string,
    world: ComponentEngine.LoadedComponent["world"],
    bytes: Uint8Array,
    surface: Surface,
    compiled: Compiled
  ) {
    this.digest = digest
    this.world = world
    this.#bytes = bytes
    this.#surface = surface
    this.#compiled = compiled
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get surface(): Surface {
    return this.#surface
  }

  get compiled(): Compiled {
    return this.#compiled
  }
}

export type State = "Idle" | "Running" | "Poisoned" | "Disposed"

export abstract class EngineInstance implements ComponentEngine.Instance {
  abstract readonly tier: ComponentEngine.Tier
  readonly component: Loaded
  state: State = "Idle"

  constructor(component: Loaded) {
    this.component = component
  }

  isPoisoned(): boolean {
    return this.state === "Poisoned"
  }

  /**
   * Starts a call whose arguments were checked, on an idle instance.
   */
  abstract run(
    fiber: Fiber.Fiber<unknown, unknown>,
    target: Export,
    args: ReadonlyArray<unknown>
  ): Effect.Effect<ComponentEngine.CallResult, ComponentError>

  abstract get dispose(): Effect.Effect<void>

  /**
   * Makes the instance uncallable, unless it is disposed already.
   */
  lose(): void {
    if (this.state !== "Disposed") this.state = "Poisoned"
  }

  error(exported: string, reason: ComponentError["reason"], detail: string): ComponentError {
    return new ComponentError({ component: this.component.digest, export: exported, reason, detail, denials: [] })
  }

  trap(target: Export, stop: Stop): ComponentError {
    return this.error(target.label, { _tag: "Trap", category: stop.category }, stop.detail)
  }
}
