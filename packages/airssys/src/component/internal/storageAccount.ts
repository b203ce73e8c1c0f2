/** Who pays for what is stored: the component, and the tenant on whose account it was written. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { StorageError } from "../../security/KeyValue.ts"
import type { Payer, Quotas, Reservation } from "../../security/Quotas.ts"
import type { Admit, Change, Holding, Room, StorageStore } from "../StorageStore.ts"
import * as storageKey from "./storageKey.ts"

type Store = StorageStore["Service"]
type Ledger = Quotas["Service"]

const componentPrefix = "component/"

const payerOf = (owner: string, tenant?: string): Payer => ({
  component: owner.startsWith(componentPrefix) ? owner.slice(componentPrefix.length) : owner,
  tenant
})

/** Says what all owners hold, and takes it back with the scope: the store may be opened again under these quotas. */
export const settle = (store: Store, quotas: Ledger) =>
  Effect.gen(function*() {
    for (const owner of yield* store.owners) {
      let used = 0
      for (const { bytes, tenant } of yield* store.holdings(owner)) {
        used += bytes
        yield* quotas.settle(payerOf(owner, tenant), "storage", used)
      }
    }
    yield* Effect.addFinalizer(() => Effect.ignore(giveBack(store, quotas)))
  })

const giveBack = Effect.fnUntraced(function*(store: Store, quotas: Ledger) {
  for (const owner of yield* store.owners) {
    for (const { bytes, tenant } of yield* store.holdings(owner)) {
      yield* quotas.free(payerOf(owner, tenant), "storage", bytes)
    }
  }
})

/** What each tenant gains, or loses below 0. */
const gains = ({ after, before }: Change): ReadonlyMap<string | undefined, number> => {
  const gained = new Map<string | undefined, number>()
  const add = (tenant: Holding["tenant"], bytes: number) => gained.set(tenant, (gained.get(tenant) ?? 0) + bytes)
  for (const { bytes, tenant } of after) add(tenant, bytes)
  for (const { bytes, tenant } of before) add(tenant, -bytes)
  return gained
}

/**
 * Reserves what a change adds for each tenant, and gives back what it takes
 * away from others when it was made: room for both is needed at once where a
 * tenant writes over what another one pays for.
 */
export const admission = (quotas: Ledger, owner: string, key: string): Admit<StorageError> => (change) => {
  const reserved: Array<Reservation> = []
  const lost: Array<readonly [Payer, number]> = []
  const room: Room = {
    commit: () => {
      for (const reservation of reserved) reservation.commit()
      for (const [payer, bytes] of lost) quotas.freeUnsafe(payer, "storage", bytes)
    },
    release: () => {
      for (const reservation of reserved) reservation.release()
    }
  }
  for (const [tenant, bytes] of gains(change)) {
    const payer = payerOf(owner, tenant)
    if (bytes <= 0) {
      lost.push([payer, -bytes])
      continue
    }
    const reservation = quotas.reserveUnsafe(payer, "storage", bytes)
    if (Result.isFailure(reservation)) {
      room.release()
      return Result.fail(storageKey.error("QuotaExceeded", key, reservation.failure.message, reservation.failure))
    }
    reserved.push(reservation.success)
  }
  return Result.succeed(room)
}

export const usage = Effect.fnUntraced(function*(store: Store, quotas: Ledger, owner: string) {
  const holdings = yield* store.holdings(owner)
  const limits = yield* quotas.usage({ kind: "Component", id: payerOf(owner).component })
  return {
    keys: holdings.reduce((sum, { keys }) => sum + keys, 0),
    bytes: holdings.reduce((sum, { bytes }) => sum + bytes, 0),
    limit: limits.find(({ quota }) => quota === "storage")?.limit
  }
})
