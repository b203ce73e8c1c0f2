import * as ContractFile from "@airssys/cli/ContractFile"
import * as GuestBuild from "@airssys/cli/GuestBuild"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Grant, Runtime } from "airssys"
import { HostFunctions, ReleaseSource } from "airssys/component"
import { TestComponents, TestPowers } from "airssys/testing"
import { Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { get } from "./http.ts"
import { News } from "./news.gen.ts"

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const host = "http://127.0.0.1:8080"

const built = Effect.gen(function*() {
  yield* GuestBuild.build(file("news"))
  return {
    manifest: readFileSync(file("news/Component.toml"), "utf8"),
    artifact: readFileSync(file("news/dist/news.wasm"))
  }
}).pipe(Effect.provide(Layer.provideMerge(ReleaseSource.layerFileSystem, NodeServices.layer)))

const anyPort = (text: string) => text.replaceAll(/:\d{4,5}\b/g, ":port")

describe("http-client", { timeout: 60_000 }, () => {
  it("prints what its README says", () => {
    const printed = execFileSync(process.execPath, [file("main.ts")], { encoding: "utf8" })
    const [, shown] = readFileSync(file("README.md"), "utf8").split("with other ports,\n\n")
    assert.strictEqual(anyPort(printed), anyPort(shown!.replaceAll(/^ {4}/gm, "")))
  })

  it.effect("tells the plugin what a host answers, and why there is no answer", () =>
    Effect.gen(function*() {
      const powers = yield* TestPowers.make({ routes: { [`GET ${host}/`]: { body: "One\nTwo\nThree\n" } } })
      const Host = TestComponents.layer({ "/news": yield* built }, { powers: powers.sources }).pipe(
        Layer.provide(HostFunctions.layer(get))
      )
      yield* Effect.gen(function*() {
        const runtime = yield* Runtime.Runtime
        const { client } = yield* runtime.start(News, "/news", {
          grants: [Grant.make("network.outbound", [host], { reason: "A test." })]
        })
        assert.deepStrictEqual(yield* client.headlines(`${host}/?page=1`, 2), ["One", "Two"])
        yield* powers.next("network.outbound", { fail: "Unreachable" })
        const failed = yield* Effect.flip(client.headlines(`${host}/`, 2))
        assert.strictEqual(failed._tag === "acme:news/Unavailable" ? failed.value : failed._tag, "Unreachable")
        const invalid = yield* Effect.flip(client.headlines("nowhere", 2))
        assert.strictEqual(invalid._tag === "acme:news/Unavailable" ? invalid.value : invalid._tag, "no URL")
        const denied = yield* Effect.flip(client.headlines("http://127.0.0.1:8081/", 2))
        assert.strictEqual(denied._tag, "acme:news/AccessDenied")
        assert.deepStrictEqual((yield* powers.asked).map(({ operation }) => operation), ["GET /?page=1", "GET /"])
      }).pipe(Effect.provide(Host))
    }))

  it.effect("has the contract and the guest types of its WIT", () =>
    Effect.gen(function*() {
      const contract = yield* ContractFile.generate(file("news/wit"))
      assert.strictEqual(contract.text, readFileSync(file("news.gen.ts"), "utf8"))
      const guest = yield* ContractFile.generateGuest(file("news/wit"))
      assert.strictEqual(guest.text, readFileSync(file("news/src/wit.gen.d.ts"), "utf8"))
    }))
})
