import type { WitType } from "@airssys/engine/WitType"
import * as Contract from "../Contract.ts"

/** `airssys:core/lifecycle`, as this host calls it. */
export const id = "airssys:core/lifecycle@0.1.0"

const string: WitType = { kind: "string" }
const u64: WitType = { kind: "u64" }
const named = (owner: string, name: string) => ({ owner: `airssys:core/${owner}@0.1.0`, name })

const error: WitType = {
  kind: "variant",
  name: named("types", "error"),
  cases: [
    { name: "access-denied", type: undefined },
    { name: "invalid-argument", type: string },
    { name: "not-found", type: undefined },
    { name: "timed-out", type: undefined },
    { name: "exhausted", type: undefined },
    { name: "unavailable", type: undefined },
    { name: "failed", type: string }
  ]
}

const setting: WitType = {
  kind: "record",
  name: named("lifecycle", "setting"),
  fields: [{ name: "key", type: string }, { name: "value", type: string }]
}

const limits: WitType = {
  kind: "record",
  name: named("lifecycle", "limits"),
  fields: [
    { name: "memory", type: u64 },
    { name: "fuel", type: { kind: "option", some: u64 } },
    { name: "timeout", type: { kind: "option", some: { kind: "u32" } } }
  ]
}

const configuration: WitType = {
  kind: "record",
  name: named("lifecycle", "configuration"),
  fields: [{ name: "settings", type: { kind: "list", element: setting } }, { name: "limits", type: limits }]
}

const reason: WitType = {
  kind: "enum",
  name: named("lifecycle", "shutdown-reason"),
  cases: ["stopped", "replaced", "host-exit"]
}

const result: WitType = { kind: "result", ok: undefined, err: error }

export const definition: Contract.Definition = {
  world: "airssys:core/lifecycle@0.1.0",
  members: new Map([
    ["init", Contract.func(id, "init", [["configuration", configuration]], result, undefined)],
    ["shutdown", Contract.func(id, "shutdown", [["reason", reason]], result, undefined)]
  ])
}
