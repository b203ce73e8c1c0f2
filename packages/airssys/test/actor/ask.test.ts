import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import * as ActorRef from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import { TurnScheduler } from "airssys/actor/TurnScheduler"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

class Ask extends Protocol.request<string, "refused">()("Ask")<{
  readonly handle: (context: ActorContext<Ask>, self: Ask) => void | Effect.Effect<unknown, unknown>
}> {}

const answering = (text: string) => new Ask({ handle: (context, self) => context.reply(self, text) })

const doing: Behaviour<Ask> = Effect.succeed((message, context) => message.handle(context, message))

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

const queued = Layer.succeed(TurnScheduler, {
  soon: (task) => queueMicrotask(task),
  later: (task) => queueMicrotask(task)
})

const inSystem = <A, E>(body: (system: ActorSystem.ActorSystem["Service"]) => Effect.Effect<A, E>, isQueued = false) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    yield* body(system)
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.provide(isQueued ? Layer.provide(ActorSystem.layerTest, queued) : ActorSystem.layerTest))

describe.each([["on the stack of the asker", false], ["through the mailbox", true]] as const)(
  "an ask %s",
  (_, isQueued) => {
    it.effect("gives up at its timeout; the late answer is dropped and counted, once", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          const ref = yield* system.spawn(doing)
          let held: readonly [ActorContext<Ask>, Ask] | undefined
          const request = new Ask({
            handle: (context, self) => {
              held = [context, self]
            }
          })
          const asked = yield* Effect.forkChild(Effect.flip(ref.ask(request, { timeout: "2 seconds" })), {
            startImmediately: true
          })
          yield* settle
          yield* TestClock.adjust("1999 millis")
          assert.isUndefined(asked.pollUnsafe())
          yield* TestClock.adjust("1 milli")
          const error = yield* Fiber.join(asked)
          assert.strictEqual(error === "refused" ? error : error.message, "$1 did not answer within 2000 ms")
          assert.strictEqual((yield* system.accounting).lateReplies, 0)
          for (let i = 0; i < 2; i++) held![0].reply(held![1], "late")
          assert.strictEqual((yield* system.accounting).lateReplies, 1)
        }),
        isQueued
      ))

    it.effect("counts the answer to a request that was interrupted or timed out while it waited or was handled", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          const ref = yield* system.spawn(doing)
          const slow = new Ask({
            handle: (context, self) =>
              Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => context.reply(self, "slow")))
          })
          const first = yield* Effect.forkChild(ref.ask(slow, { timeout: "100 millis" }), { startImmediately: true })
          const second = yield* Effect.forkChild(ref.ask(answering("waits")), { startImmediately: true })
          yield* settle
          yield* Fiber.interrupt(second)
          yield* TestClock.adjust("1 second")
          yield* settle
          assert.isTrue(Exit.isFailure(yield* Fiber.await(first)))
          const { handled, lateReplies } = yield* system.accounting
          assert.deepStrictEqual([handled, lateReplies], [2, 2])
        }),
        isQueued
      ))

    it.effect("leaves nothing behind when it is answered in time", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          let sleeps = 0
          const clock = yield* TestClock.testClockWith(Effect.succeed)
          const counting = {
            ...clock,
            sleep: (...args: Parameters<typeof clock.sleep>) => {
              sleeps++
              return clock.sleep(...args)
            }
          }
          const ref = yield* system.spawn(doing)
          const yielding = new Ask({
            handle: (context, self) => Effect.andThen(Effect.yieldNow, Effect.sync(() => context.reply(self, "yes")))
          })
          yield* Effect.gen(function*() {
            for (let i = 0; i < 100; i++) assert.strictEqual(yield* ref.ask(yielding, { timeout: "5 seconds" }), "yes")
          }).pipe(Effect.provideService(Clock.Clock, counting))
          assert.strictEqual(sleeps, 1)
        }),
        isQueued
      ))

    it.effect("gives the request's own error, the crash, and the end", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          const fails = (request: Ask) =>
            Effect.gen(function*() {
              const ref = yield* system.spawn(doing)
              const error = yield* Effect.flip(ref.ask(request))
              return error === "refused" ? error : error._tag
            })
          assert.deepStrictEqual(
            yield* Effect.all([
              fails(new Ask({ handle: (context, self) => context.fail(self, "refused") })),
              fails(
                new Ask({
                  handle: () => {
                    throw new Error("boom")
                  }
                })
              ),
              fails(new Ask({ handle: () => Exit.die("boom") })),
              fails(new Ask({ handle: () => Effect.andThen(Effect.yieldNow, Effect.die("boom")) })),
              fails(new Ask({ handle: (context) => context.stop() })),
              fails(new Ask({ handle: (context) => system.kill(context.self) }))
            ]),
            ["refused", "ActorCrashed", "ActorCrashed", "ActorCrashed", "ActorStopped", "ActorStopped"]
          )
        }),
        isQueued
      ))

    it.effect("runs what it starts with the services of the actor", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          const seen: Array<boolean> = []
          const clock = { ...(yield* Clock.clockWith(Effect.succeed)) }
          const ref = yield* Effect.provideService(system.spawn(doing), Clock.Clock, clock)
          yield* ref.ask(
            new Ask({
              handle: (context, self) =>
                Effect.flatMap(Clock.clockWith(Effect.succeed), (own) => {
                  seen.push(own === clock)
                  return Effect.sync(() => context.reply(self, ""))
                })
            })
          )
          assert.deepStrictEqual(seen, [true])
        }),
        isQueued
      ))

    it.effect("takes turns with what an actor told itself meanwhile", () =>
      inSystem(
        Effect.fnUntraced(function*(system) {
          const order: Array<string> = []
          const ref = yield* system.spawn(doing)
          const note = (text: string) => new Ask({ handle: () => void order.push(text) })
          yield* ref.ask(
            new Ask({
              handle: (context, self) => {
                context.self.tell(note("told"))
                context.tell(context.self, note("urgent"), { priority: "High" })
                order.push("asked")
                context.reply(self, "")
              }
            })
          )
          order.push("answered")
          yield* settle
          assert.deepStrictEqual(order.filter((it) => it !== "answered"), ["asked", "urgent", "told"])
        }),
        isQueued
      ))
  }
)

describe("an inline ask", () => {
  it.effect("is handled before it suspends, in the turn of its asker, by an actor that is idle", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      let isHandled = false
      const noting = new Ask({
        handle: (context, self) => {
          isHandled = true
          context.reply(self, "")
        }
      })
      yield* Effect.forkChild(ref.ask(noting), { startImmediately: true })
      assert.isTrue(isHandled)
      isHandled = false
      ref.tell(answering("busy"))
      const asked = yield* Effect.forkChild(ref.ask(noting), { startImmediately: true })
      assert.isFalse(isHandled)
      yield* Fiber.join(asked)
    })))

  it.effect("goes no deeper than sixteen on one stack", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const context = yield* Effect.context()
      let depth = 0
      let deepest = 0
      const chain = (left: number): Ask =>
        new Ask({
          handle: (actor, self) => {
            depth++
            deepest = Math.max(deepest, depth)
            if (left > 0) {
              Effect.runForkWith(context)(Effect.flatMap(system.spawn(doing), (ref) => ref.ask(chain(left - 1))))
            }
            depth--
            actor.reply(self, "")
          }
        })
      const ref = yield* system.spawn(doing)
      yield* ref.ask(chain(40))
      assert.strictEqual(deepest, 16)
      yield* settle
      // The rest ran on the stack of a turn, which is one more.
      assert.strictEqual(deepest, 17)
      assert.strictEqual((yield* system.accounting).handled, 41)
    })))

  it.effect("is given up by a fiber that is interrupted by the handler itself", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      const held: Array<() => void> = []
      const request = new Ask({
        handle: (context, self) => {
          held.push(() => context.reply(self, "late"))
          Fiber.getCurrent()?.interruptUnsafe()
        }
      })
      const asked = Effect.runFork(ref.ask(request))
      assert.deepStrictEqual([held.length, asked.pollUnsafe()?._tag], [1, "Failure"])
      held[0]!()
      assert.strictEqual((yield* system.accounting).lateReplies, 1)
    })))

  it.effect("never yields between the handler and the wait, whatever its scheduler says", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      const held: Array<() => void> = []
      const request = new Ask({ handle: (context, self) => void held.push(() => context.reply(self, "answer")) })
      const mixed = new Scheduler.MixedScheduler()
      const asked = Effect.runForkWith(Context.make(Scheduler.Scheduler, {
        executionMode: mixed.executionMode,
        shouldYield: () => held.length > 0,
        makeDispatcher: () => mixed.makeDispatcher()
      }))(ref.ask(request))
      held.pop()!()
      assert.deepStrictEqual(asked.pollUnsafe(), Exit.succeed("answer"))
    })))

  it.effect("of an actor by itself waits for ever, as through the mailbox", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      const error = yield* Effect.forkChild(
        Effect.flip(ref.ask(
          new Ask({ handle: (context) => context.ask(context.self, answering("never"), { timeout: "1 second" }) })
        )),
        { startImmediately: true }
      )
      yield* settle
      yield* TestClock.adjust("1 second")
      const failed = yield* Fiber.join(error)
      assert.strictEqual(failed === "refused" ? failed : failed._tag, "ActorCrashed")
    })))
})

describe("adapters", () => {
  it.effect("a ref is a sink, which waits for room where the mailbox does", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const handled: Array<number> = []
      const ref = yield* system.spawn(
        Effect.succeed((n: number) => {
          handled.push(n)
          return Effect.yieldNow
        }),
        { mailbox: Mailbox.bounded(2, "Block") }
      )
      yield* Stream.run(Stream.range(1, 100), ActorRef.toSink(ref))
      yield* system.stop(ref)
      assert.deepStrictEqual(handled, Array.from({ length: 100 }, (_, i) => i + 1))
      const error = yield* Effect.flip(Stream.run(Stream.make(1), ActorRef.toSink(ref)))
      assert.strictEqual(error._tag, "ActorStopped")
    })))

  it.effect("an ask is a promise at the edge", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      const outcome = (promise: Promise<string>) =>
        Effect.promise(() => promise.then((value) => `got ${value}`, (error: unknown) => `failed ${String(error)}`))
      assert.strictEqual(yield* outcome(ActorRef.askPromise(ref, answering("yes"))), "got yes")
      const refused = new Ask({ handle: (context, self) => context.fail(self, "refused") })
      assert.strictEqual(yield* outcome(ActorRef.askPromise(ref, refused)), "failed refused")
      const abort = new AbortController()
      const waiting = ActorRef.askPromise(ref, new Ask({ handle: () => {} }), { signal: abort.signal })
      abort.abort()
      assert.match(yield* outcome(waiting), /^failed /)
      yield* system.stop(ref)
      assert.strictEqual(
        yield* outcome(ActorRef.askPromise(ref, answering("no"))),
        "failed ActorStopped: $1 is stopped"
      )
    })))
})
