/** Reads everything that a store has, and compares it with its checksums and its counts. */
import type { Damage, StorageStoreError } from "airssys/component/StorageStore"
import * as Effect from "effect/Effect"
import type { DatabaseSync } from "node:sqlite"
import * as rows from "./storageRows.ts"

const most = 100

/** What SQLite itself finds: pages, order and uniqueness. */
const structure = (database: DatabaseSync): ReadonlyArray<Damage> =>
  database.prepare(`PRAGMA integrity_check(${most})`).all()
    .map((row) => String(row["integrity_check"]))
    .filter((detail) => detail !== "ok")
    .map((detail) => ({ owner: undefined, key: undefined, detail }))

const shown = (held: rows.Held | undefined): string => `${held?.keys ?? 0} keys with ${held?.bytes ?? 0} bytes`

/** The counts of an owner that are not those of its entries. */
const miscounted = (
  database: DatabaseSync,
  owner: { readonly id: number; readonly name: string },
  counted: ReadonlyMap<string | undefined, rows.Held>
): ReadonlyArray<Damage> => {
  const kept = new Map(
    database.prepare("SELECT tenant, keys, bytes, checksum FROM holding WHERE owner = ?").all(owner.id)
      .map(rows.held)
      .map((held) => [held.tenant, held])
  )
  return [...new Set([...kept.keys(), ...counted.keys()])].flatMap((tenant) => {
    const [one, other] = [kept.get(tenant), counted.get(tenant)]
    const isSame = one?.keys === other?.keys && one?.bytes === other?.bytes && one?.checksum === other?.checksum
    if (isSame) return []
    return [{
      owner: owner.name,
      key: undefined,
      detail: `there are ${shown(other)} and there should be ${shown(one)}, or others of that size`
    }]
  })
}

const entries = Effect.fnUntraced(function*(
  database: DatabaseSync,
  owner: { readonly id: number; readonly name: string }
) {
  const next = rows.pageStatement(database)
  const damages: Array<Damage> = []
  const counted = new Map<string | undefined, rows.Held>()
  for (let after = "";;) {
    const page = yield* attempt(() => rows.page(next, owner.id, after))
    for (const { entry, isIntact } of page) {
      if (!isIntact && damages.length < most) {
        damages.push({ owner: owner.name, key: entry.key, detail: "the value is not as it was written" })
      }
      rows.count(counted, rows.holdingOf(entry, rows.checksum(owner.id, entry)), 1)
    }
    const last = page.at(-1)
    if (last === undefined) return [...damages, ...yield* attempt(() => miscounted(database, owner, counted))]
    after = last.entry.key
    yield* Effect.yieldNow
  }
})

const attempt = <A>(use: () => A): Effect.Effect<A, StorageStoreError> =>
  Effect.try({ try: use, catch: rows.failed("Unreadable", "it could not be read") })

const owners = (database: DatabaseSync) =>
  database.prepare("SELECT id, name FROM owner WHERE name IS NOT NULL ORDER BY name").all()
    .map((row) => ({ id: Number(row["id"]), name: String(row["name"]) }))

/** A part that cannot be read is a damage as well. */
const orDamage = <A>(
  found: Effect.Effect<A, StorageStoreError>,
  damaged: (damage: Damage) => A,
  owner?: string
): Effect.Effect<A, StorageStoreError> =>
  Effect.catchTag(found, "StorageStoreError", (error) =>
    error.reason === "Damaged"
      ? Effect.succeed(damaged({ owner, key: undefined, detail: error.message }))
      : Effect.fail(error))

export const verify = (database: DatabaseSync): Effect.Effect<ReadonlyArray<Damage>, StorageStoreError> =>
  Effect.gen(function*() {
    const found = [...yield* orDamage(attempt(() => structure(database)), (damage) => [damage])]
    const all = yield* orDamage(attempt(() => owners(database)), (damage) => {
      found.push(damage)
      return []
    })
    for (const owner of all) {
      if (found.length >= most) break
      found.push(...yield* orDamage(entries(database, owner), (damage) => [damage], owner.name))
    }
    return found.slice(0, most)
  })
