import { assert, describe, it } from "@effect/vitest"
import type * as AuditEvent from "airssys/security/AuditEvent"
import { Reason } from "airssys/security/Explanation"
import { eventText } from "../../src/security/internal/auditFormat.ts"
import { isUse, useText } from "../../src/security/internal/auditUse.ts"
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
})
