/**
 * The host: what a message to a component costs, a start and an instance, and
 * what is left to its neighbours when one of them attacks.
 */
import * as Memory from "../harness/Memory.ts"
import * as Suite from "../harness/Suite.ts"
import type { Plain } from "./component/Work.ts"
import { segment } from "./component/Work.ts"

const plain: Readonly<Record<string, () => Promise<Plain>>> = {
  core: () => import("./component/core.ts"),
  jco: async () => (await import("./component/jco.ts")).written,
  extism: () => import("./component/extism.ts")
}

const against = (
  take: (works: Plain) => Promise<Suite.Work>,
  without: ReadonlyArray<string> = []
): ReadonlyArray<Suite.Contender> =>
  Object.entries(plain).filter(([name]) => !without.includes(name)).map(([name, load]) => ({
    name,
    prepare: async () => take(await load())
  }))

const replies = () => import("./runtime/reply.ts")
const starting = () => import("./runtime/starting.ts")
const attacks = () => import("./runtime/attacks.ts")

const actors = (count: number): Suite.Contender => ({
  name: count === 1 ? "actor" : "actors",
  prepare: async () => (await replies()).actors(count)
})

const many = 100

/** Instances of the contenders of `memory-10000`: of more, each takes the same. */
const fewer = 2_000

const memory = (count: number, figure: "heap" | "rss"): Suite.Row => {
  const measure = figure === "heap" ? Memory.heap : Memory.resident
  const bare = Math.min(count, fewer)
  return {
    name: `memory-${count}${figure === "heap" ? "" : "-rss"}`,
    unit: "B",
    batch: count,
    segment: count,
    rounds: count < 10_000 ? 3 : 1,
    ours: async () => (await starting()).memory(count, measure),
    against: against(async (works) => (await starting()).bare(bare, measure, works.instances), ["extism"])
  }
}

const chaos = (name: string, at: 0.5 | 0.99): Suite.Row => ({
  name: `chaos-${name}`,
  unit: "us",
  batch: 1,
  segment: 1,
  rounds: 7,
  ours: async () => {
    const { chaos, hostile } = await attacks()
    return chaos(at, hostile)
  },
  against: [{ name: "calm", prepare: async () => (await attacks()).chaos(at, []) }]
})

/** Loops that are ended in a round. */
const kills = 20

export const suite: Suite.Suite = Suite.make({
  name: "runtime",
  rows: [
    {
      name: "reply",
      unit: "ns",
      batch: 100,
      ours: async () => (await replies()).components(1, "immediate"),
      against: [actors(1), ...against((works) => works.exportAdd())]
    },
    {
      name: "reply-kept",
      unit: "ns",
      batch: 100,
      ours: async () => (await replies()).kept(),
      against: [{ name: "reply", prepare: async () => (await replies()).components(1, "immediate") }]
    },
    {
      name: "reply-yieldable",
      unit: "ns",
      batch: 100,
      ours: async () => (await replies()).components(1, "yieldable"),
      against: [actors(1), ...against((works) => works.exportAddYieldable())]
    },
    {
      name: "reply-checked",
      unit: "ns",
      batch: 100,
      ours: async () => (await replies()).checked(),
      against: against((works) => works.importAdd(1))
    },
    {
      name: "component-to-component",
      unit: "ns",
      batch: 100,
      ours: async () => (await import("./runtime/pair.ts")).requests(),
      against: [
        { name: "reply", prepare: async () => (await replies()).components(1, "yieldable") },
        actors(1)
      ]
    },
    {
      name: "delivered",
      unit: "ns",
      batch: many,
      ours: async () => (await replies()).components(many, "immediate"),
      against: [actors(many)]
    },
    {
      name: "spawn",
      unit: "us",
      batch: segment,
      segment,
      ours: async () => (await starting()).spawn(segment),
      against: against((works) => works.instantiate())
    },
    memory(1_000, "heap"),
    memory(10_000, "heap"),
    memory(10_000, "rss"),
    {
      name: "kill-loop",
      unit: "ms",
      batch: 1,
      ours: async () => (await attacks()).kills(),
      against: [{ name: "worker", prepare: async () => (await attacks()).terminations() }]
    },
    {
      name: "kill-loop-gap",
      unit: "ms",
      batch: 1,
      segment: 1,
      ours: async () => {
        const { gap, kills: work } = await attacks()
        return gap(work, kills)
      },
      against: [{
        name: "worker",
        prepare: async () => {
          const { gap, terminations } = await attacks()
          return gap(terminations, kills)
        }
      }]
    },
    chaos("p50", 0.5),
    chaos("p99", 0.99)
  ]
})
