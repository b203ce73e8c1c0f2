/**
 * What one set of capabilities has that another does not.
 *
 * A capability is within a set when one of the set covers it on every resource,
 * until the same day or later. What cannot be decided counts as wider. Where one
 * set wants uses recorded before they happen, what another allows there without
 * that is not within it.
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
  readonly audit?: "before-use" | undefined
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
  readonly audit?: "before-use" | undefined
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
  blocks.flatMap(({ audit, expires, kind, patterns }) => {
    const terms = {
      ...(expires === undefined ? undefined : { expires }),
      ...(audit === undefined ? undefined : { audit })
    }
    return patterns.length === 0
      ? [{ kind, pattern: "", ...terms }]
      : patterns.map((pattern): Item => ({ kind, pattern, ...terms }))
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

const covers = (wider: Compiled, narrower: Compiled): boolean =>
  wider.item.kind === narrower.item.kind &&
  (wider.item.pattern === narrower.item.pattern ||
    (wider.compiled !== undefined && narrower.compiled !== undefined &&
      Pattern.subsumes(wider.compiled, narrower.compiled)))

const isWithin = (wider: Compiled, narrower: Compiled): boolean =>
  lasts(wider.item, narrower.item) && covers(wider, narrower)

/** Whether a use may be of both; what cannot be compared may. */
const meets = (one: Compiled, other: Compiled): boolean =>
  one.item.kind === other.item.kind &&
  (one.compiled === undefined || other.compiled === undefined || Pattern.overlaps(one.compiled, other.compiled))

const beyond = (set: ReadonlyArray<Compiled>, other: ReadonlyArray<Compiled>): ReadonlyArray<Item> => {
  const audited = set.filter(({ item }) => item.audit !== undefined)
  const unaudited = other.filter((one) => one.item.audit !== undefined && !audited.some((wider) => covers(wider, one)))
  return set
    .filter((narrower) =>
      !other.some((wider) => isWithin(wider, narrower)) ||
      (narrower.item.audit === undefined && unaudited.some((one) => meets(one, narrower)))
    )
    .map(({ item }) => item)
}

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
