import * as CoreModule from "@airssys/engine/CoreModule"
import type { WitType } from "@airssys/engine/WitType"
import { assert, describe, it } from "@effect/vitest"
import * as Admission from "airssys/component/Admission"
import { Effect, Result, Schema } from "effect"

const owner = undefined
const rates: ReadonlyArray<readonly [type: WitType, good: ReadonlyArray<unknown>, bad: ReadonlyArray<unknown>]> = [
  [{ kind: "u8" }, [0, 255], [-1, 256, 1.5, NaN, "1", 1n, undefined]],
  [{ kind: "s64" }, [-(2n ** 63n), 2n ** 63n - 1n], [2n ** 63n, 0, "0"]],
  [{ kind: "char" }, ["a", "\u{10ffff}"], ["", "ab", "\ud800", "\udc00", 97]],
  [{ kind: "string" }, ["", "\u{1f600}"], ["\ud800x", 7, null]],
  [{ kind: "list", element: { kind: "u8" } }, [new Uint8Array(2)], [[1], "a", new Uint16Array(1)]],
  [{ kind: "list", element: { kind: "u32" } }, [[1], new Uint32Array(1)], [[-1], new Int32Array(1), { length: 0 }]],
  [
    { kind: "option", some: { kind: "option", some: { kind: "bool" } } },
    [{ tag: "none" }, { tag: "some", val: undefined }, { tag: "some", val: true }],
    [undefined, true, { tag: "some", val: 1 }, { tag: "none", val: 1 }]
  ],
  [
    { kind: "record", name: { owner, name: "r" }, fields: [{ name: "far-away", type: { kind: "bool" } }] },
    [{ farAway: true }],
    [{ farAway: true, more: 1 }, { "far-away": true }, {}, Object.create({ farAway: true }), null, []]
  ],
  [
    {
      kind: "record",
      name: undefined,
      fields: [{ name: "constructor", type: { kind: "option", some: { kind: "u8" } } }]
    },
    [{}, { constructor: 1 }],
    [{ constructor: "x" }]
  ],
  [
    {
      kind: "variant",
      name: undefined,
      cases: [{ name: "one", type: undefined }, { name: "two", type: { kind: "u8" } }]
    },
    [{ tag: "one" }, { tag: "two", val: 2 }],
    [{ tag: "one", val: 1 }, { tag: "two" }, { tag: "__proto__" }, {}, Object.create({ tag: "one" }), "one"]
  ],
  [{ kind: "enum", name: undefined, cases: ["a", "b-c"] }, ["a", "b-c"], ["bC", "toString", 0, undefined]],
  [{ kind: "flags", name: undefined, labels: ["a", "b-c"] }, [{}, { bC: true }], [{ a: 1 }, 3, null]],
  [{ kind: "tuple", items: [{ kind: "u8" }, { kind: "bool" }] }, [[1, true]], [[1], [1, true, 2], [true, 1], {}]],
  [
    { kind: "result", ok: undefined, err: { kind: "string" } },
    [{ tag: "ok" }, { tag: "err", val: "no" }],
    [{ tag: "ok", val: 1 }, { tag: "err" }, { ok: 1 }, undefined]
  ]
]

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const limits = upTo(24)
const memories = Schema.Array(Schema.Array(Schema.Tuple([upTo(4), upTo(10)])).check(Schema.isMaxLength(3)))
  .check(Schema.isMaxLength(4))

/** A module with these memories, by hand: `[minimum, maximum | undefined]`. */
const module = (memories: ReadonlyArray<readonly [number, number?]>): Uint8Array => {
  const content = [
    memories.length,
    ...memories.flatMap(([min, max]) => max === undefined ? [0, min] : [1, min, max])
  ]
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, content.length, ...content)
}

const grown = (bytes: Uint8Array): number => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>))
  let pages = 0
  for (const memory of Object.values(exports) as ReadonlyArray<WebAssembly.Memory>) {
    try {
      while (memory.buffer.byteLength < 2 ** 26) memory.grow(1)
    } catch {
      // the maximum
    }
    pages += memory.buffer.byteLength / 65536
  }
  return pages
}

describe("Admission", () => {
  for (const [type, good, bad] of rates) {
    it(`knows the values of ${type.kind}`, () => {
      const check = Admission.check(type)
      for (const value of good) assert.isUndefined(check(value))
      for (const value of bad) assert.isString(check(value), String(bad.indexOf(value)))
    })
  }

  it("names the place of a wrong value", () => {
    const items: WitType = {
      kind: "list",
      element: { kind: "record", name: undefined, fields: [{ name: "unit-price", type: { kind: "u8" } }] }
    }
    assert.strictEqual(
      Admission.checkArguments({ params: [{ name: "items", type: items }] }, [[{ unitPrice: 1 }, { unitPrice: "x" }]]),
      "items: [1].unitPrice: expected u8, got \"x\""
    )
    assert.strictEqual(Admission.checkArguments({ params: [] }, [1]), "takes 0 arguments, not 1")
  })

  it.prop(
    "lets no set of memories grow beyond the limit",
    [memories, limits, upTo(3)],
    ([modules, pages, instantiations]) => {
      const uses = modules.map((declared) => ({
        bytes: module(declared.map(([min, extra]) => extra === 10 ? [min] : [min, min + extra])),
        instantiations
      }))
      const minimum = modules.flat().reduce((sum, [min]) => sum + min * instantiations, 0)
      const limited = Admission.limitMemory(uses, pages * 65536)
      assert.strictEqual(Result.isSuccess(limited), minimum <= pages && modules.flat().length * instantiations <= 8)
      if (Result.isFailure(limited)) return
      const total = limited.success.reduce(
        (sum, bytes) => instantiations === 0 ? 0 : sum + grown(bytes) * instantiations,
        0
      )
      assert.isAtMost(total, pages)
      assert.isAtLeast(total, minimum)
    }
  )

  it("lets no set of tables grow beyond 100,000 elements", () => {
    const tables = (...limits: ReadonlyArray<ReadonlyArray<number>>) => {
      const content = [limits.length, ...limits.flatMap((one) => [0x70, ...one])]
      return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 4, content.length, ...content)
    }
    const maxima = (uses: ReadonlyArray<Admission.CoreModuleUse>) =>
      Result.map(
        Admission.limitTables(uses),
        (_) => _.map((bytes) => CoreModule.tables(bytes).defined.map((one) => one.maximum))
      )
    const growing = tables([0, 10], [1, 5, 5], [0, 0])
    assert.deepStrictEqual(
      maxima([{ bytes: growing, instantiations: 2 }, { bytes: tables([0, 9]), instantiations: 0 }]),
      Result.succeed([[25_002, 5, 24_993], [undefined]])
    )
    const large = { bytes: tables([0, 0xd0, 0x86, 0x03]), instantiations: 2 }
    assert.isTrue(Result.isSuccess(Admission.limitTables([large])))
    assert.isTrue(Result.isFailure(Admission.limitTables([large, { bytes: tables([0, 1]), instantiations: 1 }])))
  })

  it("refuses shared, 64-bit and other memories", () => {
    for (const flags of [2, 3, 4, 5, 8, 9]) {
      const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, flags, 1, 1)
      assert.isTrue(
        Result.isFailure(Admission.limitMemory([{ bytes, instantiations: 1 }], 2 ** 20))
      )
    }
  })

  it.effect("refuses core modules with a heap of their own, naming the feature and its place", () =>
    Effect.gen(function*() {
      const preamble = [0, 0x61, 0x73, 0x6d]
      const inComponent = (...content: ReadonlyArray<number>) => {
        const core = [...preamble, 1, 0, 0, 0, ...content]
        return Uint8Array.of(...preamble, 0x0d, 0, 1, 0, 1, core.length, ...core)
      }
      const cases = [
        ["gc (struct types)", [1, 5, 1, 0x5f, 1, 0x7f, 0], 21],
        ["gc (array types)", [1, 4, 1, 0x5e, 0x7e, 1], 21],
        ["shared memory", [5, 4, 1, 3, 1, 2], 21],
        ["memory64", [5, 3, 1, 4, 1], 21],
        ["64-bit tables", [4, 4, 1, 0x70, 4, 1], 22]
      ] as const
      for (const [feature, content, offset] of cases) {
        const error = yield* Effect.flip(Admission.inspect(inComponent(...content)))
        assert.deepInclude(error, { _tag: "LoadError", reason: "Refused", offset })
        assert.include(error.detail, `uses ${feature}: not supported; build it without`)
      }
      const { coreModules } = yield* Admission.inspect(inComponent(1, 4, 1, 0x60, 0, 0))
      assert.strictEqual(coreModules.length, 1)
    }))

  it.effect("gives a typed error with the place for what is no component", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Admission.inspect(Uint8Array.of(0, 0x61, 0x73, 0x6d)))
      assert.deepInclude(error, { _tag: "LoadError", reason: "Malformed" })
    }))
})
