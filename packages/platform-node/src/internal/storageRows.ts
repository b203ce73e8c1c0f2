/**
 * The tables of a store of storage, and their rows.
 *
 * An owner without a name is a draft, or was replaced by one: its entries are
 * nobody's and are swept. The rows of `holding` count those of `entry` by owner
 * and tenant, the empty text for none, and combine their checksums.
 */
import { type Entry, type Holding, sizeOf, StorageStoreError } from "airssys/component/StorageStore"
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { crc32 } from "node:zlib"
import * as sqliteFile from "./sqliteFile.ts"

export const format = { applicationId: 0x61697253, version: 1 }

export const schema = `
PRAGMA application_id = ${format.applicationId};
PRAGMA user_version = ${format.version};
CREATE TABLE owner (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  revision INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
  owner INTEGER NOT NULL,
  key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  checksum INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE holding (
  owner INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  keys INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (owner, tenant)
) STRICT, WITHOUT ROWID;
CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), commits INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (1, 0);
`

type Row = Record<string, SQLOutputValue>

export const failed = (reason: "Unreadable" | "Unwritable", detail: string) => (cause: unknown): StorageStoreError =>
  cause instanceof StorageStoreError
    ? cause
    : new StorageStoreError({ reason: sqliteFile.isCorrupt(cause) ? "Damaged" : reason, detail, cause })

export const checksum = (owner: number, { key, revision, tenant, value }: Entry): number =>
  crc32(value, crc32(`${owner}\n${revision}\n${tenant ?? ""}\n${key}\n`))

export const tenantOf = (text: SQLOutputValue | undefined): string | undefined =>
  text === "" || text === undefined ? undefined : String(text)

export interface Stored {
  readonly entry: Entry
  readonly isIntact: boolean
}

/** Of the columns `key, revision, tenant, checksum, value`. */
export const stored = (owner: number, row: Row): Stored => {
  const value = row["value"]
  const entry: Entry = {
    key: String(row["key"]),
    value: value instanceof Uint8Array ? value : new Uint8Array(0),
    revision: Number(row["revision"]),
    tenant: tenantOf(row["tenant"])
  }
  return { entry, isIntact: checksum(owner, entry) === row["checksum"] }
}

export const intact = ({ entry, isIntact }: Stored): Entry => {
  if (isIntact) return entry
  throw new StorageStoreError({ reason: "Damaged", detail: `the value of ${entry.key} is not as it was written` })
}

export interface Held extends Holding {
  readonly checksum: number
}

/** Of the columns `tenant, keys, bytes, checksum`. */
export const held = (row: Row): Held => ({
  tenant: tenantOf(row["tenant"]),
  keys: Number(row["keys"]),
  bytes: Number(row["bytes"]),
  checksum: Number(row["checksum"])
})

export const holdingOf = ({ key, tenant, value }: Entry, checksum: number): Held => ({
  tenant,
  keys: 1,
  bytes: sizeOf(key, value.length),
  checksum
})

export const id = "(SELECT id FROM owner WHERE name = ?)"
export const entryColumns = "key, revision, tenant, checksum, value"
export const pageRows = 256
const pageBytes = 4 * 1024 * 1024

export const pageStatement = (database: DatabaseSync) =>
  database.prepare(
    `SELECT ${entryColumns} FROM entry WHERE owner = ? AND key > ? ORDER BY key LIMIT ${pageRows}`
  )

/** The next rows behind a key: at most 256, and no more once they have 4 MiB. */
export const page = (
  statement: ReturnType<typeof pageStatement>,
  owner: number,
  after: string
): ReadonlyArray<Stored> => {
  const found: Array<Stored> = []
  let bytes = 0
  for (const row of statement.iterate(owner, after)) {
    const one = stored(owner, row)
    found.push(one)
    bytes += one.entry.value.length
    if (bytes >= pageBytes) break
  }
  return found
}

/** Adds to what is held, or takes away from it. */
export const count = (holdings: Map<string | undefined, Held>, one: Held, sign: 1 | -1): void => {
  const { tenant } = one
  const former = holdings.get(tenant) ?? { tenant, keys: 0, bytes: 0, checksum: 0 }
  holdings.set(tenant, {
    tenant,
    keys: former.keys + sign * one.keys,
    bytes: former.bytes + sign * one.bytes,
    checksum: (former.checksum ^ one.checksum) >>> 0
  })
}
