import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import type { AuditEvent } from "airssys/security/AuditEvent"
import * as AuditLog from "airssys/security/AuditLog"
import * as CrashDisk from "airssys/testing/CrashDisk"
import { Effect, Exit, Layer, Schema } from "effect"

const principal = { kind: "Component", id: "acme:rates" } as const

const event = (detail: string): AuditEvent => ({ _tag: "Crashed", principal, detail })

/** An append of so many events that hold together; 0 is a use that is flushed later. */
type Script = ReadonlyArray<number>

/** What the process that was cut off knew: the events that were to hold together, and whether they were acknowledged. */
interface Attempt {
  readonly details: ReadonlyArray<string>
  isAcknowledged: boolean
}

const options: AuditLog.Options & { readonly path: string } = {
  path: "/disk/audit.jsonl",
  rotate: { bytes: 1500 }
}

const open = <A, E>(disk: CrashDisk.CrashDisk, effect: Effect.Effect<A, E, AuditLog.AuditLog>) =>
  Effect.provide(effect, AuditLog.layerFile(options).pipe(Layer.provide([disk.layer, NodeCrypto.layerDigest])), {
    local: true
  })

const perform = (script: Script, life: number, attempts: Array<Attempt>) =>
  Effect.gen(function*() {
    const audit = yield* AuditLog.AuditLog
    for (const [step, size] of script.entries()) {
      const details = Array.from({ length: Math.max(1, size) }, (_, index) => `${life}.${step}.${index}`)
      const attempt: Attempt = { details, isAcknowledged: false }
      attempts.push(attempt)
      if (size === 0) audit.recordUnsafe(event(details[0] ?? ""))
      else attempt.isAcknowledged = Exit.isSuccess(yield* Effect.exit(audit.appendAll(details.map(event))))
    }
  })

/** Opens the log after a crash, and compares it with what was attempted and acknowledged in all lives before. */
const judge = (disk: CrashDisk.CrashDisk, attempts: ReadonlyArray<Attempt>) =>
  open(
    disk,
    Effect.gen(function*() {
      const audit = yield* AuditLog.AuditLog
      const entries = yield* audit.entries
      yield* audit.verify
      const found = entries.flatMap((entry) => entry.event._tag === "Crashed" ? [entry.event.detail] : [])
      const order = attempts.flatMap((attempt) => attempt.details)
      assert.deepStrictEqual(
        found,
        order.filter((detail) => found.includes(detail)),
        "is in order and nothing is twice"
      )
      for (const { details, isAcknowledged } of attempts) {
        const kept = details.filter((detail) => found.includes(detail)).length
        assert.isTrue(kept === 0 || kept === details.length, `half of ${details} is there`)
        assert.isTrue(!isAcknowledged || kept > 0, `${details} was acknowledged and is gone`)
      }
      return found.length
    })
  )

/** One process after the other on one disk; each is stopped after so many operations, and then the power is cut. */
const lives = (
  disk: CrashDisk.CrashDisk,
  plan: ReadonlyArray<{ readonly script: Script; readonly stopAfter: number }>,
  choose: CrashDisk.Choose
) =>
  Effect.gen(function*() {
    const attempts: Array<Attempt> = []
    for (const [life, { script, stopAfter }] of plan.entries()) {
      disk.stopAfter(stopAfter)
      yield* Effect.exit(open(disk, perform(script, life, attempts)))
      disk.crash(choose)
    }
    return yield* judge(disk, attempts)
  })

/** Numbers in [0, count) from a seed. */
const random = (seed: number): CrashDisk.Choose => {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 4_294_967_296 * count)
  }
}

/** Every sequence of choices: each run of `use` is given the next one, until all were. */
const everyChoice = <E>(use: (choose: CrashDisk.Choose) => Effect.Effect<unknown, E>): Effect.Effect<number, E> =>
  Effect.gen(function*() {
    let path: Array<{ readonly choice: number; readonly count: number }> = []
    for (let runs = 1;; runs++) {
      let depth = 0
      yield* use((count) => {
        path[depth] ??= { choice: 0, count }
        return path[depth++]?.choice ?? 0
      })
      path = path.slice(0, depth)
      while (path.length > 0) {
        const { choice, count } = path.pop()!
        if (choice + 1 < count) {
          path.push({ choice: choice + 1, count })
          break
        }
      }
      if (path.length === 0) return runs
    }
  })

const Life = Schema.Struct({
  script: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 }))).check(Schema.isMaxLength(6)),
  stopAfter: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
})

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_294_967_295 }))

describe("an audit log on a disk whose power is cut", () => {
  it.effect("keeps what was acknowledged and nothing half, at every operation and for every part that survives", () =>
    Effect.gen(function*() {
      let runs = 0
      const whole = CrashDisk.make({ pageSize: 96 })
      yield* open(whole, perform([1, 2], 0, []))
      for (let stopAfter = 0; stopAfter <= whole.operations(); stopAfter++) {
        runs += yield* everyChoice((choose) =>
          lives(CrashDisk.make({ pageSize: 96 }), [{ script: [1, 2], stopAfter }], choose)
        )
      }
      assert.isAbove(runs, 800)
    }))

  it.effect("keeps it when a new segment is begun just then", () =>
    Effect.gen(function*() {
      const script = [1, 1, 1, 1, 1, 1]
      const whole = CrashDisk.make()
      yield* open(whole, perform(script, 0, []))
      for (let stopAfter = 0; stopAfter <= whole.operations(); stopAfter++) {
        yield* everyChoice((choose) => lives(CrashDisk.make(), [{ script, stopAfter }], choose))
      }
    }))

  it.effect.prop(
    "keeps it over several crashes one after the other",
    [Schema.Array(Life).check(Schema.isMaxLength(4)), Seed],
    ([plan, seed]) => lives(CrashDisk.make({ pageSize: 128 }), plan, random(seed)),
    { arbitrary: { runs: 300 } }
  )

  it.effect("cuts what no seal confirms, and says in the log how much that was", () =>
    Effect.gen(function*() {
      const disk = CrashDisk.make({ pageSize: 64 })
      yield* open(disk, perform([1], 0, []))
      disk.stopAfter(3)
      yield* Effect.exit(open(disk, perform([3], 1, [])))
      disk.crash((count) => count - 1)
      const tags = yield* open(
        disk,
        AuditLog.AuditLog.use((audit) => Effect.map(audit.entries, (entries) => entries.map(({ event }) => event)))
      )
      assert.strictEqual(tags.length, 2)
      assert.strictEqual(tags[1]?._tag, "TailCut")
    }))
})

const breaks = (make: () => CrashDisk.CrashDisk) =>
  Effect.gen(function*() {
    for (let seed = 0; seed < 200; seed++) {
      const plan = [{ script: [1, 2, 1, 1, 1, 1], stopAfter: 5 + seed % 30 }]
      const exit = yield* Effect.exit(lives(make(), plan, random(seed * 7919)))
      if (Exit.isFailure(exit)) return true
    }
    return false
  })

describe("the same checks", () => {
  it.effect("pass with syncs", () => Effect.map(breaks(() => CrashDisk.make()), (found) => assert.isFalse(found)))

  it.effect("find a build that does not sync its file", () =>
    Effect.map(breaks(() => CrashDisk.make({ ignoresSync: true })), (found) => assert.isTrue(found)))

  it.effect("find a build that does not sync the folder", () =>
    Effect.map(breaks(() => CrashDisk.make({ ignoresFolderSync: true })), (found) => assert.isTrue(found)))
})

describe("an audit log on a disk that fails for a while", () => {
  it.effect("acknowledges nothing that was not synced, and goes on afterwards", () =>
    Effect.gen(function*() {
      for (const fault of ["failNextWrite", "failNextSync"] as const) {
        for (let seed = 0; seed < 50; seed++) {
          const disk = CrashDisk.make({ pageSize: 64 })
          const attempts: Array<Attempt> = []
          yield* open(
            disk,
            Effect.gen(function*() {
              yield* perform([1], 0, attempts)
              disk[fault]()
              yield* perform([2, 1], 1, attempts)
              assert.deepStrictEqual(attempts.map((attempt) => attempt.isAcknowledged), [true, false, true])
              disk.stopAfter(0)
            })
          )
          disk.crash(random(seed))
          const found = yield* open(disk, AuditLog.AuditLog.use((audit) => audit.entries))
          assert.deepStrictEqual(found.map(({ event }) => event._tag), ["Crashed", "Withdrawn", "Withdrawn", "Crashed"])
        }
      }
    }))
})
