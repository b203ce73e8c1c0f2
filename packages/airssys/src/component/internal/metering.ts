/**
 * What is paid for the messages of an instance: quotas around each of them, and
 * a receipt after it. An instance has one meter, since it handles one message at
 * a time, and none where nobody keeps accounts.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { QuotaExceeded } from "../../security/Quota.ts"
import type { Payer, Quotas, Reservation, Tab } from "../../security/Quotas.ts"
import type { Receipt } from "../ComponentEngine.ts"
import type { Placement } from "../ComponentHost.ts"
import * as Contract from "../Contract.ts"
import type { Delivery } from "../Delivery.ts"
import type { Sink } from "../Receipts.ts"

type Outcome = "Handled" | "Failed"

export interface Meter {
  /** Sets aside what a message may use, or says which quota has not so much. */
  readonly open: (tenant: string | undefined) => QuotaExceeded | undefined
  /**
   * Pays for what was used, or for all that was set aside where nobody knows. Does
   * nothing where nothing is open.
   */
  readonly close: (target: Contract.Target, receipt: Receipt | undefined, outcome: Outcome) => void
}

/** What is set aside for the message in work. Without a tenant and a limit of fuel it is one count on a tab. */
class Till {
  private readonly quotas: Quotas["Service"]
  private readonly tab: Tab
  private readonly component: string
  private readonly fuel: number | undefined
  private isOnTab = false
  private call: Reservation | undefined = undefined
  private burning: Reservation | undefined = undefined

  constructor(quotas: Quotas["Service"], tab: Tab, component: string, fuel: number | undefined) {
    this.quotas = quotas
    this.tab = tab
    this.component = component
    this.fuel = fuel
  }

  open(tenant: string | undefined): QuotaExceeded | undefined {
    if (tenant !== undefined) return this.reserve({ component: this.component, tenant })
    const exceeded = this.tab.take("calls", 1)
    if (exceeded !== undefined) return exceeded
    this.isOnTab = true
    return this.fuel === undefined || this.tab.isUnlimited("fuel")
      ? undefined
      : this.burn({ component: this.component })
  }

  close(used: number | undefined): void {
    if (this.isOnTab) this.tab.giveBack("calls", 1)
    this.isOnTab = false
    this.call?.release()
    this.call = undefined
    this.burning?.commit(used === undefined ? this.fuel : Math.min(used, this.fuel ?? 0))
    this.burning = undefined
  }

  private reserve(payer: Payer): QuotaExceeded | undefined {
    const call = this.quotas.reserveUnsafe(payer, "calls", 1)
    if (Result.isFailure(call)) return call.failure
    this.call = call.success
    return this.fuel === undefined ? undefined : this.burn(payer)
  }

  private burn(payer: Payer): QuotaExceeded | undefined {
    const burning = this.quotas.reserveUnsafe(payer, "fuel", this.fuel!)
    if (Result.isFailure(burning)) {
      this.close(0)
      return burning.failure
    }
    this.burning = burning.success
    return undefined
  }
}

const billing = (
  sink: Sink,
  { release }: Placement,
  now: () => number,
  delivery: () => Delivery | undefined
) =>
(target: Contract.Target, receipt: Receipt, outcome: Outcome): void => {
  const message = delivery()
  if (message === undefined) return
  try {
    sink.offer({
      ...receipt,
      component: release.id,
      export: Contract.exportName(target),
      id: message.id,
      correlation: message.correlation,
      sender: message.sender,
      tenant: message.tenant,
      release: release.digest,
      at: now(),
      outcome
    })
  } catch {
    // A sink says that what it throws is lost.
  }
}

/** A meter that is closed with the scope of the instance. `delivery` is the message in work. */
export const make = (
  { now, quotas, sink, tab }: {
    readonly quotas: Quotas["Service"] | undefined
    readonly tab: Tab | undefined
    readonly sink: Sink | undefined
    readonly now: () => number
  },
  placement: Placement,
  delivery: () => Delivery | undefined
): Effect.Effect<Meter | undefined, never, Scope.Scope> => {
  const { limits, metered, release } = placement
  const till = quotas === undefined || tab === undefined
    ? undefined
    : new Till(quotas, tab, release.id, metered ? limits.fuel : undefined)
  const bill = sink === undefined ? undefined : billing(sink, placement, now, delivery)
  if (till === undefined && bill === undefined) return Effect.succeed(undefined)
  const meter: Meter = {
    open: (tenant) => till?.open(tenant),
    close: (target, receipt, outcome) => {
      // What was handled without a receipt has not reached the guest.
      till?.close(receipt === undefined && outcome === "Handled" ? 0 : receipt?.fuel)
      if (receipt !== undefined) bill?.(target, receipt, outcome)
    }
  }
  return Effect.as(Effect.addFinalizer(() => Effect.sync(() => till?.close(undefined))), meter)
}
