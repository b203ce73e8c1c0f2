// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Effect from "effect/Effect"
import type { ActorStopped, AskError, MailboxFull } from "../ActorError.ts"
import { type ActorRef, type AskOptions, isActorRef } from "../ActorRef.ts"
import type * as Protocol from "../Protocol.ts"
import type { Ask } from "./ask.ts"

/** Who sent a message, or waits for its answer. */
export type From = ActorRef<never> | Ask | undefined

/** Why a message was not taken. */
export type Refusal = "MailboxFull" | "ActorStopped"

/** How a message is to be taken, where it is not the plain way. */
export interface Delivery {
  /** Taken by a full mailbox too. */
  readonly isForced: boolean
}

/**
 * What a ref is inside: where messages go with the identity of their sender.
 * An actor's cell is one; a ref that stands for several actors is another.
 */
export interface Target {
  /** Takes a message, or gives the reason it became a dead letter. */
  send(message: unknown, from: From, delivery?: Delivery): Refusal | undefined
  askAs<Reply, Error>(
    sender: ActorRef<never> | undefined,
    request: Protocol.Request<Reply, Error>,
    options: AskOptions | undefined
  ): Effect.Effect<Reply, Error | AskError>
  refusal(reason: Refusal): MailboxFull | ActorStopped
  /** Holds a request no longer. If it is answered all the same, its ask is settled. */
  withdraw(request: object, ask: Ask): void
  /** Calls `cleanup` when this life ends, once; returns what takes it back. */
  onLifeEnd(cleanup: () => void): () => void
}

/** What is behind a ref that may be more than one actor. */
export const targetOf = (ref: ActorRef<never>): Target => {
  if (isActorRef(ref) && "send" in ref) return ref as unknown as Target
  throw new TypeError("Not a ref that an actor system gave out")
}
