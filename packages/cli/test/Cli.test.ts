import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { root, tempFolder } from "./tempFolder.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const operator = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"
const temp = tempFolder()
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const airssys = (args: ReadonlyArray<string>, cwd = temp) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd, encoding: "utf8" },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    )
  })

const plugin = (name: string) => {
  const folder = join(mkdtempSync(join(temp, "plugin-")), name)
  cpSync(join(root, "examples/plugins", name), folder, {
    recursive: true,
    filter: (source) => !source.includes(`${name}/dist`)
  })
  return folder
}

describe("airssys", { timeout: 60_000 }, () => {
  it("says what it can do, and which version it is", async () => {
    const help = await airssys(["--help"])
    assert.strictEqual(help.code, 0)
    for (const word of ["build", "types", "run"]) assert.include(help.out, word)
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
    assert.include((await airssys(["--version"])).out, version)
  })

  it("suggests the nearest subcommand and fails", async () => {
    const { code, err, out } = await airssys(["bild"])
    assert.strictEqual(code, 1)
    assert.include(out + err, "build")
  })

  describe("build", () => {
    it("makes a component from WebAssembly text, the second time from the cache", async () => {
      const folder = plugin("totals")
      const first = await airssys(["build"], folder)
      assert.strictEqual(first.code, 0, first.err)
      assert.match(first.out, /^acme:totals {2}[0-9a-f]{8} {2}\d+ bytes {2}built {2}/)
      assert.strictEqual(readFileSync(join(folder, "dist/totals.wasm")).readUInt32LE(0), 0x6d736100)
      const second = await airssys(["build", "src/totals.wat"], folder)
      assert.include(second.out, "cached")
    })

    it("reports the place of a mistake and writes nothing", async () => {
      const folder = plugin("totals")
      const manifest = join(folder, "Component.toml")
      writeFileSync(manifest, readFileSync(manifest, "utf8").replace("log = true", "lag = true"))
      const { code, err } = await airssys(["build"], folder)
      assert.strictEqual(code, 1)
      assert.match(err, /Component\.toml:\d+:1: unknown key "lag" in capability/)
      assert.include(err, "did you mean \"log\"?")
    })

    it("executes no command of a manifest", async () => {
      const folder = plugin("totals")
      const manifest = join(folder, "Component.toml")
      const witness = join(folder, "witness")
      writeFileSync(
        manifest,
        readFileSync(manifest, "utf8").replace("airssys build src/totals.wat", `touch ${witness}`)
      )
      const { code, err } = await airssys(["build"], folder)
      assert.strictEqual(code, 1)
      assert.include(err, "does not run it")
      assert.throws(() => readFileSync(witness))
    })
  })

  describe("review", () => {
    it("says that a component asks for what it imports, or that it will be without", async () => {
      const folder = plugin("totals")
      assert.strictEqual((await airssys(["build"], folder)).code, 0)
      const clean = await airssys(["review", folder])
      assert.strictEqual(clean.code, 0, clean.err)
      assert.match(clean.out, /^acme:totals \d+\.\d+\.\d+: 0 errors, /)
      writeFileSync(join(folder, "..", "airssys.toml"), "schema = 1\n[[component]]\nsource = \"totals\"\n")
      const denied = await airssys(["review", folder, "--host", join(folder, "..")])
      assert.strictEqual(denied.code, 1)
      assert.match(denied.out, /error: .*Component\.toml:\d+: imports airssys:core\/log@0\.1\.0 .*which is not granted/)
      assert.include(denied.out, "[[component.grant]] with reason")
      const [first] = (await airssys(["review", folder, "--host", join(folder, ".."), "--json"])).out.split("\n")
      assert.deepInclude(JSON.parse(first!), { severity: "Error", subject: "NotGranted", kind: "log" })
    })

    it("takes no grants from a host that does not have the component", async () => {
      const folder = plugin("totals")
      await airssys(["build"], folder)
      writeFileSync(join(folder, "..", "airssys.toml"), "schema = 1\n[[component]]\nsource = \"other\"\n")
      const { code, err } = await airssys(["review", folder, "--host", join(folder, "..")])
      assert.strictEqual(code, 1)
      assert.include(err, "has no [[component]] whose source is")
    })
  })

  describe("types", () => {
    it("writes a contract, and finds one that is out of date", async () => {
      const folder = plugin("rates")
      const written = await airssys(["types", "wit"], folder)
      assert.strictEqual(written.out, "rates.gen.ts\n", written.err)
      assert.strictEqual(
        readFileSync(join(folder, "rates.gen.ts"), "utf8"),
        readFileSync(join(root, "examples/plugins/rates.gen.ts"), "utf8")
      )
      assert.strictEqual((await airssys(["types", "wit", "--check"], folder)).code, 0)
      writeFileSync(join(folder, "rates.gen.ts"), "")
      const stale = await airssys(["types", "wit", "--check"], folder)
      assert.strictEqual(stale.code, 1)
      assert.include(stale.err, "rates.gen.ts is not what")
      assert.strictEqual(readFileSync(join(folder, "rates.gen.ts"), "utf8"), "")
    })

    it("writes the same contract from the component alone, whose world is declared beside it or given", async () => {
      const folder = plugin("totals")
      await airssys(["build"], folder)
      const expected = readFileSync(join(root, "examples/plugins/totals.gen.ts"), "utf8")
      const declared = await airssys(["types", "dist/totals.wasm"], folder)
      assert.strictEqual(declared.out, "totals.gen.ts\n", declared.err)
      assert.strictEqual(readFileSync(join(folder, "totals.gen.ts"), "utf8"), expected)

      const alone = mkdtempSync(join(temp, "alone-"))
      cpSync(join(folder, "dist/totals.wasm"), join(alone, "some.wasm"))
      const unnamed = await airssys(["types", "some.wasm"], alone)
      assert.strictEqual(unnamed.code, 1)
      assert.include(unnamed.err, "some.wasm does not say which world it has: give --world")
      const given = await airssys(["types", "some.wasm", "--world", "acme:totals/plugin@1.0.0", "--out", "-"], alone)
      assert.strictEqual(given.out, expected, given.err)
    })

    it("writes nothing of what is no component", async () => {
      writeFileSync(join(temp, "text.wasm"), "not a component")
      const malformed = await airssys(["types", "text.wasm", "--world", "a:b/c@1.0.0"])
      assert.strictEqual(malformed.code, 1)
      assert.strictEqual(malformed.out, "")
      assert.include((await airssys(["types", "none.wasm"])).err, "none.wasm is not there")
      assert.include((await airssys(["types", "text.wasm", "--guest"])).err, "--guest reads WIT")
    })

    it("reports a mistake in WIT with its place", async () => {
      writeFileSync(join(temp, "bad.wit"), "package a:b@1.0.0;\nworld w { export f: func(x: u33); }\n")
      const { code, err } = await airssys(["types", "bad.wit"])
      assert.strictEqual(code, 1)
      assert.match(err, /bad\.wit:2:\d+/)
    })
  })

  describe("run", () => {
    it("refuses a folder without airssys.toml, and one with a mistake in it", async () => {
      const missing = await airssys(["run", "nowhere"])
      assert.strictEqual(missing.code, 1)
      assert.include(missing.err, "airssys.toml")
      writeFileSync(join(temp, "airssys.toml"), "schema = 1\n[[component]]\nsorce = \"x\"\n")
      const wrong = await airssys(["run", "."])
      assert.strictEqual(wrong.code, 1)
      assert.include(wrong.err, "did you mean \"source\"?")
      assert.include(wrong.err, "Nothing was started.")
    })

    it("refuses a call that its component does not have, and does not say that nothing ran", async () => {
      const folder = plugin("totals")
      writeFileSync(
        join(folder, "..", "airssys.toml"),
        "schema = 1\n[[component]]\nsource = \"totals\"\n" +
          "[[call]]\ntitle = \"A sum\"\ncomponent = \"acme:totals\"\nexport = \"totals.summ\"\n"
      )
      const { code, err } = await airssys(["run", join(folder, "..")])
      assert.strictEqual(code, 1)
      assert.include(
        err,
        "error: acme:totals totals.summ: the component is not running, or has no such export. The call was not made."
      )
    })

    it("holds components to a policy, and keeps a log that verifies against its witness", async () => {
      const folder = plugin("totals")
      const hosted = join(folder, "..")
      writeFileSync(
        join(hosted, "airssys.toml"),
        `schema = 1
policy = "policy.toml"
[audit]
file = "audit.ndjson"
flush-every = "5 ms"
retain = { days = 90 }
[audit.checkpoints]
origin = "host-1/audit"
key = "keys/audit.key"
witnesses = ["witness.ndjson"]
[[component]]
source = "totals"
[[component.grant]]
reason = "Say what it does."
log = true
[[call]]
title = "A sum"
component = "acme:totals"
export = "totals.sum"
args = [[{ quantity = 2, cents = 1050 }]]
`
      )
      writeFileSync(
        join(hosted, "policy.toml"),
        `schema = 1
unmatched = "grants"
[[entry]]
effect = "deny"
principal = "acme:*"
reason = "Not in this house."
log = true
`
      )
      const { code, err, out } = await airssys(["run", "."], hosted)
      assert.strictEqual(code, 0, err)
      assert.include(out, "2100")
      const log = readFileSync(join(hosted, "audit.ndjson"), "utf8")
      assert.match(log, /"_tag":"CapabilityDenied",[^\n]*"kind":"log"[^\n]*"reason":"PolicyDenied"/)
      assert.notMatch(log, /"_tag":"CapabilityUsed",[^\n]*"kind":"log"/)

      const key = /verify with (\S+)/.exec(out + err)?.[1]
      assert(key !== undefined, out + err)
      const check = ["audit", "verify", "audit.ndjson", "--checkpoint", "witness.ndjson", "--key", key]
      const sound = await airssys(check, hosted)
      assert.strictEqual(sound.code, 0, sound.err)
      assert.match(sound.out, /entries 1 to \d+ verify/)
      assert.match(sound.out, /a checkpoint of \d+ entries fits/)

      const lines = log.split("\n")
      writeFileSync(join(hosted, "audit.ndjson"), `${lines.slice(0, 3).join("\n")}\n`)
      assert.notStrictEqual((await airssys(check, hosted)).code, 0)
      const again = await airssys(["run", "."], hosted)
      assert.notStrictEqual(again.code, 0)
      assert.include(again.out + again.err, "Somebody put back an older state")
    })

    it("starts nothing where the file of policies is wrong", async () => {
      const folder = plugin("totals")
      const hosted = join(folder, "..")
      writeFileSync(
        join(hosted, "airssys.toml"),
        "schema = 1\npolicy = \"policy.toml\"\n[[component]]\nsource = \"totals\"\n"
      )
      writeFileSync(join(hosted, "policy.toml"), "schema = 1\n[[entry]]\neffect = \"alow\"\n")
      const { code, err, out } = await airssys(["run", "."], hosted)
      assert.strictEqual(code, 1)
      assert.include(err, "policy.toml:3")
      assert.notInclude(out, "START")
    })

    it("gives no root that is not there, or that holds what the host keeps", async () => {
      const folder = plugin("totals")
      const hosted = join(folder, "..")
      mkdirSync(join(hosted, "data"))
      const host = (more: string) => {
        writeFileSync(join(hosted, "airssys.toml"), `schema = 1\n${more}\n[[component]]\nsource = "totals"\n`)
        return airssys(["run", "."], hosted)
      }
      const missing = await host("[roots]\ninbox = \"nowhere\"")
      assert.strictEqual(missing.code, 1)
      assert.include(missing.err, "nowhere")
      const policed = await host("policy = \"data/policy.toml\"\n[roots]\ninbox = \"data\"")
      assert.strictEqual(policed.code, 1)
      assert.include(policed.err, "policy.toml")
      const signed = await host(
        "[roots]\ninbox = \"data\"\n[audit]\nfile = \"audit.ndjson\"\n" +
          "checkpoints = { origin = \"a\", key = \"data/key\", console = true }"
      )
      assert.strictEqual(signed.code, 1)
      assert.match(signed.err, /inbox[^]*data/)
      const whole = await host(`[roots]\ninbox = "${hosted}"`)
      assert.strictEqual(whole.code, 1)
      assert.match(whole.err, /inbox[^]*airssys\.toml/)
      const own = await host("folder = \"data/kept\"\n[roots]\ninbox = \"data\"")
      assert.strictEqual(own.code, 1)
      assert.match(own.err, /inbox[^]*data/)
      const asking = await host(
        `[roots]\ninbox = "data"\n[approvals]\nkey = "data/host.key"\noperators = ["${operator}"]`
      )
      assert.strictEqual(asking.code, 1)
      assert.match(asking.err, /inbox[^]*data/)
    })

    it("keeps what outlives it in its folder, which one host at a time has", async () => {
      const folder = plugin("totals")
      const hosted = join(folder, "..")
      const call = "[[call]]\ntitle = \"A sum\"\ncomponent = \"acme:totals\"\nexport = \"totals.sum\"\nargs = [[]]\n"
      const file = "schema = 1\nfolder = \".airssys\"\n[[component]]\nsource = \"totals\"\n"
      writeFileSync(join(hosted, "airssys.toml"), file + call)
      const entries = async () => {
        const { code, err, out } = await airssys(["run", ".", "--json"], hosted)
        assert.strictEqual(code, 0, err)
        return out.trim().split("\n").map((line) => JSON.parse(line)).find(({ event }) => event === "audit").entries
      }
      const first = await entries()
      assert.isAbove(await entries(), first)
      assert.includeMembers(readdirSync(join(hosted, ".airssys")), ["audit.sqlite", "storage.sqlite", "trust"])

      writeFileSync(join(hosted, "airssys.toml"), file)
      const { spawn } = await import("node:child_process")
      const serving = spawn(process.execPath, [bin, "run", ".", "--json"], { cwd: hosted })
      const closed = new Promise((resolve) => serving.on("close", resolve))
      await new Promise<void>((resolve) => {
        let out = ""
        serving.stdout.on("data", (chunk) => {
          out += chunk
          if (out.includes("\"event\":\"ready\"")) resolve()
        })
        serving.on("close", () => resolve())
      })
      const second = await airssys(["run", "."], hosted)
      serving.kill("SIGINT")
      await closed
      assert.strictEqual(second.code, 1)
      assert.match(second.err, /Nothing was started/)
      assert.notInclude(second.out, "INSTALL")
    })

    it("begins each report of a failure in the same way", async () => {
      const { err } = await airssys(["build", "--folder", "nowhere"])
      assert.match(err, /^error: .*nowhere/)
    })

    it("stops without a stack trace when nobody reads its output any more", async () => {
      const folder = plugin("totals")
      writeFileSync(join(folder, "..", "airssys.toml"), "schema = 1\n[[component]]\nsource = \"totals\"\n")
      const { spawn } = await import("node:child_process")
      const child = spawn(process.execPath, [bin, "run", join(folder, ".."), "--json"])
      let err = ""
      child.stderr.on("data", (chunk) => err += chunk)
      child.stdout.once("data", () => child.stdout.destroy())
      const code = await new Promise((resolve) => child.on("close", resolve))
      assert.strictEqual(code, 130)
      assert.notInclude(err, "EPIPE")
    })

    it("serves until it is interrupted, and then stops cleanly, however often it is told to", async () => {
      const folder = plugin("totals")
      writeFileSync(join(folder, "..", "airssys.toml"), "schema = 1\n[[component]]\nsource = \"totals\"\n")
      const { spawn } = await import("node:child_process")
      const child = spawn(process.execPath, [bin, "run", join(folder, ".."), "--json"])
      const closed = new Promise((resolve) => child.on("close", resolve))
      let out = ""
      await new Promise<void>((resolve) => {
        child.stdout.on("data", (chunk) => {
          out += chunk
          if (out.includes("\"event\":\"ready\"")) resolve()
        })
        child.on("close", () => resolve())
      })
      const insisting = setInterval(() => child.kill("SIGINT"), 1)
      const code = await closed
      clearInterval(insisting)
      assert.strictEqual(code, 130)
      const events = out.trim().split("\n").map((line) => JSON.parse(line).event)
      assert.includeMembers(events, ["begin", "install", "start", "ready", "stop"])
    })
  })
})
