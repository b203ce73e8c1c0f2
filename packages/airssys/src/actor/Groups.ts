/**
 * Actors under a common name: OTP's process groups (`pg`).
 *
 * An actor may join many groups, and one group several times; it leaves as many
 * times. Its membership lasts over restarts, like its ref, and ends with it.
 * Groups need not be made: one is there while it has members.
 *
 * Groups belong to a protocol, which gives them the type of their members;
 * those of two protocols are different groups, whatever they are called.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type * as Types from "effect/Types"
import type { ActorStopped } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import { LocalGroups } from "./internal/localGroups.ts"
import type * as Protocol from "./Protocol.ts"

const TypeId = "~airssys/actor/Groups/Group"

const variance: { readonly _M: Types.Invariant<never> } = { _M: (_: never) => _ }

/**
 * A group of actors that take messages of type `M`. Two of one protocol and name
 * are the same group.
 *
 * @category models
 * @since 0.1.0
 */
export interface Group<in out M> {
  readonly [TypeId]: { readonly _M: Types.Invariant<M> }
  readonly protocol: Protocol.Any
  readonly name: string
}

/**
 * What happened since the last change that was taken: who joined and left,
 * and who is a member now. Whoever joined and left meanwhile is in neither.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change<in M> {
  readonly joined: ReadonlyArray<ActorRef<M>>
  readonly left: ReadonlyArray<ActorRef<M>>
  readonly members: ReadonlyArray<ActorRef<M>>
}

/**
 * Names a group of actors that take the messages of a protocol.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <P extends Protocol.Any>(protocol: P, name: string): Group<Protocol.Message<P>> => ({
  [TypeId]: variance as never,
  protocol,
  name
})

/**
 * Service that knows who is in which group.
 *
 * @category services
 * @since 0.1.0
 */
export class Groups extends Context.Service<Groups, {
  /** Makes the actor a member, once more where it is one. Fails when it has ended, or the groups are closed. */
  readonly join: <M>(group: Group<M>, ref: ActorRef<NoInfer<M>>) => Effect.Effect<void, ActorStopped>
  /** Takes one membership back; false where there is none. */
  readonly leave: <M>(group: Group<M>, ref: ActorRef<NoInfer<M>>) => Effect.Effect<boolean>
  /** The members in the order of their first joins, each as many times as it joined. */
  readonly members: <M>(group: Group<M>) => Effect.Effect<ReadonlyArray<ActorRef<M>>>
  /** The members that run in this process. */
  readonly local: <M>(group: Group<M>) => Effect.Effect<ReadonlyArray<ActorRef<M>>>
  /** The names of the groups of a protocol that have members. */
  readonly names: (protocol: Protocol.Any) => Effect.Effect<ReadonlyArray<string>>
  /**
   * The members at the subscription, as the first change, and the changes from
   * then on. Those that wait to be taken become one: a slow subscriber misses
   * who came and went, and never who is there. It ends when the groups close.
   */
  readonly monitor: <M>(group: Group<M>) => Stream.Stream<Change<M>>
}>()("airssys/actor/Groups") {}

/**
 * Layer of groups within the process, where every member is local.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Groups> = Layer.effect(
  Groups,
  Effect.gen(function*() {
    const groups = yield* Effect.acquireRelease(
      Effect.sync(() => new LocalGroups()),
      (groups) => Effect.sync(() => groups.close())
    )
    const members: Groups["Service"]["members"] = (group) => Effect.sync(() => groups.members(group))
    return Groups.of({
      join: (group, ref) => groups.join(group, ref),
      leave: (group, ref) => Effect.sync(() => groups.leave(group, ref)),
      members,
      local: members,
      names: (protocol) => Effect.sync(() => groups.names(protocol)),
      monitor: (group) =>
        Stream.unwrap(
          Effect.map(
            Effect.acquireRelease(
              Effect.sync(() => groups.monitor(group)),
              (monitor) => Effect.sync(() => monitor.close())
            ),
            (monitor) => Stream.fromEffectRepeat(monitor.take)
          )
        )
    })
  })
)
