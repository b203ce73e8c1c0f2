import { assert, describe, it } from "@effect/vitest"
import * as CapabilityKind from "airssys/security/CapabilityKind"

describe("CapabilityKind", () => {
  it("names each kind once", () => {
    assert.strictEqual(new Set(CapabilityKind.all).size, CapabilityKind.all.length)
  })

  it.each(CapabilityKind.all)("knows %s", (kind) => {
    assert.isTrue(CapabilityKind.isCapabilityKind(kind))
  })

  it.each([
    "",
    "Log",
    "log ",
    "network",
    "network.",
    "network.outbound.x",
    "__proto__",
    "constructor",
    "toString",
    "x".repeat(1e6),
    null,
    0,
    ["log"],
    { toString: () => "log" }
  ])("does not know %s", (value) => {
    assert.isFalse(CapabilityKind.isCapabilityKind(value))
  })

  it("gives patterns to every kind that has resources", () => {
    assert.deepStrictEqual(CapabilityKind.all.filter((kind) => !CapabilityKind.takesPatterns(kind)), [
      "log",
      "clock",
      "random"
    ])
  })

  it("lists what a table of a manifest takes", () => {
    assert.deepStrictEqual(CapabilityKind.members("network"), ["outbound", "inbound", "resolve"])
    assert.deepStrictEqual(CapabilityKind.members("messaging"), ["send", "publish", "subscribe"])
  })

  it.each(["", "log", "net", "network.outbound", "__proto__", "constructor"])("lists nothing for %s", (table) => {
    assert.deepStrictEqual(CapabilityKind.members(table), [])
  })
})
