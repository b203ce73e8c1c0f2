/**
 * Actors: what a message, a request and an actor cost.
 */
import * as Suite from "../harness/Suite.ts"
import { burst, chunk, crowd, restarted, segment } from "./actor/Work.ts"

const ring = () => import("./actor/ring.ts")
const queue = () => import("./actor/queue.ts")
const nact = () => import("./actor/nact.ts")
const xstate = () => import("./actor/xstate.ts")
const cluster = () => import("./actor/cluster.ts")
const airssys = () => import("./actor/airssys.ts")

const tellers: Suite.Row["against"] = [
  { name: "ring", prepare: async () => (await ring()).tell() },
  { name: "queue", prepare: async () => (await queue()).tell() },
  { name: "nact", prepare: async () => (await nact()).tell() },
  { name: "xstate", prepare: async () => (await xstate()).tell() },
  { name: "cluster", prepare: async () => (await cluster()).tell() }
]

const players: Suite.Row["against"] = [
  { name: "ring", prepare: async () => (await ring()).pingPong() },
  { name: "queue", prepare: async () => (await queue()).pingPong() },
  { name: "nact", prepare: async () => (await nact()).pingPong() },
  { name: "xstate", prepare: async () => (await xstate()).pingPong() },
  { name: "cluster", prepare: async () => (await cluster()).pingPong() }
]

export const suite: Suite.Suite = Suite.make({
  name: "actor",
  rows: [
    {
      name: "tell",
      unit: "ns",
      batch: chunk,
      ours: async () => (await airssys()).tell(),
      against: tellers
    },
    {
      name: "tell-mixed",
      unit: "ns",
      batch: chunk,
      ours: async () => (await airssys()).tellMixed(),
      against: tellers
    },
    {
      name: "ping-pong",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).pingPong(),
      against: players
    },
    {
      name: "ping-pong-mixed",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).pingPongMixed(),
      against: players
    },
    {
      name: "fan-in",
      unit: "ns",
      batch: crowd.in * burst,
      ours: async () => (await airssys()).fanIn(),
      against: [
        { name: "ring", prepare: async () => (await ring()).fanIn() },
        { name: "queue", prepare: async () => (await queue()).fanIn() },
        { name: "nact", prepare: async () => (await nact()).fanIn() },
        { name: "xstate", prepare: async () => (await xstate()).fanIn() },
        { name: "cluster", prepare: async () => (await cluster()).fanIn() }
      ]
    },
    {
      name: "fan-out-10000",
      unit: "ns",
      batch: crowd.out,
      ours: async () => (await airssys()).fanOut(),
      against: [
        { name: "ring", prepare: async () => (await ring()).fanOut() },
        { name: "queue", prepare: async () => (await queue()).fanOut() },
        { name: "nact", prepare: async () => (await nact()).fanOut() },
        { name: "xstate", prepare: async () => (await xstate()).fanOut() },
        { name: "cluster", prepare: async () => (await cluster()).fanOut() }
      ]
    },
    {
      name: "ask",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).ask(),
      against: [
        { name: "ring", prepare: async () => (await ring()).ask() },
        { name: "deferred", prepare: async () => (await queue()).deferred() },
        { name: "queue", prepare: async () => (await queue()).ask() },
        { name: "nact", prepare: async () => (await nact()).ask() },
        { name: "cluster", prepare: async () => (await cluster()).ask() }
      ]
    },
    {
      name: "ask-inline",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).askInline(),
      against: [
        { name: "ring", prepare: async () => (await ring()).askInline() },
        { name: "deferred", prepare: async () => (await queue()).deferred() },
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
    {
      name: "timers-under-load",
      unit: "us",
      batch: 20,
      ours: async () => (await airssys()).timers(),
      against: [
        { name: "idle", prepare: async () => (await airssys()).timersIdle() },
        { name: "queue", prepare: async () => (await queue()).timers() },
        { name: "nact", prepare: async () => (await nact()).timers() }
      ]
    },
    {
      name: "restart",
      unit: "ns",
      batch: restarted,
      ours: async () => (await airssys()).restart(),
      against: [
        { name: "ring", prepare: async () => (await ring()).restart() },
        { name: "queue", prepare: async () => (await queue()).restart() },
        { name: "nact", prepare: async () => (await nact()).restart() },
        { name: "xstate", prepare: async () => (await xstate()).restart() }
      ]
    },
    ...(["untouched", "touched"] as const).map((touched): Suite.Row => ({
      name: touched === "touched" ? "memory-1m-touched" : "memory-1m",
      unit: "B",
      batch: 1_000_000,
      rounds: 3,
      ours: async () => (await airssys()).memory(touched),
      against: [
        { name: "ring", prepare: async () => (await ring()).memory(touched) },
        { name: "queue", prepare: async () => (await queue()).memory(touched) },
        { name: "nact", prepare: async () => (await nact()).memory(touched) },
        { name: "xstate", prepare: async () => (await xstate()).memory(touched) }
      ]
    })),
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
