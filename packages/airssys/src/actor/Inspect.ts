/**
 * Looking into one actor while it runs, as OTP's `sys:trace` and
 * `sys:get_state` do.
 *
 * A behaviour publishes its state under a key that carries the type; nothing of
 * it is read or copied until somebody asks. A trace records what an actor
 * handles and sends, from the next time it takes up messages until the scope of
 * the trace closes; actors that are not traced know nothing of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type * as Types from "effect/Types"
import type { ActorRef } from "./ActorRef.ts"
import { cellOf } from "./internal/cell.ts"
import { Recorder } from "./internal/recorder.ts"

const TypeId = "~airssys/actor/Inspect/Key"

const variance: { readonly _S: Types.Invariant<never> } = { _S: (_: never) => _ }

/**
 * Under which a behaviour publishes a state of type `S`. Keys compare by
 * reference.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key<in out S> {
  readonly [TypeId]: { readonly _S: Types.Invariant<S> }
  readonly name: string
}

/**
 * Something a traced actor did. `at` is in milliseconds since the epoch, by the
 * actor's clock.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry =
  | { readonly _tag: "Received"; readonly at: number; readonly message: unknown; readonly from: Peer }
  | { readonly _tag: "Told"; readonly at: number; readonly message: unknown; readonly to: ActorRef<never> }
  | { readonly _tag: "Asked"; readonly at: number; readonly message: unknown; readonly to: ActorRef<never> }
  | { readonly _tag: "Replied"; readonly at: number; readonly request: unknown; readonly value: unknown }
  | { readonly _tag: "Refused"; readonly at: number; readonly request: unknown; readonly error: unknown }

/**
 * The actor that sent a message through its context.
 *
 * @category models
 * @since 0.1.0
 */
export type Peer = ActorRef<never> | undefined

/**
 * The record of a traced actor.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  /** The latest entries, the oldest first. */
  readonly entries: Effect.Effect<ReadonlyArray<Entry>>
  /** How many entries had to make room for later ones. */
  readonly dropped: Effect.Effect<number>
}

/**
 * Makes a key. `name` is for those who read it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const key = <S>(name: string): Key<S> => ({ [TypeId]: variance as never, name })

const published = new WeakMap<Scope.Scope, Map<Key<never>, () => unknown>>()

/**
 * Publishes a state of this life of an actor. It runs in the behaviour, with the
 * actor's own scope; `state` is called when somebody asks, between messages or
 * while an Effect of a message waits.
 *
 * @category combinators
 * @since 0.1.0
 */
export const expose = <S>(key: Key<S>, state: () => S): Effect.Effect<void, never, Scope.Scope> =>
  Effect.map(Effect.service(Scope.Scope), (scope) => {
    const states = published.get(scope) ?? new Map<Key<never>, () => unknown>()
    published.set(scope, states.set(key as never, state))
  })

/**
 * The state that an actor publishes under a key; none where it does not, or
 * while it has no life. Dies with what the actor's function throws.
 *
 * @category combinators
 * @since 0.1.0
 */
export const getState = <S>(ref: ActorRef<never>, key: Key<S>): Effect.Effect<Option.Option<S>> =>
  Effect.sync(() => {
    const { scope } = cellOf(ref)
    const state = scope === undefined ? undefined : published.get(scope)?.get(key as never)
    return state === undefined ? Option.none() : Option.some(state() as S)
  })

/**
 * Traces an actor until the scope closes, over its restarts. It keeps the latest
 * `capacity` entries, 256 by default, and what they refer to. Dies with a
 * `RangeError` unless `capacity` is a whole number from 1 to 65,536.
 *
 * @category constructors
 * @since 0.1.0
 */
export const trace = (
  ref: ActorRef<never>,
  options?: { readonly capacity?: number | undefined }
): Effect.Effect<Trace, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const { capacity = 256 } = options ?? {}
        if (!Number.isInteger(capacity) || capacity < 1 || capacity > 65_536) {
          throw new RangeError(`A trace keeps a whole number from 1 to 65,536 of entries, not ${capacity}`)
        }
        return new Recorder<Entry>(cellOf(ref), capacity)
      }),
      (recorder) => Effect.sync(() => recorder.close())
    ),
    (recorder) => ({
      entries: Effect.sync(() => recorder.entries),
      dropped: Effect.sync(() => recorder.dropped)
    })
  )
