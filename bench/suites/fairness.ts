/**
 * What guests that spin, or are called without a pause, leave of a thread: the largest gap of its event loop,
 * and how long after their deadline the last of them has ended.
 */
import * as Suite from "../harness/Suite.ts"
import { type Kind, kinds } from "./fairness/guest.ts"

const works = () => import("./fairness/works.ts")

const row = (figure: "gap" | "overshoot") => (kind: Kind | "short-calls"): Suite.Row => ({
  name: `${figure}-${kind}`,
  unit: "ms",
  batch: 1,
  segment: 1,
  ours: async () => {
    const { [figure]: take, calling, spinning } = await works()
    return kind === "short-calls" ? calling(take) : spinning(kind, take)
  },
  against: [{
    name: "idle",
    prepare: async () => {
      const { [figure]: take, idle } = await works()
      return idle(take)
    }
  }]
})

export const suite: Suite.Suite = Suite.make({
  name: "fairness",
  rows: [...kinds.map(row("gap")), row("gap")("short-calls"), ...kinds.map(row("overshoot"))]
})
