import { assert, describe, it } from "@effect/vitest"
import { execFile, spawn } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, onTestFinished } from "vitest"
import { writeKeeper } from "./keeper.ts"
import { tempFolder } from "./tempFolder.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const temp = tempFolder()
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const airssys = (folder: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, timeout: 60_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    )
  })

const built = (async () => {
  const folder = mkdtempSync(join(temp, "built-"))
  writeKeeper(folder)
  const { code, err } = await airssys(folder, ["build", "--folder", "keeper"])
  assert.strictEqual(code, 0, err)
  return folder
})()

const granted = `[[component.grant]]
reason = "Keep, and tell."
storage.write = ["**"]
log = true
`

const call = (name: string, args: string, more = "") =>
  `[[call]]\ntitle = "x"\ncomponent = "acme:keeper"\nexport = "keeper.${name}"\nargs = [${args}]\n${more}`

const host = async (options: { readonly top?: string; readonly component?: string; readonly calls?: string }) => {
  const folder = mkdtempSync(join(temp, "host-"))
  cpSync(await built, folder, { recursive: true })
  mkdirSync(join(folder, "keys"))
  writeFileSync(join(folder, "keys/api-key"), "hunter2-file\n", { mode: 0o600 })
  const { calls = "", component = "", top = "" } = options
  writeFileSync(
    join(folder, "airssys.toml"),
    `schema = 1\n${top}\n[[component]]\nsource = "keeper"\n${component}\n${granted}${calls}`
  )
  return { folder, run: (env?: Readonly<Record<string, string>>) => airssys(folder, ["run", "."], env) }
}

const secrets = "secrets = { api-key = { file = \"keys/api-key\" }, token = { env = \"KEEPER_TOKEN\" } }"

describe("airssys run", { timeout: 120_000 }, () => {
  it("gives a component secrets from a file and from the environment, and shows them nowhere", async () => {
    const { folder, run } = await host({
      top: "[audit]\nfile = \"audit.ndjson\"",
      component: secrets,
      calls: call("tell", "\"api-key\"") + call("tell", "\"token\"")
    })
    const { code, err, out } = await run({ KEEPER_TOKEN: "hunter2-environment" })
    assert.strictEqual(code, 0, err)
    assert.include(out, "keeper.tell(\"api-key\") = 12")
    assert.include(out, "keeper.tell(\"token\") = 19")
    assert.include(err, "the secret is <secret>")
    assert.notInclude(out + err + readFileSync(join(folder, "audit.ndjson"), "utf8"), "hunter2")
  })

  it("starts nothing without a secret, or with one that others can read or change", async () => {
    const { folder, run } = await host({ component: secrets, calls: call("tell", "\"token\"") })
    const file = join(folder, "keys/api-key")
    const token = { KEEPER_TOKEN: "hunter2-environment" }
    const refused = async (env: Readonly<Record<string, string>>, why: string) => {
      const { code, err, out } = await run(env)
      assert.strictEqual(code, 1, out)
      assert.include(err, why)
      assert.include(err, "Nothing was started.")
      assert.notInclude(out + err, "hunter2")
      assert.notInclude(out, "INSTALL")
    }
    await refused(
      { KEEPER_TOKEN: "" },
      "error: the secret token of keeper: the environment has no KEEPER_TOKEN, or an empty one"
    )
    chmodSync(file, 0o640)
    await refused(token, `the secret api-key of keeper: other users have access to ${file}: chmod 600`)
    rmSync(file)
    await refused(token, `there is no ${file}`)
    writeFileSync(file, "\n", { mode: 0o600 })
    await refused(token, `${file} is empty`)
  })

  it("gives no root that holds a secret", async () => {
    const { run } = await host({ top: "[roots]\ninbox = \"keys\"", component: secrets })
    const { code, err } = await run({ KEEPER_TOKEN: "x" })
    assert.strictEqual(code, 1)
    assert.match(err, /inbox[^]*api-key/)
  })

  it("holds components and tenants to their quotas, and keeps what they store where the file says", async () => {
    const { folder, run } = await host({
      top: `[quotas.component]
storage = "1 KiB"
[quotas.tenants.globex]
storage = "4 KiB"
[storage]
file = "kept.sqlite"
[audit]
file = "audit.ndjson"`,
      component: "[component.quotas]\nstorage = \"8 KiB\"\nmessages = { per-second = 0, burst = 3 }",
      calls: call("put", "\"a\", 5000", "tenant = \"globex\"\n") + call("put", "\"b\", 5000") +
        call("put", "\"c\", 5000") + call("put", "\"d\", 1")
    })
    const { code, err, out } = await run()
    assert.strictEqual(code, 0, err)
    const answers = out.split("\n").filter((line) => line.includes("keeper.put"))
    assert.match(answers[0]!, /put\("a", 5000\) failed: "exhausted"/)
    assert.match(answers[1]!, /put\("b", 5000\) = 5000/)
    assert.match(answers[2]!, /put\("c", 5000\) failed: "exhausted"/)
    assert.match(answers[3]!, /put\("d", 1\) failed: .*messages/)
    assert.isTrue(existsSync(join(folder, "kept.sqlite")))
    const log = readFileSync(join(folder, "audit.ndjson"), "utf8")
    assert.match(log, /"_tag":"QuotaSet",[^\n]*"acme:keeper"/)
    assert.match(log, /"_tag":"QuotaSet",[^\n]*"globex"/)
  })

  it("asks components for their health as often as the file says", async () => {
    const { folder } = await host({
      top: "supervision.restarts = 0",
      component: "config = { sick = true }\nhealth = { every = \"100 ms\", failures = 4 }"
    })
    const child = spawn(process.execPath, [bin, "run", ".", "--json"], { cwd: folder })
    onTestFinished(() => void child.kill())
    let out = ""
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()))
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk) => {
        out += chunk
        if (out.includes("Quarantined")) resolve()
      })
      void ended.then(resolve)
    })
    child.kill("SIGINT")
    await ended
    assert.match(out, /"event":"life","component":"acme:keeper","state":"Quarantined"/)
  }, 30_000)
})
