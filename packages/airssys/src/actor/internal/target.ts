// @effect-diagnostics anyUnknownInErrorContext:off
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import type { AskError, OfferError } from "../ActorError.ts"
import { type ActorRef, type AskOptions, isActorRef, type Priority, type SendOptions } from "../ActorRef.ts"
import type * as Protocol from "../Protocol.ts"
import type { Ask } from "./ask.ts"
import { millisOf } from "./durations.ts"
import type { Ticket } from "./lanes.ts"

/** Who sent a message, or waits for its answer. */
export type From = ActorRef<never> | Ask | undefined

/** Why a message was not taken. */
export type Refusal = "MailboxFull" | "ActorStopped" | "Invalid" | "Refused"

/** How a message is to be taken, where it is not the plain way. */
export interface Delivery {
  /** Taken unchecked, and by a full mailbox too. */
  readonly isForced: boolean
  /** Has its place: taken at its turn by a full mailbox too. */
  readonly isExpected?: boolean
  /** `Next` goes before all others. */
  readonly priority: Priority | "Next"
  readonly ttlMillis: number
  readonly ticket: Ticket | undefined
  /** In which it is sent, where the system carries spans. */
  readonly span?: Tracer.AnySpan | undefined
}

export const plainDelivery: Delivery = {
  isForced: false,
  priority: "Normal",
  ttlMillis: Infinity,
  ticket: undefined
}

const priorities: ReadonlySet<unknown> = new Set<Priority>(["System", "High", "Normal", "Low"])

/** What the options of a send ask for; nothing where that is the plain way. */
export const deliveryOf = (options: SendOptions | undefined): Delivery | undefined => {
  const priority = options?.priority ?? "Normal"
  const ttl = options?.ttl
  if (priority === "Normal" && ttl === undefined) return undefined
  if (!priorities.has(priority)) {
    throw new RangeError(`A priority is one of ${[...priorities].join(", ")}, not ${String(priority)}`)
  }
  return {
    isForced: false,
    priority,
    ttlMillis: ttl === undefined ? Infinity : millisOf("A time to live", ttl),
    ticket: undefined
  }
}

/** Who asks without a fiber. */
export interface Asker {
  readonly context: Context.Context<never>
  readonly ttlMillis: number
  readonly isExpected: boolean
  readonly alarm: { readonly afterMillis: number; readonly ring: () => void } | undefined
  readonly onExit: (exit: Exit.Exit<unknown, unknown>) => void
}

/** What is made of an answer. */
export type Settle<B, E> = (exit: Exit.Exit<unknown, unknown>) => Exit.Exit<B, E>

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
  /** Asks in a fiber, which gets what `settle` makes of the answer; to be given to it before its next step. */
  askSettling<B, E>(fiber: Fiber.Fiber<unknown, unknown>, request: object, settle: Settle<B, E>): Effect.Effect<B, E>
  /** Asks for who is no fiber; gives what takes the request back. */
  askFor(request: object, asker: Asker): () => void
  /** The error that tells why this message was not taken. */
  refusal(reason: Refusal, message: unknown): OfferError
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
