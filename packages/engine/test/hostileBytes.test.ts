import * as ComponentBinary from "@airssys/engine/ComponentBinary"
import * as CoreModule from "@airssys/engine/CoreModule"
import { DecodeError } from "@airssys/engine/DecodeError"
import * as WitText from "@airssys/engine/WitText"
import { describe, expect, it } from "vitest"
import { assemble, dummy, mutate, random, worlds } from "./support/components.ts"
import { texts } from "./support/componentTexts.ts"
import { spent } from "./support/spent.ts"

const outcome = (run: () => unknown): "Read" | DecodeError["reason"] => {
  try {
    run()
    return "Read"
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    if (!Number.isInteger(error.offset) || error.offset < 0 || error.message.length > 400) throw error
    return error.reason
  }
}

describe("mutated bytes", () => {
  it("of components are read, or refused with a DecodeError, in bounded time", async () => {
    const seeds: Array<Uint8Array> = []
    for (const wit of worlds.values()) seeds.push(await dummy(wit))
    for (const text of texts.values()) seeds.push(await assemble(text))
    const next = random(1)
    const seen = new Map<string, number>()
    let slowest = 0
    for (let run = 0; run < 20_000; run++) {
      const bytes = mutate(seeds[run % seeds.length] ?? new Uint8Array(), next)
      const start = spent()
      const reason = outcome(() => WitText.print(ComponentBinary.decode(bytes).world))
      slowest = Math.max(slowest, spent() - start)
      seen.set(reason, (seen.get(reason) ?? 0) + 1)
    }
    expect(seen.get("Read")).toBeGreaterThan(1_000)
    expect(seen.get("Malformed")).toBeGreaterThan(10_000)
    expect(seen.get("Refused")).toBeGreaterThan(0)
    expect(slowest).toBeLessThan(2_000)
  }, 30_000)

  it("of core modules are read, or refused with a DecodeError", async () => {
    const bytes = await assemble(
      `(module (import "a" "f" (func)) (import "a" "m" (memory 1 2)) (import "a" "g" (global i32)) (memory 1)
        (table 1 2 funcref) (table 1 externref (ref.null extern)) (func))`
    )
    const next = random(2)
    const seen = new Set<string>()
    for (let run = 0; run < 20_000; run++) {
      const mutant = mutate(bytes, next)
      seen.add(outcome(() => CoreModule.memories(mutant)))
      seen.add(outcome(() => CoreModule.tables(mutant)))
    }
    expect([...seen].sort()).toEqual(["Malformed", "Read", "Refused"])
  })
})
