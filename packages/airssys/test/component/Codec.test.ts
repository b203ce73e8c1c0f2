import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Result, Schema } from "effect"
import * as Borsh from "../../src/component/Borsh.ts"
import * as Codec from "../../src/component/Codec.ts"
import type { CodecError } from "../../src/component/CodecError.ts"
import type * as Payload from "../../src/component/Payload.ts"
import * as vectors from "./fixtures/cborVectors.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

const reasonOf = (result: Result.Result<unknown, CodecError>): string =>
  Result.isFailure(result) ? result.failure.reason : "taken"

const reason = (codec: Codec.SelfDescribing, bytes: Uint8Array | string, limits?: Codec.Limits): string =>
  reasonOf(Codec.decode(codec, typeof bytes === "string" ? utf8(bytes) : bytes, limits))

const cbor = (...parts: ReadonlyArray<string>): string => reason("cbor", hex(parts.join("")))

const roundTrip = (codec: Codec.SelfDescribing, value: unknown): unknown =>
  Result.getOrThrow(Codec.decode(codec, Result.getOrThrow(Codec.encode(codec, value))))

type Value = null | boolean | number | bigint | string | Uint8Array | ReadonlyArray<Value> | ReadonlyMap<string, Value>

const arbitraryOf = (
  leaves: ReadonlyArray<Schema.Codec<Value, unknown>>,
  depth: number
): Arbitrary.Arbitrary<Value> => {
  const leaf = Arbitrary.schema(Schema.Union(leaves)) as Arbitrary.Arbitrary<Value>
  if (depth === 0) return leaf
  const inner = arbitraryOf(leaves, depth - 1)
  return Arbitrary.flatMap(
    Arbitrary.schema(Schema.Literals(["leaf", "array", "map"])),
    (kind): Arbitrary.Arbitrary<Value> =>
      kind === "leaf"
        ? leaf
        : kind === "array"
        ? Arbitrary.array(inner, { maxLength: 4 })
        : Arbitrary.map(
          Arbitrary.array(Arbitrary.all([Arbitrary.schema(Schema.String), inner]), { maxLength: 4 }),
          (entries) => new Map(entries.filter(([key]) => key.isWellFormed()))
        )
  )
}

const Text = Schema.String.check(Schema.makeFilter((text: string) => text.isWellFormed()))
const cborValues = arbitraryOf([Schema.Null, Schema.Boolean, Schema.Finite, Schema.Int, Text, Schema.Uint8Array], 3)
const jsonValues = Arbitrary.map(
  arbitraryOf([Schema.Null, Schema.Boolean, Schema.Finite, Text], 3),
  function plain(value): unknown {
    if (Array.isArray(value)) return value.map(plain)
    return value instanceof Map
      ? Object.assign(Object.create(null), Object.fromEntries([...value].map(([key, field]) => [key, plain(field)])))
      : value
  }
)

describe("CBOR", () => {
  it("reads the examples of RFC 8949 as their values", () => {
    for (const [text, value] of vectors.taken) {
      assert.deepStrictEqual(Result.getOrThrow(Codec.decode("cbor", hex(text))), value, text)
      assert.deepStrictEqual(roundTrip("cbor", value), value, text)
    }
  })

  it("refuses the examples of RFC 8949 with open lengths, unknown tags and unknown simple values", () => {
    for (const text of vectors.unsupported) assert.strictEqual(cbor(text), "Unsupported", text)
  })

  it.prop("reads what it wrote", { value: cborValues }, ({ value }) => {
    assert.deepStrictEqual(roundTrip("cbor", value), value)
  })

  it("carries integers of any size up to 64 bytes", () => {
    for (const bits of [52n, 53n, 54n, 63n, 64n, 65n, 511n, 512n]) {
      for (const value of [(1n << bits) - 1n, -(1n << bits)]) {
        const safe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
        assert.strictEqual(roundTrip("cbor", value), safe)
      }
    }
    assert.strictEqual(reasonOf(Codec.encode("cbor", 1n << 512n)), "Unencodable")
  })

  it("refuses a bignum of 1 MiB at its length, and tag 27 at its tag", () => {
    const bignum = new Uint8Array(1_048_576).fill(0xff)
    bignum.set(hex("c25a000ffffa"))
    const refused = Codec.decode("cbor", bignum)
    assert.deepStrictEqual(
      Result.isFailure(refused) ? [refused.failure.reason, refused.failure.offset] : [],
      ["TooLarge", 1]
    )
    const regExp = Codec.decode("cbor", hex("d81b8261616167"))
    assert.deepStrictEqual(
      Result.isFailure(regExp) ? [regExp.failure.reason, regExp.failure.offset] : [],
      ["Unsupported", 0]
    )
  })

  it("believes no length before the bytes are there", () => {
    for (const head of ["5b", "7b", "9b", "bb"]) assert.strictEqual(cbor(head, "7fffffffffffffff"), "Truncated")
    for (const text of ["", "18", "1b00", "41", "82", "8201", "a1", "a101", "c2", "fb00", "d8"]) {
      assert.strictEqual(cbor(text), "Truncated", text)
    }
  })

  it("bounds depth, values and bytes", () => {
    assert.strictEqual(cbor("81".repeat(64), "00"), "taken")
    assert.strictEqual(cbor("81".repeat(65), "00"), "TooDeep")
    assert.strictEqual(cbor("a100".repeat(65), "00"), "TooDeep")
    assert.strictEqual(reason("cbor", new Uint8Array(1_048_577)), "TooLarge")
    assert.strictEqual(reason("cbor", hex("83010203"), { maxElements: 4 }), "taken")
    assert.strictEqual(reason("cbor", hex("83010203"), { maxElements: 3 }), "TooManyElements")
  })

  it("takes each key once, and as keys texts and integers", () => {
    assert.strictEqual(cbor("a2616100616100"), "DuplicateKey")
    assert.strictEqual(cbor("a20100180100"), "DuplicateKey")
    assert.strictEqual(cbor("a20100c2410100"), "DuplicateKey")
    for (const key of ["80", "a0", "f5", "f6", "4100", "f93c00"]) {
      assert.strictEqual(cbor("a1", key, "00"), "Unsupported")
    }
  })

  it("takes no more integer keys in a map than cannot be made to collide for long", () => {
    const map = (entries: number): Uint8Array =>
      hex(
        `b9${entries.toString(16).padStart(4, "0")}${
          Array.from({ length: entries }, (_, key) => `1a${key.toString(16).padStart(8, "0")}00`).join("")
        }`
      )
    assert.strictEqual(reason("cbor", map(256)), "taken")
    assert.strictEqual(reason("cbor", map(257)), "TooManyElements")
    const keys = (size: number) => new Map(Array.from({ length: size }, (_, key) => [key, 0]))
    assert.strictEqual(reasonOf(Codec.encode("cbor", keys(256))), "taken")
    assert.strictEqual(reasonOf(Codec.encode("cbor", keys(257))), "Unencodable")
  })

  it("refuses what is no UTF-8, what follows the value, and reserved forms", () => {
    for (const text of ["61ff", "62c328", "63eda080", "62c080"]) assert.strictEqual(cbor(text), "NotUtf8", text)
    assert.strictEqual(cbor("0000"), "Trailing")
    for (const text of ["1c", "3d", "5e", "fc", "f814", "c200"]) assert.strictEqual(cbor(text), "Malformed", text)
  })

  it("keeps __proto__ a key", () => {
    const bytes = Result.getOrThrow(Codec.encode("cbor", { ["__proto__"]: 1 }))
    assert.deepStrictEqual(Codec.decode("cbor", bytes), Result.succeed(new Map([["__proto__", 1]])))
  })

  it("writes nothing that it would not read", () => {
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    const values = [
      Symbol("a"),
      () => 1,
      new Date(0),
      "\ud800",
      new Map([[1.5, 1]]),
      new Map<unknown, unknown>([[1, 1], [1n, 2]])
    ]
    for (const value of values) assert.strictEqual(reasonOf(Codec.encode("cbor", value)), "Unencodable")
    assert.strictEqual(reasonOf(Codec.encode("cbor", cycle)), "TooDeep")
    assert.strictEqual(reasonOf(Codec.encode("cbor", new Uint8Array(1_048_576))), "TooLarge")
    assert.strictEqual(reasonOf(Codec.encode("cbor", Array(200_000).fill(0))), "TooManyElements")
  })
})

describe("JSON", () => {
  it.prop("reads what it wrote, and what JSON.stringify writes", { value: jsonValues }, ({ value }) => {
    assert.deepStrictEqual(roundTrip("json", value), value)
    const usual: unknown = JSON.parse(JSON.stringify(value))
    const read = Result.getOrThrow(Codec.decode("json", utf8(JSON.stringify(value))))
    assert.deepStrictEqual(JSON.parse(JSON.stringify(read)), usual)
  })

  it("reads numbers, escapes and white space as JSON.parse does", () => {
    const texts = [
      "-0",
      "1e2",
      "1E-2",
      "0.5",
      " [ 1 ,\t2\r\n] ",
      "\"\\u00e9\\n\\\"\\/\"",
      "\"\\ud83d\\ude00\"",
      "{}",
      "[]"
    ]
    for (const text of texts) {
      const usual: unknown = JSON.parse(text)
      const read = Result.getOrThrow(Codec.decode("json", utf8(text)))
      assert.isTrue(
        typeof read === "object" ? JSON.stringify(read) === JSON.stringify(usual) : Object.is(read, usual),
        text
      )
    }
  })

  it("refuses what is not exactly one JSON text", () => {
    const malformed = [
      "01",
      "+1",
      ".5",
      "[1,]",
      "{a:1}",
      "{\"a\" 1}",
      "'a'",
      "nul",
      "NaN",
      "\"\n\"",
      "\"\\x\"",
      "\"\\u12\"",
      "[1 2]",
      "\ufeff1"
    ]
    for (const text of malformed) assert.include(["Malformed", "Trailing"], reason("json", text), text)
    for (const text of ["", " ", "[", "{", "{\"a\"", "{\"a\":", "\"a", "[1", "\"\\"]) {
      assert.strictEqual(reason("json", text), "Truncated", text)
    }
    for (const text of ["1 1", "{}{}", "1."]) assert.strictEqual(reason("json", text), "Trailing", text)
  })

  it("takes each key once, and __proto__ as one", () => {
    assert.strictEqual(reason("json", "{\"a\":1,\"\\u0061\":2}"), "DuplicateKey")
    assert.strictEqual(reason("json", "{\"__proto__\":1,\"__proto__\":2}"), "DuplicateKey")
    const read = Result.getOrThrow(Codec.decode("json", utf8("{\"__proto__\":{\"a\":1},\"constructor\":2}"))) as object
    assert.deepStrictEqual(Object.keys(read), ["__proto__", "constructor"])
    assert.strictEqual(Object.getPrototypeOf(read), null)
    assert.isUndefined(({} as Record<string, unknown>)["a"])
  })

  it("refuses what is no UTF-8, half of a pair, and numbers that are none of 64 bits", () => {
    assert.strictEqual(reason("json", hex("22ff22")), "NotUtf8")
    assert.strictEqual(reason("json", "\"\\ud800\""), "NotUtf8")
    assert.strictEqual(reason("json", "1e999"), "Unsupported")
    assert.strictEqual(reason("json", "1".repeat(257)), "TooLarge")
  })

  it("bounds depth, values and bytes", () => {
    assert.strictEqual(reason("json", `${"[".repeat(64)}${"]".repeat(64)}`), "taken")
    assert.strictEqual(reason("json", "[".repeat(65)), "TooDeep")
    assert.strictEqual(reason("json", "[".repeat(1_000_000)), "TooDeep")
    assert.strictEqual(reason("json", "[1,2]", { maxElements: 2 }), "TooManyElements")
    assert.strictEqual(reason("json", " ".repeat(1_048_577)), "TooLarge")
  })

  it("writes nothing that it would not read", () => {
    for (
      const value of [undefined, 1n, Number.NaN, Infinity, new Map(), new Uint8Array(1), "\ud800", { a: [undefined] }]
    ) {
      assert.strictEqual(reasonOf(Codec.encode("json", value)), "Unencodable")
    }
  })
})

const Everything = Borsh.struct({
  small: Borsh.u8,
  negative: Borsh.i32,
  wide: Borsh.u64,
  widest: Borsh.i128,
  ratio: Borsh.f64,
  flag: Borsh.bool,
  name: Borsh.string,
  raw: Borsh.bytes,
  maybe: Borsh.option(Borsh.u16),
  list: Borsh.vec(Borsh.struct({ key: Borsh.string })),
  pair: Borsh.array(Borsh.i8, 2),
  choice: Borsh.variant({ None: {}, Some: { value: Borsh.u32 } })
})

const everything = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({
    small: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 })),
    negative: Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 })),
    wide: Schema.Int,
    ratio: Schema.Finite,
    flag: Schema.Boolean,
    name: Text,
    raw: Schema.Uint8Array,
    list: Schema.Array(Schema.Struct({ key: Text })),
    some: Schema.Boolean
  })),
  ({ some, ...fields }): Borsh.Value<typeof Everything> => ({
    ...fields,
    wide: BigInt.asUintN(64, BigInt(fields.wide) ** 3n),
    widest: -(BigInt(fields.wide) ** 2n),
    maybe: some ? fields.small : undefined,
    pair: [-128, 127],
    choice: some ? { _tag: "Some", value: fields.small } : { _tag: "None" }
  })
)

const borsh = <A>(type: Borsh.Type<A>, bytes: Uint8Array, limits?: Codec.Limits) =>
  Codec.borsh(type, limits).decode({ codec: "borsh", bytes })

describe("Borsh", () => {
  it.prop("reads what it wrote", { value: everything }, ({ value }) => {
    const codec = Codec.borsh(Everything)
    assert.deepStrictEqual(codec.decode(Result.getOrThrow(codec.encode(value))), Result.succeed(value))
  })

  it("writes the bytes of the specification", () => {
    const of = <A>(type: Borsh.Type<A>, value: A) => {
      const { bytes } = Result.getOrThrow(Codec.borsh(type).encode(value))
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
    }
    assert.strictEqual(of(Borsh.u16, 258), "0201")
    assert.strictEqual(of(Borsh.i32, -2), "feffffff")
    assert.strictEqual(of(Borsh.u64, 2n ** 56n), "0000000000000001")
    assert.strictEqual(of(Borsh.i128, -1n), "ff".repeat(16))
    assert.strictEqual(of(Borsh.string, "ab"), "020000006162")
    assert.strictEqual(of(Borsh.option(Borsh.u8), undefined), "00")
    assert.strictEqual(of(Borsh.option(Borsh.u8), 5), "0105")
    assert.strictEqual(of(Borsh.vec(Borsh.bool), [true, false]), "020000000100")
    assert.strictEqual(of(Borsh.array(Borsh.u8, 2), [7, 8]), "0708")
    assert.strictEqual(of(Borsh.variant({ A: {}, B: { x: Borsh.u8 } }), { _tag: "B", x: 9 }), "0109")
  })

  it("believes no length before the bytes are there, and counts what takes no bytes", () => {
    assert.strictEqual(reasonOf(borsh(Borsh.bytes, hex("ffffffff00"))), "Truncated")
    assert.strictEqual(reasonOf(borsh(Borsh.string, hex("ffffffff00"))), "Truncated")
    assert.strictEqual(reasonOf(borsh(Borsh.vec(Borsh.u8), hex("ffffffff00"))), "Truncated")
    assert.strictEqual(reasonOf(borsh(Borsh.vec(Borsh.struct({})), hex("ffffffff"))), "TooManyElements")
    assert.strictEqual(
      reasonOf(borsh(Borsh.vec(Borsh.u8), hex("0300000001020 3".replace(" ", "")), { maxElements: 2 })),
      "TooManyElements"
    )
    assert.strictEqual(reasonOf(borsh(Borsh.bytes, new Uint8Array(1_048_577))), "TooLarge")
  })

  it("refuses other booleans, options and cases, NaN, bad UTF-8 and bytes behind the value", () => {
    assert.strictEqual(reasonOf(borsh(Borsh.bool, hex("02"))), "Malformed")
    assert.strictEqual(reasonOf(borsh(Borsh.option(Borsh.u8), hex("0200"))), "Malformed")
    assert.strictEqual(reasonOf(borsh(Borsh.variant({ A: {} }), hex("01"))), "Malformed")
    assert.strictEqual(reasonOf(borsh(Borsh.f64, hex("000000000000f87f"))), "Malformed")
    assert.strictEqual(reasonOf(borsh(Borsh.string, hex("01000000ff"))), "NotUtf8")
    assert.strictEqual(reasonOf(borsh(Borsh.u8, hex("0000"))), "Trailing")
  })

  it("writes no value that is not of its type", () => {
    const write = <A>(type: Borsh.Type<A>, value: unknown) => reasonOf(Codec.borsh(type).encode(value as A))
    for (const value of [-1, 256, 1.5, Number.NaN, "1", 1n]) assert.strictEqual(write(Borsh.u8, value), "Unencodable")
    for (const value of [-1n, 2n ** 64n, 1]) assert.strictEqual(write(Borsh.u64, value), "Unencodable")
    assert.strictEqual(write(Borsh.f64, Number.NaN), "Unencodable")
    assert.strictEqual(write(Borsh.string, "\ud800"), "Unencodable")
    assert.strictEqual(write(Borsh.array(Borsh.u8, 2), [1]), "Unencodable")
    assert.strictEqual(write(Borsh.variant({ A: {} }), { _tag: "__proto__" }), "Unencodable")
  })
})

describe("a codec of a schema", () => {
  const Order = Schema.Struct({ sku: Schema.String, count: Schema.Int, note: Schema.optionalKey(Schema.String) })

  it("carries values in CBOR and JSON", () => {
    for (const codec of ["cbor", "json"] as const) {
      const orders = Codec.schema(codec, Order)
      const payload = Result.getOrThrow(orders.encode({ sku: "a", count: 2 }))
      assert.strictEqual(payload.codec, codec)
      assert.deepStrictEqual(orders.decode(payload), Result.succeed({ sku: "a", count: 2 }))
    }
  })

  it("refuses values of another type and payloads of another codec", () => {
    const orders = Codec.schema("json", Order)
    const payload: Payload.Payload = { codec: "json", bytes: utf8("{\"sku\":\"a\",\"count\":1.5}") }
    assert.strictEqual(reasonOf(orders.decode(payload)), "Mismatch")
    assert.strictEqual(reasonOf(orders.decode({ ...payload, codec: "cbor" })), "OtherCodec")
    assert.strictEqual(reasonOf(orders.encode({ sku: "a", count: 1.5 })), "Mismatch")
  })

  it("shows no more than 512 characters of what a peer sent", () => {
    const payload: Payload.Payload = {
      codec: "json",
      bytes: utf8(JSON.stringify({ sku: "a", count: "x".repeat(10_000) }))
    }
    const result = Codec.schema("json", Order).decode(payload)
    assert.isTrue(Result.isFailure(result) && result.failure.message.length < 600)
  })

  it("of bytes as they are copies them", () => {
    const codec = Codec.bytes("cbor")
    const given = Uint8Array.of(1)
    const payload = Result.getOrThrow(codec.encode(given))
    const read = Result.getOrThrow(codec.decode(payload))
    given.fill(2)
    payload.bytes.fill(3)
    assert.deepStrictEqual([...read, ...Result.getOrThrow(codec.encode(given)).bytes], [1, 2])
  })

  it("keeps __proto__ a key of a record", () => {
    for (const codec of ["cbor", "json"] as const) {
      const records = Codec.schema(codec, Schema.Record(Schema.String, Schema.Json))
      const payload = { codec, bytes: Result.getOrThrow(Codec.encode(codec, { ["__proto__"]: { a: 1 }, b: 2 })) }
      const read = Result.getOrThrow(records.decode(payload))
      assert.deepStrictEqual(Object.keys(read).sort(), ["__proto__", "b"])
      assert.isUndefined((read as { readonly a?: unknown }).a)
    }
  })
})

describe("a value that a program gives", () => {
  const trap = (): never => {
    throw new Error("trap")
  }
  const revoked = (target: object): object => {
    const { proxy, revoke } = Proxy.revocable(target, {})
    revoke()
    return proxy
  }
  const lost = new Uint8Array(8)
  structuredClone(lost, { transfer: [lost.buffer] })
  const unreadable: ReadonlyArray<unknown> = [
    new Proxy({}, { getPrototypeOf: trap, ownKeys: trap, get: trap }),
    revoked({}),
    revoked([]),
    {
      get a(): never {
        return trap()
      }
    }
  ]

  it.each(["cbor", "json"] as const)("is refused as %s where it cannot be read", (codec) => {
    for (const value of unreadable) {
      assert.strictEqual(reasonOf(Codec.encode(codec, value)), "Unencodable")
      assert.include([
        "Mismatch",
        "Unencodable"
      ], reasonOf(Codec.schema(codec, Schema.Struct({ a: Schema.String })).encode(value as never)))
      assert.strictEqual(reasonOf(Codec.borsh(Borsh.struct({ a: Borsh.string })).encode(value as never)), "Unencodable")
      assert.strictEqual(reasonOf(Codec.decode(codec, value as never)), "Malformed")
    }
    assert.strictEqual(reasonOf(Codec.encode("cbor", lost)), "Unencodable")
    assert.strictEqual(reasonOf(Codec.decode(codec, lost)), "Malformed")
    for (const value of [undefined, null, 1, "a", [1], { length: 1 }]) {
      assert.strictEqual(reasonOf(Codec.decode(codec, value as never)), "Malformed")
    }
  })

  it.each(["cbor", "json"] as const)("is not beyond limits of %s that are no numbers", (codec) => {
    const bytes = Result.getOrThrow(Codec.encode(codec, ["a"]))
    for (const limits of [{ maxBytes: Number.NaN }, { maxDepth: Number.NaN }, { maxElements: Number.NaN }]) {
      assert.isTrue(Result.isFailure(Codec.encode(codec, ["a"], limits)))
      assert.isTrue(Result.isFailure(Codec.decode(codec, bytes, limits)))
    }
  })

  it("is no list with holes in JSON, nor one beyond the bounds", () => {
    assert.strictEqual(reasonOf(Codec.encode("json", new Array(3))), "Unencodable")
    assert.strictEqual(reasonOf(Codec.encode("json", new Array(1e9))), "Unencodable")
    const long = "a".repeat(1000)
    assert.strictEqual(reasonOf(Codec.encode("json", Array.from({ length: 100_000 }, () => long))), "TooLarge")
  })
})
