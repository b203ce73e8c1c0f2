/**
 * Questions to the receipts of a host, and their answers in pages.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Argument from "./Argument.ts"
import type { Sender } from "./Delivery.ts"
import type { MessageReceipt } from "./Receipt.ts"

/**
 * Which receipts are looked for. What is left out does not matter; each of the
 * others has to fit.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceiptQuery {
  /** Earliest time, in milliseconds since the epoch. */
  readonly since?: number | undefined
  /** Latest time. */
  readonly until?: number | undefined
  /** `namespace:name`. */
  readonly component?: string | undefined
  readonly sender?: Sender | undefined
  readonly tenant?: string | undefined
  readonly outcome?: MessageReceipt["outcome"] | undefined
  readonly correlation?: string | undefined
  /** Which come first; default `Oldest`. */
  readonly order?: "Oldest" | "Newest" | undefined
  /** Where the page before ended. */
  readonly cursor?: string | undefined
  /** Most receipts of a page, 1 to 1,000, default 100. */
  readonly limit?: number | undefined
}

/**
 * Receipts in the order in which they were kept, or the reverse. With `next`
 * there is more to look at, also when fewer were found than asked for: a page
 * looks at 10,000 receipts at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly receipts: ReadonlyArray<MessageReceipt>
  readonly next: string | undefined
}

/**
 * The query cannot be answered: its limit or a time is none, or its cursor is of no
 * page.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidQuery
  extends Schema.TaggedError<InvalidQuery>("airssys/component/ReceiptQuery/InvalidQuery")("InvalidQuery", {
    detail: Schema.String
  })
{
  override get message(): string {
    return `a query of receipts: ${this.detail}`
  }
}

/**
 * Where a page begins, behind a place, and how much it has at most.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bounds {
  readonly after: number | undefined
  readonly limit: number
}

const text = Argument.optional(Argument.value("a text", (given) => typeof given === "string"))

const instant = Argument.optional(
  Argument.value("milliseconds since the epoch", (given) => typeof given === "number" && !Number.isNaN(given))
)

const checkQuery = Argument.struct({
  since: instant,
  until: instant,
  component: text,
  sender: Argument.optional(Argument.struct({ _tag: Argument.oneOf("Host", "Operator", "Component"), id: text })),
  tenant: text,
  outcome: Argument.optional(Argument.oneOf("Handled", "Failed")),
  correlation: text,
  order: Argument.optional(Argument.oneOf("Oldest", "Newest")),
  cursor: text
})

const largestLimit = 1000
const place = /^(?:0|[1-9][0-9]{0,14})$/

/**
 * The bounds of the page that a query asks for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const bounds = (query: ReceiptQuery): Result.Result<Bounds, InvalidQuery> => {
  const problem = checkQuery(query, "query")
  if (problem !== undefined) return Result.fail(new InvalidQuery({ detail: problem.message }))
  const { cursor, limit = 100 } = query
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > largestLimit) {
    return Result.fail(new InvalidQuery({ detail: `the limit is a whole number from 1 to ${largestLimit}` }))
  }
  return cursor === undefined || place.test(cursor)
    ? Result.succeed({ after: cursor === undefined ? undefined : Number(cursor), limit })
    : Result.fail(new InvalidQuery({ detail: "the cursor is not one that a page had" }))
}

const isFrom = (expected: Sender, sender: Sender): boolean =>
  expected._tag === sender._tag && (expected._tag === "Host" || expected.id === (sender as { id: string }).id)

const isWanted = <A>(expected: A | undefined, value: A): boolean => expected === undefined || expected === value

/**
 * Whether a receipt is looked for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const matches = (self: ReceiptQuery, receipt: MessageReceipt): boolean =>
  receipt.at >= (self.since ?? Number.NEGATIVE_INFINITY) && receipt.at <= (self.until ?? Number.POSITIVE_INFINITY) &&
  isWanted(self.component, receipt.component) &&
  isWanted(self.tenant, receipt.tenant) &&
  isWanted(self.outcome, receipt.outcome) &&
  isWanted(self.correlation, receipt.correlation) &&
  (self.sender === undefined || isFrom(self.sender, receipt.sender))
