import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"
import * as Command from "../harness/Command.ts"
import * as Measure from "../harness/Measure.ts"
import * as Report from "../harness/Report.ts"
import * as RowProcess from "../harness/RowProcess.ts"
import * as Statistics from "../harness/Statistics.ts"
import * as Suite from "../harness/Suite.ts"
import * as actor from "../suites/actor.ts"
import * as component from "../suites/component.ts"
import * as fairness from "../suites/fairness.ts"
import * as load from "../suites/load.ts"
import * as runtime from "../suites/runtime.ts"
import * as security from "../suites/security.ts"
import * as storage from "../suites/storage.ts"
import * as fixture from "./fixtures/suite.ts"

const fixtureUrl = import.meta.resolve("./fixtures/suite.ts")

/**
 * Contenders on a clock of their own: an operation takes `nanos` of it.
 */
const bench = (row: Partial<Suite.Row>, costs: Record<string, number>) => {
  let clock = 0n
  const turns: Array<string> = []
  const counts: Array<number> = []
  const prepare = (name: string) => async (): Promise<Suite.Work> => ({
    run: (count) => {
      turns.push(name)
      counts.push(count)
      clock += BigInt(Math.round(count * costs[name]!))
    },
    check: () => {
      clock += 1_000_000n
    }
  })
  const against = Object.keys(costs).filter((name) => name !== Suite.ours)
  const measured = Measure.measure({
    name: "row",
    unit: "ns",
    batch: 1,
    ours: prepare(Suite.ours),
    against: against.map((name) => ({ name, prepare: prepare(name) })),
    ...row
  }, { rounds: 7, roundNanos: 1e6, warmUpNanos: 2e6, now: () => clock, collect: () => turns.push("collect") })
  return { measured, turns, counts }
}

const collected = (args: ReadonlyArray<string>, entries: ReadonlyArray<Command.Entry>) => {
  const out: Array<string> = []
  const err: Array<string> = []
  const status = Command.run(args, entries, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return status.then((code) => ({ code, out, err }))
}

const executed = (program: string, args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: unknown; readonly out: Array<string>; readonly err: string }>((resolve) => {
    const path = fileURLToPath(import.meta.resolve(program))
    execFile(process.execPath, [path, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, out: stdout.split("\n").slice(0, -1), err: stderr })
    })
  })

const entries = [{ suite: fixture.suite, url: fixtureUrl }]

describe("Statistics", () => {
  it("takes the middle value of an odd number of rounds and the mean of two of an even number", () => {
    assert.deepStrictEqual(Statistics.summarize([30, 10, 200]), { median: 30, min: 10, max: 200 })
    assert.deepStrictEqual(Statistics.summarize([4, 1, 3, 100]), { median: 3.5, min: 1, max: 100 })
  })

  it("refuses rounds that are no numbers", () => {
    assert.throws(() => Statistics.summarize([]), "no statistics of []")
    assert.throws(() => Statistics.summarize([1, Number.NaN]), "NaN")
  })
})

describe("Measure", () => {
  it("times the run and not its check", async () => {
    const { ours, against } = await bench({}, { ours: 10, theirs: 40 }).measured
    assert.deepStrictEqual(ours, { median: 10, min: 10, max: 10 })
    assert.deepStrictEqual(against, [{ name: "theirs", median: 40, min: 40, max: 40 }])
  })

  it("lets the contenders take turns, each after a collection and in rotating order", async () => {
    const { measured, turns } = bench({}, { ours: 10, a: 20, b: 30 })
    await measured
    const rounds = turns.slice(-42).filter((turn) => turn !== "collect").join(" ")
    assert.strictEqual(
      rounds,
      "ours a b a b ours b ours a ours a b a b ours b ours a ours a b"
    )
    assert.deepStrictEqual(turns.slice(-42).filter((_, index) => index % 2 === 0), new Array(21).fill("collect"))
  })

  it("fits a round to its time, in multiples of the batch", async () => {
    const { counts, measured } = bench({ batch: 1000 }, { ours: 7 })
    await measured
    assert.strictEqual(counts.at(-1), 143_000)
  })

  it("makes a round of several runs where a run is limited", async () => {
    const { counts, measured, turns } = bench({ batch: 50, segment: 100 }, { ours: 1000 })
    assert.strictEqual((await measured).ours.median, 1000)
    assert.strictEqual(Math.max(...counts), 100)
    assert.deepStrictEqual(turns.slice(-11), ["collect", ...new Array<string>(10).fill("ours")])
  })

  it("gives the time of an operation in the unit of the row", async () => {
    const medianIn = async (unit: Suite.Unit) => (await bench({ unit }, { ours: 20 }).measured).ours.median
    assert.deepStrictEqual([await medianIn("ns"), await medianIn("us"), await medianIn("ms")], [20, 0.02, 0.000_02])
  })

  it("gives what a run found instead of its time", async () => {
    let runs = 0
    const ours = async (): Promise<Suite.Work> => ({
      run: () => {
        runs++
      },
      check: () => {},
      figure: () => runs
    })
    const options = { rounds: 7, roundNanos: 1, warmUpNanos: 1, now: process.hrtime.bigint, collect: () => {} }
    const row = { name: "row", unit: "ms", batch: 1, segment: 1, ours, against: [] } as const
    const result = await Measure.measure(row, options)
    assert.deepStrictEqual(result.ours, { median: runs - 3, min: runs - 6, max: runs })
  })

  it("names the contender that does less than it should", async () => {
    const row = fixture.suite.rows.find(({ name }) => name === "does-less")!
    const options = { rounds: 7, roundNanos: 1, warmUpNanos: 1, now: process.hrtime.bigint, collect: () => {} }
    const failure = await Measure.measure(row, options).catch((error: unknown) => error)
    assert.strictEqual((failure as Error).message, "theirs: 0 of 10000")
  })
})

describe("Suite", () => {
  const row = fixture.suite.rows[0]!

  it("refuses ids that are not kebab case or exist twice", () => {
    assert.throws(() => Suite.make({ name: "Actor", rows: [] }), `suite "Actor" is not kebab case`)
    assert.throws(() => Suite.make({ name: "a", rows: [{ ...row, name: "ping_pong" }] }), "ping_pong")
    assert.throws(() => Suite.make({ name: "a", rows: [row, row] }), `row "cannot-start" exists twice`)
    assert.throws(
      () => Suite.make({ name: "a", rows: [{ ...row, against: [{ name: "ours", prepare: row.ours }] }] }),
      `contender "ours" exists twice`
    )
  })

  it("keeps the ids of the rows and contenders", () => {
    const ids = ({ rows }: Suite.Suite) =>
      rows.map(({ against, name }) => [name, ...against.map((_) => _.name)].join(" "))
    assert.deepStrictEqual(ids(actor.suite), [
      "tell ring queue nact xstate cluster",
      "tell-mixed ring queue nact xstate cluster",
      "ping-pong ring queue nact xstate cluster",
      "ping-pong-mixed ring queue nact xstate cluster",
      "fan-in ring queue nact xstate cluster",
      "fan-out-10000 ring queue nact xstate cluster",
      "ask ring deferred queue nact cluster",
      "ask-inline ring deferred queue nact cluster",
      "spawn ring queue nact xstate",
      "timers-under-load idle queue nact",
      "restart ring queue nact xstate",
      "memory-1m ring queue nact xstate",
      "memory-1m-touched ring queue nact xstate",
      ...[1, 10, 100].map((subscribers) => `publish-${subscribers} ring queue`)
    ])
    assert.deepStrictEqual(ids(component.suite), [
      "export-add core jco jco-quiet extism",
      "export-add-yieldable core jco jco-quiet extism",
      "export-echo-16b core jco jco-quiet extism",
      "export-echo-1kb core jco jco-quiet extism",
      "export-bytes-64kb core jco jco-quiet extism",
      "export-record core jco jco-quiet",
      "export-variant core jco jco-quiet",
      "export-result-ok core jco jco-quiet",
      "export-result-err core jco jco-quiet",
      "resource-method core jco jco-quiet",
      "resource-new-drop core jco jco-quiet",
      "import-add core jco jco-quiet extism",
      "import-echo-16b core jco jco-quiet extism",
      "async-import core jco jco-quiet",
      "instantiate core jco jco-quiet extism",
      "fuel-fib core",
      "fuel-sha256 core",
      "fuel-sieve core",
      "fuel-mandelbrot core",
      "fuel-mandelbrot-yieldable core",
      "fuel-quickjs jco"
    ])
    assert.deepStrictEqual(ids(load.suite), [
      ...["4kb", "1mb", "12mb"].map((size) => `load-${size}-cold compile jco`),
      ...["4kb", "1mb", "12mb"].map((size) => `load-${size}-memory digest`),
      ...["4kb", "1mb", "12mb"].map((size) => `load-${size}-disk compile`),
      ...["1mb", "12mb"].map((size) => `load-${size}-gap compile jco`),
      "meter validate"
    ])
    assert.deepStrictEqual(ids(security.suite), [
      ...["hit", "miss"].flatMap((kind) => [1, 10, 100, 1000].map((count) => `check-${kind}-${count} map list`)),
      "check-expiring-100 map",
      ...["hit", "miss"].flatMap((kind) => [1, 10, 100, 1000].map((count) => `check-fresh-${kind}-${count} list`)),
      "require effect",
      ...["audited-use", "audited-use-sqlite", "authority-change", "authority-change-sqlite"].map((id) => `${id} bare`),
      "verify-signature crypto",
      "verify-10000 crypto",
      "revoke"
    ])
    assert.deepStrictEqual(ids(runtime.suite), [
      "reply actor core jco extism",
      "reply-kept reply",
      "reply-yieldable actor core jco extism",
      "reply-checked core jco extism",
      "component-to-component reply actor",
      "delivered actors",
      "spawn core jco extism",
      ...["1000", "10000", "10000-rss"].map((figure) => `memory-${figure} core jco`),
      "kill-loop worker",
      "kill-loop-gap worker",
      "chaos-p50 calm",
      "chaos-p99 calm"
    ])
    assert.deepStrictEqual(
      ids(fairness.suite),
      ["gap", "overshoot"].flatMap((figure) =>
        [
          "empty-loop",
          "table-fill",
          "memory-fill",
          "throw",
          "async-import",
          "log",
          "random",
          ...(figure === "gap" ? ["short-calls"] : [])
        ].map((kind) => `${figure}-${kind} idle`)
      )
    )
  })
})

describe("Report", () => {
  const result = {
    ours: { median: 17.25, min: 16, max: 19 },
    against: [{ name: "ring", median: 15, min: 14, max: 16 }, { name: "nact", median: 1725, min: 1, max: 2000 }]
  }

  it("makes a line with ratios of ours to theirs", () => {
    assert.deepStrictEqual(Report.line("actor", actor.suite.rows[0]!, result), {
      suite: "actor",
      name: "tell",
      unit: "ns",
      median: 17.25,
      min: 16,
      max: 19,
      against: { ring: { median: 15, ratio: 1.15 }, nact: { median: 1725, ratio: 0.01 } }
    })
  })

  it("fits a table into 100 columns", () => {
    const huge = {
      ours: { median: 1e9, min: 1e9, max: 1e9 },
      against: [{ name: "cluster", median: 1, min: 1, max: 1 }]
    }
    for (const line of Report.tableRow(component.suite.rows[1]!, huge).split("\n")) assert.isAtMost(line.length, 100)
  })
})

describe("Command", () => {
  it("prints nothing but a JSON line per row, goes on after a row that fails, and then fails itself", async () => {
    const { code, err, out } = await executed("./fixtures/main.ts", ["fixture", "--json", "--rounds", "7"])
    assert.strictEqual(code, 1)
    assert.include(err, "bench: fixture cannot-start failed: theirs: no such library\n")
    assert.include(err, "bench: fixture does-less failed: theirs: 0 of 10000\n")
    assert.include(err, "bench: fixture dies failed: its process ended with 3\n")
    assert.include(err, "noise of a contender\n")
    const lines = out.map((line) => JSON.parse(line) as Report.Line)
    assert.deepStrictEqual(lines.map(({ name, suite, unit }) => [suite, name, unit]), [["fixture", "works", "ns"]])
    const [line] = lines
    assert.deepStrictEqual(Object.keys(line!), ["suite", "name", "unit", "median", "min", "max", "against"])
    assert.deepStrictEqual(Object.keys(line!.against), ["theirs"])
    assert.isTrue(line!.min <= line!.median && line!.median <= line!.max)
    assert.closeTo(line!.against["theirs"]!.ratio, line!.median / line!.against["theirs"]!.median, 0.001)
  })

  it("lists suites, rows and contenders", async () => {
    const { code, out } = await collected(["--list", "--json"], entries)
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(
      out.map((line) => JSON.parse(line) as unknown),
      fixture.suite.rows.map(({ name }) => ({ suite: "fixture", name, unit: "ns", against: ["theirs"] }))
    )
  })

  it.each([
    [["nope"], `bench: no suite "nope"; known suites: fixture`],
    [[], "bench: no suite named; known suites: fixture"],
    [["fixture", "--row", "nope"], `bench: no row "nope"; known rows: cannot-start, does-less, dies, works`],
    [["fixture", "--rounds", "6"], `bench: --rounds takes 7 to 1000, not "6"`],
    [["fixture", "other"], `bench: one suite at a time, not also "other"; known suites: fixture`]
  ])("refuses %j", async (args, message) => {
    const { code, err, out } = await collected(args, entries)
    assert.deepStrictEqual({ code, out, first: err[0] }, { code: 2, out: [], first: message })
  })

  it("exits with 2 on a suite it does not know", async () => {
    const { code, err, out } = await executed("../main.ts", ["nope", "--json"])
    assert.deepStrictEqual({ code, out }, { code: 2, out: [] })
    assert.include(err, "known suites: actor, component, fairness, load, runtime, security, storage")
  })
})

/** Rows that take long and do the same as others of their suite, and those that need a process with `gc`. */
const slow = /^load-12mb|^overshoot|^memory|^[gs]et-1m$/

const measured = [component.suite, fairness.suite, load.suite, runtime.suite, security.suite, storage.suite]

describe("suites", () => {
  const contenders = measured.flatMap((
    { name: suite, rows }
  ) =>
    rows.filter(({ name }) => !slow.test(name)).flatMap((row) =>
      [{ name: Suite.ours, prepare: row.ours }, ...row.against].map(({ name, prepare }) => ({
        id: `${suite} ${row.name}`,
        batch: row.batch,
        name,
        prepare
      }))
    )
  )

  it.each(contenders)("have $name do the work of $id", { timeout: 60_000 }, async ({ batch, prepare }) => {
    const work = await prepare()
    await work.run(batch)
    await work.check(batch)
    if (work.figure !== undefined) assert.isTrue(Number.isFinite(work.figure()))
    const nothing: unknown = await Promise.resolve().then(() => work.check(batch)).catch((error: unknown) => error)
    assert.instanceOf(nothing, Error, "work that was not done is not missed")
    await work.close?.()
  })
})

describe("RowProcess", () => {
  it("kills a row that does not end", async () => {
    const outcome = await RowProcess.run({ url: fixtureUrl, row: "works", rounds: 1000, timeout: 500 })
    assert.deepStrictEqual(outcome, { _tag: "Failed", message: "no result within 0.5 s" })
  })
})
