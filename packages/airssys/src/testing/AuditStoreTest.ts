/**
 * What every implementation of `AuditStore` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { AuditError } from "../security/AuditError.ts"
import { AuditStore } from "../security/AuditStore.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const decode = (read: Uint8Array): string => new TextDecoder("latin1").decode(read)

const partOf = (segment: number, from: number, most: number) =>
  AuditStore.use((store) => Effect.map(store.read(segment, from, most), decode))

const bytesOf = Effect.fnUntraced(function*(segment: number) {
  const store = yield* AuditStore
  const bytes: Array<number> = []
  for (;;) {
    const read = yield* store.read(segment, bytes.length, 1_000)
    if (read.length === 0) return bytes
    bytes.push(...read)
  }
})

const textOf = (segment: number) =>
  Effect.map(bytesOf(segment), (bytes) => new TextDecoder().decode(Uint8Array.from(bytes)))

const append = (text: string) => AuditStore.use((store) => store.append(bytes(text)))
const begin = (segment: number, text: string) => AuditStore.use((store) => store.begin(segment, bytes(text)))
const segments = AuditStore.use((store) => store.segments)

/**
 * A place for one store, which is opened anew by each use of the layer.
 *
 * @category testing
 * @since 0.1.0
 */
export interface Place {
  readonly layer: Layer.Layer<AuditStore, AuditError>
  /** Whether what was written is there when it is opened again. */
  readonly isDurable: boolean
  /** Whether the store can be opened once at a time. */
  readonly isExclusive: boolean
}

/**
 * Registers the tests. Each use of `place` gives an empty one.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, place: Effect.Effect<Place, E, Scope.Scope>): void => {
  const inPlace = <A, E2>(
    test: (
      open: <A, E>(effect: Effect.Effect<A, E, AuditStore>) => Effect.Effect<A, E | AuditError>,
      place: Place
    ) => Effect.Effect<A, E2>
  ) =>
    Effect.scoped(
      Effect.flatMap(place, (place) => test((effect) => Effect.provide(effect, place.layer, { local: true }), place))
    )

  const run = <A, E2>(effect: Effect.Effect<A, E2, AuditStore>) => inPlace((open) => open(effect))

  describe(`AuditStore (${name})`, () => {
    it.effect("is empty, takes nothing before it is begun, and then what is appended", () =>
      run(Effect.gen(function*() {
        assert.deepStrictEqual(yield* segments, [])
        assert.isString((yield* Effect.flip(append("early"))).message)
        yield* begin(1, "begin\n")
        yield* append("one\n")
        yield* append("tw\u00f6\n")
        assert.strictEqual(yield* textOf(1), "begin\none\ntw\u00f6\n")
        assert.deepStrictEqual(yield* segments, [{ id: 1, length: 15 }])
      })))

    it.effect("reads any part, and nothing behind the end", () =>
      run(Effect.gen(function*() {
        yield* begin(1, "0123")
        for (const piece of ["4567", "89", "abcdef"]) yield* append(piece)
        const whole = "0123456789abcdef"
        for (let from = 0; from <= 17; from++) {
          for (const most of [1, 3, 100]) {
            const part = yield* partOf(1, from, most)
            assert.isTrue(whole.startsWith(part, from))
            assert.isAtMost(part.length, most)
            assert.strictEqual(part.length === 0, from >= 16)
          }
        }
      })))

    it.effect("keeps segments in their order and writes to the last", () =>
      run(Effect.gen(function*() {
        for (const id of [1, 9, 10, 100]) yield* begin(id, `${id};`)
        yield* append("end")
        assert.deepStrictEqual((yield* segments).map(({ id }) => id), [1, 9, 10, 100])
        assert.strictEqual(yield* textOf(9), "9;")
        assert.strictEqual(yield* textOf(100), "100;end")
      })))

    it.effect("removes a segment, and writes to the one before if it was the last", () =>
      run(Effect.gen(function*() {
        yield* AuditStore.use((store) =>
          Effect.gen(function*() {
            for (const id of [1, 5, 9]) yield* begin(id, `${id};`)
            yield* store.remove(1)
            yield* store.remove(9)
            yield* append("end")
            assert.deepStrictEqual(yield* segments, [{ id: 5, length: 5 }])
            assert.isString((yield* Effect.flip(store.read(9, 0, 10))).message)
          })
        )
      })))

    it.effect("is shortened anywhere, and goes on there", () =>
      run(Effect.gen(function*() {
        yield* begin(1, "0123")
        for (const piece of ["4567", "89"]) yield* append(piece)
        for (const [length, rest] of [[9, "012345678"], [8, "01234567"], [2, "01"], [0, ""]] as const) {
          yield* AuditStore.use((store) => store.cut(length))
          assert.strictEqual(yield* textOf(1), rest)
        }
        yield* append("new")
        assert.strictEqual(yield* textOf(1), "new")
      })))

    it.effect("keeps bytes that are no text", () =>
      run(Effect.gen(function*() {
        const odd = Uint8Array.from({ length: 256 }, (_, value) => value)
        yield* AuditStore.use((store) => Effect.andThen(store.begin(1, odd), store.append(odd)))
        assert.deepStrictEqual(yield* bytesOf(1), [...odd, ...odd])
      })))

    it.effect("is as it was when it is opened again", () =>
      inPlace((open, { isDurable }) =>
        Effect.gen(function*() {
          if (!isDurable) return
          yield* open(Effect.andThen(begin(1, "a;"), Effect.andThen(append("b;"), begin(3, "c;"))))
          yield* open(append("d;"))
          assert.deepStrictEqual(yield* open(Effect.all([textOf(1), textOf(3)])), ["a;b;", "c;d;"])
        })
      ))

    it.effect("is not opened a second time while it is open, and then again", () =>
      inPlace((open, { isExclusive }) =>
        Effect.gen(function*() {
          if (!isExclusive) return
          const refused = yield* open(Effect.flip(open(segments)))
          assert.strictEqual((refused as AuditError).reason, "InUse")
          assert.include(refused.message, "another process")
          assert.deepStrictEqual(yield* open(segments), [])
        })
      ))
  })
}
