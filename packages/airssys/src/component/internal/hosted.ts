/** One instance, as its parts see it. */
import type * as Effect from "effect/Effect"
import type { ActorContext } from "../../actor/ActorContext.ts"
import type { ProbeFailed } from "../../actor/ActorError.ts"
import type { ComponentEngine, Instance } from "../ComponentEngine.ts"
import type { ComponentError } from "../ComponentError.ts"
import type { Callback, Check, ComponentMessage, Deliver, Invoke } from "../ComponentMessage.ts"
import type * as Contract from "../Contract.ts"
import type { Hooks } from "./hooks.ts"
import type { Meter } from "./metering.ts"
import type { Pace } from "./pace.ts"

/** What is sent to a component; a probe of its health is not. */
export type Message = Invoke | Deliver | Callback

export interface Hosted {
  /** `namespace:name`. */
  readonly component: string
  readonly engine: ComponentEngine["Service"]
  readonly instance: Instance
  readonly hooks: Hooks
  readonly health: Health
  readonly meter: Meter | undefined
  readonly pace: Pace
  /** The exports that only the host calls. */
  readonly own: ReadonlySet<string | undefined>
  /** Told before a message, or nobody's, is handled, and after. */
  readonly begin: (message: Message | undefined) => void
  readonly end: () => void
  /** What a failed call is to its sender. */
  readonly named: (target: Contract.Target) => (failure: ComponentError) => ComponentError
}

export interface Health {
  /** Sends itself checks from now on, if the component can answer them. */
  readonly begin: (context: ActorContext<ComponentMessage>) => void
  readonly check: (
    hosted: Hosted,
    message: Check,
    context: ActorContext<ComponentMessage>
  ) => void | Effect.Effect<void, ComponentError | ProbeFailed>
}
