/**
 * Several actors of one behaviour behind one ref.
 *
 * The ref can be told, asked, watched, stopped and passed around like that of
 * one actor; each message goes to one member, as the routing says. Members are
 * children of a supervisor of their own, one for one. A member that restarts
 * keeps its place; while others run, only a consistent hash still picks it, and
 * its messages wait. With no member left, a message is a dead letter and an ask
 * fails with `ActorStopped`.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { ActorRef } from "./ActorRef.ts"
import type { ActorSystem } from "./ActorSystem.ts"
import type * as Backoff from "./Backoff.ts"
import type { Behaviour } from "./Behaviour.ts"
import * as ChildSpec from "./ChildSpec.ts"
import type { Guardian } from "./Guardian.ts"
import { cellOf } from "./internal/cell.ts"
import { isOpen, Members, PoolRef, pools } from "./internal/pool.ts"
import { shown, wordOf } from "./internal/words.ts"
import type { Mailbox } from "./Mailbox.ts"
import type * as Protocol from "./Protocol.ts"
import * as Supervisor from "./Supervisor.ts"

/**
 * Which member a message goes to.
 *
 * @category models
 * @since 0.1.0
 */
export type Routing<M> =
  | { readonly _tag: "RoundRobin" }
  | { readonly _tag: "Random" }
  | { readonly _tag: "LeastLoaded" }
  | { readonly _tag: "ConsistentHash"; readonly key: (message: M) => string | number }

/**
 * Each member in turn.
 *
 * @category constructors
 * @since 0.1.0
 */
export const roundRobin: Routing<unknown> = { _tag: "RoundRobin" }

/**
 * Any member, by Effect's `Random` of where the pool was started.
 *
 * @category constructors
 * @since 0.1.0
 */
export const random: Routing<unknown> = { _tag: "Random" }

/**
 * The member with the fewest messages, waiting and in work; in turn among equals.
 *
 * @category constructors
 * @since 0.1.0
 */
export const leastLoaded: Routing<unknown> = { _tag: "LeastLoaded" }

/**
 * The same member for the same key. When a member comes or goes, no key moves
 * between two others. What `key` throws is thrown at whoever sends.
 *
 * @category constructors
 * @since 0.1.0
 */
export const consistentHash = <M>(key: (message: M) => string | number): Routing<M> => ({
  _tag: "ConsistentHash",
  key
})

/**
 * A pool that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handle<M, out E = never> {
  readonly ref: ActorRef<M>
  /** Those that take messages, in the order of their places. */
  readonly members: Effect.Effect<ReadonlyArray<ActorRef<M>>>
  /**
   * Starts members in the lowest free places, or stops those in the highest
   * ones, which get no more messages and handle what they have. Dies with a
   * `RangeError` unless `size` is a whole number from 0 to 100,000. A restart of
   * the pool by a supervisor brings it back to its first size.
   */
  readonly resize: (size: number) => Effect.Effect<void, E | Supervisor.StartError>
}

/**
 * A pool as data. It can be started, and it is the specification of a child of
 * a supervisor.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pool<in out M, in out E = never, out R = never, in P = never>
  extends ChildSpec.ChildSpec<P, E | Supervisor.StartError, R, M>
{
  readonly size: number
  readonly routing: Routing<M>
  readonly member: (place: number) => ChildSpec.ChildSpec<never, E, R, M>
  readonly intensity: Supervisor.Intensity | undefined
  readonly protocol: Protocol.Any<M> | undefined
}

/**
 * Makes the data of a pool. Its members have its id and a number for theirs, and
 * its name, where it has one, and a number for theirs. Throws a `RangeError` unless `size` is a whole number from 0 to 100,000.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <M, E = never, R = never, P = never>(options: {
  readonly id: string
  /** What the pool is called in the system; `false` for nothing. Default: the id. */
  readonly name?: string | false | undefined
  readonly size: number
  readonly behaviour: Behaviour<M, E, R>
  /** Default: `roundRobin`. */
  readonly routing?: Routing<M> | undefined
  /** Of the members. Default: `Permanent`. */
  readonly restart?: ChildSpec.Restart | undefined
  readonly backoff?: Backoff.Input | undefined
  readonly shutdown?: ChildSpec.Shutdown | undefined
  /** Whether a crash of a member counts, as for any child. Default: every crash does. */
  readonly isCounted?: ((cause: Cause.Cause<unknown>) => boolean) | undefined
  readonly mailbox?: Mailbox | undefined
  /** Lets `lookup` find the pool, and its members, as refs that can be told. */
  readonly protocol?: Protocol.Any<NoInfer<M>> | undefined
  /** Default: OTP's, one restart in 5 seconds for all members together. */
  readonly intensity?: Supervisor.Intensity | undefined
  /** The services it stands for below a supervisor. */
  readonly provide?: ((handle: Handle<M, E>) => Context.Context<P>) | undefined
}): Pool<M, E, Exclude<R, Scope.Scope>, P> => {
  const { backoff, behaviour, id, intensity, isCounted, mailbox, protocol, provide, restart, shutdown } = options
  const place = Supervisor.make({ id, name: options.name, strategy: "OneForOne", intensity, children: [] })
  const { name } = place
  const member = (place: number) =>
    ChildSpec.make({
      id: `${id}-${place}`,
      name: name === undefined ? false : `${name}-${place}`,
      behaviour,
      restart,
      backoff,
      shutdown,
      isCounted,
      mailbox,
      protocol
    })
  const size = checkedSize(options.size)
  const self: Pool<M, E, Exclude<R, Scope.Scope>, P> = {
    id,
    name,
    kind: place.kind,
    restart: place.restart,
    isSignificant: place.isSignificant,
    backoff: place.backoff,
    shutdown: place.shutdown,
    isCounted: place.isCounted,
    size,
    routing: checkedRouting(options.routing ?? roundRobin),
    member,
    intensity,
    protocol,
    spawn: (guardian) =>
      Effect.map(launch(self, (supervisor) => startBelow(supervisor, guardian)), (handle) => ({
        ref: handle.ref,
        services: provide === undefined ? Context.empty() as Context.Context<P> : provide(handle)
      }))
  }
  return self
}

/**
 * Starts a pool, which is stopped with the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = <M, E, R, P>(
  pool: Pool<M, E, R, P>
): Effect.Effect<Handle<M, E>, E | Supervisor.StartError, ActorSystem | Scope.Scope | R> =>
  launch(pool, Supervisor.start)

const routings: ReadonlyArray<Routing<never>["_tag"]> = ["RoundRobin", "Random", "LeastLoaded", "ConsistentHash"]

const checkedRouting = <M>(routing: Routing<M>): Routing<M> => {
  wordOf("The routing of a pool", routings, routing?._tag)
  return routing
}

const checkedSize = (size: number): number => {
  if (!Number.isInteger(size) || size < 0 || size > 100_000) {
    throw new RangeError(`The size of a pool is a whole number from 0 to 100,000, not ${shown(size)}`)
  }
  return size
}

const startBelow = <E, R>(
  supervisor: Supervisor.Supervisor<never, E, R>,
  guardian: Guardian
): Effect.Effect<Supervisor.Handle<never>, E | Supervisor.StartError, ActorSystem | R> =>
  Effect.map(supervisor.spawn(guardian), ({ ref }) => Option.getOrThrow(Supervisor.of(ref)))

const launch = <M, E, R, P, S>(
  pool: Pool<M, E, R, P>,
  begin: (
    supervisor: Supervisor.Supervisor<never, E, R>
  ) => Effect.Effect<Supervisor.Handle<never>, E | Supervisor.StartError, ActorSystem | R | S>
): Effect.Effect<Handle<M, E>, E | Supervisor.StartError, ActorSystem | R | S> =>
  Effect.gen(function*() {
    const members = new Members(pool.routing, yield* Random.Random)
    const specOf = (place: number): ChildSpec.ChildSpec<never, E, R, M> => {
      const member = pool.member(place)
      return {
        ...member,
        spawn: (guardian) => Effect.tap(member.spawn(guardian), ({ ref }) => Effect.sync(() => members.add(place, ref)))
      }
    }
    const children = Array.from({ length: pool.size }, (_, place) => specOf(place))
    const supervisor = yield* begin(
      Supervisor.make({
        id: pool.id,
        name: pool.name ?? false,
        strategy: "OneForOne",
        intensity: pool.intensity,
        children
      })
    )
    const context = yield* Effect.context<R>()
    const lock = yield* Semaphore.make(1)

    const grow = Effect.fnUntraced(function*(size: number) {
      for (const place of members.freePlaces(size - members.all.length)) {
        const spec = specOf(place)
        yield* Effect.ignore(supervisor.deleteChild(spec.id))
        yield* Effect.provideContext(supervisor.startChild(spec), context)
      }
    })
    const shrink = (size: number): Effect.Effect<void> => {
      const leaving = members.all.splice(size)
      return Effect.forEach(leaving, ({ place }) => {
        const { id } = pool.member(place)
        return Effect.andThen(Effect.ignore(supervisor.stopChild(id)), Effect.ignore(supervisor.deleteChild(id)))
      }, { concurrency: "unbounded", discard: true })
    }
    const anchor = cellOf(supervisor.self)
    const ref = new PoolRef(anchor, members)
    pools.set(anchor, { ref, protocol: pool.protocol })
    return {
      ref,
      members: Effect.sync(() => members.all.flatMap(({ cell }) => isOpen(cell) ? [cell] : [])),
      resize: (size) =>
        lock.withPermits(1)(Effect.suspend(() => members.all.length > checkedSize(size) ? shrink(size) : grow(size)))
    }
  })
