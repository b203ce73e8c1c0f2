/** What a victim writes to a store of storage, and what has to be there when it was killed. */
import type * as Storage from "airssys/component/Storage"
import * as AuditLog from "airssys/security/AuditLog"
import type { Batch } from "airssys/security/KeyValue"
import * as Principal from "airssys/security/Principal"
import * as Quota from "airssys/security/Quota"
import * as Quotas from "airssys/security/Quotas"
import * as Digest from "effect/crypto/Digest"
import * as Layer from "effect/Layer"
import * as NodeStorage from "../src/NodeStorage.ts"

export const owner = Principal.make({ kind: "Component", id: "acme:victim" })

export const layerOf = (path: string) =>
  NodeStorage.layer(path).pipe(
    Layer.provideMerge(Quotas.layerMemory({ component: Quota.unlimited })),
    Layer.provide(AuditLog.layerMemory()),
    Layer.provide(Digest.layerWebCrypto)
  )

export type Services = Storage.Storage | Quotas.Quotas

/** Values of a group are of one size, so that some fill pages and some do not. */
const sizeOf = (number: number): number => [3, 40, 400, 5_000][number % 4] ?? 0

export const valueOf = (life: string, number: number): Uint8Array =>
  new TextEncoder().encode(`${life}/${number}`.padEnd(sizeOf(number), "."))

export const keysOf = (life: string, number: number): ReadonlyArray<string> =>
  Array.from({ length: 1 + number % 5 }, (_, index) => `group/${life}/${number}/${index}`)

export const transient = (life: string, number: number): string => `transient/${life}/${number}`

/** Writes the keys of a number and one that the number after the next but one takes away. */
export const groupOf = (life: string, number: number): Batch => {
  const value = valueOf(life, number)
  return {
    checks: [],
    writes: [
      ...keysOf(life, number).map((key) => ({ key, value })),
      { key: transient(life, number), value },
      ...number < 3 ? [] : [{ key: transient(life, number - 3), value: undefined }]
    ]
  }
}
