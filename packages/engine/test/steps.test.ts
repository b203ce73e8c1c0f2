import { describe, expect, it } from "vitest"
import type { Steps } from "../src/internal/steps.ts"
import { atOnce, inTurns, Turn } from "../src/internal/steps.ts"

function* counting(steps: number, done: () => void): Steps<number> {
  for (let i = 0; i < steps; i++) {
    done()
    yield
  }
  return steps
}

/** A clock by which each step takes a millisecond. */
const stepping = () => {
  let now = 0
  let turns = 0
  return {
    tick: () => void now++,
    turns: () => turns,
    now: () => now,
    macrotask: (run: () => void) => {
      turns++
      setImmediate(run)
    }
  }
}

describe("work in steps", () => {
  it("gives others their turn when it has taken long, however many parts it has", async () => {
    const clock = stepping()
    const turn = new Turn(clock)
    for (let part = 0; part < 10; part++) {
      expect(await inTurns(counting(2, clock.tick), turn)).toBe(2)
      await turn.end()
    }
    expect(clock.turns()).toBe(5)
  })

  it("holds the thread where it is done at once", () => {
    const clock = stepping()
    expect(atOnce(counting(100, clock.tick))).toBe(100)
    expect(clock.turns()).toBe(0)
  })
})
