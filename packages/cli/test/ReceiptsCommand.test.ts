import * as NodeReceipts from "@airssys/platform-node/NodeReceipts"
import { assert, describe, it } from "@effect/vitest"
import type { MessageReceipt } from "airssys/component/Receipt"
import { Sink } from "airssys/component/Receipts"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const receipts = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(() =>
    new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
      execFile(
        process.execPath,
        [bin, "receipts", "--folder", folder, ...args],
        { encoding: "utf8" },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
      )
    })
  )

const march = Date.UTC(2026, 2, 1)

const receipt = (number: number): MessageReceipt => ({
  component: number % 2 === 0 ? "acme:rates" : "acme:totals",
  export: "rates.latest",
  id: `0123456789abcdef-m${number}`,
  correlation: `request-${number}`,
  sender: number === 1 ? { _tag: "Operator", id: "ada" } : { _tag: "Component", id: "acme:shop" },
  tenant: number === 4 ? "\u{202e}evil\n" : number === 5 ? undefined : "shop",
  release: `sha256:${"ab".repeat(32)}`,
  at: march + number * 3_600_000,
  outcome: number === 2 ? "Failed" : "Handled",
  fuel: number * 1000,
  costTable: 1,
  memory: 65_536,
  nanos: BigInt(number) * 2_000_000n
})

/** The folder of a host that has handled five messages. */
const host = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "airssys-receipts-"))),
    (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
  )
  fs.writeFileSync(
    join(folder, "airssys.toml"),
    "schema = 1\nfolder = \".airssys\"\n[[component]]\nsource = \"rates\"\n"
  )
  fs.mkdirSync(join(folder, ".airssys"), { mode: 0o700 })
  yield* Effect.map(Sink, (sink) => {
    for (let number = 1; number <= 5; number++) sink?.offer(receipt(number))
  }).pipe(Effect.provide(NodeReceipts.layer(join(folder, ".airssys/receipts.sqlite"))))
  return folder
})

const numbers = (out: string) => Array.from(out.matchAll(/-m(\d)/g), ([, number]) => Number(number))

describe("airssys receipts", { timeout: 60_000 }, () => {
  it.live("prints what it is asked for, the oldest first, and nothing that changes a terminal", () =>
    Effect.gen(function*() {
      const folder = yield* host
      const all = yield* receipts(folder)
      assert.strictEqual(all.code, 0, all.err)
      assert.deepStrictEqual(numbers(all.out), [1, 2, 3, 4, 5])
      assert.strictEqual(
        all.out.split("\n")[1],
        "2026-03-01T02:00:00.000Z  acme:rates  rates.latest  failed  2,000 fuel  4,000 us  from acme:shop  for shop  " +
          "0123456789abcdef-m2"
      )
      assert.notInclude(all.out, "\u{202e}")
      assert.lengthOf(all.out.trimEnd().split("\n"), 5)
      const since = ["--since", "2026-03-01T02:30Z", "--until", "2026-03-01T04:30Z"]
      const [last, failed, some] = yield* Effect.all([
        receipts(folder, "--last", "2"),
        receipts(folder, "--failed", "--component", "acme:rates"),
        receipts(folder, ...since, "--tenant", "shop", "--sender", "acme:shop")
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual([last, failed, some].map(({ out }) => numbers(out)), [[4, 5], [2], [3]])
    }))

  it.live("are where the file of the host says, unless it keeps none", () =>
    Effect.gen(function*() {
      const folder = yield* host
      const file = join(folder, "airssys.toml")
      const text = fs.readFileSync(file, "utf8")
      fs.renameSync(join(folder, ".airssys/receipts.sqlite"), join(folder, "elsewhere.sqlite"))
      fs.writeFileSync(file, `${text}[receipts]\nfile = "elsewhere.sqlite"\ncount = 10\n`)
      assert.deepStrictEqual(numbers((yield* receipts(folder)).out), [1, 2, 3, 4, 5])
      fs.writeFileSync(file, `${text}[receipts]\nkeep = false\n`)
      const { code, err } = yield* receipts(folder)
      assert.strictEqual(code, 1)
      assert.include(err, "keeps no receipts: remove receipts.keep = false")
    }))

  it.live("sums up, for people and for a program", () =>
    Effect.gen(function*() {
      const folder = yield* host
      const [text, json, one] = yield* Effect.all([
        receipts(folder, "--by", "component"),
        receipts(folder, "--by", "tenant", "--json"),
        receipts(folder, "--json", "--sender", "operator:ada")
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(text.out.trimEnd().split("\n"), [
        "acme:totals  3 messages, 0 failed  9,000 fuel  18 ms",
        "acme:rates  2 messages, 1 failed  6,000 fuel  12 ms"
      ])
      assert.deepStrictEqual(json.out.trimEnd().split("\n").map((line) => JSON.parse(line)), [
        { messages: 3, failed: 1, fuel: 6000, micros: 12_000, tenant: "shop" },
        { messages: 1, failed: 0, fuel: 5000, micros: 10_000, tenant: "-" },
        { messages: 1, failed: 0, fuel: 4000, micros: 8000, tenant: "\u{202e}evil\n" }
      ])
      const { at, nanos, sender, tenant } = JSON.parse(one.out)
      assert.deepStrictEqual([at, nanos, sender, tenant], [
        "2026-03-01T01:00:00.000Z",
        2_000_000,
        "operator:ada",
        "shop"
      ])
    }))

  it.live("says what is wrong with a flag, and where nothing is kept", () =>
    Effect.gen(function*() {
      const folder = yield* host
      const wrong = yield* Effect.all([
        receipts(folder, "--since", "soon"),
        receipts(folder, "--last", "0"),
        receipts(join(folder, "rates"))
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(wrong.map(({ code }) => code), [1, 1, 1])
      assert.include(wrong[0].err, "--since is no time such as")
      fs.rmSync(join(folder, ".airssys/receipts.sqlite"))
      const empty = yield* receipts(folder)
      assert.strictEqual(empty.code, 1)
      assert.include(empty.err, "receipts.sqlite cannot be opened")
      fs.writeFileSync(join(folder, "airssys.toml"), "schema = 1\n[[component]]\nsource = \"rates\"\n")
      assert.include((yield* receipts(folder)).err, "add folder =")
    }))
})
