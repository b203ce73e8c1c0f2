import { describe, expect, it } from "vitest"
import { bytesOf, NotAssembled } from "../wast/assemble.ts"
import { type Order, read } from "../wast/script.ts"
import { parse, SyntaxProblem } from "../wast/tree.ts"
import { isSame, show, toJs, value } from "../wast/value.ts"

const orders = (source: string): ReadonlyArray<Order> => read(source).map(({ order }) => order)

const valueOf = (source: string) => value(parse(source)[0]!)

describe("the reader of scripts", () => {
  it("leaves out comments, nested ones and annotations among them", () => {
    const commands = read(`
      ;; (component)
      (; (; (component) ;) (component) ;)
      (@custom "(component)")
      (component)`)
    expect(commands.map(({ keyword, line }) => [keyword, line])).toEqual([["component", 5]])
  })

  it("resolves the escapes of strings", () => {
    const [order] = orders(String.raw`(component binary "\00\ffa\t\n\"\'\\" "\u{2603}☃")`)
    expect(order).toMatchObject({ _tag: "Component", source: { _tag: "Bytes" } })
    const { source } = order as Extract<Order, { readonly _tag: "Component" }>
    expect(source._tag === "Bytes" && [...source.bytes]).toEqual(
      [0, 255, 97, 9, 10, 34, 39, 92, 0xe2, 0x98, 0x83, 0xe2, 0x98, 0x83]
    )
  })

  it("hands on the text of a component with its name and everything in it", () => {
    const [order] = orders(`(component definition $C (; x ;) (export "(" (func 0)) )`)
    expect(order).toEqual({
      _tag: "Definition",
      name: "$C",
      source: { _tag: "Text", text: `(component $C (; x ;) (export "(" (func 0)) )`, asynchronous: [] }
    })
  })

  it("takes the fields of a quoted component", () => {
    expect(orders(`(assert_malformed (component quote "(import \\"a\\"" " (func))") "no")`)).toEqual([{
      _tag: "AssertRefused",
      how: "assert_malformed",
      source: { _tag: "Quoted", text: `(component (import "a" (func)))`, asynchronous: [] },
      message: "no"
    }])
  })

  it("finds the asynchronous features of a text, and none in core modules and strings", () => {
    const [order] = orders(`(component $C
      (core module (func $async (export "stream") (call $async)))
      (import "future" (func (param "async" u8)))
      (type $T (stream u8))
      (core func (canon task.return)))`)
    expect(order).toMatchObject({ source: { asynchronous: ["stream", "task.return"] } })
  })

  it("tells instances from components, and whose export is called", () => {
    expect(orders(`
      (component instance $i $C)
      (assert_return (invoke $i "f" (u32.const 1)) (bool.const true))
      (assert_trap (component instance $j $C) "unreachable")`)).toEqual([
      { _tag: "Instance", name: "$i", component: "$C" },
      {
        _tag: "AssertReturn",
        call: { instance: "$i", export: "f", args: [{ _tag: "Integer", type: "u32", value: 1n }] },
        values: [{ _tag: "Bool", value: true }]
      },
      { _tag: "AssertTrap", action: { _tag: "InstantiateNamed", component: "$C" }, message: "unreachable" }
    ])
  })

  it("says of what it does not know that it does not know it", () => {
    expect(orders(`(module) (thread $t) (assert_invalid (module) "no")`)).toEqual([
      { _tag: "Unsupported", what: "a core module" },
      { _tag: "Unsupported", what: "the command thread" },
      { _tag: "Unsupported", what: "a core module" }
    ])
  })

  it.each([`(component`, `)`, `"a"`, `(component "a)`, `(component "\\q")`, `(; open`, `(component "\\u{d800}")`])(
    "refuses the broken text %s with its place",
    (source) => {
      expect(() => read(source)).toThrow(SyntaxProblem)
    }
  )
})

describe("values of a script", () => {
  it.each([
    [`(u8.const 0xff)`, 255],
    [`(u32.const 4_294_967_295)`, 4294967295],
    [`(u32.const -1)`, 4294967295],
    [`(s8.const 255)`, -1],
    [`(u64.const 18446744073709551615)`, 18446744073709551615n],
    [`(s64.const -9223372036854775808)`, -9223372036854775808n],
    [`(f32.const 0.1)`, Math.fround(0.1)],
    [`(f64.const -0)`, -0],
    [`(f64.const -inf)`, -Infinity],
    [`(f64.const nan:canonical)`, Number.NaN],
    [`(f64.const 0x1.8p+1)`, 3],
    [`(char.const "☃")`, "☃"],
    [`(enum.const "dark-green")`, "dark-green"],
    [`(option.some (u8.const 0))`, 0],
    [`(result.err)`, { tag: "err", val: undefined }],
    [`(variant.const "a-b" (bool.const false))`, { tag: "a-b", val: false }],
    [`(flags.const "a-b" "c")`, { aB: true, c: true }],
    [`(record.const (field "a-b" u8.const 1) (field "c" (str.const "")))`, { aB: 1, c: "" }],
    [`(list.const (u8.const 1))`, Uint8Array.of(1)],
    [`(list.const (u16.const 1))`, [1]]
  ])("%s is written in JavaScript", (source, expected) => {
    expect(toJs(valueOf(source), undefined)).toEqual(expected)
  })

  it("follow the type where there is one", () => {
    const u8 = { kind: "u8" } as const
    const nested = { kind: "option", some: { kind: "option", some: u8 } } as const
    expect(toJs(valueOf(`(option.some (option.none))`), nested)).toEqual({ tag: "some", val: undefined })
    expect(toJs(valueOf(`(option.none)`), nested)).toEqual({ tag: "none", val: undefined })
    expect(toJs(valueOf(`(list.const)`), { kind: "list", element: u8 })).toEqual(new Uint8Array())
    expect(toJs(valueOf(`(tuple.const (u8.const 1))`), { kind: "tuple", items: [u8] })).toEqual([1])
    expect(toJs(valueOf(`(flags.const "b")`), { kind: "flags", name: undefined, labels: ["a", "b"] }))
      .toEqual({ a: false, b: true })
  })

  it("are the same when nothing that WIT tells apart differs", () => {
    expect(isSame({ tag: "ok", val: undefined }, { tag: "ok" })).toBe(true)
    expect(isSame([1, 2], Uint16Array.of(1, 2))).toBe(true)
    expect(isSame(Number.NaN, Number.NaN)).toBe(true)
    expect(isSame(0, -0)).toBe(false)
    expect(isSame([1], [1, 2])).toBe(false)
    expect(isSame([], {})).toBe(false)
    expect(isSame({ a: 1 }, { a: 1, b: 2 })).toBe(false)
    expect(isSame(1n, 1)).toBe(false)
    expect(isSame({ a: 1 }, undefined)).toBe(false)
  })

  it("are shown with what JSON would lose", () => {
    expect(show({ a: 1n, b: -0, c: Uint8Array.of(1) })).toBe(`{"a":"1n","b":"-0","c":[1]}`)
    expect(show(undefined)).toBe("nothing")
  })
})

const text = (text: string) => ({ _tag: "Text", text, asynchronous: [] }) as const

describe("the assembler", () => {
  it("gives bytes without looking whether they are valid", async () => {
    const bytes = await bytesOf(text(`(component (core module (func i32.add)))`))
    expect([...bytes.subarray(0, 8)]).toEqual([0, 97, 115, 109, 13, 0, 1, 0])
  })

  it("says in one line what it does not take", async () => {
    await expect(bytesOf(text(`(component (alias outer $Nowhere 0 (type)))`))).rejects.toThrow(
      "outer component `Nowhere` not found"
    )
    await expect(bytesOf(text(`(component (import "\\zz" (func)))`))).rejects.toBeInstanceOf(NotAssembled)
  })
})
