import { assert, describe, it } from "@effect/vitest"
import { InvalidArgument } from "airssys/component/Argument"
import * as HostFunction from "airssys/component/HostFunction"
import * as Capability from "airssys/security/Capability"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { wrongValues } from "../../airssys/test/wrongValues.ts"
import * as NodeHost from "../src/NodeHost.ts"

const at = (path: string, value: unknown): Record<string, unknown> =>
  path.split(".").toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>

const texts = ["a text", "__proto__"]
const emptyObjects = ["an object without a prototype", "a date", "a promise"]
const objects = [...emptyObjects, "an object", "a getter that throws", "what throws when it is shown"]
const times = ["Infinity", "1.5", "2^60"]

/** Each option with those of the wrong values that it may well be. */
const options: Readonly<Record<string, ReadonlyArray<string>>> = {
  folder: texts,
  engine: [],
  audit: texts,
  storage: texts,
  receipts: texts,
  receiptOptions: objects,
  "receiptOptions.within": times,
  "receiptOptions.buffer": [],
  "receiptOptions.count": [],
  "receiptOptions.age": times,
  "receiptOptions.closing": times,
  quotas: objects,
  "quotas.component": [],
  "quotas.tenant": [],
  approvals: [],
  "approvals.hostKey": [],
  approvalStore: texts,
  functions: ["an empty array"],
  powers: ["an empty array"],
  auditOptions: objects,
  "auditOptions.capacity": [],
  "auditOptions.flushEvery": times,
  "auditOptions.rotate": objects,
  "auditOptions.retain.segments": [],
  "auditOptions.checkpoints": [],
  trust: ["an empty array"],
  trustFile: texts,
  trustStore: texts,
  cache: [],
  "cache.folder": [],
  devMode: ["true"],
  policy: texts,
  roots: emptyObjects,
  "roots.inbox": texts,
  reserved: ["an empty array"],
  http: objects,
  "http.resolve": ["a function"],
  "http.authorities": ["an empty array"],
  programs: [],
  "programs.programs": emptyObjects,
  shutdown: times
}

/** Names that nobody meant, each with what may be meant. */
const misspelt: Readonly<Record<string, string>> = {
  audti: "audit",
  Folder: "folder",
  "receiptOptions.bufer": "receiptOptions.buffer",
  "quotas.componets": "quotas.component",
  "approvals.quroum": "approvals.quorum",
  "auditOptions.flushEvry": "auditOptions.flushEvery",
  "auditOptions.quota.brust": "auditOptions.quota.burst",
  "auditOptions.rotate.byte": "auditOptions.rotate.bytes",
  "auditOptions.retain.segment": "auditOptions.retain.segments",
  "auditOptions.checkpoints.requird": "auditOptions.checkpoints.required",
  "cache.maxByte": "cache.maxBytes",
  "http.authority": "http.authorities",
  "programs.envv": "programs.env"
}

const rejection = async (options: unknown): Promise<unknown> => {
  try {
    const host = await NodeHost.runtime(options as never)
    await host.close()
    return undefined
  } catch (error) {
    return error
  }
}

describe("options of a host that no compiler saw", () => {
  it("name the option that is refused and what to give, and leave nothing behind", async () => {
    const base = mkdtempSync(join(tmpdir(), "airssys-options-"))
    const folder = join(base, "host")
    try {
      for (const [path, fitting] of Object.entries(options)) {
        for (const [name, value] of wrongValues()) {
          if (fitting.includes(name)) continue
          const error = await rejection({ folder, ...at(path, value) })
          assert.instanceOf(error, InvalidArgument, `${path} of ${name}`)
          const { message } = error as InvalidArgument
          assert.isTrue(message.startsWith(`options.${path.split(".")[0]}`), message)
          assert.match(message, /^[^ ]+ is [^]+: give ./)
          assert.isBelow(message.length, 400)
          assert.isFalse(existsSync(folder))
        }
      }
      const named = (wit: string) =>
        HostFunction.sync({ wit, params: {} }, {
          requires: Capability.none("a test"),
          fuel: 1,
          handler: () => () => {}
        })
      const clashing = await rejection({ folder, functions: [named("a:b/c@1.0.0#d"), named("a:b/c@1.2.0#d")] })
      assert.instanceOf(clashing, InvalidArgument)
      assert.include(clashing.message, `options.functions[1] is "a:b/c@1.2.0#d", as options.functions[0] is`)
      for (const [path, meant] of Object.entries(misspelt)) {
        const error = await rejection({ folder, ...at(path, 1) })
        assert.instanceOf(error, InvalidArgument)
        assert.strictEqual(error.message, `options.${path} is no option: give options.${meant}`)
        assert.isFalse(existsSync(folder))
      }
      for (const value of [null, 1, "x", Symbol("s"), [], () => 1]) {
        assert.instanceOf(await rejection(value), InvalidArgument)
      }
      assert.deepStrictEqual(readdirSync(base), [])
    } finally {
      rmSync(base, { recursive: true, force: true })
    }
  })
})
