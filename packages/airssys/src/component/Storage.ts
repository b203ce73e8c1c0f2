/**
 * Values by key, each owner's for itself, held to their quota.
 *
 * The owner is a principal that the host bound; no guest says whose storage it
 * wants. What a write adds is reserved from the `storage` quota of the
 * component, and of the tenant on whose account it runs, in one step with the
 * write: two writes that fit only one at a time never both get in. Who may use
 * which key is decided before: `StorageRead` and `StorageWrite` over this service.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { type Batch, batchLimit, type KeyValue, pageLimit, type StorageError } from "../security/KeyValue.ts"
import * as Powers from "../security/Powers.ts"
import type { Principal } from "../security/Principal.ts"
import * as Quotas from "../security/Quotas.ts"
import * as StorageRead from "../security/StorageRead.ts"
import * as StorageWrite from "../security/StorageWrite.ts"
import { Tenant } from "./Delivery.ts"
import * as storageAccount from "./internal/storageAccount.ts"
import * as storageKey from "./internal/storageKey.ts"
import * as storageTransfer from "./internal/storageTransfer.ts"
import type * as StorageFile from "./StorageFile.ts"
import * as StorageStore from "./StorageStore.ts"

/**
 * The most characters of a key, and the most bytes of a value and of all values
 * of a batch.
 *
 * @category models
 * @since 0.1.0
 */
export const limits: { readonly key: number; readonly value: number; readonly batch: number } = {
  key: storageKey.keyLimit,
  value: storageKey.valueLimit,
  batch: storageKey.batchBytes
}

/**
 * How a file is taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImportOptions {
  /** Takes the place of what there is. Without it an owner that holds something is left alone. */
  readonly replace?: boolean | undefined
  /** Takes a file of another owner. */
  readonly fromAnother?: boolean | undefined
}

/**
 * Service that keeps the values of components and host programs.
 *
 * @category services
 * @since 0.1.0
 */
export class Storage extends Context.Service<
  Storage,
  KeyValue & {
    /** Writes one value, and gives its revision. */
    readonly set: (owner: Principal, key: string, value: Uint8Array) => Effect.Effect<number, StorageError>
    /** Removes one value; whether there was one. */
    readonly remove: (owner: Principal, key: string) => Effect.Effect<boolean, StorageError>
    /** The lines of a file with everything as it is when this begins, whatever is written meanwhile. */
    readonly exportLines: (owner: Principal) => Stream.Stream<string, StorageError>
    /**
     * Takes a file whole or not at all; also nothing of it is seen before. What
     * the owner had is replaced, so imported entries are held to its quota
     * alone.
     */
    readonly importFile: <E, R>(
      owner: Principal,
      bytes: Stream.Stream<Uint8Array, E, R>,
      options?: ImportOptions
    ) => Effect.Effect<StorageFile.Header, StorageError | StorageFile.StorageFileError | E, R>
    /** Reads all that is stored, and compares it with its checksums and counts. */
    readonly verify: Effect.Effect<ReadonlyArray<StorageStore.Damage>, StorageError>
  }
>()("airssys/component/Storage") {}

/**
 * The name under which the store keeps what is a principal's:
 * `component/acme:rates`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const ownerOf = (owner: Principal): string => `${owner.kind.toLowerCase()}/${owner.id}`

const unavailable = (key: string) => (cause: StorageStore.StorageStoreError): StorageError =>
  storageKey.error(cause.reason === "Damaged" ? "Damaged" : "Unavailable", key, cause.detail, cause)

/** Bytes that are still there: an array that was given to another thread has none. */
const isBytes = (value: unknown): boolean => value instanceof Uint8Array && !isDetached(value.buffer)

const isDetached = (buffer: ArrayBufferLike): boolean => buffer instanceof ArrayBuffer && buffer.detached

/** What a batch is that can be stored, with bytes of its own; or why it is none. */
const checked = (batch: Batch): Batch | StorageError => {
  try {
    return checkedBatch(batch)
  } catch {
    return storageKey.error("InvalidBatch", "", "a batch is lists of checks and writes that can be read")
  }
}

const checkedBatch = ({ checks, writes }: Batch): Batch | StorageError => {
  const first = writes[0]?.key ?? ""
  if (writes.length === 0) return storageKey.error("InvalidBatch", first, "a batch writes something")
  if (checks.length + writes.length > batchLimit) {
    return storageKey.error("InvalidBatch", first, `a batch has at most ${batchLimit} checks and writes`)
  }
  const keys = new Set<string>()
  let bytes = 0
  for (const { key, value } of writes) {
    if (keys.size === keys.add(key).size) {
      return storageKey.error("InvalidBatch", key, "a batch writes each key once")
    }
    if (value === undefined) continue
    if (!isBytes(value)) return storageKey.error("InvalidBatch", key, "a value is a Uint8Array")
    bytes += value.length
    if (value.length > limits.value) {
      return storageKey.error("TooLarge", key, `a value has at most ${limits.value} bytes`)
    }
  }
  if (bytes > limits.batch) {
    return storageKey.error("TooLarge", first, `the values of a batch have at most ${limits.batch} bytes`)
  }
  for (const { key } of [...checks, ...writes]) {
    const problem = storageKey.problemOf(key)
    if (problem !== undefined) return storageKey.error("InvalidKey", key, problem)
  }
  return { checks, writes: writes.map(({ key, value }) => ({ key, value: value?.slice() })) }
}

const onKey = <A>(
  key: string,
  use: Effect.Effect<A, StorageStore.StorageStoreError>
): Effect.Effect<A, StorageError> => {
  const problem = storageKey.problemOf(key)
  return problem === undefined
    ? Effect.mapError(use, unavailable(key))
    : Effect.fail(storageKey.error("InvalidKey", key, problem))
}

const make = Effect.gen(function*() {
  const store = yield* StorageStore.StorageStore
  const quotas = yield* Quotas.Quotas
  const digest = yield* Digest.Digest
  yield* Effect.mapError(storageAccount.settle(store, quotas), unavailable(""))

  const commit: KeyValue["commit"] = (owner, batch) =>
    Effect.withFiber((fiber) => {
      const valid = checked(batch)
      if ("_tag" in valid) return Effect.fail(valid)
      const name = ownerOf(owner)
      const key = valid.writes[0]!.key
      const admit = storageAccount.admission(quotas, name, key)
      return Effect.mapError(
        store.commit(name, valid, fiber.getRef(Tenant), admit),
        (error) => error._tag === "StorageError" ? error : unavailable(key)(error)
      )
    })

  const write = (owner: Principal, key: string, value: Uint8Array | undefined) =>
    Effect.flatMap(
      commit(owner, { checks: [], writes: [{ key, value }] }),
      (outcome) => outcome._tag === "Committed" ? Effect.succeed(outcome) : Effect.die(unchecked)
    )

  const usageOf = (owner: string) => Effect.mapError(storageAccount.usage(store, quotas, owner), unavailable(""))

  const importFile: Storage["Service"]["importFile"] = (principal, bytes, options) => {
    const owner = ownerOf(principal)
    const fits = Effect.fnUntraced(function*(bytes: number) {
      const { limit } = yield* usageOf(owner)
      if (limit === undefined || bytes <= limit) return
      return yield* storageKey.error("QuotaExceeded", owner, `the file has ${bytes} bytes, and ${limit} are allowed`)
    })
    return storageTransfer.read(store, bytes, {
      owner,
      replace: options?.replace === true,
      fromAnother: options?.fromAnother === true,
      fits,
      admit: storageAccount.admission(quotas, owner, owner)
    }, unavailable(owner)).pipe(Effect.provideService(Digest.Digest, digest))
  }

  return Storage.of({
    get: (owner, key) => onKey(key, store.get(ownerOf(owner), key)),
    exists: (owner, key) => onKey(key, store.exists(ownerOf(owner), key)),
    keys: (owner, range) => {
      const limit = Math.min(Math.max(Math.trunc(range.limit) || 1, 1), pageLimit)
      const found = store.keys(ownerOf(owner), { ...range, limit })
      return range.within === undefined ? Effect.mapError(found, unavailable("")) : onKey(range.within, found)
    },
    commit,
    set: (owner, key, value) => Effect.map(write(owner, key, value), ({ revision }) => revision),
    remove: (owner, key) => Effect.map(write(owner, key, undefined), ({ existed }) => existed === 1),
    usage: (owner) => usageOf(ownerOf(owner)),
    exportLines: (owner) =>
      Stream.provideService(
        storageTransfer.lines(store, ownerOf(owner), unavailable(ownerOf(owner))),
        Digest.Digest,
        digest
      ),
    importFile,
    verify: Effect.mapError(store.verify, unavailable(""))
  })
})

const unchecked = new Error("a write without checks was in conflict")

/**
 * Layer over a store, settled with what it holds.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Storage, StorageError, Digest.Digest | Quotas.Quotas | StorageStore.StorageStore> =
  Layer.effect(Storage, make)

/**
 * Layer that forgets with the process: for tests, and for hosts whose
 * components keep nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Storage, never, Quotas.Quotas> = Layer.orDie(layer).pipe(
  Layer.provide([StorageStore.layerMemory, Digest.layerWebCrypto])
)

/**
 * Layer that adds the powers to read and write what the service keeps to those
 * that are given, to be provided to `CapabilityEnforcer.layer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerPowers: Layer.Layer<never, never, Storage> = Powers.layerBeside(
  Effect.map(Storage, (storage) => [StorageRead.source(storage), StorageWrite.source(storage)])
)
