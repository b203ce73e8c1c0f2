/**
 * What every implementation of `ReceiptStore` has to do, seen through
 * `Receipts`.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { MessageReceipt } from "../component/Receipt.ts"
import type * as ReceiptQuery from "../component/ReceiptQuery.ts"
import { layer as layerReceipts, type Options, Receipts, Sink } from "../component/Receipts.ts"
import { ReceiptStore, ReceiptStoreError } from "../component/ReceiptStore.ts"
import { macrotask } from "./internal/macrotask.ts"
import { seeded } from "./internal/seeded.ts"

/**
 * A place for one store, which is opened anew by each use of the layer.
 *
 * @category testing
 * @since 0.1.0
 */
export interface Place {
  readonly layer: Layer.Layer<ReceiptStore, ReceiptStoreError>
  /** Whether what was written is there when it is opened again. */
  readonly isDurable: boolean
}

const receipt = (number: number, more: Partial<MessageReceipt> = {}): MessageReceipt => ({
  component: "acme:rates",
  export: "rates.latest",
  id: `run-m${number}`,
  correlation: `acme:rates/run-m${number}`,
  sender: { _tag: "Host" },
  tenant: undefined,
  release: `sha256:${"ab".repeat(32)}`,
  at: number,
  outcome: "Handled",
  fuel: 10 * number,
  costTable: 1,
  memory: 65_536,
  nanos: 7n,
  ...more
})

const odd: ReadonlyArray<MessageReceipt> = [
  receipt(1, { sender: { _tag: "Operator", id: "ada" }, tenant: "shop", outcome: "Failed" }),
  receipt(2, { sender: { _tag: "Component", id: "acme:other" }, component: "acme:totals", fuel: undefined }),
  receipt(3, { sender: { _tag: "Component", id: "ada" }, tenant: "' OR 1=1 --", costTable: undefined }),
  receipt(4, { tenant: "__proto__", correlation: "request-7", fuel: Number.MAX_SAFE_INTEGER, nanos: 0n }),
  receipt(5, { tenant: "\u{1f600}\u{0}\u{e9}", export: "", at: 0 }),
  receipt(6, { sender: { _tag: "Operator", id: "" }, tenant: "", memory: 0 })
]

const queries: ReadonlyArray<ReceiptQuery.ReceiptQuery> = [
  {},
  { component: "acme:totals" },
  { component: "acme:none" },
  { sender: { _tag: "Host" } },
  { sender: { _tag: "Operator", id: "ada" } },
  { sender: { _tag: "Component", id: "ada" } },
  { sender: { _tag: "Operator", id: "" } },
  { tenant: "shop" },
  { tenant: "' OR 1=1 --" },
  { tenant: "__proto__" },
  { tenant: "" },
  { tenant: "\u{1f600}\u{0}\u{e9}" },
  { outcome: "Failed" },
  { outcome: "Handled", sender: { _tag: "Host" }, tenant: "__proto__" },
  { correlation: "request-7" },
  { since: 3 },
  { until: 2.5 },
  { since: 2, until: 4 },
  { since: 7 },
  { until: -Infinity }
]

const expected: ReadonlyArray<string> = [
  "123456",
  "2",
  "",
  "45",
  "1",
  "3",
  "6",
  "1",
  "3",
  "4",
  "6",
  "5",
  "1",
  "4",
  "4",
  "346",
  "125",
  "234",
  "",
  ""
]

const numbers = (receipts: ReadonlyArray<MessageReceipt>): ReadonlyArray<number> =>
  receipts.map(({ id }) => Number(id.slice("run-m".length)))

const offer = (receipts: ReadonlyArray<MessageReceipt>) =>
  Effect.map(Sink, (sink) => {
    for (const one of receipts) sink?.offer(one)
  })

const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

const many = (from: number, to: number): ReadonlyArray<MessageReceipt> =>
  range(from, to).map((number) => receipt(number))

const found = (query: ReceiptQuery.ReceiptQuery = {}) =>
  Receipts.use((receipts) =>
    Effect.map(Stream.runCollect(receipts.stream({ limit: 1000, ...query })), (all) => numbers(Array.from(all)))
  )

const metrics = Receipts.use((receipts) => receipts.metrics)
const flush = Receipts.use((receipts) => receipts.flush)

interface Disk {
  readonly isFull: boolean
  asked: number
}

/** A store on a disk that may be full. */
const onDisk = ({ layer }: Place, disk: Disk): Place["layer"] =>
  Layer.effect(
    ReceiptStore,
    Effect.map(ReceiptStore, (store) => ({
      ...store,
      append: (receipts, dropped) => {
        disk.asked++
        return disk.isFull
          ? Result.fail(new ReceiptStoreError({ reason: "Unwritable", detail: "the disk is full" }))
          : store.append(receipts, dropped)
      }
    }))
  ).pipe(Layer.provide(layer))

/** A store on a disk that never answers. */
const silent = ({ layer }: Place): Pick<Place, "layer"> => ({
  layer: Layer.effect(ReceiptStore, Effect.map(ReceiptStore, (store) => ({ ...store, sync: Effect.never }))).pipe(
    Layer.provide(layer)
  )
})

/** Opens a place, and closes it after the test. */
const life = <A, E2, R>({ layer }: Pick<Place, "layer">, test: Effect.Effect<A, E2, R>, options?: Options) =>
  Effect.provide(test, Layer.provide(layerReceipts(options), layer), { local: true })

/**
 * Registers the tests. Each use of `place` gives an empty one.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, place: Effect.Effect<Place, E, Scope.Scope>): void => {
  const inPlace = <A, E2, R>(test: (place: Place) => Effect.Effect<A, E2, R>) =>
    Effect.scoped(Effect.flatMap(place, test))
  const run = <A, E2, R>(test: Effect.Effect<A, E2, R>, options?: Options) =>
    inPlace((place) => life(place, test, options))

  describe(`Receipts (${name})`, () => {
    it.effect("gives receipts as they were, in their order and in the reverse", () =>
      run(Effect.gen(function*() {
        yield* offer(odd)
        const { query } = yield* Receipts
        assert.deepStrictEqual(yield* query(), { receipts: odd, next: undefined })
        assert.deepStrictEqual(yield* query({ order: "Newest" }), { receipts: odd.toReversed(), next: undefined })
      })))

    it.effect("finds by component, sender, tenant, outcome, correlation and time, and by several", () =>
      run(Effect.gen(function*() {
        yield* offer(odd)
        for (const order of ["Oldest", "Newest"] as const) {
          const all = yield* Effect.forEach(queries, (query) => found({ ...query, order }))
          const inOrder = order === "Oldest" ? all : all.map((one) => one.toReversed())
          assert.deepStrictEqual(inOrder.map((one) => one.join("")), expected)
        }
      })))

    it.effect("gives pages that join, whatever comes meanwhile", () =>
      run(Effect.gen(function*() {
        yield* offer(many(1, 25))
        const { query } = yield* Receipts
        const seen: Array<number> = []
        for (let cursor: string | undefined;;) {
          const page = yield* query({ cursor, limit: 7, order: "Newest" })
          seen.push(...numbers(page.receipts))
          yield* offer([receipt(99)])
          cursor = page.next
          if (cursor === undefined) break
        }
        assert.deepStrictEqual(seen, range(1, 25).toReversed())
        const first = yield* query({ limit: 20 })
        const rest = yield* query({ limit: 20, cursor: first.next })
        assert.deepStrictEqual(numbers([...first.receipts, ...rest.receipts]), [...range(1, 25), 99, 99, 99, 99])
        assert.isUndefined(rest.next)
      })))

    it.effect("looks at no more than 10,000 for one page, and says that there is more", () =>
      run(
        Effect.gen(function*() {
          yield* offer([receipt(0, { tenant: "first" }), ...many(1, 10_004), receipt(10_005, { tenant: "last" })])
          const { query } = yield* Receipts
          const page = yield* query({ tenant: "last" })
          assert.lengthOf(page.receipts, 0)
          assert.isDefined(page.next)
          assert.deepStrictEqual(numbers((yield* query({ tenant: "last", cursor: page.next })).receipts), [10_005])
          assert.deepStrictEqual(yield* found({ tenant: "first", order: "Newest" }), [0])
          assert.deepStrictEqual(yield* found({ since: 10_005 }), [10_005])
        }),
        { buffer: 20_000 }
      ))

    it.effect("refuses a limit, a time and a cursor that are none", () =>
      run(Effect.gen(function*() {
        const { query } = yield* Receipts
        for (const limit of [0, -1, 1.5, 1001, Number.NaN, 2 ** 63]) {
          assert.strictEqual((yield* Effect.flip(query({ limit })))._tag, "InvalidQuery")
        }
        assert.strictEqual((yield* Effect.flip(query({ since: Number.NaN })))._tag, "InvalidQuery")
        assert.strictEqual((yield* Effect.flip(query({ until: Number.NaN })))._tag, "InvalidQuery")
        for (const cursor of ["", "-1", "1e3", "0x1", "01", "1; DROP TABLE receipt", "9".repeat(400)]) {
          assert.strictEqual((yield* Effect.flip(query({ cursor })))._tag, "InvalidQuery")
        }
        yield* offer(odd)
        assert.deepStrictEqual(yield* query({ cursor: "999999999999999" }), { receipts: [], next: undefined })
        assert.deepStrictEqual(yield* query({ cursor: "0", order: "Newest" }), { receipts: [], next: undefined })
      })))

    it.effect("writes what waits after 50 milliseconds, and at once when it is much", () =>
      run(Effect.gen(function*() {
        yield* offer(many(1, 10))
        yield* TestClock.adjust("49 millis")
        assert.deepStrictEqual(yield* metrics, { kept: 0, waiting: 10, dropped: 0, removed: 0 })
        yield* TestClock.adjust("1 millis")
        yield* settled(Effect.map(metrics, ({ waiting }) => waiting === 0))
        yield* offer(many(11, 1034))
        yield* settled(Effect.map(metrics, ({ waiting }) => waiting === 0))
        assert.deepStrictEqual(yield* found(), range(1, 1034))
      })))

    it.effect("finds room for all that come in one stretch, and keeps no more waiting than it may", () =>
      run(
        Effect.gen(function*() {
          yield* offer(many(1, 25))
          assert.deepStrictEqual(yield* metrics, { kept: 20, waiting: 5, dropped: 0, removed: 0 })
          yield* offer(many(26, 5000))
          assert.isAtMost((yield* metrics).waiting, 10)
          assert.deepStrictEqual(yield* found(), range(1, 5000))
        }),
        { buffer: 10 }
      ))

    it.effect("keeps the newest up to a number", () =>
      run(
        Effect.gen(function*() {
          yield* offer(many(1, 3000))
          assert.deepStrictEqual(yield* found(), range(2901, 3000))
          assert.deepStrictEqual(yield* metrics, { kept: 100, waiting: 0, dropped: 0, removed: 2900 })
          const { query } = yield* Receipts
          assert.deepStrictEqual(numbers((yield* query({ cursor: "5", limit: 2 })).receipts), [2901, 2902])
        }),
        { count: 100 }
      ))

    it.effect("forgets what is too old, also when nothing new comes", () =>
      run(
        Effect.gen(function*() {
          yield* offer([receipt(1), receipt(2, { at: 60_000 }), receipt(3), receipt(4, { at: 3_600_000 })])
          yield* TestClock.adjust("1 hour")
          yield* flush
          assert.deepStrictEqual(yield* found(), [1, 2, 3, 4])
          yield* TestClock.adjust("30 seconds")
          yield* settled(Effect.map(found(), ({ length }) => length === 3))
          yield* TestClock.adjust("1 minute")
          yield* settled(Effect.map(found(), ({ length }) => length === 1))
          assert.deepStrictEqual(yield* found(), [4])
          yield* TestClock.adjust("2 hours")
          yield* settled(Effect.map(found(), ({ length }) => length === 0))
          yield* offer([receipt(5, { at: 10_800_000 })])
          assert.deepStrictEqual(yield* found(), [5])
          assert.strictEqual((yield* metrics).removed, 4)
        }),
        { age: "1 hour" }
      ))

    it.effect("takes options that make sense, and no others", () =>
      Effect.sync(() => {
        for (const count of [0, -1, 1.5, Number.NaN, Infinity]) {
          assert.throws(() => layerReceipts({ count }), RangeError)
          assert.throws(() => layerReceipts({ buffer: count }), RangeError)
        }
        for (const time of [0, -1, "soon" as never]) {
          assert.throws(() => layerReceipts({ age: time }), RangeError)
          assert.throws(() => layerReceipts({ within: time }), RangeError)
          if (time !== 0) assert.throws(() => layerReceipts({ closing: time }), RangeError)
        }
      }))

    it.effect("writes what waits when it is closed, and has it when it is opened again", () =>
      inPlace((place) =>
        Effect.gen(function*() {
          if (!place.isDurable) return
          yield* life(place, offer(odd))
          yield* life(place, offer(many(7, 600)))
          const after = Effect.gen(function*() {
            assert.deepStrictEqual((yield* Receipts.use(({ query }) => query({ limit: 6 }))).receipts, odd)
            assert.deepStrictEqual(yield* found(), range(1, 600))
            return yield* metrics
          })
          assert.deepStrictEqual(yield* life(place, after), { kept: 600, waiting: 0, dropped: 0, removed: 0 })
          assert.deepStrictEqual(yield* life(place, found(), { count: 3 }), [598, 599, 600])
          yield* life(place, offer([receipt(601)]))
          assert.strictEqual((yield* life(place, metrics)).removed, 597)
          assert.deepStrictEqual(yield* life(place, found({ cursor: "600" })), [601])
        })
      ))

    it.effect("closes in its time where the store does not answer, and says so", () =>
      inPlace((place) =>
        Effect.gen(function*() {
          const said: Array<string> = []
          const logger = Logger.layer([
            Logger.make(({ cause, message }) => void said.push(`${message} ${Cause.pretty(cause)}`))
          ])
          const closing = yield* life(silent(place), offer(odd), { closing: "3 seconds" }).pipe(
            Effect.provide(logger),
            Effect.forkChild({ startImmediately: true })
          )
          yield* TestClock.adjust("2999 millis")
          assert.isUndefined(closing.pollUnsafe())
          assert.deepStrictEqual(said, [])
          yield* TestClock.adjust("1 millis")
          yield* Fiber.join(closing)
          assert.lengthOf(said, 1)
          assert.include(said[0], "may be lost with a loss of power")
          assert.include(said[0], "took longer than 3s")
          if (place.isDurable) assert.deepStrictEqual(yield* life(place, found()), range(1, 6))
        })
      ))

    it.effect("keeps what waits while the store fails, writes it once when it goes again, and counts the rest", () =>
      inPlace((place) =>
        Effect.gen(function*() {
          const disk = { isFull: true, asked: 0 }
          const waiting = Effect.map(metrics, (counts) => counts.waiting)
          const test = Effect.gen(function*() {
            yield* offer(many(1, 8))
            yield* TestClock.adjust("10 seconds")
            assert.strictEqual((yield* Effect.flip(flush)).reason, "Unwritable")
            const { asked } = disk
            yield* offer(many(9, 15))
            assert.strictEqual(disk.asked, asked)
            assert.deepStrictEqual(yield* metrics, { kept: 0, waiting: 10, dropped: 5, removed: 0 })
            assert.deepStrictEqual(yield* found(), [])
            disk.isFull = false
            yield* TestClock.adjust("2 seconds")
            yield* settled(Effect.map(waiting, (count) => count === 0))
            assert.deepStrictEqual(yield* metrics, { kept: 10, waiting: 0, dropped: 5, removed: 0 })
            yield* offer(many(16, 17))
            assert.deepStrictEqual(yield* found(), [...range(1, 10), 16, 17])
            assert.strictEqual((yield* metrics).dropped, 5)
          })
          yield* life({ layer: onDisk(place, disk) }, test, { buffer: 10 })
          if (place.isDurable) assert.strictEqual((yield* life(place, metrics)).dropped, 5)
        })
      ))

    it.effect("writes every receipt once, whoever asks for it at the same time", () =>
      run(
        Effect.gen(function*() {
          const random = seeded(11, 0)
          const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
          let number = 0
          for (let round = 0; round < 40; round++) {
            const count = random.below(400)
            yield* offer(many(number + 1, number + count))
            number += count
            fibers.push(yield* Effect.forkChild(random.chance(0.5) ? flush : found({ limit: 100 })))
            if (random.chance(0.3)) yield* Effect.yieldNow
            if (random.chance(0.3)) yield* Fiber.interrupt(fibers[random.below(fibers.length)]!)
            if (random.chance(0.2)) yield* TestClock.adjust("50 millis")
          }
          yield* Effect.forEach(fibers, Fiber.await)
          assert.deepStrictEqual(yield* found(), range(1, number))
        }),
        { buffer: 20_000 }
      ))
  })
}

/** Waits for what a writer does of its own accord, on a disk that takes real time. */
const settled = <E, R>(isDone: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(
    isDone,
    (done) =>
      done
        ? Effect.void
        : Effect.andThen(Effect.promise(() => new Promise<void>((go) => macrotask(go))), settled(isDone))
  )
