/** Storage of one component, in a file or in memory, within its quota. */
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeStorage from "@airssys/platform-node/NodeStorage"
import { Storage, StorageStore } from "airssys/component"
import { AuditLog, Principal, Quota, Quotas } from "airssys/security"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Work } from "../../harness/Suite.ts"
import { expect, fresh, keyOf, shuffled } from "./Work.ts"

export type Kind = "memory" | "sqlite"

const owner = Principal.make({ kind: "Component", id: "acme:orders" })
const free = { commit: () => {}, release: () => {} }
const filling = 1_000

const fill = (store: StorageStore.StorageStore["Service"], keys: number) =>
  Effect.scoped(Effect.gen(function*() {
    const draft = yield* store.draft(Storage.ownerOf(owner))
    for (let from = 0; from < keys; from += filling) {
      yield* draft.add(Array.from({ length: Math.min(filling, keys - from) }, (_, index) => ({
        key: keyOf(from + index),
        value: fresh(index),
        tenant: undefined
      })))
    }
    yield* draft.publish(() => Result.succeed(free))
  }))

const build = async (kind: Kind, keys: number) => {
  const folder = await fs.mkdtemp(join(tmpdir(), "airssys-bench-"))
  const scope = Scope.makeUnsafe()
  const store = kind === "memory" ? StorageStore.layerMemory : NodeStorage.layerStore(join(folder, "a"))
  const filled = Layer.effectDiscard(Effect.flatMap(StorageStore.StorageStore, (store) => fill(store, keys)))
  const context = await Effect.runPromise(Layer.buildWithScope(
    Storage.layer.pipe(
      Layer.provide(filled),
      Layer.provide(store),
      Layer.provide(Quotas.layerMemory({ component: { ...Quota.unlimited, storage: 2 ** 40 } })),
      Layer.provide(AuditLog.layerMemory()),
      Layer.provide(NodeDigest.layer)
    ),
    scope
  ))
  const run = Effect.runPromiseWith(context)
  const close = async () => {
    await run(Scope.close(scope, Exit.void))
    await fs.rm(folder, { recursive: true, force: true })
  }
  return { storage: await run(Storage.Storage), run, close }
}

export const get = async (kind: Kind, keys: number): Promise<Work> => {
  const { close, run, storage } = await build(kind, keys)
  const next = shuffled(keys)
  let found = 0
  return {
    run: (count) =>
      run(Effect.gen(function*() {
        for (let done = 0; done < count; done++) {
          if (Option.isSome(yield* storage.get(owner, keyOf(next())))) found++
        }
      })),
    check: (count) => {
      expect(found, count)
      found = 0
    },
    close
  }
}

/** So many at once, and the next so many when all of them are durable. */
export const set = async (kind: Kind, keys: number, together: number): Promise<Work> => {
  const { close, run, storage } = await build(kind, keys)
  const next = shuffled(keys)
  let made = 0
  const one = Effect.suspend(() => storage.set(owner, keyOf(next()), fresh(made++)))
  const some = together === 1 ? one : Effect.all(Array.from({ length: together }, () => one), {
    concurrency: "unbounded",
    discard: true
  })
  return {
    run: (count) =>
      run(Effect.gen(function*() {
        for (let done = 0; done < count; done += together) yield* some
      })),
    check: async (count) => {
      expect(made, count)
      made = 0
      expect((await run(storage.usage(owner))).keys, keys)
    },
    close
  }
}

export const list = async (kind: Kind, keys: number, page: number): Promise<Work> => {
  const { close, run, storage } = await build(kind, keys)
  const next = shuffled(keys - page)
  let found = 0
  return {
    run: (count) =>
      run(Effect.gen(function*() {
        for (let done = 0; done < count; done++) {
          found += (yield* storage.keys(owner, { within: "orders", after: keyOf(next()), limit: page })).length
        }
      })),
    check: (count) => {
      expect(found, count * page)
      found = 0
    },
    close
  }
}

export const commit = async (kind: Kind, keys: number, size: number): Promise<Work> => {
  const { close, run, storage } = await build(kind, keys)
  const next = shuffled(keys - size)
  let existed = 0
  return {
    run: (count) =>
      run(Effect.gen(function*() {
        for (let done = 0; done < count; done++) {
          const from = next()
          const writes = Array.from({ length: size }, (_, index) => ({ key: keyOf(from + index), value: fresh(done) }))
          const outcome = yield* storage.commit(owner, { checks: [], writes })
          if (outcome._tag === "Committed") existed += outcome.existed
        }
      })),
    check: (count) => {
      expect(existed, count * size)
      existed = 0
    },
    close
  }
}
