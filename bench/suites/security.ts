/**
 * The security kernel: what a decision costs, and a change of authority.
 */
import * as Suite from "../harness/Suite.ts"
import { chunk, rules } from "./security/Work.ts"

/** Uses that are made durable together. */
const auditBatch = 1024

const audit = () => import("./security/audit.ts")
const airssys = () => import("./security/airssys.ts")
const bare = () => import("./security/bare.ts")
const signatures = () => import("./security/signatures.ts")

const checks = (name: string, isGranted: boolean): ReadonlyArray<Suite.Row> =>
  rules.map((count) => ({
    name: `check-${name}-${count}`,
    unit: "ns",
    batch: chunk,
    ours: async () => (await airssys()).check(count, isGranted),
    against: [
      { name: "map", prepare: async () => (await bare()).map(count, isGranted) },
      { name: "list", prepare: async () => (await bare()).list(count, isGranted) }
    ]
  }))

const stores = ["file", "sqlite"] as const

const audited = stores.map((store): Suite.Row => ({
  name: store === "file" ? "audited-use" : "audited-use-sqlite",
  unit: "us",
  batch: auditBatch,
  segment: 8 * auditBatch,
  ours: async () => (await audit()).use(store),
  against: [{ name: "bare", prepare: async () => (await audit()).bare(auditBatch) }]
}))

const changes = stores.map((store): Suite.Row => ({
  name: store === "file" ? "authority-change" : "authority-change-sqlite",
  unit: "us",
  batch: 1,
  segment: 32,
  ours: async () => (await audit()).change(store),
  against: [{ name: "bare", prepare: async () => (await audit()).bare(1) }]
}))

const freshChecks = (name: string, isGranted: boolean): ReadonlyArray<Suite.Row> =>
  rules.map((count) => ({
    name: `check-fresh-${name}-${count}`,
    unit: "ns",
    batch: chunk,
    ours: async () => (await airssys()).checkFresh(count, isGranted),
    against: [{ name: "list", prepare: async () => (await bare()).listFresh(count, isGranted) }]
  }))

export const suite: Suite.Suite = Suite.make({
  name: "security",
  rows: [
    ...checks("hit", true),
    ...checks("miss", false),
    {
      name: "check-expiring-100",
      unit: "ns",
      batch: chunk,
      ours: async () => (await airssys()).checkExpiring(100),
      against: [{ name: "map", prepare: async () => (await bare()).map(100, true) }]
    },
    ...freshChecks("hit", true),
    ...freshChecks("miss", false),
    {
      name: "require",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).require(),
      against: [{ name: "effect", prepare: async () => (await bare()).effect() }]
    },
    ...audited,
    ...changes,
    {
      name: "verify-signature",
      unit: "us",
      batch: 1,
      ours: async () => (await signatures()).open(1),
      against: [{ name: "crypto", prepare: async () => (await signatures()).verifyBare() }]
    },
    {
      name: "verify-10000",
      unit: "us",
      batch: 10_000,
      rounds: 5,
      ours: async () => (await signatures()).open(64),
      against: [{ name: "crypto", prepare: async () => (await signatures()).verifyBare() }]
    },
    { name: "revoke", unit: "us", batch: 100, segment: 100, ours: async () => (await airssys()).revoke(), against: [] }
  ]
})
