import { assert, describe, it } from "@effect/vitest"
import * as CapabilityDiff from "airssys/security/CapabilityDiff"

const reads = (...patterns: ReadonlyArray<string>) => ({ kind: "storage.read" as const, patterns })
const recorded = <B extends CapabilityDiff.Block>(block: B) => ({ ...block, audit: "before-use" as const })

const widened = (from: ReadonlyArray<CapabilityDiff.Block>, to: ReadonlyArray<CapabilityDiff.Block>) =>
  CapabilityDiff.make({ from, to }).widened.map(({ pattern }) => pattern)

describe("CapabilityDiff of what is recorded before its use", () => {
  it("is wider where that goes", () => {
    assert.deepStrictEqual(widened([recorded(reads("a/**"))], [reads("a/**")]), ["a/**"])
    assert.deepStrictEqual(widened([recorded(reads("a/**"))], [reads("a/b")]), ["a/b"])
    assert.deepStrictEqual(widened([reads("**"), recorded(reads("a/**"))], [reads("**")]), ["**"])
    assert.deepStrictEqual(widened([reads("*/b"), recorded(reads("a/*"))], [reads("*/b")]), ["*/b"])
    const clock = { kind: "clock" as const, patterns: [] }
    assert.deepStrictEqual(widened([recorded(clock)], [clock]), [""])
  })

  it("is no wider where that stays, comes or is of something else", () => {
    assert.deepStrictEqual(widened([recorded(reads("a/**"))], [recorded(reads("a/**"))]), [])
    assert.deepStrictEqual(widened([recorded(reads("a/**"))], [reads("a/**"), recorded(reads("a/**"))]), [])
    assert.deepStrictEqual(widened([reads("a/**")], [recorded(reads("a/**"))]), [])
    assert.deepStrictEqual(widened([reads("b/**"), recorded(reads("a/**"))], [reads("b/**")]), [])
    const writes = { kind: "storage.write" as const, patterns: ["**"] }
    assert.deepStrictEqual(widened([recorded(reads("**")), writes], [writes]), [])
  })

  it("drops what only the other set records, and what only it may do without that", () => {
    const dropped = (from: ReadonlyArray<CapabilityDiff.Block>, to: ReadonlyArray<CapabilityDiff.Block>) =>
      CapabilityDiff.make({ from, to }).dropped
    const all = recorded(reads("a/**"))
    assert.deepStrictEqual(dropped([reads("a/**")], [all]), [{ kind: "storage.read", pattern: "a/**" }])
    assert.deepStrictEqual(dropped([all], [reads("a/**")]), [])
    assert.deepStrictEqual(dropped([all], [reads("a/b")]), [
      { kind: "storage.read", pattern: "a/**", audit: "before-use" }
    ])
    assert.deepStrictEqual(dropped([all, reads("b")], [all]), [{ kind: "storage.read", pattern: "b" }])
    assert.deepStrictEqual(dropped([all], [all]), [])
  })
})
