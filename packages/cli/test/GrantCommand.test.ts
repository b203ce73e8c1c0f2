import { assert, describe, it } from "@effect/vitest"
import * as HostConfig from "airssys/component/HostConfig"
import { Result } from "effect"
import { execFile } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll } from "vitest"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const temp = mkdtempSync(join(tmpdir(), "airssys-grant-"))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const manifest = (name: string) =>
  `schema = 1
[component]
namespace = "acme"
name = "${name}"
version = "1.2.0"
world = "acme:${name}/plugin@1.2.0"
[build]
command = "none"
output = "out.wasm"
[limits]
memory = "1 MiB"
timeout = "1 s"
[[capability]]
reason = "Date the \\"rates\\" p\u0430ypal."
clock = true
[[capability]]
reason = "Fetch.\\" (granted)"
process.spawn = ["git"]
storage.read = ["rates/**", "totals/*"]
`

const before = `schema = 1
# The first.
[[component]]
source = "rates" # rates

[[component.grant]]
reason = "Kept."
clock = true

[component.environment]
KEY = "1"

# The second.
[[component]]
source = "totals"
[[call]]
title = "x"
component = "acme:rates"
export = "rates.latest"
`

const host = (text = before) => {
  const folder = mkdtempSync(join(temp, "host-"))
  for (const name of ["rates", "totals"]) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, "Component.toml"), manifest(name))
  }
  const file = join(folder, "airssys.toml")
  writeFileSync(file, text, { mode: 0o640 })
  const grants = () =>
    Result.getOrThrow(HostConfig.parse(readFileSync(file, "utf8"), { file })).components.map((_) => _.options.grants)
  const airssys = (...args: ReadonlyArray<string>) =>
    new Promise<{ readonly code: number; readonly out: string }>((resolve) => {
      execFile(
        process.execPath,
        [bin, "grant", ...args],
        { cwd: folder, encoding: "utf8" },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: out + err })
      )
    })
  return { file, grants, airssys, text: () => readFileSync(file, "utf8") }
}

describe("what a denial says", { timeout: 60_000 }, () => {
  it("is a command that grants what was denied, as it stands there", async () => {
    const folder = mkdtempSync(join(temp, "denied-"))
    cpSync(fileURLToPath(new URL("../../../examples/plugins/totals", import.meta.url)), join(folder, "totals"), {
      recursive: true
    })
    writeFileSync(
      join(folder, "airssys.toml"),
      "schema = 1\n[[component]]\nsource = \"totals\"\n[[call]]\ntitle = \"A sum\"\ncomponent = \"acme:totals\"\n" +
        "export = \"totals.sum\"\nargs = [[]]\n"
    )
    const run = (...args: ReadonlyArray<string>) =>
      promisify(execFile)(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8" })
    const { stdout } = await run("run", ".")
    const command = /To grant it: airssys (.*)/.exec(stdout)?.[1]
    assert(command !== undefined, stdout)
    await run(...command.trim().split(" "))
    assert.notInclude((await run("run", ".")).stdout, "DENIED")
  })
})

describe("airssys grant", { timeout: 60_000 }, () => {
  it("does not pass a grant for an approval where the host needs one", async () => {
    const operator = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"
    const table = `[approvals]\nkey = "host.key"\noperators = ["${operator}"]\n`
    const { airssys, grants } = host(`${before}${table}`)
    const { code, out } = await airssys("acme:rates", "--all")
    assert.strictEqual(code, 0, out)
    assert.include(out, "needs approvals besides, signed by its operators: a grant is none.")
    assert.isAbove(grants()[0]!.length, 1)
    assert.notInclude((await host().airssys("acme:rates")).out, "approvals")
  })

  it("shows what is asked, the greatest risk first and escaped, and writes nothing", async () => {
    const { airssys, text } = host()
    const { code, out } = await airssys("acme:rates")
    assert.strictEqual(code, 0, out)
    const lines = out.trim().split("\n")
    assert.match(lines[1] ?? "", /^ +3 {2}CRITICAL process\.spawn git: it runs a program.* "Fetch\.\\" \(granted\)"$/)
    assert.match(lines.find((line) => line.includes("clock")) ?? "", /clock: .*p\\u\{430\}ypal.*\(granted\)$/)
    assert.match(lines.at(-1) ?? "", /^Nothing was granted/)
    assert.strictEqual(text(), before)
  })

  it("writes the grants that were chosen, and changes nothing else", async () => {
    const { airssys, file, grants, text } = host()
    const result = await airssys(
      "acme:rates@1.2.0",
      "--only",
      "2",
      "--expires",
      "2027-03-31",
      "--reason",
      "Read \"it\"."
    )
    assert.strictEqual(result.code, 0, result.out)
    assert.match(result.out, /is granted:\n {4}2 {2}/)
    assert.deepStrictEqual(grants(), [
      [
        { kind: "clock", patterns: [], reason: "Kept." },
        { kind: "storage.read", patterns: ["rates/**", "totals/*"], reason: "Read \"it\".", expires: "2027-03-31" }
      ],
      []
    ])
    for (const line of before.split("\n")) assert.include(text().split("\n"), line)
    assert.strictEqual(statSync(file).mode & 0o777, 0o640)
    for (const left of [".new", ".part"]) assert.isFalse(existsSync(`${file}${left}`))
    const again = await airssys("acme:rates", "--only", "2", "--expires", "2027-03-01")
    assert.include(again.out, "is granted this already")
    const all = await airssys("acme:totals", "--all")
    assert.strictEqual(all.code, 0, all.out)
    assert.deepStrictEqual(grants()[1]?.map(({ kind }) => kind), ["clock", "storage.read", "process.spawn"])
  })

  it("grants what is to be recorded beforehand as such", async () => {
    const { airssys, file, grants } = host()
    const asking = join(dirname(file), "totals", "Component.toml")
    writeFileSync(asking, manifest("totals").replace("clock = true", "audit = \"before-use\"\nclock = true"))
    const { code, out } = await airssys("acme:totals", "--only", "1")
    assert.strictEqual(code, 0, out)
    assert.deepStrictEqual(grants()[1]?.map(({ audit, kind }) => ({ audit, kind })), [
      { audit: "before-use", kind: "clock" }
    ])
  })

  it.each([
    ["a component that the file does not name", ["evil:rates", "--all"]],
    ["another version", ["acme:rates@9.9.9", "--all"]],
    ["a number that it does not ask for", ["acme:rates", "--only", "4"]],
    ["no number", ["acme:rates", "--only", "1,x"]],
    ["no day of the calendar", ["acme:rates", "--only", "2", "--expires", "2027-02-30"]],
    ["an empty reason", ["acme:rates", "--only", "2", "--reason", ""]]
  ])("refuses %s, and writes nothing", async (_, args) => {
    const { airssys, text } = host()
    const { code, out } = await airssys(...args)
    assert.notStrictEqual(code, 0, out)
    assert.strictEqual(text(), before)
  })

  it("writes nothing where a grant would land in another place than meant", async () => {
    const tricky = before.replace("KEY = \"1\"", "KEY = \"\"\"\n[[component]]\nsource = \"totals\"\n\"\"\"")
    const { airssys, text } = host(tricky)
    const { code, out } = await airssys("acme:rates", "--only", "2")
    assert.notStrictEqual(code, 0, out)
    assert.include(out, "add it by hand")
    assert.strictEqual(text(), tricky)
  })
})
