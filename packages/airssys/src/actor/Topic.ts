/**
 * What messages are published on, and the patterns they are subscribed with.
 *
 * A topic is 1 to 16 segments between dots, each of 1 to 64 characters out of
 * A to Z, a to z, 0 to 9, `_` and `-`. In a pattern `*` is exactly one segment;
 * `#` is any number of them, also none, and stands at the end only.
 *
 * Topics and patterns belong to a protocol, which gives them the type of their
 * messages. Topics of two protocols are different topics, whatever they are
 * called: a pattern never brings a subscriber what it cannot take.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { hasProperty } from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Types from "effect/Types"
import { type Fault, matchSegments, parseSegments, TopicKey } from "./internal/topics.ts"
import type * as Protocol from "./Protocol.ts"

const TypeId = "~airssys/actor/Topic"

/**
 * Which topics a subscription is for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pattern<in out M> {
  readonly [TypeId]: Types.Invariant<M>
  readonly protocol: Protocol.Any
  /** As it was written. */
  readonly name: string
  readonly segments: ReadonlyArray<string>
}

/**
 * A topic. It is also the pattern that matches itself alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Topic<in out M> extends Pattern<M> {
  readonly isTopic: true
}

/**
 * Whether a value is a topic or a pattern.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPattern = (u: unknown): u is Pattern<never> => hasProperty(u, TypeId)

/**
 * The text is no topic, or no pattern. `input` is its beginning, at most 80
 * characters, with what is not printable ASCII replaced.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidTopic extends Data.TaggedError("InvalidTopic")<{
  readonly input: string
  readonly fault: Fault
}> {
  override get message(): string {
    return `"${this.input}" ${faults[this.fault]}`
  }
}

const faults: Readonly<Record<Fault, string>> = {
  NotText: "is no text",
  TooLong: "has more than 16 segments",
  Segment: "has a segment that is not 1 to 64 characters out of A to Z, a to z, 0 to 9, \"_\" and \"-\"",
  Wildcard: "has a wildcard, and a topic has none",
  WildcardInSegment: "has a wildcard that is not a segment of its own",
  HashNotLast: "has a # that is not at its end"
}

const parseAs = <M>(
  protocol: Protocol.Any,
  input: unknown,
  isTopic: boolean
): Result.Result<Topic<M>, InvalidTopic> => {
  const segments = parseSegments(input, isTopic)
  return typeof segments === "string"
    ? Result.fail(new InvalidTopic({ input: show(input), fault: segments }))
    : Result.succeed(new TopicKey(protocol, segments, isTopic) as unknown as Topic<M>)
}

const show = (input: unknown): string =>
  typeof input === "string" ? input.slice(0, 80).replace(/[^ -~]/g, "?") : `(${typeof input})`

/**
 * Makes a topic of what came from outside.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = <P extends Protocol.Any>(
  protocol: P,
  input: unknown
): Result.Result<Topic<Protocol.Message<P>>, InvalidTopic> => parseAs(protocol, input, true)

/**
 * Makes a pattern of what came from outside.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parsePattern = <P extends Protocol.Any>(
  protocol: P,
  input: unknown
): Result.Result<Pattern<Protocol.Message<P>>, InvalidTopic> => parseAs(protocol, input, false)

/**
 * Makes a topic that the program itself names. Throws an `InvalidTopic`. Keep
 * it: a broker remembers its subscribers with it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <P extends Protocol.Any>(protocol: P, name: string): Topic<Protocol.Message<P>> =>
  Result.getOrThrow(parse(protocol, name))

/**
 * Makes a pattern that the program itself names. Throws an `InvalidTopic`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pattern = <P extends Protocol.Any>(protocol: P, text: string): Pattern<Protocol.Message<P>> =>
  Result.getOrThrow(parsePattern(protocol, text))

/**
 * Whether a pattern is for a topic.
 *
 * ```ts
 * import { Protocol, Topic } from "airssys/actor"
 * import { Schema } from "effect"
 *
 * const Prices = Protocol.make({ Changed: { payload: { cents: Schema.Int } } })
 * const coffee = Topic.make(Prices, "prices.coffee")
 *
 * Topic.matches(Topic.pattern(Prices, "prices.*"), coffee) // => true
 * Topic.matches(Topic.pattern(Prices, "*"), coffee) // => false
 * Topic.matches(Topic.pattern(Prices, "prices.coffee.#"), coffee) // => true
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const matches = <M>(self: Pattern<M>, topic: Topic<M>): boolean =>
  self.protocol === topic.protocol && matchSegments(self.segments, topic.segments)
