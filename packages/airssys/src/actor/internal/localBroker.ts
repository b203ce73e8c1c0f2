// A request fails with its own error type: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import {
  ActorCrashed,
  ActorRestarted,
  ActorStopped,
  InvalidMessage,
  MailboxFull,
  MessageExpired,
  MessageRefused
} from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import { NoResponder, type RequestError, RequestTimeout, TooManySubscriptions } from "../BrokerError.ts"
import type * as Protocol from "../Protocol.ts"
import type { Pattern, Topic } from "../Topic.ts"
import { Ask } from "./ask.ts"
import { durationOf } from "./durations.ts"
import { type Target, targetOf } from "./target.ts"
import { type Listener, matchSegments, type Route, TopicKey, Trie } from "./topics.ts"

type Answer = Effect.Effect<unknown, unknown>

/** A subscription, at its place in the trie of its protocol. */
class Entry implements Listener {
  readonly broker: LocalBroker
  readonly ref: ActorRef<never>
  readonly target: Target
  readonly key: TopicKey
  at = -1
  /** Takes it out of what its subscriber cleans up. */
  release: () => void = () => {}

  constructor(broker: LocalBroker, ref: ActorRef<never>, key: TopicKey) {
    this.broker = broker
    this.ref = ref
    this.target = targetOf(ref)
    this.key = key
  }

  get segments(): ReadonlyArray<string> {
    return this.key.segments
  }

  get pattern(): string {
    return this.key.name
  }

  isActive(): boolean {
    return this.at >= 0
  }
}

/** The topics of one protocol. */
interface Space {
  readonly trie: Trie<Entry>
  readonly retained: Map<string, Retained>
}

interface Retained {
  readonly key: TopicKey
  readonly space: Space
  readonly message: unknown
}

/**
 * A request under way. It is counted in full before it is sent to anybody: an
 * answer may come while it is still being sent. When it is over, those who have
 * not answered keep their asks until they have ended the message, so that an
 * answer is known to be late; what they held for later is withdrawn.
 */
class Gathering {
  private isOver = false
  private pending: number
  private readonly broker: LocalBroker
  private readonly request: object
  private readonly resume: (answer: Answer) => void
  private readonly asked: Array<Asked> = []

  constructor(broker: LocalBroker, request: object, responders: number, resume: (answer: Answer) => void) {
    this.broker = broker
    this.request = request
    this.pending = responders
    this.resume = resume
  }

  ask(responder: Target, sender: ActorRef<never> | undefined): void {
    const ask = new Ask(sender, { evaluate: (answer) => this.take(answer) })
    this.asked.push({ responder, ask })
    const refused = responder.send(this.request, ask)
    if (refused !== undefined) ask.settle(Exit.fail(responder.refusal(refused, this.request)))
  }

  private take(answer: Answer): void {
    const isLast = --this.pending === 0
    const isAnswer = !isLoss(answer)
    if (this.isOver) {
      if (isAnswer) this.broker.lateReplies++
      return
    }
    if (!isAnswer && !isLast) return
    this.giveUp()
    this.resume(answer)
  }

  giveUp(): void {
    this.isOver = true
    for (const { ask, responder } of this.asked) responder.withdraw(this.request, ask)
  }
}

interface Asked {
  readonly responder: Target
  readonly ask: Ask
}

const isLoss = (answer: Answer): boolean => {
  if (!Exit.isExit(answer) || answer._tag === "Success") return false
  const error = Option.getOrUndefined(Exit.findErrorOption(answer))
  return error instanceof ActorStopped || error instanceof ActorCrashed || error instanceof ActorRestarted ||
    error instanceof MailboxFull || error instanceof InvalidMessage || error instanceof MessageRefused ||
    error instanceof MessageExpired
}

export class LocalBroker {
  private readonly spaces = new WeakMap<Protocol.Any, Space>()
  /** Those of all protocols, that published longest ago first. */
  private readonly kept = new Set<Retained>()
  private readonly subscriptions = new Set<Entry>()
  private published = 0
  private delivered = 0
  private unheard = 0
  private requests = 0
  private evicted = 0
  lateReplies = 0
  private isClosed = false
  private readonly limits: { readonly maxSubscriptions: number; readonly maxRetained: number }

  constructor(limits: { readonly maxSubscriptions: number; readonly maxRetained: number }) {
    this.limits = limits
  }

  publish<M>(
    topic: Topic<M>,
    message: M,
    options?: { readonly sender?: ActorRef<never> | undefined; readonly retain?: boolean | undefined }
  ): void {
    const key = keyOf(topic)
    if (options?.retain === true) this.retain(key, message)
    const { places } = this.routeOf(key)
    const sender = options?.sender
    let delivered = 0
    for (let i = 0; i < places.length; i++) {
      const { entries } = places[i]!
      // Whoever comes while this goes on is not among them.
      const { length } = entries
      for (let at = 0; at < length; at++) {
        const entry = entries[at]
        if (entry === undefined || entry.at < 0) continue
        entry.target.send(message, sender)
        delivered++
      }
    }
    this.published++
    this.delivered += delivered
    if (delivered === 0) this.unheard++
  }

  /** Matched once for each topic and each change of what is subscribed to. */
  private routeOf(key: TopicKey): Route<Entry> {
    const known = key.route as Route<Entry> | undefined
    if (known !== undefined && known.trie.owner === this && known.version === known.trie.version) return known
    const route = this.spaceOf(key).trie.route(key.segments)
    key.route = route
    return route
  }

  private spaceOf({ protocol }: TopicKey): Space {
    let space = this.spaces.get(protocol)
    if (space === undefined) this.spaces.set(protocol, space = { trie: new Trie(this), retained: new Map() })
    return space
  }

  subscribe<M>(
    ref: ActorRef<M>,
    pattern: Pattern<M>
  ): Effect.Effect<Entry, ActorStopped | TooManySubscriptions> {
    return Effect.suspend((): Effect.Effect<Entry, ActorStopped | TooManySubscriptions> => {
      const key = keyOf(pattern)
      if (this.isClosed) return Effect.fail(new ActorStopped({ actor: "The broker" }))
      const limit = this.limits.maxSubscriptions
      if (this.subscriptions.size >= limit) return Effect.fail(new TooManySubscriptions({ limit }))
      if (hasEnded(ref)) return Effect.fail(new ActorStopped({ actor: ref.name }))
      const entry = new Entry(this, ref, key)
      const space = this.spaceOf(key)
      space.trie.add(entry)
      this.subscriptions.add(entry)
      entry.release = entry.target.onLifeEnd(() => this.remove(entry))
      for (const retained of this.kept) {
        if (retained.space !== space || !matchSegments(key.segments, retained.key.segments)) continue
        this.delivered++
        entry.target.send(retained.message, undefined)
      }
      return Effect.succeed(entry)
    })
  }

  unsubscribe(subscription: { readonly isActive: () => boolean }): Effect.Effect<void> {
    return Effect.sync(() => {
      if (!(subscription instanceof Entry) || subscription.broker !== this) {
        throw new TypeError("Not a subscription that this broker gave out")
      }
      this.remove(subscription)
    })
  }

  private remove(entry: Entry): void {
    if (entry.at < 0) return
    entry.release()
    this.spaceOf(entry.key).trie.remove(entry)
    this.subscriptions.delete(entry)
  }

  request<M, Reply, Error>(
    topic: Topic<M>,
    request: Protocol.Request<Reply, Error>,
    options?: { readonly sender?: ActorRef<never> | undefined; readonly timeout?: Duration.Input | undefined }
  ): Effect.Effect<Reply, Error | RequestError> {
    const key = keyOf(topic)
    const answer = Effect.callback<Reply, Error | RequestError>((resume) => {
      this.requests++
      const responders = this.routeOf(key).places.flatMap(({ entries }) =>
        entries.filter((entry) => entry !== undefined)
      )
      if (responders.length === 0) return resume(Exit.fail(new NoResponder({ topic: key.name })))
      const gathering = new Gathering(this, request, responders.length, resume as (answer: Answer) => void)
      this.delivered += responders.length
      for (const { target } of responders) gathering.ask(target, options?.sender)
      return Effect.sync(() => gathering.giveUp())
    })
    if (options?.timeout === undefined) return answer
    const duration = durationOf("The timeout of a request", options.timeout)
    return Effect.timeoutOrElse(answer, {
      duration,
      orElse: () => Effect.fail(new RequestTimeout({ topic: key.name, timeoutMillis: Duration.toMillis(duration) }))
    })
  }

  /** Leaves nothing behind with subscribers that live on. */
  close(): void {
    this.isClosed = true
    for (const entry of this.subscriptions) this.remove(entry)
    for (const { key } of this.kept) this.drop(key)
  }

  private retain(key: TopicKey, message: unknown): void {
    this.drop(key)
    const { maxRetained } = this.limits
    if (maxRetained === 0 || this.isClosed) return
    if (this.kept.size >= maxRetained) {
      for (const oldest of this.kept) {
        this.drop(oldest.key)
        this.evicted++
        break
      }
    }
    const space = this.spaceOf(key)
    const retained = { key, space, message }
    space.retained.set(key.name, retained)
    this.kept.add(retained)
  }

  private drop(key: TopicKey): void {
    const { retained } = this.spaceOf(key)
    const known = retained.get(key.name)
    if (known === undefined) return
    retained.delete(key.name)
    this.kept.delete(known)
  }

  retained<M>(topic: Topic<M>): Effect.Effect<Option.Option<M>> {
    return Effect.sync(() => {
      const key = keyOf(topic)
      const known = this.spaceOf(key).retained.get(key.name)
      return known === undefined ? Option.none() : Option.some(known.message as M)
    })
  }

  forget<M>(topic: Topic<M>): Effect.Effect<void> {
    return Effect.sync(() => this.drop(keyOf(topic)))
  }

  get metrics() {
    return Effect.sync(() => ({
      published: this.published,
      delivered: this.delivered,
      unheard: this.unheard,
      requests: this.requests,
      lateReplies: this.lateReplies,
      subscriptions: this.subscriptions.size,
      retained: this.kept.size,
      evicted: this.evicted
    }))
  }
}

const keyOf = (topic: unknown): TopicKey => {
  if (topic instanceof TopicKey) return topic
  throw new TypeError("Not a topic or pattern that was made by `Topic`")
}

const hasEnded = (ref: ActorRef<never>): boolean => {
  const status = ref.status()
  return status === "Stopping" || status === "Stopped" || status === "Failed"
}
