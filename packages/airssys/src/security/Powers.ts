/**
 * Where the powers behind capabilities come from.
 *
 * A source narrows what the host has to one resource of one principal. It is
 * given a `Lease`, and every operation of the power it makes goes through it:
 * the grant is checked again at each use, what is in flight or open when the
 * grant goes is stopped and closed. A capability without a source gives nothing;
 * those of the clock and the log have one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { Allowed } from "./Decision.ts"
import type { Principal } from "./Principal.ts"

/**
 * A principal's hold on one resource of one kind, which ends when no grant
 * allows it any more: it was revoked or expired, or the principal dismissed.
 *
 * Where several grants allow a resource, what goes on is stopped by the end of
 * the last one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  readonly principal: Principal
  /**
   * For whom the principal acted when it was required. It may only do what all
   * of them may, and those for whom the fiber acts that uses it.
   */
  readonly onBehalfOf: ReadonlyArray<Principal>
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  /** What allowed it when it was required. */
  readonly decision: Allowed
  /**
   * Runs an effect if the resource is allowed, and records the use either way.
   * The effect is interrupted, and fails with `Revoked` or `Expired`, when that
   * ends before the effect does; its finalizers are waited for. Fibers that it
   * forks as children end with it.
   */
  readonly use: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | CapabilityError, R>
  /**
   * `use` of what no fiber does, in a context. `work` calls its `end` once, at
   * once or later, also after what it gives was called, which stops it. So does
   * this. What has to be durable in the log before it happens is denied.
   */
  readonly useUnsafe: <A, E>(
    context: Context.Context<never>,
    work: (end: (exit: Exit.Exit<A, E>) => void) => () => void,
    end: (exit: Exit.Exit<A, E | CapabilityError>) => void
  ) => () => void
  /** `use` for another resource of this kind, such as a file below a folder. */
  readonly useOn: <A, E, R>(
    resource: string,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CapabilityError, R>
  /**
   * Acquires a handle. What it acquired in its scope is released when the scope
   * of the caller closes or when the resource is not allowed any more, also
   * where that happens while it acquires. Each operation of the handle goes
   * through `use` as well.
   */
  readonly open: <A, E, R>(
    acquire: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CapabilityError, Exclude<R, Scope.Scope> | Scope.Scope>
  /** Whether other resources of this kind are allowed, for lists of what there is. Records nothing. */
  readonly allows: Effect.Effect<(resource: string) => boolean>
  /** `open` for another resource of this kind. */
  readonly openOn: <A, E, R>(
    resource: string,
    acquire: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CapabilityError, Exclude<R, Scope.Scope> | Scope.Scope>
}

/**
 * How the power of one capability class is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  /** Key of the capability in a context. */
  readonly key: string
  /** The capability class itself, compared by reference. */
  readonly capability: unknown
  readonly make: (lease: Lease) => unknown
}

/**
 * The sources that an enforcer knows, by the key of their capability. None by
 * default.
 *
 * @category references
 * @since 0.1.0
 */
export const Powers: Context.Reference<ReadonlyMap<string, Source>> = Context.Reference<ReadonlyMap<string, Source>>(
  "airssys/security/Powers",
  { defaultValue: () => new Map() }
)

/**
 * Says how the power of a capability is made.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = <Id, Power>(
  capability: Context.Key<Id, Power>,
  make: (lease: Lease) => Power
): Source => ({ key: capability.key, capability, make })

/**
 * A stream under a lease: what it acquires is a handle of the lease, and each
 * pull is a use. It fails when the resource is not allowed any more.
 *
 * @category constructors
 * @since 0.1.0
 */
export const stream = <A, E, R>(
  lease: Lease,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, Pull.ExcludeDone<E> | CapabilityError, Exclude<R, Scope.Scope>> =>
  Stream.scoped(Stream.fromPull(Effect.map(lease.open(Stream.toPull(self)), (pull) => lease.use(pull))))

/**
 * Provides the sources, to be given to `CapabilityEnforcer.layer`. Of two for
 * one kind the later is taken.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (...sources: ReadonlyArray<Source>): Layer.Layer<never> =>
  Layer.succeed(Powers, new Map(sources.map((source) => [source.key, source])))

/**
 * Provides sources beside those that are given already, which come first.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerBeside = <E, R>(
  sources: Effect.Effect<ReadonlyArray<Source>, E, R>
): Layer.Layer<never, E, Exclude<R, Scope.Scope>> =>
  Layer.effect(
    Powers,
    Effect.gen(function*() {
      const given = yield* Powers
      return new Map([...(yield* sources).map((source) => [source.key, source] as const), ...given])
    })
  )

/**
 * The power for a lease, or undefined where this very capability class has no
 * source.
 *
 * @category combinators
 * @since 0.1.0
 */
export const make = <Id, Power>(
  powers: ReadonlyMap<string, Source>,
  request: Capability.Request<Id, Power>,
  lease: Lease
): Power | undefined => {
  const found = powers.get(request.capability.key)
  return found === undefined || found.capability !== request.capability
    ? undefined
    : found.make(lease) as Power
}
