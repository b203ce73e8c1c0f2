import { assert, describe, it } from "@effect/vitest"
import type * as AuditEvent from "airssys/security/AuditEvent"
import { Reason } from "airssys/security/Explanation"
import { BatchBytes } from "../../src/security/internal/auditBatch.ts"
import { eventText } from "../../src/security/internal/auditFormat.ts"
import { Frames, isRepeat, isUse, type Use } from "../../src/security/internal/auditUse.ts"
import { listOf, pick, seeded } from "./patternSamples.ts"

const pieces = [
  "a",
  "\"",
  "\\",
  "\n",
  "\u0000",
  "\u2028",
  "\ud800",
  "\udc00",
  "\u00e9",
  "\ud83d\ude00",
  "}",
  "{\"",
  "__proto__"
]

const lines = new BatchBytes()

const decoder = new TextDecoder("utf-8", { fatal: true })

/** What is hashed of a use: its text with its sequence and its time. */
const leafOf = (event: Use, { frames = new Frames(), sequence = 7, time = -1 } = {}): string | undefined => {
  const frame = frames.of(event)
  return frame === undefined
    ? undefined
    : decoder.decode(lines.leaf(0, lines.draftUse(sequence, time, frame, event)).subarray(1))
}

const textOf = (event: Use, frames?: Frames): string | undefined =>
  leafOf(event, { frames })?.slice("{\"sequence\":7,\"time\":-1,\"event\":".length, -1)

describe("the text of a use", () => {
  it("is what its schema prints, whatever is in it", () => {
    const random = seeded(3)
    const text = () => listOf(random, pieces, 6).join("")
    const maybe = <A>(value: A) => random() < 0.5 ? value : undefined
    const actor = () => ({ kind: pick(random, ["Component", "Operator", "Host"] as const), id: text() })
    const rule = () => ({ grant: Math.floor(random() * 2 ** 40), pattern: text() })
    const known = (event: object) =>
      Object.fromEntries(Object.entries(event).filter(([, member]) => member !== undefined)) as AuditEvent.AuditEvent
    for (let round = 0; round < 3000; round++) {
      const shared = {
        principal: actor(),
        kind: pick(random, ["storage.read", "clock", "custom.printer"] as const),
        resource: text(),
        onBehalfOf: maybe([actor(), actor()]),
        release: maybe(`sha256:${"0a".repeat(32)}`),
        correlation: maybe(text())
      }
      const event = known(
        random() < 0.5
          ? { _tag: "CapabilityUsed", ...shared, rule: rule() }
          : {
            _tag: "CapabilityDenied",
            ...shared,
            reason: pick(random, Reason.literals),
            isReported: maybe(true as const),
            rule: maybe(rule())
          }
      )
      assert(isUse(event))
      const printed = textOf(event)
      assert(printed !== undefined)
      assert.deepStrictEqual(JSON.parse(printed), JSON.parse(eventText(event) ?? ""))
      assert.strictEqual(printed, JSON.stringify(JSON.parse(printed)))
    }
  })

  it("has its sequence and its time in front", () => {
    const event: Use = {
      _tag: "CapabilityUsed",
      principal: { kind: "Host", id: "h" },
      kind: "clock",
      resource: "",
      rule: { grant: 1, pattern: "" }
    }
    for (const sequence of [1, 9, 10, 99, 100, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
      for (const time of [0, 1_790_000_000_000, 1_790_000_000_001]) {
        assert.strictEqual(leafOf(event, { sequence, time }), JSON.stringify({ sequence, time, event }))
      }
    }
  })

  it("is the same for what is counted up, and for nothing else", () => {
    const random = seeded(5)
    const one = <A>(...values: ReadonlyArray<A>): A => pick(random, values)
    const rule = () => ({ grant: one(1, 2), pattern: one("a", "b") })
    const actor = (kind = one("Host", "Operator")) => ({ kind, id: one("a", "b") })
    const of = (members: object) =>
      Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as unknown as Use
    const event = (correlation?: string) => {
      const shared = {
        principal: { kind: "Component", id: "a" },
        kind: one("clock", "random"),
        resource: one("a", "b"),
        release: one(undefined, `sha256:${"0a".repeat(32)}`, `sha256:${"0b".repeat(32)}`),
        onBehalfOf: one(undefined, [], [actor()], [actor(), actor("Host")]),
        correlation
      }
      return one(true, false)
        ? of({ _tag: "CapabilityUsed", ...shared, rule: rule() })
        : of({
          _tag: "CapabilityDenied",
          ...shared,
          reason: one("NotGranted", "Revoked"),
          isReported: one(undefined, true),
          rule: one(undefined, rule())
        })
    }
    const frames = new Frames()
    const taken = (use: Use) => {
      const frame = new Frames().of(use)
      assert(frame !== undefined)
      return { resource: use.resource, frame }
    }
    let repeats = 0
    for (let round = 0; round < 50_000; round++) {
      const [a, b] = [event(), event()]
      const isSame = textOf(a) === textOf(b)
      const earlier = taken(of({ ...b, correlation: "m2" }))
      assert.strictEqual(isRepeat(a, earlier), isSame)
      assert.strictEqual(isRepeat(of({ ...a, correlation: "m1" }), earlier), isSame)
      assert.isUndefined(frames.of(of({ ...a, correlation: "m".repeat(257) })))
      assert.strictEqual(textOf(a, frames), textOf(a))
      if (isSame) repeats++
    }
    assert.isAbove(repeats, 50)
  })
})
