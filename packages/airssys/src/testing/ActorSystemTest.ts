/**
 * What every wiring of `ActorSystem` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scheduler from "effect/Scheduler"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Accounting from "../actor/Accounting.ts"
import type { ActorContext } from "../actor/ActorContext.ts"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks } from "../actor/ActorHooks.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as ActorSystem from "../actor/ActorSystem.ts"
import type { Handler } from "../actor/Behaviour.ts"
import * as Mailbox from "../actor/Mailbox.ts"
import * as Protocol from "../actor/Protocol.ts"
import type { SpawnOptions } from "../actor/SpawnOptions.ts"
import { TurnScheduler } from "../actor/TurnScheduler.ts"

class Denied extends Schema.TaggedError<Denied>("test/Denied")("Denied", {}) {}

const Probe = Protocol.make({
  Note: { payload: { text: Schema.String } },
  Get: { payload: {}, reply: Schema.String },
  Refuse: { payload: {}, reply: Schema.String, error: Denied },
  RefuseAndCrash: { payload: {}, reply: Schema.String, error: Denied },
  Hold: { payload: {}, reply: Schema.String },
  Release: { payload: { text: Schema.String } },
  Forget: { payload: {}, reply: Schema.String },
  Crash: { payload: {}, reply: Schema.String },
  Throw: { payload: {}, reply: Schema.String },
  Nonsense: { payload: {}, reply: Schema.String },
  Wait: { payload: {}, reply: Schema.String },
  WaitForEver: { payload: {} },
  Quit: { payload: {} },
  WhoSent: { payload: {}, reply: Schema.String }
})
type Probe = Protocol.Message<typeof Probe>
type Held = Extract<Probe, { readonly _tag: "Hold" }>

const boom = new Error("boom")

/** A behaviour that keeps notes, and fails in every way a handler can. */
const probe = Effect.sync(() => {
  const notes: Array<string> = []
  let held: Held | undefined
  const handler: Handler<Probe> = (message, context) => {
    switch (message._tag) {
      case "Note":
        notes.push(message.text)
        return
      case "Get":
        return context.reply(message, notes.join(","))
      case "Refuse":
        return context.fail(message, new Denied({}))
      case "RefuseAndCrash":
        context.fail(message, new Denied({}))
        return Exit.die(boom)
      case "Hold":
        held = message
        return
      case "Release":
        if (held !== undefined) context.reply(held, message.text)
        return
      case "Forget":
        return
      case "Crash":
        return Exit.fail(boom)
      case "Throw":
        throw boom
      case "Nonsense":
        return { _tag: "Success" } as never
      case "Wait":
        return Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => context.reply(message, "waited")))
      case "WaitForEver":
        return Effect.uninterruptible(Effect.never)
      case "Quit":
        return context.stop()
      case "WhoSent":
        return context.reply(message, context.sender?.name ?? "nobody")
    }
  }
  return handler
})

const summary = (events: ReadonlyArray<ActorEvent>): Array<string> =>
  events.map((event) =>
    event._tag === "Stopped"
      ? `${event.name} ${event._tag} ${event.reason}`
      : event._tag === "Abandoned"
      ? `${event.name} ${event._tag} ${event.part}`
      : `${event.name} ${event._tag}`
  )

/** Runs `body` in a fresh system, with every lifecycle event. */
const inSystem = <A, E, R>(
  layer: Layer.Layer<ActorSystem.ActorSystem>,
  body: (system: ActorSystem.ActorSystem["Service"], events: Array<ActorEvent>) => Effect.Effect<A, E, R>
) =>
  Effect.suspend(() => {
    const events: Array<ActorEvent> = []
    return Effect.flatMap(ActorSystem.ActorSystem, (system) => body(system, events)).pipe(
      Effect.provide(Layer.fresh(layer)),
      Effect.provideService(ActorHooks, { onEvent: (event) => events.push(event) })
    )
  })

const collectDeadLetters = Effect.fnUntraced(function*(system: ActorSystem.ActorSystem["Service"]) {
  const letters: Array<string> = []
  yield* Effect.forkScoped(
    Stream.runForEach(system.deadLetters, (letter) =>
      Effect.sync(() => {
        letters.push(`${letter.reason} ${(letter.message as Probe)._tag} to ${letter.recipient.name}`)
      })),
    { startImmediately: true }
  )
  yield* Effect.yieldNow
  return letters
})

const balanced = Effect.fnUntraced(function*(system: ActorSystem.ActorSystem["Service"]) {
  const accounts = yield* system.accounting
  assert.isTrue(Accounting.isBalanced(accounts), JSON.stringify(accounts))
  return accounts
})

/**
 * Registers the tests.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = (
  name: string,
  layer: Layer.Layer<ActorSystem.ActorSystem>,
  options?: {
    /** What the layer does to its actors when it closes. Default: `Stop`. */
    readonly closing?: "Stop" | "Kill" | undefined
  }
): void => {
  const isStopping = options?.closing !== "Kill"
  const inProbe = <A, E, R>(
    body: (
      ref: ActorRef<Probe>,
      system: ActorSystem.ActorSystem["Service"],
      events: Array<ActorEvent>
    ) => Effect.Effect<A, E, R>,
    options?: SpawnOptions<Probe>
  ) =>
    inSystem(layer, (system, events) =>
      Effect.flatMap(
        system.spawn(probe, { name: "probe", ...options }),
        (ref) => body(ref, system, events)
      ))

  describe(`ActorSystem: ${name}`, () => {
    describe("tell and ask", () => {
      it.effect("handles the messages of one sender in the order they were sent", () =>
        inProbe(Effect.fnUntraced(function*(ref) {
          for (let i = 0; i < 1000; i++) ref.tell(Probe.Note({ text: `${i}` }))
          assert.strictEqual(yield* ref.ask(Probe.Get()), Array.from({ length: 1000 }, (_, i) => i).join(","))
        })))

      it.effect("fails an ask with the request's own error, and goes on", () =>
        inProbe(Effect.fnUntraced(function*(ref) {
          assert.instanceOf(yield* Effect.flip(ref.ask(Probe.Refuse())), Denied)
          assert.strictEqual(ref.status(), "Running")
          assert.strictEqual(yield* ref.ask(Probe.Get()), "")
        })))

      it.effect("answers a held request while a later message is handled, the oldest asker first", () =>
        inProbe(Effect.fnUntraced(function*(ref) {
          const request = Probe.Hold()
          const first = yield* Effect.forkChild(ref.ask(request), { startImmediately: true })
          const second = yield* Effect.forkChild(ref.ask(request), { startImmediately: true })
          ref.tell(Probe.Release({ text: "one" }))
          assert.strictEqual(yield* Fiber.join(first), "one")
          ref.tell(Probe.Release({ text: "two" }))
          assert.strictEqual(yield* Fiber.join(second), "two")
        })))

      it.effect("gives an ask up at its timeout, and drops the late answer", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          const asker = yield* Effect.forkChild(Effect.flip(ref.ask(Probe.Wait(), { timeout: "100 millis" })))
          yield* TestClock.adjust("100 millis")
          const error = yield* Fiber.join(asker)
          assert.strictEqual(error._tag, "AskTimeout")
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* ref.ask(Probe.Get()), "")
          assert.strictEqual((yield* balanced(system)).handled, 2)
        })))

      it.effect("fails the ask of an actor that has stopped or failed, at once", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          yield* system.stop(ref)
          assert.strictEqual(ref.status(), "Stopped")
          assert.strictEqual((yield* Effect.flip(ref.ask(Probe.Get())))._tag, "ActorStopped")
          const other = yield* system.spawn(probe)
          yield* Effect.exit(other.ask(Probe.Crash()))
          assert.strictEqual(other.status(), "Failed")
          assert.strictEqual((yield* Effect.flip(other.ask(Probe.Get())))._tag, "ActorStopped")
          assert.strictEqual((yield* balanced(system)).deadLetters, 2)
        })))

      it.effect("tells a handler which actor sent a message through its context", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          const Forward = Protocol.make({ Go: { payload: {}, reply: Schema.String } })
          const forwarder = yield* system.spawn(
            Effect.succeed(
              (
                message: Protocol.Message<typeof Forward>,
                context: ActorContext<Protocol.Message<typeof Forward>>
              ) => Effect.map(context.ask(ref, Probe.WhoSent()), (sender) => context.reply(message, sender))
            ),
            { name: "forwarder" }
          )
          assert.strictEqual(yield* forwarder.ask(Forward.Go()), "forwarder")
          assert.strictEqual(yield* ref.ask(Probe.WhoSent()), "nobody")
        })))

      it.effect("runs other actors while an Effect of one is under way, and its own next message after it", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          const waiting = yield* Effect.forkChild(ref.ask(Probe.Wait()), { startImmediately: true })
          ref.tell(Probe.Note({ text: "after" }))
          const other = yield* system.spawn(probe)
          assert.strictEqual(yield* other.ask(Probe.Get()), "")
          const { running, waiting: left } = yield* balanced(system)
          assert.deepStrictEqual([running, left], [1, 1])
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* Fiber.join(waiting), "waited")
          assert.strictEqual(yield* ref.ask(Probe.Get()), "after")
        })))
    })

    describe("crashes", () => {
      it.effect.each(["Crash", "Throw", "Nonsense"] as const)(
        "ends an unsupervised actor on %s",
        (tag) =>
          inProbe(Effect.fnUntraced(function*(ref, system, events) {
            const error = yield* Effect.flip(ref.ask(Probe[tag]()))
            assert.strictEqual(error._tag, "ActorCrashed")
            assert.strictEqual(ref.status(), "Failed")
            assert.deepStrictEqual(summary(events), ["probe Started", "probe Crashed", "probe Failed"])
            assert.strictEqual((yield* balanced(system)).failed, 1)
          }))
      )

      it.effect("gives the asker the typed error that was sent before the crash", () =>
        inProbe(Effect.fnUntraced(function*(ref, _, events) {
          assert.instanceOf(yield* Effect.flip(ref.ask(Probe.RefuseAndCrash())), Denied)
          yield* Effect.yieldNow
          assert.strictEqual(ref.status(), "Failed")
          const crash = events.find((event) => event._tag === "Crashed")
          assert.strictEqual(crash?._tag === "Crashed" ? Cause.squash(crash.cause) : undefined, boom)
        })))

      it.effect("discards what waits, fails those who wait for it, and tells why", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          const letters = yield* collectDeadLetters(system)
          const held = yield* Effect.forkChild(Effect.flip(ref.ask(Probe.Hold())), { startImmediately: true })
          ref.tell(Probe.Crash())
          ref.tell(Probe.Note({ text: "late" }))
          const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Probe.Get())), { startImmediately: true })
          assert.strictEqual((yield* Fiber.join(held))._tag, "ActorStopped")
          assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
          ref.tell(Probe.Note({ text: "too late" }))
          yield* Effect.yieldNow
          yield* Effect.yieldNow
          assert.deepStrictEqual(letters, [
            "Discarded Note to probe",
            "Discarded Get to probe",
            "ActorStopped Note to probe"
          ])
          const { deadLetters, discarded, rejected } = yield* balanced(system)
          assert.deepStrictEqual([deadLetters, discarded, rejected], [3, 2, 1])
        })))
    })

    describe("start", () => {
      it.effect("keeps the messages that arrive while the behaviour starts", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const gate = yield* Deferred.make<void>()
            const spawning = yield* Effect.forkChild(
              system.spawn(Effect.andThen(Deferred.await(gate), probe), { name: "slow", protocol: Probe }),
              { startImmediately: true }
            )
            const found = Option.getOrThrow(yield* system.lookup("slow", Probe))
            assert.strictEqual(found.status(), "Starting")
            found.tell(Probe.Note({ text: "early" }))
            yield* Deferred.succeed(gate, undefined)
            const ref = yield* Fiber.join(spawning)
            assert.strictEqual(yield* ref.ask(Probe.Get()), "early")
          })
        ))

      it.effect("fails with the behaviour's error, releases what it acquired and frees the name", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            const released: Array<string> = []
            const behaviour = Effect.andThen(
              Effect.addFinalizer(() => Effect.sync(() => released.push("released"))),
              Effect.andThen(Effect.yieldNow, Effect.fail(new Denied({})))
            )
            const error = yield* Effect.flip(system.spawn(behaviour, { name: "once" }))
            assert.instanceOf(error, Denied)
            assert.deepStrictEqual(released, ["released"])
            assert.deepStrictEqual(summary(events), ["once Failed"])
            yield* system.spawn(probe, { name: "once" })
          })
        ))

      it.effect("fails a behaviour that does not finish within its start timeout", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const spawning = yield* Effect.forkChild(
              Effect.flip(system.spawn(Effect.never, { startTimeout: "10 seconds" }))
            )
            yield* TestClock.adjust("10 seconds")
            assert.strictEqual((yield* Fiber.join(spawning))._tag, "ActorStartTimeout")
          })
        ))

      it.effect("ends the actor when its spawn is interrupted", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            const spawning = yield* Effect.forkChild(system.spawn(Effect.never, { name: "never" }), {
              startImmediately: true
            })
            yield* Fiber.interrupt(spawning)
            assert.deepStrictEqual(summary(events), ["never Stopped Killed"])
            assert.isTrue(Option.isNone(yield* system.lookup("never")))
          })
        ))

      it.effect("starts and ends whatever the operation at which the spawning fiber yields", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const every = 16
            const behaviour = Effect.as(Effect.yieldNow, (): void => {})
            for (let before = 0; before < every; before++) {
              const spawn = Effect.gen(function*() {
                for (let i = 0; i < before; i++) yield* Effect.sync(() => {})
                return yield* system.spawn(behaviour, { name: "one" })
              }).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, every))
              const spawning = yield* Effect.forkChild(spawn, { startImmediately: true })
              for (let i = 0; i < 9; i++) yield* Effect.yieldNow
              assert.isDefined(spawning.pollUnsafe(), `the spawn after ${before} operations`)
              yield* system.kill(yield* Fiber.join(spawning))
              const given = yield* Effect.forkChild(spawn, { startImmediately: true })
              yield* Fiber.interrupt(given)
              assert.isTrue(Option.isNone(yield* system.lookup("one")), `the end after ${before} operations`)
            }
          })
        ))

      it.effect("refuses a name that is taken, and gives it away again after the end", () =>
        inProbe(Effect.fnUntraced(function*(ref, system) {
          assert.strictEqual((yield* Effect.flip(system.spawn(probe, { name: "probe" })))._tag, "ActorNameTaken")
          yield* system.stop(ref)
          yield* system.spawn(probe, { name: "probe" })
        })))

      it.effect("finds an actor by its name, and types it by the protocol it was spawned with", () =>
        inProbe(
          Effect.fnUntraced(function*(ref, system) {
            assert.strictEqual(Option.getOrUndefined(yield* system.lookup("probe")), ref as ActorRef<never>)
            assert.strictEqual(Option.getOrUndefined(yield* system.lookup("probe", Probe)), ref)
            const other = Protocol.make({ Note: { payload: {} } })
            assert.isTrue(Option.isNone(yield* system.lookup("probe", other)))
            assert.isTrue(Option.isNone(yield* system.lookup("__proto__")))
          }),
          { protocol: Probe }
        ))
    })

    describe("bounded mailbox", () => {
      it.effect("refuses an offer, rejects a tell and fails an ask when it is full", () =>
        inProbe(
          Effect.fnUntraced(function*(ref, system) {
            const letters = yield* collectDeadLetters(system)
            yield* ref.offer(Probe.Note({ text: "1" }))
            yield* ref.offer(Probe.Note({ text: "2" }))
            const full = yield* Effect.flip(ref.offer(Probe.Note({ text: "3" })))
            assert.strictEqual(full._tag, "MailboxFull")
            ref.tell(Probe.Note({ text: "4" }))
            assert.strictEqual((yield* Effect.flip(ref.ask(Probe.Get())))._tag, "MailboxFull")
            yield* Effect.yieldNow
            yield* Effect.yieldNow
            assert.deepStrictEqual(letters, [
              "MailboxFull Note to probe",
              "MailboxFull Note to probe",
              "MailboxFull Get to probe"
            ])
            assert.strictEqual(yield* ref.ask(Probe.Get()), "1,2")
            yield* balanced(system)
          }),
          { mailbox: Mailbox.bounded(2) }
        ))
    })

    describe("stop and kill", () => {
      it.effect("handles what waits before it stops, and refuses what comes", () =>
        inProbe(Effect.fnUntraced(function*(ref, system, events) {
          const asked = yield* Effect.forkChild(ref.ask(Probe.Wait()), { startImmediately: true })
          const last = yield* Effect.forkChild(ref.ask(Probe.Get()), { startImmediately: true })
          yield* Effect.yieldNow
          const stopping = yield* Effect.forkChild(system.stop(ref), { startImmediately: true })
          assert.strictEqual(ref.status(), "Stopping")
          assert.strictEqual((yield* Effect.flip(ref.offer(Probe.Note({ text: "" }))))._tag, "ActorStopped")
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* Fiber.join(asked), "waited")
          assert.strictEqual(yield* Fiber.join(last), "")
          yield* Fiber.join(stopping)
          assert.deepStrictEqual(summary(events), ["probe Started", "probe Stopped Shutdown"])
        })))

      it.effect("interrupts at the deadline; the asker fails and the rest is discarded", () =>
        inProbe(
          Effect.fnUntraced(function*(ref, system, events) {
            const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Probe.Wait())), { startImmediately: true })
            ref.tell(Probe.Note({ text: "late" }))
            yield* Effect.yieldNow
            const stopping = yield* Effect.forkChild(system.stop(ref), { startImmediately: true })
            yield* TestClock.adjust("500 millis")
            yield* Fiber.join(stopping)
            assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
            assert.deepStrictEqual(summary(events), ["probe Started", "probe Stopped DeadlineExceeded"])
            const { discarded, failed } = yield* balanced(system)
            assert.deepStrictEqual([discarded, failed], [1, 1])
          }),
          { shutdown: "500 millis" }
        ))

      it.effect("kills at once: interrupts the handler, fails its asker, discards the rest", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            let isInterrupted = false
            const Never = Protocol.make({ Go: { payload: {}, reply: Schema.Void } })
            const ref = yield* system.spawn(
              Effect.succeed<Handler<Protocol.Message<typeof Never>>>(() =>
                Effect.onInterrupt(Effect.never, () =>
                  Effect.sync(() => {
                    isInterrupted = true
                  }))
              ),
              { name: "never" }
            )
            const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Never.Go())), { startImmediately: true })
            ref.tell(Never.Go())
            yield* Effect.yieldNow
            yield* system.kill(ref)
            assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
            assert.isTrue(isInterrupted)
            assert.deepStrictEqual(summary(events), ["never Started", "never Stopped Killed"])
            const { discarded, failed } = yield* balanced(system)
            assert.deepStrictEqual([discarded, failed], [1, 1])
          })
        ))

      it.effect("abandons a handler that cannot be interrupted, with an event", () =>
        inProbe(Effect.fnUntraced(function*(ref, system, events) {
          ref.tell(Probe.WaitForEver())
          yield* Effect.yieldNow
          const killing = yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
          assert.strictEqual(ref.status(), "Stopping")
          yield* TestClock.adjust("5 seconds")
          yield* Fiber.join(killing)
          assert.strictEqual(ref.status(), "Stopped")
          assert.deepStrictEqual(summary(events), [
            "probe Started",
            "probe Abandoned Handler",
            "probe Stopped Killed"
          ])
          assert.strictEqual((yield* balanced(system)).failed, 1)
        })))

      it.effect("abandons finalizers that never end", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            const ref = yield* system.spawn(
              Effect.andThen(Effect.addFinalizer(() => Effect.never), probe),
              { name: "stuck" }
            )
            const stopping = yield* Effect.forkChild(system.stop(ref), { startImmediately: true })
            yield* TestClock.adjust("5 seconds")
            yield* Fiber.join(stopping)
            assert.deepStrictEqual(summary(events), [
              "stuck Started",
              "stuck Abandoned Finalizers",
              "stuck Stopped Shutdown"
            ])
          })
        ))

      it.effect("ignores what an abandoned handler does later", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            const Late = Protocol.make({ Go: { payload: {}, reply: Schema.String } })
            type Late = Protocol.Message<typeof Late>
            const ref = yield* system.spawn(
              Effect.succeed((message: Late, context: ActorContext<Late>) =>
                Effect.uninterruptible(
                  Effect.andThen(
                    Effect.sleep("1 minute"),
                    Effect.sync(() => {
                      context.reply(message, "late")
                      context.stop()
                    })
                  )
                )
              ),
              { name: "late" }
            )
            const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Late.Go())), { startImmediately: true })
            yield* Effect.yieldNow
            const killing = yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
            yield* TestClock.adjust("2 minutes")
            yield* Fiber.join(killing)
            assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
            assert.strictEqual(events.length, 3)
            const { failed, handled } = yield* balanced(system)
            assert.deepStrictEqual([failed, handled], [1, 0])
          })
        ))

      it.effect("ends by itself after the current message", () =>
        inProbe(Effect.fnUntraced(function*(ref, system, events) {
          ref.tell(Probe.Quit())
          ref.tell(Probe.Note({ text: "late" }))
          assert.strictEqual((yield* Effect.flip(ref.ask(Probe.Get())))._tag, "ActorStopped")
          assert.deepStrictEqual(summary(events), ["probe Started", "probe Stopped Normal"])
          const { discarded, handled } = yield* balanced(system)
          assert.deepStrictEqual([discarded, handled], [2, 1])
        })))

      it.effect.each(["synchronous", "effect", "late effect"] as const)(
        "can be killed out of its own handler: %s",
        (how) =>
          inSystem(
            layer,
            Effect.fnUntraced(function*(system, events) {
              const context = yield* Effect.context()
              const ref: ActorRef<string> = yield* system.spawn(
                Effect.succeed((_: string, handling: ActorContext<string>) => {
                  const kill = system.kill(handling.self)
                  if (how === "effect") return kill
                  if (how === "late effect") return Effect.andThen(Effect.yieldNow, kill)
                  Effect.runForkWith(context)(kill)
                  return undefined
                }),
                { name: "suicidal" }
              )
              ref.tell("go")
              ref.tell("never")
              for (let i = 0; i < 10; i++) yield* Effect.yieldNow
              assert.deepStrictEqual(summary(events), ["suicidal Started", "suicidal Stopped Killed"])
              const { discarded } = yield* balanced(system)
              assert.strictEqual(discarded, 1)
            })
          )
      )

      it.effect("stops children before their parent releases, the newest first", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system, events) {
            const released: Array<string> = []
            const noting = (name: string) =>
              Effect.andThen(
                Effect.addFinalizer(() =>
                  Effect.sync(() => {
                    released.push(name)
                  })
                ),
                probe
              )
            const parent = yield* system.spawn(
              Effect.as(
                Effect.addFinalizer(() =>
                  Effect.sync(() => {
                    released.push("parent")
                  })
                ),
                (name: string, context: ActorContext<string>) => context.spawn(noting(name), { name })
              ),
              { name: "parent" }
            )
            parent.tell("a")
            parent.tell("b")
            yield* Effect.yieldNow
            yield* system.stop(parent)
            assert.deepStrictEqual(released, ["b", "a", "parent"])
            assert.deepStrictEqual(summary(events).slice(3), [
              "b Stopped Shutdown",
              "a Stopped Shutdown",
              "parent Stopped Shutdown"
            ])
          })
        ))
    })

    describe("the layer", () => {
      it.effect("ends every actor when it closes, the newest first, after what waits or at once", () =>
        Effect.gen(function*() {
          const events: Array<ActorEvent> = []
          const handled: Array<string> = []
          const scope = yield* Scope.make()
          const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope).pipe(
            Effect.provideService(ActorHooks, { onEvent: (event) => events.push(event) })
          )
          const system = Context.get(context, ActorSystem.ActorSystem)
          const refs = yield* Effect.forEach(
            ["a", "b", "c"],
            (name) => system.spawn(Effect.succeed((text: string) => void handled.push(name + text)), { name })
          )
          for (const ref of refs) ref.tell("!")
          yield* Scope.close(scope, Exit.void)
          assert.deepStrictEqual(handled, isStopping ? ["a!", "b!", "c!"] : [])
          assert.deepStrictEqual(
            summary(events).slice(3),
            ["c", "b", "a"].map((it) => `${it} Stopped ${isStopping ? "Shutdown" : "Killed"}`)
          )
          assert.strictEqual((yield* Effect.flip(system.spawn(probe)))._tag, "ActorStopped")
        }))

      it.effect("closes within its bound, whatever the actors do", () =>
        Effect.gen(function*() {
          const events: Array<ActorEvent> = []
          const scope = yield* Scope.make()
          const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope).pipe(
            Effect.provideService(ActorHooks, { onEvent: (event) => events.push(event) })
          )
          const system = Context.get(context, ActorSystem.ActorSystem)
          for (const name of ["a", "b"]) {
            const ref = yield* system.spawn(probe, { name, shutdown: "1 hour" })
            ref.tell(Probe.WaitForEver())
          }
          yield* Effect.yieldNow
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
          yield* TestClock.adjust("30 seconds")
          yield* Fiber.join(closing)
          const ends = isStopping
            ? ["Abandoned Shutdown", "Stopped DeadlineExceeded"]
            : ["Abandoned Handler", "Stopped Killed"]
          assert.deepStrictEqual(
            summary(events).slice(2),
            ["b", "a"].flatMap((it) => ends.map((end) => `${it} ${end}`))
          )
        }))
    })

    describe("contexts", () => {
      class Tenant extends Context.Service<Tenant, string>()("airssys/testing/ActorSystemTest/Tenant") {}

      const tenantOf = Effect.map(
        Effect.context<Tenant>(),
        (context) => (message: Extract<Probe, { readonly _tag: "Get" }>, actor: ActorContext<typeof message>) =>
          Effect.gen(function*() {
            yield* Effect.yieldNow
            const seen = yield* Effect.serviceOption(Tenant)
            actor.reply(message, `${Context.get(context, Tenant)} ${Option.getOrElse(seen, () => "none")}`)
          })
      )

      it.effect("runs every Effect of an actor with the services of its spawn, and no others", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const a = yield* Effect.provideService(system.spawn(tenantOf), Tenant, "a")
            const b = yield* Effect.provideService(system.spawn(tenantOf), Tenant, "b")
            const none = yield* system.spawn(Effect.succeed((
              message: Extract<Probe, { readonly _tag: "Get" }>,
              actor: ActorContext<typeof message>
            ) =>
              Effect.map(
                Effect.serviceOption(Tenant),
                (seen) => actor.reply(message, Option.getOrElse(seen, () => "none"))
              )
            ))
            const ask = (ref: typeof a) => Effect.provideService(ref.ask(Probe.Get()), Tenant, "caller")
            assert.deepStrictEqual(
              yield* Effect.all([ask(a), ask(b), ask(none)], { concurrency: "unbounded" }),
              ["a a", "b b", "none"]
            )
          })
        ))

      it.effect("gives handlers a scope that is theirs and closes with the actor", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const closed: Array<string> = []
            const behaviour = Effect.succeed((name: string) =>
              Effect.addFinalizer(() =>
                Effect.sync(() => {
                  closed.push(name)
                })
              )
            )
            const a = yield* system.spawn(behaviour)
            const b = yield* system.spawn(behaviour)
            a.tell("a")
            b.tell("b")
            yield* Effect.yieldNow
            yield* system.stop(b)
            assert.deepStrictEqual(closed, ["b"])
            yield* system.stop(a)
            assert.deepStrictEqual(closed, ["b", "a"])
          })
        ))

      it.effect("ends what a handler forked with the message", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const ended = yield* Deferred.make<string>()
            const ref = yield* system.spawn(Effect.succeed<Handler<string>>(() =>
              Effect.andThen(
                Effect.forkChild(Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, "interrupted")), {
                  startImmediately: true
                }),
                Effect.yieldNow
              )
            ))
            ref.tell("go")
            assert.strictEqual(yield* Deferred.await(ended), "interrupted")
            assert.strictEqual(ref.status(), "Running")
          })
        ))

      it.effect("reads the time of the actor's clock", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            yield* TestClock.adjust("1 hour")
            const seen = yield* Deferred.make<number>()
            const ref = yield* system.spawn(
              Effect.succeed((_: string, context: ActorContext<string>) =>
                Effect.asVoid(Deferred.succeed(seen, context.now))
              )
            )
            ref.tell("go")
            assert.strictEqual(yield* Deferred.await(seen), yield* Clock.currentTimeMillis)
          })
        ))
    })

    describe("events", () => {
      it.effect("reach subscribers as a stream", () =>
        inSystem(
          layer,
          Effect.fnUntraced(function*(system) {
            const collecting = yield* Effect.forkChild(Stream.runCollect(Stream.take(system.events, 2)), {
              startImmediately: true
            })
            yield* Effect.yieldNow
            const ref = yield* system.spawn(probe, { name: "probe" })
            yield* system.kill(ref)
            assert.deepStrictEqual(summary(yield* Fiber.join(collecting)), ["probe Started", "probe Stopped Killed"])
          })
        ))

      it.effect("survive a hook that throws", () =>
        Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const ref = yield* system.spawn(probe)
          assert.strictEqual(yield* ref.ask(Probe.Get()), "")
        }).pipe(
          Effect.provide(Layer.fresh(layer)),
          Effect.provideService(ActorHooks, {
            onEvent: () => {
              throw boom
            }
          })
        ))

      it.effect("may end the actor they tell of", () =>
        Effect.gen(function*() {
          const context = yield* Effect.context()
          const tags: Array<string> = []
          let end: Effect.Effect<void> = Effect.void
          yield* Effect.gen(function*() {
            const system = yield* ActorSystem.ActorSystem
            const ref = yield* system.spawn(probe)
            end = system.kill(ref)
            assert.strictEqual((yield* Effect.flip(ref.ask(Probe.Crash())))._tag, "ActorCrashed")
            assert.strictEqual(ref.status(), "Stopped")
            assert.deepStrictEqual(tags, ["Started", "Crashed", "Stopped"])
          }).pipe(
            Effect.provide(Layer.fresh(layer)),
            Effect.provideService(ActorHooks, {
              onEvent: (event) => {
                tags.push(event._tag)
                if (event._tag === "Crashed") Effect.runForkWith(context)(end)
              }
            })
          )
        }))
    })

    describe("accounting", () => {
      const Command = Schema.Literals([
        "tell",
        "ask",
        "offer",
        "crash",
        "wait",
        "hold",
        "release",
        "quit",
        "stop",
        "kill",
        "spawn",
        "turn",
        "time"
      ])
      const commands = Arbitrary.array(
        Arbitrary.schema(Schema.Struct({ actor: Schema.Literals([0, 1, 2]), command: Command })),
        { maxLength: 60 }
      )

      it.effect.prop(
        "holds at every moment of any interleaving",
        { commands },
        ({ commands }) =>
          Effect.gen(function*() {
            const turns: Array<() => void> = []
            const manual = {
              soon: (task: () => void) => void turns.push(task),
              later: (task: () => void) => void turns.push(task)
            }
            const askers: Array<Fiber.Fiber<unknown, unknown>> = []
            yield* inSystem(
              layer,
              Effect.fnUntraced(function*(system) {
                const all: Array<ActorRef<Probe>> = []
                const spawn = () =>
                  Effect.tap(system.spawn(probe, { mailbox: Mailbox.bounded(3), shutdown: "2 seconds" }), (ref) => {
                    all.push(ref)
                    return Effect.void
                  })
                const refs = yield* Effect.all([spawn(), spawn(), spawn()])
                const ask = <A, E>(effect: Effect.Effect<A, E>) =>
                  Effect.map(Effect.forkChild(effect, { startImmediately: true }), (fiber) => {
                    askers.push(fiber)
                  })
                for (const { actor, command } of commands) {
                  const ref = refs[actor]!
                  switch (command) {
                    case "tell":
                      ref.tell(Probe.Note({ text: "x" }))
                      break
                    case "ask":
                      yield* ask(ref.ask(Probe.Get()))
                      break
                    case "offer":
                      yield* ask(ref.offer(Probe.Note({ text: "x" })))
                      break
                    case "crash":
                      yield* ask(ref.ask(Probe.Crash()))
                      break
                    case "wait":
                      yield* ask(ref.ask(Probe.Wait()))
                      break
                    case "hold":
                      yield* ask(ref.ask(Probe.Hold()))
                      break
                    case "release":
                      ref.tell(Probe.Release({ text: "x" }))
                      break
                    case "quit":
                      ref.tell(Probe.Quit())
                      break
                    case "stop":
                      yield* Effect.forkChild(system.stop(ref), { startImmediately: true })
                      break
                    case "kill":
                      yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
                      break
                    case "spawn":
                      refs[actor] = yield* spawn()
                      break
                    case "turn":
                      turns.shift()?.()
                      break
                    case "time":
                      yield* TestClock.adjust("1 second")
                      break
                  }
                  yield* balanced(system)
                }
                for (const ref of all) yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
                while (turns.length > 0) turns.shift()!()
                yield* TestClock.adjust("1 minute")
                while (turns.length > 0) turns.shift()!()
                const accounts = yield* balanced(system)
                assert.deepStrictEqual([accounts.running, accounts.waiting], [0, 0])
              })
            ).pipe(Effect.provideService(TurnScheduler, manual))
            for (const asker of askers) assert.isDefined(asker.pollUnsafe(), "an asker was left waiting")
          })
      )
    })
  })
}
