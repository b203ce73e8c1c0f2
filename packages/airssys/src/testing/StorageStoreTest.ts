/**
 * What every implementation of `StorageStore` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { type Admit, type Change, type Room, StorageStore, type StorageStoreError } from "../component/StorageStore.ts"
import type { Batch, Check, Write } from "../security/KeyValue.ts"
import { seeded } from "./internal/seeded.ts"

/**
 * A place for one store, which is opened anew by each use of the layer.
 *
 * @category testing
 * @since 0.1.0
 */
export interface Place {
  readonly layer: Layer.Layer<StorageStore, StorageStoreError>
  /** Whether what was written is there when it is opened again. */
  readonly isDurable: boolean
}

type Store = StorageStore["Service"]

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const free: Room = { commit: () => {}, release: () => {} }
const always: Admit<never> = () => Result.succeed(free)

const write = (store: Store, owner: string, writes: ReadonlyArray<Write>, checks: ReadonlyArray<Check> = []) =>
  store.commit(owner, { checks, writes }, undefined, always)

const set = (store: Store, owner: string, key: string, value: string, tenant?: string) =>
  store.commit(owner, { checks: [], writes: [{ key, value: bytes(value) }] }, tenant, always)

const get = (store: Store, owner: string, key: string) =>
  Effect.map(store.get(owner, key), Option.map(({ value }) => new TextDecoder().decode(value)))

const revisionOf = (store: Store, owner: string, key: string) =>
  Effect.map(store.get(owner, key), (entry) => Option.getOrUndefined(entry)?.revision)

const keys = (store: Store, owner: string, within?: string, after?: string, limit = 1000) =>
  store.keys(owner, { within, after, limit })

/** All entries of a snapshot. */
const all = (store: Store, owner: string) =>
  Effect.scoped(Effect.gen(function*() {
    const snapshot = yield* store.snapshot(owner)
    const found: Array<readonly [string, string]> = []
    for (;;) {
      const page = yield* snapshot.next
      if (page.length === 0) return { ...snapshot, found }
      for (const { key, value } of page) found.push([key, new TextDecoder().decode(value)])
    }
  }))

const shown = (holdings: Change["after"]): ReadonlyArray<string> =>
  holdings.map(({ bytes, tenant }) => `${tenant} ${bytes}`).sort()

const byCodePoint = (one: string, other: string): number => {
  const [a, b] = [Array.from(one), Array.from(other)]
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const odd = ["a", "a-b", "a/b", "a/b/c", "a0", "a\u{e9}", "a\u{ff5e}", "a\u{1f600}", "__proto__", "constructor/x"]

/**
 * Registers the tests. Each use of `place` gives an empty one.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, place: Effect.Effect<Place, E, Scope.Scope>): void => {
  const inPlace = <A, E2>(
    test: (
      open: <A, E>(use: (store: Store) => Effect.Effect<A, E, Scope.Scope>) => Effect.Effect<A, E | StorageStoreError>,
      place: Place
    ) => Effect.Effect<A, E2>
  ) =>
    Effect.scoped(
      Effect.flatMap(place, (place) =>
        test((use) =>
          Effect.provide(Effect.scoped(Effect.flatMap(StorageStore, use)), place.layer, { local: true }), place))
    )

  const run = <A, E2>(test: (store: Store) => Effect.Effect<A, E2, Scope.Scope>) => inPlace((open) => open(test))

  describe(`StorageStore (${name})`, () => {
    it.effect("gives what was set, whatever bytes, and nothing where nothing was or it was removed", () =>
      run((store) =>
        Effect.gen(function*() {
          const every = Uint8Array.from({ length: 256 }, (_, value) => value)
          yield* write(store, "o", [{ key: "k", value: every }, { key: "none", value: new Uint8Array(0) }])
          assert.deepStrictEqual(Array.from(Option.getOrThrow(yield* store.get("o", "k")).value), [...every])
          assert.strictEqual(Option.getOrThrow(yield* store.get("o", "none")).value.length, 0)
          assert.isTrue(yield* store.exists("o", "none"))
          yield* write(store, "o", [{ key: "k", value: undefined }])
          assert.isTrue(Option.isNone(yield* store.get("o", "k")))
          assert.isFalse(yield* store.exists("o", "k"))
          assert.isTrue(Option.isNone(yield* store.get("other", "none")))
        })
      ))

    it.effect("counts revisions upwards, and gives none twice when a key comes back", () =>
      run((store) =>
        Effect.gen(function*() {
          const seen: Array<number | undefined> = []
          for (const value of ["1", "2", undefined, "3"]) {
            const outcome = yield* write(store, "o", [{ key: "k", value: value === undefined ? value : bytes(value) }])
            if (outcome._tag === "Committed") seen.push(outcome.revision)
            if (value !== undefined) assert.strictEqual(yield* revisionOf(store, "o", "k"), seen.at(-1))
          }
          assert.strictEqual(new Set(seen).size, 4)
          assert.deepStrictEqual(seen, seen.toSorted((a, b) => a! - b!))
        })
      ))

    it.effect("makes a batch when every check holds, and else nothing of it", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* set(store, "o", "a", "1")
          const revision = yield* revisionOf(store, "o", "a")
          const writes = [{ key: "a", value: bytes("2") }, { key: "b", value: bytes("2") }]
          const outcomes = []
          for (
            const checks of [
              [{ key: "a", revision: revision! + 1 }],
              [{ key: "a", revision: undefined }],
              [{ key: "a", revision }, { key: "b", revision: 1 }],
              [{ key: "a", revision: 2 ** 63 }]
            ]
          ) outcomes.push(yield* write(store, "o", writes, checks))
          assert.deepStrictEqual(outcomes, ["a", "a", "b", "a"].map((key) => ({ _tag: "Conflict", key })))
          assert.deepStrictEqual((yield* all(store, "o")).found, [["a", "1"]])
          const made = yield* write(store, "o", writes, [{ key: "a", revision }, { key: "b", revision: undefined }])
          assert.strictEqual(made._tag === "Committed" ? made.existed : undefined, 1)
          assert.deepStrictEqual((yield* all(store, "o")).found, [["a", "2"], ["b", "2"]])
          assert.strictEqual(yield* revisionOf(store, "o", "a"), yield* revisionOf(store, "o", "b"))
        })
      ))

    it.effect("asks for room before it changes anything, and says what became of it", () =>
      run((store) =>
        Effect.gen(function*() {
          const log: Array<string> = []
          const changes: Array<Change> = []
          const asked = (isThere: boolean): Admit<string> => (change) => {
            changes.push(change)
            return isThere
              ? Result.succeed({ commit: () => log.push("commit"), release: () => log.push("release") })
              : Result.fail("full")
          }
          const batch: Batch = { checks: [], writes: [{ key: "\u{e9}", value: bytes("123") }] }
          assert.strictEqual(yield* Effect.flip(store.commit("o", batch, "t", asked(false))), "full")
          assert.deepStrictEqual(yield* keys(store, "o"), [])
          yield* store.commit("o", batch, "t", asked(true))
          yield* store.commit("o", { checks: [], writes: [{ key: "\u{e9}", value: undefined }] }, "u", asked(true))
          yield* store.commit("o", { checks: [{ key: "x", revision: 1 }], writes: batch.writes }, "t", asked(true))
          assert.deepStrictEqual(log, ["commit", "commit"])
          const held = [{ tenant: "t", keys: 1, bytes: 2 + 3 + 64 }]
          assert.deepStrictEqual(changes, [
            { before: [], after: held },
            { before: [], after: held },
            { before: held, after: [] }
          ])
        })
      ))

    it.effect("keeps owners apart", () =>
      run((store) =>
        Effect.gen(function*() {
          const owners = ["a", "a/b", "A", "__proto__", "component/acme:rates"]
          for (const owner of owners) yield* set(store, owner, "b/k", owner)
          yield* write(store, "a", [{ key: "b/k", value: undefined }])
          for (const owner of owners.slice(1)) {
            assert.deepStrictEqual((yield* all(store, owner)).found, [["b/k", owner]])
          }
          assert.deepStrictEqual(yield* keys(store, "a"), [])
          assert.deepStrictEqual(yield* store.owners, owners.toSorted(byCodePoint))
        })
      ))

    it.effect("lists by code points, below a key and behind one, up to a limit", () =>
      run((store) =>
        Effect.gen(function*() {
          for (const key of odd) yield* set(store, "o", key, key)
          const sorted = odd.toSorted(byCodePoint)
          assert.deepStrictEqual(yield* keys(store, "o"), sorted)
          assert.deepStrictEqual(yield* keys(store, "o", "a"), ["a", "a/b", "a/b/c"])
          assert.deepStrictEqual(yield* keys(store, "o", "a", "a"), ["a/b", "a/b/c"])
          assert.deepStrictEqual(yield* keys(store, "o", "a", "a-b", 1), ["a/b"])
          assert.deepStrictEqual(yield* keys(store, "o", "a/b", "a/b/c"), [])
          assert.deepStrictEqual(yield* keys(store, "o", "constructor"), ["constructor/x"])
          assert.deepStrictEqual(yield* keys(store, "o", "nothing"), [])
          for (const [index, key] of sorted.entries()) {
            assert.deepStrictEqual(yield* keys(store, "o", undefined, key), sorted.slice(index + 1))
            assert.deepStrictEqual(yield* keys(store, "o", undefined, key, 2), sorted.slice(index + 1, index + 3))
          }
        })
      ))

    it.effect("is what a map is, after any history of batches, with lists that go on meanwhile", () =>
      run((store) =>
        Effect.gen(function*() {
          const random = seeded(7, 1)
          const model = new Map<string, { readonly value: string; readonly revision: number }>()
          const name = () => `${"abc"[random.below(3)]}/${random.below(12)}`.repeat(1 + random.below(2)).slice(0, 7)
          const always = new Set<string>()
          let after: string | undefined
          let listed: Array<string> = []
          for (let step = 0; step < 600; step++) {
            const writes = new Map(Array.from({ length: 1 + random.below(3) }, () => [name(), random.chance(0.6)]))
            const checked = name()
            const isRight = random.chance(0.7)
            const revision = (model.get(checked)?.revision ?? 0) + (isRight ? 0 : 1)
            const outcome = yield* write(
              store,
              "o",
              Array.from(writes, ([key, isSet]) => ({ key, value: isSet ? bytes(`${step}`) : undefined })),
              [{ key: checked, revision: revision === 0 ? undefined : revision }]
            )
            assert.strictEqual(outcome._tag, isRight ? "Committed" : "Conflict")
            if (outcome._tag === "Committed") {
              assert.strictEqual(outcome.existed, [...writes.keys()].filter((key) => model.has(key)).length)
              for (const [key, isSet] of writes) {
                if (isSet) model.set(key, { value: `${step}`, revision: outcome.revision })
                else model.delete(key)
                if (!isSet) always.delete(key)
              }
            }
            const page = yield* keys(store, "o", undefined, after, 2)
            listed.push(...page)
            after = page.at(-1)
            if (page.length < 2) {
              assert.deepStrictEqual(listed, listed.toSorted(byCodePoint))
              assert.strictEqual(new Set(listed).size, listed.length)
              for (const key of always) assert.include(listed, key)
              always.clear()
              for (const key of model.keys()) always.add(key)
              listed = []
              after = undefined
            }
          }
          const expected = [...model].map(([key, { value }]) => [key, value] as const)
            .toSorted(([one], [other]) => byCodePoint(one, other))
          const { bytes: held, found, keys: count } = yield* all(store, "o")
          assert.deepStrictEqual(found, expected)
          assert.strictEqual(count, model.size)
          assert.strictEqual(held, expected.reduce((sum, [key, value]) => sum + key.length + value.length + 64, 0))
          for (const [key, { revision }] of model) assert.strictEqual(yield* revisionOf(store, "o", key), revision)
          assert.deepStrictEqual(yield* store.verify, [])
        })
      ))

    it.effect("counts what each tenant holds", () =>
      run((store) =>
        Effect.gen(function*() {
          const holdings = Effect.map(
            store.holdings("o"),
            (found) => found.map(({ bytes, keys, tenant }) => `${tenant} ${keys} ${bytes}`).toSorted()
          )
          yield* set(store, "o", "a", "1234", "t")
          yield* set(store, "o", "b", "1", "t")
          yield* set(store, "o", "c", "")
          assert.deepStrictEqual(yield* holdings, ["t 2 135", "undefined 1 65"])
          yield* set(store, "o", "a", "", "u")
          yield* write(store, "o", [{ key: "b", value: undefined }, { key: "none", value: undefined }])
          assert.deepStrictEqual(yield* holdings, ["u 1 65", "undefined 1 65"])
          assert.deepStrictEqual(yield* store.holdings("nobody"), [])
        })
      ))

    it.effect("keeps a snapshot as it was, whatever is written and removed", () =>
      run((store) =>
        Effect.gen(function*() {
          const writes = Array.from({ length: 700 }, (_, index) => ({ key: `k/${1000 + index}`, value: bytes("old") }))
          yield* write(store, "o", writes)
          const snapshot = yield* store.snapshot("o")
          const first = yield* snapshot.next
          yield* write(
            store,
            "o",
            writes.map(({ key }, index) => ({ key, value: index % 2 ? bytes("new") : undefined }))
          )
          yield* set(store, "o", "k/1", "new")
          const found = [...first]
          for (let page = yield* snapshot.next; page.length > 0; page = yield* snapshot.next) found.push(...page)
          assert.deepStrictEqual(found.map(({ key }) => key), writes.map(({ key }) => key))
          assert.isTrue(found.every(({ value }) => new TextDecoder().decode(value) === "old"))
          assert.strictEqual(snapshot.keys, 700)
        })
      ))

    it.effect("shows nothing of a draft until it takes the place of all there is", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* set(store, "o", "old", "1", "t")
          yield* set(store, "p", "old", "1")
          const before = (yield* revisionOf(store, "o", "old"))!
          yield* Effect.scoped(Effect.gen(function*() {
            const draft = yield* store.draft("o")
            yield* draft.add([{ key: "x", value: bytes("lost"), tenant: undefined }])
          }))
          yield* Effect.scoped(Effect.gen(function*() {
            const draft = yield* store.draft("o")
            yield* draft.add([{ key: "a", value: bytes("0"), tenant: undefined }])
            yield* draft.add([{ key: "a", value: bytes("1"), tenant: "t" }, {
              key: "b",
              value: bytes("2"),
              tenant: "u"
            }])
            assert.deepStrictEqual((yield* all(store, "o")).found, [["old", "1"]])
            assert.deepStrictEqual(yield* store.owners, ["o", "p"])
            assert.strictEqual(yield* Effect.flip(draft.publish(() => Result.fail("full"))), "full")
            assert.deepStrictEqual((yield* all(store, "o")).found, [["old", "1"]])
            yield* set(store, "o", "meanwhile", "1")
            const changes: Array<Change> = []
            yield* draft.publish((change) => {
              changes.push(change)
              return Result.succeed(free)
            })
            assert.deepStrictEqual(changes.map(({ before }) => shown(before)), [["t 68", "undefined 74"]])
            assert.deepStrictEqual(changes.map(({ after }) => shown(after)), [["t 66", "u 66"]])
          }))
          assert.deepStrictEqual((yield* all(store, "o")).found, [["a", "1"], ["b", "2"]])
          assert.deepStrictEqual((yield* all(store, "p")).found, [["old", "1"]])
          const imported = (yield* revisionOf(store, "o", "a"))!
          assert.isAbove(imported, before)
          yield* set(store, "o", "a", "3")
          assert.isAbove((yield* revisionOf(store, "o", "a"))!, imported)
          assert.deepStrictEqual(yield* store.verify, [])
        })
      ))

    it.effect("lets one of many in where there is room for one", () =>
      run((store) =>
        Effect.gen(function*() {
          let room = 1
          const admit: Admit<string> = () => room-- > 0 ? Result.succeed(free) : Result.fail("full")
          const exits = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => `k/${index}`),
            (key) => Effect.exit(store.commit("o", { checks: [], writes: [{ key, value: bytes("x") }] }, "t", admit)),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
          assert.lengthOf(yield* keys(store, "o"), 1)
          const swaps = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, index) => index),
            (index) => write(store, "p", [{ key: "k", value: bytes(`${index}`) }], [{ key: "k", revision: undefined }]),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(swaps.filter(({ _tag }) => _tag === "Committed").length, 1)
        })
      ))

    it.effect("is as it was when it is opened again", () =>
      inPlace((open, { isDurable }) =>
        Effect.gen(function*() {
          if (!isDurable) return
          yield* open((store) =>
            Effect.andThen(
              set(store, "o", "a", "1", "t"),
              Effect.andThen(
                set(store, "o", "b", "2"),
                write(store, "o", [{
                  key: "b",
                  value: undefined
                }])
              )
            )
          )
          const revision = yield* open((store) =>
            Effect.gen(function*() {
              assert.deepStrictEqual(yield* store.owners, ["o"])
              assert.deepStrictEqual(yield* store.holdings("o"), [{ tenant: "t", keys: 1, bytes: 66 }])
              assert.deepStrictEqual(yield* get(store, "o", "a"), Option.some("1"))
              yield* set(store, "o", "b", "3")
              return yield* revisionOf(store, "o", "b")
            })
          )
          assert.strictEqual(revision, 4)
        })
      ))

    it.effect("is not opened a second time while it is open, and then again", () =>
      inPlace((open, { isDurable }) =>
        Effect.gen(function*() {
          if (!isDurable) return
          const refused = yield* open(() => Effect.flip(open((store) => store.owners)))
          assert.strictEqual(refused.reason, "InUse")
          assert.deepStrictEqual(yield* open((store) => store.owners), [])
        })
      ))
  })
}
