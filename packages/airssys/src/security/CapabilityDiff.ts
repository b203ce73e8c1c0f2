/**
 * What one set of capabilities has that another does not.
 *
 * A capability is within a set when one of the set covers it on every resource,
 * until the same day or later. What cannot be decided counts as wider.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type * as CapabilityKind from "./CapabilityKind.ts"
import type { ExpiryDate } from "./ExpiryDate.ts"
import * as Pattern from "./Pattern.ts"
import * as Risk from "./Risk.ts"

/**
 * One pattern of one kind; `pattern` is empty for a kind without resources.
 *
 * @category models
 * @since 0.1.0
 */
export interface Item {
  readonly kind: CapabilityKind.CapabilityKind
  readonly pattern: string
  readonly expires?: ExpiryDate | undefined
}

/**
 * A set of capabilities, such as asks or grants.
 *
 * @category models
 * @since 0.1.0
 */
export interface Block {
  readonly kind: CapabilityKind.CapabilityKind
  readonly patterns: ReadonlyArray<string>
  readonly expires?: ExpiryDate | undefined
}

/**
 * `widened` is what is not within the other set, the greatest risk first;
 * `dropped` is what of the other set is not within this one.
 *
 * @category models
 * @since 0.1.0
 */
export interface CapabilityDiff {
  readonly widened: ReadonlyArray<Item & { readonly risk: Risk.Risk }>
  readonly dropped: ReadonlyArray<Item>
}

/**
 * The single patterns of a set, in its order.
 *
 * @category combinators
 * @since 0.1.0
 */
export const items = (blocks: ReadonlyArray<Block>): ReadonlyArray<Item> =>
  blocks.flatMap(({ expires, kind, patterns }) => {
    const until = expires === undefined ? undefined : { expires }
    return patterns.length === 0
      ? [{ kind, pattern: "", ...until }]
      : patterns.map((pattern): Item => ({ kind, pattern, ...until }))
  })

interface Compiled {
  readonly item: Item
  readonly compiled: Pattern.Pattern | undefined
}

const compile = (item: Item): Compiled => ({
  item,
  compiled: item.pattern === ""
    ? undefined
    : Result.getOrUndefined(Pattern.parse(item.kind, item.pattern))
})

/** Days of the calendar in their one form are ordered as texts. */
const lasts = (wider: Item, narrower: Item): boolean =>
  wider.expires === undefined || (narrower.expires !== undefined && narrower.expires <= wider.expires)

const isWithin = (wider: Compiled, narrower: Compiled): boolean =>
  wider.item.kind === narrower.item.kind && lasts(wider.item, narrower.item) &&
  (wider.item.pattern === narrower.item.pattern ||
    (wider.compiled !== undefined && narrower.compiled !== undefined &&
      Pattern.subsumes(wider.compiled, narrower.compiled)))

const beyond = (set: ReadonlyArray<Compiled>, other: ReadonlyArray<Compiled>): ReadonlyArray<Item> =>
  set
    .filter((narrower) => !other.some((wider) => isWithin(wider, narrower)))
    .map(({ item }) => item)

/**
 * Compares what is wanted with what there is.
 *
 * ```ts
 * import { CapabilityDiff } from "airssys/security"
 *
 * const diff = CapabilityDiff.make({
 *   from: [{ kind: "storage.read", patterns: ["rates/**"] }],
 *   to: [{ kind: "storage.read", patterns: ["rates/today"] }, { kind: "process.spawn", patterns: ["git"] }]
 * })
 * diff.widened.map(({ kind, risk }) => [kind, risk.level]) // => [["process.spawn", "Critical"]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly from: ReadonlyArray<Block>
  readonly to: ReadonlyArray<Block>
}): CapabilityDiff => {
  const from = items(options.from).map(compile)
  const to = items(options.to).map(compile)
  return {
    widened: beyond(to, from)
      .map((item) => ({ ...item, risk: Risk.assess(item.kind, item.pattern) }))
      .toSorted((a, b) => Risk.compare(a.risk, b.risk)),
    dropped: beyond(from, to)
  }
}
