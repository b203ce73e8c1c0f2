/** How the messages of a component's actor become calls of its instance. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ActorContext } from "../../actor/ActorContext.ts"
import type { Handler } from "../../actor/Behaviour.ts"
import * as Pending from "../../actor/Pending.ts"
import type { CallResult, Receipt } from "../ComponentEngine.ts"
import { ComponentError } from "../ComponentError.ts"
import type { ComponentMessage } from "../ComponentMessage.ts"
import * as Contract from "../Contract.ts"
import { bounded, type CoreError, GuestError } from "../GuestError.ts"
import type { Payload } from "../Payload.ts"
import * as coreExports from "./coreExports.ts"
import * as coreValues from "./coreValues.ts"
import * as hooks from "./hooks.ts"
import type { Hosted, Message } from "./hosted.ts"
import * as quotaRefusals from "./quotaRefusals.ts"

type Called = Exit.Exit<CallResult, ComponentError>
type Context = ActorContext<ComponentMessage>

const handleMessage = coreExports.target(coreExports.messageHandler, "handle-message")
const handleCallback = coreExports.target(coreExports.callbackHandler, "handle-callback")

const targetOf = (message: Message): Contract.Target => {
  switch (message._tag) {
    case "Invoke":
      return message
    case "Deliver":
      return handleMessage
    case "Callback":
      return handleCallback
  }
}

const argsOf = (message: Message): ReadonlyArray<unknown> => {
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
const answer = (component: string, message: Message, called: CallResult, context: Context): void => {
  if (message._tag === "Invoke") return context.reply(message, called)
  const result = called.value as GuestResult<Payload | undefined>
  if (result.tag === "err") {
    const name = Contract.exportName(targetOf(message))
    const failure = new GuestError({ component, export: name, error: bounded(result.val) })
    return message._tag === "Deliver" ? context.fail(message, failure) : context.fail(message, failure)
  }
  if (message._tag === "Deliver") context.reply(message, message.wantsReply ? result.val : undefined)
  else context.reply(message, undefined)
}

const refuse = (message: Message, error: ComponentError, context: Context): void => {
  switch (message._tag) {
    case "Invoke":
      return context.fail(message, error)
    case "Deliver":
      return context.fail(message, error)
    case "Callback":
      return context.fail(message, error)
  }
}

const reserved = (component: string, target: Contract.Target): ComponentError =>
  new ComponentError({
    component,
    export: Contract.exportName(target),
    reason: { _tag: "NoSuchExport" },
    detail: "only its host calls this",
    denials: []
  })

/** A call that failed and left the instance whole is the sender's failure alone. */
const fail = (
  { instance, named }: Hosted,
  message: Message,
  cause: Cause.Cause<ComponentError>,
  context: Context
): Exit.Exit<void, ComponentError> => {
  const failure = Cause.findErrorOption(cause)
  if (Option.isNone(failure)) return Exit.failCause(cause)
  const error = named(targetOf(message))(failure.value)
  if (instance.isPoisoned()) return Exit.fail(error)
  refuse(message, error, context)
  return Exit.void
}

const receiptOf = (exit: Called): Receipt | undefined =>
  Exit.isSuccess(exit) ? exit.value.receipt : Option.getOrUndefined(Cause.findErrorOption(exit.cause))?.receipt

/** The call of a message, bounded by the hook's own time where it is one. */
const call = (
  { component, engine, hooks: { callback }, instance }: Hosted,
  message: Message,
  target: Contract.Target
) => {
  const called = engine.call(instance, target, argsOf(message))
  return message._tag === "Callback" ? hooks.within(component, target, callback)(called) : called
}

const tenantOf = (message: Message): string | undefined =>
  message._tag === "Invoke" ? message.origin.tenant : message.delivery.tenant

interface Waiting {
  readonly message: Message
  readonly target: Contract.Target
  readonly context: Context
}

/**
 * Handles what is sent to an instance, one after the other. What settles a message
 * lives as long as the instance: V8 keeps the code of functions, and forgets that
 * of those which are made for a message at each full collection.
 */
export const make = (hosted: Hosted): Handler<ComponentMessage> => {
  const { begin, component, end, engine, health, instance, meter, own, pace } = hosted
  /** The message whose call has not ended when it was made. */
  let waiting: Waiting | undefined

  const handle = (message: Message, context: Context): ReturnType<Handler<ComponentMessage>> => {
    const target = targetOf(message)
    if (message._tag === "Invoke" && own.has(message.interface)) {
      return refuse(message, reserved(component, target), context)
    }
    const exceeded = meter?.open(tenantOf(message))
    if (exceeded !== undefined) {
      return refuse(message, quotaRefusals.toError(component, target, exceeded), context)
    }
    begin(message)
    const exit = engine.callUnsafe(instance, target, argsOf(message))
    if (exit !== undefined) return settle(message, target, context, exit)
    pace.begin(target)
    waiting = { message, target, context }
    return Pending.settle(call(hosted, message, target), settleWaiting)
  }

  const settle = (
    message: Message,
    target: Contract.Target,
    context: Context,
    exit: Called
  ): Exit.Exit<void, ComponentError> => {
    if (meter !== undefined) pay(target, exit)
    end()
    if (Exit.isFailure(exit)) return fail(hosted, message, exit.cause, context)
    answer(component, message, exit.value, context)
    return Exit.void
  }

  const settleWaiting = (exit: Called): Exit.Exit<void, ComponentError> => {
    pace.end(instance.isPoisoned())
    const { context, message, target } = waiting!
    waiting = undefined
    return settle(message, target, context, exit)
  }

  const pay = (target: Contract.Target, exit: Called): void =>
    meter!.close(
      target,
      receiptOf(exit),
      Exit.isSuccess(exit) || !instance.isPoisoned() ? "Handled" : "Failed"
    )

  return (message, context) =>
    message._tag === "Check" ? health.check(hosted, message, context) : handle(message, context)
}
