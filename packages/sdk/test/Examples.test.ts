import { build, type BuildResult } from "@airssys/sdk/Build"
import { assert, describe, it } from "@effect/vitest"
import * as path from "node:path"
import { deny, folderOf, instantiate, outcomeOf, repository } from "./support/guests.ts"

const example = async (name: string, entry: string): Promise<BuildResult> => {
  const folder = await folderOf({})
  const source = path.join(repository, "examples/plugins", name)
  return build({
    entry: path.join(source, "src", entry),
    out: path.join(folder, `${name}.wasm`),
    wit: path.join(source, "wit"),
    cacheDir: path.join(folder, "cache")
  })
}

describe("examples/plugins", () => {
  it("totals adds, echoes and logs what it added", async () => {
    const { out, size } = await example("totals", "totals.wat")
    assert.isBelow(size, 9_000)
    const lines: Array<ReadonlyArray<unknown>> = []
    const write = (...line: ReadonlyArray<unknown>): void => void lines.push(line)
    const totals = (await instantiate(out, { "airssys:core/log": { write } }))["totals"]!
    assert.strictEqual(totals["sum"]!([{ quantity: 2, cents: 1050 }, { quantity: 1, cents: 1 }]), 2101)
    assert.deepStrictEqual(lines, [["info", "summed", [
      { key: "lines", value: { tag: "integer", val: 2n } },
      { key: "cents", value: { tag: "integer", val: 2101n } }
    ]]])
    assert.strictEqual(totals["sum"]!([]), 0)
    const largest = 2 ** 32 - 1
    assert.strictEqual(totals["sum"]!([{ quantity: 1, cents: largest }]), largest)
    assert.deepStrictEqual(outcomeOf(() => totals["sum"]!([{ quantity: largest, cents: largest }])), {
      err: "overflow"
    })
    assert.deepStrictEqual(
      outcomeOf(() => totals["sum"]!([{ quantity: 1, cents: largest }, { quantity: 1, cents: 1 }])),
      { err: "overflow" }
    )
    assert.strictEqual(totals["add"]!(largest, 2), 1)
    assert.deepStrictEqual(totals["echoLine"]!({ quantity: 3, cents: 4 }), { quantity: 3, cents: 4 })
    for (const text of ["", "a", "é🦀", "x".repeat(1_000_000)]) {
      assert.strictEqual(totals["echo"]!(text), text)
    }
  })

  it("totals gives its memory back after each call, and sums although its log is denied", async () => {
    const { out } = await example("totals", "totals.wat")
    const memories: Array<WebAssembly.Memory> = []
    const totals = (await instantiate(out, { "airssys:core/log": { write: deny } }, memories))["totals"]!
    const lines = Array.from({ length: 1_000 }, () => ({ quantity: 1, cents: 2 }))
    for (let count = 0; count < 1_000; count++) {
      assert.strictEqual(totals["sum"]!(lines), 2_000)
      assert.lengthOf(totals["echo"]!("y".repeat(8_000)) as string, 8_000)
    }
    assert.deepStrictEqual(memories.map((memory) => memory.buffer.byteLength), [64 * 1024])
  })

  it("rates answers, dates and logs, and carries on when a secret is denied", async () => {
    const { out } = await example("rates", "main.ts")
    const lines: Array<ReadonlyArray<unknown>> = []
    const imports = {
      "airssys:core/log": { write: (...line: ReadonlyArray<unknown>) => void lines.push(line), enabled: () => true },
      "airssys:core/clock": { now: () => ({ seconds: 86_400n * 20_000n, nanoseconds: 0 }), monotonic: () => 0n },
      "airssys:core/environment": { get: deny, names: deny }
    }
    const rates = (await instantiate(out, imports))["rates"]!
    assert.strictEqual(rates["peekSecret"]!(), "access denied")
    assert.deepStrictEqual(outcomeOf(rates["takeSecret"]!), { err: { tag: "access-denied" } })
    assert.strictEqual(rates["latest"]!("USD"), 1.08)
    assert.deepStrictEqual(lines, [["info", "rate served", [
      { key: "currency", value: { tag: "text", val: "USD" } },
      { key: "rate", value: { tag: "number", val: 1.08 } },
      { key: "day", value: { tag: "integer", val: 20_000n } }
    ]]])
    assert.deepStrictEqual(outcomeOf(() => rates["latest"]!("__proto__")), {
      err: { tag: "no-such-currency", val: "__proto__" }
    })
    assert.deepStrictEqual(rates["currencies"]!(), ["CHF", "GBP", "JPY", "USD"])
    const blind =
      (await instantiate(out, { ...imports, "airssys:core/clock": { now: deny, monotonic: deny } }))["rates"]!
    assert.deepStrictEqual(outcomeOf(() => blind["latest"]!("USD")), { err: { tag: "access-denied" } })
  })

  it("miner answers, sees a denial as a value, and traps", async () => {
    const { out } = await example("miner", "miner.wat")
    const miner = (await instantiate(out, { "airssys:core/environment": { get: deny } }))["miner"]!
    assert.strictEqual(miner["ping"]!(), "pong")
    assert.strictEqual(miner["peek"]!(), true)
    assert.property(outcomeOf(miner["dig"]!), "trap")
    const given = (await instantiate(out, { "airssys:core/environment": { get: () => "secret" } }))["miner"]!
    assert.strictEqual(given["peek"]!(), false)
    const deep = (await instantiate(out, { "airssys:core/environment": { get: deny } }))["miner"]!
    assert.instanceOf((outcomeOf(deep["recurse"]!) as { readonly err: unknown }).err, RangeError)
  })
})
