/**
 * What every implementation of `AuditLog` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import type { AuditEvent } from "../security/AuditEvent.ts"
import * as AuditLog from "../security/AuditLog.ts"

const actor = { kind: "Component", id: "acme:rates@1.2.0" } as const

const used = (resource: string, id: string = actor.id): AuditEvent => ({
  _tag: "CapabilityUsed",
  principal: { kind: "Component", id },
  kind: "environment",
  resource,
  rule: { grant: 1, pattern: resource }
})

const crashed = (detail: string): AuditEvent => ({ _tag: "Crashed", principal: actor, detail })

const hostile = [
  "__proto__",
  "constructor",
  "\n{\"hash\":\"",
  "\"}}\n",
  "\u0000\u202e",
  "\ud800",
  "\u{1f600}\u2028",
  ""
]

const appendAll = (details: ReadonlyArray<string>) =>
  Effect.flatMap(AuditLog.AuditLog, (audit) =>
    Effect.andThen(
      Effect.forEach(details, (detail) => audit.append(crashed(detail)), { discard: true }),
      audit.text
    ))

const failsAt = (text: string, checkpoint?: { readonly sequence: number; readonly hash: string }) =>
  Effect.map(Effect.flip(AuditLog.verifyText(text, { checkpoint })), (broken) => broken.at)

const join = (...lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join("")

const flipByte = (text: string, index: number): string =>
  text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ 1) + text.slice(index + 1)

/**
 * Registers the tests. Each call of `layer` gives a log of its own, empty and
 * with the options that it is given; the layer may need `Digest`.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(
  name: string,
  layer: (options: AuditLog.Options) => Layer.Layer<AuditLog.AuditLog, E, Digest.Digest>
): void => {
  const run = <A, E2>(
    effect: Effect.Effect<A, E2, AuditLog.AuditLog | Digest.Digest>,
    options: AuditLog.Options = {}
  ) => Effect.provide(effect, Layer.provideMerge(layer(options), Digest.layerWebCrypto))

  describe(`AuditLog (${name})`, () => {
    describe("writing", () => {
      it.effect("numbers entries from 1 and keeps their order and time", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          assert.strictEqual(yield* audit.append(crashed("one")), 1)
          yield* TestClock.adjust("3 seconds")
          assert.strictEqual(audit.recordUnsafe(used("A")), 2)
          assert.strictEqual(yield* audit.append(crashed("three")), 3)
          const entries = yield* audit.entries
          assert.deepStrictEqual(entries.map((_) => [_.sequence, _.time, _.event]), [
            [1, 0, crashed("one")],
            [2, 3000, used("A")],
            [3, 3000, crashed("three")]
          ])
        })))

      it.effect("gives concurrent writers distinct numbers without a gap", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          const given = yield* Effect.forEach(
            Array.from({ length: 50 }, (_, index) => index),
            (index) => audit.append(crashed(String(index))),
            { concurrency: "unbounded" }
          )
          const entries = yield* audit.entries
          assert.deepStrictEqual(entries.map((_) => _.sequence), entries.map((_, index) => index + 1))
          assert.deepStrictEqual(
            given.map((sequence) => entries[sequence - 1]?.event),
            given.map((_, index) => crashed(String(index)))
          )
        })))

      it.effect("never lets time run backward", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          yield* TestClock.setTime(5000)
          yield* audit.append(crashed("late"))
          yield* TestClock.setTime(1000)
          yield* audit.append(crashed("early"))
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.time), [5000, 5000])
          assert.strictEqual(audit.latestTimeUnsafe(), 5000)
        })))

      it.effect("keeps hostile text as it is, and it still verifies", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          for (const text of hostile) yield* audit.append(crashed(text))
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), hostile.map(crashed))
          assert.strictEqual((yield* audit.verify).entries, hostile.length)
        })))

      it.effect("refuses uses when its buffer is full, and still takes changes of authority", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            const taken = ["A", "B", "C", "D", "E"].map((resource) => audit.recordUnsafe(used(resource, resource)))
            assert.deepStrictEqual(taken, [1, 2, 3, 4, undefined])
            assert.strictEqual(yield* audit.append(crashed("change")), 5)
            assert.strictEqual(audit.recordUnsafe(used("F")), 6)
            assert.strictEqual((yield* audit.verify).entries, 6)
          }),
          { capacity: 4 }
        ))

      it.effect("gives the room of a use that fits no entry back to its principal", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            for (const size of [5000, 5001]) audit.recordUnsafe(used("x".repeat(size)))
            yield* audit.flush
            assert.strictEqual(audit.recordUnsafe(used("A")), 3)
          }),
          { capacity: 4 }
        ))

      it.effect("lets one principal take half of the buffer and leaves the rest to others", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            const flood = ["A", "B", "C"].map((resource) => audit.recordUnsafe(used(resource)))
            assert.deepStrictEqual(flood, [1, 2, undefined])
            assert.strictEqual(audit.recordUnsafe(used("A", "acme:totals@1.0.0")), 3)
            yield* audit.flush
            assert.strictEqual(audit.recordUnsafe(used("C")), 4)
          }),
          { capacity: 4 }
        ))

      it.effect("gives a principal its part of the buffer back when it is written, though others wait", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            assert.deepStrictEqual(["A", "B"].map((resource) => audit.recordUnsafe(used(resource))), [1, 2])
            const flushing = yield* Effect.forkChild(audit.flush, { startImmediately: true })
            assert.strictEqual(audit.recordUnsafe(used("A", "acme:totals@1.0.0")), 3)
            yield* Fiber.join(flushing)
            assert.deepStrictEqual(["C", "D"].map((resource) => audit.recordUnsafe(used(resource))), [4, 5])
          }),
          { capacity: 4 }
        ))

      it.effect("counts repeats of a use that waits, however many, and nothing else", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            for (let index = 0; index < 5000; index++) assert.strictEqual(audit.recordUnsafe(used("A")), 1)
            assert.strictEqual(audit.recordUnsafe(used("B")), 2)
            assert.strictEqual(audit.recordUnsafe(used("A", "acme:totals@1.0.0")), 3)
            yield* audit.append(crashed("between"))
            assert.strictEqual(audit.recordUnsafe(used("A")), 5)
            assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
              { ...used("A"), count: 5000 },
              used("B"),
              used("A", "acme:totals@1.0.0"),
              crashed("between"),
              used("A")
            ])
          }),
          { capacity: 8 }
        ))

      it.effect("counts no use into an entry that is written, or that lies before a change of authority", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          assert.strictEqual(audit.recordUnsafe(used("A")), 1)
          const flushing = yield* Effect.forkChild(audit.flush, { startImmediately: true })
          assert.strictEqual(audit.recordUnsafe(used("A")), 2)
          const changing = yield* Effect.forkChild(audit.append(crashed("change")), { startImmediately: true })
          assert.strictEqual(audit.recordUnsafe(used("A")), 4)
          yield* Fiber.joinAll([flushing, changing])
          yield* audit.flush
          assert.strictEqual(audit.recordUnsafe(used("A")), 5)
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
            used("A"),
            used("A"),
            crashed("change"),
            used("A"),
            used("A")
          ])
        })))

      it.effect("refuses an event that does not fit its schema, and goes on", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          const error = yield* Effect.flip(audit.append(crashed("x".repeat(5000))))
          assert.strictEqual(error.reason, "InvalidEvent")
          yield* audit.append(crashed("fine"))
          audit.recordUnsafe(used("x".repeat(5000)))
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
            crashed("fine"),
            { _tag: "Withdrawn", event: "CapabilityUsed" }
          ])
        })))
    })

    describe("verification", () => {
      it.effect("proves an untouched log, and an empty one", () =>
        run(Effect.gen(function*() {
          assert.strictEqual((yield* AuditLog.verifyText("")).entries, 0)
          const text = yield* appendAll(["a", "b", "c"])
          const audit = yield* AuditLog.AuditLog
          const head = yield* audit.head
          assert.deepStrictEqual(yield* AuditLog.verifyText(text, { checkpoint: head }), { entries: 3, head })
          assert.deepStrictEqual(yield* AuditLog.verifyEntries(yield* audit.entries), { entries: 3, head })
        })))

      it.effect("finds one changed byte, wherever it is, at its entry", () =>
        run(Effect.gen(function*() {
          const text = yield* appendAll(["first", "second", "third"])
          const lines = text.split("\n")
          let from = 0
          for (const [index, line] of lines.slice(0, 3).entries()) {
            for (let at = from; at < from + line.length; at++) {
              assert.strictEqual(yield* failsAt(flipByte(text, at)), index + 1, `byte ${at}`)
            }
            from += line.length + 1
          }
        })))

      it.effect("finds a changed event in entries that were read", () =>
        run(Effect.gen(function*() {
          yield* appendAll(["first", "second", "third"])
          const entries = yield* (yield* AuditLog.AuditLog).entries
          const altered = entries.map((entry) => entry.sequence === 2 ? { ...entry, event: crashed("other") } : entry)
          assert.strictEqual((yield* Effect.flip(AuditLog.verifyEntries(altered))).at, 2)
        })))

      it.effect("finds a dropped, a repeated and two exchanged entries at the first wrong place", () =>
        run(Effect.gen(function*() {
          const lines = (yield* appendAll(["1", "2", "3", "4"])).split("\n").slice(0, 4)
          const [one = "", two = "", three = "", four = ""] = lines
          assert.strictEqual(yield* failsAt(join(one, three, four)), 2)
          assert.strictEqual(yield* failsAt(join(two, three, four)), 1)
          assert.strictEqual(yield* failsAt(join(one, two, two, three, four)), 3)
          assert.strictEqual(yield* failsAt(join(one, three, two, four)), 2)
        })))

      it.effect("finds a cut end and a rewritten chain with a checkpoint kept elsewhere", () =>
        run(Effect.gen(function*() {
          const text = yield* appendAll(["1", "2", "3"])
          const head = yield* (yield* AuditLog.AuditLog).head
          const cut = text.slice(0, text.indexOf("\n") + 1)
          assert.strictEqual((yield* AuditLog.verifyText(cut)).entries, 1)
          assert.strictEqual(yield* failsAt(cut, head), 2)
          const forged = yield* appendAll(["4"])
          assert.strictEqual(yield* failsAt(forged, { sequence: 4, hash: head.hash }), 4)
        })))

      it.effect("finds a false number and a time before, even where every hash was made to fit", () =>
        run(Effect.gen(function*() {
          const digest = yield* Digest.Digest
          const forge = Effect.fnUntraced(function*(bodies: ReadonlyArray<object>) {
            let hash = "0".repeat(64)
            let text = ""
            for (const body of bodies) {
              const entry = JSON.stringify(body)
              hash = yield* digest.digestHex(
                Digest.sha256,
                new TextEncoder().encode(`airssys-audit-1\n${hash}\n${entry}`)
              )
              text += `{"hash":"${hash}","entry":${entry}}\n`
            }
            return text
          })
          const one = { sequence: 1, time: 5, event: crashed("1") }
          const two = { sequence: 2, time: 5, event: crashed("2") }
          assert.strictEqual((yield* AuditLog.verifyText(yield* forge([one, two]))).entries, 2)
          assert.strictEqual(yield* failsAt(yield* forge([one, { ...two, sequence: 3 }])), 2)
          assert.strictEqual(yield* failsAt(yield* forge([one, { ...two, time: 4 }])), 2)
          assert.strictEqual(yield* failsAt(yield* forge([one, { ...two, event: { _tag: "Nothing" } }])), 2)
        })))

      it.effect("says when the last line is not finished", () =>
        run(Effect.gen(function*() {
          const text = yield* appendAll(["1", "2"])
          assert.strictEqual(yield* failsAt(text.slice(0, -1)), 2)
        })))
    })

    it.effect.prop(
      "verifies after any run of appends and records",
      [Schema.Array(Schema.Struct({ isUse: Schema.Boolean, text: Schema.String })).check(Schema.isMaxLength(12))],
      ([steps]) =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          for (const [index, { isUse, text }] of steps.entries()) {
            if (isUse) audit.recordUnsafe(used(`${index}${text}`))
            else yield* audit.append(crashed(text))
          }
          assert.strictEqual((yield* audit.verify).entries, steps.length)
          assert.deepStrictEqual(
            (yield* audit.entries).map((_) => _.event),
            steps.map(({ isUse, text }, index) => isUse ? used(`${index}${text}`) : crashed(text))
          )
        })),
      { arbitrary: { runs: 25 } }
    )
  })
}
