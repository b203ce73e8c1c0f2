import * as Engine from "@airssys/engine/Engine"
import type { CacheEvent } from "@airssys/engine/EngineCache"
import { assert, describe, it } from "@effect/vitest"
import { ComponentEngine } from "airssys/component/ComponentEngine"
import { EnginePlatform } from "airssys/component/EnginePlatform"
import { Effect, type Scope } from "effect"
import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as NodeEnginePlatform from "../src/NodeEnginePlatform.ts"
import * as NodeHost from "../src/NodeHost.ts"

const leb = (value: number): Array<number> => value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]
const sized = (id: number, content: ReadonlyArray<number> | Uint8Array): Array<number> => [
  id,
  ...leb(content.length),
  ...content
]
const magic = [0, 0x61, 0x73, 0x6d]

/** A component whose `f` gives a number below 64; `padding` is code that nobody calls, in functions of 16 KiB. */
const component = (value: number, padding = 0, padded: ReadonlyArray<number> = [0x41, 0, 0x1a]): Uint8Array => {
  const big = [0, ...Array.from({ length: Math.ceil(16_384 / padded.length) }, () => padded).flat(), 0x0b]
  const bodies = Buffer.concat([
    Buffer.from([...leb(1 + padding), 4, 0, 0x41, value, 0x0b]),
    ...Array.from({ length: padding }, () => Buffer.from([...leb(big.length), ...big]))
  ])
  const module = Buffer.concat([
    Buffer.from([...magic, 1, 0, 0, 0]),
    Buffer.from(sized(1, [2, 0x60, 0, 1, 0x7f, 0x60, 0, 0])),
    Buffer.from(sized(3, [...leb(1 + padding), 0, ...Array.from({ length: padding }, () => 1)])),
    Buffer.from(sized(7, [1, 1, 0x66, 0, 0])),
    Buffer.from([10, ...leb(bodies.length)]),
    bodies
  ])
  return Buffer.concat([
    Buffer.from([...magic, 0x0d, 0, 1, 0, 1, ...leb(module.length)]),
    module,
    Buffer.from(sized(2, [1, 0, 0, 0])),
    Buffer.from(sized(7, [1, 0x40, 0, 0, 0x79])),
    Buffer.from(sized(6, [1, 0, 0, 1, 0, 1, 0x66])),
    Buffer.from(sized(8, [1, 0, 0, 0, 0, 0])),
    Buffer.from(sized(11, [1, 0, 1, 0x66, 1, 0, 0]))
  ])
}

interface Place {
  readonly root: string
  readonly folder: string
  readonly key: string
}

const place: Effect.Effect<Place, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "engine-cache-"))),
    (root) => Effect.sync(() => fs.rmSync(root, { recursive: true, force: true }))
  ),
  (root) => ({ root, folder: join(root, "cache"), key: join(root, "secret", "key") })
)

const entriesIn = (folder: string): Array<string> => fs.readdirSync(folder).map((name) => join(folder, name)).sort()

interface Loaded {
  readonly values: ReadonlyArray<unknown>
  readonly events: ReadonlyArray<CacheEvent>
  readonly kinds: ReadonlyArray<string>
}

/** Loads components with a cache that is then closed. */
const load = (
  { folder, key }: { readonly folder: string; readonly key: string | Uint8Array },
  components: ReadonlyArray<Uint8Array>,
  options: Partial<NodeEnginePlatform.CacheOptions> & Engine.Options = {}
): Effect.Effect<Loaded, NodeEnginePlatform.EngineCacheError> =>
  Effect.gen(function*() {
    const events: Array<CacheEvent> = []
    const report = (event: CacheEvent) => {
      events.push(event)
    }
    const values = yield* Effect.scoped(Effect.gen(function*() {
      const { maxBytes, ...others } = options
      const platform = yield* NodeEnginePlatform.make({ cache: { folder, key, maxBytes, report } })
      const engine = Engine.make({ ...platform, ...others })
      const values: Array<unknown> = []
      for (const bytes of components) {
        const loaded = yield* Effect.promise(() => engine.load(bytes))
        values.push(engine.instantiate(loaded).func(undefined, "f").callSync([]))
      }
      return values
    }))
    return { values, events, kinds: events.map(({ kind }) => kind) }
  })

const mode = (file: string): number => fs.lstatSync(file).mode & 0o777

const failureOf = (
  folder: string,
  key: string | Uint8Array
): Effect.Effect<NodeEnginePlatform.EngineCacheError["reason"] | "none"> =>
  Effect.scoped(NodeEnginePlatform.make({ cache: { folder, key } })).pipe(
    Effect.as("none" as const),
    Effect.catchTag("EngineCacheError", ({ reason }) => Effect.succeed(reason))
  )

const [one, two, three] = [component(1), component(2), component(3)]

describe("a cache on disk", () => {
  it.live("gives back in another scope what was kept, of this user alone", () =>
    Effect.gen(function*() {
      const at = yield* place
      assert.deepStrictEqual((yield* load(at, [one, two])).kinds, ["miss", "miss", "stored", "stored"])
      const again = yield* load(at, [two, one])
      assert.deepStrictEqual(again.kinds, ["hit", "hit"])
      assert.deepStrictEqual(again.values, [2, 1])
      assert.deepStrictEqual([at.folder, ...entriesIn(at.folder), at.key].map(mode), [0o700, 0o600, 0o600, 0o600])
      assert.strictEqual(fs.statSync(at.key).size, 32)
    }).pipe(Effect.scoped))

  it.live("is part of the engine that the layer gives its platform to", () =>
    Effect.gen(function*() {
      const at = yield* place
      const options = yield* Effect.map(EnginePlatform, ({ options }) => options).pipe(
        Effect.provide(NodeEnginePlatform.layer({ cache: at }))
      )
      assert.isDefined(options.cache)
      assert.isDefined(options.compilers)
    }).pipe(Effect.scoped))

  it.live("is part of a host that is given one", () =>
    Effect.gen(function*() {
      const at = yield* place
      const host = NodeHost.layer({ cache: at })
      yield* Effect.flatMap(ComponentEngine, (engine) => engine.load(one)).pipe(Effect.provide(host))
      assert.strictEqual(entriesIn(at.folder).length, 1)
      fs.chmodSync(at.folder, 0o777)
      const error = yield* Effect.flip(Effect.provide(Effect.void, host))
      assert.strictEqual(error._tag, "EngineCacheError")
    }).pipe(Effect.scoped))

  it.live("does not give back an entry of which any byte was changed", () =>
    Effect.gen(function*() {
      const at = yield* place
      const { events } = yield* load(at, [one])
      const [file = ""] = entriesIn(at.folder)
      const entry = fs.readFileSync(file)
      const { cache } = yield* NodeEnginePlatform.make({ cache: at })
      const get = Effect.promise(() => cache!.get(events[0]!.key).catch((error: unknown) => String(error)))
      assert.strictEqual(((yield* get) as Uint8Array).length, entry.length - 32)
      for (let i = 0; i < entry.length; i++) {
        const bit = 1 << (i % 8)
        const handle = fs.openSync(file, "r+")
        fs.writeSync(handle, Uint8Array.of(entry[i]! ^ bit), 0, 1, i)
        const given = yield* get
        fs.writeSync(handle, entry, i, 1, i)
        fs.closeSync(handle)
        assert.match(String(given), /^RefusedEntry: it was not written with this key/)
      }
      assert.deepStrictEqual((yield* load(at, [one])).kinds, ["hit"])
    }).pipe(Effect.scoped))

  it.live("takes a changed entry for none, and replaces it", () =>
    Effect.gen(function*() {
      const at = yield* place
      yield* load(at, [one])
      const [file = ""] = entriesIn(at.folder)
      const entry = fs.readFileSync(file)
      const changes: ReadonlyArray<() => void> = [
        () => fs.writeFileSync(file, ""),
        () => fs.writeFileSync(file, entry.subarray(0, 31)),
        () => fs.writeFileSync(file, entry.subarray(0, 32)),
        () => fs.writeFileSync(file, entry.subarray(0, -1)),
        () => fs.writeFileSync(file, Buffer.concat([entry, Buffer.of(0)])),
        () => fs.writeFileSync(file, Buffer.from(entry).fill(0, 40, 41)),
        () => {
          fs.writeFileSync(join(at.root, "elsewhere"), entry)
          fs.rmSync(file)
          fs.symlinkSync(join(at.root, "elsewhere"), file)
        },
        () => {
          fs.rmSync(file)
          execFileSync("mkfifo", [file])
        }
      ]
      for (const change of changes) {
        change()
        const { kinds, values } = yield* load(at, [one])
        assert.deepStrictEqual([...kinds, ...values], ["refused", "stored", 1])
        assert.deepStrictEqual((yield* load(at, [one])).kinds, ["hit"])
      }
    }).pipe(Effect.scoped))

  it.live("does not give the entry of one component for another", () =>
    Effect.gen(function*() {
      const at = yield* place
      yield* load(at, [one, two])
      const [a = "", b = ""] = entriesIn(at.folder)
      const entry = fs.readFileSync(a)
      fs.copyFileSync(b, a)
      fs.writeFileSync(b, entry)
      const { events, values } = yield* load(at, [one, two])
      assert.deepStrictEqual(
        events.filter(({ kind }) => kind === "refused").map(({ detail }) => detail),
        Array.from({ length: 2 }, () => "it was not written with this key, or changed since")
      )
      assert.deepStrictEqual(values, [1, 2])
    }).pipe(Effect.scoped))

  it.live("does not give entries that were written with another key, or for another engine", () =>
    Effect.gen(function*() {
      const at = yield* place
      yield* load(at, [one])
      const other = { ...at, key: Buffer.alloc(32, 1) }
      assert.deepStrictEqual((yield* load(other, [one])).kinds, ["refused", "stored"])
      assert.deepStrictEqual((yield* load(other, [one])).kinds, ["hit"])
      assert.deepStrictEqual((yield* load(other, [one], { coreInstances: 8 })).kinds, ["miss", "stored"])
    }).pipe(Effect.scoped))

  it.live("gives back garbage that was put, which the engine takes for none", () =>
    Effect.gen(function*() {
      const at = yield* place
      const { events } = yield* load(at, [one])
      const { cache } = yield* NodeEnginePlatform.make({ cache: at })
      yield* Effect.promise(() => cache!.put(events[0]!.key, Uint8Array.from({ length: 5_000 }, (_, i) => i * 7)))
      const { kinds, values } = yield* load(at, [one])
      assert.deepStrictEqual([...kinds, ...values], ["refused", "stored", 1])
    }).pipe(Effect.scoped))

  it.live("drops what was used least lately when it is full, and what is too large is not kept", () =>
    Effect.gen(function*() {
      const at = yield* place
      yield* load(at, [one])
      const [first = ""] = entriesIn(at.folder)
      const { size } = fs.statSync(first)
      const maxBytes = size * 2 + 100
      yield* load(at, [two], { maxBytes })
      fs.writeFileSync(join(at.folder, "abandoned.part"), "x")
      for (const file of entriesIn(at.folder)) {
        fs.utimesSync(file, 0, file === first ? 1 : 2)
      }
      assert.deepStrictEqual((yield* load(at, [one], { maxBytes })).kinds, ["hit"])
      assert.deepStrictEqual((yield* load(at, [three], { maxBytes })).kinds, ["miss", "stored"])
      assert.strictEqual(entriesIn(at.folder).length, 2)
      assert.isTrue(fs.existsSync(first))
      const small = yield* load(at, [component(4)], { maxBytes: size - 100 })
      assert.deepStrictEqual([...small.kinds, ...small.values], ["miss", "failed", 4])
    }).pipe(Effect.scoped))

  it.live("changes nothing but time when its folder cannot be used any more", () =>
    Effect.gen(function*() {
      const at = yield* place
      const kinds: Array<string> = []
      const report = ({ kind }: CacheEvent) => {
        kinds.push(kind)
      }
      yield* Effect.scoped(Effect.gen(function*() {
        const engine = Engine.make(yield* NodeEnginePlatform.make({ cache: { ...at, report } }))
        fs.rmdirSync(at.folder)
        fs.writeFileSync(at.folder, "")
        const loaded = yield* Effect.promise(() => engine.load(one))
        assert.strictEqual(engine.instantiate(loaded).func(undefined, "f").callSync([]), 1)
      }))
      assert.deepStrictEqual(kinds, ["failed", "failed"])
    }).pipe(Effect.scoped))

  it.live("is shared by processes, which also agree on the key", () =>
    Effect.gen(function*() {
      const at = yield* place
      const files = [1, 2, 3, 4].map((value) => join(at.root, `${value}.wasm`))
      files.forEach((file, i) => fs.writeFileSync(file, component(i + 1)))
      const run = Effect.promise(async () => {
        const user = new URL("./cacheUser.ts", import.meta.url).pathname
        const { stdout } = await promisify(execFile)(process.execPath, [user, at.folder, at.key, ...files])
        return JSON.parse(stdout) as { readonly values: unknown; readonly events: ReadonlyArray<string> }
      })
      for (const { events, values } of yield* Effect.all([run, run, run], { concurrency: "unbounded" })) {
        assert.deepStrictEqual(values, [1, 2, 3, 4])
        assert.deepStrictEqual(events.filter((kind) => !["hit", "miss", "stored"].includes(kind)), [])
      }
      assert.deepStrictEqual((yield* run).events, ["hit", "hit", "hit", "hit"])
      assert.strictEqual(entriesIn(at.folder).filter((file) => file.endsWith(".plan")).length, 4)
      assert.strictEqual(entriesIn(at.folder).length, 4)
      assert.strictEqual(entriesIn(join(at.root, "secret")).length, 1)
    }).pipe(Effect.scoped))
})

describe("a cache is refused", () => {
  it.live("when its folder is a link, or open to others", () =>
    Effect.gen(function*() {
      const { folder, key, root } = yield* place
      fs.mkdirSync(join(root, "real"), { mode: 0o700 })
      fs.symlinkSync(join(root, "real"), folder)
      assert.strictEqual(yield* failureOf(folder, key), "NotAFolder")
      for (const open of [0o770, 0o777, 0o702, 0o720, 0o740]) {
        fs.chmodSync(join(root, "real"), open)
        assert.strictEqual(yield* failureOf(join(root, "real"), key), "Exposed")
      }
      fs.chmodSync(join(root, "real"), 0o700)
      assert.strictEqual(yield* failureOf(join(root, "real"), key), "none")
      fs.writeFileSync(join(root, "file"), "")
      assert.strictEqual(yield* failureOf(join(root, "file"), key), "NotAFolder")
    }).pipe(Effect.scoped))

  it.live.skipIf(process.getuid?.() !== 0)(
    "when the folder or the key belongs to another user",
    () =>
      Effect.gen(function*() {
        const { folder, key } = yield* place
        assert.strictEqual(yield* failureOf(folder, key), "none")
        fs.chownSync(folder, 12_345, 0)
        assert.strictEqual(yield* failureOf(folder, key), "ForeignOwner")
        fs.chownSync(folder, 0, 0)
        fs.chownSync(key, 12_345, 0)
        assert.strictEqual(yield* failureOf(folder, key), "ForeignOwner")
      }).pipe(Effect.scoped)
  )

  it.live("when its key is short, open to others, a link, or inside of the folder", () =>
    Effect.gen(function*() {
      const { folder, key, root } = yield* place
      assert.strictEqual(yield* failureOf(folder, new Uint8Array(31)), "KeyInvalid")
      assert.strictEqual(yield* failureOf(folder, join(folder, "key")), "KeyInside")
      assert.strictEqual(yield* failureOf(folder, join(folder, "deeper", "key")), "KeyInside")
      fs.symlinkSync(folder, join(root, "link"))
      assert.strictEqual(yield* failureOf(folder, join(root, "link", "key")), "KeyInside")
      assert.strictEqual(yield* failureOf(folder, key), "none")
      fs.chmodSync(key, 0o640)
      assert.strictEqual(yield* failureOf(folder, key), "Exposed")
      fs.symlinkSync(key, join(root, "key"))
      assert.strictEqual(yield* failureOf(folder, join(root, "key")), "KeyInvalid")
      fs.writeFileSync(join(root, "short"), "secret", { mode: 0o600 })
      assert.strictEqual(yield* failureOf(folder, join(root, "short")), "KeyInvalid")
    }).pipe(Effect.scoped))
})

describe("modules of some megabytes", () => {
  it.live("are compiled before the process ends", () =>
    Effect.gen(function*() {
      const at = yield* place
      const file = join(at.root, "big.wasm")
      fs.writeFileSync(file, component(5, 200))
      const user = new URL("./cacheUser.ts", import.meta.url).pathname
      for (const event of ["miss", "hit"]) {
        const { stdout } = yield* Effect.promise(() =>
          promisify(execFile)(process.execPath, [user, at.folder, at.key, file])
        )
        assert.deepInclude(JSON.parse(stdout), { values: [5] })
        assert.include(stdout, event)
      }
    }).pipe(Effect.scoped))

  it.live("are validated, each by itself", () =>
    Effect.gen(function*() {
      const engine = Engine.make(yield* NodeEnginePlatform.make())
      const attempt = (bytes: Uint8Array) =>
        Effect.promise(() => engine.load(bytes).then(() => "loaded", (error: unknown) => (error as Error).message))
      const unbalanced = [0x41, 0, 0x41, 0, 0x1a]
      assert.deepStrictEqual(
        yield* Effect.all([component(1, 80), component(2, 80, unbalanced), component(3, 80)].map(attempt), {
          concurrency: "unbounded"
        }),
        ["loaded", "not a valid module", "loaded"]
      )
    }).pipe(Effect.scoped))
})
