import { componentWit } from "@bytecodealliance/jco-transpile/wasm-tools"
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { buildErrorOf, buildIn, deny, folderOf, instantiate, outcomeOf } from "./support/guests.ts"

const wit = `package test:guest@1.0.0;

interface greeter {
  variant refusal { denied, other(string) }
  enum short { busy, access-denied }
  variant plain { access-denied(string), wrong }
  resource secret {
    constructor(name: string);
    open: func() -> result<string, string>;
    find: static func(name: string) -> result<secret, refusal>;
  }
  text: func(name: string) -> result<string, string>;
  in-variant: func(name: string) -> result<string, refusal>;
  in-enum: func(name: string) -> result<string, short>;
  in-payload: func(name: string) -> result<string, plain>;
  in-number: func(name: string) -> result<string, u32>;
  without: func(name: string) -> string;
  own-error: func() -> result<string, string>;
  big: func(value: u64) -> u64;
}

world guest {
  import airssys:core/environment@0.1.0;
  export greeter;
  export top: func(name: string) -> result<string, string>;
}
`

const source = `
import * as environment from "airssys:core/environment@0.1.0"
import type { Greeter } from "test:guest/guest@1.0.0"
import { read } from "./read.ts"
class Secret {
  name: string
  constructor(name: string) { this.name = name }
  open() { return read(this.name) }
  static find(name: string) { read(name); return new Secret(name) }
}
export const greeter: Greeter = {
  Secret,
  text: read,
  inVariant: read,
  inEnum: read,
  inPayload: read,
  inNumber: read,
  without: read,
  ownError() { throw "mine" },
  big(value: number) { return value + 1 }
}
export const top = (name: string) => environment.get(name) ?? "none"
`

const read = `
import * as environment from "airssys:core/environment@0.1.0"
export const read = (name: string): string => environment.get(name) ?? "none"
`

const greeter = { "wit/guest.wit": wit, "main.ts": source, "read.ts": read }

const small = {
  "wit/guest.wit": `package test:small@1.0.0;
interface small { one: func() -> u32; two-words: func() -> string; }
world guest { export small; }
`,
  "main.ts": "export const small = { one: () => 1, twoWords: () => \"two\" }\n"
}

const wat = {
  "wit/guest.wit": "package test:wat@1.0.0;\nworld guest { export one: func() -> u32; }\n",
  "guest.wat": "(module\n  (func (export \"one\") (result i32)\n    (i32.const 1)))\n"
}

describe("build", () => {
  describe("TypeScript", () => {
    it("gives a component that imports and exports its world and nothing else", async () => {
      const folder = await folderOf(greeter)
      const result = await buildIn(folder, "main.ts")
      const lines = (await componentWit(await fs.readFile(result.out))).split("\n").filter((line) =>
        /import|export/u.test(line)
      )
      assert.deepStrictEqual(lines.map((line) => line.trim()).sort(), [
        "export test:guest/greeter@1.0.0;",
        "export top: func(name: string) -> result<string, string>;",
        "import airssys:core/environment@0.1.0;",
        "import airssys:core/types@0.1.0;"
      ])
      assert.strictEqual(result.world, "test:guest/guest@1.0.0")
      assert.strictEqual(result.size, (await fs.stat(result.out)).size)
      assert.includeMembers(
        [...result.inputs],
        ["main.ts", "read.ts", "wit/guest.wit"].map((name) => path.join(folder, name))
      )
    })

    it("turns an uncaught denial into the error of the export where its type has a place", async () => {
      const folder = await folderOf(greeter)
      const { out } = await buildIn(folder, "main.ts")
      const denying = { "airssys:core/environment": { get: deny, names: () => [] } }
      const guest = await instantiate(out, denying)
      const call = (name: string): unknown => outcomeOf(() => guest["greeter"]![name]!("KEY"))
      assert.deepStrictEqual(call("text"), { err: "access denied" })
      assert.deepStrictEqual(call("inVariant"), { err: { tag: "denied" } })
      assert.deepStrictEqual(call("inEnum"), { err: "access-denied" })
      assert.deepStrictEqual(call("inPayload"), { err: { tag: "access-denied", val: "access denied" } })
      assert.deepStrictEqual(call("ownError"), { err: "mine" })
      const exports: Record<string, unknown> = guest
      const top = exports["top"] as (name: string) => string
      assert.deepStrictEqual(outcomeOf(() => top("KEY")), { err: "access denied" })
      const { Secret } = exports["greeter"] as {
        readonly Secret: { new(name: string): { open: () => string }; find: (name: string) => unknown }
      }
      assert.deepStrictEqual(outcomeOf(() => new Secret("KEY").open()), { err: "access denied" })
      assert.deepStrictEqual(outcomeOf(() => Secret.find("KEY")), { err: { tag: "denied" } })
      for (const name of ["inNumber", "without"]) {
        const fresh = await instantiate(out, denying)
        assert.property(outcomeOf(() => fresh["greeter"]![name]!("KEY")), "trap", name)
      }
    })

    it("leaves values and other errors alone", async () => {
      const folder = await folderOf(greeter)
      const { out } = await buildIn(folder, "main.ts")
      const granting = { get: (name: string) => `value of ${name}`, names: () => [] }
      const guest = await instantiate(out, { "airssys:core/environment": granting })
      assert.strictEqual(guest["greeter"]!["text"]!("KEY"), "value of KEY")
      assert.strictEqual(guest["greeter"]!["without"]!("KEY"), "value of KEY")
      assert.strictEqual(guest["greeter"]!["big"]!(41n), 42n)
      const failing = {
        get: () => {
          throw { tag: "timed-out" }
        },
        names: () => []
      }
      const other = await instantiate(out, { "airssys:core/environment": failing })
      assert.property(outcomeOf(() => other["greeter"]!["inVariant"]!("KEY")), "trap")
    })

    it("gives a guest that names them TextEncoder and TextDecoder", async () => {
      const folder = await folderOf({
        "wit/guest.wit": `package test:text@1.0.0;
interface text { bytes: func(text: string) -> list<u8>; text: func(bytes: list<u8>) -> result<string, string>; }
world guest { export text; }
`,
        "main.ts": `
const decoder = new TextDecoder("utf-8", { fatal: true })
export const text = {
  bytes: (text: string) => new TextEncoder().encode(text),
  text(bytes: Uint8Array) {
    try { return decoder.decode(bytes) } catch (error) { throw String(error) }
  }
}
`
      })
      const { inputs, out } = await buildIn(folder, "main.ts")
      assert.sameMembers([...inputs], ["main.ts", "wit/guest.wit"].map((name) => path.join(folder, name)))
      const { text } = await instantiate(out, {})
      const said = "grüße, 世界 🌍".repeat(1_000)
      const bytes = new TextEncoder().encode(said)
      assert.deepStrictEqual(text!.bytes!(said), bytes)
      assert.deepStrictEqual(outcomeOf(() => text!.text!(bytes)), { ok: said })
      assert.deepStrictEqual(outcomeOf(() => text!.text!(Uint8Array.of(0x61, 0xff))), {
        err: "TypeError: no UTF-8 at byte 1"
      })
    })

    it("names every export that is missing, at its declaration", async () => {
      const folder = await folderOf({ ...small, "main.ts": "export const small = { one: 1 }\n" })
      const error = await buildErrorOf(buildIn(folder, "main.ts"))
      assert.strictEqual(error.reason, "MissingExport")
      assert.match(error.problem, /main\.ts does not export "small\.one"/u)
      assert.match(error.hint ?? "", /"small\.twoWords"/u)
      assert.deepInclude(error.place, { line: 2, column: 19 })
      assert.match(error.place!.file, /guest\.wit$/u)
      assert.isFalse(await fs.access(path.join(folder, "out/guest.wasm")).then(() => true, () => false))
      const none = await buildErrorOf(buildIn(await folderOf({ ...small, "main.ts": "export {}\n" }), "main.ts"))
      assert.match(none.problem, /does not export "small"/u)
    })

    it("says file, line and column of a syntax error", async () => {
      const folder = await folderOf({
        ...small,
        "main.ts": "import \"./other.ts\"\n",
        "other.ts": "const a = 1\nconst b = ]\n"
      })
      const error = await buildErrorOf(buildIn(folder, "main.ts"))
      assert.strictEqual(error.reason, "Source")
      assert.match(error.place!.file, /other\.ts$/u)
      assert.deepInclude(error.place, { line: 2, column: 11, excerpt: "const b = ]" })
      assert.match(error.message, /other\.ts:2:11: .*\n {2}2 \| const b = \]\n {4}\| {11}\^/u)
    })

    it("says where a guest throws while it is evaluated", async () => {
      const folder = await folderOf({
        ...small,
        "main.ts": "import { table } from \"./table.ts\"\nexport const small = table\n",
        "table.ts": "type T = string\n\nexport const table: T = (() => { throw new Error(\"no table\") })()\n"
      })
      const error = await buildErrorOf(buildIn(folder, "main.ts"))
      assert.match(error.problem, /no table/u)
      assert.match(error.place!.file, /table\.ts$/u)
      assert.strictEqual(error.place!.line, 3)
    })

    it("leaves no process behind when it is killed itself", async () => {
      const folder = await folderOf({ ...small, "main.ts": "while (true) { }\nexport const small = {}\n" })
      const job = {
        jsSource: "for (;;);",
        witPath: path.join(folder, "wit/guest.wit"),
        world: "test:small/guest@1.0.0"
      }
      const child = new URL("../src/internal/componentizeChild.ts", import.meta.url).pathname
      const parent = spawn(process.execPath, [
        "--eval",
        `const child = require("node:child_process").fork(${JSON.stringify(child)}, { stdio: ["ignore", 1, 1, "ipc"] })
         child.send(${JSON.stringify(job)})
         setTimeout(() => process.kill(process.pid, "SIGKILL"), 1500)`
      ], { stdio: ["ignore", "pipe", "ignore"] })
      parent.stdout.resume()
      const [, signal] = await once(parent, "exit")
      assert.strictEqual(signal, "SIGKILL")
      await once(parent, "close", { signal: AbortSignal.timeout(10_000) })
    })

    it("ends a guest that never stops being evaluated", async () => {
      const folder = await folderOf({ ...small, "main.ts": "while (true) { }\nexport const small = {}\n" })
      const error = await buildErrorOf(buildIn(folder, "main.ts", { evaluationMillis: 2_000 }))
      assert.match(error.problem, /main\.ts is still being evaluated after 2000 ms/u)
    })

    it("says that imports are not there while a guest is evaluated", async () => {
      const folder = await folderOf({ ...greeter, "read.ts": `${read}\nread("early")\n` })
      assert.match((await buildErrorOf(buildIn(folder, "main.ts"))).message, /must not call imports of its world/u)
    })

    it("refuses an import that its world does not have", async () => {
      const folder = await folderOf({
        ...small,
        "main.ts": "import * as log from \"airssys:core/log@0.1.0\"\nlog.write\n"
      })
      const error = await buildErrorOf(buildIn(folder, "main.ts"))
      assert.strictEqual(error.problem, "world test:small/guest@1.0.0 does not import \"airssys:core/log@0.1.0\"")
      assert.strictEqual(error.place!.line, 1)
      const node = await folderOf({ ...small, "main.ts": "import * as fs from \"node:fs\"\nfs.readFileSync\n" })
      assert.match((await buildErrorOf(buildIn(node, "main.ts"))).problem, /"node:fs" is not there in a component/u)
    })

    it("escapes what a source says", async () => {
      const folder = await folderOf({ ...small, "main.ts": "const a = \u001b[31m\n" })
      assert.notInclude((await buildErrorOf(buildIn(folder, "main.ts"))).message, "\u001b")
    })
  })

  describe("WebAssembly text", () => {
    it("gives a component that runs", async () => {
      const { out } = await buildIn(await folderOf(wat), "guest.wat")
      const exports: Record<string, unknown> = await instantiate(out, {})
      assert.strictEqual((exports["one"] as () => number)(), 1)
    })

    it("says line and column of an error, and goes on after it", async () => {
      const folder = await folderOf({
        ...wat,
        "bad.wat": "(module\n  (func (export \"one\") (result i32)\n    i32.nothing))\n"
      })
      const error = await buildErrorOf(buildIn(folder, "bad.wat"))
      assert.strictEqual(error.reason, "Wat")
      assert.deepInclude(error.place, { line: 3, column: 5, excerpt: "    i32.nothing))" })
      assert.isFalse((await buildIn(folder, "guest.wat")).cached)
    })

    it("names an export that is missing", async () => {
      const folder = await folderOf({ ...wat, "bad.wat": "(module)\n" })
      const error = await buildErrorOf(buildIn(folder, "bad.wat"))
      assert.strictEqual(error.reason, "MissingExport")
      assert.include(error.problem, "`one`")
    })
  })

  describe("cache", () => {
    it("gives the same component without building it again", async () => {
      const folder = await folderOf(small)
      const first = await buildIn(folder, "main.ts")
      const bytes = await fs.readFile(first.out)
      await fs.rm(first.out)
      const second = await buildIn(folder, "main.ts")
      assert.deepStrictEqual([first.cached, second.cached], [false, true])
      assert.strictEqual(second.digest, first.digest)
      assert.isTrue(bytes.equals(await fs.readFile(second.out)))
    })

    it("is readable for its owner alone", async () => {
      const folder = await folderOf(wat)
      await buildIn(folder, "guest.wat")
      const cache = path.join(folder, "cache")
      assert.strictEqual((await fs.stat(cache)).mode & 0o777, 0o700)
      for (const name of await fs.readdir(cache)) {
        assert.strictEqual((await fs.stat(path.join(cache, name))).mode & 0o777, 0o600)
      }
    })

    it("builds again what was altered or cut", async () => {
      const folder = await folderOf(wat)
      const first = await buildIn(folder, "guest.wat")
      const [name] = await fs.readdir(path.join(folder, "cache"))
      const entry = path.join(folder, "cache", name!)
      const good = await fs.readFile(entry)
      const flipped = Buffer.from(good)
      flipped[flipped.length - 1]! ^= 1
      for (const bad of [flipped, good.subarray(0, good.length - 1), good.subarray(0, 5), Buffer.alloc(0)]) {
        await fs.writeFile(entry, bad)
        const again = await buildIn(folder, "guest.wat")
        assert.deepStrictEqual([again.cached, again.digest], [false, first.digest])
        assert.isTrue(good.equals(await fs.readFile(entry)))
      }
    })

    it("builds again what others may have written, and what was built from other inputs", async () => {
      const folder = await folderOf(wat)
      const first = await buildIn(folder, "guest.wat")
      const entry = path.join(folder, "cache", `${first.key}.component`)
      await fs.chmod(entry, 0o666)
      assert.isFalse((await buildIn(folder, "guest.wat")).cached)
      await fs.writeFile(path.join(folder, "guest.wat"), wat["guest.wat"].replace("i32.const 1", "i32.const 2"))
      const second = await buildIn(folder, "guest.wat")
      await fs.copyFile(entry, path.join(folder, "cache", `${second.key}.component`))
      const again = await buildIn(folder, "guest.wat")
      assert.deepStrictEqual([again.cached, again.digest], [false, second.digest])
    })

    it("has another key for every input that changes", async () => {
      const folder = await folderOf({ ...wat, "wit/second.wit": "world unused { }\n" })
      const keys = new Set([(await buildIn(folder, "guest.wat", { world: "guest" })).key])
      await fs.writeFile(path.join(folder, "guest.wat"), `${wat["guest.wat"]};; changed\n`)
      keys.add((await buildIn(folder, "guest.wat", { world: "guest" })).key)
      await fs.writeFile(path.join(folder, "wit/second.wit"), "world unused { export two: func(); }\n")
      keys.add((await buildIn(folder, "guest.wat", { world: "guest" })).key)
      assert.strictEqual(keys.size, 3)
    })
  })

  it("leaves no half-written output", async () => {
    const folder = await folderOf(wat)
    await fs.mkdir(path.join(folder, "out/guest.wasm"), { recursive: true })
    const error = await buildErrorOf(buildIn(folder, "guest.wat"))
    assert.strictEqual(error.reason, "Output")
    assert.deepStrictEqual(await fs.readdir(path.join(folder, "out")), ["guest.wasm"])
  })

  it("says what it cannot build", async () => {
    const folder = await folderOf({ ...wat, "guest.rs": "" })
    assert.match((await buildErrorOf(buildIn(folder, "guest.rs"))).message, /is no guest source/u)
    assert.match((await buildErrorOf(buildIn(folder, "none.ts"))).message, /there is no file/u)
    assert.match(
      (await buildErrorOf(buildIn(folder, "guest.wat", { wit: path.join(folder, "no") }))).message,
      /there is no WIT/u
    )
    assert.match(
      (await buildErrorOf(buildIn(folder, "guest.wat", { world: "other" }))).message,
      /there is no world "other"/u
    )
  })
})
