/**
 * What a component's actor takes: calls of its exports, messages and replies
 * for the handlers of `airssys:core`, probes of its health.
 *
 * Each message goes through the one mailbox of its instance and is handled
 * alone, in its turn. It says where it comes from; nothing in it is chosen by
 * the component that it is for.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Function from "effect/Function"
import type * as Result from "effect/Result"
import type { AskError } from "../actor/ActorError.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as Pending from "../actor/Pending.ts"
import * as Protocol from "../actor/Protocol.ts"
import type { CallResult } from "./ComponentEngine.ts"
import { ComponentError } from "./ComponentError.ts"
import * as Contract from "./Contract.ts"
import * as Delivery from "./Delivery.ts"
import type { CoreError, GuestError } from "./GuestError.ts"
import * as quotaRefusals from "./internal/quotaRefusals.ts"
import type { Payload } from "./Payload.ts"
import * as Receipt from "./Receipt.ts"

const Call = Protocol.request<CallResult, ComponentError>()("Invoke")

/**
 * A call of an export. `function` and `interface` are the names of the WIT.
 *
 * @category models
 * @since 0.1.0
 */
export class Invoke extends Call {
  readonly interface: string | undefined
  readonly function: string
  readonly args: ReadonlyArray<unknown>
  readonly origin: Delivery.Origin

  constructor(target: Contract.Target, args: ReadonlyArray<unknown>, origin: Delivery.Origin) {
    super()
    this.interface = target.interface
    this.function = target.function
    this.args = args
    this.origin = origin
  }

  /** Keeps the shape of calls alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Invoke = new Invoke({ interface: undefined, function: "" }, [], Delivery.fromHost)
}

/**
 * A message for `message-handler.handle-message`. It is answered with the reply
 * of the guest, or fails with the error that the guest gave, which restarts
 * nothing. What is told instead of asked has no answer.
 *
 * @category models
 * @since 0.1.0
 */
export class Deliver extends Protocol.request<Payload | undefined, ComponentError | GuestError>()("Deliver")<{
  readonly delivery: Delivery.Delivery
  /** The topic, if it was published. */
  readonly topic: string | undefined
  readonly wantsReply: boolean
  readonly payload: Payload
}> {
  /** Keeps the shape of messages alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Deliver = new Deliver({
    delivery: Delivery.make("", Delivery.fromHost),
    topic: undefined,
    wantsReply: false,
    payload: { codec: "json", bytes: new Uint8Array() }
  })
}

/**
 * A reply for `callback-handler.handle-callback`, to the request `id`.
 *
 * @category models
 * @since 0.1.0
 */
export class Callback extends Protocol.request<void, ComponentError | GuestError>()("Callback")<{
  readonly delivery: Delivery.Delivery
  /** Of the request that is replied to. */
  readonly id: string
  readonly reply: Result.Result<Payload, CoreError>
}> {}

/**
 * A probe of the component's health, in its turn among the messages. Answered
 * with what `health.check` reports, with `unhealthy` where it fails or takes too
 * long, and with `unknown` where the component does not export it.
 *
 * @category models
 * @since 0.1.0
 */
export class Check extends Protocol.request<HealthReport, ComponentError>()("Check") {}

/**
 * What a component says of its own health.
 *
 * @category models
 * @since 0.1.0
 */
export interface HealthReport {
  readonly status: "healthy" | "degraded" | "unhealthy" | "unknown"
  /** One line for people, escaped and cut. */
  readonly detail: string | undefined
}

/**
 * Everything that a component's actor takes.
 *
 * @category models
 * @since 0.1.0
 */
export type ComponentMessage = Invoke | Deliver | Callback | Check

/**
 * Calls an export through a component's ref; `component` names it in errors. A
 * component that is being restarted or has ended fails at once instead of
 * waiting.
 *
 * @category combinators
 * @since 0.1.0
 */
export const invoke = (
  ref: ActorRef<Invoke>,
  component: string,
  target: Contract.Target,
  args: ReadonlyArray<unknown>
): Effect.Effect<CallResult, ComponentError> => invokeFor(ref, component, target, args, Function.identity)

/**
 * `invoke`, for what a caller takes of the result.
 *
 * @category combinators
 * @since 0.1.0
 */
export const invokeFor = <A>(
  ref: ActorRef<Invoke>,
  component: string,
  target: Contract.Target,
  args: ReadonlyArray<unknown>,
  take: (result: CallResult) => A
): Effect.Effect<A, ComponentError> =>
  Effect.withFiber((fiber) =>
    invokeIn(fiber, ref, component, new Invoke(target, args, Delivery.originOf(fiber.context)), take)
  )

const invokeIn = <A>(
  fiber: Fiber.Fiber<unknown, unknown>,
  ref: ActorRef<Invoke>,
  component: string,
  request: Invoke,
  take: (result: CallResult) => A
): Effect.Effect<A, ComponentError> => {
  const refused = unavailable(ref, component, request)
  if (refused !== undefined) return Effect.fail(refused)
  const collect = fiber.getRef(Receipt.Collector)
  return Pending.askIn(fiber, ref, request, (exit) => taken(exit, component, request, take, collect))
}

const taken = <A>(
  exit: Exit.Exit<CallResult, ComponentError | AskError>,
  component: string,
  request: Invoke,
  take: (result: CallResult) => A,
  collect: ((receipt: Receipt.CallReceipt) => void) | undefined
): Exit.Exit<A, ComponentError> => {
  if (Exit.isFailure(exit)) {
    return Exit.failCause(Cause.map(
      exit.cause,
      (error) => error instanceof ComponentError ? error : unanswered(component, request, error, request)
    ))
  }
  collect?.({ ...exit.value.receipt, component, export: Contract.exportName(request) })
  return Exit.succeed(take(exit.value))
}

const unavailable = (
  ref: ActorRef<never>,
  component: string,
  target: Contract.Target
): ComponentError | undefined => {
  switch (ref.status()) {
    case "Restarting":
      return failed(component, target, "Restarting", "is being restarted")
    case "Stopping":
    case "Stopped":
    case "Failed":
      return failed(component, target, "Stopped", "is stopped")
    default:
      return undefined
  }
}

const failed = (
  component: string,
  target: Contract.Target,
  reason: "Busy" | "Poisoned" | "Restarting" | "Stopped",
  detail: string,
  cause?: unknown
): ComponentError =>
  new ComponentError({
    component,
    export: Contract.exportName(target),
    reason: { _tag: reason },
    detail,
    denials: [],
    ...(cause === undefined ? undefined : { cause })
  })

/**
 * Why a request to a component's actor has no answer, in the words of components.
 *
 * @category combinators
 * @since 0.1.0
 */
export const unanswered = (
  component: string,
  target: Contract.Target,
  error: AskError,
  request: object
): ComponentError => {
  switch (error._tag) {
    case "MessageRefused": {
      const exceeded = quotaRefusals.of(request)
      return exceeded === undefined
        ? failed(component, target, "Poisoned", error.message)
        : quotaRefusals.toError(component, target, exceeded)
    }
    case "MailboxFull":
      return failed(component, target, "Busy", error.message)
    case "ActorStopped":
      return failed(component, target, "Stopped", "was stopped")
    case "ActorCrashed": {
      const failure = Cause.squash(error.cause)
      if (failure instanceof ComponentError) return failure
      return failed(
        component,
        target,
        "Poisoned",
        "the host failed in this call, and the instance is gone",
        failure
      )
    }
    default:
      return failed(component, target, "Poisoned", error.message)
  }
}
