import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "airssys/component/ConfigFile"
import { Effect, FileSystem, Result } from "effect"

describe("a file of configuration", () => {
  it.effect("is replaced whole, with its permissions, and left alone where the change is refused", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const path = `${folder}/airssys.toml`
      yield* fs.writeFileString(path, "schema = 1\n", { mode: 0o640 })
      yield* ConfigFile.update(path, (text) => Result.succeed(`${text}policy = "policy.toml"\n`))
      const written = yield* fs.readFileString(path)
      assert.strictEqual(written, "schema = 1\npolicy = \"policy.toml\"\n")
      assert.strictEqual((yield* fs.stat(path)).mode & 0o777, 0o640)
      assert.strictEqual(yield* Effect.flip(ConfigFile.update(path, () => Result.fail("no"))), "no")
      assert.strictEqual(yield* fs.readFileString(path), written)
      assert.deepStrictEqual(yield* fs.readDirectory(folder), ["airssys.toml"])
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})
