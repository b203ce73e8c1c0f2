/** How an exchange delivers. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import type * as PubSub from "effect/PubSub"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { AuditLog } from "../../security/AuditLog.ts"
import type { Message } from "../../security/MessagingSubscribe.ts"
import * as Pattern from "../../security/Pattern.ts"
import type { Principal } from "../../security/Principal.ts"
import { Quotas } from "../../security/Quotas.ts"
import type { Undeliverable } from "../../security/Undeliverable.ts"
import * as ComponentDirectory from "../ComponentDirectory.ts"
import { Callback, Deliver } from "../ComponentMessage.ts"
import * as Delivery from "../Delivery.ts"
import type { DeadLetter, Exchange, Options } from "../Exchange.ts"
import * as Payload from "../Payload.ts"
import { Backlog } from "./backlog.ts"
import * as coreErrors from "./coreErrors.ts"
import * as coreExports from "./coreExports.ts"
import * as hostRun from "./hostRun.ts"
import { failureOf, Mail, type Posted } from "./mail.ts"
import * as mailChecks from "./mailChecks.ts"
import { MailFates } from "./mailFates.ts"
import { type Listener, TopicTable } from "./topicTable.ts"
import { Waitings } from "./waitings.ts"

type Service = Exchange["Service"]
type Origin = Delivery.Origin
type Tell = (message: Message) => void

/** The origin of what the current fiber sends as a principal, on behalf of whom it and its power act. */
export const fromHere = <A, E, R>(
  { onBehalfOf, sender }: { readonly sender: Principal; readonly onBehalfOf: ReadonlyArray<Principal> },
  use: (from: Origin) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const here = Delivery.originOf(fiber.context)
    const isThere = ({ id, kind }: Principal) => here.onBehalfOf.some((other) => other.kind === kind && other.id === id)
    return use({
      sender: sender.kind === "Host" ? Delivery.fromHost.sender : { _tag: sender.kind, id: sender.id },
      tenant: here.tenant,
      correlation: here.correlation,
      onBehalfOf: [...here.onBehalfOf, ...onBehalfOf.filter((one) => !isThere(one))]
    })
  })

const spanOf = (context: Context.Context<never>): Tracer.AnySpan | undefined =>
  Option.getOrUndefined(Context.getOption(context, Tracer.ParentSpan))

const senderName = ({ sender }: Origin): string | undefined => sender._tag === "Host" ? undefined : sender.id

interface Sending {
  readonly to: string
  readonly payload: Payload.Payload
  readonly from: Origin
  readonly topic?: string
  readonly wantsReply: boolean
  readonly ttlMillis: number
  readonly span: Tracer.AnySpan | undefined
}

class Exchanging {
  readonly #checking: mailChecks.Checking
  readonly #mail: Mail
  readonly #fates: MailFates
  readonly #maxWaitMillis: number
  readonly #maxSubscriptions: number
  readonly #topics = new TopicTable<Tell | undefined>()
  readonly #waitings = new Waitings()

  constructor(checking: mailChecks.Checking, mail: Mail, fates: MailFates, options: Options) {
    this.#checking = checking
    this.#mail = mail
    this.#fates = fates
    this.#maxWaitMillis = Duration.toMillis(Duration.fromInputUnsafe(options.maxWait ?? "5 minutes"))
    this.#maxSubscriptions = options.maxSubscriptions ?? 256
  }

  readonly send: Service["send"] = (to, payload, from) =>
    Effect.withFiber(({ context }) => {
      const sending = { to, payload, from, wantsReply: false, ttlMillis: this.#maxWaitMillis, span: spanOf(context) }
      return Effect.fromResult(Result.map(this.#deliver(sending), ({ id }) => id))
    })

  readonly post: Service["post"] = (to, payload, timeout, from) =>
    Effect.gen({ self: this }, function*() {
      const { id, reply } = yield* this.#start(to, payload, timeout, from)
      const answer = Effect.flatMap(Effect.result(reply), (answer) =>
        this.#callBack(to, id, Result.mapError(answer, coreErrors.of), from))
      yield* Effect.forkScoped(answer, { startImmediately: true })
      return id
    })

  readonly request: Service["request"] = (to, payload, timeout, from) =>
    Effect.suspend(() => {
      const { sender } = from
      if (sender._tag !== "Component") return Effect.flatMap(this.#start(to, payload, timeout, from), (_) => _.reply)
      if (this.#waitings.doesReach(to, sender.id)) {
        this.#fates.sent++
        const failure = mailChecks.undeliverable(to, "Cycle", `it waits for a reply of ${sender.id}`)
        return Effect.fail(this.#mail.refuse(failure, from))
      }
      return Effect.acquireUseRelease(
        Effect.sync(() => this.#waitings.begin(sender.id, to)),
        () => Effect.flatMap(this.#start(to, payload, timeout, from), (_) => _.reply),
        (end) => Effect.sync(end)
      )
    })

  readonly publish: Service["publish"] = (topic, payload, from) =>
    Effect.withFiber(({ context }) => {
      const listeners = this.#topics.matching(topic)
      const failure = listeners === undefined
        ? mailChecks.undeliverable(topic, "NotFound", "that is no topic")
        : mailChecks.outgoing(this.#checking, topic, payload, from)
      if (failure !== undefined || listeners === undefined) {
        this.#fates.sent++
        return Effect.fail(this.#mail.refuse(failure!, from, topic))
      }
      this.#fates.published++
      if (listeners.length === 0) this.#fates.unheard++
      const sending = { payload, from, topic, wantsReply: false, ttlMillis: this.#maxWaitMillis, span: spanOf(context) }
      for (const { subscriber, tell } of listeners) {
        this.#fates.sent++
        if (subscriber !== undefined) this.#put({ ...sending, to: subscriber })
        else {
          tell?.({ topic, sender: senderName(from), payload })
          this.#fates.delivered++
        }
      }
      return Effect.void
    })

  readonly attach: Service["attach"] = (text, component) =>
    Effect.flatMap(this.#pattern(text), (pattern) =>
      this.#topics.of(component) < this.#maxSubscriptions
        ? this.#listening({ pattern, subscriber: component, tell: undefined })
        : Effect.fail(
          mailChecks.undeliverable(text, "TooMany", `${component} has ${this.#maxSubscriptions} subscriptions`)
        ))

  readonly messages: Service["messages"] = (text) =>
    Stream.unwrap(Effect.gen({ self: this }, function*() {
      const pattern = yield* this.#pattern(text)
      const backlog = yield* Backlog.make
      yield* this.#listening({
        pattern,
        subscriber: undefined,
        tell: (message) => backlog.add(message)
      })
      return backlog.messages
    }))

  readonly metrics: Service["metrics"] = Effect.sync(() => this.#fates.metrics(this.#topics.size))

  #pattern(text: string): Effect.Effect<Pattern.Pattern, Undeliverable> {
    return Effect.fromResult(
      Result.mapError(
        Pattern.parse("messaging.subscribe", text),
        ({ message }) => mailChecks.undeliverable(text.slice(0, 80), "NotFound", message)
      )
    )
  }

  #listening(listener: Listener<Tell | undefined>): Effect.Effect<void, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => this.#topics.add(listener)),
      () => Effect.sync(() => this.#topics.remove(listener))
    )
  }

  #deliver(sending: Sending): Result.Result<Posted, Undeliverable> {
    const { from, payload, to } = sending
    this.#fates.sent++
    const failure = mailChecks.outgoing(this.#checking, to, payload, from)
    return failure === undefined ? this.#put(sending) : Result.fail(this.#mail.refuse(failure, from))
  }

  #put({ from, payload, span, to, topic, ttlMillis, wantsReply }: Sending): Result.Result<Posted, Undeliverable> {
    const { asking, lookup } = this.#checking.directory
    const entry = topic === undefined ? lookup(to) : asking(to)
    const recipient = mailChecks.incoming(this.#checking, to, entry, payload, from)
    if (Result.isFailure(recipient)) return Result.fail(this.#mail.refuse(recipient.failure, from, topic))
    const id = this.#mail.nextId()
    const message = new Deliver({ delivery: Delivery.make(id, from), topic, wantsReply, payload })
    return this.#mail.post({ id, to: recipient.success, message, from, topic, ttlMillis, span })
  }

  /** A request on its way, and what waits for its reply within its time. */
  #start(to: string, payload: Payload.Payload, timeout: Duration.Input, from: Origin) {
    return Effect.withFiber(({ context }) => {
      const given = Duration.toMillis(Duration.fromInputUnsafe(timeout))
      const ttlMillis = Math.min(Math.max(given, 0), this.#maxWaitMillis)
      const deadline = Context.get(context, Clock.Clock).currentTimeMillisUnsafe() + ttlMillis
      const sending = { to, payload, from, wantsReply: true, ttlMillis, span: spanOf(context) }
      return Effect.fromResult(
        Result.map(this.#deliver(sending), (posted) => ({
          id: posted.id,
          reply: this.#awaited(posted, to, from, deadline)
        }))
      )
    })
  }

  /** Brings the reply of a request to the component that sent it. */
  #callBack(replier: string, id: string, reply: Callback["reply"], { sender, ...from }: Origin): Effect.Effect<void> {
    return Effect.withFiber(({ context }) => {
      const to = sender._tag === "Host" ? "the host" : sender.id
      const origin: Origin = { ...from, sender: { _tag: "Component", id: replier } }
      const entry = this.#checking.directory.asking(to)
      this.#fates.sent++
      if (entry === undefined || !ComponentDirectory.doesExport(entry, coreExports.callbackHandler.world)) {
        this.#mail.refuse(mailChecks.undeliverable(to, "NotFound", "it handles no replies"), origin)
        return Effect.void
      }
      const own = this.#mail.nextId()
      const message = new Callback({ delivery: Delivery.make(own, origin), id, reply })
      const [ttlMillis, span] = [this.#maxWaitMillis, spanOf(context)]
      this.#mail.post({ id: own, to: entry, message, from: origin, topic: undefined, ttlMillis, span })
      return Effect.void
    })
  }

  #awaited(
    posted: Posted,
    to: string,
    from: Origin,
    deadline: number
  ): Effect.Effect<Payload.Payload, Undeliverable> {
    const late = Effect.fail(mailChecks.undeliverable(to, "TimedOut", "no reply came in time"))
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Fiber.await(posted.fiber).pipe(
        Effect.onInterrupt(() =>
          Effect.sync(() => {
            posted.isAbandoned = true
          })
        ),
        Effect.timeoutOrElse({ duration: Math.max(0, deadline - now), orElse: () => late }),
        Effect.flatMap((exit) => {
          const failure = failureOf(to, exit)
          if (failure !== undefined || Exit.isFailure(exit)) return Effect.fail(failure!)
          const payload = exit.value
          if (payload === undefined) return Effect.fail(mailChecks.undeliverable(to, "NoReply", "it replied nothing"))
          const wrong = mailChecks.reply(this.#checking, to, payload, from)
          return wrong === undefined ? Effect.succeed(payload) : Effect.fail(wrong)
        })
      ))
  }
}

/** Makes what an exchange does, in the scope of its layer. */
export const make = Effect.fnUntraced(function*({ audit, deadLetters, directory, options }: {
  readonly audit: AuditLog["Service"]
  readonly directory: ComponentDirectory.ComponentDirectory["Service"]
  readonly deadLetters: PubSub.PubSub<DeadLetter>
  readonly options: Options
}) {
  const quotas = Option.getOrUndefined(yield* Effect.serviceOption(Quotas))
  const run = yield* FiberSet.makeRuntime<never>()
  const fates = new MailFates(deadLetters)
  return new Exchanging(
    { audit, directory, quotas, maxBytes: options.maxBytes ?? Payload.maxBytes },
    new Mail(yield* hostRun.make, fates, run, options.maxWaiting ?? 100),
    fates,
    options
  )
})
