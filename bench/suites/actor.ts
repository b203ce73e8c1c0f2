/**
 * Actors: what a message, a request and an actor cost.
 */
import * as Suite from "../harness/Suite.ts"
import { chunk, segment } from "./actor/Work.ts"

const ring = () => import("./actor/ring.ts")
const queue = () => import("./actor/queue.ts")
const nact = () => import("./actor/nact.ts")
const xstate = () => import("./actor/xstate.ts")
const cluster = () => import("./actor/cluster.ts")
const airssys = () => import("./actor/airssys.ts")

export const suite: Suite.Suite = Suite.make({
  name: "actor",
  rows: [
    {
      name: "tell",
      unit: "ns",
      batch: chunk,
      ours: async () => (await airssys()).tell(),
      against: [
        { name: "ring", prepare: async () => (await ring()).tell() },
        { name: "queue", prepare: async () => (await queue()).tell() },
        { name: "nact", prepare: async () => (await nact()).tell() },
        { name: "xstate", prepare: async () => (await xstate()).tell() },
        { name: "cluster", prepare: async () => (await cluster()).tell() }
      ]
    },
    {
      name: "ping-pong",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).pingPong(),
      against: [
        { name: "ring", prepare: async () => (await ring()).pingPong() },
        { name: "queue", prepare: async () => (await queue()).pingPong() },
        { name: "nact", prepare: async () => (await nact()).pingPong() },
        { name: "xstate", prepare: async () => (await xstate()).pingPong() },
        { name: "cluster", prepare: async () => (await cluster()).pingPong() }
      ]
    },
    {
      name: "ask",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).ask(),
      against: [
        { name: "ring", prepare: async () => (await ring()).ask() },
        { name: "queue", prepare: async () => (await queue()).ask() },
        { name: "nact", prepare: async () => (await nact()).ask() },
        { name: "cluster", prepare: async () => (await cluster()).ask() }
      ]
    },
    {
      name: "spawn",
      unit: "ns",
      batch: segment,
      segment,
      ours: async () => (await airssys()).spawn(),
      against: [
        { name: "ring", prepare: async () => (await ring()).spawn() },
        { name: "queue", prepare: async () => (await queue()).spawn() },
        { name: "nact", prepare: async () => (await nact()).spawn() },
        { name: "xstate", prepare: async () => (await xstate()).spawn() }
      ]
    },
    ...[1, 10, 100].map((subscribers): Suite.Row => ({
      name: `publish-${subscribers}`,
      unit: "ns",
      batch: chunk,
      ours: async () => (await airssys()).publish(subscribers),
      against: [
        { name: "ring", prepare: async () => (await ring()).publish(subscribers) },
        { name: "queue", prepare: async () => (await queue()).publish(subscribers) }
      ]
    }))
  ]
})
