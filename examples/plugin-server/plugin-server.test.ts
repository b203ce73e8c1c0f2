import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { makeServer, type Plugins } from "./server.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const idle: Plugins = {
  totals: { sum: () => Promise.resolve(7) },
  miner: { dig: () => Promise.resolve(null), spin: () => Promise.reject(new Error("worn out")) }
}

describe("plugin-server", () => {
  it("prints what its README says", { timeout: 60_000 }, () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("It prints\n\n")
    assert.strictEqual(printed, `${shown!.split("\n\n")[0]!.replaceAll(/^ {4}/gm, "")}\n`)
  })

  it("answers with what a function gives, whether a component is behind it or not", async () => {
    const server = makeServer(idle)
    await once(server.listen(0, "127.0.0.1"), "listening")
    const { port } = server.address() as AddressInfo
    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
      return [response.status, await response.json()]
    }
    assert.deepStrictEqual(await ask("/invoice", { method: "POST", body: "[]" }), [200, { cents: 7 }])
    assert.deepStrictEqual(await ask("/spin"), [422, { error: "worn out" }])
    assert.deepStrictEqual(await ask("/none"), [404, { error: "not found" }])
    server.closeAllConnections()
    server.close()
  })
})
