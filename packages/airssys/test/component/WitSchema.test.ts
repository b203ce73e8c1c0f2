import type { WitType } from "@airssys/engine/WitType"
import * as WitValue from "@airssys/engine/WitValue"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as WitSchema from "../../src/component/WitSchema.ts"
import { Random, Types, typeText, value } from "./support/randomWit.ts"

const seeds = Array.from({ length: 40 }, (_, seed) => seed)

const typesOf = (seed: number) => {
  const random = new Random(seed)
  const types = new Types(random)
  return { random, types: random.many(10, () => types.type(3)) }
}

const is = (type: WitType, value: unknown): boolean => Schema.is(WitSchema.make(type))(value)

describe("WitSchema", () => {
  it("takes the values of random types, and gives them back from JSON", () => {
    for (const seed of seeds) {
      const { random, types } = typesOf(seed)
      for (const type of types) {
        const json = Schema.toCodecJson(WitSchema.make(type))
        for (const given of random.many(4, () => value(random, type))) {
          const where = `seed ${seed} ${typeText(type)}`
          assert.isTrue(is(type, given), where)
          const encoded = Schema.encodeUnknownSync(json)(given)
          assert.deepStrictEqual(Schema.decodeUnknownSync(json)(encoded), given, where)
          const text = JSON.stringify(encoded)
          const again = Schema.decodeUnknownSync(json)(JSON.parse(text))
          assert.strictEqual(JSON.stringify(Schema.encodeUnknownSync(json)(again)), text, where)
        }
      }
    }
  })

  it("decodes no value that engines refuse, and takes all of theirs as they are", () => {
    let refused = 0
    for (const seed of seeds) {
      const { random, types } = typesOf(seed)
      const values = types.flatMap((type) => random.many(3, () => value(random, type)))
      for (const type of types) {
        for (const given of [...values, null, undefined, [], -0, 0.5, 2 ** 32, 2n ** 64n, "\ud800", "ab"]) {
          const where = `seed ${seed} ${typeText(type)}`
          const decoded = Schema.decodeUnknownResult(WitSchema.make(type))(given)
          if (Result.isSuccess(decoded)) assert.isUndefined(WitValue.check(type, decoded.success), where)
          else refused++
          if (WitValue.check(type, given) !== undefined) continue
          assert.deepStrictEqual(Result.getOrThrow(decoded), given, where)
        }
      }
    }
    assert.isAbove(refused, 1_000)
  })

  const record: WitType = {
    kind: "record",
    name: undefined,
    fields: [
      { name: "constructor", type: { kind: "option", some: { kind: "u8" } } },
      { name: "to-string", type: { kind: "u8" } }
    ]
  }

  it("reads nothing from a prototype, and drops or refuses keys that a type does not have", () => {
    const schema = WitSchema.make(record)
    assert.isTrue(is(record, { constructor: 7, toString: 1 }))
    assert.isFalse(is(record, { constructor: 7 }))
    assert.isTrue(is(record, Object.assign(Object.create(null), { toString: 1 })))
    assert.isFalse(is(record, { toString: 1 }))
    const given = { constructor: 7, toString: 1, more: 1 }
    assert.deepStrictEqual(Schema.decodeUnknownSync(schema)(given), { constructor: 7, toString: 1 })
    assert.throws(() => Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })(given))
  })

  it("is the same for the same type, and has a JSON Schema", () => {
    assert.strictEqual(WitSchema.make(record), WitSchema.make(record))
    const { schema } = Schema.toJsonSchemaDocument(WitSchema.make(record))
    assert.deepInclude(schema, { type: "object", required: ["toString"] })
  })

  it("has the arguments of a function in their order", () => {
    const params = [{ name: "a", type: { kind: "u8" } }, { name: "b", type: { kind: "string" } }] as const
    const schema = WitSchema.parameters({ name: "f", params, result: undefined, async: false })
    assert.isTrue(Schema.is(schema)([1, "b"]))
    for (const wrong of [[1], ["b", 1], [1, "b", 2], { 0: 1, 1: "b" }]) assert.isFalse(Schema.is(schema)(wrong))
  })

  it("takes any object for a handle, and nothing else", () => {
    const type: WitType = { kind: "own", resource: { owner: undefined, name: "file" } }
    assert.isTrue(is(type, new Map()))
    for (const wrong of [null, 7, "file", undefined, () => 7]) assert.isFalse(is(type, wrong))
  })
})
