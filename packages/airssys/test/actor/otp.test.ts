import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import type { Scenario } from "../../scripts/otp/scenarios.ts"
import { scenarios as written } from "../../scripts/otp/scenarios.ts"
import { type Deviation, deviations } from "./otp/deviations.ts"
import { traceOf, type Variant } from "./otp/world.ts"

interface Recorded extends Scenario {
  readonly trace: ReadonlyArray<string>
}

/** What `scripts/otp/record.ts` wrote. */
const golden: {
  readonly otp: { readonly release: string; readonly stdlib: string }
  readonly scenarios: ReadonlyArray<Recorded>
} = JSON.parse(fs.readFileSync(new URL("./otp/traces.gen.json", import.meta.url), "utf8"))

const recorded = new Map(golden.scenarios.map((scenario) => [scenario.name, scenario.trace]))

/** Those whose children are shut down or killed through the system too. */
const isFromOutside = /^((dynamic )?(permanent|transient|temporary)|(any|all)_significant \w+) (shutdown|killed)\b/

const cases = golden.scenarios.flatMap((scenario): ReadonlyArray<readonly [Recorded, Variant]> => {
  if (!isFromOutside.test(scenario.name)) return [[scenario, "Inside"]]
  // A child cannot end itself as if it had been stopped.
  return scenario.name.includes("shutdown") ? [[scenario, "Outside"]] : [[scenario, "Inside"], [scenario, "Outside"]]
})

const applied = new Set<Deviation>()

const expected = ({ name, trace }: Recorded, variant: Variant): ReadonlyArray<string> => {
  let lines = trace
  for (const deviation of deviations) {
    if (!deviation.scenarios.test(name) || (deviation.exits ?? variant) !== variant) continue
    const before = lines
    if (deviation.like !== undefined) {
      const other = name.replace(...deviation.like)
      assert.isTrue(recorded.has(other), `${other} has not been recorded`)
      lines = recorded.get(other)!
    }
    if (deviation.lines !== undefined) {
      const [pattern, line] = deviation.lines
      const alive = lines.find((each) => each.startsWith("alive:"))?.split(" ") ?? []
      lines = lines.map((each) => {
        const id = pattern.exec(each)?.[1]
        return id === undefined || (deviation.ofThoseAlive && !alive.includes(id)) ? each : each.replace(pattern, line)
      })
    }
    if (lines.join() !== before.join()) applied.add(deviation)
  }
  return lines
}

describe(`OTP ${golden.otp.release}, stdlib ${golden.otp.stdlib}`, () => {
  it("has been run on these scenarios", () => {
    assert.deepStrictEqual(
      golden.scenarios,
      written.map((scenario) => ({ ...scenario, trace: recorded.get(scenario.name)! }))
    )
  })

  describe("does the same", () => {
    for (const [scenario, variant] of cases) {
      it.effect(`${scenario.name} (${variant})`, () =>
        Effect.map(
          traceOf(scenario, variant),
          (trace) => assert.deepStrictEqual(trace, [...expected(scenario, variant)])
        ))
    }
  })

  for (const deviation of deviations) {
    it(`differs on purpose: ${deviation.name}`, () => {
      for (const [scenario, variant] of cases) expected(scenario, variant)
      assert.isTrue(applied.has(deviation), "no scenario shows it")
    })
  }
})
