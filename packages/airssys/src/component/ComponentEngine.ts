/**
 * The seam between airssys and what runs WebAssembly components.
 *
 * An engine is given bytes, imports and limits; it gives back values, typed
 * failures and receipts, and never authority: an instance reaches exactly the
 * host functions in its `imports`. Whoever implements this service runs
 * `ComponentEngineTest.suite` against it.
 *
 * @since 0.1.0
 */
import type { World } from "@airssys/engine/WitType"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ComponentError, InstantiateError, LoadError } from "./ComponentError.ts"
import * as inlineEngine from "./internal/inlineEngine.ts"

/**
 * Where an instance runs: `inline` in the thread of the caller, `worker` in a
 * thread of its own that is terminated at the deadline of a call.
 *
 * @category models
 * @since 0.1.0
 */
export type Tier = "inline" | "worker"

/**
 * What one instance may use. `memory` is in bytes and holds for the sum over
 * all memories of the instance; `timeout` and `fuel` are per message.
 * A limit the engine cannot keep in the chosen tier fails `instantiate` with
 * reason `LimitUnsupported`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  readonly memory: number
  readonly timeout: Duration.Duration | undefined
  readonly fuel: number | undefined
}

/**
 * A function given to a guest. Values follow `WitType`'s mapping; a `result`
 * is returned as `{ tag, val }`, never thrown.
 *
 * A thrown error or a defect stops the guest (`HostFailure`); a `HostTrap`
 * stops it with the category it names. An Effect has the context of the call
 * that it is part of, and is interrupted when that call is over. `fuel` is what
 * a call of the function costs the guest, on an engine that meters, besides
 * what that charges for any call; default 1,000.
 *
 * @category models
 * @since 0.1.0
 */
export type HostFunction =
  | {
    readonly _tag: "Sync"
    readonly call: (args: ReadonlyArray<unknown>) => unknown
    readonly fuel?: number | undefined
  }
  | {
    readonly _tag: "Async"
    readonly call: (args: ReadonlyArray<unknown>) => Effect.Effect<unknown, HostTrap>
    readonly fuel?: number | undefined
  }

/**
 * Raised by a host function to stop the guest that called it.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostTrap {
  readonly _tag: "HostTrap"
  readonly category: "Denied" | "Revoked" | "HostFailure" | "Cancelled"
  readonly detail: string
}

/**
 * Host functions by interface id (`airssys:core/log@0.1.0`, `""` for the
 * world's own) and function name. Ids are matched with their version; an engine
 * may take another one that is compatible by semver.
 *
 * @category models
 * @since 0.1.0
 */
export type Imports = ReadonlyMap<string, ReadonlyMap<string, HostFunction>>

/**
 * A loaded component: compiled, not yet running, shared by all its instances.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoadedComponent {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly digest: string
  readonly world: World
}

/**
 * A live instance: one set of memories, at most one call at a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance {
  readonly component: LoadedComponent
  readonly tier: Tier
  /** True after any failure that was not a typed `result` of the guest. */
  readonly isPoisoned: () => boolean
}

/**
 * What one call cost. `fuel`, and the version of the table of costs by which it
 * was counted, are undefined where the engine does not meter.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receipt {
  readonly fuel: number | undefined
  readonly costTable: number | undefined
  /** Bytes of all memories of the instance after the call. */
  readonly memory: number
  /** Wall time in nanoseconds. */
  readonly nanos: bigint
}

/**
 * The value of a call (for `result`, `{ tag: "ok" | "err", val }`) and its receipt.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallResult {
  readonly value: unknown
  readonly receipt: Receipt
}

/**
 * Which limits an engine keeps in a tier.
 *
 * @category models
 * @since 0.1.0
 */
export interface Keeps {
  readonly timeout: boolean
  readonly fuel: boolean
}

/**
 * Loads, instantiates, calls and disposes components.
 *
 * @category services
 * @since 0.1.0
 */
export class ComponentEngine extends Context.Service<ComponentEngine, {
  /** Short name for receipts and messages, e.g. `jco`. */
  readonly name: string
  /** Which limits hold in a tier; undefined where the engine does not offer it. */
  readonly keeps: (tier: Tier) => Keeps | undefined
  /**
   * Decodes and compiles a component. The bytes are copied once and the copy
   * is what is hashed, decoded and compiled. The same digest and
   * `asyncImports` are compiled once.
   */
  readonly load: (bytes: Uint8Array, options?: {
    /** Imports that may suspend the guest in the inline tier, as `interface#function`, whatever the version. */
    readonly asyncImports?: ReadonlyArray<string> | undefined
  }) => Effect.Effect<LoadedComponent, LoadError>
  /** Makes an instance that is disposed with the scope. */
  readonly instantiate: (component: LoadedComponent, options: {
    readonly imports: Imports
    readonly limits: Limits
    readonly tier: Tier
  }) => Effect.Effect<Instance, InstantiateError, Scope.Scope>
  /**
   * Calls an export: `interface` undefined for one of the world's own.
   * Interrupting the effect stops the guest where the engine keeps a timeout,
   * and takes until nothing of it runs any more; the instance is lost.
   */
  readonly call: (
    instance: Instance,
    target: { readonly interface: string | undefined; readonly function: string },
    args: ReadonlyArray<unknown>
  ) => Effect.Effect<CallResult, ComponentError>
  /**
   * As `call`, at once and without a fiber; undefined, and nothing has happened,
   * where only `call` can do it: the guest may have to wait, or may run for long.
   */
  readonly callUnsafe: (
    instance: Instance,
    target: { readonly interface: string | undefined; readonly function: string },
    args: ReadonlyArray<unknown>
  ) => Exit.Exit<CallResult, ComponentError> | undefined
  /** Drops an instance at once; calls after it fail with `Stopped`. */
  readonly dispose: (instance: Instance) => Effect.Effect<void>
}>()("airssys/component/ComponentEngine") {}

/**
 * Layer of the framework's own engine: instances run in the thread of their
 * callers, are metered, and keep each of the limits. What it takes of its
 * platform is `EnginePlatform`, which has a default.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ComponentEngine> = Layer.effect(ComponentEngine, inlineEngine.make)
