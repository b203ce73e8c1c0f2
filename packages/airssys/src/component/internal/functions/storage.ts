import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CapabilityError } from "../../../security/CapabilityError.ts"
import { batchLimit, type Outcome, type StorageError } from "../../../security/KeyValue.ts"
import { StorageRead } from "../../../security/StorageRead.ts"
import { StorageWrite } from "../../../security/StorageWrite.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import * as storageKey from "../storageKey.ts"
import { type Error, error, invalid } from "./types.ts"

const id = "airssys:core/storage@0.1.0"

const revision = Wit.u64
const entry = Wit.record({ value: Wit.bytes, revision })
const page = Wit.record({ keys: Wit.list(Wit.string), cursor: Wit.option(Wit.string) })
const expectation = Wit.record({ key: Wit.string, revision: Wit.option(revision) })
const change = Wit.record({ key: Wit.string, value: Wit.option(Wit.bytes) })
const outcome = Wit.variant({ committed: revision, conflict: Wit.string })
const amounts = Wit.record({ keys: Wit.u64, bytes: Wit.u64, limit: Wit.option(Wit.u64) })

const key = ({ key }: { readonly key: string }) => key

const problemOf = (key: string): Error | undefined => {
  const problem = storageKey.problemOf(key)
  return problem === undefined ? undefined : invalid(problem)
}

/** The root is below no key, and is none. */
const checkedPlace = (key: string): Error | undefined => key === "" ? undefined : problemOf(key)

const checked = ({ key }: { readonly key: string }): Error | undefined => problemOf(key)

/** A revision that is greater than any there will be stays so as a number. */
const numberOf = (revision: bigint | undefined): number | undefined =>
  revision === undefined ? undefined : Number(revision)

const outcomeOf = (made: Outcome): Wit.Value<typeof outcome> =>
  made._tag === "Committed"
    ? { tag: "committed", val: BigInt(made.revision) }
    : { tag: "conflict", val: made.key }

/** What a guest is told. Of what the store says, it gets nothing. */
const told = ({ detail, reason }: StorageError): Error => {
  switch (reason) {
    case "InvalidKey":
    case "InvalidCursor":
    case "InvalidBatch":
    case "TooMany":
      return invalid(detail)
    case "TooLarge":
    case "QuotaExceeded":
      return { tag: "exhausted" }
    case "Damaged":
      return { tag: "failed", val: "what is stored is not as it was written" }
    case "Unavailable":
      return { tag: "unavailable" }
  }
}

const answered = <A, B, R>(
  effect: Effect.Effect<A, CapabilityError | StorageError, R>,
  answer: (value: A) => B
): Effect.Effect<B, CapabilityError | Error, R> =>
  Effect.mapBoth(effect, {
    onSuccess: answer,
    onFailure: (error) => error._tag === "StorageError" ? told(error) : error
  })

const reading: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.make({
    wit: `${id}#get`,
    params: { key: Wit.string },
    result: Wit.result(Wit.option(entry), error)
  }, {
    requires: [StorageRead.on(key)],
    fuel: 5_000,
    check: checked,
    handler: () =>
      answered(
        StorageRead.use((storage) => storage.get()),
        (found) =>
          Option.getOrUndefined(Option.map(found, ({ revision, value }) => ({ value, revision: BigInt(revision) })))
      )
  }),
  HostFunction.make({
    wit: `${id}#exists`,
    params: { key: Wit.string },
    result: Wit.result(Wit.bool, error)
  }, {
    requires: [StorageRead.on(key)],
    fuel: 5_000,
    check: checked,
    handler: () => answered(StorageRead.use((storage) => storage.exists()), (exists) => exists)
  }),
  HostFunction.make({
    wit: `${id}#list-keys`,
    params: { prefix: Wit.string, cursor: Wit.option(Wit.string), limit: Wit.u32 },
    result: Wit.result(page, error)
  }, {
    requires: [StorageRead.on((input) => input.prefix)],
    fuel: 50_000,
    check: ({ prefix }) => checkedPlace(prefix),
    handler: ({ cursor, limit }) =>
      answered(StorageRead.use((storage) => storage.list({ cursor, limit })), ({ cursor, keys }) => ({ keys, cursor }))
  }),
  HostFunction.make({
    wit: `${id}#usage`,
    params: { key: Wit.string },
    result: Wit.result(amounts, error)
  }, {
    requires: [StorageRead.on(key)],
    fuel: 5_000,
    check: ({ key }) => checkedPlace(key),
    handler: () =>
      answered(StorageRead.use((storage) => storage.usage), ({ bytes, keys, limit }) => ({
        keys: BigInt(keys),
        bytes: BigInt(bytes),
        limit: limit === undefined ? undefined : BigInt(limit)
      }))
  })
]

const writing: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.make({
    wit: `${id}#set`,
    params: { key: Wit.string, value: Wit.bytes },
    result: Wit.result(revision, error)
  }, {
    requires: [StorageWrite.on(key)],
    fuel: 20_000,
    check: checked,
    handler: ({ value }) => answered(StorageWrite.use((storage) => storage.set(value)), BigInt)
  }),
  HostFunction.make({
    wit: `${id}#delete`,
    params: { key: Wit.string },
    result: Wit.result(Wit.bool, error)
  }, {
    requires: [StorageWrite.on(key)],
    fuel: 20_000,
    check: checked,
    handler: () => answered(StorageWrite.use((storage) => storage.remove()), (existed) => existed)
  }),
  HostFunction.make({
    wit: `${id}#compare-and-set`,
    params: { key: Wit.string, expected: Wit.option(revision), value: Wit.option(Wit.bytes) },
    result: Wit.result(outcome, error)
  }, {
    requires: [StorageWrite.on(key)],
    fuel: 20_000,
    check: checked,
    handler: ({ expected, key, value }) =>
      answered(
        StorageWrite.use((storage) =>
          storage.commit({ checks: [{ key, revision: numberOf(expected) }], writes: [{ key, value }] })
        ),
        outcomeOf
      )
  }),
  HostFunction.make({
    wit: `${id}#commit`,
    params: { expected: Wit.list(expectation), changes: Wit.list(change) },
    result: Wit.result(outcome, error)
  }, {
    requires: [StorageWrite.on(({ changes }) => changes[0]?.key ?? "")],
    fuel: 100_000,
    check: ({ changes, expected }) => {
      if (changes.length === 0) return invalid("a commit changes something")
      if (changes.length + expected.length > batchLimit) {
        return invalid(`a commit has at most ${batchLimit} expectations and changes`)
      }
      for (const { key } of [...expected, ...changes]) {
        const problem = problemOf(key)
        if (problem !== undefined) return problem
      }
      return undefined
    },
    handler: ({ changes, expected }) =>
      answered(
        StorageWrite.use((storage) =>
          storage.commit({
            checks: expected.map(({ key, revision }) => ({ key, revision: numberOf(revision) })),
            writes: changes
          })
        ),
        outcomeOf
      )
  })
]

export const functions: ReadonlyArray<HostFunction.HostFunction> = [...reading, ...writing]
