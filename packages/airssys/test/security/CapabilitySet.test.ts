import { assert, describe, it } from "@effect/vitest"
import * as CapabilitySet from "airssys/security/CapabilitySet"

const reads = (...patterns: ReadonlyArray<string>) => ({ kind: "storage.read" as const, patterns })

describe("CapabilitySet", () => {
  it("is the same however capabilities are grouped, and for nothing else", () => {
    const text = CapabilitySet.text([reads("a", "b")])
    assert.strictEqual(CapabilitySet.text([reads("b"), reads("a"), reads("a")]), text)
    for (
      const other of [
        [],
        [reads("a")],
        [reads("a", "b", "c")],
        [{ ...reads("a", "b"), kind: "storage.write" as const }],
        [{ ...reads("a", "b"), expires: "2027-01-01" as const }],
        [{ ...reads("a", "b"), audit: "before-use" as const }],
        [reads("a\",\"b")],
        [reads("a"), reads("b\"}\n")]
      ]
    ) assert.notStrictEqual(CapabilitySet.text(other), text)
  })

  it("tells apart what has no canonical form", () => {
    assert.notStrictEqual(CapabilitySet.text([reads("\ud800")]), CapabilitySet.text([reads("\ud801")]))
    assert.notStrictEqual(CapabilitySet.text([reads("\ud800")]), CapabilitySet.text([reads("a")]))
  })
})
