/** How the messages of a component's actor become calls of its instance. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ActorContext } from "../../actor/ActorContext.ts"
import type { Handler } from "../../actor/Behaviour.ts"
import * as Pending from "../../actor/Pending.ts"
import type { CallResult, ComponentEngine, Instance } from "../ComponentEngine.ts"
import type { ComponentError } from "../ComponentError.ts"
import type { ComponentMessage } from "../ComponentMessage.ts"
import * as Contract from "../Contract.ts"
import { type CoreError, GuestError } from "../GuestError.ts"
import type { Payload } from "../Payload.ts"
import * as coreExports from "./coreExports.ts"
import * as coreValues from "./coreValues.ts"

interface Hosted {
  /** `namespace:name`. */
  readonly component: string
  readonly engine: ComponentEngine["Service"]
  readonly instance: Instance
  /** Told before a message is handled, and after. */
  readonly begin: (message: ComponentMessage) => void
  readonly end: () => void
  /** What a failed call is to its sender. */
  readonly named: (target: Contract.Target) => (failure: ComponentError) => ComponentError
}

type Called = Exit.Exit<CallResult, ComponentError>

const handleMessage = coreExports.target(coreExports.messageHandler, "handle-message")
const handleCallback = coreExports.target(coreExports.callbackHandler, "handle-callback")

const targetOf = (message: ComponentMessage): Contract.Target => {
  switch (message._tag) {
    case "Invoke":
      return message
    case "Deliver":
      return handleMessage
    case "Callback":
      return handleCallback
  }
}

const argsOf = (message: ComponentMessage): ReadonlyArray<unknown> => {
  switch (message._tag) {
    case "Invoke":
      return message.args
    case "Deliver":
      return [coreValues.message(message)]
    case "Callback":
      return [message.id, coreValues.reply(message)]
  }
}

type GuestResult<A> = { readonly tag: "ok"; readonly val: A } | { readonly tag: "err"; readonly val: CoreError }

/** What a guest says of its own accord is an answer, also if it is an error: the instance goes on. */
const answer = (
  component: string,
  message: ComponentMessage,
  called: CallResult,
  context: ActorContext<ComponentMessage>
): void => {
  if (message._tag === "Invoke") return context.reply(message, called)
  const result = called.value as GuestResult<Payload | undefined>
  if (result.tag === "err") {
    const failure = new GuestError({ component, export: Contract.exportName(targetOf(message)), error: result.val })
    return message._tag === "Deliver" ? context.fail(message, failure) : context.fail(message, failure)
  }
  if (message._tag === "Deliver") context.reply(message, message.wantsReply ? result.val : undefined)
  else context.reply(message, undefined)
}

/** A call that failed and left the instance whole is the sender's failure alone. */
const fail = (
  { instance, named }: Hosted,
  message: ComponentMessage,
  cause: Cause.Cause<ComponentError>,
  context: ActorContext<ComponentMessage>
): Exit.Exit<void, ComponentError> => {
  const failure = Cause.findErrorOption(cause)
  if (Option.isNone(failure)) return Exit.failCause(cause)
  const error = named(targetOf(message))(failure.value)
  if (instance.isPoisoned()) return Exit.fail(error)
  context.fail(message as ComponentMessage & { readonly _tag: "Invoke" }, error)
  return Exit.void
}

export const make = (hosted: Hosted): Handler<ComponentMessage> => (message, context) => {
  const { begin, component, end, engine, instance } = hosted
  begin(message)
  const target = targetOf(message)
  const args = argsOf(message)
  const settle = (exit: Called): Exit.Exit<void, ComponentError> => {
    end()
    if (Exit.isFailure(exit)) return fail(hosted, message, exit.cause, context)
    answer(component, message, exit.value, context)
    return Exit.void
  }
  const exit = engine.callUnsafe(instance, target, args)
  return exit === undefined ? Pending.settle(engine.call(instance, target, args), settle) : settle(exit)
}
