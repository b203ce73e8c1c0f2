import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ReleaseSource from "../../src/component/ReleaseSource.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "airssys-source-")))
    const plugin = join(root, "plugin")
    mkdirSync(join(plugin, "dist"), { recursive: true })
    writeFileSync(join(root, "secret"), "sk_live")
    writeFileSync(join(plugin, "Component.toml"), "schema = 1")
    writeFileSync(join(plugin, "dist/out.wasm"), "bytes")
    return { root, plugin }
  }),
  ({ root }) => Effect.sync(() => rmSync(root, { recursive: true, force: true }))
)

const platform = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer)
const reading = <A, E>(
  effect: (
    source: ReleaseSource.ReleaseSource["Service"],
    paths: { readonly root: string; readonly plugin: string }
  ) => Effect.Effect<A, E>,
  layer = platform
) =>
  Effect.scoped(Effect.gen(function*() {
    return yield* effect(yield* ReleaseSource.ReleaseSource, yield* folder)
  })).pipe(Effect.provide(Layer.provide(ReleaseSource.layerFileSystem, layer)))

const problemOf = (artifact: string, prepare: (paths: { readonly root: string; readonly plugin: string }) => void) =>
  reading((source, paths) =>
    Effect.suspend(() => {
      prepare(paths)
      return Effect.map(Effect.flip(source.artifact(paths.plugin, artifact)), (error) => error.problem)
    })
  )

describe("ReleaseSource", () => {
  describe("layerFileSystem", () => {
    it.effect("reads manifest and artifact, and names the folder without links", () =>
      reading((source, { plugin, root }) =>
        Effect.gen(function*() {
          symlinkSync(plugin, join(root, "link"))
          const text = yield* source.manifest(join(root, "link"))
          assert.deepStrictEqual(text, {
            folder: plugin,
            path: plugin,
            file: join(plugin, "Component.toml"),
            text: "schema = 1"
          })
          assert.strictEqual(new TextDecoder().decode(yield* source.artifact(plugin, "dist/out.wasm")), "bytes")
        })
      ))

    it.effect("follows a link that stays below the folder", () =>
      reading((source, { plugin }) =>
        Effect.gen(function*() {
          symlinkSync("out.wasm", join(plugin, "dist/same.wasm"))
          assert.lengthOf(yield* source.artifact(plugin, "dist/same.wasm"), 5)
        })
      ))

    const cases: ReadonlyArray<
      readonly [string, string, string, (paths: { readonly root: string; readonly plugin: string }) => void]
    > = [
      ["a file above the folder", "../secret", "Outside", () => {}],
      ["a file of a folder whose name begins alike", "../plugin-2/x", "Outside", ({ root }) => {
        mkdirSync(join(root, "plugin-2"))
        writeFileSync(join(root, "plugin-2/x"), "x")
      }],
      [
        "a link out of the folder",
        "dist/link",
        "Outside",
        ({ plugin, root }) => symlinkSync(join(root, "secret"), join(plugin, "dist/link"))
      ],
      [
        "a file through a linked folder",
        "linked/secret",
        "Outside",
        ({ plugin, root }) => symlinkSync(root, join(plugin, "linked"))
      ],
      ["the folder itself", ".", "Outside", () => {}],
      ["a link to itself", "dist/loop", "Unreadable", ({ plugin }) => symlinkSync("loop", join(plugin, "dist/loop"))],
      ["a folder", "dist", "Unreadable", () => {}],
      ["a pipe", "dist/pipe", "Unreadable", ({ plugin }) => {
        execFileSync("mkfifo", [join(plugin, "dist/pipe")])
      }],
      [
        "a link to a device",
        "dist/zero",
        "Outside",
        ({ plugin }) => symlinkSync("/dev/zero", join(plugin, "dist/zero"))
      ],
      ["a name with a NUL", "dist/\0", "Unreadable", () => {}],
      ["a file that is not there", "dist/none.wasm", "Missing", () => {}],
      [
        "a file above 64 MiB",
        "dist/out.wasm",
        "TooLarge",
        ({ plugin }) => truncateSync(join(plugin, "dist/out.wasm"), 64 * 1024 * 1024 + 1)
      ]
    ]
    for (const [title, artifact, problem, prepare] of cases) {
      it.effect(`refuses ${title} as an artifact: ${problem}`, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* problemOf(artifact, prepare), problem)
        }))
    }

    it.effect("refuses a manifest that is large, linked from outside, or no UTF-8", () =>
      reading((source, { plugin, root }) =>
        Effect.gen(function*() {
          const file = join(plugin, "Component.toml")
          const problem = Effect.map(Effect.flip(source.manifest(plugin)), (error) => error.problem)
          truncateSync(file, 256 * 1024 + 1)
          assert.strictEqual(yield* problem, "TooLarge")
          writeFileSync(file, Uint8Array.of(0x61, 0xff))
          assert.strictEqual(yield* problem, "Unreadable")
          rmSync(file)
          assert.strictEqual(yield* problem, "Missing")
          symlinkSync(join(root, "secret"), file)
          assert.strictEqual(yield* problem, "Outside")
        })
      ))

    it.effect("reads no other file than the one it looked at", () => {
      const swapping = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) => ({
          ...fs,
          open: (path: string, options?: Parameters<typeof fs.open>[1]) =>
            Effect.suspend(() => {
              if (path.endsWith("out.wasm")) {
                rmSync(path)
                symlinkSync("../../secret", path)
              }
              return fs.open(path, options)
            })
        }))
      ).pipe(Layer.provide(NodeFileSystem.layer))
      return reading(
        (source, { plugin }) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(source.artifact(plugin, "dist/out.wasm"))
            assert.strictEqual(error.problem, "Unreadable")
            assert.include(error.message, "replaced")
          }),
        Layer.mergeAll(swapping, NodePath.layer)
      )
    })

    it.effect("does not follow a file that grows without end", () => {
      const growing = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) => ({
          ...fs,
          open: (path: string, options?: Parameters<typeof fs.open>[1]) =>
            Effect.map(fs.open(path, options), (file) => ({
              ...file,
              stat: file.stat,
              read: (buffer: Uint8Array) => Effect.sync(() => buffer.length)
            }))
        }))
      ).pipe(Layer.provide(NodeFileSystem.layer))
      return reading(
        (source, { plugin }) =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(source.artifact(plugin, "dist/out.wasm"))
            assert.include(error.message, "grew")
          }),
        Layer.mergeAll(growing, NodePath.layer)
      )
    })
  })

  describe("layerMemory", () => {
    it.effect("has sources by their own names alone, and no path by which they could be trusted", () =>
      Effect.gen(function*() {
        const source = yield* ReleaseSource.ReleaseSource
        const text = yield* source.manifest("rates")
        assert.isUndefined(text.path)
        assert.lengthOf(yield* source.artifact("rates", "x"), 1)
        assert.strictEqual((yield* Effect.flip(source.manifest("constructor"))).problem, "Missing")
        assert.isTrue(Option.isNone(yield* Effect.option(source.artifact("__proto__", "x"))))
      }).pipe(
        Effect.provide(ReleaseSource.layerMemory({ rates: { manifest: "schema = 1", artifact: Uint8Array.of(0) } }))
      ))
  })
})
