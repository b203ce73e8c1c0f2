/**
 * What is paid for the messages of an instance: quotas around each of them, and
 * a receipt after it. An instance for which nobody keeps accounts has no meter.
 */
import * as Result from "effect/Result"
import type { QuotaExceeded } from "../../security/Quota.ts"
import type { Payer, Quotas, Reservation } from "../../security/Quotas.ts"
import type { Receipt } from "../ComponentEngine.ts"
import type { Placement } from "../ComponentHost.ts"
import * as Contract from "../Contract.ts"
import type { Delivery } from "../Delivery.ts"
import type { Sink } from "../Receipts.ts"

export interface Meter {
  /** Sets aside what a message may use, or says which quota has not so much. */
  readonly open: (delivery: Delivery) => Charge | QuotaExceeded
}

/** The account of one message. */
export interface Charge {
  /** Pays for what was used, or for all that was set aside where nobody knows. */
  readonly close: (target: Contract.Target, receipt: Receipt | undefined, outcome: "Handled" | "Failed") => void
}

const free: ReadonlyArray<Reservation> = []

const reserve = (
  quotas: Quotas["Service"] | undefined,
  payer: Payer,
  fuel: number | undefined
): Result.Result<ReadonlyArray<Reservation>, QuotaExceeded> => {
  if (quotas === undefined) return Result.succeed(free)
  const call = quotas.reserveUnsafe(payer, "calls", 1)
  if (Result.isFailure(call)) return Result.fail(call.failure)
  if (fuel === undefined) return Result.succeed([call.success])
  const burning = quotas.reserveUnsafe(payer, "fuel", fuel)
  if (Result.isSuccess(burning)) return Result.succeed([call.success, burning.success])
  call.success.release()
  return Result.fail(burning.failure)
}

export const make = (
  quotas: Quotas["Service"] | undefined,
  sink: Sink | undefined,
  now: () => number,
  { limits, metered, release }: Placement
): Meter | undefined => {
  if (quotas === undefined && sink === undefined) return undefined
  const fuel = metered ? limits.fuel : undefined

  const bill = (
    delivery: Delivery,
    target: Contract.Target,
    receipt: Receipt,
    outcome: "Handled" | "Failed"
  ): void => {
    try {
      sink?.offer({
        ...receipt,
        component: release.id,
        export: Contract.exportName(target),
        id: delivery.id,
        correlation: delivery.correlation,
        sender: delivery.sender,
        tenant: delivery.tenant,
        release: release.digest,
        at: now(),
        outcome
      })
    } catch {
      // A sink says that what it throws is lost.
    }
  }

  return {
    open: (delivery) => {
      const reserved = reserve(quotas, { component: release.id, tenant: delivery.tenant }, fuel)
      if (Result.isFailure(reserved)) return reserved.failure
      const [call, burning] = reserved.success
      return {
        close: (target, receipt, outcome) => {
          call?.release()
          burning?.commit(receipt?.fuel === undefined ? fuel : Math.min(receipt.fuel, fuel ?? 0))
          if (receipt !== undefined) bill(delivery, target, receipt, outcome)
        }
      }
    }
  }
}
