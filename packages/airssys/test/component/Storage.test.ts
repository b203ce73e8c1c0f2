import { assert, describe, it } from "@effect/vitest"
import { Tenant } from "airssys/component/Delivery"
import * as Storage from "airssys/component/Storage"
import * as StorageFile from "airssys/component/StorageFile"
import * as StorageStore from "airssys/component/StorageStore"
import * as Ask from "airssys/security/Ask"
import * as AuditLog from "airssys/security/AuditLog"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as Grant from "airssys/security/Grant"
import { StorageError } from "airssys/security/KeyValue"
import * as Principal from "airssys/security/Principal"
import * as Quota from "airssys/security/Quota"
import * as Quotas from "airssys/security/Quotas"
import * as StorageRead from "airssys/security/StorageRead"
import { Effect, Exit, Layer, Option, Result, type Scope, Stream } from "effect"
import { Digest } from "effect/crypto"
import { Base64Url } from "effect/encoding"

const rates = Principal.make({ kind: "Component", id: "acme:rates" })
const totals = Principal.make({ kind: "Component", id: "acme:totals" })
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (entry: Option.Option<{ readonly value: Uint8Array }>) =>
  Option.map(entry, ({ value }) => new TextDecoder().decode(value))

const basis = (limit: Quota.LevelLimit, tenantLimit: Quota.LevelLimit = "unlimited") =>
  Quotas.layerMemory({
    component: { ...Quota.unlimited, storage: limit },
    tenant: { ...Quota.unlimited, storage: tenantLimit }
  }).pipe(
    Layer.provideMerge(AuditLog.layerMemory()),
    Layer.provideMerge(Digest.layerWebCrypto)
  )

const run = <A, E>(
  test: (
    storage: Storage.Storage["Service"],
    quotas: Quotas.Quotas["Service"]
  ) => Effect.Effect<
    A,
    E,
    Scope.Scope | Quotas.Quotas | Storage.Storage | AuditLog.AuditLog | StorageStore.StorageStore | Digest.Digest
  >,
  limit: Quota.LevelLimit = "unlimited",
  tenantLimit: Quota.LevelLimit = "unlimited"
) =>
  Effect.scoped(Effect.gen(function*() {
    return yield* test(yield* Storage.Storage, yield* Quotas.Quotas)
  })).pipe(Effect.provide(
    Storage.layer.pipe(
      Layer.provideMerge(StorageStore.layerMemory),
      Layer.provideMerge(basis(limit, tenantLimit)),
      Layer.orDie
    )
  ))

const used = (quotas: Quotas.Quotas["Service"], subject: Quota.Subject) =>
  Effect.map(quotas.usage(subject), (all) => all.find(({ quota }) => quota === "storage")?.used)

const component = (id: string) => ({ kind: "Component", id }) as const
const tenant = (id: string) => ({ kind: "Tenant", id }) as const

const as = (tenant: string) => Effect.provideService(Tenant, tenant)

const reasonOf = <A, R>(effect: Effect.Effect<A, StorageError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("Storage", () => {
  it.effect("keeps the values of each principal apart, also of one with the same id of another kind", () =>
    run((storage) =>
      Effect.gen(function*() {
        const program = Principal.make({ kind: "Host", id: "acme:rates" })
        for (const owner of [rates, totals, program]) yield* storage.set(owner, "a/b", bytes(owner.kind + owner.id))
        assert.deepStrictEqual(text(yield* storage.get(rates, "a/b")), Option.some("Componentacme:rates"))
        assert.isTrue(yield* storage.remove(rates, "a/b"))
        assert.isFalse(yield* storage.remove(rates, "a/b"))
        assert.deepStrictEqual(text(yield* storage.get(program, "a/b")), Option.some("Hostacme:rates"))
        assert.deepStrictEqual(yield* storage.keys(rates, { within: undefined, after: undefined, limit: 10 }), [])
        assert.isTrue(yield* storage.exists(totals, "a/b"))
      })
    ))

  it.effect("refuses what is no value, and what is no batch", () =>
    run((storage) =>
      Effect.gen(function*() {
        const trap = (): never => {
          throw new Error("trap")
        }
        const lost = new Uint8Array(8)
        structuredClone(lost, { transfer: [lost.buffer] })
        for (const value of ["text", [1], 7, null, new Uint16Array(1), { length: 1, slice: () => "a" }, lost]) {
          assert.strictEqual(yield* reasonOf(storage.set(rates, "a", value as never)), "InvalidBatch")
        }
        const writes = [{ key: "a", value: bytes("x") }]
        const batches = [undefined, {}, { checks: [], writes: 7 }, { checks: null, writes }, { checks: [null], writes }]
        for (const batch of [...batches, new Proxy({}, { get: trap })]) {
          assert.strictEqual(yield* reasonOf(storage.commit(rates, batch as never)), "InvalidBatch")
        }
        assert.isFalse(yield* storage.exists(rates, "a"))
      })
    ))

  it.effect("refuses what is no key, wherever one is named", () =>
    run((storage) =>
      Effect.gen(function*() {
        const hostile = [
          "",
          "/",
          "/a",
          "a/",
          "a//b",
          "..",
          "a/../b",
          "a/.",
          "a\0b",
          "a\nb",
          "a\\b",
          "a/*",
          "%2e%2e/a",
          "e\u0301",
          "\ud800",
          "a\u202eb",
          "\uff0e\uff0e/a",
          "k".repeat(256),
          "k/".repeat(256) + "k",
          "k".repeat(2 ** 20),
          ...[null, 7, Symbol("k"), ["a"], { length: 1 }].map((key) => key as never)
        ]
        for (const key of hostile) {
          const uses: ReadonlyArray<Effect.Effect<unknown, StorageError>> = [
            storage.get(rates, key),
            storage.exists(rates, key),
            storage.set(rates, key, bytes("x")),
            storage.remove(rates, key),
            storage.keys(rates, { within: key, after: undefined, limit: 1 }),
            storage.commit(rates, { checks: [{ key, revision: 1 }], writes: [{ key: "a", value: bytes("") }] })
          ]
          const reasons = yield* Effect.forEach(uses, (use) => reasonOf(use))
          assert.deepStrictEqual([...new Set(reasons)], ["InvalidKey"], JSON.stringify(String(key).slice(0, 40)))
        }
        for (const key of ["__proto__", "constructor", "a b", "a:b", "\u{1f600}/\u00e9", "k".repeat(255), "-"]) {
          yield* storage.set(rates, key, bytes(key))
          assert.deepStrictEqual(text(yield* storage.get(rates, key)), Option.some(key))
        }
        const error = yield* Effect.flip(storage.get(rates, "a\u001b[2J"))
        assert.notInclude(error.message, "\u001b")
      })
    ))

  it.effect("bounds values and batches, and takes no key twice", () =>
    run((storage) =>
      Effect.gen(function*() {
        const value = new Uint8Array(Storage.limits.value)
        yield* storage.set(rates, "a", value)
        const writes = (count: number, value: Uint8Array) =>
          Array.from({ length: count }, (_, index) => ({ key: `k/${index}`, value }))
        const commit = (count: number, value: Uint8Array, checks = 0) =>
          storage.commit(rates, {
            checks: Array.from({ length: checks }, () => ({ key: "none", revision: undefined })),
            writes: writes(count, value)
          })
        assert.strictEqual(yield* reasonOf(storage.set(rates, "a", new Uint8Array(value.length + 1))), "TooLarge")
        yield* commit(4, value)
        assert.strictEqual(yield* reasonOf(commit(5, value)), "TooLarge")
        yield* commit(200, bytes("x"), 56)
        assert.strictEqual(yield* reasonOf(commit(200, bytes("x"), 57)), "InvalidBatch")
        assert.strictEqual(yield* reasonOf(commit(0, bytes("x"), 1)), "InvalidBatch")
        const twice = storage.commit(rates, {
          checks: [],
          writes: [{ key: "a", value: bytes("1") }, { key: "a", value: undefined }]
        })
        assert.strictEqual(yield* reasonOf(twice), "InvalidBatch")
        for (let at = 0; at < 1_200; at += 200) {
          yield* storage.commit(rates, {
            checks: [],
            writes: Array.from({ length: 200 }, (_, index) => ({ key: `l/${at + index}`, value: bytes("") }))
          })
        }
        for (const limit of [0, -1, Number.NaN, 2 ** 63, Number.POSITIVE_INFINITY]) {
          const keys = yield* storage.keys(rates, { within: undefined, after: undefined, limit })
          assert.isAtMost(keys.length, 1_000)
          assert.isAtLeast(keys.length, 1)
        }
      })
    ))

  it.effect("keeps the bytes that were given, whatever becomes of them", () =>
    run((storage) =>
      Effect.gen(function*() {
        const value = bytes("1.0")
        const write = storage.set(rates, "a", value)
        yield* write
        value.fill(0)
        const read = Option.getOrThrow(yield* storage.get(rates, "a")).value
        assert.strictEqual(new TextDecoder().decode(read), "1.0")
        read.fill(0)
        assert.deepStrictEqual(text(yield* storage.get(rates, "a")), Option.some("1.0"))
      })
    ))

  describe("under a quota", () => {
    it.effect("takes what fits, counts keys, values and 64 bytes for each, and gives back what is removed", () =>
      run((storage, quotas) =>
        Effect.gen(function*() {
          yield* storage.set(rates, "a", new Uint8Array(35))
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 100)
          assert.deepStrictEqual(yield* storage.usage(rates), { keys: 1, bytes: 100, limit: 200 })
          const error = yield* Effect.flip(storage.set(rates, "b", new Uint8Array(36)))
          assert.strictEqual(error.reason, "QuotaExceeded")
          assert.include(error.message, "101 is more than the 100 that are left of 200")
          yield* storage.set(rates, "a", new Uint8Array(135))
          assert.strictEqual(yield* reasonOf(storage.set(rates, "a", new Uint8Array(136))), "QuotaExceeded")
          yield* storage.set(rates, "a", new Uint8Array(0))
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 65)
          yield* storage.remove(rates, "a")
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 0)
          yield* storage.set(totals, "a", new Uint8Array(135))
        }), 200))

    it.effect("lets in one of two that fit only one at a time, whoever comes first", () =>
      run((storage, quotas) =>
        Effect.gen(function*() {
          for (let round = 0; round < 20; round++) {
            const exits = yield* Effect.forEach(
              ["x", "y", "z"],
              (key) => Effect.exit(storage.set(rates, `${key}/${round}`.slice(0, 3), new Uint8Array(40))),
              { concurrency: "unbounded" }
            )
            assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
            for (const key of yield* storage.keys(rates, { within: undefined, after: undefined, limit: 9 })) {
              yield* storage.remove(rates, key)
            }
          }
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 0)
        }), 200))

    it.effect("makes a batch that does not fit not at all", () =>
      run((storage, quotas) =>
        Effect.gen(function*() {
          yield* storage.set(rates, "a", bytes("1"))
          const batch = storage.commit(rates, {
            checks: [],
            writes: [{ key: "a", value: undefined }, ...["b", "c", "d", "e"].map((key) => ({ key, value: bytes("1") }))]
          })
          assert.strictEqual(yield* reasonOf(batch), "QuotaExceeded")
          assert.deepStrictEqual(text(yield* storage.get(rates, "a")), Option.some("1"))
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 66)
        }), 200))

    it.effect("charges the tenant on whose account a value was written, until it is gone or another's", () =>
      run(
        (storage, quotas) =>
          Effect.gen(function*() {
            const both = Effect.all([used(quotas, tenant("t")), used(quotas, tenant("u"))])
            yield* storage.set(rates, "a", new Uint8Array(135)).pipe(as("t"))
            yield* storage.set(totals, "a", new Uint8Array(35)).pipe(as("t"))
            assert.deepStrictEqual(yield* both, [300, 0])
            yield* storage.set(rates, "a", new Uint8Array(35)).pipe(as("u"))
            assert.deepStrictEqual(yield* both, [100, 100])
            yield* storage.remove(rates, "a")
            assert.deepStrictEqual(yield* both, [100, 0])
            assert.strictEqual(
              yield* reasonOf(storage.set(rates, "b", new Uint8Array(836)).pipe(as("t"))),
              "QuotaExceeded"
            )
            assert.strictEqual(yield* used(quotas, component("acme:rates")), 0)
          }),
        "unlimited",
        1_000
      ))

    it.effect("is settled with what is there when it starts, above a limit as well, and gives it back at its end", () =>
      Effect.gen(function*() {
        const store = yield* StorageStore.StorageStore
        const quotas = yield* Quotas.Quotas
        const open = <A, E>(use: (storage: Storage.Storage["Service"]) => Effect.Effect<A, E>) =>
          Effect.provide(Effect.flatMap(Storage.Storage, use), Storage.layer, { local: true })
        const batch = (owner: string, tenant: string | undefined, key: string, size: number) =>
          store.commit(
            owner,
            { checks: [], writes: [{ key, value: new Uint8Array(size) }] },
            tenant,
            () => Result.succeed({ commit: () => {}, release: () => {} })
          )
        yield* batch("component/acme:rates", "t", "a", 235)
        yield* batch("component/acme:rates", "u", "b", 35)
        yield* batch("component/acme:rates", undefined, "c", 35)
        for (let time = 0; time < 2; time++) {
          yield* open((storage) =>
            Effect.gen(function*() {
              assert.strictEqual(yield* used(quotas, component("acme:rates")), 500)
              assert.strictEqual(yield* used(quotas, tenant("t")), 300)
              assert.strictEqual(yield* used(quotas, tenant("u")), 100)
              assert.strictEqual(yield* reasonOf(storage.set(rates, "d", bytes("x"))), "QuotaExceeded")
              yield* storage.set(rates, "a", new Uint8Array(234)).pipe(as("t"))
              yield* storage.set(totals, "a", new Uint8Array(1))
              yield* storage.remove(totals, "a")
              yield* batch("component/acme:rates", "t", "a", 235)
              yield* quotas.settle({ component: "acme:rates", tenant: "t" }, "storage", 500)
            })
          )
          assert.strictEqual(yield* used(quotas, component("acme:rates")), 0)
          assert.strictEqual(yield* used(quotas, tenant("t")), 0)
        }
      }).pipe(Effect.provide(Layer.provideMerge(StorageStore.layerMemory, basis(200)))))
  })
})

describe("an export", () => {
  const filled = (storage: Storage.Storage["Service"], owner: Principal.Principal, count: number) =>
    Effect.forEach(Array.from({ length: count }), (_, index) => {
      const value = Uint8Array.from({ length: (index * 37) % 200 }, (_, at) => at)
      const write = storage.set(owner, `k/${index}\u00e9`, value)
      return index % 3 === 0 ? as("t")(write) : write
    }, { discard: true })

  const fileOf = (storage: Storage.Storage["Service"], owner: Principal.Principal) =>
    Effect.map(Stream.runCollect(storage.exportLines(owner)), (lines) => Array.from(lines).join(""))

  const pieces = (text: string, size: number) => {
    const all = bytes(text)
    const cut = []
    for (let at = 0; at < all.length; at += size) cut.push(all.slice(at, at + size))
    return Stream.fromIterable(cut)
  }

  it.effect("is taken whole by another store, byte for byte, however it is cut", () =>
    run((storage, quotas) =>
      Effect.gen(function*() {
        yield* filled(storage, rates, 700)
        const file = yield* fileOf(storage, rates)
        const before = yield* used(quotas, tenant("t"))
        for (const size of [1 << 20, 77, 4096]) {
          const header = yield* storage.importFile(rates, pieces(file, size), { replace: true })
          assert.strictEqual(header.keys, 700)
          assert.strictEqual(yield* fileOf(storage, rates), file)
          assert.strictEqual(yield* used(quotas, tenant("t")), before)
        }
        yield* storage.importFile(totals, pieces(file, 999), { fromAnother: true })
        assert.strictEqual(
          (yield* fileOf(storage, totals)).split("\n").slice(1, -2).join(),
          file.split("\n").slice(1, -2).join()
        )
        const empty = yield* fileOf(storage, Principal.make({ kind: "Component", id: "acme:none" }))
        assert.strictEqual(empty.split("\n").length, 3)
      })
    ))

  it.effect("is of one moment, whatever is written meanwhile", () =>
    run((storage) =>
      Effect.gen(function*() {
        yield* filled(storage, rates, 600)
        const file = yield* fileOf(storage, rates)
        let count = 0
        const lines = yield* Stream.runCollect(Stream.tap(storage.exportLines(rates), () =>
          count++ % 50 === 0
            ? Effect.andThen(
              storage.remove(rates, `k/${599 - count}\u00e9`),
              storage.set(rates, `new/${count}`, bytes(""))
            )
            : Effect.void))
        assert.strictEqual(Array.from(lines).join(""), file)
      })
    ))

  it.effect("is refused with the line at fault, and nothing of it is taken", () =>
    run((storage) =>
      Effect.gen(function*() {
        yield* filled(storage, totals, 3)
        const file = yield* fileOf(storage, totals)
        const lines = file.split("\n")
        const [header = "", first = "", second = "", third = "", end = ""] = lines
        const made = (...given: ReadonlyArray<string>) => `${given.join("\n")}\n`
        const hostile: ReadonlyArray<readonly [string, number, RegExp]> = [
          ["", 1, /ends before its end/],
          ["{}\n", 1, /begins with/],
          ["null\n", 1, /begins with/],
          ["[".repeat(1_000_000) + "\n", 1, /begins with/],
          ["x".repeat(1_600_000), 1, /more than 1500000 bytes/],
          [made(header.replace("\"version\":1", "\"version\":2"), first, second, third, end), 1, /version is not 1/],
          [made(header.replace("\"keys\":3", "\"keys\":1e300"), first, second, third, end), 1, /numbers/],
          [made(header.replace("{", "{ "), first, second, third, end), 1, /spelled/],
          [made(header, first, second, third), 5, /ends before its end/],
          [file.slice(0, -1), 5, /ends before its end/],
          [made(header, first, third, end), 4, /less than the header says/],
          [made(header, first, second, second, end), 4, /do not ascend/],
          [made(header, second, first, third, end), 3, /do not ascend/],
          [made(header, first, second, third, third.replace("k/2", "k/3"), end), 5, /more than the header says/],
          [made(header, first, second.replace("AAEC", "AAED"), third, end), 5, /digest/],
          [made(header, first, second, third, end.replace(/sha256:./, "sha256:x")), 5, /digest/],
          [made(header, first, second, third, end, end), 6, /behind the end/],
          [`${file}x`, 6, /ends before its end/],
          [made(header, "{\"key\":\"../x\",\"value\":\"\"}", second, third, end), 2, /segments/],
          [made(header, "{\"key\":\"a\",\"value\":\"*\"}", second, third, end), 2, /Base64/],
          [made(header, "{\"key\":\"a\",\"value\":\"AA==\",\"value\":\"\"}", second, third, end), 2, /spelled/],
          [made(header, "{\"__proto__\":1,\"key\":\"a\",\"value\":\"\"}", second, third, end), 2, /spelled/],
          [made(header, "{\"key\":1,\"value\":\"\"}", second, third, end), 2, /has a key and a value/],
          [made(header, "{\"key\":\"a\",\"value\":\"\",\"tenant\":\"\"}", second, third, end), 2, /tenant/],
          [made(header, "{\"key\":\"a\",\"value\":\"\",\"tenant\":\"\\ud800\"}", second, third, end), 2, /tenant/],
          [made(header, "{\"key\":\"\\ud800\",\"value\":\"\"}", second, third, end), 2, /segments/],
          [made(header, "\u{feff}" + first, second, third, end), 2, /object of JSON/],
          [made(header, first + "\r", second, third, end), 2, /spelled/],
          [made(header, first.replace("}", "\ud800}"), second, third, end), 2, /object of JSON/]
        ]
        yield* storage.set(rates, "mine", bytes("1"))
        for (const [text, line, problem] of hostile) {
          const options = { replace: true, fromAnother: true }
          const error = yield* Effect.flip(storage.importFile(rates, pieces(text, 1 << 16), options))
          assert.instanceOf(error, StorageFile.StorageFileError, text.slice(0, 80))
          if (error._tag !== "StorageFileError") continue
          assert.match(error.problem, problem)
          assert.strictEqual(error.line, line, error.message)
          assert.deepStrictEqual(
            yield* storage.keys(rates, { within: undefined, after: undefined, limit: 9 }),
            ["mine"]
          )
        }
        const invalid = new Uint8Array([...bytes(header + "\n"), 0xff, 0x0a])
        const error = yield* Effect.flip(
          storage.importFile(rates, Stream.make(invalid), { replace: true, fromAnother: true })
        )
        assert.match(error.message, /^line 2: it is no object of JSON in UTF-8/)
      })
    ))

  it.effect("goes neither to another owner nor over what is there unless that is said", () =>
    run((storage) =>
      Effect.gen(function*() {
        yield* filled(storage, rates, 3)
        const file = yield* fileOf(storage, rates)
        const taken = (owner: Principal.Principal, options?: Storage.ImportOptions) =>
          Effect.map(Effect.flip(storage.importFile(owner, pieces(file, 99), options)), ({ message }) => message)
        assert.include(yield* taken(rates), "holds something already")
        assert.include(yield* taken(totals), "it is a file of component/acme:rates")
        const occupying = Stream.concat(
          pieces(file, 300),
          Stream.drain(Stream.fromEffect(storage.set(totals, "late", bytes("1"))))
        )
        const error = yield* Effect.flip(storage.importFile(totals, occupying, { fromAnother: true }))
        assert.include(error.message, "holds something already")
        assert.deepStrictEqual(
          yield* storage.keys(totals, { within: undefined, after: undefined, limit: 9 }),
          ["late"]
        )
      })
    ))

  it.effect("is held to the quota, and leaves no trace where it does not fit", () =>
    run((storage, quotas) =>
      Effect.gen(function*() {
        const other = Principal.make({ kind: "Component", id: "acme:big" })
        yield* storage.set(other, "a", new Uint8Array(435))
        const file = yield* fileOf(storage, other)
        yield* quotas.setLimits(component("acme:rates"), { ...Quota.unlimited, storage: 400 }, "small")
        yield* storage.set(rates, "mine", bytes("1"))
        const error = yield* Effect.flip(
          storage.importFile(rates, pieces(file, 99), { replace: true, fromAnother: true })
        )
        assert.strictEqual(error._tag === "StorageError" ? error.reason : error._tag, "QuotaExceeded")
        assert.strictEqual(yield* used(quotas, component("acme:rates")), 69)
        yield* quotas.setLimits(component("acme:rates"), { ...Quota.unlimited, storage: 500 }, "large enough")
        yield* storage.importFile(rates, pieces(file, 99), { replace: true, fromAnother: true })
        assert.strictEqual(yield* used(quotas, component("acme:rates")), 500)
      }), 500))
})

describe("a list by pages", () => {
  const place = { file: "Component.toml", line: 1 }
  const admitted = <A, E>(
    test: (
      enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"],
      storage: Storage.Storage["Service"]
    ) => Effect.Effect<A, E, Principal.CurrentPrincipal>
  ) =>
    run((storage) =>
      Effect.gen(function*() {
        const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
        yield* enforcer.admit(rates, {
          asks: [Ask.make({ kind: "storage.read", patterns: ["**"], reason: "x", place })],
          grants: [Grant.make("storage.read", ["a", "a/public/**"], { reason: "x" })]
        })
        return yield* test(enforcer, storage)
      }).pipe(
        Effect.provideService(Principal.CurrentPrincipal, rates),
        Effect.provide(Layer.provide(
          CapabilityEnforcer.layerTest,
          Storage.layerPowers
        ))
      )
    )

  const list = (options?: StorageRead.ListOptions) => StorageRead.StorageRead.use((read) => read.list(options))

  it.effect("gives each key that may be read once, and its cursors name no other", () =>
    admitted((enforcer, storage) =>
      Effect.gen(function*() {
        for (let index = 0; index < 300; index++) {
          yield* storage.set(rates, `a/${index % 3 === 0 ? "public" : "secret"}/${1000 + index}`, bytes(""))
        }
        const found: Array<string> = []
        let cursor: string | undefined
        for (let pages = 0;; pages++) {
          const page = yield* enforcer.require(StorageRead.StorageRead.on("a"))(list({ cursor, limit: 7 }))
          assert.isAtMost(page.keys.length, 7)
          found.push(...page.keys)
          cursor = page.cursor
          if (cursor === undefined) break
          assert.notInclude(Result.getOrThrow(Base64Url.decodeString(cursor)), "secret")
          yield* storage.set(rates, `a/public/0${pages}`, bytes(""))
          yield* storage.remove(rates, `a/secret/${1001 + pages}`)
        }
        assert.deepStrictEqual(found, Array.from({ length: 100 }, (_, index) => `a/public/${1000 + 3 * index}`))
      })
    ))

  it.effect("is over in the middle when the grant is revoked", () =>
    admitted((enforcer, storage) =>
      Effect.gen(function*() {
        for (let index = 0; index < 30; index++) yield* storage.set(rates, `a/public/${index}`, bytes(""))
        const read = yield* enforcer.require(StorageRead.StorageRead.on("a"))(StorageRead.StorageRead)
        const page = yield* read.list({ limit: 10 })
        assert.lengthOf(page.keys, 10)
        yield* enforcer.revoke(rates, { reason: "over" })
        const error = yield* Effect.flip(read.list({ cursor: page.cursor, limit: 10 }))
        assert.strictEqual(error._tag, "CapabilityError")
      })
    ))

  it.effect("takes any limit and no cursor that is none", () =>
    admitted((enforcer, storage) =>
      Effect.gen(function*() {
        for (let at = 0; at < 1_200; at += 200) {
          const writes = Array.from(
            { length: 200 },
            (_, index) => ({ key: `a/public/${at + index}`, value: bytes("") })
          )
          yield* storage.commit(rates, { checks: [], writes })
        }
        const page = (options?: StorageRead.ListOptions) =>
          enforcer.require(StorageRead.StorageRead.on("a"))(list(options))
        const lengths = yield* Effect.forEach(
          [undefined, 0, -5, 1.9, Number.NaN, 2 ** 31, 2 ** 63, Number.POSITIVE_INFINITY],
          (limit) => Effect.map(page({ limit }), ({ keys }) => keys.length)
        )
        assert.deepStrictEqual(lengths, [100, 1, 1, 1, 100, 1_000, 1_000, 1_000])
        for (const cursor of ["*", "a/b", "_w", "A".repeat(5_000)]) {
          const error = yield* Effect.flip(page({ cursor }))
          assert.strictEqual(error instanceof StorageError ? error.reason : error._tag, "InvalidCursor", cursor)
        }
      })
    ))

  it.effect("says so where too many keys in a row may not be read", () =>
    admitted((enforcer, storage) =>
      Effect.gen(function*() {
        for (let index = 0; index < 12_000; index += 200) {
          const writes = Array.from({ length: 200 }, (_, at) => ({ key: `a/q/${index + at}`, value: bytes("") }))
          yield* storage.commit(rates, { checks: [], writes })
        }
        yield* storage.set(rates, "a/public/1", bytes(""))
        const read = yield* enforcer.require(StorageRead.StorageRead.on("a"))(StorageRead.StorageRead)
        const first = yield* read.list()
        assert.deepStrictEqual(first.keys, ["a/public/1"])
        const error = yield* Effect.flip(read.list({ cursor: first.cursor }))
        assert.strictEqual(error instanceof StorageError ? error.reason : error._tag, "TooMany")
      })
    ))
})
