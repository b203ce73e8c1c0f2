import { assert, describe, it } from "@effect/vitest"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import * as Result from "effect/Result"

describe("CapabilityKind", () => {
  it("recognises its kinds as they are written, and nothing that objects inherit", () => {
    for (const kind of CapabilityKind.all) assert.isTrue(CapabilityKind.isCapabilityKind(kind), kind)
    for (
      const other of ["", "Log", "log ", "network", "network.outbond", "__proto__", "constructor", "toString", 1, null]
    ) {
      assert.isFalse(CapabilityKind.isCapabilityKind(other), String(other))
    }
  })

  it("has patterns for exactly the kinds that name resources", () => {
    for (const kind of CapabilityKind.all) {
      const parsed = Pattern.parse(kind, "x")
      const isRefusedAsWhole = Result.isFailure(parsed) && parsed.failure.remedy === `write ${kind} = true`
      assert.strictEqual(isRefusedAsWhole, !CapabilityKind.takesPatterns(kind), kind)
    }
  })

  it("lists what each table of a manifest takes", () => {
    assert.deepStrictEqual(CapabilityKind.members("network"), ["outbound", "inbound", "resolve"])
    assert.deepStrictEqual(CapabilityKind.members("messaging"), ["send", "publish", "subscribe"])
    assert.deepStrictEqual(CapabilityKind.members("clock"), [])
    assert.deepStrictEqual(CapabilityKind.members("__proto__"), [])
  })
})
