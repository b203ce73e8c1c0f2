import type { Primitive, WitType } from "@airssys/engine/WitType"
import * as WitValue from "@airssys/engine/WitValue"
import { describe, expect, it } from "vitest"

const prim = (kind: Primitive): WitType => ({ kind })
const list = (element: WitType): WitType => ({ kind: "list", element })
const option = (some: WitType): WitType => ({ kind: "option", some })
const record = (...fields: ReadonlyArray<readonly [string, WitType]>): WitType => ({
  kind: "record",
  name: undefined,
  fields: fields.map(([name, type]) => ({ name, type }))
})
const variant: WitType = {
  kind: "variant",
  name: { owner: undefined, name: "rate-error" },
  cases: [{ name: "no-such-currency", type: prim("string") }, { name: "unavailable", type: undefined }]
}
const result: WitType = { kind: "result", ok: prim("u8"), err: undefined }
const flags: WitType = { kind: "flags", name: undefined, labels: ["read", "dark-mode"] }
const handle: WitType = { kind: "own", resource: { owner: undefined, name: "store" } }

const inherited: object = Object.create({ a: 1 })
const nullProto = Object.assign(Object.create(null), { a: 1 })

describe("check accepts", () => {
  it.each<readonly [string, WitType, ReadonlyArray<unknown>]>([
    ["bool", prim("bool"), [true, false]],
    ["s8", prim("s8"), [-128, 127, 0, -0]],
    ["u8", prim("u8"), [0, 255]],
    ["s16", prim("s16"), [-32_768, 32_767]],
    ["u16", prim("u16"), [0, 65_535]],
    ["s32", prim("s32"), [-2_147_483_648, 2_147_483_647]],
    ["u32", prim("u32"), [0, 4_294_967_295]],
    ["s64", prim("s64"), [-(2n ** 63n), 2n ** 63n - 1n]],
    ["u64", prim("u64"), [0n, 2n ** 64n - 1n]],
    ["f32", prim("f32"), [1.08, Number.NaN, Infinity]],
    ["f64", prim("f64"), [0.1, -Infinity]],
    ["char", prim("char"), ["a", "\u00e9", "\u{1f600}", "\uffff", "\u0000"]],
    ["string", prim("string"), ["", "\u{1f600}", "a\u0000b"]],
    ["list<u8>", list(prim("u8")), [new Uint8Array(3)]],
    ["list<u32>", list(prim("u32")), [[1, 2], new Uint32Array(2), []]],
    ["list<string>", list(prim("string")), [["a"]]],
    ["option", option(prim("u8")), [undefined, 1]],
    ["option of option", option(option(prim("u8"))), [{ tag: "none" }, { tag: "some", val: 1 }, {
      tag: "some",
      val: undefined
    }]],
    ["result", result, [{ tag: "ok", val: 1 }, { tag: "err" }, { tag: "err", val: undefined }]],
    ["tuple", { kind: "tuple", items: [prim("u8"), prim("string")] }, [[1, "a"]]],
    ["record", record(["a", prim("u8")]), [{ a: 1 }, nullProto]],
    ["record with an option", record(["a-b", option(prim("u8"))]), [{}, { aB: undefined }, { aB: 1 }]],
    ["variant", variant, [{ tag: "no-such-currency", val: "X" }, { tag: "unavailable" }]],
    ["enum", { kind: "enum", name: undefined, cases: ["dark-green"] }, ["dark-green"]],
    ["flags", flags, [{}, { read: true }, { read: false, darkMode: true }]],
    ["a handle", handle, [{}, new Map()]]
  ])("%s", (_, type, values) => {
    for (const value of values) expect(WitValue.check(type, value)).toBeUndefined()
  })
})

describe("check says where and what", () => {
  it.each<readonly [WitType, unknown, string]>([
    [prim("bool"), 1, "expected bool, got 1"],
    [prim("u8"), 256, "expected u8, got 256"],
    [prim("u8"), -1, "expected u8, got -1"],
    [prim("u8"), 1.5, "expected u8, got 1.5"],
    [prim("u8"), "1", `expected u8, got "1"`],
    [prim("u8"), 1n, "expected u8, got 1n"],
    [prim("u8"), Number.NaN, "expected u8, got NaN"],
    [prim("s8"), 128, "expected s8, got 128"],
    [prim("s32"), 2 ** 31, "expected s32, got 2147483648"],
    [prim("u32"), 2 ** 32, "expected u32, got 4294967296"],
    [prim("u32"), new Number(1), "expected u32, got an object"],
    [prim("u64"), 1, "expected u64 (a bigint), got 1"],
    [prim("u64"), 2n ** 64n, "expected u64, got 18446744073709551616n"],
    [prim("u64"), 10n ** 1_000n, "expected u64, got a bigint of more than 80 bits"],
    [prim("s64"), -(2n ** 63n) - 1n, "expected s64, got -9223372036854775809n"],
    [prim("f64"), 1n, "expected f64, got 1n"],
    [prim("f64"), null, "expected f64, got null"],
    [prim("char"), "ab", `expected char, got "ab"`],
    [prim("char"), "", `expected char, got ""`],
    [prim("char"), "\ud800", `expected char, got "\\ud800"`],
    [prim("string"), "a\udc00b", "expected string, got one with a lone surrogate"],
    [prim("string"), new String("a"), "expected string, got an object"],
    [list(prim("u8")), [1], "expected Uint8Array, got an array of 1"],
    [list(prim("u16")), new Uint8Array(1), "expected an array, got a typed array"],
    [list(prim("u16")), { length: 0 }, "expected an array, got an object"],
    [list(prim("u16")), [1, -1], "[1]: expected u16, got -1"],
    [list(prim("u16")), Array(1), "[0]: expected u16, got undefined"],
    [option(prim("u8")), null, "expected a value or undefined, got null"],
    [option(option(prim("u8"))), undefined, "expected option, got undefined"],
    [option(option(prim("u8"))), { tag: "some", val: "" }, `val: expected u8, got ""`],
    [result, 1, "expected result, got 1"],
    [result, { tag: "ok" }, `missing key "val"`],
    [result, { tag: "err", val: 1 }, "val: expected undefined, got 1"],
    [result, { tag: "ok", val: 1, more: 1 }, `unexpected key "more"`],
    [result, { tag: "toString" }, `tag: expected one of ok, err, got "toString"`],
    [result, {}, "tag: expected one of ok, err, got undefined"],
    [result, Object.create({ tag: "err" }), "tag: expected one of ok, err, got undefined"],
    [variant, { tag: "no-such-currency", val: 1 }, "val: expected string, got 1"],
    [variant, "unavailable", `expected rate-error, got "unavailable"`],
    [{ kind: "tuple", items: [prim("u8")] }, [1, 2], "expected an array of 1, got an array of 2"],
    [{ kind: "tuple", items: [prim("u8")] }, ["a"], `[0]: expected u8, got "a"`],
    [record(["a", prim("u8")]), {}, `missing key "a"`],
    [record(["a", prim("u8")]), inherited, `missing key "a"`],
    [record(["a", prim("u8")]), { a: 1, b: 2 }, `unexpected key "b"`],
    [record(["a", prim("u8")]), [1], "expected record, got an array of 1"],
    [record(["a", prim("u8")]), JSON.parse(`{"a":1,"__proto__":{}}`), `unexpected key "__proto__"`],
    [record(["constructor", prim("u8")]), {}, `missing key "constructor"`],
    [{ kind: "enum", name: undefined, cases: ["a", "b"] }, "c", `expected one of a, b, got "c"`],
    [{ kind: "enum", name: undefined, cases: ["a", "b"] }, "__proto__", `expected one of a, b, got "__proto__"`],
    [flags, { read: 1 }, "read: expected bool, got 1"],
    [flags, { write: true }, `unexpected key "write"`],
    [handle, null, "expected a handle to store, got null"],
    [handle, 3, "expected a handle to store, got 3"],
    [prim("u8"), () => 1, "expected u8, got a function"],
    [prim("u8"), "x".repeat(1_000), `expected u8, got "${"x".repeat(64)}..."`],
    [prim("u8"), "\u001b[2J", `expected u8, got "\\u001b[2J"`]
  ])("%j %o: %s", (type, value, problem) => {
    expect(WitValue.check(type, value)).toBe(problem)
  })

  it("with the path through records, lists and variants", () => {
    const items = record(["items", list(record(["quantity", prim("u32")], ["unit-price", option(variant)]))])
    expect(WitValue.check(items, { items: [{ quantity: 1 }, { quantity: 1 }, { quantity: 1 }, { quantity: -1 }] }))
      .toBe(
        "items[3].quantity: expected u32, got -1"
      )
    expect(WitValue.check(items, { items: [{ quantity: 1, unitPrice: { tag: "no-such-currency", val: 2 } }] })).toBe(
      "items[0].unitPrice.val: expected string, got 2"
    )
  })
})

describe("checker", () => {
  it("is made once per type, also for types that share their parts", () => {
    let type: WitType = record(["a", prim("u8")])
    for (let i = 0; i < 60; i++) type = { kind: "tuple", items: [type, type] }
    expect(WitValue.checker(type)).toBe(WitValue.checker(type))
  })

  it("refuses a type that nests too deep", () => {
    let type = prim("u8")
    for (let i = 0; i < 300; i++) type = option(type)
    expect(() => WitValue.checker(type)).toThrow(RangeError)
  })
})

describe("camelCase", () => {
  it.each([["a", "a"], ["no-such-currency", "noSuchCurrency"], ["HTTP-get", "httpGet"], ["x11-forward", "x11Forward"], [
    "a-1b",
    "a1b"
  ], ["set-URL", "setUrl"]])("%s is %s", (kebab, camel) => {
    expect(WitValue.camelCase(kebab)).toBe(camel)
  })
})
