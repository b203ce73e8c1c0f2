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
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { AuditError } from "../security/AuditError.ts"
import type { AuditEvent } from "../security/AuditEvent.ts"
import * as AuditLog from "../security/AuditLog.ts"
import { type AuditQuery, matches } from "../security/AuditQuery.ts"
import * as MerkleTree from "../security/MerkleTree.ts"
import * as Principal from "../security/Principal.ts"

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

const failsAt = (text: string, checkpoint?: MerkleTree.TreeHead) =>
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

      it.effect("gives the entries of some tags, and verifies all", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          yield* audit.append(crashed("one"))
          audit.recordUnsafe(used("A"))
          yield* audit.append(crashed("three"))
          const entries = yield* audit.entriesOf(new Set(["CapabilityUsed"]))
          assert.deepStrictEqual(entries.map((_) => [_.sequence, _.event]), [[2, used("A")]])
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

      it.effect("takes no room for a use that fits no entry", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            for (const size of [5000, 5001]) assert.isUndefined(audit.recordUnsafe(used("x".repeat(size))))
            assert.deepStrictEqual(["A", "B"].map((resource) => audit.recordUnsafe(used(resource))), [1, 2])
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

      it.effect("counts each of many uses that wait where it is made again", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            const principals = ["acme:orders@1.0.0", "acme:totals@1.0.0"]
            const uses = Array.from({ length: 400 }, (_, index) => `${index}`).flatMap((resource) =>
              principals.map((id) => used(resource, id))
            )
            const record = () => uses.map(audit.recordUnsafe)
            const first = record()
            assert.deepStrictEqual(first, uses.map((_, index) => index + 1))
            assert.deepStrictEqual(record(), first)
            assert.deepStrictEqual(uses.toReversed().map(audit.recordUnsafe), first.toReversed())
            yield* audit.flush
            assert.deepStrictEqual(record(), uses.map((_, index) => uses.length + index + 1))
            assert.deepStrictEqual(
              (yield* audit.entries).map((_) => _.event),
              [...uses.map((use) => ({ ...use, count: 3 })), ...uses]
            )
          }),
          { capacity: 2048 }
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

      it.effect("keeps on whose behalf, of what release and in which message a use was, and counts others apart", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          const release = `sha256:${"ab".repeat(32)}`
          const onBehalfOf = [{ kind: "Operator", id: "alice" }, { kind: "Component", id: "acme:caller" }] as const
          const denied = {
            _tag: "CapabilityDenied",
            principal: actor,
            kind: "environment",
            resource: "A",
            reason: "NotGranted"
          } as const
          const events: ReadonlyArray<AuditEvent> = [
            { ...used("A"), correlation: "m1" } as AuditEvent,
            { ...used("A"), release } as AuditEvent,
            { ...used("A"), onBehalfOf } as AuditEvent,
            { ...used("A"), onBehalfOf, release, correlation: "m2" } as AuditEvent,
            denied,
            { ...denied, rule: { grant: 2, pattern: "B" }, onBehalfOf, release, correlation: "" },
            { ...denied, reason: "Expired" },
            { ...denied, isReported: true }
          ]
          for (const [index, event] of events.entries()) assert.strictEqual(audit.recordUnsafe(event), index + 1)
          assert.strictEqual(audit.recordUnsafe({ ...used("A"), correlation: "m3" } as AuditEvent), 1)
          assert.deepStrictEqual(
            (yield* audit.entries).map((_) => _.event),
            events.map((event, index) => index === 0 ? { ...event, count: 2 } as AuditEvent : event)
          )
        })))

      it.effect("refuses a use that does not fit its schema, whatever in it does not", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          const wrong = [
            { principal: { kind: "Nobody", id: "a" } },
            { principal: { kind: "Host", id: "x".repeat(4097) } },
            { kind: "everything" },
            { kind: "custom.Odd" },
            { resource: "x".repeat(4097) },
            { resource: 1 },
            { rule: undefined },
            { rule: { grant: 0.5, pattern: "" } },
            { rule: { grant: 1, pattern: "x".repeat(4097) } },
            { onBehalfOf: [{ kind: "Host", id: "x".repeat(4097) }] },
            { onBehalfOf: Array.from({ length: Principal.mostActingFor + 2 }, () => actor) },
            { onBehalfOf: actor },
            { release: "sha256:ab" },
            { correlation: "x".repeat(257) }
          ]
          for (const part of wrong) {
            assert.isUndefined(audit.recordUnsafe({ ...used("A"), ...part } as AuditEvent), Object.keys(part)[0])
          }
          const denied = { ...used("A"), _tag: "CapabilityDenied", reason: "NoSuchReason" } as unknown as AuditEvent
          assert.isUndefined(audit.recordUnsafe(denied))
          assert.deepStrictEqual(yield* audit.entries, [])
        })))

      it.effect("refuses an event that does not fit its schema, and goes on", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          const error = yield* Effect.flip(audit.append(crashed("x".repeat(5000))))
          assert.strictEqual(error.reason, "InvalidEvent")
          yield* audit.append(crashed("fine"))
          audit.recordUnsafe(used("x".repeat(5000)))
          assert.deepStrictEqual((yield* audit.entries).map((_) => _.event), [
            crashed("fine")
          ])
        })))
    })

    describe("verification", () => {
      it.effect("proves an untouched log, and an empty one", () =>
        run(Effect.gen(function*() {
          assert.strictEqual((yield* AuditLog.verifyText("")).entries, 0)
          const audit = yield* AuditLog.AuditLog
          assert.deepStrictEqual(yield* audit.head, MerkleTree.empty)
          const text = yield* appendAll(["a", "b", "c"])
          const head = yield* audit.head
          const hashes = (yield* audit.entries).map((_) => _.hash)
          assert.deepStrictEqual(yield* MerkleTree.root(MerkleTree.leaves(hashes), 3), Option.some(head.root))
          assert.deepStrictEqual(
            yield* AuditLog.verifyText(text, { checkpoint: head }),
            { first: 1, entries: 3, head, checked: 3 }
          )
          assert.strictEqual((yield* AuditLog.verifyText(text)).checked, 0)
        })))

      it.effect("finds one changed byte, wherever it is, at its entry or at the seal behind it", () =>
        run(Effect.gen(function*() {
          yield* TestClock.adjust("1 day")
          const text = yield* appendAll(["first", "second", "third"])
          let from = 0
          for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
            const entry = Math.ceil(index / 2)
            const places = index % 2 === 1 ? [entry] : [entry, entry + 1]
            for (let at = from; at < from + line.length; at++) {
              assert.include(places, yield* failsAt(flipByte(text, at)), `byte ${at}`)
            }
            from += line.length + 1
          }
        })))

      it.effect("finds a dropped, a repeated and two exchanged lines at the first wrong entry", () =>
        run(Effect.gen(function*() {
          const lines = (yield* appendAll(["1", "2", "3", "4"])).split("\n").slice(0, -1)
          const [begin = "", one = "", seal1 = "", two = "", seal2 = "", three = "", seal3 = ""] = lines
          const rest = lines.slice(5)
          assert.strictEqual(yield* failsAt(join(begin, one, seal1, ...rest)), 2)
          assert.strictEqual(yield* failsAt(join(begin, one, seal1, seal2, ...rest)), 2)
          assert.strictEqual(yield* failsAt(join(begin, one, two, seal2, two, seal2, ...rest)), 3)
          assert.strictEqual(yield* failsAt(join(begin, one, seal1, three, seal3, two, seal2)), 2)
          assert.strictEqual(yield* failsAt(join(begin, one, seal1, seal1, two, seal2, ...rest)), 2)
          assert.strictEqual(yield* failsAt(join(one, seal1, two, seal2, ...rest)), 1)
          assert.strictEqual(yield* failsAt(join(begin, one)), 1)
        })))

      it.effect("needs no seal in the middle: the later ones hold what is before them", () =>
        run(Effect.gen(function*() {
          const lines = (yield* appendAll(["1", "2", "3"])).split("\n").slice(0, -1)
          const kept = lines.filter((_, index) => index !== 2)
          assert.strictEqual((yield* AuditLog.verifyText(join(...kept))).entries, 3)
        })))

      it.effect("finds a cut end and a rewritten log with a checkpoint kept elsewhere", () =>
        run(Effect.gen(function*() {
          const text = yield* appendAll(["1", "2", "3"])
          const head = yield* (yield* AuditLog.AuditLog).head
          const cut = join(...text.split("\n").slice(0, 3))
          assert.strictEqual((yield* AuditLog.verifyText(cut)).entries, 1)
          assert.strictEqual(yield* failsAt(cut, head), 2)
          const longer = yield* appendAll(["4"])
          assert.strictEqual((yield* AuditLog.verifyText(longer, { checkpoint: head })).checked, 3)
          assert.strictEqual(yield* failsAt(longer, { size: 4, root: head.root }), 1)
        })))

      it.effect("finds a log rewritten with every hash made to fit, behind the last checkpoint that it fits", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          yield* audit.append(crashed("1"))
          const older = yield* audit.head
          yield* audit.append(crashed("2"))
          const newer = yield* audit.head
          const forged = yield* run(Effect.gen(function*() {
            yield* appendAll(["1", "another"])
            return yield* (yield* AuditLog.AuditLog).text
          }))
          assert.strictEqual((yield* AuditLog.verifyText(forged)).entries, 2)
          const verify = (checkpoints: ReadonlyArray<MerkleTree.TreeHead>) =>
            AuditLog.verifyStream(Stream.succeed(new TextEncoder().encode(forged)), { checkpoints })
          assert.strictEqual((yield* verify([older])).checked, 1)
          assert.strictEqual((yield* Effect.flip(verify([newer, older]))).at, 2)
          assert.strictEqual((yield* Effect.flip(verify([newer]))).at, 1)
        })))

      it.effect("finds a false number and a time before, even where every hash was made to fit", () =>
        run(Effect.gen(function*() {
          const forge = Effect.fnUntraced(function*(bodies: ReadonlyArray<object>) {
            const texts = bodies.map((body) => JSON.stringify(body))
            const hashes = yield* Effect.forEach(
              texts,
              (text) => MerkleTree.leafHash(new TextEncoder().encode(text))
            )
            const root = Option.getOrThrow(yield* MerkleTree.root(MerkleTree.leaves(hashes), texts.length))
            return join(
              "{\"segment\":{\"version\":1,\"size\":0,\"time\":0,\"nodes\":[]}}",
              ...texts.map((text, index) => `{"hash":"${hashes[index]}","entry":${text}}`),
              `{"seal":{"size":${texts.length},"root":"${root}"}}`
            )
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
          assert.strictEqual(yield* failsAt(text.slice(0, -1)), 3)
        })))
    })

    describe("proofs", () => {
      it.effect("show an entry to somebody who holds the head alone, and no other entry", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          yield* appendAll(["1", "2", "3", "4", "5"])
          const head = yield* audit.head
          const proof = yield* audit.proveInclusion(3)
          const entry = yield* AuditLog.verifyInclusion(proof, head)
          assert.deepStrictEqual(Option.map(entry, (_) => _.event), Option.some(crashed("3")))
          const other = { ...proof, text: proof.text.replace("\"3\"", "\"4\"") }
          for (const claim of [other, { ...proof, sequence: 2 }, { ...proof, size: 4 }]) {
            assert.isTrue(Option.isNone(yield* AuditLog.verifyInclusion(claim, head)))
          }
          assert.strictEqual((yield* Effect.flip(audit.proveInclusion(6))).reason, "Missing")
          assert.strictEqual((yield* Effect.flip(audit.proveInclusion(0))).reason, "Missing")
        })))

      it.effect("show that nothing was done but to append since an older head", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          yield* appendAll(["1", "2", "3"])
          const older = yield* audit.head
          yield* appendAll(["4", "5"])
          const proof = yield* audit.proveConsistency(3)
          assert.isTrue(yield* AuditLog.verifyConsistency(proof, older))
          assert.isFalse(yield* AuditLog.verifyConsistency(proof, { size: 3, root: proof.newer.root }))
          assert.isFalse(yield* AuditLog.verifyConsistency(proof, { ...older, size: 2 }))
        })))
    })

    describe("segments", () => {
      const write = (many: number) => appendAll(Array.from({ length: many }, (_, index) => `${index + 1}`))

      it.effect("follow from one another, and are verified, read and proved as one log", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            const text = yield* write(7)
            assert.strictEqual(text.split("\n").filter((line) => line.startsWith("{\"segment\"")).length, 8)
            assert.strictEqual((yield* audit.verify).entries, 7)
            const head = yield* audit.head
            assert.strictEqual((yield* AuditLog.verifyText(text, { checkpoint: head })).checked, 7)
            assert.isTrue(Option.isSome(yield* AuditLog.verifyInclusion(yield* audit.proveInclusion(4), head)))
            assert.deepStrictEqual((yield* audit.entries).map((_) => _.sequence), [1, 2, 3, 4, 5, 6, 7])
            const [a = "", b = "", c = ""] = text.split(/^(?=\{"segment")/m)
            assert.strictEqual(yield* failsAt(a + c), 2)
            assert.strictEqual(yield* failsAt(b + c), 1)
            assert.strictEqual(yield* failsAt(a + b + b), 3)
            const hash = b.indexOf("nodes\":[\"") + 10
            assert.strictEqual(yield* failsAt(a + flipByte(b, hash) + c), 2)
          }),
          { rotate: { bytes: 1 } }
        ))

      it.effect("are begun when the first entry is old", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            const begun = Effect.map(audit.text, (text) => text.split("{\"segment\"").length - 1)
            yield* write(3)
            yield* TestClock.adjust("59 minutes")
            yield* write(1)
            assert.strictEqual(yield* begun, 1)
            yield* TestClock.adjust("1 minute")
            yield* write(1)
            assert.strictEqual(yield* begun, 2)
            yield* write(1)
            assert.strictEqual((yield* audit.verify).entries, 6)
            assert.strictEqual(yield* begun, 2)
          }),
          { rotate: { every: "1 hour" } }
        ))

      it.effect("that are too many are given up, which is recorded, and the rest is proved", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            yield* TestClock.adjust(13_579)
            yield* write(4)
            const older = yield* audit.head
            yield* write(12)
            const head = yield* audit.head
            const verified = yield* audit.verify
            assert.isAbove(verified.first, 4)
            const cuts = (yield* audit.entries).filter((entry) => entry.event._tag === "Cut")
            assert.isNotEmpty(cuts)
            assert.strictEqual((yield* Effect.flip(audit.proveInclusion(2))).reason, "Missing")
            const proof = yield* audit.proveConsistency(head.size)
            assert.isTrue(yield* AuditLog.verifyConsistency(proof, head))
            const text = yield* audit.text
            assert.strictEqual((yield* AuditLog.verifyText(text, { checkpoint: head })).checked, head.size)
            assert.strictEqual((yield* AuditLog.verifyText(text, { checkpoint: older })).checked, 0)
            const shorter = text.slice(text.indexOf("{\"segment\"", 1))
            assert.strictEqual(yield* failsAt(shorter), 1)
            for (let at = 0; at < text.indexOf("\n"); at++) yield* failsAt(flipByte(text, at))
          }),
          { rotate: { bytes: 800 }, retain: { segments: 3 } }
        ))

      it.effect("that are too old are given up", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            yield* write(2)
            yield* TestClock.adjust("2 days")
            yield* write(1)
            assert.deepStrictEqual((yield* audit.entries).map((_) => _.event._tag), ["Crashed", "Cut"])
          }),
          { rotate: { bytes: 500 }, retain: { age: "1 day" } }
        ))
    })

    describe("queries", () => {
      const many = Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        for (let index = 0; index < 30; index++) {
          yield* TestClock.adjust("1 second")
          if (index % 3 === 0) yield* audit.append(crashed(`${index}`))
          else audit.recordUnsafe(used(`${index % 5}`, index % 2 === 0 ? actor.id : "acme:totals"))
          if (index % 7 === 0) yield* audit.flush
        }
        yield* audit.flush
        return audit
      })

      const pagesOf = Effect.fnUntraced(function*(audit: AuditLog.AuditLog["Service"], query: AuditQuery) {
        const found: Array<number> = []
        for (let cursor: string | undefined, pages = 0; pages < 100; pages++) {
          const page = yield* audit.query({ ...query, cursor })
          assert.isAtMost(page.entries.length, query.limit ?? 100)
          found.push(...page.entries.map((_) => _.sequence))
          cursor = page.next
          if (cursor === undefined) break
        }
        return found
      })

      it.effect("find by every field, alone and together, what a look at every entry does", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* many
            const entries = yield* audit.entries
            const queries: ReadonlyArray<AuditQuery> = [
              {},
              { tags: ["Crashed"] },
              { tags: [] },
              { principal: { id: "acme:totals" } },
              { principal: { kind: "Operator", id: "acme:totals" } },
              { kind: "environment", resource: "2" },
              { grant: 1 },
              { since: 5_000, until: 12_000 },
              { since: 12_001, until: 12_999 },
              { resource: "__proto__" },
              { correlation: "none" },
              { tags: ["CapabilityUsed"], principal: { id: actor.id }, since: 10_000, resource: "4" }
            ]
            for (const query of queries) {
              const expected = entries.filter((entry) => matches(query, entry)).map((_) => _.sequence)
              for (const limit of [1, 4, 1000]) {
                assert.deepStrictEqual(yield* pagesOf(audit, { ...query, limit }), expected)
              }
            }
          }),
          { rotate: { bytes: 2_000 } }
        ))

      it.effect("go on behind what they have seen, though more was written or given up meanwhile", () =>
        run(
          Effect.gen(function*() {
            const audit = yield* AuditLog.AuditLog
            for (let index = 0; index < 6; index++) yield* audit.append(crashed(`${index}`))
            const first = yield* audit.query({ limit: 2 })
            for (let index = 6; index < 12; index++) yield* audit.append(crashed(`${index}`))
            yield* audit.flush
            const rest = yield* pagesOf(audit, { tags: ["Crashed"] })
            const page = yield* audit.query({ tags: ["Crashed"], cursor: first.next })
            assert.deepStrictEqual(page.entries.map((_) => _.sequence), rest.filter((sequence) => sequence > 2))
          }),
          { rotate: { bytes: 900 }, retain: { segments: 3 } }
        ))

      it.effect("refuse limits and cursors that are none", () =>
        run(Effect.gen(function*() {
          const audit = yield* many
          for (const cursor of ["", "1", "1.1", "-1.1.1", "1.1.1e3", "x".repeat(100_000), "1.1.1\n"]) {
            assert.strictEqual((yield* Effect.flip(audit.query({ cursor }))).reason, "InvalidCursor")
          }
          for (const limit of [0, -1, 1001, 0.5, Number.NaN]) {
            assert.strictEqual((yield* Effect.flip(audit.query({ limit }))).reason, "InvalidOptions")
          }
          assert.deepStrictEqual((yield* audit.query({ cursor: "5.1.3" })).entries.map((_) => _.sequence)[0], 6)
          assert.deepStrictEqual((yield* audit.query({ cursor: "5.999.0" })).entries.map((_) => _.sequence)[0], 6)
        })))

      it.effect("are exported as lines of JSON that hold the event as it is", () =>
        run(Effect.gen(function*() {
          const audit = yield* AuditLog.AuditLog
          for (const text of hostile) yield* audit.append(crashed(text))
          const lines = (yield* Stream.mkString(audit.export())).split("\n")
          assert.strictEqual(lines.pop(), "")
          const entries = yield* audit.entries
          assert.deepStrictEqual(
            lines.map((line) => JSON.parse(line)),
            entries.map(({ event, hash, sequence }) => ({ sequence, time: "1970-01-01T00:00:00.000Z", hash, ...event }))
          )
          assert.strictEqual(yield* Stream.mkString(audit.export({ tags: ["Cut"] })), "")
        })))
    })

    it.effect("refuses options that make no sense", () =>
      Effect.gen(function*() {
        const wrong: ReadonlyArray<AuditLog.Options> = [
          { capacity: 0 },
          { capacity: Number.NaN },
          { flushEvery: "51 millis" },
          { flushEvery: 0 },
          { quota: { burst: -1 } },
          { rotate: { bytes: 0.5 } },
          { retain: { segments: 0 } }
        ]
        for (const options of wrong) {
          const error = yield* Effect.flip(run(Effect.void, options))
          assert.strictEqual((error as AuditError).reason, "InvalidOptions")
        }
      }))

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
