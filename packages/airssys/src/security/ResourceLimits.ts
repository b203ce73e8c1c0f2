/**
 * The limits that a release asks for, as they are approved: one that is not
 * named is no limit at all.
 *
 * ```ts
 * import { ResourceLimits } from "airssys/security"
 *
 * const mebibyte = 1024 * 1024
 * const raised = ResourceLimits.raised({ memory: 8 * mebibyte, fuel: 1000 }, { memory: 64 * mebibyte, timeout: 50 })
 * raised.map(ResourceLimits.render) // => ["64 MiB of memory, above 8 MiB", "no limit of fuel, above 1000"]
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Amount = Schema.Int.check(Schema.isGreaterThan(0))

/**
 * Schema of `ResourceLimits`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ResourceLimits = Schema.Struct({
  memory: Amount,
  fuel: Schema.optionalKey(Amount),
  timeout: Schema.optionalKey(Amount)
})

/**
 * `memory` is in bytes, for an instance; `fuel` and `timeout`, in milliseconds,
 * are for a message.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResourceLimits extends Schema.Schema.Type<typeof ResourceLimits> {}

/**
 * A limit that is wider than another: `to` is undefined where there is none
 * any more, `from` where there is nothing to compare it with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Raised {
  readonly limit: keyof ResourceLimits
  readonly from: number | undefined
  readonly to: number | undefined
}

const names = ["memory", "fuel", "timeout"] as const

/**
 * The limits that are wider than others; without those, all of them.
 *
 * @category combinators
 * @since 0.1.0
 */
export const raised = (from: ResourceLimits | undefined, to: ResourceLimits): ReadonlyArray<Raised> =>
  names.flatMap((limit) =>
    from === undefined || (to[limit] ?? Infinity) > (from[limit] ?? Infinity)
      ? [{ limit, from: from?.[limit], to: to[limit] }]
      : []
  )

/**
 * What a release that asks for no capability may use without an approval: 256
 * MiB of memory, and for a message 10,000,000,000 units of fuel or 10 seconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unasked: ResourceLimits = { memory: 256 * 1024 * 1024, fuel: 10_000_000_000, timeout: 10_000 }

/**
 * What of limits is above `unasked`. Either of fuel and time ends a message, so
 * one that is within is enough of them.
 *
 * @category combinators
 * @since 0.1.0
 */
export const aboveUnasked = (self: ResourceLimits): ReadonlyArray<Raised> => {
  const above = raised(unasked, self)
  const endless = above.filter(({ limit }) => limit !== "memory")
  return endless.length === 2 ? above : above.filter(({ limit }) => limit === "memory")
}

/**
 * @category guards
 * @since 0.1.0
 */
export const isSame = (one: ResourceLimits, other: ResourceLimits): boolean =>
  names.every((limit) => one[limit] === other[limit])

const mebibyte = 1024 * 1024

/** A size that is no whole number of its unit is shown in bytes, so that two sizes never look alike. */
const amount = (limit: keyof ResourceLimits, value: number): string => {
  if (limit === "memory") return value % mebibyte === 0 ? `${value / mebibyte} MiB` : `${value} bytes`
  return limit === "timeout" ? `${value} ms` : String(value)
}

/**
 * A limit in words.
 *
 * @category combinators
 * @since 0.1.0
 */
export const render = ({ from, limit, to }: Raised): string => {
  const name = limit === "timeout" ? "time" : limit
  const shown = to === undefined ? `no limit of ${name}` : `${amount(limit, to)} of ${name}`
  return from === undefined ? shown : `${shown}, above ${amount(limit, from)}`
}
