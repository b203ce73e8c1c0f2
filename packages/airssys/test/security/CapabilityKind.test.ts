import { assert, describe, it } from "@effect/vitest"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import { Schema } from "effect"

describe("CapabilityKind", () => {
  it("names each kind once", () => {
    assert.strictEqual(new Set(CapabilityKind.all).size, CapabilityKind.all.length)
  })

  it.each(CapabilityKind.all)("knows %s", (kind) => {
    assert.isTrue(CapabilityKind.isCapabilityKind(kind))
  })

  it.each(["custom.queue", "custom.a", "custom.print-queue2", `custom.${"a".repeat(64)}`])("knows %s", (kind) => {
    assert.isTrue(CapabilityKind.isCapabilityKind(kind))
    assert.isTrue(CapabilityKind.isCustom(kind))
    assert.isTrue(CapabilityKind.takesPatterns(kind as CapabilityKind.Custom))
    assert.isTrue(Schema.is(CapabilityKind.CapabilityKind)(kind))
  })

  it.each([
    "custom",
    "custom.",
    "custom.Queue",
    "custom.a.b",
    "custom.a_b",
    "custom.-a",
    "custom.a-",
    "custom.a\n",
    "custom.\u0430",
    "custom.constructor ",
    "custom.__proto__",
    `custom.${"a".repeat(65)}`,
    `custom.${"a".repeat(1e6)}`,
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
    assert.isFalse(Schema.is(CapabilityKind.CapabilityKind)(value))
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
