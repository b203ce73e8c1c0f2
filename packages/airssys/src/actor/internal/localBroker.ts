// A request fails with its own error type: here every error is `unknown`.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { ActorStopped } from "../ActorError.ts"
import type { ActorRef } from "../ActorRef.ts"
import { NoResponder, type RequestError, RequestTimeout, TooManySubscriptions } from "../BrokerError.ts"
import type * as Protocol from "../Protocol.ts"
import type { Pattern, Topic } from "../Topic.ts"
import { durationOf } from "./durations.ts"
import { type Answer, Gathering } from "./gathering.ts"
import { Retention } from "./retention.ts"
import { type Target, targetOf } from "./target.ts"
import { type Listener, type Route, TopicKey, Trie } from "./topics.ts"

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

export class LocalBroker {
  private readonly tries = new WeakMap<Protocol.Any, Trie<Entry>>()
  private readonly retention: Retention
  private readonly subscriptions = new Set<Entry>()
  private published = 0
  private delivered = 0
  private unheard = 0
  private requests = 0
  private lateReplies = 0
  private isClosed = false
  private readonly maxSubscriptions: number

  constructor(limits: { readonly maxSubscriptions: number; readonly maxRetained: number }) {
    this.maxSubscriptions = limits.maxSubscriptions
    this.retention = new Retention(limits.maxRetained)
  }

  publish<M>(
    topic: Topic<M>,
    message: M,
    options?: { readonly sender?: ActorRef<never> | undefined; readonly retain?: boolean | undefined }
  ): void {
    const key = keyOf(topic)
    if (options?.retain === true) this.retention.put(key, message)
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
    const route = this.trieOf(key).route(key.segments)
    key.route = route
    return route
  }

  private trieOf({ protocol }: TopicKey): Trie<Entry> {
    let trie = this.tries.get(protocol)
    if (trie === undefined) this.tries.set(protocol, trie = new Trie(this))
    return trie
  }

  subscribe<M>(
    ref: ActorRef<M>,
    pattern: Pattern<M>
  ): Effect.Effect<Entry, ActorStopped | TooManySubscriptions> {
    return Effect.suspend((): Effect.Effect<Entry, ActorStopped | TooManySubscriptions> => {
      const key = keyOf(pattern)
      if (this.isClosed) return Effect.fail(new ActorStopped({ actor: "The broker" }))
      const limit = this.maxSubscriptions
      if (this.subscriptions.size >= limit) return Effect.fail(new TooManySubscriptions({ limit }))
      if (hasEnded(ref)) return Effect.fail(new ActorStopped({ actor: ref.name }))
      const entry = new Entry(this, ref, key)
      this.trieOf(key).add(entry)
      this.subscriptions.add(entry)
      entry.release = entry.target.onLifeEnd(() => this.remove(entry))
      for (const message of this.retention.of(key)) {
        this.delivered++
        entry.target.send(message, undefined)
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
    this.trieOf(entry.key).remove(entry)
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
      const gathering = new Gathering(request, responders.length, resume as (answer: Answer) => void, () => {
        this.lateReplies++
      })
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
    this.retention.close()
  }

  retained<M>(topic: Topic<M>): Effect.Effect<Option.Option<M>> {
    return Effect.sync(() => {
      const known = this.retention.get(keyOf(topic))
      return known === undefined ? Option.none() : Option.some(known.message as M)
    })
  }

  forget<M>(topic: Topic<M>): Effect.Effect<void> {
    return Effect.sync(() => this.retention.drop(keyOf(topic)))
  }

  get metrics() {
    return Effect.sync(() => ({
      published: this.published,
      delivered: this.delivered,
      unheard: this.unheard,
      requests: this.requests,
      lateReplies: this.lateReplies,
      subscriptions: this.subscriptions.size,
      retained: this.retention.size,
      evicted: this.retention.evicted
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
