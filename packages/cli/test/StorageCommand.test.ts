import { assert, describe, it } from "@effect/vitest"
import { execFile, spawn } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { afterAll, onTestFinished } from "vitest"
import { writeKeeper } from "./keeper.ts"
import { tempFolder } from "./tempFolder.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const temp = tempFolder()
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const airssysIn = (folder: string) => (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: folder, encoding: "utf8", timeout: 60_000 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    )
  })

const host = (storage: string, calls = "") =>
  `schema = 1
folder = ".airssys"
[[component]]
source = "keeper"
quotas = { storage = "${storage}" }
[[component.grant]]
reason = "Keep."
storage.write = ["**"]
${calls}`

const put = (key: string, size: number) =>
  `[[call]]\ntitle = "x"\ncomponent = "acme:keeper"\nexport = "keeper.put"\nargs = ["${key}", ${size}]\n`

/** A folder in which a component has stored two values. */
const template = (async () => {
  const folder = mkdtempSync(join(temp, "host-"))
  writeKeeper(folder)
  writeFileSync(join(folder, "airssys.toml"), host("8 KiB", put("a", 2000) + put("b", 3000)))
  const { code, err } = await airssysIn(folder)("run", ".")
  assert.strictEqual(code, 0, err)
  return folder
})()

const place = async () => {
  const folder = mkdtempSync(join(temp, "host-"))
  cpSync(await template, folder, { recursive: true })
  writeFileSync(join(folder, "airssys.toml"), host("8 KiB"))
  return { folder, airssys: airssysIn(folder), file: join(folder, "keeper.ndjson") }
}

describe("airssys storage", { timeout: 120_000 }, () => {
  it("lists, exports and imports what a component stores", async () => {
    const { airssys, file, folder } = await place()
    assert.strictEqual((await airssys("storage", "list")).out, "component/acme:keeper  2 keys  5.01 KiB\n")
    const written = await airssys("storage", "export", "acme:keeper", "--out", "keeper.ndjson")
    assert.strictEqual(written.code, 0, written.err)
    const text = readFileSync(file, "utf8")
    assert.match(text, /^\{"format":"airssys\/storage","version":1,"owner":"component\/acme:keeper","keys":2,/)
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    assert.strictEqual((await airssys("storage", "export", "component/acme:keeper")).out, text)
    const over = await airssys("storage", "export", "acme:keeper", "--out", "keeper.ndjson")
    assert.strictEqual(over.code, 1)
    assert.include(over.err, "keeper.ndjson is there already: name another file. Nothing was changed.")

    rmSync(join(folder, ".airssys"), { recursive: true })
    const back = await airssys("storage", "import", "acme:keeper", "keeper.ndjson")
    assert.strictEqual(back.code, 0, back.err)
    assert.include(back.out, "2 keys")
    const twice = await airssys("storage", "import", "acme:keeper", "keeper.ndjson")
    assert.strictEqual(twice.code, 1)
    assert.include(twice.err, "component/acme:keeper has 2 keys there: take their place with --replace")
    const copied = await airssys("storage", "import", "acme:copy", "keeper.ndjson", "--from-another")
    assert.strictEqual(copied.code, 0, copied.err)
    assert.strictEqual(
      JSON.parse((await airssys("storage", "list", "--json")).out.split("\n")[0]!).owner,
      "component/acme:copy"
    )
  })

  it("takes no file that is damaged, of another owner, or beyond the quota, and names the place", async () => {
    const { airssys, file, folder } = await place()
    await airssys("storage", "export", "acme:keeper", "--out", "keeper.ndjson")
    const refused = async (why: string, owner = "acme:keeper") => {
      const { code, err } = await airssys("storage", "import", owner, "keeper.ndjson", "--replace")
      assert.strictEqual(code, 1)
      assert.include(err, why)
      assert.include(err, "Nothing was changed.")
    }
    await refused("keeper.ndjson:1: it is a file of component/acme:keeper: take it with --from-another", "acme:copy")
    const text = readFileSync(file, "utf8")
    writeFileSync(join(folder, "airssys.toml"), host("4 KiB"))
    await refused("and 4096 are allowed: raise storage in the quotas of airssys.toml")
    writeFileSync(join(folder, "airssys.toml"), host("8 KiB"))
    writeFileSync(file, text.replace("\"key\":\"b\"", "\"key\":\"a\""))
    await refused("keeper.ndjson:3: the keys do not ascend")
    const absent = await airssys("storage", "export", "acme:other")
    assert.strictEqual(absent.code, 1)
    assert.include(absent.err, "nothing is stored by acme:other, but by component/acme:keeper")
  })

  it("finds what is not as it was written", async () => {
    const { airssys, folder } = await place()
    const sound = await airssys("storage", "verify")
    assert.strictEqual(sound.code, 0, sound.err)
    assert.include(sound.out, "2 keys, 5.01 KiB: all are as they were written")
    const database = new DatabaseSync(join(folder, ".airssys/storage.sqlite"))
    database.exec("UPDATE entry SET value = randomblob(length(value)) WHERE key = 'b'")
    database.close()
    const damaged = await airssys("storage", "verify")
    assert.strictEqual(damaged.code, 1)
    assert.include(damaged.out, "component/acme:keeper b: the value is not as it was written")
    assert.match(damaged.err, /^error: .*storage\.sqlite is damaged in \d+ places?: import an export from before/)
  })

  it("does nothing while the host runs, and makes nothing where there is no host", async () => {
    const { airssys, file, folder } = await place()
    const child = spawn(process.execPath, [bin, "run", ".", "--json"], { cwd: folder })
    onTestFinished(() => void child.kill())
    const closed = new Promise<void>((resolve) => child.on("close", () => resolve()))
    await new Promise<void>((resolve) => {
      let out = ""
      child.stdout.on("data", (chunk) => {
        out += chunk
        if (out.includes("\"event\":\"ready\"")) resolve()
      })
      void closed.then(resolve)
    })
    for (const args of [["list"], ["export", "acme:keeper", "--out", "keeper.ndjson"], ["verify"]]) {
      const { code, err } = await airssys("storage", ...args)
      assert.strictEqual(code, 1)
      assert.match(err, /^error: a host has .*\.airssys: stop it first\. Nothing was changed\./)
    }
    assert.isFalse(existsSync(file))
    child.kill("SIGINT")
    await closed
    rmSync(join(folder, ".airssys"), { recursive: true })
    const nowhere = await airssys("storage", "verify")
    assert.strictEqual(nowhere.code, 1)
    assert.include(nowhere.err, "there is no ")
    assert.isFalse(existsSync(join(folder, ".airssys")))
  })
})
