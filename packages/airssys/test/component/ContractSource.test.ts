import type * as WitType from "@airssys/engine/WitType"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Contract from "../../src/component/Contract.ts"
import * as ContractSource from "../../src/component/ContractSource.ts"
import { Everything, NotFound } from "./fixtures/everything.gen.ts"

const shop = "acme:everything/shop@1.0.0"
const other = "acme:everything/other@1.0.0"
const t = (kind: WitType.Primitive): WitType.WitType => ({ kind })
const item: WitType.WitType = {
  kind: "record",
  name: { owner: shop, name: "line-item" },
  fields: [
    { name: "unit-price", type: t("s64") },
    { name: "default", type: { kind: "option", some: t("char") } },
    { name: "nested", type: { kind: "option", some: { kind: "option", some: t("u8") } } }
  ]
}
const shopError: WitType.WitType = {
  kind: "variant",
  name: { owner: shop, name: "shop-error" },
  cases: [{ name: "not-found", type: item }, { name: "component-error", type: undefined }]
}
const otherError: WitType.WitType = {
  kind: "enum",
  name: { owner: other, name: "other-error" },
  cases: ["not-found", "broken"]
}

const func = (
  name: string,
  params: ReadonlyArray<readonly [string, WitType.WitType]>,
  result?: WitType.WitType
): WitType.Func => ({
  name,
  params: params.map(([name, type]) => ({ name, type })),
  result,
  async: false
})

const world: WitType.World = {
  imports: [],
  exports: [
    {
      id: shop,
      types: [],
      resources: [],
      functions: [
        func("buy-all", [["items", { kind: "list", element: item }], ["class", t("bool")]], {
          kind: "result",
          ok: { kind: "tuple", items: [t("u32"), { kind: "list", element: t("u8") }] },
          err: shopError
        }),
        func("refund", [["all", t("u64")]], { kind: "result", ok: undefined, err: shopError }),
        func("then", [])
      ]
    },
    {
      id: other,
      types: [],
      resources: [],
      functions: [
        func("check", [], { kind: "result", ok: t("f32"), err: otherError }),
        func("parse", [["mode", {
          kind: "flags",
          name: { owner: other, name: "mode" },
          labels: ["read-only", "fast"]
        }]], { kind: "result", ok: undefined, err: t("string") }),
        func("state", [["of", {
          kind: "variant",
          name: { owner: other, name: "state" },
          cases: [{ name: "on", type: t("u16") }, { name: "off", type: undefined }]
        }]], { kind: "list", element: { kind: "result", ok: undefined, err: t("string") } })
      ]
    },
    { id: "airssys:core/lifecycle@0.1.0", types: [], resources: [], functions: [func("health", [])] },
    { id: undefined, types: [], resources: [], functions: [func("ping", [], t("string"))] }
  ]
}

const generate = (description: WitType.World) =>
  ContractSource.generate({ world: "acme:everything/plugin@1.0.0", description })

const oneFunction = (name: string, result?: WitType.WitType): WitType.World => ({
  imports: [],
  exports: [{ id: shop, types: [], resources: [], functions: [func(name, [], result)] }]
})

const problem = (description: WitType.World) => {
  const result = generate(description)
  return Result.isFailure(result) ? result.failure.message : "generated"
}

describe("ContractSource", () => {
  it("writes the checked-in contract, which tsc checks with everything else", () => {
    const file = fileURLToPath(new URL("./fixtures/everything.gen.ts", import.meta.url))
    const source = Result.getOrThrow(generate(world))
    if (process.env["UPDATE_FIXTURES"] === "1") writeFileSync(file, source)
    assert.strictEqual(source, readFileSync(file, "utf8"))
  })

  it.effect("makes a class whose client calls the exports it was made from", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      const client = Contract.client(Everything, (target) => {
        calls.push(`${target.interface}#${target.function.name}`)
        return Effect.succeed({ tag: "err", val: "not-found" })
      })
      const failure = yield* Effect.flip(client.other.check())
      assert.deepStrictEqual(calls, [`${other}#check`])
      assert.notInstanceOf(failure, NotFound)
      assert.strictEqual(failure._tag, "acme:everything/OtherErrorNotFound")
    }))

  it("describes the same world as the one it was made from", () => {
    assert.isUndefined(Contract.mismatch(Everything.definition, world))
  })

  it("refuses what cannot be a contract, and names the place", () => {
    assert.include(problem({ imports: [], exports: [] }), "exports no functions")
    assert.include(
      problem(oneFunction("get", { kind: "own", resource: { owner: shop, name: "cart" } })),
      `${shop}#get: resource cart`
    )
    assert.include(problem(oneFunction("[constructor]cart")), "exported resources")
  })

  it("lets no name of a hostile world into the source", () => {
    for (const name of ["a`;x", "a\nb", "__proto__", "a.b", "", "ünïcode"]) {
      assert.include(problem(oneFunction(name)), "is no WIT identifier")
    }
    const hostile = ContractSource.generate({ world: "a:b/c@1.0.0*/import 'x'", description: oneFunction("get") })
    assert.isTrue(Result.isFailure(hostile))
  })
})
