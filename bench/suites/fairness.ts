/**
 * What guests that spin leave of a thread: the largest gap of its event loop,
 * and how long after their deadline the last of them has ended.
 */
import * as Suite from "../harness/Suite.ts"
import { type Kind, kinds } from "./fairness/guest.ts"

const works = () => import("./fairness/works.ts")

const row = (figure: "gap" | "overshoot") => (kind: Kind): Suite.Row => ({
  name: `${figure}-${kind}`,
  unit: "ms",
  batch: 1,
  segment: 1,
  ours: async () => {
    const { [figure]: take, spinning } = await works()
    return spinning(kind, take)
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
  rows: [...kinds.map(row("gap")), ...kinds.map(row("overshoot"))]
})
