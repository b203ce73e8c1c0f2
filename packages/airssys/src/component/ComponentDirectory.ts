/**
 * The components that a host runs, by their ids.
 *
 * A component is in it from when its first instance has started until its
 * actor ends: over its restarts it stays, with the same ref.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ActorRef } from "../actor/ActorRef.ts"
import type { ComponentMessage } from "./ComponentMessage.ts"
import type { Release } from "./Release.ts"

/**
 * A component that runs. What it imports and exports is the world of
 * `release.component`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** `namespace:name`. */
  readonly id: string
  readonly ref: ActorRef<ComponentMessage>
  readonly release: Release
}

/**
 * @category services
 * @since 0.1.0
 */
export class ComponentDirectory extends Context.Service<ComponentDirectory, {
  /** The component of an id; undefined where none runs. */
  readonly lookup: (id: string) => Entry | undefined
  /**
   * The component of an id, also while its first instance starts: what it asked
   * for then, such as replies and topics, is put into its mailbox.
   */
  readonly asking: (id: string) => Entry | undefined
  /** All that run, in the order of their ids. */
  readonly list: Effect.Effect<ReadonlyArray<Entry>>
  /** Lets a component that starts ask, until the scope closes. The host that runs it calls this. */
  readonly arrive: (entry: Entry) => Effect.Effect<void, never, Scope.Scope>
  /** Puts a component in, in place of one with its id. The host that runs it calls this. */
  readonly enter: (entry: Entry) => void
  /** Takes a component out, unless another actor has its place. */
  readonly leave: (entry: Pick<Entry, "id" | "ref">) => void
}>()("airssys/component/ComponentDirectory") {}

/**
 * Whether a component exports an interface, such as
 * `airssys:core/message-handler@0.1.0`.
 *
 * @category guards
 * @since 0.1.0
 */
export const doesExport = ({ release }: Entry, id: string): boolean =>
  release.component.world.exports.some((item) => item.id === id)

/**
 * Layer of an empty directory.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ComponentDirectory> = Layer.sync(ComponentDirectory, () => {
  const entries = new Map<string, Entry>()
  const arrived = new Map<string, Entry>()
  return ComponentDirectory.of({
    lookup: (id) => entries.get(id),
    asking: (id) => entries.get(id) ?? arrived.get(id),
    arrive: (entry) =>
      Effect.acquireRelease(
        Effect.sync(() => void arrived.set(entry.id, entry)),
        () =>
          Effect.sync(() => {
            if (arrived.get(entry.id) === entry) arrived.delete(entry.id)
          })
      ),
    list: Effect.sync(() => [...entries.values()].toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))),
    enter: (entry) => void entries.set(entry.id, entry),
    leave: ({ id, ref }) => {
      if (entries.get(id)?.ref === ref) entries.delete(id)
    }
  })
})
