import { guestTypes } from "@airssys/sdk/GuestTypes"
import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { promisify } from "node:util"
import { folderOf, repository } from "./support/guests.ts"

const tsc = path.join(repository, "node_modules/typescript/bin/tsc")

/** What the compiler says about a file with these declarations beside it. */
const diagnostics = async (declarations: string, source: string): Promise<ReadonlyArray<string>> => {
  const folder = await folderOf({
    "wit.gen.d.ts": declarations,
    "main.ts": source,
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        target: "ES2023",
        lib: ["ES2023", "ESNext.Disposable"],
        types: [],
        module: "preserve",
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true
      }
    })
  })
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder, "--pretty", "false"], {
    cwd: folder
  })
    .catch((error: { readonly stdout: string }) => error)
  return stdout.split("\n").filter((line) => line.startsWith("main.ts") || line.startsWith("wit.gen.d.ts"))
}

const source = `package test:types@1.0.0;
interface shapes {
  use airssys:core/types@0.1.0.{error, payload};
  /// Docs with */ in them.
  resource store { constructor(name: string); read: func(key: string) -> option<u64>; open: static func() -> store; }
  flags modes { read, read-write }
  record all { bytes: list<u8>, numbers: list<u32>, pair: tuple<u8, string>, either: result<u8, string>, twice: option<option<u8>>, modes: modes }
  variant shape { circle(f64), nothing }
  delete: func(all: all) -> result<shape, error>;
  sends: func(payload: payload) -> result;
}
world types { import shapes; export shapes; export hello-world: func(name: string) -> result<string, string>; }
`

describe("guestTypes", () => {
  it("types the guest of the product page", async () => {
    const declarations = await guestTypes({ path: path.join(repository, "examples/plugins/rates/wit") })
    const guest = (body: string): string => `
import type { RateError, Rates } from "acme:rates/plugin@1.2.0"
import * as log from "airssys:core/log@0.1.0"
const fail = (error: RateError): never => { throw error }
export const rates: Rates = {
  latest(currency) { log.write("info", currency.trim(), []); return ${body} },
  currencies: () => [],
  peekSecret: () => "",
  takeSecret: () => ""
}
`
    assert.deepStrictEqual(
      await diagnostics(declarations, guest("fail({ tag: \"no-such-currency\", val: currency })")),
      []
    )
    const wrong = await diagnostics(declarations, guest("fail({ tag: \"no-such-currancy\", val: currency })"))
    assert.strictEqual(wrong.length, 1)
    assert.match(wrong[0]!, /TS2820|TS2322/u)
    assert.match((await diagnostics(declarations, guest("\"1.08\"")))[0]!, /TS2322/u)
  })

  it("has a type for everything that WIT has", async () => {
    const declarations = await guestTypes({ source })
    const uses = `
import * as shapes from "test:types/shapes@1.0.0"
import type { All, Exports, Shape, Shapes } from "test:types/types@1.0.0"
const all: All = {
  bytes: new Uint8Array(), numbers: [1], pair: [1, "a"], either: { tag: "err", val: "e" },
  twice: { tag: "some", val: null }, modes: { read: true, readWrite: false }
}
const shape: Shape = shapes.delete(all)
export const area: number = shape.tag === "circle" ? shape.val : 0
export const n: number | null = new shapes.Store("a").read("b")
export const filled: Shapes["delete"] = () => ({ tag: "nothing" })
export const helloWorld: Exports["helloWorld"] = (name) => name
shapes.sends({ codec: "json", bytes: new Uint8Array() })
`
    assert.deepStrictEqual(await diagnostics(declarations, uses), [])
    const wrong = await diagnostics(
      declarations,
      "import * as shapes from \"test:types/shapes@1.0.0\"\nshapes.sends({ codec: \"xml\", bytes: [] })\n"
    )
    assert.isNotEmpty(wrong)
  })

  it("types every world of airssys:core", async () => {
    for (const world of ["plugin", "actor", "service"]) {
      const declarations = await guestTypes({ path: path.join(repository, "wit/core") }, world)
      assert.deepStrictEqual(await diagnostics(declarations, "export {}\n"), [], world)
    }
  })

  it("is what the example has checked in", async () => {
    const folder = path.join(repository, "examples/plugins/rates")
    assert.strictEqual(
      await fs.readFile(path.join(folder, "src/wit.gen.d.ts"), "utf8"),
      await guestTypes({ path: path.join(folder, "wit") })
    )
    const checked = await promisify(execFile)(process.execPath, [tsc, "-p", folder])
    assert.strictEqual(checked.stdout, "")
  })
})
