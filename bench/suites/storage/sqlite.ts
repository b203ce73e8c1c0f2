/**
 * What somebody writes who needs no owners, quotas, revisions or checksums: one
 * table, statements that are prepared, and a synchronisation for each write.
 */
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Work } from "../../harness/Suite.ts"
import { expect, fresh, keyOf, shuffled } from "./Work.ts"

const build = (keys: number) => {
  const folder = fs.mkdtempSync(join(tmpdir(), "airssys-bench-"))
  const database = new DatabaseSync(join(folder, "a"))
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA cache_size = -32768;
    PRAGMA synchronous = FULL;
    CREATE TABLE entry (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    BEGIN;
  `)
  const write = database.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?)")
  for (let number = 0; number < keys; number++) write.run(keyOf(number), fresh(number))
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
  const close = () => {
    database.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
  return { database, write, close }
}

export const get = async (keys: number): Promise<Work> => {
  const { close, database } = build(keys)
  const read = database.prepare("SELECT value FROM entry WHERE key = ?")
  const next = shuffled(keys)
  let found = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) if (read.get(keyOf(next())) !== undefined) found++
    },
    check: (count) => {
      expect(found, count)
      found = 0
    },
    close
  }
}

export const set = async (keys: number): Promise<Work> => {
  const { close, write } = build(keys)
  const next = shuffled(keys)
  let changed = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) changed += Number(write.run(keyOf(next()), fresh(done)).changes)
    },
    check: (count) => {
      expect(changed, count)
      changed = 0
    },
    close
  }
}

export const list = async (keys: number, page: number): Promise<Work> => {
  const { close, database } = build(keys)
  const read = database.prepare("SELECT key FROM entry WHERE key > ? ORDER BY key LIMIT ?")
  const next = shuffled(keys - page)
  let found = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) found += read.all(keyOf(next()), page).length
    },
    check: (count) => {
      expect(found, count * page)
      found = 0
    },
    close
  }
}

export const commit = async (keys: number, size: number): Promise<Work> => {
  const { close, database, write } = build(keys)
  const next = shuffled(keys - size)
  let changed = 0
  return {
    run: (count) => {
      for (let done = 0; done < count; done++) {
        const from = next()
        database.exec("BEGIN")
        for (let index = 0; index < size; index++) {
          changed += Number(write.run(keyOf(from + index), fresh(done)).changes)
        }
        database.exec("COMMIT")
      }
    },
    check: (count) => {
      expect(changed, count * size)
      changed = 0
    },
    close
  }
}
