import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import * as TrustRegistry from "airssys/security/TrustRegistry"
import * as TrustStore from "airssys/security/TrustStore"
import * as CrashDisk from "airssys/testing/CrashDisk"
import * as TrustStoreTest from "airssys/testing/TrustStoreTest"
import { Effect, Exit, FileSystem, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { layerSignature } from "../../src/testing/internal/publisherTrustTest.ts"

const inFolder = (options: { readonly backups?: number }) =>
  Layer.unwrap(Effect.map(
    Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
    (folder) => TrustStore.layerFile({ ...options, path: `${folder}/trust` })
  )).pipe(Layer.provide(NodeFileSystem.layer))

TrustStoreTest.suite("files", inFolder)

describe("TrustStore.layerFile", () => {
  it.effect("keeps its files from other users, and takes no link for one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const path = `${folder}/trust`
      yield* Effect.gen(function*() {
        const store = yield* TrustStore.TrustStore
        yield* store.stage("one")
        yield* store.promote(0)
        yield* store.stage("two")
        yield* store.promote(1)
        yield* store.stage("three")
        for (const name of ["trust", "trust.next", "trust.1.bak"]) {
          assert.strictEqual((yield* fs.stat(`${folder}/${name}`)).mode & 0o777, 0o600, name)
        }
        yield* fs.rename(path, `${folder}/elsewhere`)
        yield* fs.symlink(`${folder}/elsewhere`, path)
        assert.strictEqual((yield* Effect.flip(store.read)).reason, "Unreadable")
        yield* fs.remove(path)
        execFileSync("mkfifo", [path])
        assert.include((yield* Effect.flip(store.read)).message, "is no file", "and does not wait for a writer")
      }).pipe(Effect.provide(TrustStore.layerFile({ path })))
    }).pipe(Effect.provide(NodeFileSystem.layer)))
})

const digestOf = (index: number) => `sha256:${String(index).padStart(64, "0")}`

type Act = (registry: TrustRegistry.TrustRegistry["Service"], digest: string) => Effect.Effect<void, unknown>
const trust: Act = (registry, digest) => registry.trustDigest(digest, "reviewed")
const revoke: Act = (registry, digest) => registry.revokeDigest(digest, "bad")

const open = <A, E>(
  disk: CrashDisk.CrashDisk,
  use: (registry: TrustRegistry.TrustRegistry["Service"]) => Effect.Effect<A, E>
) =>
  Effect.provide(
    Effect.flatMap(TrustRegistry.TrustRegistry, use),
    TrustRegistry.layer().pipe(
      Layer.provide([TrustStore.layerFile({ path: "/disk/trust", backups: 2 }), layerSignature]),
      Layer.provide(AuditLog.layerFile({ path: "/disk/audit.jsonl" })),
      Layer.provide([disk.layer, NodeCrypto.layerDigest])
    ),
    { local: true }
  )

const levels = (disk: CrashDisk.CrashDisk, count: number) =>
  open(
    disk,
    (registry) =>
      Effect.forEach(Array.from({ length: count }, (_, index) => index), (index) =>
        Effect.map(registry.evaluate({ digest: digestOf(index) }), (_) => _.level === "Trusted"))
  )

/** Trusts some digests and revokes the first again, is cut off after so many operations, and starts again twice. */
const life = Effect.fnUntraced(function*(
  disk: CrashDisk.CrashDisk,
  stopAfter: number,
  choose: CrashDisk.Choose
) {
  const acts: ReadonlyArray<readonly [Act, number]> = [[trust, 1], [trust, 2], [revoke, 0], [trust, 3]]
  yield* open(disk, (registry) => trust(registry, digestOf(0)))
  disk.stopAfter(stopAfter)
  const done: Array<boolean> = []
  yield* Effect.exit(
    open(
      disk,
      (registry) =>
        Effect.forEach(
          acts,
          ([act, index]) =>
            Effect.map(Effect.exit(act(registry, digestOf(index))), (exit) => void done.push(Exit.isSuccess(exit)))
        )
    )
  )
  disk.crash(choose)
  const found = yield* levels(disk, 4)
  for (const [at, [act, index]] of acts.entries()) {
    if (done[at] === true) assert.strictEqual(found[index], act === trust, `act ${at} was said to be done`)
  }
  assert.deepStrictEqual(yield* levels(disk, 4), found, "and stays so")
})

/** Numbers in [0, count) from a seed. */
const random = (seed: number): CrashDisk.Choose => {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 4_294_967_296 * count)
  }
}

const lives = (make: () => CrashDisk.CrashDisk, runs: number) =>
  Effect.forEach(
    Array.from({ length: runs }, (_, seed) => seed),
    (seed) => life(make(), seed % 45, random(seed * 7919 + 1)),
    { discard: true }
  )

describe("the state of trust on a disk whose power is cut", () => {
  it.effect("is whole at the next start, and what was said to be done is done", () =>
    lives(() => CrashDisk.make({ pageSize: 256 }), 180))

  it.effect("is not where files are not synced", () =>
    Effect.map(
      Effect.exit(lives(() => CrashDisk.make({ pageSize: 256, ignoresSync: true }), 200)),
      (exit) => assert.isTrue(Exit.isFailure(exit))
    ))

  it.effect("is not where the folder is not synced", () =>
    Effect.map(
      Effect.exit(lives(() => CrashDisk.make({ pageSize: 256, ignoresFolderSync: true }), 200)),
      (exit) => assert.isTrue(Exit.isFailure(exit))
    ))
})
