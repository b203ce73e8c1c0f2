/**
 * What a runtime has to keep while components attack it: each attack ends as it
 * has to, and the neighbours do not notice.
 *
 * Twenty neighbours live through the whole suite. Each is called in order
 * before, during and after every attack, and would say so if it had lost a call
 * or its state. The clock is a `TestClock`; the engine's own is the real one.
 *
 * @since 0.1.0
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorSystem } from "../actor/ActorSystem.ts"
import type { LayerOptions } from "../component/Component.ts"
import type { ComponentError } from "../component/ComponentError.ts"
import { actorName } from "../component/ComponentHost.ts"
import { isLive } from "../component/ComponentLifecycle.ts"
import * as HostFunctions from "../component/HostFunctions.ts"
import { Runtime, type StartError } from "../Runtime.ts"
import type { AuditError } from "../security/AuditError.ts"
import type { AuditEvent } from "../security/AuditEvent.ts"
import { AuditLog } from "../security/AuditLog.ts"
import * as Grant from "../security/Grant.ts"
import * as HostileGuests from "./HostileGuests.ts"
import * as neighbourhood from "./internal/neighbourhood.ts"

type Services = Runtime | ActorSystem | AuditLog

/**
 * Registers the tests. `layer` is a runtime that is given the files of the
 * guests by their ids, and installs each by its id.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, options: {
  readonly layer: (sources: HostileGuests.Sources) => Layer.Layer<Services, E>
  readonly assemble: HostileGuests.Assemble
}): void => {
  const guests = [...HostileGuests.all, ...neighbourhood.guests]
  const host = Layer.unwrap(Effect.map(HostileGuests.sources(guests, options.assemble), options.layer))
  const both = Layer.provideMerge(neighbourhood.layer, host)
  const given = Layer.merge(neighbourhood.layerLog, HostFunctions.layer(...HostileGuests.functions))
  describe(`HostileGuests (${name})`, () => {
    withLayer(Layer.provide(both, given))((it) => {
      for (const guest of HostileGuests.all) {
        it.effect(`${guest.id} ${guest.does}, and ${outcome(guest)}`, () => endings[guest.ending._tag](guest))
      }

      it.effect("all attack at once, and no neighbour notices", () => together)

      it.effect("messages that are too large or wrong fail their sender, and no neighbour notices", () => senders)

      it.effect("every call of a neighbour is in the audit log, which verifies", () => recorded)
    })
  })
}

const outcome = ({ ending, isCounted }: HostileGuests.HostileGuest): string => {
  switch (ending._tag) {
    case "Answered":
      return "gets no further"
    case "NotStarted":
      return "is not started"
    case "Stopped":
      return "is stopped all the same"
    case "Unhealthy":
      return "is made anew"
    case "Deadline":
      return "is stopped when its time is over, restarted, and given up"
    case "Trap":
      return isCounted
        ? `is stopped (${ending.category}), restarted, and given up`
        : `is stopped (${ending.category}), and restarted each time`
  }
}

/** Two restarts: a second after the first crash, two after the second. */
const options = ({ grants }: HostileGuests.Guest): LayerOptions => ({
  intensity: { restarts: 2, within: "1 hour" },
  backoff: { base: "1 second", factor: 2, cap: "2 seconds" },
  grants: grants.map((kind) => Grant.make(kind, { reason: "To see what it does with it." }))
})

const hosted = <A, E, R>(guest: HostileGuests.HostileGuest, body: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const runtime = yield* Runtime
    yield* runtime.startUntyped(guest.id, options(guest))
    return yield* Effect.ensuring(body, runtime.stop(guest.id))
  })

const pinged = (guest: HostileGuests.Guest) =>
  Effect.map(Runtime.use((runtime) => runtime.call(guest.id, "ping", [])), ({ value }) => value)

const attack = (guest: HostileGuests.HostileGuest) =>
  neighbourhood.during(Runtime.use((runtime) => runtime.call(guest.id, "run", guest.args)))

const failure = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<E, never, R> =>
  Effect.matchEffect(effect, {
    onFailure: Effect.succeed,
    onSuccess: () => Effect.die(new Error("it succeeded"))
  })

const crashes = Effect.fnUntraced(function*(guest: HostileGuests.HostileGuest) {
  const error = yield* failure(attack(guest))
  assert.strictEqual(error.component, guest.id)
  assert.strictEqual(error.export, "run")
  assert.isAtMost(error.message.length, 1_024)
  assert.strictEqual(endOf(error), expectedEnd(guest))
})

const endOf = ({ reason }: ComponentError): string => reason._tag === "Trap" ? `Trap ${reason.category}` : reason._tag

const expectedEnd = ({ ending }: HostileGuests.HostileGuest): string =>
  ending._tag === "Trap" ? `Trap ${ending.category}` : "DeadlineExceeded"

const reasonOf = (guest: HostileGuests.Guest) => Effect.map(failure(pinged(guest)), ({ reason }) => reason._tag)

/** Waits until something has come of what happens to a guest. */
const seen = Effect.fnUntraced(function*(
  guest: HostileGuests.Guest,
  tag: ActorEvent["_tag"],
  cause: Effect.Effect<void, never, neighbourhood.Neighbourhood>
) {
  const system = yield* ActorSystem
  const event = yield* Effect.forkChild(
    Stream.runHead(Stream.filter(system.events, ({ _tag, name }) => _tag === tag && name === actorName(guest.id))),
    { startImmediately: true }
  )
  yield* cause
  yield* Fiber.join(event)
})

/** Lets the backoff pass, and waits for the fresh instance. */
const restarted = (guest: HostileGuests.Guest) => seen(guest, "Restarted", TestClock.adjust("2 seconds"))

/** Lets the time pass after which the health of a component is checked. */
const checked = (guest: HostileGuests.Guest) =>
  seen(guest, "Crashed", neighbourhood.during(TestClock.adjust("10 seconds")))

/** What the audit log has of these kinds about a guest, oldest first. */
const auditOf = <Tag extends AuditEvent["_tag"]>(guest: HostileGuests.Guest, ...tags: ReadonlyArray<Tag>) =>
  Stream.runCollect(Stream.paginate(undefined as string | undefined, (cursor) =>
    Effect.map(
      AuditLog.use((audit) => audit.query({ principal: { id: guest.id }, tags, limit: 1_000, cursor })),
      ({ entries, next }) =>
        [
          entries.map(({ event }) => event as Extract<AuditEvent, { readonly _tag: Tag }>),
          Option.fromUndefinedOr(next)
        ] as const
    )))

const lifeOf = (guest: HostileGuests.Guest) =>
  Effect.map(
    auditOf(guest, "Started", "Restarted", "Crashed", "Stopped"),
    (events) => events.map((event) => "detail" in event ? `${event._tag} ${event.detail}` : event._tag)
  )

const givenUp = (guest: HostileGuests.HostileGuest) =>
  Effect.gen(function*() {
    const before = (yield* lifeOf(guest)).length
    const crashed = `run: ${expectedEnd(guest)}`
    yield* hosted(
      guest,
      Effect.gen(function*() {
        for (const isLast of [false, false, true]) {
          assert.deepStrictEqual([yield* pinged(guest), yield* pinged(guest)], [1, 2])
          yield* crashes(guest)
          assert.strictEqual(yield* reasonOf(guest), isLast ? "Stopped" : "Restarting")
          if (!isLast) yield* restarted(guest)
        }
      })
    )
    assert.deepStrictEqual((yield* lifeOf(guest)).slice(before), [
      "Started",
      ...["Restarted", "Restarted"].flatMap((next) => [`Crashed ${crashed}`, next]),
      `Crashed ${crashed}`,
      `Stopped Failed: ${crashed}`
    ])
  })

const forgiven = (guest: HostileGuests.HostileGuest) =>
  hosted(
    guest,
    Effect.gen(function*() {
      for (let crash = 0; crash < 4; crash++) {
        assert.strictEqual(yield* pinged(guest), 1)
        yield* crashes(guest)
        yield* restarted(guest)
      }
    })
  )

type Check = (
  guest: HostileGuests.HostileGuest
) => Effect.Effect<unknown, StartError | ComponentError | AuditError, Services | neighbourhood.Neighbourhood>

const endings: { readonly [Tag in HostileGuests.Ending["_tag"]]: Check } = {
  Trap: (guest) => guest.isCounted ? givenUp(guest) : forgiven(guest),
  Deadline: givenUp,
  Answered: (guest) =>
    hosted(
      guest,
      Effect.gen(function*() {
        for (const ping of [1, 2]) {
          const { value } = yield* attack(guest)
          assert.deepStrictEqual({ _tag: "Answered", value }, guest.ending)
          assert.strictEqual(yield* pinged(guest), ping)
        }
      })
    ),
  NotStarted: (guest) =>
    Effect.gen(function*() {
      const runtime = yield* Runtime
      for (let attempt = 0; attempt < 2; attempt++) {
        const error = yield* failure(neighbourhood.during(runtime.startUntyped(guest.id, options(guest))))
        assert.isAtMost(error.message.length, 4_096)
        const reason = "reason" in error ? error.reason : ""
        assert.deepStrictEqual(
          { _tag: "NotStarted", error: error._tag, reason: typeof reason === "string" ? reason : reason._tag },
          guest.ending
        )
        assert.isFalse((yield* runtime.status).some(({ component, state }) => component === guest.id && isLive(state)))
        const life = yield* lifeOf(guest)
        assert.lengthOf(life, attempt + 1)
        assert.match(life[attempt]!, /^Stopped Failed: /)
      }
    }),
  Unhealthy: (guest) =>
    Effect.gen(function*() {
      yield* hosted(
        guest,
        Effect.gen(function*() {
          for (let check = 0; check < 2; check++) {
            assert.strictEqual(yield* pinged(guest), 1)
            yield* checked(guest)
            yield* restarted(guest)
          }
        })
      )
      const because = guest.ending._tag === "Unhealthy" ? `Crashed health.check: ${guest.ending.because}` : ""
      assert.deepStrictEqual(
        (yield* lifeOf(guest)).slice(0, -1),
        ["Started", because, "Restarted", because, "Restarted"]
      )
    }),
  Stopped: (guest) =>
    Effect.gen(function*() {
      const runtime = yield* Runtime
      yield* runtime.startUntyped(guest.id, options(guest))
      assert.strictEqual(yield* pinged(guest), 1)
      const end = yield* neighbourhood.during(runtime.stop(guest.id))
      assert.strictEqual(end?.outcome, "Failed")
      assert.isFalse((yield* runtime.status).some(({ component, state }) => component === guest.id && isLive(state)))
      assert.deepStrictEqual((yield* lifeOf(guest)).slice(-2), ["Started", "Stopped Shutdown"])
    })
}

const attacksInCalls: ReadonlySet<HostileGuests.Ending["_tag"]> = new Set(["Trap", "Deadline", "Answered"])

const together = Effect.gen(function*() {
  const runtime = yield* Runtime
  const guests = HostileGuests.all.filter(({ ending }) => attacksInCalls.has(ending._tag))
  yield* Effect.forEach(guests, (guest) => runtime.startUntyped(guest.id, options(guest)), { discard: true })
  const ends = yield* neighbourhood.during(
    Effect.forEach(
      guests,
      ({ args, id }) => Effect.match(runtime.call(id, "run", args), { onFailure: endOf, onSuccess: () => "Answered" }),
      { concurrency: "unbounded" }
    )
  )
  assert.deepStrictEqual(
    ends,
    guests.map((guest) => guest.ending._tag === "Answered" ? "Answered" : expectedEnd(guest))
  )
  yield* neighbourhood.during(
    Effect.forEach(guests, ({ id }) => runtime.stop(id), { concurrency: "unbounded", discard: true })
  )
})

const mebibyte = 1024 * 1024

/** What a sender may do wrong, to a neighbour that reads a text within 1 MiB of memory. */
const wrongMessages: ReadonlyArray<readonly [args: ReadonlyArray<unknown>, reason: string]> = [
  [["x".repeat(8 * mebibyte)], "BadArgument"],
  [["x".repeat(mebibyte / 2 + 1)], "BadArgument"],
  [["\u20ac".repeat(mebibyte / 4)], "BadArgument"],
  [["\ud800"], "BadArgument"],
  [[7], "BadArgument"],
  [[], "BadArgument"],
  [["x", "y"], "BadArgument"],
  ["x" as never, "BadArgument"],
  [{ length: 1 } as never, "BadArgument"],
  [undefined as never, "BadArgument"]
]

const senders = Effect.gen(function*() {
  const runtime = yield* Runtime
  const { id } = neighbourhood.guests[0]!
  for (const [args, reason] of wrongMessages) {
    const error = yield* failure(neighbourhood.during(runtime.call(id, "read", args)))
    assert.strictEqual(error.reason._tag, reason)
    assert.isAtMost(error.message.length, 1_024)
  }
  for (const length of [0, 1, mebibyte / 2]) {
    assert.strictEqual((yield* runtime.call(id, "read", ["x".repeat(length)])).value, length)
  }
})

const recorded = Effect.gen(function*() {
  const entries = yield* AuditLog.use((audit) => audit.entriesOf(new Set(["CapabilityUsed"])))
  const uses = new Map<string, number>()
  for (const { event } of entries) {
    if (event._tag !== "CapabilityUsed") continue
    uses.set(event.principal.id, (uses.get(event.principal.id) ?? 0) + (event.count ?? 1))
  }
  const { handled } = yield* neighbourhood.Neighbourhood
  for (const { id } of neighbourhood.guests) assert.strictEqual(uses.get(id), handled())
})
