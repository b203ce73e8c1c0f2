import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { run } from "../command.ts"
import { runFile } from "../runFile.ts"

const folders: Array<string> = []

const folder = (files: Readonly<Record<string, string | Uint8Array>>): string => {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "airssys-conformance-"))
  folders.push(made)
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(made, name)), { recursive: true })
    fs.writeFileSync(path.join(made, name), content)
  }
  return made
}

afterAll(() => {
  for (const made of folders) fs.rmSync(made, { recursive: true })
})

const command = async (...args: ReadonlyArray<string>) => {
  const out: Array<string> = []
  const err: Array<string> = []
  const code = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out, err }
}

const lift = (body: string): string =>
  `(component (core module $M (func (export "f") (result i32) ${body})) (core instance $m (instantiate $M))
    (func (export "f") (result u32) (canon lift (core func $m "f"))))`

const dummy = async (witSource: string) => componentNew(await componentEmbed({ dummy: true, witSource }))

describe("the command", () => {
  it("runs scripts on both engines and closes with a line for each", { timeout: 60_000 }, async () => {
    const root = folder({
      "test/a.wast": `${lift("(i32.const 42)")} (assert_return (invoke "f") (u32.const 42))
        (assert_invalid (component (core module (func i32.add))) "type mismatch")
        (component definition (type (stream u8)))`
    })
    const { code, err, out } = await command("--suite", "component-model", "--path", root, "--json")
    expect(out.map((line) => JSON.parse(line))).toEqual([
      { suite: "component-model", engine: "airssys", passed: 3, failed: 0, expected: 0, skipped: 1 },
      { suite: "component-model", engine: "jco", passed: 3, failed: 0, expected: 0, skipped: 1 }
    ])
    expect(code).toBe(0)
    expect(err).toContain("skipped on airssys: a.wast:4: asynchronous: streams")
  })

  it("exits with 1 for a failure that the expectations do not name", { timeout: 60_000 }, async () => {
    const root = folder({
      "a.wast": `${lift("(i32.const 42)")} (assert_return (invoke "f") (u32.const 43))`,
      "expectations.txt": "airssys | a.wast | got 42 | a reason"
    })
    const args = ["--suite", "component-model", "--path", root, "--engine", "airssys"]
    const wrong = await command(...args)
    expect(wrong.code).toBe(1)
    expect(wrong.out).toContain("FAILED airssys a.wast:2 assert_return: expected 43, got 42")
    const expected = await command(...args, "--expectations", path.join(root, "expectations.txt"))
    expect(expected.code).toBe(0)
    expect(expected.out.at(-1)).toBe(
      "component-model on airssys: 1 passed, 0 failed, 1 expected failures, 0 skipped"
    )
  })

  it("says of a script that cannot be read where it breaks", { timeout: 60_000 }, async () => {
    const root = folder({ "a.wast": "(component)\n(component" })
    const { code, out } = await command("--suite", "component-model", "--path", root, "--engine", "airssys")
    expect(code).toBe(1)
    expect(out).toContain("FAILED airssys a.wast file: line 2: a parenthesis is never closed")
  })

  it("loads, instantiates and calls the components of a folder", { timeout: 60_000 }, async () => {
    const wat = `package a:b; world w { import log: func(s: string); export run: func() -> u32; }`
    const root = folder({
      "answer.wasm": await parse(lift("(i32.const 42)")),
      "deep/dummy.wasm": await dummy(wat),
      "core.wasm": await parse("(module)"),
      "stream.wasm": await parse("(component (type (stream u8)))"),
      "broken.wasm": Uint8Array.of(0, 97, 115, 109, 13, 0, 1, 0, 99)
    })
    const { code, out } = await command("--suite", "components", "--path", root)
    expect(code).toBe(1)
    expect(out).toContain("skipped on airssys: core.wasm: a core module, not a component")
    expect(out.filter((line) => line.startsWith("FAILED airssys")).map((line) => line.slice(0, 33))).toEqual([
      "FAILED airssys broken.wasm compon"
    ])
    expect(out.filter((line) => line.startsWith("differs"))).toEqual([])
    expect(out.at(-2)).toBe("components on airssys: 2 passed, 1 failed, 0 expected failures, 2 skipped")
  })

  it("skips what it has no host for, by name", { timeout: 60_000 }, async () => {
    const world = `package wasi:cli@0.2.0; interface environment { get: func() -> u32; }
      interface run { run: func() -> result; } world w { import environment; export run; }`
    const alone = `package wasi:cli@0.2.0; interface run { run: func() -> result; } world w { export run; }`
    const root = folder({
      "wasm32-wasip1/a.wasm": await parse("(module)"),
      "wasm32-wasip2/b.wasm": await dummy(world),
      "wasm32-wasip2/traps.wasm": await dummy(alone),
      "wasm32-wasip2/traps.json": `{ "exit_code": 1 }`,
      "wasm32-wasip2/wrong.wasm": await dummy(alone),
      "wasm32-wasip3/c.wasm": await parse("(component (type (stream u8)))")
    })
    const { out } = await command("--suite", "wasi-testsuite", "--path", root, "--engine", "airssys")
    expect(out).toEqual([
      "skipped on airssys: wasm32-wasip1/a.wasm: a core module, not a component",
      "skipped on airssys: wasm32-wasip2/b.wasm: no implementation of its imports: wasi:cli/environment@0.2.0",
      "skipped on airssys: wasm32-wasip3/c.wasm: asynchronous: streams",
      "FAILED airssys wasm32-wasip2/wrong.wasm component: expected exit code 0, got trapped: Unreachable",
      "wasi-testsuite on airssys: 1 passed, 1 failed, 0 expected failures, 3 skipped"
    ])
  })

  it.each([
    [["--suite", "nothing", "--path", "."], "error: --suite is one of component-model, wasi-testsuite, components"],
    [["--suite", "components"], "error: --path names the folder of the suite"],
    [["--suite", "components", "--path", ".", "--engine", "v8"], "error: --engine is airssys or jco"],
    [["--suite", "component-model", "--path", "/nowhere"], "error: there is nothing of component-model in /nowhere"]
  ])("refuses %j", async (args, error) => {
    const { code, err } = await command(...args)
    expect(code).toBe(2)
    expect(err[0]).toBe(error)
  })
})

describe("a file in processes of its own", () => {
  const limits = { start: 60_000, step: 1_000 }
  const job = (source: string, engine: "airssys" | "jco") => ({
    suite: "component-model",
    engine,
    root: folder({ "a.wast": source }),
    file: "a.wast"
  })

  it("goes on behind a step that hangs", { timeout: 60_000 }, async () => {
    const results = await runFile(
      job(
        `${lift("(i32.const 1)")}
        ${lift("(loop (br 0)) (i32.const 0)")}
        (assert_return (invoke "f") (u32.const 0))
        ${lift("(i32.const 7)")}
        (assert_return (invoke "f") (u32.const 7))`,
        "jco"
      ),
      limits
    )
    expect(results.map(({ reason, status }) => reason ?? status)).toEqual([
      "passed",
      "passed",
      "no result within 1 s",
      "passed",
      "passed"
    ])
  })

  it("reports a trap, not a hang, of an engine that meters", { timeout: 60_000 }, async () => {
    const results = await runFile(
      job(`${lift("(loop (br 0)) (i32.const 0)")} (assert_trap (invoke "f") "all fuel consumed")`, "airssys"),
      limits
    )
    expect(results.map(({ seen, status }) => [status, seen])).toEqual([
      ["passed", "instantiated"],
      ["passed", "trapped: OutOfFuel"]
    ])
  })
})
