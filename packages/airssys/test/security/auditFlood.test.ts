import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { AuditError } from "airssys/security/AuditError"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import { AuditStore, layerMemory } from "airssys/security/AuditStore"
import { Clock, Context, Effect, Exit, Fiber, Latch, Layer, Option, Ref } from "effect"
import { TestClock } from "effect/testing"

const used = (resource: string, id = "acme:flood"): AuditEvent => ({
  _tag: "CapabilityUsed",
  principal: { kind: "Component", id },
  kind: "environment",
  resource,
  rule: { grant: 1, pattern: resource }
})

const principal = { kind: "Component", id: "acme:flood" } as const

const change = (tag: "Granted" | "Revoked"): AuditEvent => ({
  _tag: tag,
  principal,
  grant: 1,
  kind: "clock",
  patterns: [],
  reason: "test"
})

const run = <A, E>(effect: Effect.Effect<A, E, AuditLog.AuditLog>, options: AuditLog.Options = {}) =>
  Effect.provide(effect, AuditLog.layerMemory(options).pipe(Layer.provide(NodeCrypto.layerDigest)))

/** A store that keeps what it is given when it is told to, and says when it was given something. */
const slow = Effect.gen(function*() {
  const store = yield* Effect.provide(AuditStore, Layer.fresh(layerMemory))
  const open = yield* Latch.make(true)
  const asked = yield* Latch.make(false)
  const isBroken = yield* Ref.make(false)
  const layer = Layer.succeed(AuditStore, {
    ...store,
    append: (bytes) =>
      Effect.gen(function*() {
        yield* asked.open
        yield* open.await
        if (yield* Ref.get(isBroken)) {
          return yield* new AuditError({ reason: "Unwritable", detail: "no space left on device" })
        }
        yield* store.append(bytes)
      })
  })
  const log = (options: AuditLog.Options = {}) =>
    AuditLog.layer(options).pipe(Layer.provide([layer, NodeCrypto.layerDigest]))
  return { open, asked, isBroken, log }
})

/** A clock that a test sets; what passes is counted by its monotonic time alone. */
const clock = (start: number) => {
  let millis = start
  let nanos = 0n
  return {
    wall: (to: number) => void (millis = to),
    pass: (by: number) => void (nanos += BigInt(by) * 1_000_000n),
    layer: Effect.updateService(Clock.Clock, (clock) => ({
      ...clock,
      sleep: clock.sleep,
      currentTimeMillisUnsafe: () => millis,
      monotonicTimeNanosUnsafe: () => nanos
    }))
  }
}

const flood = (audit: AuditLog.AuditLog["Service"], id?: string): number => {
  for (let taken = 0;; taken++) if (audit.recordUnsafe(used(`${taken}`, id)) === undefined) return taken
}

/** A log on a disk that takes its time for each write until it is mended, and the names of those who were refused. */
const behind = Effect.fnUntraced(function*(
  disk: { readonly each: number; readonly bytesPerSecond: number },
  quota: AuditLog.Options["quota"] = {}
) {
  const store = yield* Effect.provide(AuditStore, Layer.fresh(layerMemory))
  let isSlow = true
  const layer = AuditLog.layer({ quota }).pipe(
    Layer.provide([
      Layer.succeed(AuditStore, {
        ...store,
        append: (bytes) =>
          Effect.andThen(
            isSlow ? Effect.sleep(disk.each + Math.ceil(bytes.length * 1000 / disk.bytesPerSecond)) : Effect.void,
            store.append(bytes)
          )
      }),
      NodeCrypto.layerDigest
    ])
  )
  const audit = Context.get(yield* Layer.build(layer), AuditLog.AuditLog)
  const mend = Effect.andThen(Effect.sync(() => isSlow = false), TestClock.adjust("1 minute"))
  yield* Effect.addFinalizer(() => mend)
  return { audit, mend, refused: new Set<string>() }
})

const neighbours = ["acme:ada", "acme:ben", "acme:cleo"]

/**
 * One principal makes a use of its own again and again, and three others one
 * every quarter of a second each. Adds those of the three who were refused one,
 * and returns how often the one was refused.
 */
const live = (audit: AuditLog.AuditLog["Service"], refused: Set<string>, millis: number) =>
  Effect.gen(function*() {
    let flooded = 0
    for (let at = 0; at < millis; at += 10) {
      for (let use = 0; use < 100; use++) {
        if (audit.recordUnsafe(used(`${at} ${use}`)) === undefined) flooded++
      }
      for (const id of at % 250 === 0 ? neighbours : []) {
        if (audit.recordUnsafe(used(`${at}`, id)) === undefined) refused.add(id)
      }
      yield* TestClock.adjust("10 millis")
    }
    return flooded
  })

const quota = { burst: 10_000, bytesPerSecond: 1_000 }

describe("a principal that floods the audit log", () => {
  it.effect("is suspended, which is recorded once, and nobody else is", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        const taken = flood(audit)
        assert.isAbove(taken, 10)
        assert.isBelow(taken, 100)
        for (let index = 0; index < 50; index++) assert.isUndefined(audit.recordUnsafe(used(`more ${index}`)))
        assert.isUndefined(audit.recordUnsafe(used("0")))
        assert.isNumber(audit.recordUnsafe(used("0", "acme:other")))
        assert.isNumber(
          audit.recordUnsafe({ ...used("0"), principal: { kind: "Operator", id: "acme:flood" } } as AuditEvent)
        )
        assert.isNumber(yield* audit.append(change("Granted")))
        const suspended = (yield* audit.entries).filter(({ event }) => event._tag === "Suspended")
        assert.deepStrictEqual(suspended.map(({ event }) => event._tag === "Suspended" && event.principal), [principal])
      }),
      { quota }
    ))

  it.effect("is suspended for as long as it was told, then heard again, with what was refused", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        flood(audit)
        const until = Option.getOrThrow(yield* audit.suspendedUntil(used("x")))
        assert.isAbove(until, 4000)
        assert.isAtMost(until, 5000)
        assert.isTrue(Option.isNone(yield* audit.suspendedUntil(used("x", "acme:other"))))
        for (let index = 0; index < 7; index++) audit.recordUnsafe(used("x"))
        yield* TestClock.setTime(until - 1)
        assert.isUndefined(audit.recordUnsafe(used("x")))
        yield* TestClock.setTime(until)
        assert.isNumber(audit.recordUnsafe(used("x")))
        const [resumed] = (yield* audit.entries).flatMap(({ event }) => event._tag === "Resumed" ? [event] : [])
        assert.deepStrictEqual(resumed, { _tag: "Resumed", principal, refused: 9 })
      }),
      { quota }
    ))

  it.effect("stays suspended when the clock goes back", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* TestClock.setTime(1_000_000)
        flood(audit)
        yield* TestClock.setTime(0)
        assert.isUndefined(audit.recordUnsafe(used("x")))
        yield* TestClock.setTime(1_006_000)
        assert.isNumber(audit.recordUnsafe(used("x")))
      }),
      { quota }
    ))

  it.effect("is heard again in time although the clock is set back", () => {
    const { layer, wall, pass } = clock(1_000_000)
    return run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        flood(audit)
        wall(0)
        assert.isUndefined(audit.recordUnsafe(used("x")))
        pass(6000)
        assert.isNumber(audit.recordUnsafe(used("x")))
      }),
      { quota }
    ).pipe(layer)
  })

  it.effect("writes no more than its quota, however long it goes on", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        for (let second = 0; second < 60; second++) {
          flood(audit)
          yield* TestClock.adjust("1 second")
        }
        const bytes = (yield* audit.text).length
        assert.isBelow(bytes, 2 * (quota.burst + 60 * quota.bytesPerSecond))
      }),
      { quota }
    ))

  it.effect("is told apart in what it is refused", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        flood(audit)
        assert.strictEqual((yield* Effect.flip(audit.append(used("x")))).reason, "Suspended")
      }),
      { quota }
    ))

  it.effect("takes half of the bytes that may wait, whatever the size of its uses", () =>
    run(
      Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        const large = (index: number, id?: string) => used(`${index}${"\u{1f600}".repeat(2000)}`, id)
        let taken = 0
        while (audit.recordUnsafe(large(taken)) !== undefined) taken++
        assert.isBelow(taken, 16)
        assert.isNumber(audit.recordUnsafe(large(0, "acme:other")))
        yield* audit.flush
        assert.isNumber(audit.recordUnsafe(large(taken)))
      }),
      { capacity: 64 }
    ))
})

describe("an audit log before use", () => {
  it.effect("returns when the use is durable, and not when it is only taken", () =>
    Effect.gen(function*() {
      const { asked, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        const using = yield* Effect.forkChild(audit.append(used("a")), { startImmediately: true })
        yield* asked.await
        assert.isUndefined(using.pollUnsafe())
        yield* open.open
        assert.strictEqual(yield* Fiber.join(using), 1)
      }).pipe(Effect.provide(log()))
    }))

  it.effect("fails where the use cannot be made durable, and withdraws it", () =>
    Effect.gen(function*() {
      const { isBroken, log } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* Ref.set(isBroken, true)
        assert.strictEqual((yield* Effect.flip(audit.append(used("a")))).reason, "Unwritable")
        yield* Ref.set(isBroken, false)
        assert.deepStrictEqual((yield* audit.entries).map(({ event }) => event), [
          { _tag: "Withdrawn", event: "CapabilityUsed" }
        ])
      }).pipe(Effect.provide(log()))
    }))

  it.effect("withdraws no use beside it that was taken without waiting", () =>
    Effect.gen(function*() {
      const { asked, isBroken, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        const first = yield* Effect.forkChild(Effect.exit(audit.append(used("first"))), { startImmediately: true })
        yield* asked.await
        const second = yield* Effect.forkChild(Effect.exit(audit.append(used("a"))), { startImmediately: true })
        assert.isNumber(audit.recordUnsafe(used("a")))
        yield* Ref.set(isBroken, true)
        yield* open.open
        assert.isTrue(Exit.isFailure(yield* Fiber.join(first)))
        assert.isTrue(Exit.isFailure(yield* Fiber.join(second)))
        yield* Ref.set(isBroken, false)
        assert.deepStrictEqual((yield* audit.entries).map(({ event }) => event), [
          { _tag: "Withdrawn", event: "CapabilityUsed" },
          { _tag: "Withdrawn", event: "CapabilityUsed" },
          used("a")
        ])
      }).pipe(Effect.provide(log()))
    }))
})

describe("an audit log whose disk is slow", () => {
  it.effect("refuses nobody but who floods it, as long as it writes", () =>
    Effect.gen(function*() {
      const { audit, mend, refused } = yield* behind({ each: 200, bytesPerSecond: Infinity }, { burst: 1_048_576 })
      const flooded = yield* live(audit, refused, 6000)
      assert.isAbove(flooded, 100)
      assert.deepStrictEqual([...refused], [])
      yield* mend
      const events = (yield* audit.entries).map(({ event }) => event)
      assert.isTrue(events.some((event) => event._tag === "Suspended"))
      assert.strictEqual(
        events.filter((event) => "principal" in event && event.principal.id !== "acme:flood").length,
        72
      )
    }).pipe(Effect.scoped))

  it.effect("lets who floods it write what it can take, once it has shown that", () =>
    Effect.gen(function*() {
      const { audit, refused } = yield* behind({ each: 10, bytesPerSecond: 100_000 }, { burst: 2 ** 40 })
      yield* live(audit, refused, 12_000)
      refused.clear()
      assert.isAbove(yield* live(audit, refused, 10_000), 1000)
      assert.deepStrictEqual([...refused], [])
    }).pipe(Effect.scoped))

  it.effect("leaves places free for the next, however many flood it", () =>
    Effect.gen(function*() {
      const { asked, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        const flooding = Array.from({ length: 5 }, (_, index) => flood(audit, `acme:flood-${index}`))
        assert.deepStrictEqual(flooding, [64, 32, 16, 8, 4])
        yield* TestClock.adjust("20 millis")
        yield* asked.await
        for (let use = 0; use < 2; use++) assert.isNumber(audit.recordUnsafe(used(`${use}`, "acme:polite")))
        yield* open.open
      }).pipe(Effect.provide(log({ capacity: 128 })))
    }))

  it.effect("refuses uses of all when the oldest has waited for 2 seconds, until it is written", () =>
    Effect.gen(function*() {
      const { asked, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        assert.isNumber(audit.recordUnsafe(used("a")))
        yield* TestClock.adjust("20 millis")
        yield* asked.await
        yield* TestClock.adjust("1980 millis")
        assert.isNumber(audit.recordUnsafe(used("b")))
        yield* TestClock.adjust("1 millis")
        assert.isUndefined(audit.recordUnsafe(used("c")))
        assert.isUndefined(audit.recordUnsafe(used("c", "acme:polite")))
        yield* open.open
        yield* audit.flush
        assert.isNumber(audit.recordUnsafe(used("d")))
      }).pipe(Effect.provide(log()))
    }))

  it.effect("refuses them then although the clock is set back", () => {
    const { layer, pass, wall } = clock(1_000_000)
    return Effect.gen(function*() {
      const { asked, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        assert.isNumber(audit.recordUnsafe(used("a")))
        yield* TestClock.adjust("20 millis")
        yield* asked.await
        wall(0)
        assert.isNumber(audit.recordUnsafe(used("b")))
        pass(2001)
        assert.isUndefined(audit.recordUnsafe(used("c")))
      }).pipe(Effect.ensuring(open.open), Effect.provide(log()))
    }).pipe(layer)
  })

  it.effect("has room for revocations when changes that give authority have filled it", () =>
    Effect.gen(function*() {
      const { asked, log, open } = yield* slow
      yield* Effect.gen(function*() {
        const audit = yield* AuditLog.AuditLog
        yield* open.close
        const start = (event: AuditEvent) =>
          Effect.forkChild(Effect.exit(audit.append(event)), { startImmediately: true })
        const granting = yield* Effect.forEach(Array.from({ length: 200 }), () => start(change("Granted")))
        const revoking = yield* Effect.forEach(Array.from({ length: 20 }), () => start(change("Revoked")))
        yield* asked.await
        yield* open.open
        const granted = yield* Fiber.joinAll(granting)
        const revoked = yield* Fiber.joinAll(revoking)
        assert.isTrue(granted.some(Exit.isFailure))
        assert.isTrue(revoked.every(Exit.isSuccess))
      }).pipe(Effect.provide(log({ capacity: 4 })))
    }))
})
