/**
 * Functions a system calls while things happen, before anybody else can see
 * their effects. Subscriptions may drop events when they are slow; hooks get
 * every one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ActorEvents from "./ActorEvent.ts"
import type { ActorEvent } from "./ActorEvent.ts"
import type { ActorRef } from "./ActorRef.ts"

/**
 * What to call, and when. All of it runs synchronously, in the turn of the
 * actors.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorHooks {
  /** Called at each lifecycle event, in order. What it throws is logged and ignored. */
  readonly onEvent: (event: ActorEvent) => void
  /**
   * Called with each message that somebody sends, before the mailbox sees it.
   * A text refuses the message: it is a dead letter, and an offer and an ask
   * fail with `MessageRefused`. What it throws is logged and refuses too. What
   * the system itself tells, such as the end of a watched actor, is not put to it.
   */
  readonly onOffer?: ((offer: Offer) => string | undefined) | undefined
  /**
   * Called when an actor is to end at once, by a kill or at its deadline, before
   * what it runs is interrupted. What it throws is logged and ignored.
   */
  readonly beforeKill?: ((ref: ActorRef<never>, reason: "Killed" | "DeadlineExceeded") => void) | undefined
}

/**
 * A message on its way, as `onOffer` sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Offer {
  readonly recipient: ActorRef<never>
  readonly message: unknown
  /** The actor that sent it through its context. */
  readonly sender: ActorRef<never> | undefined
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

const levels = { Debug: "Debug", Info: "Info", Warning: "Warn", Error: "Error" } as const

const logged = (event: ActorEvent): Effect.Effect<void> => {
  const log = Effect.logWithLevel(levels[ActorEvents.severity(event)])
  const text = ActorEvents.format(event)
  return Effect.annotateLogs("cause" in event ? log(text, event.cause) : log(text), {
    "airssys.actor.id": event.id,
    "airssys.actor.name": event.name,
    "airssys.actor.event": event._tag
  })
}

/**
 * Layer that logs each event by its severity, with the loggers and the minimum
 * level of where it is built, before the hooks that are there learn of it.
 * Provide it to the layer of the system. Without it, nobody hears of a crash who
 * does not ask for events.
 *
 * **Example** (A system that logs)
 *
 * ```ts
 * import * as ActorHooks from "airssys/actor/ActorHooks"
 * import * as ActorSystem from "airssys/actor/ActorSystem"
 * import * as Layer from "effect/Layer"
 *
 * const layer = Layer.provide(ActorSystem.layer, ActorHooks.layerLog)
 *
 * Layer.isLayer(layer) // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLog: Layer.Layer<never> = Layer.effect(
  ActorHooks,
  Effect.gen(function*() {
    const hooks = yield* ActorHooks
    const run = Effect.runForkWith(yield* Effect.context())
    return {
      ...hooks,
      onEvent: (event) => {
        run(logged(event))
        hooks.onEvent(event)
      }
    }
  })
)
