/**
 * What every implementation of `TrustStore` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { TrustStore } from "../security/TrustStore.ts"

const put = Effect.fnUntraced(function*(store: TrustStore["Service"], text: string, replaces: number) {
  yield* store.stage(text)
  yield* store.promote(replaces)
})

/**
 * Registers the tests. Each call of `layer` gives a store of its own, empty
 * and with at most so many backups.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  layer: (options: { readonly backups: number }) => Layer.Layer<TrustStore, E>
): void => {
  const run = <A, E2>(test: (store: TrustStore["Service"]) => Effect.Effect<A, E2>, backups = 10) =>
    Effect.flatMap(TrustStore, test).pipe(Effect.provide(layer({ backups })))

  describe(`TrustStore (${name})`, () => {
    it.effect("is empty at first", () =>
      run((store) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* store.read, { current: undefined, staged: undefined })
          assert.deepStrictEqual(yield* store.backups, [])
          assert.isUndefined(yield* store.backup(1))
        })
      ))

    it.effect("keeps a staged text beside the current one until it is promoted", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.stage("one")
          assert.deepStrictEqual(yield* store.read, { current: undefined, staged: "one" })
          yield* store.promote(0)
          assert.deepStrictEqual(yield* store.read, { current: "one", staged: undefined })
          yield* store.stage("two")
          yield* store.stage("three")
          assert.deepStrictEqual(yield* store.read, { current: "one", staged: "three" })
          yield* store.promote(1)
          assert.deepStrictEqual(yield* store.read, { current: "three", staged: undefined })
        })
      ))

    it.effect("promotes nothing where nothing was staged", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* store.promote(0)
          yield* put(store, "one", 0)
          yield* store.promote(1)
          assert.deepStrictEqual(yield* store.read, { current: "one", staged: undefined })
          assert.deepStrictEqual(yield* store.backups, [])
        })
      ))

    it.effect("gives texts back as they were", () =>
      run((store) =>
        Effect.gen(function*() {
          const text = `Zürich \u0000 \u2028 \u{1f600}\r\n\ufeff${"x".repeat(200_000)}`
          yield* put(store, text, 0)
          assert.isTrue((yield* store.read).current === text)
          yield* put(store, "next", 1)
          assert.isTrue((yield* store.backup(1)) === text)
        })
      ))

    it.effect("keeps the last texts that were replaced, newest first, and drops the others", () =>
      run((store) =>
        Effect.gen(function*() {
          for (let generation = 1; generation <= 12; generation++) {
            yield* put(store, `text ${generation}`, generation - 1)
          }
          assert.deepStrictEqual(yield* store.backups, [11, 10, 9])
          assert.strictEqual(yield* store.backup(9), "text 9")
          assert.isUndefined(yield* store.backup(8))
          assert.strictEqual((yield* store.read).current, "text 12")
        }), 3))

    it.effect("keeps the last of several texts of one name", () =>
      run((store) =>
        Effect.gen(function*() {
          yield* put(store, "one", 0)
          yield* put(store, "two", 1)
          yield* put(store, "three", 1)
          assert.deepStrictEqual(yield* store.backups, [1])
          assert.strictEqual(yield* store.backup(1), "two")
        })
      ))
  })
}
