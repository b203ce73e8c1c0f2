/**
 * How much a component or a tenant may use, as data.
 *
 * What is held at once is a level: bytes of storage, bytes of memory, calls in
 * flight. What is used over time is a rate: messages, bytes of the network and
 * fuel, each for a second, from a bucket that holds what may be used in one
 * burst.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

/**
 * What is held: `storage` and `memory` in bytes, `calls` by their number.
 *
 * @category models
 * @since 0.1.0
 */
export const levels = ["storage", "memory", "calls"] as const

/**
 * What is used by the second: `messages` by their number, `network` in bytes
 * of both directions and of the messages that are sent, `fuel` in units of the
 * cost table.
 *
 * @category models
 * @since 0.1.0
 */
export const rates = ["messages", "network", "fuel"] as const

/**
 * @category models
 * @since 0.1.0
 */
export type Level = typeof levels[number]

/**
 * @category models
 * @since 0.1.0
 */
export type Rate = typeof rates[number]

/**
 * @category models
 * @since 0.1.0
 */
export type Quota = Level | Rate

/**
 * Every quota, in the order in which they are listed to people.
 *
 * @category models
 * @since 0.1.0
 */
export const all: ReadonlyArray<Quota> = [...levels, ...rates]

const Amount = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const LevelLimit = Schema.Union([Amount, Schema.Literal("unlimited")])
const RateLimit = Schema.Union([
  Schema.Struct({ perSecond: Amount, burst: Amount }),
  Schema.Literal("unlimited")
])

/**
 * Schema of `Limits`: whole numbers up to 2^53 - 1, or `"unlimited"`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Limits = Schema.Struct({
  storage: LevelLimit,
  memory: LevelLimit,
  calls: LevelLimit,
  messages: RateLimit,
  network: RateLimit,
  fuel: RateLimit
})

/**
 * A limit for each quota. 0 allows nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits extends Schema.Schema.Type<typeof Limits> {}

/**
 * The limit of a rate: what comes back each second, and what is there at most.
 * More than `burst` at once is never allowed.
 *
 * @category models
 * @since 0.1.0
 */
export type RateLimit = typeof RateLimit.Type

/**
 * @category models
 * @since 0.1.0
 */
export type LevelLimit = typeof LevelLimit.Type

const MiB = 1024 * 1024

const perSecond = (amount: number): RateLimit => ({ perSecond: amount, burst: amount })

/**
 * What a component has where nothing else is said: 100 MiB of storage, 256 MiB
 * of memory, 64 calls at once; by the second 1,000 messages, 10 MiB of the
 * network and 1,000,000,000 units of fuel, with one second of each as a burst.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: Limits = {
  storage: 100 * MiB,
  memory: 256 * MiB,
  calls: 64,
  messages: perSecond(1000),
  network: perSecond(10 * MiB),
  fuel: perSecond(1_000_000_000)
}

/**
 * No limits: what a tenant has where nothing else is said.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unlimited: Limits = {
  storage: "unlimited",
  memory: "unlimited",
  calls: "unlimited",
  messages: "unlimited",
  network: "unlimited",
  fuel: "unlimited"
}

/**
 * Schema of `Subject`: `id` has 1 to 256 characters.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Subject = Schema.Struct({
  kind: Schema.Literals(["Component", "Tenant"]),
  id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))
})

/**
 * Whose use is counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject extends Schema.Schema.Type<typeof Subject> {}

/**
 * A use that does not fit. Nothing was taken. `available` is what was left;
 * `retryAfterMillis` is when as much will be there if nobody takes it first,
 * undefined where waiting alone does not help.
 *
 * @category errors
 * @since 0.1.0
 */
export class QuotaExceeded extends Schema.TaggedError<QuotaExceeded>("airssys/security/Quota/QuotaExceeded")(
  "QuotaExceeded",
  {
    subject: Subject,
    quota: Schema.Literals([...levels, ...rates]),
    amount: Schema.Number,
    available: Schema.Number,
    limit: Schema.Number,
    retryAfterMillis: Schema.optionalKey(Schema.Int)
  }
) {
  override get message(): string {
    const who = `${this.subject.kind === "Tenant" ? "tenant" : "component"} ${SafeText.escape(this.subject.id)}`
    const remedy = this.retryAfterMillis !== undefined
      ? `try again in ${this.retryAfterMillis} ms`
      : this.amount > this.limit
      ? `no more than ${this.limit} is ever allowed at once: ask for less, or raise the limit`
      : "give something back, or raise the limit"
    return `${this.quota} of ${who}: ${this.amount} is more than the ${this.available} that are left of ${this.limit}: ${remedy}`
  }
}
