/**
 * Why a subscription was refused or a request not answered.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type { ActorStopped, AskError, AskTimeout } from "./ActorError.ts"

/**
 * The broker has as many subscriptions as its layer allows.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooManySubscriptions extends Data.TaggedError("TooManySubscriptions")<{ readonly limit: number }> {
  override get message(): string {
    return `The broker allows ${this.limit} subscriptions, and has them`
  }
}

/**
 * Nobody subscribes to the topic of the request.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoResponder extends Data.TaggedError("NoResponder")<{ readonly topic: string }> {
  override get message(): string {
    return `Nobody answers requests on ${this.topic}`
  }
}

/**
 * No responder answered in time, in milliseconds.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestTimeout extends Data.TaggedError("RequestTimeout")<{
  readonly topic: string
  readonly timeoutMillis: number
}> {
  override get message(): string {
    return `Nobody answered on ${this.topic} within ${this.timeoutMillis} ms`
  }
}

/**
 * Why a subscription is refused.
 *
 * @category errors
 * @since 0.1.0
 */
export type SubscribeError = ActorStopped | TooManySubscriptions

/**
 * What a request fails with besides its own error. When no responder can
 * answer any more, it is the failure of the last one.
 *
 * @category errors
 * @since 0.1.0
 */
export type RequestError = NoResponder | RequestTimeout | Exclude<AskError, AskTimeout>
