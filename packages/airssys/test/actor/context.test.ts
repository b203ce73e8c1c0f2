import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import type { StashFull } from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Behaviour from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import type { SpawnOptions } from "airssys/actor/SpawnOptions"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import { cellOf } from "../../src/actor/internal/cell.ts"

class Ask extends Protocol.request<string>()("Ask")<{ readonly key: string }> {}

type Message = string | Ask | ((context: Context) => void | Effect.Effect<unknown, unknown>)
type Context = ActorContext<Message>
type Handler = Behaviour.Handler<Message>

const boom = new Error("boom")

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

const noting = (notes: Array<string>): Handler => (message, context) => {
  if (typeof message === "function") return message(context)
  if (typeof message === "string") return void notes.push(message)
  return context.reply(message, `answer ${message.key}`)
}

interface Actor {
  readonly ref: ActorRef<Message>
  readonly notes: Array<string>
  readonly system: ActorSystem.ActorSystem["Service"]
  /** Crashes it, and lets it be restarted. */
  readonly crash: Effect.Effect<void>
}

const withActor = <A, E>(
  body: (actor: Actor) => Effect.Effect<A, E>,
  options?: {
    readonly behaviour?: ((notes: Array<string>) => Behaviour.Behaviour<Message>) | undefined
    readonly mailbox?: Mailbox.Mailbox | undefined
  }
) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const notes: Array<string> = []
    const supervisor = yield* Supervisor.start(Supervisor.make({
      strategy: "OneForOne",
      intensity: { restarts: 5, within: "1 minute" },
      children: []
    }))
    const { ref } = yield* supervisor.startChild(ChildSpec.make({
      id: "actor",
      behaviour: options?.behaviour?.(notes) ?? Effect.succeed(noting(notes)),
      mailbox: options?.mailbox,
      backoff: { base: "1 milli", factor: 1, cap: "1 milli" }
    }))
    yield* body({
      ref,
      notes,
      system,
      crash: Effect.andThen(
        Effect.sync(() => ref.tell(() => Exit.die(boom))),
        Effect.andThen(settle, Effect.andThen(TestClock.adjust("1 milli"), settle))
      )
    })
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest))

const withUnsupervised = <A, E>(
  options: SpawnOptions<Message>,
  body: (actor: Omit<Actor, "crash">) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const notes: Array<string> = []
    const ref = yield* system.spawn(Effect.succeed(noting(notes)), { name: "actor", ...options })
    yield* body({ ref, notes, system })
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.provide(ActorSystem.layerTest))

describe("become", () => {
  it.effect("handles the messages after the current one with the new handler", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell((context) => context.become((message) => void notes.push(`new ${String(message)}`)))
      ref.tell("1")
      ref.tell("2")
      yield* settle
      assert.deepStrictEqual(notes, ["new 1", "new 2"])
    })))

  it.effect("ends with the life", () =>
    withActor(Effect.fnUntraced(function*({ crash, notes, ref }) {
      ref.tell((context) =>
        context.become((message) => typeof message === "function" ? message(context) : void notes.push("changed"))
      )
      ref.tell("1")
      yield* crash
      ref.tell("2")
      yield* settle
      assert.deepStrictEqual(notes, ["changed", "2"])
    })))
})

describe("stash", () => {
  /** Stashes texts until it is told to open. */
  const closed = (notes: Array<string>): Behaviour.Behaviour<Message> =>
    Effect.succeed((message, context) => {
      if (typeof message === "function") return message(context)
      if (message !== "open") return context.stash(message)
      context.unstashAll()
      context.become(noting(notes))
    })

  it.effect("brings messages back before those that wait, in their order, with their askers", () =>
    withActor(
      Effect.fnUntraced(function*({ notes, ref, system }) {
        ref.tell("1")
        const asked = yield* Effect.forkChild(ref.ask(new Ask({ key: "a" })), { startImmediately: true })
        ref.tell("2")
        yield* settle
        const { handled, stashed } = yield* system.accounting
        assert.deepStrictEqual([handled, stashed], [0, 3])
        ref.tell("open")
        ref.tell("3")
        assert.strictEqual(yield* Fiber.join(asked), "answer a")
        yield* settle
        assert.deepStrictEqual(notes, ["1", "2", "3"])
        assert.strictEqual((yield* system.accounting).handled, 5)
      }),
      { behaviour: closed }
    ))

  it.effect("brings one back at a time", () =>
    withActor(
      Effect.fnUntraced(function*({ notes, ref }) {
        for (const text of ["1", "2"]) ref.tell(text)
        ref.tell((context) => {
          context.become(noting(notes))
          context.unstash()
          notes.push(`${context.stashed} left`)
        })
        yield* settle
        assert.deepStrictEqual(notes, ["1 left", "1"])
      }),
      { behaviour: closed }
    ))

  it.effect("sets aside what an Effect handles, too", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref, system }) {
      const first: Message = (context) =>
        context.stashed > 0 || notes.length > 0
          ? void notes.push("again")
          : Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => {
              notes.push("first")
            })
          ).pipe(Effect.andThen(Effect.suspend(() => context.stash(first))))
      ref.tell(first)
      yield* settle
      assert.strictEqual((yield* system.accounting).stashed, 1)
      ref.tell((context) => context.unstashAll())
      yield* settle
      assert.deepStrictEqual(notes, ["first", "again"])
    })))

  it.effect("crashes the actor that stashes more than it may", () =>
    withUnsupervised(
      { stash: 1 },
      Effect.fnUntraced(function*({ ref, system }) {
        const ending = yield* Effect.forkChild(system.awaitEnd(ref), { startImmediately: true })
        const stashing: Message = (context) => context.stash(stashing)
        ref.tell(stashing)
        ref.tell(stashing)
        const reason = yield* Fiber.join(ending)
        const error = reason._tag === "Failed" ? Cause.squash(reason.cause) as StashFull : undefined
        assert.strictEqual(error?.message, "The stash of actor is full (capacity 1)")
        const { discarded, failed } = yield* system.accounting
        assert.deepStrictEqual([discarded, failed], [1, 1])
      })
    ))

  it.effect("becomes dead letters at a restart, and fails its askers", () =>
    withActor(
      Effect.fnUntraced(function*({ crash, notes, ref, system }) {
        ref.tell("1")
        const asked = yield* Effect.forkChild(Effect.flip(ref.ask(new Ask({ key: "a" }))), { startImmediately: true })
        yield* settle
        yield* crash
        assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorRestarted")
        ref.tell("open")
        yield* settle
        assert.deepStrictEqual(notes, [])
        assert.strictEqual((yield* system.accounting).discarded, 2)
      }),
      { behaviour: closed }
    ))
})

describe("timers", () => {
  it.effect("send once after the delay, or after each interval, until they are cancelled", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell(({ timers }) => {
        timers.once("late", "3 seconds", "late")
        timers.once("early", "1500 millis", "early")
        timers.periodic("tick", "1 second", "tick")
      })
      yield* settle
      yield* TestClock.adjust("3500 millis")
      yield* settle
      assert.deepStrictEqual(notes, ["tick", "early", "tick", "late", "tick"])
      ref.tell(({ timers }) => {
        notes.push(`${timers.isActive("late")} ${timers.isActive("tick")}`)
        timers.cancel("tick")
      })
      yield* settle
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(notes.slice(5), ["false true"])
    })))

  it.effect("are replaced by one of the same name", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell(({ timers }) => {
        timers.once("x", "1 second", "first")
        timers.once("x", "2 seconds", "second")
      })
      yield* settle
      yield* TestClock.adjust("1 minute")
      yield* settle
      assert.deepStrictEqual(notes, ["second"])
    })))

  it.effect("that are cancelled take back a message that already waits", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref, system }) {
      ref.tell(({ timers }) => timers.once("x", "1 second", "taken back"))
      yield* settle
      ref.tell((context) => Effect.andThen(Effect.sleep("2 seconds"), Effect.sync(() => context.timers.cancel("x"))))
      yield* settle
      yield* TestClock.adjust("2 seconds")
      yield* settle
      assert.deepStrictEqual(notes, [])
      assert.strictEqual((yield* system.accounting).discarded, 1)
    })))

  it.effect("of an earlier life send nothing, even what already waits", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell(({ timers }) => {
        timers.once("waiting", "1 second", "waiting")
        timers.periodic("later", "10 seconds", "later")
      })
      yield* settle
      ref.tell(() => Effect.andThen(Effect.sleep("2 seconds"), Effect.die(boom)))
      ref.tell("kept")
      yield* settle
      yield* TestClock.adjust("1 minute")
      yield* settle
      assert.deepStrictEqual(notes, ["kept"])
    })))

  it.effect("refuse an interval that makes no sense", () =>
    withUnsupervised(
      {},
      Effect.fnUntraced(function*({ notes, ref }) {
        ref.tell(({ timers }) => {
          for (const interval of [0, Infinity, -1]) {
            try {
              timers.periodic("x", interval, "never")
            } catch (error) {
              notes.push((error as Error).name)
            }
          }
        })
        yield* settle
        assert.deepStrictEqual(notes, ["RangeError", "RangeError", "RangeError"])
      })
    ))

  it.effect("are forgotten, whatever their names, when their message is handled", () =>
    withUnsupervised(
      { mailbox: Mailbox.bounded(100) },
      Effect.fnUntraced(function*({ ref }) {
        let taken = 0
        ref.tell(({ timers }) => {
          for (let i = 0; i < 200; i++) timers.once(`${i}`, "1 second", () => void taken++)
        })
        yield* settle
        yield* TestClock.adjust("1 second")
        yield* settle
        assert.deepStrictEqual([taken, cellOf(ref).rare?.timers?.size], [100, 0])
      })
    ))

  it.effect("wake nobody between their deadlines", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      let sleeps = 0
      const clock = yield* TestClock.testClockWith(Effect.succeed)
      const counting = {
        ...clock,
        sleep: (...args: Parameters<typeof clock.sleep>) => {
          sleeps++
          return clock.sleep(...args)
        }
      }
      const { Clock } = yield* Effect.promise(() => import("effect/Clock"))
      const notes: Array<string> = []
      const ref = yield* Effect.provideService(system.spawn(Effect.succeed(noting(notes))), Clock, counting)
      ref.tell(({ timers }) => {
        for (let i = 1; i <= 10; i++) timers.once(`${i}`, `${i} hours`, `${i}`)
      })
      yield* settle
      assert.strictEqual(sleeps, 1)
      yield* TestClock.adjust("20 hours")
      yield* settle
      assert.strictEqual(notes.length, 10)
      assert.strictEqual(sleeps, 10)
    }).pipe(Effect.provide(ActorSystem.layerTest)))
})

describe("receive timeout", () => {
  it.effect("tells an actor that it was told nothing, again and again, until it is taken back", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell((context) => context.receiveTimeout("10 seconds", "idle"))
      yield* settle
      yield* TestClock.adjust("9 seconds")
      ref.tell("busy")
      yield* settle
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(notes, ["busy"])
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(notes, ["busy", "idle"])
      yield* TestClock.adjust("20 seconds")
      yield* settle
      assert.deepStrictEqual(notes, ["busy", "idle", "idle", "idle"])
      ref.tell((context) => context.receiveTimeout(undefined))
      yield* settle
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(notes.length, 4)
    })))

  it.effect("does not count the time a message takes, and ends with the life", () =>
    withActor(Effect.fnUntraced(function*({ crash, notes, ref }) {
      ref.tell((context) => context.receiveTimeout("10 seconds", "idle"))
      ref.tell(() => Effect.sleep("25 seconds"))
      yield* settle
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(notes, [])
      yield* TestClock.adjust("10 seconds")
      yield* settle
      assert.deepStrictEqual(notes, ["idle"])
      yield* crash
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(notes, ["idle"])
    })))

  it.effect("refuses a time that makes no sense, and leaves the one that is set", () =>
    withUnsupervised(
      {},
      Effect.fnUntraced(function*({ notes, ref }) {
        ref.tell((context) => {
          context.receiveTimeout("10 seconds", "idle")
          for (const timeout of [0, Infinity, -1]) {
            try {
              context.receiveTimeout(timeout, "never")
            } catch (error) {
              notes.push((error as Error).name)
            }
          }
        })
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(notes, ["RangeError", "RangeError", "RangeError", "idle"])
      })
    ))
})

describe("fork and pipeToSelf", () => {
  it.effect("run beside the messages, and send what came of it", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref }) {
      ref.tell((context) =>
        context.pipeToSelf(
          Effect.as(Effect.sleep("1 second"), 7),
          (exit) => Exit.isSuccess(exit) ? `got ${exit.value}` : ""
        )
      )
      ref.tell((context) => context.pipeToSelf(Effect.fail("no"), (exit) => Exit.isFailure(exit) ? "failed" : ""))
      ref.tell("meanwhile")
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(notes.toSorted(), ["failed", "got 7", "meanwhile"])
    })))

  it.effect("send into a mailbox that is full", () =>
    withUnsupervised(
      { mailbox: Mailbox.bounded(1) },
      Effect.fnUntraced(function*({ notes, ref }) {
        ref.tell((context) => {
          context.pipeToSelf(Effect.sleep("1 second"), () => "piped")
          return Effect.sleep("2 seconds")
        })
        yield* settle
        ref.tell("waits")
        yield* TestClock.adjust("2 seconds")
        yield* settle
        assert.deepStrictEqual(notes, ["waits", "piped"])
      })
    ))

  it.effect("are interrupted at the end of the life, and nothing comes of them", () =>
    withActor(Effect.fnUntraced(function*({ crash, notes, ref }) {
      const fork = (context: Context) =>
        context.fork(Effect.onInterrupt(Effect.never, () => Effect.sync(() => notes.push("interrupted"))))
      const gate = yield* Deferred.make<void>()
      ref.tell((context) => {
        fork(context)
        context.pipeToSelf(
          Effect.uninterruptible(Effect.andThen(Deferred.await(gate), Effect.yieldNow)),
          () => "too late"
        )
        context.pipeToSelf(Effect.never, () => "interrupted too late")
      })
      yield* settle
      const crashing = yield* Effect.forkChild(crash, { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(crashing)
      assert.deepStrictEqual([notes, ref.status()], [["interrupted"], "Running"])
    })))

  it.effect("are dead letters where they wait when the life ends, as is the end of a watched actor", () =>
    withActor(Effect.fnUntraced(function*({ notes, ref, system }) {
      const watched = yield* system.spawn(Effect.succeed(noting([])))
      yield* system.kill(watched)
      ref.tell((context) => {
        context.pipeToSelf(Effect.void, () => "piped")
        context.watch(watched, () => "ended")
        context.self.tell("told")
        throw boom
      })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(notes, ["told"])
      assert.strictEqual((yield* system.accounting).discarded, 2)
    })))

  it.effect("have no effect through the context of an earlier life", () =>
    withActor(Effect.fnUntraced(function*({ crash, notes, ref }) {
      let old: Context | undefined
      ref.tell((context) => {
        old = context
      })
      yield* settle
      yield* crash
      const context = old!
      context.timers.once("x", "1 second", "timer")
      context.receiveTimeout("1 second", "idle")
      context.pipeToSelf(Effect.void, () => "piped")
      context.continueWith("continued")
      context.become(() => void notes.push("changed"))
      context.unstashAll()
      context.watch(context.self, () => "watched")
      context.link(context.self)
      assert.isTrue(Exit.isSuccess(context.stash("x")))
      const fiber = context.fork(Effect.sync(() => notes.push("forked")))
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      ref.tell("now")
      yield* TestClock.adjust("1 minute")
      yield* settle
      assert.deepStrictEqual(notes, ["now"])
    })))
})

describe("setup", () => {
  it.effect("gives a behaviour its context, at every start", () =>
    withActor(
      Effect.fnUntraced(function*({ crash, notes, ref, system }) {
        ref.tell("first")
        yield* settle
        assert.deepStrictEqual(notes, ["start", "child of 2", "first"])
        yield* crash
        yield* TestClock.adjust("1 second")
        yield* settle
        assert.deepStrictEqual(notes.slice(3), ["start", "child of 2", "tick"])
        assert.strictEqual((yield* system.accounting).stashed, 0)
      }),
      {
        behaviour: (notes) =>
          Behaviour.setup<Message>((context) => {
            notes.push("start")
            context.timers.once("tick", "1 second", "tick")
            return Effect.gen(function*() {
              const child = yield* Effect.orDie(context.spawn(Effect.succeed<Behaviour.Handler<string>>(() => {})))
              notes.push(`child of ${child.id > context.self.id ? 2 : 1}`)
              return noting(notes)
            })
          })
      }
    ))

  it.effect("continues with a message before those that were waiting already", () =>
    withActor(
      Effect.fnUntraced(function*({ crash, notes, ref }) {
        ref.tell("after", { priority: "System" })
        yield* settle
        assert.deepStrictEqual(notes, ["continued", "after"])
        ref.tell(() => Exit.die(boom))
        ref.tell("kept")
        yield* crash
        assert.deepStrictEqual(notes.slice(2, 4), ["continued", "kept"])
      }),
      {
        behaviour: (notes) =>
          Behaviour.setup<Message>((context) => {
            context.continueWith("continued")
            return Effect.succeed(noting(notes))
          })
      }
    ))

  it.effect("continues with a message before those that it unstashes", () =>
    withActor(
      Effect.fnUntraced(function*({ notes, ref }) {
        for (const text of ["1", "2", "open", "3"]) ref.tell(text)
        yield* settle
        assert.deepStrictEqual(notes, ["first", "second", "1", "2", "3"])
      }),
      {
        behaviour: (notes) =>
          Effect.succeed((message: Message, context: Context) => {
            if (message !== "open") return context.stash(message)
            context.continueWith("first")
            context.unstashAll()
            context.continueWith("second")
            return context.become(noting(notes))
          })
      }
    ))

  it.effect("may end the actor before its first message", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const notes: Array<string> = []
      const ref = yield* system.spawn(Behaviour.setup<Message>((context) => {
        context.stop()
        context.self.tell("never")
        return Effect.succeed(noting(notes))
      }))
      assert.strictEqual(ref.status(), "Stopped")
      assert.deepStrictEqual(notes, [])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("dies outside of a spawn", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Behaviour.setup<Message>(() => Effect.succeed(() => {})))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))
})

describe("random", () => {
  it.effect("is the actor's source of randomness", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const numbers: Array<number> = []
      const draw = Effect.gen(function*() {
        const ref = yield* system.spawn(
          Effect.succeed((_: string, context: ActorContext<string>) => void numbers.push(context.random))
        )
        ref.tell("draw")
        yield* settle
      })
      yield* Random.withSeed(draw, "seed")
      yield* Random.withSeed(draw, "seed")
      assert.strictEqual(numbers[0], numbers[1])
      assert.isTrue(numbers[0]! >= 0 && numbers[0]! < 1)
    }).pipe(Effect.provide(ActorSystem.layerTest)))
})
