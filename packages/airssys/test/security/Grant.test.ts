import { assert, describe, it } from "@effect/vitest"
import * as ExpiryDate from "airssys/security/ExpiryDate"
import * as Grant from "airssys/security/Grant"
import { Effect, Result, Schema } from "effect"

describe("Grant", () => {
  it("is plain data", () => {
    assert.deepStrictEqual(
      Grant.make("environment", ["STRIPE_KEY"], { reason: "Charge cards.", expires: "2027-03-31" }),
      { kind: "environment", patterns: ["STRIPE_KEY"], reason: "Charge cards.", expires: "2027-03-31" }
    )
    assert.deepStrictEqual(Grant.make("clock", { reason: "Date the rates." }), {
      kind: "clock",
      patterns: [],
      reason: "Date the rates."
    })
  })

  it.effect("decodes what it encodes", () =>
    Effect.gen(function*() {
      const grant = Grant.make("environment", ["A"], { reason: "x", expires: "2027-03-31" })
      const text = yield* Schema.encodeEffect(Schema.fromJsonString(Grant.Grant))(grant)
      assert.deepStrictEqual(yield* Grant.decode(JSON.parse(text)), grant)
    }))

  it.each<[string, unknown, RegExp]>([
    ["no pattern where one is needed", { kind: "environment", patterns: [], reason: "x" }, /names no resource/],
    ["a pattern where there is no resource", { kind: "clock", patterns: ["*"], reason: "x" }, /takes no resources/],
    ["an unknown kind", { kind: "root", patterns: [], reason: "x" }, /kind/],
    ["no reason", { kind: "clock", patterns: [], reason: "" }, /reason/],
    ["a day that does not exist", { kind: "clock", patterns: [], reason: "x", expires: "2027-02-29" }, /2027-03-31/],
    [
      "an instant that does not exist",
      { kind: "clock", patterns: [], reason: "x", expires: "2027-03-31T24:00:00Z" },
      /2027-03-31T12:00:00Z/
    ],
    ["no object", "__proto__", /./]
  ])("refuses %s", (_, input, message) => {
    const result = Grant.fromUnknown(input)
    assert(Result.isFailure(result))
    assert.match(result.failure.message, message)
  })

  it("throws its own error when a program writes an invalid one", () => {
    assert.throws(() => Grant.make("clock", { reason: "x", expires: "soon" }), /grant of clock/)
  })
})

describe("ExpiryDate.end", () => {
  it("is the first millisecond of the day after, for every day of two centuries", () => {
    for (let time = 0; time < Date.UTC(2170, 0, 1); time += 86_400_000) {
      assert.strictEqual(ExpiryDate.end(new Date(time).toISOString().slice(0, 10)), time + 86_400_000)
    }
  })

  it("is the second of an instant", () => {
    for (const time of [0, 59_000, 86_399_000, Date.UTC(2027, 2, 31, 12, 30, 15)]) {
      assert.strictEqual(ExpiryDate.end(new Date(time).toISOString().replace(".000Z", "Z")), time)
    }
  })

  it.each([
    "2027-03-31T12:00:00",
    "2027-03-31T12:00:00.5Z",
    "2027-03-31T12:00:60Z",
    "2027-02-29T12:00:00Z",
    "2027-03-31 12:00:00Z"
  ])("is 0 for %s, which is no instant", (text) => {
    assert.strictEqual(ExpiryDate.end(text), 0)
  })

  it.each(["2027-02-29", "2100-02-29", "2027-13-01", "2027-00-01", "2027-01-00", "2027-04-31", "1969-12-31", ""])(
    "is 0 for %s, which is no day",
    (text) => {
      assert.strictEqual(ExpiryDate.end(text), 0)
    }
  )
})
