/** How an exchange delivers. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Take from "effect/Take"
import * as Pending from "../../actor/Pending.ts"
import type { AuditLog } from "../../security/AuditLog.ts"
import * as Pattern from "../../security/Pattern.ts"
import type { Principal } from "../../security/Principal.ts"
import { Quotas } from "../../security/Quotas.ts"
import type { Undeliverable } from "../../security/Undeliverable.ts"
import * as Argument from "../Argument.ts"
import * as ComponentDirectory from "../ComponentDirectory.ts"
import { Callback, Deliver } from "../ComponentMessage.ts"
import * as Delivery from "../Delivery.ts"
import type { DeadLetter, Exchange, Options } from "../Exchange.ts"
import * as Payload from "../Payload.ts"
import { Awaiting, type Replied } from "./awaiting.ts"
import { Backlog } from "./backlog.ts"
import * as coreErrors from "./coreErrors.ts"
import * as coreExports from "./coreExports.ts"
import * as hostRun from "./hostRun.ts"
import { failureOf, type Handled, Mail, type Waiter } from "./mail.ts"
import * as mailChecks from "./mailChecks.ts"
import { MailFates } from "./mailFates.ts"
import { OpenRequests } from "./openRequests.ts"
import { type Listener, TopicTable } from "./topicTable.ts"
import { Waitings } from "./waitings.ts"

type Service = Exchange["Service"]
type Origin = Delivery.Origin

/** The origin of what is sent in a context as a principal, on behalf of whom it and its power act. */
export const originIn = (
  context: Context.Context<never>,
  { onBehalfOf, sender }: { readonly sender: Principal; readonly onBehalfOf: ReadonlyArray<Principal> }
): Origin => {
  const here = Delivery.originOf(context)
  const isThere = ({ id, kind }: Principal) => here.onBehalfOf.some((other) => other.kind === kind && other.id === id)
  return {
    sender: sender.kind === "Host" ? Delivery.fromHost.sender : { _tag: sender.kind, id: sender.id },
    tenant: here.tenant,
    correlation: here.correlation,
    onBehalfOf: [...here.onBehalfOf, ...onBehalfOf.filter((one) => !isThere(one))]
  }
}

const senderName = ({ sender }: Origin): string | undefined => sender._tag === "Host" ? undefined : sender.id

interface Sending {
  readonly id: string
  readonly to: string
  readonly payload: Payload.Payload
  readonly from: Origin
  readonly topic?: string
  readonly wantsReply: boolean
  readonly ttlMillis: number
  readonly context: Context.Context<never>
  readonly waiter?: Waiter
}

const notBegun = (): void => {}

class Exchanging {
  readonly #checking: mailChecks.Checking
  readonly #mail: Mail
  readonly #fates: MailFates
  readonly #maxWaitMillis: number
  readonly #maxSubscriptions: number
  readonly #topics = new TopicTable<Backlog | undefined>()
  readonly #backlogs = new Set<Backlog>()
  readonly #waitings = new Waitings()
  readonly #maxRequests: number
  readonly #openRequests: OpenRequests

  constructor(checking: mailChecks.Checking, mail: Mail, fates: MailFates, options: Options) {
    this.#checking = checking
    this.#mail = mail
    this.#fates = fates
    this.#maxWaitMillis = Duration.toMillis(options.maxWait ?? "5 minutes")
    this.#maxSubscriptions = options.maxSubscriptions ?? 256
    this.#maxRequests = options.maxRequests ?? 256
    this.#openRequests = new OpenRequests(this.#maxRequests)
  }

  readonly send: Service["send"] = (to, payload, from) =>
    Effect.withFiber(({ context }) => {
      const malformed = this.#malformed(to, payload, from)
      if (malformed !== undefined) return Effect.fail(malformed)
      const id = this.#mail.nextId()
      const sending = { id, to, payload, from, wantsReply: false, ttlMillis: this.#maxWaitMillis, context }
      const failure = this.#deliver(sending)
      return failure === undefined ? Effect.succeed(id) : Effect.fail(failure)
    })

  readonly post: Service["post"] = (to, payload, timeout, from) =>
    Effect.withFiber(({ context }) => {
      const malformed = this.#malformed(to, payload, from)
      if (malformed !== undefined) return Effect.fail(malformed)
      const { sender } = from
      const done = sender._tag === "Component" ? this.#openRequests.begin(sender.id) : notBegun
      if (done === undefined) return Effect.fail(this.#tooManyRequests(to, from))
      const id = this.#mail.nextId()
      const callBack = (reply: Callback["reply"]) => this.#callBack(to, id, reply, from, context, done)
      const stop = this.#start({ id, to, payload, from, context }, timeout, done, (exit) => {
        if (Exit.isSuccess(exit)) return callBack(Result.succeed(exit.value))
        const failure = Cause.findErrorOption(exit.cause)
        if (Option.isSome(failure)) callBack(Result.fail(coreErrors.of(failure.value)))
        else done()
      })
      return Result.isSuccess(stop)
        ? Effect.as(Effect.addFinalizer(() => Effect.sync(stop.success)), id)
        : Effect.fail(stop.failure)
    })

  /** Without a fiber, where whoever runs it has none. */
  readonly request: Service["request"] = (to, payload, timeout, from) =>
    Pending.make((context, end) => {
      const malformed = this.#malformed(to, payload, from)
      if (malformed !== undefined) {
        end(Exit.fail(malformed))
        return notBegun
      }
      const { sender } = from
      if (sender._tag === "Component" && this.#waitings.doesReach(to, sender.id)) {
        this.#fates.sent++
        const failure = mailChecks.undeliverable(to, "Cycle", `it waits for a reply of ${sender.id}`)
        end(Exit.fail(this.#mail.refuse(failure, from)))
        return notBegun
      }
      const done = sender._tag === "Component" ? this.#waitings.begin(sender.id, to) : notBegun
      const stop = this.#start({ id: this.#mail.nextId(), to, payload, from, context }, timeout, done, (exit) => {
        done()
        end(exit)
      })
      if (Result.isSuccess(stop)) return stop.success
      end(Exit.fail(stop.failure))
      return notBegun
    })

  readonly publish: Service["publish"] = (topic, payload, from) =>
    Effect.withFiber(({ context }) => {
      const malformed = this.#malformed(topic, payload, from)
      if (malformed !== undefined) return Effect.fail(malformed)
      const listeners = this.#topics.matching(topic)
      const failure = listeners === undefined
        ? mailChecks.undeliverable(topic, "NotFound", "that is no topic")
        : this.#refusal(topic, payload, from)
      if (failure !== undefined || listeners === undefined) {
        this.#fates.sent++
        return Effect.fail(this.#mail.refuse(failure!, from, topic))
      }
      this.#fates.published++
      if (listeners.length === 0) this.#fates.unheard++
      const sending = { payload, from, topic, wantsReply: false, ttlMillis: this.#maxWaitMillis, context }
      for (const { subscriber, tell } of listeners) {
        this.#fates.sent++
        if (subscriber !== undefined) this.#put({ ...sending, id: this.#mail.nextId(), to: subscriber })
        else {
          tell?.add({ topic, sender: senderName(from), payload })
          this.#fates.delivered++
        }
      }
      return Effect.void
    })

  readonly attach: Service["attach"] = (text, component) =>
    Effect.flatMap(this.#subscription(text, component), (pattern) =>
      this.#topics.of(component) < this.#maxSubscriptions
        ? this.#listening({ pattern, subscriber: component, tell: undefined })
        : Effect.fail(
          mailChecks.undeliverable(text, "TooMany", `${component} has ${this.#maxSubscriptions} subscriptions`)
        ))

  readonly messages: Service["messages"] = (text) =>
    Stream.unwrap(Effect.gen({ self: this }, function*() {
      const backlog = yield* Backlog.make
      this.#backlogs.add(backlog)
      yield* Effect.addFinalizer(() => Effect.sync(() => this.#backlogs.delete(backlog)))
      const pattern = yield* this.#pattern(text)
      yield* this.#listening({ pattern, subscriber: undefined, tell: backlog })
      return backlog.messages
    }))

  readonly metrics: Service["metrics"] = Effect.sync(() => this.#fates.metrics(this.#topics.size))

  /** Whoever waits is told, and nothing is taken any more. */
  close(): void {
    this.#mail.close()
    for (const backlog of this.#backlogs) backlog.close()
  }

  #malformed(to: string, payload: Payload.Payload, from: Origin): Undeliverable | undefined {
    const failure = mailChecks.malformed(to, payload, from)
    if (failure === undefined) return undefined
    this.#fates.sent++
    return this.#mail.refuse(failure, Delivery.fromHost)
  }

  #tooManyRequests(to: string, from: Origin): Undeliverable {
    this.#fates.sent++
    const detail = `${this.#maxRequests} requests of the sender have no reply that it has handled`
    return this.#mail.refuse(mailChecks.undeliverable(to, "TooMany", detail), from)
  }

  #subscription(text: string, component: string): Effect.Effect<Pattern.Pattern, Undeliverable> {
    if (typeof component === "string") return this.#pattern(text)
    const detail = "nobody would listen: give the id of a component"
    return Effect.fail(mailChecks.undeliverable(mailChecks.named(text), "Malformed", detail))
  }

  /** The pattern of who would listen. */
  #pattern(text: string): Effect.Effect<Pattern.Pattern, Undeliverable> {
    return Effect.suspend(() => {
      if (typeof text !== "string") {
        const detail = "that is no pattern: give a text"
        return Effect.fail(mailChecks.undeliverable(mailChecks.named(text), "Malformed", detail))
      }
      const to = text.slice(0, 80)
      const closed = this.#mail.closed(to)
      if (closed !== undefined) return Effect.fail(closed)
      return Effect.fromResult(
        Result.mapError(
          Pattern.parse("messaging.subscribe", text),
          ({ message }) => mailChecks.undeliverable(to, "NotFound", message)
        )
      )
    })
  }

  #listening(listener: Listener<Backlog | undefined>): Effect.Effect<void, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => this.#topics.add(listener)),
      () => Effect.sync(() => this.#topics.remove(listener))
    )
  }

  #refusal(to: string, payload: Payload.Payload, from: Origin): Undeliverable | undefined {
    return this.#mail.closed(to) ?? mailChecks.outgoing(this.#checking, to, payload, from)
  }

  #deliver(sending: Sending): Undeliverable | undefined {
    const { from, payload, to } = sending
    this.#fates.sent++
    const failure = this.#refusal(to, payload, from)
    return failure === undefined ? this.#put(sending) : this.#mail.refuse(failure, from)
  }

  #put({ context, from, id, payload, to, topic, ttlMillis, waiter, wantsReply }: Sending): Undeliverable | undefined {
    const { asking, lookup } = this.#checking.directory
    const entry = topic === undefined ? lookup(to) : asking(to)
    const recipient = mailChecks.incoming(this.#checking, to, entry, payload, from)
    if (Result.isFailure(recipient)) return this.#mail.refuse(recipient.failure, from, topic)
    const message = new Deliver({ delivery: Delivery.make(id, from), topic, wantsReply, payload })
    return this.#mail.post({ id, to: recipient.success, message, from, topic, ttlMillis, context, waiter })
  }

  /**
   * Sends a request, and calls `end` once with its reply, or why there is none
   * within its time. Gives what ends the wait. Where nothing is sent, also because
   * the request cannot be read, `unsent` is called.
   */
  #start(
    request: Pick<Sending, "id" | "to" | "payload" | "from" | "context">,
    timeout: Duration.Input,
    unsent: () => void,
    end: (exit: Replied) => void
  ): Result.Result<() => void, Undeliverable> {
    const { from, to } = request
    const given = Argument.durationOf(timeout)
    if (given === undefined) {
      unsent()
      this.#fates.sent++
      const failure = mailChecks.undeliverable(to, "Malformed", `its timeout is none: give a time such as "5 seconds"`)
      return Result.fail(this.#mail.refuse(failure, from))
    }
    const waiter = new Awaiting(
      (exit) => this.#replyOf(to, from, exit),
      () => Exit.fail(mailChecks.undeliverable(to, "TimedOut", "no reply came in time")),
      end
    )
    let isSent = false
    try {
      const ttlMillis = Math.min(Duration.toMillis(given), this.#maxWaitMillis)
      const failure = this.#deliver({ ...request, wantsReply: true, ttlMillis, waiter })
      isSent = failure === undefined
      return failure === undefined ? Result.succeed(() => waiter.abandon(Exit.interrupt)) : Result.fail(failure)
    } finally {
      if (!isSent) unsent()
    }
  }

  #replyOf(to: string, from: Origin, exit: Handled): Replied {
    const failure = failureOf(to, exit)
    if (failure !== undefined || Exit.isFailure(exit)) return Exit.fail(failure!)
    const payload = exit.value
    if (payload === undefined) return Exit.fail(mailChecks.undeliverable(to, "NoReply", "it replied nothing"))
    const wrong = mailChecks.reply(this.#checking, to, payload, from)
    return wrong === undefined ? Exit.succeed(payload) : Exit.fail(wrong)
  }

  /** Brings the reply of a request to the component that sent it. */
  #callBack(
    replier: string,
    id: string,
    reply: Callback["reply"],
    { sender, ...from }: Origin,
    context: Context.Context<never>,
    done: () => void
  ): void {
    const to = sender._tag === "Host" ? "the host" : sender.id
    const origin: Origin = { ...from, sender: { _tag: "Component", id: replier } }
    const entry = this.#checking.directory.asking(to)
    this.#fates.sent++
    if (entry === undefined || !ComponentDirectory.doesExport(entry, coreExports.callbackHandler.world)) {
      this.#mail.refuse(mailChecks.undeliverable(to, "NotFound", "it handles no replies"), origin)
      return done()
    }
    const own = this.#mail.nextId()
    const message = new Callback({ delivery: Delivery.make(own, origin), id, reply })
    const letter = { id: own, to: entry, message, from: origin, topic: undefined, context, waiter: undefined, done }
    if (this.#mail.post({ ...letter, ttlMillis: this.#maxWaitMillis }) !== undefined) done()
  }
}

/** Makes what an exchange does, in the scope of its layer. */
export const make = Effect.fnUntraced(function*({ audit, deadLetters, directory, options }: {
  readonly audit: AuditLog["Service"]
  readonly directory: ComponentDirectory.ComponentDirectory["Service"]
  readonly deadLetters: PubSub.PubSub<Take.Take<DeadLetter>>
  readonly options: Options
}) {
  const quotas = Option.getOrUndefined(yield* Effect.serviceOption(Quotas))
  const fates = new MailFates(deadLetters)
  const mail = new Mail(yield* hostRun.make, fates, options.maxWaiting ?? 100)
  const checking = { audit, directory, quotas, maxBytes: options.maxBytes ?? Payload.maxBytes }
  const exchanging = new Exchanging(checking, mail, fates, options)
  yield* Effect.addFinalizer(() =>
    Effect.andThen(Effect.sync(() => exchanging.close()), PubSub.end(deadLetters, Exit.void))
  )
  return exchanging
})
