/**
 * Storage in a file of SQLite: what reads and durable writes cost, also among a
 * million keys.
 */
import * as Suite from "../harness/Suite.ts"
import { few, many, page } from "./storage/Work.ts"

const airssys = () => import("./storage/airssys.ts")
const sqlite = () => import("./storage/sqlite.ts")
const map = () => import("./storage/map.ts")

const get = (name: string, keys: number, theirs: ReadonlyArray<Suite.Contender>): Suite.Row => ({
  name,
  unit: "us",
  batch: 100,
  ours: async () => (await airssys()).get("sqlite", keys),
  against: [
    ...theirs,
    { name: "sqlite", prepare: async () => (await sqlite()).get(keys) },
    { name: "map", prepare: async () => (await map()).get(keys) }
  ]
})

const set = (name: string, keys: number, theirs: ReadonlyArray<Suite.Contender>): Suite.Row => ({
  name,
  unit: "us",
  batch: 8,
  segment: 512,
  ours: async () => (await airssys()).set("sqlite", keys, 1),
  against: [
    ...theirs,
    { name: "sqlite", prepare: async () => (await sqlite()).set(keys) },
    { name: "map", prepare: async () => (await map()).set(keys) }
  ]
})

export const suite: Suite.Suite = Suite.make({
  name: "storage",
  rows: [
    get("get", few, [{ name: "memory", prepare: async () => (await airssys()).get("memory", few) }]),
    set("set", few, [{ name: "memory", prepare: async () => (await airssys()).set("memory", few, 1) }]),
    {
      name: "set-64",
      unit: "us",
      batch: 64,
      segment: 1024,
      ours: async () => (await airssys()).set("sqlite", few, 64),
      against: [{ name: "sqlite", prepare: async () => (await sqlite()).set(few) }]
    },
    {
      name: "list-100",
      unit: "us",
      batch: 10,
      ours: async () => (await airssys()).list("sqlite", few, page),
      against: [
        { name: "memory", prepare: async () => (await airssys()).list("memory", few, page) },
        { name: "sqlite", prepare: async () => (await sqlite()).list(few, page) }
      ]
    },
    {
      name: "batch-100",
      unit: "us",
      batch: 1,
      segment: 64,
      ours: async () => (await airssys()).commit("sqlite", few, page),
      against: [
        { name: "memory", prepare: async () => (await airssys()).commit("memory", few, page) },
        { name: "sqlite", prepare: async () => (await sqlite()).commit(few, page) }
      ]
    },
    get("get-1m", many, []),
    set("set-1m", many, [])
  ]
})
