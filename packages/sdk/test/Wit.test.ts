import { encodeWit } from "@airssys/sdk/Wit"
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools"
import { assert, describe, it } from "@effect/vitest"
import * as path from "node:path"
import { buildErrorOf, folderOf, repository } from "./support/guests.ts"

const inPackage = (text: string): string => `package test:wit@1.0.0;\n${text}`

/** WIT that is wrong, and the line and column of what is wrong with it. */
const broken: ReadonlyArray<readonly [name: string, text: string, line: number, column: number, problem: RegExp]> = [
  ["a keyword that is none", inPackage("interface a {\n  f: fnc();\n}\nworld w { }"), 3, 6, /expected "func"/u],
  [
    "a type that is not there",
    inPackage("interface a {\n  f: func(x: strng);\n}\nworld w { }"),
    3,
    14,
    /no type "strng"/u
  ],
  ["an interface that is not there", inPackage("world w {\n  export b;\n}"), 3, 10, /no interface "b"/u],
  [
    "a package that is not there",
    inPackage("world w {\n  import other:pkg/i@1.0.0;\n}"),
    3,
    10,
    /other:pkg@1\.0\.0 not found/u
  ],
  [
    "another version of a package",
    inPackage("world w {\n  import airssys:core/log@9.0.0;\n}"),
    3,
    10,
    /core@9\.0\.0 not found/u
  ],
  [
    "an included world that is not there",
    inPackage("world w {\n  include airssys:core/none@0.1.0;\n}"),
    3,
    11,
    /no world "none"/u
  ],
  [
    "a used type that is not there",
    inPackage("interface a {\n  use airssys:core/types@0.1.0.{nope};\n}\nworld w { }"),
    3,
    33,
    /no type "nope"/u
  ],
  ["an interface defined twice", inPackage("interface a { }\ninterface a { }\nworld w { }"), 3, 11, /defined twice/u],
  ["a brace without an end", inPackage("interface a {\n  f: func();\n"), 4, 1, /found the end/u],
  ["a comment without an end", inPackage("/* world w { }"), 2, 1, /comment without an end/u],
  ["a character of no language", inPackage("interface a { f: func(x: #); }"), 2, 26, /unexpected character "#"/u],
  [
    "a keyword that names a parameter",
    inPackage("interface a {\n  f: func(interface: u8);\n}\nworld w { }"),
    3,
    11,
    /"interface" is a keyword of WIT/u
  ],
  [
    "a keyword that names a field",
    inPackage("interface a {\n  record r { map: u8 }\n}\nworld w { }"),
    3,
    14,
    /"map" is a/u
  ],
  [
    "a keyword that names a function",
    inPackage("interface a {\n  record: func();\n}\nworld w { }"),
    3,
    3,
    /"record" is a/u
  ],
  [
    "a keyword that names an interface",
    inPackage("interface type { }\nworld w { export type; }"),
    2,
    11,
    /"type" is a/u
  ],
  [
    "a type that is itself",
    inPackage("interface a {\n  type x = y;\n  type y = x;\n}\nworld w { }"),
    4,
    12,
    /defined by itself/u
  ]
]

describe("encodeWit", () => {
  it("carries the types of a world that a guest's folder describes", async () => {
    const { bytes, files, world } = await encodeWit({ path: path.join(repository, "examples/plugins/rates/wit") })
    assert.strictEqual(world, "acme:rates/plugin@1.2.0")
    assert.isTrue(files.some((file) => file.endsWith(path.join("wit", "core", "log.wit"))))
    assert.deepStrictEqual([...bytes.subarray(0, 8)], [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])
    for (const text of ["acme:rates/rates@1.2.0", "no-such-currency", "airssys:core/clock@0.1.0"]) {
      assert.isTrue(Buffer.from(bytes).includes(text), text)
    }
  })

  it("gives the bytes that wasm-tools gives for the same text", async () => {
    const source = inPackage("interface a { f: func() -> string; }\nworld w { export a; }")
    const reference = await componentNew(await componentEmbed({ dummy: true, witSource: source, world: "w" }))
    assert.deepStrictEqual([...(await encodeWit({ source })).bytes], [...reference])
  })

  it("takes a world by its name, its id, or its id with version", async () => {
    const source = inPackage("world one { export a: func(); }\nworld two { export b: func(); }")
    for (const name of ["two", "test:wit/two", "test:wit/two@1.0.0"]) {
      assert.strictEqual((await encodeWit({ source }, name)).world, "test:wit/two@1.0.0")
    }
    assert.match(
      (await buildErrorOf(encodeWit({ source }))).message,
      /several worlds\n.*\n.*\n {2}Name one: one, two\./u
    )
    assert.match((await buildErrorOf(encodeWit({ source }, "three"))).message, /no world "three"/u)
  })

  it("finds packages in deps, as folders and as files", async () => {
    const folder = await folderOf({
      "main.wit": "package test:main@1.0.0;\nworld w { import test:dir/a@1.0.0; export test:file/b@2.0.0; }\n",
      "deps/dir/a.wit": "package test:dir@1.0.0;\ninterface a { use c.{t}; f: func() -> t; }\n",
      "deps/dir/c.wit": "interface c { type t = u8; }\n",
      "deps/file.wit":
        "package test:file@2.0.0;\ninterface b { use airssys:core/types@0.1.0.{error}; g: func() -> result<_, error>; }\n"
    })
    const { bytes } = await encodeWit({ path: folder })
    for (const text of ["test:dir/a@1.0.0", "test:dir/c@1.0.0", "test:file/b@2.0.0", "airssys:core/types@0.1.0"]) {
      assert.isTrue(Buffer.from(bytes).includes(text), text)
    }
  })

  it("reads what WIT allows", async () => {
    const source = `/// A package.
package test:all@1.2.3-rc.1;
use airssys:core/types@0.1.0 as core-types;
/** Block
 * docs. */
@since(version = 1.0.0)
interface %interface {
  use core-types.{error as core-error};
  resource r { constructor(a: u8); m: func() -> own<r>; s: static func(b: borrow<r>); }
  resource empty;
  flags f { a, b-c, }
  enum e { x }
  record %record { %type: list<list<u8>>, t: tuple<char, f64,>, }
  variant v { a, b(option<option<s64>>), }
  type alias = result<_, core-error>;
  %func: func(x: alias, y: result, z: result<u8>) -> %record;
}
/* outer /* inner */ */
world all {
  use %interface.{v};
  record mine { v: v }
  import %interface;
  import named: interface { f: func(); }
  export run: func(m: mine) -> v;
}
`
    assert.strictEqual((await encodeWit({ source })).world, "test:all/all@1.2.3-rc.1")
  })

  for (const [name, text, line, column, problem] of broken) {
    it(`says the place of ${name}`, async () => {
      const folder = await folderOf({ "wit/broken.wit": text })
      const error = await buildErrorOf(encodeWit({ path: path.join(folder, "wit") }, "w"))
      assert.strictEqual(error.reason, "Wit")
      assert.match(error.place!.file, /broken\.wit$/u)
      assert.deepInclude(error.place, { line, column })
      assert.strictEqual(error.place!.excerpt, text.split("\n")[line - 1])
      assert.match(error.problem, problem)
      const refused = await componentEmbed({ dummy: true, witSource: text, world: "w" }).then(() => false, () => true)
      assert.isTrue(refused, "wasm-tools takes it")
    })
  }

  it("gives the error of wasm-tools where it is stricter", async () => {
    const error = await buildErrorOf(
      encodeWit({ source: inPackage("interface a { record r { x: u8, x: u8 } }\nworld w { export a; }") })
    )
    assert.strictEqual(error.reason, "Wit")
    assert.include(error.problem, "x")
  })

  it("bounds how deep types are nested", async () => {
    const nested = `${"list<".repeat(10_000)}u8${">".repeat(10_000)}`
    const error = await buildErrorOf(
      encodeWit({ source: inPackage(`interface a { f: func(x: ${nested}); }\nworld w { export a; }`) })
    )
    assert.match(error.problem, /nested more than 64 deep/u)
  })
})
