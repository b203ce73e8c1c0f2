/**
 * Functions a system calls while things happen, before anybody else can see
 * their effects. Subscriptions may drop events when they are slow; hooks get
 * every one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { ActorEvent } from "./ActorEvent.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface ActorHooks {
  /** Called at each lifecycle event, in order. What it throws is logged and ignored. */
  readonly onEvent: (event: ActorEvent) => void
}

/**
 * The hooks a system reads when its layer is built.
 *
 * @category references
 * @since 0.1.0
 */
export const ActorHooks: Context.Reference<ActorHooks> = Context.Reference<ActorHooks>("airssys/actor/ActorHooks", {
  defaultValue: () => ({ onEvent: () => {} })
})
