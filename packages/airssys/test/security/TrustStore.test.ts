import { assert, describe, it } from "@effect/vitest"
import { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as TrustRegistry from "airssys/security/TrustRegistry"
import * as TrustSource from "airssys/security/TrustSource"
import * as TrustStore from "airssys/security/TrustStore"
import { TrustStoreError } from "airssys/security/TrustStoreError"
import * as TrustStoreTest from "airssys/testing/TrustStoreTest"
import { Effect, Layer, Result } from "effect"
import { Digest, type Signature } from "effect/crypto"
import { TestClock } from "effect/testing"
import {
  day,
  keyOf,
  layerSignature,
  releaseOf,
  rotationOf,
  start
} from "../../src/testing/internal/publisherTrustTest.ts"

TrustStoreTest.suite("memory", (options) => Layer.succeed(TrustStore.TrustStore, TrustStore.makeMemory(options)))

const digest = `sha256:${"a".repeat(64)}`
const other = `sha256:${"b".repeat(64)}`
const third = `sha256:${"e".repeat(64)}`

/** A store in memory that can be looked at and put back by hand. */
class Disk {
  current: string | undefined
  staged: string | undefined
  readonly kept = new Map<number, string>()
  /** What is done before each step of the store; it may fail. */
  before: (step: string) => Effect.Effect<void, TrustStoreError> = () => Effect.void

  readonly service = TrustStore.TrustStore.of({
    read: Effect.sync(() => ({ current: this.current, staged: this.staged })),
    stage: (text) =>
      Effect.andThen(Effect.suspend(() => this.before("stage")), Effect.sync(() => void (this.staged = text))),
    promote: (keepAs) =>
      Effect.andThen(
        Effect.suspend(() => this.before("promote")),
        Effect.sync(() => {
          if (this.staged === undefined) return
          if (this.current !== undefined) this.kept.set(keepAs, this.current)
          this.current = this.staged
          this.staged = undefined
        })
      ),
    backups: Effect.sync(() => [...this.kept.keys()].toSorted((a, b) => b - a)),
    backup: (name) => Effect.sync(() => this.kept.get(name))
  })
}

type Open = <A, E>(
  effect: (registry: TrustRegistry.TrustRegistry["Service"]) => Effect.Effect<A, E, Signature.Signature>,
  options?: TrustRegistry.Options
) => Effect.Effect<A, unknown>

/** Gives a disk, and an audit log that outlives the registries over it. */
const withDisk = <A, E>(
  test: (world: {
    readonly disk: Disk
    readonly audit: AuditLog.AuditLog["Service"]
    readonly open: Open
    readonly restore: (
      backup: number
    ) => ReturnType<typeof TrustRegistry.restore> extends Effect.Effect<infer B, infer E2, infer _> ?
      Effect.Effect<B, E2> :
      never
  }) => Effect.Effect<A, E, Signature.Signature>,
  wrap: (audit: AuditLog.AuditLog["Service"]) => AuditLog.AuditLog["Service"] = (_) => _,
  log?: AuditLog.Options
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(start)
    const disk = new Disk()
    const audit = yield* AuditLog.AuditLog
    const services = Layer.mergeAll(
      Layer.succeed(AuditLog.AuditLog, wrap(audit)),
      Layer.succeed(TrustStore.TrustStore, disk.service),
      layerSignature,
      Digest.layerWebCrypto
    )
    const open: Open = (effect, options) =>
      Effect.flatMap(TrustRegistry.TrustRegistry, effect).pipe(
        Effect.provide(TrustRegistry.layer(options).pipe(Layer.provideMerge(services)), { local: true })
      )
    const restore = (backup: number) =>
      Effect.provide(TrustRegistry.restore(backup, "by hand"), services, { local: true })
    return yield* test({ disk, audit, open, restore })
  }).pipe(Effect.provide([AuditLog.layerMemory(log).pipe(Layer.provide(Digest.layerWebCrypto)), layerSignature]))

const level =
  (release: Parameters<TrustRegistry.TrustRegistry["Service"]["evaluate"]>[0]) =>
  (registry: TrustRegistry.TrustRegistry["Service"]) => Effect.map(registry.evaluate(release), (_) => _.level)

const reasonOf = (error: unknown): string => error instanceof TrustStoreError ? error.reason : String(error)

describe("a registry over a store", () => {
  it.effect("knows after a restart what it knew before", () =>
    withDisk(({ open }) =>
      Effect.gen(function*() {
        const [one, two, three] = [yield* keyOf(1), yield* keyOf(2), yield* keyOf(3)]
        const source = (key: typeof one) => Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme"]))
        const git = Result.getOrThrow(TrustSource.git("https://acme.example/x", { commit: "1".repeat(40) }))
        const seen = yield* releaseOf([one], { version: "2.0.0" })
        const stolen = yield* releaseOf([three], { name: "totals" })
        yield* open((registry) =>
          Effect.gen(function*() {
            yield* registry.trustDigest(digest, "reviewed")
            yield* registry.revokeDigest(other, "bad")
            yield* registry.trustPath("/srv/plugins", "ours")
            yield* registry.trust(git, { reason: "theirs", expires: "2027-12-31" })
            yield* registry.trust(source(one), { reason: "one" })
            yield* registry.trust(source(three), { reason: "three" })
            yield* registry.evaluate({ ...seen, isStarting: true })
            yield* registry.evaluate(stolen)
            yield* TestClock.adjust(day)
            yield* registry.rotateKey(yield* rotationOf(one, two, { issued: start, notAfter: start + 9 * day }))
            yield* registry.revokeKey(three.publicKey, { compromised: start + 1, reason: "stolen" })
            yield* registry.revokePath("/srv/plugins", "moved")
          })
        )
        yield* open((registry) =>
          Effect.gen(function*() {
            assert.strictEqual(yield* level({ digest })(registry), "Trusted")
            assert.strictEqual((yield* registry.evaluate({ digest: other })).because, "this digest was revoked: bad")
            assert.strictEqual(yield* level({ digest: other, path: "/srv/plugins" })(registry), "Unknown")
            yield* registry.revokeDigest(digest, "over")
            assert.strictEqual(yield* level(seen)(registry), "Unknown")
            yield* registry.trustDigest(digest, "again")
            const at = { url: "https://acme.example/x", commit: "1".repeat(40) }
            assert.strictEqual(yield* level({ digest: `sha256:${"c".repeat(64)}`, git: at })(registry), "Trusted")
            const levelOf = (keys: typeof one, version: string) =>
              Effect.flatMap(releaseOf([keys], { version, artifact: third }), (release) => level(release)(registry))
            assert.strictEqual(yield* levelOf(two, "2.1.0"), "Trusted")
            assert.strictEqual(yield* levelOf(two, "1.0.0"), "Unknown", "below one that was here")
            assert.strictEqual(yield* levelOf(one, "2.2.0"), "Unknown", "of a key that was replaced")
            assert.strictEqual(yield* levelOf(three, "9.0.0"), "Unknown", "of a key that was revoked")
          })
        )
      })
    ))

  it.effect("trusts nothing where neither a state nor a log is", () =>
    withDisk(({ audit, disk, open }) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* open(level({ digest })), "Unknown")
        assert.isUndefined(disk.current)
        assert.deepStrictEqual((yield* audit.entries).map((_) => _.event._tag), ["TrustDecided"])
      })
    ))

  it.effect("names in the log the state that it wrote, before it trusts by it", () =>
    withDisk(({ audit, disk, open }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.trustDigest(digest, "reviewed"))
        const stored = (yield* audit.entries).map((_) => _.event).find((_) => _._tag === "TrustStored")
        const line = disk.current!.split("\n").at(-2)
        assert.deepStrictEqual(stored, { _tag: "TrustStored", generation: 1, state: line! })
      })
    ))

  const damaged = (change: (text: string) => string | undefined) =>
    withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.revokeDigest(digest, "bad"))
        const before = disk.current!
        disk.current = change(before)
        const error = yield* Effect.flip(open(level({ digest })))
        assert.strictEqual(disk.current, change(before), "the damage is left as it is")
        return error
      })
    )

  it.effect("does not start on a state that is gone, cut, empty or changed, and says what to do", () =>
    Effect.gen(function*() {
      const changes: ReadonlyArray<[string, (text: string) => string | undefined]> = [
        ["Missing", () => undefined],
        ["Corrupted", () => ""],
        ["Corrupted", (text) => text.slice(0, -1)],
        ["Corrupted", (text) => text.slice(0, text.length / 2)],
        ["Corrupted", (text) => `${text}\n`],
        ["Corrupted", (text) => text.replace("bad", "sad")],
        ["Corrupted", (text) => text.replace(digest, other)],
        ["Corrupted", (text) => text.replace("trust-state/1", "trust-state/2")]
      ]
      for (const [reason, change] of changes) {
        const error = yield* damaged(change)
        assert.strictEqual(reasonOf(error), reason, String(change))
        assert.include(String(error), "Restore a backup")
      }
    }))

  it.effect("does not start with nothing where there are backups and no log names a state", () =>
    withDisk((first) =>
      withDisk((second) =>
        Effect.gen(function*() {
          yield* first.open((registry) => registry.revokeDigest(digest, "bad"))
          second.disk.kept.set(1, first.disk.current!)
          assert.strictEqual(reasonOf(yield* Effect.flip(second.open(() => Effect.void))), "Missing")
        })
      )
    ))

  it.effect("finds a change of any one character", () =>
    withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.revokeDigest(digest, "bad"))
        const text = disk.current!
        for (let at = 0; at < text.length; at++) {
          disk.current = `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`
          assert.strictEqual(reasonOf(yield* Effect.flip(open(() => Effect.void))), "Corrupted", `at ${at}`)
        }
      })
    ))

  it.effect("does not start on an older state that was put back", () =>
    withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.trustDigest(digest, "reviewed"))
        const older = disk.current
        yield* open((registry) => registry.revokeDigest(digest, "bad"))
        disk.current = older
        const error = yield* Effect.flip(open(level({ digest })))
        assert.strictEqual(reasonOf(error), "RolledBack")
        assert.include(String(error), "it is generation 1, and not generation 2")
        disk.staged = older
        assert.strictEqual(reasonOf(yield* Effect.flip(open(level({ digest })))), "RolledBack")
      })
    ))

  it.effect("does not start on a state of the same number that another host wrote", () =>
    withDisk((mine) =>
      withDisk((theirs) =>
        Effect.gen(function*() {
          yield* theirs.open((registry) => registry.trustDigest(digest, "reviewed"))
          yield* mine.open((registry) => registry.revokeDigest(digest, "bad"))
          mine.disk.current = theirs.disk.current
          assert.strictEqual(reasonOf(yield* Effect.flip(mine.open(level({ digest })))), "RolledBack")
        })
      )
    ))

  it.effect("holds by what the log names where it could not be put in place, until it can", () =>
    withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        const full = new TrustStoreError({ reason: "Unwritable", detail: "disk full", remedy: "" })
        const failing = (...steps: ReadonlyArray<string>) =>
          Effect.sync(() => void (disk.before = (step) => steps.includes(step) ? Effect.fail(full) : Effect.void))
        yield* open((registry) =>
          Effect.gen(function*() {
            yield* failing("promote")
            yield* registry.trustDigest(digest, "reviewed")
            assert.strictEqual(yield* level({ digest })(registry), "Trusted")
            assert.strictEqual(reasonOf(yield* Effect.flip(registry.trustDigest(other, "x"))), "Unwritable")
            yield* failing("stage")
            assert.strictEqual(reasonOf(yield* Effect.flip(registry.trustDigest(other, "x"))), "Unwritable")
          })
        )
        yield* failing()
        assert.strictEqual(yield* open(level({ digest })), "Trusted")
        assert.strictEqual(yield* open(level({ digest: other })), "Unknown")
      })
    ))

  it.effect("takes away at the next start what could be recorded and not be stored", () =>
    withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        const key = yield* keyOf(1)
        const source = Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme"]))
        const full = new TrustStoreError({ reason: "Unwritable", detail: "disk full", remedy: "" })
        yield* open((registry) =>
          Effect.gen(function*() {
            yield* registry.trustDigest(digest, "reviewed")
            yield* registry.trustPath("/srv/plugins", "ours")
            yield* registry.trust(source, { reason: "one" })
            disk.before = () => Effect.fail(full)
            assert.strictEqual(reasonOf(yield* Effect.flip(registry.trustDigest(other, "x"))), "Unwritable")
            assert.strictEqual(reasonOf(yield* Effect.flip(registry.revokeDigest(digest, "bad"))), "Unwritable")
            yield* Effect.flip(registry.revokePath("/srv/plugins", "moved"))
            yield* Effect.flip(registry.revokeKey(key.publicKey, { reason: "stolen" }))
            assert.strictEqual(yield* level({ digest })(registry), "Unknown", "at once")
            assert.strictEqual(yield* level({ digest: other })(registry), "Unknown")
          })
        )
        disk.before = () => Effect.void
        yield* open((registry) =>
          Effect.gen(function*() {
            assert.strictEqual(yield* level({ digest })(registry), "Unknown")
            assert.strictEqual(yield* level({ digest: other, path: "/srv/plugins/x" })(registry), "Unknown")
            const release = yield* releaseOf([key])
            assert.strictEqual(yield* level(release)(registry), "Unknown")
          })
        )
      })
    ))
})

describe("what is declared at the start", () => {
  const declared = [TrustSource.digest(digest), TrustSource.digest(other)].map((source) => ({
    source: Result.getOrThrow(source),
    reason: "in our file"
  }))

  it.effect("is trusted and recorded, and ends when it is declared no more", () =>
    withDisk(({ audit, disk, open }) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* open(level({ digest }), { declared }), "Trusted")
        yield* open((registry) => registry.trustPath("/srv/x", "stored"), { declared })
        assert.notInclude(disk.current!, "in our file")
        assert.strictEqual(yield* open(level({ digest })), "Unknown")
        assert.deepInclude((yield* audit.entries).map((_) => _.event), {
          _tag: "TrustGiven",
          digest,
          reason: "in our file"
        })
      })
    ))

  it.effect("does not give back what was revoked", () =>
    withDisk(({ open }) =>
      Effect.gen(function*() {
        const key = yield* keyOf(1)
        const publisher = {
          source: Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme"])),
          reason: "in our file"
        }
        const release = yield* releaseOf([key], { artifact: third })
        const all = [...declared, publisher]
        assert.strictEqual(yield* open(level(release), { declared: all }), "Trusted")
        yield* open(
          (registry) =>
            Effect.andThen(
              registry.revokeDigest(digest, "bad"),
              registry.revokeKey(key.publicKey, { reason: "stolen" })
            ),
          { declared: all }
        )
        assert.strictEqual(yield* open(level({ digest }), { declared: all }), "Unknown")
        assert.strictEqual(yield* open(level(release), { declared: all }), "Unknown")
        assert.strictEqual(yield* open(level({ digest: other }), { declared: all }), "Trusted")
      })
    ))
})

describe("a crash between the steps of a change", () => {
  const crashed = new TrustStoreError({ reason: "Unwritable", detail: "power cut", remedy: "" })

  /** Lets `steps` steps of disk and log happen after `before`, and none after them. */
  const crashAfter = (steps: number, change: Parameters<Open>[0], before: Parameters<Open>[0]) => {
    let left = Infinity
    const spend = Effect.suspend(() => left-- > 0 ? Effect.void : Effect.fail(crashed))
    const cut = Effect.suspend(() =>
      left-- > 0 ? Effect.void : Effect.fail(new AuditError({ reason: "Unwritable", detail: "power cut" }))
    )
    return withDisk(({ disk, open }) =>
      Effect.gen(function*() {
        disk.before = () => spend
        yield* open(before)
        left = steps
        const isDone = Result.isSuccess(yield* Effect.result(open(change)))
        left = Infinity
        const levels = [yield* open(level({ digest })), yield* open(level({ digest: other }))]
        yield* open((registry) => registry.trustPath("/srv", "goes on"))
        assert.deepStrictEqual([yield* open(level({ digest })), yield* open(level({ digest: other }))], levels)
        return { isDone, levels }
      }), (audit) => ({
        ...audit,
        append: (event: AuditEvent) => Effect.andThen(cut, audit.append(event)),
        appendAll: (events: ReadonlyArray<AuditEvent>) => Effect.andThen(cut, audit.appendAll(events))
      }))
  }

  it.effect("leaves the state before it or the one after it, and what was said to be done is done", () =>
    Effect.gen(function*() {
      const outcomes: Array<string> = []
      for (let steps = 0; steps <= 4; steps++) {
        const { isDone, levels } = yield* crashAfter(
          steps,
          (registry) => registry.trustDigest(other, "new"),
          (registry) => registry.trustDigest(digest, "old")
        )
        assert.strictEqual(levels[0], "Trusted")
        if (isDone) assert.strictEqual(levels[1], "Trusted")
        outcomes.push(`${isDone ? "done" : "failed"} ${levels[1]}`)
      }
      assert.deepStrictEqual(outcomes, [
        "failed Unknown",
        "failed Unknown",
        "done Trusted",
        "done Trusted",
        "done Trusted"
      ])
    }))

  it.effect("loses no revocation that was said to be done or is in the log", () =>
    Effect.gen(function*() {
      const outcomes: Array<string> = []
      for (let steps = 0; steps <= 4; steps++) {
        const { isDone, levels } = yield* crashAfter(
          steps,
          (registry) => registry.revokeDigest(digest, "bad"),
          (registry) => registry.trustDigest(digest, "old")
        )
        outcomes.push(`${isDone ? "done" : "failed"} ${levels[0]}`)
      }
      assert.deepStrictEqual(outcomes, [
        "failed Trusted",
        "failed Trusted",
        "done Unknown",
        "done Unknown",
        "done Unknown"
      ])
    }))
})

describe("opening a state of trust", () => {
  it.effect("keeps no entries of the log in memory but those about trust", () =>
    withDisk(
      ({ open, restore }) =>
        Effect.gen(function*() {
          yield* open((registry) => registry.trustDigest(digest, "reviewed"))
          yield* open((registry) => registry.trustPath("/srv/x", "ours"))
          yield* restore(1)
          assert.strictEqual(yield* open(level({ digest })), "Trusted")
        }),
      (audit) => ({ ...audit, entries: Effect.die("all that guests did") })
    ))
})

describe("an audit log that gives up its oldest segments", () => {
  const log: AuditLog.Options = { rotate: { bytes: 2048 }, retain: { segments: 2 } }
  const keep = (_: AuditLog.AuditLog["Service"]) => _

  /** Writes until nothing of what is there now is left, several times over. */
  const fill = (audit: AuditLog.AuditLog["Service"]) =>
    Effect.gen(function*() {
      const because = "x".repeat(512)
      for (let index = 0; index < 60; index++) {
        yield* audit.append({ _tag: "TrustDecided", digest: other, level: "Unknown", because })
        yield* audit.flush
      }
      const [first] = yield* audit.entries
      assert.isAbove(first!.sequence, 40)
      yield* audit.verify
    })

  it.effect("still knows the state that was stored last, and refuses an older one", () =>
    withDisk(
      ({ audit, disk, open }) =>
        Effect.gen(function*() {
          yield* open((registry) => registry.trustDigest(digest, "reviewed"))
          const old = disk.current
          yield* open((registry) => registry.revokeDigest(digest, "bad"))
          const latest = disk.current
          yield* fill(audit)
          disk.current = old
          assert.strictEqual(reasonOf(yield* Effect.flip(open(() => Effect.void))), "RolledBack")
          disk.current = latest
          assert.strictEqual(yield* open(level({ digest })), "Unknown")
        }),
      keep,
      log
    ))

  it.effect("still knows what could be recorded and not be stored", () =>
    withDisk(
      ({ audit, disk, open }) =>
        Effect.gen(function*() {
          yield* open((registry) => registry.trustDigest(digest, "reviewed"))
          yield* open((registry) =>
            Effect.gen(function*() {
              disk.before = () => Effect.fail(new TrustStoreError({ reason: "Unwritable", detail: "full", remedy: "" }))
              yield* Effect.flip(registry.revokeDigest(digest, "bad"))
              disk.before = () => Effect.void
            })
          )
          yield* fill(audit)
          assert.strictEqual(yield* open(level({ digest })), "Unknown")
        }),
      keep,
      log
    ))
})

describe("restoring a backup", () => {
  it.effect("gives back what was trusted then, without what was taken away since", () =>
    withDisk(({ disk, open, restore }) =>
      Effect.gen(function*() {
        const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
        const source = (key: typeof one) => Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme", "other"]))
        const newer = yield* releaseOf([one], { version: "2.0.0", namespace: "other", artifact: third })
        const older = yield* releaseOf([one], { version: "1.0.0", namespace: "other", artifact: other })
        yield* open((registry) =>
          Effect.gen(function*() {
            yield* registry.trustPath("/srv/plugins", "ours")
            yield* registry.trustDigest(digest, "reviewed")
            yield* registry.trust(source(one), { reason: "one" })
            yield* registry.trust(source(two), { reason: "two" })
            yield* registry.trustPath("/srv/kept", "ours")
            yield* registry.revokeDigest(digest, "bad")
            yield* registry.revokeKey(two.publicKey, { reason: "stolen" })
            yield* registry.revokePath("/srv/plugins", "moved")
            yield* registry.evaluate({ ...newer, isStarting: true })
            yield* registry.revokeDigest(newer.digest, "bad")
          })
        )
        disk.current = disk.current!.replace("ours", "OURS")
        assert.strictEqual(reasonOf(yield* Effect.flip(open(() => Effect.void))), "Corrupted")
        const restored = yield* restore(5)
        assert.isTrue(restored.isComplete)
        yield* open((registry) =>
          Effect.gen(function*() {
            assert.strictEqual(yield* level({ digest: other, path: "/srv/kept/x" })(registry), "Trusted")
            assert.strictEqual(yield* level({ digest: other, path: "/srv/plugins/x" })(registry), "Unknown")
            assert.strictEqual((yield* registry.evaluate({ digest })).because, "this digest was revoked: bad")
            assert.strictEqual(yield* level(yield* releaseOf([two], { artifact: other }))(registry), "Unknown")
            assert.strictEqual(yield* level(older)(registry), "Unknown", "a version below one that was here")
            const next = yield* releaseOf([one], { version: "2.0.1", namespace: "other", artifact: other })
            assert.strictEqual(yield* level(next)(registry), "Trusted")
          })
        )
      })
    ))

  it.effect("is found to be right after the next restarts, and is in the log with its reason", () =>
    withDisk(({ audit, disk, open, restore }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.trustDigest(digest, "reviewed"))
        yield* open((registry) => registry.trustDigest(other, "reviewed"))
        disk.current = undefined
        assert.strictEqual((yield* restore(1)).generation, 3)
        assert.strictEqual(yield* open(level({ digest })), "Trusted")
        assert.strictEqual(yield* open(level({ digest: other })), "Unknown")
        yield* open((registry) => registry.trustDigest(other, "again"))
        assert.strictEqual(yield* open(level({ digest: other })), "Trusted")
        const events = (yield* audit.entries).map((_) => _.event)
        assert.deepInclude(events, { _tag: "TrustRestored", generation: 1, reason: "by hand" })
      })
    ))

  it.effect("brings nothing back that the current state has left", () =>
    withDisk(({ open, restore }) =>
      Effect.gen(function*() {
        yield* open((registry) => registry.trustDigest(digest, "reviewed"))
        yield* open((registry) => registry.trustPath("/srv/x", "ours"))
        yield* open((registry) => registry.revokePath("/srv/x", "moved"))
        yield* restore(2)
        assert.strictEqual(yield* open(level({ digest: other, path: "/srv/x" })), "Unknown")
        assert.strictEqual(yield* open(level({ digest })), "Trusted")
      })
    ))

  it.effect.each(["taken away", "narrowed"])(
    "knows a publisher by the keys that took the place of others since, from which trust was %s",
    (how) =>
      withDisk(({ disk, open, restore }) =>
        Effect.gen(function*() {
          const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
          const source = (key: typeof one, namespace = "*") =>
            Result.getOrThrow(TrustSource.publisher(key.publicKey, [namespace]))
          const release = yield* releaseOf([one])
          yield* open((registry) => registry.trust(source(one), { reason: "one" }))
          yield* open((registry) => registry.evaluate(release))
          const rotation = yield* rotationOf(one, two, { issued: start, notAfter: start + day })
          yield* TestClock.adjust(1)
          yield* open((registry) => registry.rotateKey(rotation))
          assert.strictEqual(yield* open(level(release)), "Trusted")
          yield* open((registry) =>
            how === "narrowed"
              ? registry.trust(source(two, "other"), { reason: "only there" })
              : registry.revoke(source(two), "we parted")
          )
          assert.strictEqual(yield* open(level(release)), "Unknown")
          disk.current = undefined
          yield* restore(2)
          assert.strictEqual(yield* open(level(release)), "Unknown")
        })
      )
  )

  it.effect.each(["lost", "there"])(
    "counts the versions of a publisher for the key that took the place of its own since, with the state %s",
    (how) =>
      withDisk(({ disk, open, restore }) =>
        Effect.gen(function*() {
          const [one, two] = [yield* keyOf(1), yield* keyOf(2)]
          const source = (key: typeof one) => Result.getOrThrow(TrustSource.publisher(key.publicKey, ["acme"]))
          const [newer, older] = [yield* releaseOf([two], { version: "2.0.0" }), yield* releaseOf([two])]
          yield* open((registry) => registry.trust(source(one), { reason: "one" }))
          const rotation = yield* rotationOf(one, two, { issued: start, notAfter: start + day })
          yield* open((registry) => registry.rotateKey(rotation))
          yield* open(level({ ...newer, isStarting: true }))
          if (how === "lost") disk.current = undefined
          yield* restore(1)
          yield* open((registry) => registry.trust(source(two), { reason: "one, as before" }))
          assert.deepStrictEqual([yield* open(level(older)), yield* open(level(newer))], ["Unknown", "Trusted"])
        })
      )
  )

  it.effect("holds a version that was here to its bytes, also where one was allowed without any", () =>
    withDisk(({ disk, open, restore }) =>
      Effect.gen(function*() {
        const one = yield* keyOf(1)
        const source = Result.getOrThrow(TrustSource.publisher(one.publicKey, ["acme"]))
        const starting = (version: string, artifact: string) =>
          Effect.map(releaseOf([one], { version, artifact }), (release) => ({ ...release, isStarting: true }))
        yield* open((registry) => registry.trust(source, { reason: "one" }))
        yield* open(level(yield* starting("2.0.0", third)))
        const lower = { publisher: one.publicKey, component: "acme:rates", version: "1.0.0", reason: "2 is broken" }
        yield* open((registry) => registry.allowDowngrade(lower))
        yield* open((registry) => registry.trustDigest(third, "reviewed"))
        yield* open(level(yield* starting("1.0.0", digest)))
        assert.strictEqual(yield* open(level(yield* starting("1.0.0", other))), "Unknown")
        for (const isLost of [false, true]) {
          if (isLost) disk.current = undefined
          yield* restore(4)
          assert.strictEqual(yield* open(level(yield* starting("1.0.0", other))), "Unknown", `${isLost}`)
          assert.strictEqual(yield* open(level(yield* starting("1.0.0", digest))), "Trusted", `${isLost}`)
        }
      })
    ))

  it.effect("trusts nothing more widely, or for longer, than it was trusted again since", () =>
    withDisk((first) =>
      withDisk((second) =>
        Effect.gen(function*() {
          const one = yield* keyOf(1)
          const source = (...namespaces: ReadonlyArray<string>) =>
            Result.getOrThrow(TrustSource.publisher(one.publicKey, namespaces))
          const folder = Result.getOrThrow(TrustSource.path("/srv/x"))
          yield* first.open((registry) => registry.trust(folder, { reason: "ours" }))
          yield* first.open((registry) => registry.trust(source("*"), { reason: "all" }))
          yield* first.open((registry) => registry.trust(folder, { reason: "ours", expires: "2000-01-01" }))
          yield* first.open((registry) => registry.trust(source("acme", "acme-*"), { reason: "its own" }))
          second.disk.kept.set(2, first.disk.kept.get(2)!)
          second.disk.current = first.disk.current
          for (const { open, restore } of [first, second]) {
            if (open === first.open) first.disk.current = undefined
            yield* restore(2)
            for (
              const [namespace, expected] of [["other", "Unknown"], ["acme", "Trusted"], ["acme-x", "Trusted"]] as const
            ) {
              const release = yield* releaseOf([one], { namespace, artifact: other })
              assert.strictEqual(yield* open(level(release)), expected, namespace)
            }
            assert.strictEqual(yield* open(level({ digest, path: "/srv/x/y" })), "Unknown")
          }
        })
      )
    ))

  it.effect("takes none that the log does not name, as far back as it goes", () =>
    withDisk((own) =>
      withDisk((foreign) =>
        Effect.gen(function*() {
          yield* own.open((registry) => registry.trustDigest(digest, "reviewed"))
          yield* own.open((registry) => registry.trustDigest(other, "reviewed"))
          yield* foreign.open((registry) => registry.trustPath("/srv/evil", "planted"))
          const first = foreign.disk.current!
          for (let more = 0; more < 8; more++) {
            yield* foreign.open((registry) => registry.trustPath(`/srv/${more}`, "planted"))
          }
          own.disk.kept.set(0, first)
          own.disk.kept.set(9, foreign.disk.current!)
          own.disk.current = undefined
          for (const planted of [0, 9]) {
            const error = yield* Effect.flip(own.restore(planted))
            assert.strictEqual(reasonOf(error), "Corrupted", `${planted}`)
            assert.include(String(error), "does not name it")
          }
          yield* own.restore(1)
          assert.strictEqual(yield* own.open(level({ digest })), "Trusted")
          assert.strictEqual(yield* own.open(level({ digest: third, path: "/srv/evil/x" })), "Unknown")
        })
      )
    ))

  it.effect("says where the log does not go back to it, and takes none that is damaged or not there", () =>
    withDisk((first) =>
      withDisk((second) =>
        Effect.gen(function*() {
          yield* first.open((registry) => registry.trustDigest(digest, "reviewed"))
          second.disk.kept.set(1, first.disk.current!)
          assert.isFalse((yield* second.restore(1)).isComplete)
          yield* first.open((registry) => registry.revokeDigest(digest, "bad"))
          second.disk.current = first.disk.current
          yield* second.restore(1)
          assert.strictEqual(yield* second.open(level({ digest })), "Unknown", "as the state that it replaced says")
          second.disk.kept.set(7, first.disk.current!.replace("bad", "sad"))
          assert.strictEqual(reasonOf(yield* Effect.flip(second.restore(7))), "Corrupted")
          const error = yield* Effect.flip(second.restore(9))
          assert.strictEqual(reasonOf(error), "NoBackup")
          assert.include(String(error), "There are 7,")
        })
      )
    ))
})
