/**
 * Components that attack their host, as data, and some that do not.
 *
 * Each hostile guest is one attack, a kilobyte of text, with what has to become
 * of it: which error its sender gets, or which answer, and whether its instance
 * is gone. Texts are a core module in WAT and a world in WIT; whoever runs them
 * brings what assembles these.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { TrapCategory } from "../component/ComponentError.ts"
import type { HostFunction } from "../component/HostFunction.ts"
import * as floods from "./internal/hostileFloods.ts"
import * as lives from "./internal/hostileLives.ts"
import * as text from "./internal/hostileText.ts"
import * as traps from "./internal/hostileTraps.ts"
import * as waits from "./internal/hostileWaits.ts"

/**
 * What has to become of an attack. `Trap` and `Deadline`: its sender gets that
 * error and the instance is gone. `Answered`: the attack came to nothing, the
 * guest answers with this and goes on. `NotStarted`: its start fails with an
 * error of this tag and reason. `Stopped`: it ends when it is asked to.
 * `Unhealthy`: its instance is gone when its health is checked, for this reason.
 *
 * @category models
 * @since 0.1.0
 */
export type Ending =
  | { readonly _tag: "Trap"; readonly category: TrapCategory }
  | { readonly _tag: "Deadline" }
  | { readonly _tag: "Answered"; readonly value: unknown }
  | { readonly _tag: "NotStarted"; readonly error: string; readonly reason: string }
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Unhealthy"; readonly because: string }

/**
 * A component that attacks. It exports `ping`, which answers how often it was
 * called since the start of the instance, and `run`, the attack; one that
 * attacks as it starts or stops, or when its health is checked, does nothing in `run`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostileGuest extends Guest {
  /** What it does, as a sentence goes on after its name. */
  readonly does: string
  /** Arguments of `run`. */
  readonly args: ReadonlyArray<unknown>
  readonly ending: Ending
  /**
   * False where the guest was denied what it crashes for, which does not count
   * against it.
   */
  readonly isCounted: boolean
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Guest {
  /** Namespace and name: `evil:endless-loop`. */
  readonly id: string
  /** Its core module. */
  readonly wat: string
  /** Its world, with what it uses of other packages. */
  readonly wit: string
  /** Its `Component.toml`. */
  readonly manifest: string
  /** The capabilities it asks for that a host has to grant for the attack. */
  readonly grants: ReadonlyArray<"log" | "clock">
}

const make = (spec: text.Spec): HostileGuest => ({
  ...text.guest("evil", spec),
  does: spec.does,
  args: spec.args ?? [],
  ending: spec.ending,
  isCounted: spec.isCounted ?? true
})

/**
 * One of each attack.
 *
 * @category constructors
 * @since 0.1.0
 */
export const all: ReadonlyArray<HostileGuest> = [
  ...traps.specs,
  ...waits.specs,
  ...floods.specs,
  ...lives.specs
].map(make)

/**
 * Functions that a host has to serve for some of the attacks: they throw, fail,
 * or never answer. For `HostFunctions.layer`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const functions: ReadonlyArray<HostFunction> = waits.functions

/**
 * A component that does no harm, `good:neighbour-7`. Its export `next` takes
 * the numbers from 1 on, looks at the clock for each, which is audited, and
 * answers with the number. What comes out of its order is an error that says
 * what was expected, and so is `access-denied`, as 0. `read` takes a text and
 * answers with its length in UTF-8; without room for it, it would trap.
 *
 * @category constructors
 * @since 0.1.0
 */
export const neighbour = (number: number): Guest => text.guest("good", text.neighbour(`neighbour-${number}`))

/**
 * Makes a component of a core module in WAT and its world in WIT.
 *
 * @category models
 * @since 0.1.0
 */
export type Assemble = (wat: string, wit: string) => Promise<Uint8Array>

/**
 * Manifests and artifacts by source, as `ReleaseSource.layerMemory` takes them.
 *
 * @category models
 * @since 0.1.0
 */
export type Sources = Readonly<Record<string, { readonly manifest: string; readonly artifact: Uint8Array }>>

/**
 * The files of guests, under their ids. Rejected texts are defects.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sources = (
  guests: ReadonlyArray<Guest>,
  assemble: Assemble
): Effect.Effect<Sources> =>
  Effect.map(
    Effect.forEach(guests, ({ id, manifest, wat, wit }) =>
      Effect.map(
        Effect.promise(() => assemble(wat, wit)),
        (artifact) => [id, { manifest, artifact }] as const
      )),
    Object.fromEntries
  )
