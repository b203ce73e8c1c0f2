import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { constants } from "node:fs"
import { join } from "node:path"
import { RootFolder } from "../src/internal/rootFolder.ts"
import { folder } from "./granted.ts"

const opened = (path: string, useProc: boolean) =>
  Effect.acquireRelease(
    Effect.promise(() => RootFolder.open("a", path, { useProc })),
    (root) => Effect.promise(() => root.close())
  )

/** The first byte of a file, or why there is none. */
const firstByte = (root: RootFolder, names: ReadonlyArray<string>) =>
  Effect.promise(() =>
    root.within(names.slice(0, -1), async (folder) => {
      const handle = await root.openFile(folder, names.at(-1)!, constants.O_RDONLY)
      const { buffer } = await handle.read(Buffer.alloc(1)).finally(() => handle.close())
      return buffer.toString()
    }).catch((error: { readonly reason?: string; readonly code?: string }) => error.reason ?? error.code ?? "")
  )

describe("A root folder", () => {
  it.effect("does not lead to what is mounted below it", () =>
    Effect.scoped(Effect.gen(function*() {
      for (const useProc of [true, false]) {
        const root = yield* opened("/", useProc)
        assert.strictEqual(root.isAnchored, useProc)
        assert.strictEqual(yield* firstByte(root, ["proc", "version"]), "Refused")
      }
    })))

  it.effect("has no names that lead elsewhere, whoever asks", () =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      mkdirSync(join(base, "root"))
      writeFileSync(join(base, "secret"), "s")
      const root = yield* opened(join(base, "root"), true)
      for (const names of [["..", "secret"], [".", "..", "secret"], ["../secret"], [""], ["secret\0"]]) {
        assert.strictEqual(yield* firstByte(root, names), "Refused")
      }
    })))

  it.effect("is seen to take two cases of a name for one", () =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      const root = yield* opened(base, true)
      assert.isFalse(yield* Effect.promise(() => root.foldsCase()))
      writeFileSync(join(base, "a"), "")
      assert.isFalse(yield* Effect.promise(() => root.foldsCase()))
      linkSync(join(base, "a"), join(base, "A"))
      assert.isTrue(yield* Effect.promise(() => root.foldsCase()))
    })))

  it.effect("finds links and other files in its place also where there is no /proc", () =>
    Effect.scoped(Effect.gen(function*() {
      const base = yield* folder
      mkdirSync(join(base, "root/d"), { recursive: true })
      mkdirSync(join(base, "out"))
      for (const file of ["root/d/a", "out/a", "out/b"]) writeFileSync(join(base, file), file)
      symlinkSync("a", join(base, "root/d/link"))
      symlinkSync("d", join(base, "root/e"))
      linkSync(join(base, "out/a"), join(base, "root/second"))
      const root = yield* opened(join(base, "root"), false)
      assert.strictEqual(yield* firstByte(root, ["d", "a"]), "r")
      assert.strictEqual(yield* firstByte(root, ["d", "link"]), "ELOOP")
      assert.strictEqual(yield* firstByte(root, ["e", "a"]), "ENOTDIR")
      assert.strictEqual(yield* firstByte(root, ["second"]), "Refused")
      renameSync(join(base, "root"), join(base, "away"))
      symlinkSync(join(base, "out"), join(base, "root"))
      for (const name of ["a", "b"]) assert.strictEqual(yield* firstByte(root, [name]), "Refused")
    })))
})
