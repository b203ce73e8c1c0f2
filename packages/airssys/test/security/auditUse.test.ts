import { assert, describe, it } from "@effect/vitest"
import type * as AuditEvent from "airssys/security/AuditEvent"
import { Reason } from "airssys/security/Explanation"
import { eventText } from "../../src/security/internal/auditFormat.ts"
import { isRepeat, isUse, type Use, useText } from "../../src/security/internal/auditUse.ts"
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
        release: maybe(`sha256:${"0a".repeat(32)}`)
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
      const printed = useText(event)
      assert(printed !== undefined)
      assert.deepStrictEqual(JSON.parse(printed), JSON.parse(eventText(event) ?? ""))
      assert.strictEqual(printed, JSON.stringify(JSON.parse(printed)))
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
    let repeats = 0
    for (let round = 0; round < 50_000; round++) {
      const [a, b] = [event(), event()]
      const isSame = useText(a) === useText(b)
      assert.strictEqual(isRepeat(a, b), isSame)
      assert.strictEqual(isRepeat(of({ ...a, correlation: "m1" }), of({ ...b, correlation: "m2" })), isSame)
      assert.isFalse(isRepeat(of({ ...a, correlation: "m".repeat(257) }), b))
      if (isSame) repeats++
    }
    assert.isAbove(repeats, 50)
  })
})
