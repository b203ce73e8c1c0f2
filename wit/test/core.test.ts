import * as Engine from "@airssys/engine/Engine"
import { BuildError } from "@airssys/sdk/BuildError"
import { encodeWit } from "@airssys/sdk/Wit"
import { componentEmbed, componentNew, componentWit } from "@bytecodealliance/jco-transpile/wasm-tools"
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as HostServices from "../../packages/airssys/src/component/HostServices.ts"
import * as bindings from "../../packages/airssys/src/component/internal/bindings.ts"
import { fromPath } from "../../packages/sdk/src/internal/witSource.ts"
import type { Definition, Func, Named } from "../../packages/sdk/src/internal/witSyntax.ts"
import { resolveType, scopeOf } from "../../packages/sdk/src/internal/witWorld.ts"

const wit = path.resolve(import.meta.dirname, "..")
const plugins = path.resolve(wit, "../examples/plugins")

/** Every WIT package of the repository: a folder that holds `.wit` files. */
const packages = [
  ...(await fs.readdir(wit, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && entry.name !== "test")
    .map((entry) => path.join(wit, entry.name)),
  ...["totals", "rates", "miner"].map((name) => path.join(plugins, name, "wit"))
]

const sources = await Promise.all(packages.map((folder) => fromPath(folder)))
const core = sources[packages.indexOf(path.join(wit, "core"))]!

const importsOf = async (bytes: Uint8Array): Promise<ReadonlyArray<string>> =>
  [...(await componentWit(bytes)).matchAll(/import ([^;]+);/gu)].map((match) => match[1]!).sort()

/** Everything with a name that a reader looks up. Cases of an enum or variant may speak for themselves. */
const namesOf = (definition: Definition): ReadonlyArray<Named> =>
  definition.kind === "resource" ? definition.functions : []

/** Told to the component by its host; there is nothing in them to deny. */
const infallible = [
  "log.enabled",
  "identity.this-release",
  "identity.current-message",
  "identity.current-sender",
  "capabilities.allows",
  "capabilities.grants",
  "components.list",
  "configuration.keys",
  "requests.id",
  "subscriptions.pattern"
]

const exported = new Set(["lifecycle", "message-handler", "callback-handler", "health"])

describe("WIT packages", () => {
  for (const [index, source] of sources.entries()) {
    const root = source.packages[0]!
    for (const world of root.worlds) {
      it(`${root.id}/${world.name} resolves and encodes`, async () => {
        const embedded = await componentEmbed({ dummy: true, witSource: source.text, world: world.name })
        const component = await componentNew(embedded)
        assert.deepStrictEqual((await encodeWit({ path: packages[index]! }, world.name)).bytes, component)
      })
    }

    it(`${root.id} is documented`, () => {
      const undocumented = root.interfaces.flatMap((found) =>
        [
          found,
          ...found.functions,
          ...found.types.flatMap((type) => [type, ...namesOf(type.definition)])
        ].filter((named) => named.docs === "").map((named) => `${found.name}: ${named.name}`)
      )
      assert.deepStrictEqual([
        ...undocumented,
        ...root.worlds.filter((world) => world.docs === "").map((world) => world.name)
      ], [])
    })
  }

  it("fail with their place when they are broken", async () => {
    const text = (await fs.readFile(path.join(wit, "core/clock.wit"), "utf8")).replace(
      "result<datetime, error>",
      "result<datetim, error>"
    )
    const error = await encodeWit({ source: `package test:broken@1.0.0;\n${text}` }).then(
      () => undefined,
      (failure: unknown) => failure
    )
    assert.instanceOf(error, BuildError)
    assert.match(error.problem, /no interface "types"/u)
    const within = await encodeWit({
      source: `package test:broken@1.0.0;\n${text.replace("use types.", "use airssys:core/types@0.1.0.")}`
    }).then(() => undefined, (failure: unknown) => failure)
    assert.instanceOf(within, BuildError)
    assert.match(within.problem, /no type "datetim"/u)
    assert.strictEqual(within.place!.excerpt, "  now: func() -> result<datetim, error>;")
  })
})

describe("airssys:core", () => {
  const root = core.packages[0]!

  for (const found of root.interfaces.filter((candidate) => !exported.has(candidate.name))) {
    it(`${found.name} can be imported alone`, async () => {
      const { bytes } = await encodeWit({
        source: `package test:alone@1.0.0;\nworld alone { import airssys:core/${found.name}@0.1.0; }\n`
      })
      const ids = new Set(["types", found.name].map((name) => `airssys:core/${name}@0.1.0`))
      const imported = await importsOf(bytes)
      assert.isTrue(imported.every((id) => ids.has(id)), imported.join())
    })
  }

  it("gives every host function that can be denied an error with access-denied", () => {
    const without: Array<string> = []
    for (const found of root.interfaces.filter((candidate) => !exported.has(candidate.name))) {
      const scope = scopeOf({ id: found.name, pkg: root, interface: found })
      const functions = [
        ...found.functions,
        ...found.types.flatMap((type) => type.definition.kind === "resource" ? type.definition.functions : [])
      ]
      const denies = (func: Func): boolean => {
        const result = func.result === undefined ? undefined : resolveType(core, scope, func.result)
        if (result?.kind !== "type" || result.type.kind !== "result" || result.type.err === undefined) {
          return false
        }
        const error = resolveType(core, result.scope, result.type.err)
        return error.kind === "definition" && error.definition.kind === "variant" &&
          error.definition.cases.some((found) => found.name === "access-denied" && found.type === undefined)
      }
      without.push(...functions.filter((func) => !denies(func)).map((func) => `${found.name}.${func.name}`))
    }
    assert.deepStrictEqual(without.sort(), [...infallible].sort())
  })

  it("has the types with which this host serves it", async () => {
    const imports = [...Map.groupBy(bindings.core, (one) => one.interface).keys()]
    const { bytes } = await encodeWit({
      source: `package test:all@1.0.0;\nworld all { ${imports.map((id) => `import ${id};`).join(" ")} }\n`
    })
    const { world } = await Engine.make({}).load(bytes)
    const found = world.imports.filter(({ functions }) => functions.length > 0)
    assert.sameMembers(found.map(({ id }) => id), imports)
    assert.deepStrictEqual(found.flatMap((one) => HostServices.obstacles(one, [])), [])
    const served = bindings.core.map(({ interface: id, type }) => `${id}#${type.name}`)
    const declared = found.flatMap(({ functions, id }) => functions.map(({ name }) => `${id}#${name}`))
    assert.sameMembers(declared, served.filter((name) => !name.includes("#[resource-drop]")))
  })

  it("has worlds that build on each other", async () => {
    const plugin = await importsOf((await encodeWit({ path: path.join(wit, "core") }, "plugin")).bytes)
    const actor = await importsOf((await encodeWit({ path: path.join(wit, "core") }, "actor")).bytes)
    const service = await importsOf((await encodeWit({ path: path.join(wit, "core") }, "service")).bytes)
    assert.includeMembers([...actor], [...plugin])
    assert.includeMembers([...service], [...actor])
    assert.deepStrictEqual(plugin, ["clock", "log", "types"].map((name) => `airssys:core/${name}@0.1.0`))
  })
})
