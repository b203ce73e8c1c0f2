import type { WitType } from "@airssys/engine/WitType"
import * as WitValue from "@airssys/engine/WitValue"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as WitJson from "../../src/component/WitJson.ts"

const string: WitType = { kind: "string" }
const u32: WitType = { kind: "u32" }
const line: WitType = {
  kind: "record",
  name: undefined,
  fields: [{ name: "line-no", type: u32 }, { name: "note", type: { kind: "option", some: string } }]
}
const choice: WitType = {
  kind: "variant",
  name: undefined,
  cases: [{ name: "none-at-all", type: undefined }, { name: "some-text", type: string }]
}

const decoded = (type: WitType, data: unknown) => Result.getOrThrow(WitJson.decode(type, data, "x"))
const refusal = (type: WitType, data: unknown): string => {
  const result = WitJson.decode(type, data, "x")
  return Result.isFailure(result) ? result.failure.message : assert.fail("was taken")
}

describe("WitJson", () => {
  const values: ReadonlyArray<readonly [string, WitType, unknown, unknown]> = [
    ["a whole number for s64", { kind: "s64" }, -5, -5n],
    ["a bigint for u64", { kind: "u64" }, 2n ** 64n - 1n, 2n ** 64n - 1n],
    ["numbers for list<u8>", { kind: "list", element: { kind: "u8" } }, [0, 255], Uint8Array.of(0, 255)],
    ["bytes for list<u8>", { kind: "list", element: { kind: "u8" } }, Uint8Array.of(1), Uint8Array.of(1)],
    ["a list", { kind: "list", element: u32 }, [1, 2], [1, 2]],
    ["a tuple", { kind: "tuple", items: [u32, string] }, [1, "a"], [1, "a"]],
    ["null for an empty option", { kind: "option", some: u32 }, null, undefined],
    ["a value for an option", { kind: "option", some: u32 }, 4, 4],
    ["a nested option", { kind: "option", some: { kind: "option", some: u32 } }, { tag: "some", val: null }, {
      tag: "some",
      val: undefined
    }],
    ["WIT names of a record", line, { "line-no": 3, note: "n" }, { lineNo: 3, note: "n" }],
    ["camelCase names of a record", line, { lineNo: 3 }, { lineNo: 3, note: undefined }],
    ["a bare string for a case without payload", choice, "none-at-all", { tag: "none-at-all" }],
    ["a case with payload", choice, { tag: "some-text", val: "t" }, { tag: "some-text", val: "t" }],
    ["a result", { kind: "result", ok: u32, err: undefined }, { tag: "ok", val: 1 }, { tag: "ok", val: 1 }],
    ["labels for flags", { kind: "flags", name: undefined, labels: ["can-read", "write"] }, ["can-read"], {
      canRead: true,
      write: false
    }]
  ]
  for (const [title, type, data, expected] of values) {
    it(`takes ${title}, and what comes out has the type`, () => {
      assert.deepStrictEqual(decoded(type, data), expected)
      assert.isUndefined(WitValue.checker(type)(decoded(type, data)))
    })
  }

  const refusals: ReadonlyArray<readonly [string, WitType, unknown, string]> = [
    ["a fraction for s64", { kind: "s64" }, 1.5, "x: expected a whole number"],
    ["a number beyond 2^53 for u64", { kind: "u64" }, 2 ** 53, "x: expected a whole number"],
    ["256 as a byte", { kind: "list", element: { kind: "u8" } }, [256], "x: expected a list of bytes"],
    ["bytes for another list", { kind: "list", element: u32 }, Uint8Array.of(1), "x: expected a list"],
    ["a list of another length for a tuple", { kind: "tuple", items: [u32] }, [], "x: expected a list of 1"],
    ["an unknown field", line, { lineNo: 1, not: 1 }, "x.not: there is no such field"],
    ["a field of two names", line, { lineNo: 1, "line-no": 2 }, "x.line-no: is given twice, also as lineNo"],
    ["an own __proto__", line, JSON.parse("{\"lineNo\":1,\"__proto__\":{}}"), "x.__proto__: there is no such field"],
    ["a field that a terminal obeys", line, { lineNo: 1, "\u001b[2J": 1 }, "x.\\u{1b}[2J: there is no such field"],
    ["a list for a record", line, [1], "x: expected a record"],
    ["an unknown case", choice, "toString", "x: expected a case among none-at-all, some-text"],
    ["a tag from a prototype", choice, Object.create({ tag: "none-at-all" }), "x: expected a case among"],
    ["null for a case", choice, null, "x: expected a case among none-at-all, some-text"],
    ["a payload where there is none", choice, { tag: "none-at-all", val: 1 }, "x.none-at-all: the case has no payload"],
    ["more than tag and val", choice, { tag: "none-at-all", value: 1 }, "x.value: a case has tag and val alone"],
    ["an unknown label", { kind: "flags", name: undefined, labels: ["a"] }, ["b"], "x: expected labels among a"]
  ]
  for (const [title, type, data, message] of refusals) {
    it(`refuses ${title}`, () => assert.include(refusal(type, data), message))
  }

  it("makes records whose keys are their own, whatever they are called", () => {
    const type: WitType = { kind: "record", name: undefined, fields: [{ name: "constructor", type: u32 }] }
    const value = decoded(type, { constructor: 7 }) as object
    assert.isTrue(Object.hasOwn(value, "constructor"))
    assert.include(refusal(type, 5), "expected a record")
  })

  it("takes as many arguments as there are parameters, and names the one that is wrong", () => {
    const func = { name: "sum", params: [{ name: "lines", type: line }], result: undefined, async: false }
    assert.isTrue(Result.isFailure(WitJson.decodeArguments(func, [])))
    const wrong = WitJson.decodeArguments(func, [{ lineNo: 1, more: 1 }])
    assert.strictEqual(Result.isFailure(wrong) ? wrong.failure.path : "", "lines.more")
  })
})
