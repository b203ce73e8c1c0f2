import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { ownerOf } from "../../component/Storage.ts"
import { type Admit, layerMemory, StorageStore } from "../../component/StorageStore.ts"
import * as KeyValue from "../../security/KeyValue.ts"
import * as Powers from "../../security/Powers.ts"
import { StorageRead } from "../../security/StorageRead.ts"
import * as StorageReads from "../../security/StorageRead.ts"
import { StorageWrite } from "../../security/StorageWrite.ts"
import * as StorageWrites from "../../security/StorageWrite.ts"
import type { Desk } from "./desk.ts"

export const failure = (key: string, reason: KeyValue.StorageError["reason"]): KeyValue.StorageError =>
  new KeyValue.StorageError({ reason, key, detail: "the test says so" })

const always: Admit<never> = () => Result.succeed({ commit: () => {}, release: () => {} })

/** The sources over a store in memory, each of whose uses goes by the desk. */
export const make = <K extends string>(desk: Desk<K>): Effect.Effect<ReadonlyArray<Powers.Source>> =>
  Effect.map(Effect.provide(StorageStore, layerMemory, { local: true }), (store) => {
    const asked = (lease: Powers.Lease): KeyValue.KeyValue => {
      const step = <A, E>(operation: string, key: string, work: Effect.Effect<A, E>) =>
        desk.step(lease, operation, () => Effect.mapError(work, () => failure(key, "Unavailable")), key)
      return {
        get: (owner, key) => step("get", key, store.get(ownerOf(owner), key)),
        exists: (owner, key) => step("exists", key, store.exists(ownerOf(owner), key)),
        keys: (owner, range) => step("keys", range.within ?? "", store.keys(ownerOf(owner), range)),
        usage: (owner) =>
          step(
            "usage",
            "",
            Effect.map(store.holdings(ownerOf(owner)), (holdings) => ({
              keys: holdings.reduce((sum, { keys }) => sum + keys, 0),
              bytes: holdings.reduce((sum, { bytes }) => sum + bytes, 0),
              limit: undefined
            }))
          ),
        commit: (owner, batch) =>
          step("commit", batch.writes[0]?.key ?? "", store.commit(ownerOf(owner), batch, undefined, always))
      }
    }
    return [
      Powers.source(StorageRead, (lease) => StorageReads.source(asked(lease)).make(lease) as StorageRead["Service"]),
      Powers.source(StorageWrite, (lease) => StorageWrites.source(asked(lease)).make(lease) as StorageWrite["Service"])
    ]
  })
