import * as Admission from "@airssys/engine/Admission"
import { describe, expect, it } from "vitest"
import { random } from "../support/components.ts"
import { original, outcome, run } from "../support/metered.ts"
import type { Running } from "../support/metered.ts"
import { operationCount, program } from "../support/programs.ts"

/** Everything that a program can be seen to have done. */
const state = (exports: Running["exports"], result: unknown): string => {
  const own = exports as unknown as Record<string, WebAssembly.Memory & WebAssembly.Global>
  const sum = (name: string): number => {
    const buffer = own[name]?.buffer ?? new ArrayBuffer()
    return new Uint32Array(buffer).reduce(
      (hash, word) => Math.imul(hash ^ word, 0x9e37_79b1) ^ (hash >>> 15),
      buffer.byteLength
    )
  }
  const globals = ["g0", "g1", "g2", "g3"].map((name) => String(own[name]?.value))
  return [String(result), sum("m"), sum("n"), ...globals].join()
}

const host = (): WebAssembly.Imports => {
  let calls = 0
  return { h: { f: (value: number) => Math.imul(value, 31) + ++calls } }
}

describe("programs of all operations", () => {
  it("do the same metered, whatever the slices, for the same fuel", () => {
    expect(operationCount).toBe(439)
    const next = random(3)
    const differences: Array<unknown> = []
    const outcomes = new Map<string, number>()
    const used: Array<number> = []
    let stopped = 0
    for (let seed = 0; seed < 500; seed++) {
      const bytes = program(next)
      Admission.admit(bytes)
      const argument = next(100)
      const runs = [[2_000_000, 0], [0, 500]].map(([first = 0, slice = 0]) => {
        let left = 4_000
        const refill = (needed: number) => slice > 0 && left-- > 0 ? needed + slice : undefined
        const one = run(bytes, { imports: host(), fuel: first, refill })
        const result = outcome(() => one.exports["f"]?.(argument))
        return {
          result,
          state: state(one.exports, result),
          used: one.used(),
          stopped: one.lowest() < 0 && (slice === 0 || left <= 0)
        }
      })
      const [one, other] = runs
      if (one === undefined || other === undefined || one.stopped || other.stopped) {
        stopped++
        continue
      }
      const plain = original(bytes, host())
      const result = outcome(() => plain["f"]?.(argument))
      const expected = state(plain, result)
      // What a function with loops has counted since its last call is lost with it.
      const trapped = typeof result === "string" && result !== "exception"
      const kind = typeof result === "string" ? result : "result"
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
      if (one.state !== expected || other.state !== expected || (!trapped && one.used !== other.used)) {
        differences.push({ seed, expected, one, other })
      }
      if (!trapped) used.push(one.used)
    }
    expect(differences).toEqual([])
    expect(used.filter((fuel) => fuel <= 0)).toEqual([])
    expect(stopped).toBeLessThan(100)
    expect(outcomes.get("result")).toBeGreaterThan(100)
    expect(outcomes.size).toBeGreaterThan(4)
  }, 120_000)
})
