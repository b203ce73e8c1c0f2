/** Messages on their way into mailboxes, and what became of them. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AskError } from "../../actor/ActorError.ts"
import * as Pending from "../../actor/Pending.ts"
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

/** Who waits for the reply to a message. */
export interface Waiter {
  /** Whether nobody does any more. */
  readonly isAbandoned: boolean
  onExit(exit: Handled): void
  /** The time for the reply is over. */
  onLate(): void
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
  /** In which it was sent, with its clock and its span. */
  readonly context: Context.Context<never>
  readonly waiter: Waiter | undefined
  /** Of the reply that its recipient asked for: called when it is over. It has its place in the mailbox. */
  readonly done?: (() => void) | undefined
}

/** A message in a mailbox, until its fate is known. */
class Posted {
  /** Keeps the shape alive while there is none, and with it the code that was compiled for it. */
  static readonly shape: Posted = new Posted(undefined as never, undefined)

  readonly letter: Letter
  /** Who may have so many messages wait for the recipient. */
  readonly key: string | undefined
  /** What became of it while it was put into the mailbox. */
  already: Handled | undefined = undefined
  takeBack: (() => void) | undefined = undefined

  constructor(letter: Letter, key: string | undefined) {
    this.letter = letter
    this.key = key
  }
}

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
    case "ComponentError":
      return refusals[error.reason._tag] ?? "Failed"
    default:
      return "Failed"
  }
}

/** Why a guest never saw a message whose turn had come. */
const refusals: Partial<Record<ComponentError["reason"]["_tag"], Reason>> = {
  BadArgument: "TooLarge",
  Busy: "Busy",
  QuotaExceeded: "Busy"
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
      return undeliverable(to, reason, error._tag === "ComponentError" ? error.detail : "its mailbox is full")
    case "RateLimited":
      return undeliverable(to, reason, error.message)
    case "TooLarge":
      return undeliverable(to, reason, "it takes more than half of the recipient's memory limit")
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
  readonly #maxWaiting: number
  /** How many messages of one component wait for another one, by both. */
  readonly #waiting = new Map<string, number>()
  readonly #posted = new Set<Posted>()
  #isClosed = false
  #ids = 0

  /** `name` is of this run of the host. */
  constructor(name: string, fates: MailFates, maxWaiting: number) {
    this.#name = name
    this.#fates = fates
    this.#maxWaiting = maxWaiting
  }

  /** Why nothing is taken any more, for whomever it is; undefined while it is. */
  closed(to: string): Undeliverable | undefined {
    return this.#isClosed ? undeliverable(to, "Stopped", "the host has ended") : undefined
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

  /** Puts a message into a mailbox: undefined, or why not. */
  post(letter: Letter): Undeliverable | undefined {
    const { done, from, to, topic } = letter
    const key = from.sender._tag === "Component" && done === undefined ? `${from.sender.id} ${to.id}` : undefined
    const waiting = key === undefined ? 0 : this.#waiting.get(key) ?? 0
    if (waiting >= this.#maxWaiting) {
      return this.refuse(undeliverable(to.id, "Busy", `${waiting} messages of the sender wait for it`), from, topic)
    }
    const posted = this.#ask(letter, key)
    const { already } = posted
    if (already !== undefined && Exit.isFailure(already)) {
      return this.refuse(failureOf(to.id, already)!, from, topic)
    }
    if (key !== undefined) this.#waiting.set(key, waiting + 1)
    this.#posted.add(posted)
    if (already !== undefined) this.#settle(posted, already)
    return undefined
  }

  #ask(letter: Letter, key: string | undefined): Posted {
    const { context, done, message, to, ttlMillis, waiter } = letter
    const posted = new Posted(letter, key)
    posted.takeBack = Pending.askUnsafe(to.ref, message as Deliver, {
      context,
      isExpected: done !== undefined,
      ttl: ttlMillis,
      alarm: waiter && { after: ttlMillis, ring: () => waiter.onLate() },
      onExit: (exit: Handled) => {
        if (posted.takeBack === undefined) posted.already = exit
        else this.#settle(posted, exit)
      }
    })
    return posted
  }

  #left(key: string): void {
    const waiting = this.#waiting.get(key)! - 1
    if (waiting === 0) this.#waiting.delete(key)
    else this.#waiting.set(key, waiting)
  }

  #settle(posted: Posted, exit: Handled): void {
    const { key, letter: { done, from, to, topic, waiter } } = posted
    this.#posted.delete(posted)
    done?.()
    if (key !== undefined) this.#left(key)
    const failure = failureOf(to.id, exit)
    if (failure === undefined) this.#fates.delivered++
    else if (wasHandled(failure.reason)) this.#fates.failed++
    else this.refuse(failure, from, topic)
    if (waiter?.isAbandoned === true && (failure === undefined || wasHandled(failure.reason))) this.#fates.lateReplies++
    waiter?.onExit(exit)
  }

  /** Nobody waits for what is on its way any more, and nothing else is taken. */
  close(): void {
    this.#isClosed = true
    for (const posted of this.#posted) {
      posted.takeBack!()
      this.#settle(posted, Exit.interrupt())
    }
  }
}
