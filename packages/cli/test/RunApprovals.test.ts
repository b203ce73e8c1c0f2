import { assert, describe, it } from "@effect/vitest"
import { execFile, spawn } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, onTestFinished } from "vitest"
import { root, tempFolder } from "./tempFolder.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const temp = tempFolder()
afterAll(() => rmSync(temp, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const airssysIn = (folder: string) => (...args: ReadonlyArray<string>) =>
  new Promise<Ended>((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: folder, encoding: "utf8" },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    )
  })

const call = `[[call]]
title = "A sum"
component = "acme:totals"
export = "totals.sum"
args = [[{ quantity = 2, cents = 1050 }]]
`

interface Options {
  readonly quorum?: number
  readonly more?: string
  readonly serves?: boolean
}

const fileOf = (operators: ReadonlyArray<string>, { more = "", quorum = 1, serves = false }: Options) =>
  `schema = 1
folder = ".airssys"
[audit]
file = "audit.ndjson"
[approvals]
key = "keys/host.key"
operators = [${operators.map((key) => `"${key.trim()}"`).join(", ")}]
quorum = ${quorum}
${more}
[[component]]
source = "totals"
[[component.grant]]
reason = "Say what it does."
log = true
${serves ? "" : call}`

/** A host whose component was refused once, so that its request waits. */
const template = (async () => {
  const folder = mkdtempSync(join(temp, "host-"))
  cpSync(join(root, "examples/plugins/totals"), join(folder, "totals"), { recursive: true })
  const airssys = airssysIn(folder)
  const made = await Promise.all(["ada", "ben"].map((name) => airssys("keys", "generate", `keys/${name}.key`)))
  const operators = made.map(({ out }) => out)
  writeFileSync(join(folder, "airssys.toml"), fileOf(operators, { quorum: 2 }))
  const early = await airssys("approvals", "list")
  const refused = await airssys("run", ".")
  const { out } = await airssys("approvals", "list", "--json")
  return { folder, operators, early, refused, waiting: JSON.parse(out) }
})()

const place = async (options: Options = {}) => {
  const { folder: from, operators, waiting } = await template
  const folder = mkdtempSync(join(temp, "host-"))
  cpSync(from, folder, { recursive: true })
  const write = (options: Options) => writeFileSync(join(folder, "airssys.toml"), fileOf(operators, options))
  write(options)
  return { folder, airssys: airssysIn(folder), write, id: waiting.request as string }
}

/** A host that serves, once it is ready; `until` waits for a line of its output. */
const serving = (folder: string) => {
  const child = spawn(process.execPath, [bin, "run", ".", "--json"], { cwd: folder })
  onTestFinished(() => void child.kill())
  let out = ""
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()))
  const until = (text: string) =>
    Promise.race([
      closed,
      new Promise<void>((resolve) => {
        const look = () => out.includes(text) ? resolve() : undefined
        child.stdout.on("data", look)
        look()
      })
    ])
  child.stdout.on("data", (chunk) => out += chunk)
  return {
    until,
    out: () => out,
    stop: async () => {
      child.kill("SIGINT")
      await closed
    }
  }
}

describe("airssys run with approvals", { timeout: 120_000 }, () => {
  it("starts what enough operators approved, and nothing else", async () => {
    const { early, refused, waiting } = await template
    assert.strictEqual(early.code, 1)
    assert.include(early.err, "start the host with `airssys run`")
    assert.strictEqual(refused.code, 1)
    assert.notInclude(refused.out, "2100")
    assert.notInclude(refused.out, "START")
    assert.include(refused.out, "INSTALL")
    assert.include(refused.err, `request ${waiting.request} is Pending. It asks for log.`)
    assert.deepStrictEqual([waiting.state, waiting.quorum], ["Pending", 2])

    const { airssys, folder, id } = await place({ quorum: 2 })
    const shown = await airssys("approvals", "show", id)
    assert.match(shown.out, /^acme:totals 1\.0\.0 asks to run: "/)
    assert.match(shown.out, /beyond what is approved:\n +LOW +log\n/)
    for (let times = 0; times < 2; times++) {
      const ada = await airssys("approve", id, "--key", "keys/ada.key")
      assert.strictEqual(ada.code, 0, ada.err)
      assert.match(ada.out, /Reviewing {2}acme:totals 1\.0\.0 {2}LOW {2}1 of 2 approved/)
    }
    assert.strictEqual((await airssys("run", ".")).code, 1)
    const ben = await airssys("approve", id, "--key", "keys/ben.key", "--expires", "2099-03-31", "--reason", "Read it.")
    assert.strictEqual(ben.code, 0, ben.err)
    assert.include(ben.out, "Approved")
    assert.strictEqual((await airssys("approvals", "list")).out, "No request waits.\n")

    const approved = await airssys("run", ".")
    assert.strictEqual(approved.code, 0, approved.err)
    assert.include(approved.out, "2100")
    assert.match(approved.out, /^START .*\n {2}totals /m)
    assert.match(
      readFileSync(join(folder, "audit.ndjson"), "utf8"),
      /"_tag":"ApprovalChanged",[^\n]*"to":"Approved"/
    )
    const late = await airssys("deny", id, "--key", "keys/ada.key", "--reason", "Not so fast.")
    assert.strictEqual(late.code, 1)
    assert.include(late.err, "error: the request is Approved already")
  })

  it("names all releases that wait, and starts none of them", async () => {
    const { airssys, folder, id } = await place({
      serves: true,
      more: "[[component]]\nsource = \"sums\"\n[[component]]\nsource = \"idle\"\n"
    })
    const copy = (name: string, change: (manifest: string) => string) => {
      cpSync(join(folder, "totals"), join(folder, name), { recursive: true })
      const file = join(folder, name, "Component.toml")
      writeFileSync(file, change(readFileSync(file, "utf8").replace("name = \"totals\"", `name = "${name}"`)))
    }
    copy("sums", (manifest) => manifest)
    copy("idle", (manifest) => manifest.slice(0, manifest.indexOf("[[capability]]")))
    const { code, err, out } = await airssys("run", ".")
    assert.strictEqual(code, 1)
    const lines = err.trim().split("\n").filter((line) => line.startsWith("error: "))
    assert.strictEqual(lines.length, 2, err)
    assert.match(lines[0]!, /^error: acme:sums 1\.0\.0 .* request sha256:[0-9a-f]{64} is Pending\. It asks for log\./)
    assert.include(lines[1], `acme:totals 1.0.0`)
    assert.include(lines[1], `request ${id} is Pending. It asks for log.`)
    assert.match(out, /^INSTALL/m)
    assert.notInclude(out, "START")
    const asked = (await airssys("approvals", "list")).out.trim().split("\n")
    assert.strictEqual(asked.length, 2)
  })

  it("ends what an operator takes back while the host runs, and has it in its log", async () => {
    const { airssys, folder, id } = await place({ serves: true })
    assert.strictEqual((await airssys("approve", id, "--key", "keys/ada.key")).code, 0)
    const host = serving(folder)
    await host.until("\"event\":\"ready\"")
    const revoked = await airssys("revoke", id, "--key", "keys/ben.key", "--reason", "The key was stolen.")
    assert.strictEqual(revoked.code, 0, revoked.err)
    await host.until("Quarantined")
    assert.match(host.out(), /"event":"life","component":"acme:totals","state":"Quarantined"/)
    await host.stop()
    assert.match(readFileSync(join(folder, "audit.ndjson"), "utf8"), /"to":"Revoked"[^\n]*The key was stolen\./)
    const again = await airssys("run", ".")
    assert.strictEqual(again.code, 1)
    assert.include(again.err, `an operator's decision is Revoked`)
  })

  it("takes no decision of who is no operator, with an exposed key, or about what is no request", async () => {
    const { airssys, folder, id } = await place()
    writeFileSync(join(folder, "mallory.key"), new Uint8Array(32).fill(7), { mode: 0o600 })
    chmodSync(join(folder, "keys/ada.key"), 0o640)
    const refused = async (request: string, key: string, ...more: ReadonlyArray<string>) => {
      const { code, err } = await airssys("approve", request, "--key", key, ...more)
      assert.strictEqual(code, 1)
      return err
    }
    assert.include(await refused(id, "mallory.key"), "is not the key of an operator")
    assert.include(await refused(id, "nobody.key"), "error: there is no nobody.key")
    assert.isFalse(existsSync(join(folder, "nobody.key")))
    assert.include(await refused(id, "keys/ada.key"), "other users have access to keys/ada.key")
    assert.include(await refused("acme:totals", "keys/ben.key"), "is for `airssys grant`. Nothing was decided.")
    const short = await refused("sha256:5a1c", "keys/ben.key")
    assert.include(short, "it has 4 of the digits: give all of them. Nothing was decided.")
    assert.notInclude(short, "grant")
    assert.include(await refused(`sha256:${"Z".repeat(64)}`, "keys/ben.key"), "its digits are 0 to 9 and a to f.")
    const shown = await airssys("approvals", "show", "sha256:5a1c")
    assert.include(shown.err, "give all of them. Nothing was shown.")
    assert.include(await refused(id, "keys/ben.key", "--expires", "2020-01-01"), "the decision is past its time")
  })

  it("takes a decision that was signed away from the host, by the rules of any other", async () => {
    const { airssys, folder, id, write } = await place()
    write({ quorum: 1 })
    const away = mkdtempSync(join(temp, "away-"))
    const elsewhere = airssysIn(away)
    const file = (name: string) => join(away, name)
    assert.strictEqual((await airssys("approvals", "export", id, file("request.json"))).code, 0)
    for (const key of ["ada.key", "ben.key"]) cpSync(join(folder, "keys", key), file(key))
    writeFileSync(file("mallory.key"), new Uint8Array(32).fill(7), { mode: 0o600 })

    const exported = readFileSync(file("request.json"), "utf8")
    const { approval } = JSON.parse(exported)
    const changed = (name: string, change: object) =>
      writeFileSync(
        file(name),
        JSON.stringify({ format: "airssys/approval-export/1", approval: { ...approval, ...change } })
      )
    const text = approval.request.text.replace("Say", "Sue")
    changed("text.json", { request: { ...approval.request, text } })
    changed("id.json", { id: `sha256:${"0".repeat(64)}` })
    changed("hidden.json", { asked: { ...approval.asked, wants: [] } })
    changed("revision.json", { revision: 9 })
    writeFileSync(file("none.json"), "{}")
    const sign = (from: string, out: string, key = "ada.key") => elsewhere("approvals", "sign", from, out, "--key", key)
    const wrong = await Promise.all(["text", "id", "none"].map((name) => sign(`${name}.json`, `${name}.out`)))
    for (const { code, err } of wrong) {
      assert.strictEqual(code, 1)
      assert.include(err, "Nothing was decided.")
    }
    assert.isFalse(existsSync(file("text.out")))

    const [signed, shown] = await Promise.all([
      sign("request.json", "ada.json"),
      sign("hidden.json", "hidden.out"),
      sign("request.json", "mallory.json", "mallory.key"),
      sign("revision.json", "revision.out")
    ])
    assert.strictEqual(signed?.code, 0, signed?.err)
    assert.include(shown?.out, "writes lines to the log")
    const bring = (name: string) => airssys("approvals", "import", file(name))
    const { claim, decision, format } = JSON.parse(readFileSync(file("ada.json"), "utf8"))
    const forged = { ...claim, text: claim.text.replace(/"notAfter":[0-9]/, "\"notAfter\":9") }
    writeFileSync(file("forged.json"), JSON.stringify({ format, claim: forged, decision }))
    const [mallory, revision, tampered] = await Promise.all(["mallory.json", "revision.out", "forged.json"].map(bring))
    assert.include(mallory?.err, "is not the key of an operator")
    assert.include(revision?.err, "revision")
    assert.include(tampered?.err, "does not verify")

    const taken = await bring("ada.json")
    assert.strictEqual(taken.code, 0, taken.err)
    assert.include(taken.out, "Approved")
    assert.strictEqual((await bring("ada.json")).code, 1)
  })

  it("refuses a decision for another host", async () => {
    const { airssys, folder, id } = await place()
    const other = await place()
    rmSync(join(other.folder, "keys/host.key"))
    await other.airssys("run", ".")
    const file = (name: string) => join(folder, name)
    assert.strictEqual((await airssys("approvals", "export", id, "request.json")).code, 0)
    assert.strictEqual((await airssys("approvals", "sign", "request.json", "a.json", "--key", "keys/ada.key")).code, 0)
    const { code, err } = await other.airssys("approvals", "import", file("a.json"))
    assert.strictEqual(code, 1)
    assert.include(err, "another host")
  })

  it("says what did not happen for a folder without its file, or with one that is wrong", async () => {
    const { airssys, folder, id } = await place()
    const commands = [
      [["approve", id, "--key", "keys/ben.key"], "Nothing was decided."],
      [["revoke", id, "--key", "keys/ben.key", "--reason", "No."], "Nothing was decided."],
      [["approvals", "list"], "Nothing was shown."],
      [["receipts"], "Nothing was read."],
      [["storage", "list"], "Nothing was changed."],
      [["grant", "acme:totals"], "Nothing was granted."],
      [["review", "totals", "--host", "."], "Nothing was reviewed."],
      [["run", "."], "Nothing was started."]
    ] as const
    for (const text of ["schema = 7\n", undefined]) {
      if (text === undefined) rmSync(join(folder, "airssys.toml"))
      else writeFileSync(join(folder, "airssys.toml"), text)
      for (const [args, outcome] of commands) {
        const { code, err } = await airssys(...args)
        assert.strictEqual(code, 1, args.join(" "))
        assert.isTrue(err.trim().endsWith(outcome), `${args.join(" ")}: ${err}`)
      }
    }
  })

  it("lets one of two operators decide who do so at the same time", async () => {
    const { airssys, id } = await place()
    const ended = await Promise.all([
      airssys("approve", id, "--key", "keys/ada.key"),
      airssys("deny", id, "--key", "keys/ben.key", "--reason", "No.")
    ])
    assert.isAtMost(ended.filter(({ code }) => code === 0).length, 1, ended.map(({ err }) => err).join(""))
    const { out } = await airssys("approvals", "list", "--all", "--json")
    const decided = ended.findIndex(({ code }) => code === 0)
    assert.strictEqual(JSON.parse(out).state, ["Reviewing", "Approved", "Denied"][decided + 1])
  })

  it("passes what the folder trusts by itself, unless operators are to see that too", async () => {
    const trusted = "[trust]\npaths = [\"totals\"]"
    const { airssys, folder, write } = await place({ more: trusted })
    const passed = await airssys("run", ".")
    assert.strictEqual(passed.code, 0, passed.err)
    rmSync(join(folder, ".airssys"), { recursive: true })
    rmSync(join(folder, "audit.ndjson"))
    write({ more: `pass-trusted = false\n${trusted}` })
    const waiting = await airssys("run", ".")
    assert.strictEqual(waiting.code, 1)
    assert.include(waiting.err, "needs the approval of an operator")
  })
})

describe("airssys keys", { timeout: 60_000 }, () => {
  it("makes a key for this user alone, shows its public key, and writes over none", async () => {
    const { operators } = await template
    assert.match(operators[0]!, /^ed25519:[A-Za-z0-9_-]{43}\n$/)
    assert.notStrictEqual(operators[0], operators[1])
    const { airssys, folder } = await place()
    const file = join(folder, "keys/ada.key")
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    assert.strictEqual((await airssys("keys", "show", "keys/ada.key")).out, operators[0])
    const before = readFileSync(file)
    const again = await airssys("keys", "generate", "keys/ada.key")
    assert.strictEqual(again.code, 1)
    assert.include(again.err, "keys/ada.key is there already, and is not written over")
    assert.deepStrictEqual(readFileSync(file), before)
    assert.deepStrictEqual(readdirSync(join(folder, "keys")).toSorted(), ["ada.key", "ben.key", "host.key"])
  })
})
