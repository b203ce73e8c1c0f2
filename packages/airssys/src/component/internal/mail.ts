/** Messages on their way into mailboxes, and what became of them. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import type { AskError } from "../../actor/ActorError.ts"
import { type Reason, Undeliverable } from "../../security/Undeliverable.ts"
import type { Entry } from "../ComponentDirectory.ts"
import type { ComponentError } from "../ComponentError.ts"
import type { Callback, Deliver } from "../ComponentMessage.ts"
import type { Origin } from "../Delivery.ts"
import type { GuestError } from "../GuestError.ts"
import type { Payload } from "../Payload.ts"
import { undeliverable } from "./mailChecks.ts"
import type { MailFates } from "./mailFates.ts"

type Failure = AskError | ComponentError | GuestError

export type Handled = Exit.Exit<Payload | undefined | void, Failure>

/** A message in a mailbox, until its fate is known. */
export interface Posted {
  readonly id: string
  readonly fiber: Fiber.Fiber<Payload | undefined | void, Failure>
  /** Whether whoever waits for its reply went away. */
  isAbandoned: boolean
}

/** A message as it is put into a mailbox. */
export interface Letter {
  readonly id: string
  readonly to: Entry
  readonly message: Deliver | Callback
  readonly from: Origin
  readonly topic: string | undefined
  /** How long it waits for its turn. */
  readonly ttlMillis: number
  /** The span in which it was sent. */
  readonly span: Tracer.AnySpan | undefined
}

type Run = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

const reasonOf = (error: Exclude<Failure, GuestError>): Reason => {
  switch (error._tag) {
    case "MailboxFull":
      return "Busy"
    case "MessageRefused":
      return "RateLimited"
    case "MessageExpired":
    case "AskTimeout":
      return "TimedOut"
    case "ActorStopped":
      return "Stopped"
    default:
      return "Failed"
  }
}

/** The failure of a message that was not handled as its sender meant it. */
export const failureOf = (to: string, exit: Handled): Undeliverable | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (error === undefined) return undeliverable(to, "Stopped", "the host ends")
  if (error._tag === "GuestError") {
    const answer = error.error
    return new Undeliverable({ to, reason: "Answered", detail: `it answered with ${answer.tag}`, answer })
  }
  const reason = reasonOf(error)
  switch (reason) {
    case "Failed":
      return undeliverable(to, reason, "it failed in handling the message")
    case "Busy":
      return undeliverable(to, reason, "its mailbox is full")
    case "RateLimited":
      return undeliverable(to, reason, error.message)
    case "TimedOut":
      return undeliverable(to, reason, "its turn did not come in time")
    default:
      return undeliverable(to, reason, "it was stopped")
  }
}

const wasHandled = (reason: Reason): boolean => reason === "Answered" || reason === "Failed"

export class Mail {
  readonly #fates: MailFates
  readonly #name: string
  readonly #run: Run
  readonly #maxWaiting: number
  /** How many messages of one component wait for another one, by both. */
  readonly #waiting = new Map<string, number>()
  #ids = 0

  /** `name` is of this run of the host. */
  constructor(name: string, fates: MailFates, run: Run, maxWaiting: number) {
    this.#name = name
    this.#fates = fates
    this.#run = run
    this.#maxWaiting = maxWaiting
  }

  nextId(): string {
    this.#ids++
    return `${this.#name}-x${this.#ids}`
  }

  /** Counts a message that is not taken, and gives why. */
  refuse(failure: Undeliverable, { sender }: Origin, topic?: string): Undeliverable {
    this.#fates.drop({ from: sender, to: failure.to, topic, reason: failure.reason })
    return failure
  }

  /** Puts a message into a mailbox, or says why not. */
  post(letter: Letter): Result.Result<Posted, Undeliverable> {
    const { from, id, message, span, to, topic, ttlMillis } = letter
    const key = from.sender._tag === "Component" ? `${from.sender.id} ${to.id}` : undefined
    const waiting = key === undefined ? 0 : this.#waiting.get(key) ?? 0
    if (waiting >= this.#maxWaiting) {
      return Result.fail(
        this.refuse(undeliverable(to.id, "Busy", `${waiting} messages of the sender wait for it`), from, topic)
      )
    }
    const ask = to.ref.ask(message as Deliver, { ttl: ttlMillis })
    const fiber = this.#run(span === undefined ? ask : Effect.provideService(ask, Tracer.ParentSpan, span))
    const posted: Posted = { id, fiber, isAbandoned: false }
    const already = fiber.pollUnsafe()
    if (already !== undefined && Exit.isFailure(already)) {
      return Result.fail(this.refuse(failureOf(to.id, already)!, from, topic))
    }
    if (key !== undefined) this.#waiting.set(key, waiting + 1)
    fiber.addObserver((exit) => {
      if (key !== undefined) this.#left(key)
      this.#settle(letter, posted, exit)
    })
    return Result.succeed(posted)
  }

  #left(key: string): void {
    const waiting = this.#waiting.get(key)! - 1
    if (waiting === 0) this.#waiting.delete(key)
    else this.#waiting.set(key, waiting)
  }

  #settle({ from, to, topic }: Letter, { isAbandoned }: Posted, exit: Handled): void {
    const failure = failureOf(to.id, exit)
    if (failure === undefined) this.#fates.delivered++
    else if (wasHandled(failure.reason)) this.#fates.failed++
    else this.refuse(failure, from, topic)
    if (isAbandoned && (failure === undefined || wasHandled(failure.reason))) this.#fates.lateReplies++
  }
}
