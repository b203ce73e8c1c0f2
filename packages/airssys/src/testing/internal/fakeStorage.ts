import * as Effect from "effect/Effect"
import * as KeyValue from "../../security/KeyValue.ts"
import * as Powers from "../../security/Powers.ts"
import { StorageRead } from "../../security/StorageRead.ts"
import * as StorageReads from "../../security/StorageRead.ts"
import { StorageWrite } from "../../security/StorageWrite.ts"
import * as StorageWrites from "../../security/StorageWrite.ts"
import type { Desk } from "./desk.ts"

export const failure = (key: string, detail: string): KeyValue.StorageError =>
  new KeyValue.StorageError({ key, detail })

/** The sources over a store in memory, each of whose uses goes by the desk. */
export const make = <K extends string>(desk: Desk<K>): Effect.Effect<ReadonlyArray<Powers.Source>> =>
  Effect.map(KeyValue.memory, (store) => {
    const asked = (lease: Powers.Lease): KeyValue.KeyValue => {
      const step = <A>(operation: string, key: string, work: Effect.Effect<A, KeyValue.StorageError>) =>
        desk.step(lease, operation, () => work, key)
      return {
        get: (owner, key) => step("get", key, store.get(owner, key)),
        set: (owner, key, value) => step("set", key, store.set(owner, key, value)),
        remove: (owner, key) => step("remove", key, store.remove(owner, key)),
        keys: (owner, below) => step("keys", below, store.keys(owner, below))
      }
    }
    return [
      Powers.source(StorageRead, (lease) => StorageReads.source(asked(lease)).make(lease) as StorageRead["Service"]),
      Powers.source(StorageWrite, (lease) => StorageWrites.source(asked(lease)).make(lease) as StorageWrite["Service"])
    ]
  })
