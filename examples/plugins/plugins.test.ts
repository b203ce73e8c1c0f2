import * as ContractFile from "@airssys/cli/ContractFile"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const root = file("../..")

const run = (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: root, encoding: "utf8" }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    })
  })

const headings = [
  "1  A typed call",
  "2  rates reads a secret",
  "3  miner never returns",
  "4  miner crashes",
  "5  The audit log"
]

describe("plugins", { timeout: 120_000 }, () => {
  for (const name of ["totals", "rates", "miner"]) {
    it.effect(`has the contract of the WIT of ${name}`, () =>
      Effect.gen(function*() {
        const contract = yield* ContractFile.generate(file(`${name}/wit`))
        assert.strictEqual(contract.text, readFileSync(file(`${name}.gen.ts`), "utf8"))
      }))
  }

  it.effect("has the guest types of the WIT of rates", () =>
    Effect.gen(function*() {
      const guest = yield* ContractFile.generateGuest(file("rates/wit"))
      assert.strictEqual(guest.text, readFileSync(file("rates/src/wit.gen.d.ts"), "utf8"))
    }))

  it("runs, stops what has to be stopped, and loses no message", async () => {
    const { code, err, out } = await run(file("main.ts"))
    assert.strictEqual(code, 0, err)
    assert.strictEqual(err, "")
    const lines = out.split("\n")
    assert.deepStrictEqual(lines.filter((line) => [...line].length > 80), [])
    for (const start of ["airssys ", "INSTALL ", "START ", ...headings, "Stopped in "]) {
      assert.isTrue(lines.some((line) => line.startsWith(start)), `no line begins with ${start}`)
    }
    assert.include(out, "DENIED  acme:rates 1.2.0: environment STRIPE_KEY")
    assert.match(out, /Stopped after \d+ ms \(limit 250\)/)
    assert.match(out, /a fresh instance\.\n {3}miner\.ping\(\) = "pong"/)
    assert.match(out, /\d+ entries, chain verified\. A copy with one byte changed: fails at entry \d+\./)
    assert.include(out, "None lost.")
    assert.notMatch(out, /sk_live|\u001b/)
  })

  it("says the same to a machine, one JSON object on each line", async () => {
    const { code, err, out } = await run(file("../../packages/cli/src/bin.ts"), "run", "examples/plugins", "--json")
    assert.strictEqual(code, 0, err)
    const events = out.trimEnd().split("\n").map((line): Record<string, unknown> => JSON.parse(line))
    const titles = events.filter(({ event }) => event === "step").map(({ title }) => title)
    assert.includeMembers(titles, headings.map((heading) => heading.slice(3)))
    const names = events.map(({ event }) => event)
    for (const event of ["install", "start", "answer", "denied", "deadline", "restart", "crash", "audit", "stop"]) {
      assert.include(names, event)
    }
    const ends = events.flatMap(({ component, event, outcome }) => event === "ended" ? [`${component} ${outcome}`] : [])
    assert.deepStrictEqual(ends, ["acme:rates Stopped", "acme:totals Stopped", "evil:miner Stopped"])
    const stop = events.find(({ event }) => event === "stop")
    assert.strictEqual(stop?.["lost"], 0)
    assert.strictEqual(stop?.["failed"], 2)
    const audit = events.find(({ event }) => event === "audit")
    const denial = events.find(({ event }) => event === "denied")
    assert.isAbove(Number(audit?.["entries"]), Number(denial?.["entry"]))
    assert.isAbove(Number(audit?.["tampered"]), 0)
    assert.isAtMost(Number(audit?.["tampered"]), Number(audit?.["entries"]))
  })
})
