/**
 * A runtime for programs that do not use Effect: its methods return promises,
 * and so do the functions of its components.
 *
 * A promise is rejected with the error itself, an instance of its class: the
 * failure that a contract names, `ComponentError`, or why a start was refused;
 * for an argument that cannot be meant, with `InvalidArgument`.
 * What a signal aborts is rejected with the signal's reason; a call that the
 * component has begun goes on without its caller.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type * as Component from "./component/Component.ts"
import type { ComponentEnd } from "./component/ComponentEnd.ts"
import type { CallResult } from "./component/ComponentEngine.ts"
import type { ComponentError } from "./component/ComponentError.ts"
import type { ComponentStatus } from "./component/ComponentStatus.ts"
import type * as Contract from "./component/Contract.ts"
import type { Page as ReceiptPage, ReceiptQuery } from "./component/ReceiptQuery.ts"
import * as Receipts from "./component/Receipts.ts"
import { layerMemory } from "./component/ReceiptStore.ts"
import type { Release } from "./component/Release.ts"
import * as given from "./internal/given.ts"
import { type Running, Runtime } from "./Runtime.ts"

/**
 * The functions of a contract as functions that return promises. One that is
 * called `then` is called `then_` here: whoever awaits the object would call it.
 *
 * @category models
 * @since 0.1.0
 */
export type Promised<Shape> = {
  readonly [K in keyof Shape as K extends "then" ? "then_" : K]: Shape[K] extends
    (...args: infer Args) => Effect.Effect<infer A, infer _E> ? (...args: Args) => Promise<A>
    : Promised<Shape[K]>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  /** Gives the call up: it is rejected with the reason, and not made if it was aborted before. */
  readonly signal?: AbortSignal | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface PromiseRuntime extends AsyncDisposable {
  /** Starts a component and gives its typed functions. */
  readonly start: <Self, Shape>(
    contract: Contract.Contract<Self, Shape>,
    source: string | Release,
    options?: Component.LayerOptions
  ) => Promise<Promised<Shape>>
  /** Starts a component whose types are not known to the program. */
  readonly startUntyped: (source: string | Release, options?: Component.LayerOptions) => Promise<Running>
  /**
   * The typed functions of a component that runs, by its id, `acme:rates`. All
   * calls of this client are given up when the signal aborts.
   */
  readonly client: <Self, Shape>(
    contract: Contract.Contract<Self, Shape>,
    component: string,
    options?: CallOptions
  ) => Promise<Promised<Shape>>
  /** Calls an export by its name, `rates.latest`. Arguments and value are WIT values. */
  readonly call: (
    component: string,
    target: string,
    args: ReadonlyArray<unknown>,
    options?: CallOptions
  ) => Promise<CallResult>
  /**
   * Stops a component, and says how it ended: the calls that wait are worked off
   * first, within a bound. Undefined for one that was not started.
   */
  readonly stop: (component: string) => Promise<ComponentEnd | undefined>
  /** Every component that was installed, in the order of their ids. */
  readonly status: () => ReadonlyArray<ComponentStatus>
  /** A page of the receipts that the host keeps; an empty one where it keeps none. */
  readonly receipts: (query?: ReceiptQuery) => Promise<ReceiptPage>
  /**
   * Stops all components and everything under them; the calls that wait are
   * worked off first, within `ShutdownBound`. Says how each component ended.
   * Closing again waits for the same end.
   */
  readonly close: () => Promise<ReadonlyArray<ComponentEnd>>
}

const noReceipts = Layer.provide(Receipts.layerReader, layerMemory)

const settled = <A, E>(exit: Exit.Exit<A, E>, signal: AbortSignal | undefined): A => {
  if (Exit.isSuccess(exit)) return exit.value
  if (signal?.aborted === true && Cause.hasInterruptsOnly(exit.cause)) throw signal.reason
  throw Cause.squash(exit.cause)
}

/**
 * Builds a layer and gives its runtime. Rejects with the layer's error, and
 * then leaves nothing of it behind.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = async <E>(layer: Layer.Layer<Runtime, E>): Promise<PromiseRuntime> => {
  const scope = Scope.makeUnsafe()
  const building = Effect.onError(
    Layer.buildWithScope(layer, scope),
    (cause) => Scope.close(scope, Exit.failCause(cause))
  )
  const context = settled(await Effect.runPromiseExit(building), undefined)
  const runExit = Effect.runPromiseExitWith(context)
  const runtime = Effect.runSyncWith(context)(Runtime)
  const kept = Effect.serviceOption(Receipts.Receipts).pipe(
    Effect.flatMap(Option.match({
      onSome: Effect.succeed,
      onNone: () => Effect.map(Effect.scoped(Layer.build(noReceipts)), Context.get(Receipts.Receipts))
    }))
  )

  const run = async <A, E2>(effect: Effect.Effect<A, E2>, signal?: AbortSignal): Promise<A> => {
    signal?.throwIfAborted()
    return settled(await runExit(effect, { signal }), signal)
  }

  let closing: Promise<ReadonlyArray<ComponentEnd>> | undefined
  const close = () => closing ??= run(Effect.ensuring(runtime.shutdown, Scope.close(scope, Exit.void)))

  return {
    start: (contract, source, options) =>
      run(Effect.map(runtime.start(contract, source, options), ({ client }) => promised(client, run))),
    startUntyped: (source, options) => run(runtime.startUntyped(source, options)),
    client: async (contract, component, options) => {
      const signal = signalOf(options)
      return await run(Effect.map(
        runtime.client(contract, component),
        (client) => promised(client, (effect) => run(effect, signal))
      ))
    },
    call: async (component, target, args, options) =>
      await run(runtime.call(component, target, args), signalOf(options)),
    stop: (component) => run(runtime.stop(component)),
    status: () => Effect.runSyncWith(context)(runtime.status),
    receipts: (query) => run(Effect.flatMap(kept, (receipts) => receipts.query(query))),
    close,
    [Symbol.asyncDispose]: async () => void await close()
  }
}

const signalOf = (options: CallOptions | undefined): AbortSignal | undefined => {
  const problem = given.call(options, "options")
  if (problem !== undefined) throw problem
  return options?.signal
}

type Run = <A, E>(effect: Effect.Effect<A, E>) => Promise<A>
type Method = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, Contract.Failure | ComponentError>

const promised = <Shape>(client: Shape, run: Run): Promised<Shape> => {
  const table = (members: object): object => {
    const out: Record<string, unknown> = Object.create(null)
    for (const [name, member] of Object.entries(members)) {
      const value = typeof member === "function"
        ? (...args: ReadonlyArray<unknown>) => run((member as Method)(...args))
        : table(member)
      Object.defineProperty(out, name === "then" ? "then_" : name, { enumerable: true, value })
    }
    return Object.freeze(out)
  }
  return table(client as object) as Promised<Shape>
}
