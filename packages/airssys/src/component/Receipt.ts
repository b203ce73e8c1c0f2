/**
 * What calls of components cost, collected around an effect. `Receipts` keeps
 * those of all messages of a host.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Receipt } from "./ComponentEngine.ts"
import type { Sender } from "./Delivery.ts"

/**
 * The receipt of one call, with who was called.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallReceipt extends Receipt {
  /** `namespace:name` of the component. */
  readonly component: string
  readonly export: string
}

/**
 * The receipt of one message: what it cost, by which table of costs, whose
 * message it was and which release handled it.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageReceipt extends CallReceipt {
  /** Of the message. */
  readonly id: string
  readonly correlation: string
  readonly sender: Sender
  readonly tenant: string | undefined
  /** Digest of the release, `sha256:` and 64 hex digits. */
  readonly release: string
  /** When it was handled, in milliseconds since the epoch. */
  readonly at: number
  /** `Failed`: the instance was stopped while it handled the message. */
  readonly outcome: "Handled" | "Failed"
}

/**
 * Where clients leave the receipts of their calls; nothing is kept by default.
 *
 * @category references
 * @since 0.1.0
 */
export const Collector = Context.Reference<((receipt: CallReceipt) => void) | undefined>(
  "airssys/component/Receipt/Collector",
  { defaultValue: () => undefined }
)

/**
 * Runs an effect and gives its value with the receipts of the component calls
 * it made, also in fibers that it forked, in the order in which they ended. An
 * effect around it collects them too.
 *
 * @category combinators
 * @since 0.1.0
 */
export const collect = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [value: A, receipts: ReadonlyArray<CallReceipt>], E, R> =>
  Effect.flatMap(Collector, (outer) => {
    const receipts: Array<CallReceipt> = []
    const keep = (receipt: CallReceipt): void => {
      receipts.push(receipt)
      outer?.(receipt)
    }
    return Effect.map(Effect.provideService(effect, Collector, keep), (value) => [value, receipts.slice()] as const)
  })
