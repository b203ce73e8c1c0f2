import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as Pending from "airssys/actor/Pending"
import * as Pool from "airssys/actor/Pool"
import * as Protocol from "airssys/actor/Protocol"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"

class Ask extends Protocol.request<string>()("Ask")<{
  readonly handle: (context: ActorContext<Ask>, self: Ask) => void | Effect.Effect<unknown, unknown>
}> {}

const doing: Behaviour<Ask> = Effect.succeed((message, context) => message.handle(context, message))

const answering = (text: string) => new Ask({ handle: (context, self) => context.reply(self, text) })

class Name extends Context.Service<Name, string>()("airssys/test/Name") {}

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

/** Something outside that begins, is given up, and ends when the test says so. */
const makeOutside = () => {
  const events: Array<string> = []
  let finish: (exit: Exit.Exit<string, string>) => void = () => {}
  const effect = Pending.make<string, string>((context, end) => {
    events.push(`begun for ${Context.getOrElse(context, Name, () => "nobody")}`)
    finish = (exit) => {
      events.push("ended")
      end(exit)
    }
    return () => events.push("given up")
  })
  const settled = Pending.settle(effect, (exit) => {
    events.push("settled")
    return exit
  })
  return { effect, settled, events, end: (exit: Exit.Exit<string, string>) => finish(exit) }
}

const waiting = (outside: ReturnType<typeof makeOutside>) =>
  new Ask({
    handle: (context, self) =>
      Pending.settle(outside.effect, (exit) => {
        if (Exit.isFailure(exit)) return exit
        context.reply(self, exit.value)
        return Exit.void
      })
  })

const inSystem = <A, E, R>(body: (system: ActorSystem.ActorSystem["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    yield* body(system)
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.provide(ActorSystem.layerTest), Effect.provideService(Name, "the spawner"))

describe("what a handler waits for outside", () => {
  it.effect("has the actor's services, and the next message and nobody else waits for its end", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      const other = yield* system.spawn(doing)
      const first = yield* Effect.forkChild(ref.ask(waiting(outside)), { startImmediately: true })
      const second = yield* Effect.forkChild(ref.ask(answering("second")), { startImmediately: true })
      assert.strictEqual(yield* other.ask(answering("other")), "other")
      yield* settle
      assert.isUndefined(second.pollUnsafe())
      outside.end(Exit.succeed("first"))
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["first", "second"])
      assert.deepStrictEqual(outside.events, ["begun for the spawner", "ended"])
    })))

  it.effect("answers before the asker's next request, which finds the actor at rest", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      let isHandled = false
      const asked = yield* Effect.forkChild(
        Effect.flatMap(ref.ask(waiting(outside)), () =>
          ref.ask(
            new Ask({
              handle: (context, self) => {
                isHandled = true
                context.reply(self, "next")
              }
            })
          )),
        { startImmediately: true }
      )
      outside.end(Exit.succeed("first"))
      assert.isTrue(isHandled)
      assert.strictEqual(yield* Fiber.join(asked), "next")
    })))

  it.effect("ends at once where it is over when it has begun, and crashes the actor with its failure", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const over = (exit: Exit.Exit<string, string>) =>
        new Ask({
          handle: (context, self) =>
            Pending.settle(
              Pending.make<string, string>((_, end) => {
                end(exit)
                return () => assert.fail("given up")
              }),
              (ended) => Exit.map(ended, (text) => context.reply(self, text))
            )
        })
      const ref = yield* system.spawn(doing)
      assert.strictEqual(yield* ref.ask(over(Exit.succeed("now"))), "now")
      const crash = yield* Effect.flip(ref.ask(over(Exit.fail("broken"))))
      assert.deepStrictEqual([crash._tag, ref.status()], ["ActorCrashed", "Failed"])
    })))

  it.effect("crashes the actor when its failure comes later, and when settling it throws", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const causes: Array<unknown> = []
      for (const settling of [(exit: Exit.Exit<string, string>) => exit, () => assert.fail("thrown")]) {
        const outside = makeOutside()
        const ref = yield* system.spawn(doing)
        const request = new Ask({ handle: () => Pending.settle(outside.effect, settling) })
        const asked = yield* Effect.forkChild(Effect.flip(ref.ask(request)), { startImmediately: true })
        yield* settle
        outside.end(Exit.fail("broken"))
        const error = yield* Fiber.join(asked)
        causes.push(error._tag === "ActorCrashed" ? Cause.squash(error.cause) : error)
      }
      assert.strictEqual(causes[0], "broken")
      assert.strictEqual((causes[1] as Error).message, "thrown")
    })))

  it.effect("is given up when its actor is killed, which has ended when it has; it settles nothing then", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      const request = new Ask({ handle: () => outside.settled })
      const asked = yield* Effect.forkChild(Effect.flip(ref.ask(request)), { startImmediately: true })
      yield* settle
      const killed = yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
      yield* settle
      assert.deepStrictEqual([outside.events.at(-1), ref.status()], ["given up", "Stopping"])
      outside.end(Exit.succeed("late"))
      yield* Fiber.join(killed)
      assert.deepStrictEqual([(yield* Fiber.join(asked))._tag, ref.status()], ["ActorStopped", "Stopped"])
      assert.strictEqual(outside.events.at(-1), "ended")
    })))

  it.effect("is abandoned where it does not end when it is given up", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      ref.tell(waiting(outside))
      yield* settle
      const killed = yield* Effect.forkChild(system.kill(ref), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(killed)
      assert.strictEqual(ref.status(), "Stopped")
      outside.end(Exit.succeed("too late"))
    })))
})

describe("a pending effect on a fiber", () => {
  it.effect("has the fiber's services and ends as it does", () =>
    Effect.gen(function*() {
      const outside = makeOutside()
      const settled = Pending.settle(outside.effect, (exit) => Exit.succeed(Exit.isSuccess(exit)))
      for (const exit of [Exit.succeed("done"), Exit.fail("broken")]) {
        const both = yield* Effect.forkChild(settled, { startImmediately: true })
        outside.end(exit)
        assert.strictEqual(yield* Fiber.join(both), Exit.isSuccess(exit))
        const plain = yield* Effect.forkChild(outside.effect, { startImmediately: true })
        outside.end(exit)
        assert.deepStrictEqual(yield* Fiber.await(plain), exit)
      }
      assert.strictEqual(outside.events[0], "begun for the test")
    }).pipe(Effect.provideService(Name, "the test")))

  it.effect("is given up when it is interrupted, and waited for", () =>
    Effect.gen(function*() {
      const outside = makeOutside()
      const fiber = yield* Effect.forkChild(outside.settled, { startImmediately: true })
      fiber.interruptUnsafe()
      yield* settle
      assert.deepStrictEqual([outside.events.at(-1), fiber.pollUnsafe()], ["given up", undefined])
      outside.end(Exit.succeed("late"))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(outside.events.at(-1), "ended")
    }))

  it.effect("other effects settle like it, and not when they are interrupted", () =>
    Effect.gen(function*() {
      const failed = Pending.settle(Effect.fail("broken"), (exit) => Exit.succeed(Exit.isFailure(exit)))
      assert.isTrue(yield* failed)
      const fiber = yield* Effect.forkChild(Pending.settle(Effect.never, () => assert.fail("settled")), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }))
})

describe("what is run without a fiber", () => {
  const run = <A, E>(effect: Effect.Effect<A, E>) => {
    const exits: Array<Exit.Exit<A, E>> = []
    const interrupt = Pending.run(effect, Context.make(Name, "the caller") as Context.Context<never>, (exit) => {
      exits.push(exit)
    })
    return { exits, interrupt }
  }

  it("ends as it says, and interrupted when it has ended", () => {
    const outside = makeOutside()
    const plain = run(outside.effect)
    outside.end(Exit.succeed("done"))
    outside.end(Exit.succeed("again"))
    assert.deepStrictEqual(plain.exits, [Exit.succeed("done")])
    const given = run(outside.settled)
    given.interrupt()
    assert.deepStrictEqual([outside.events.at(-1), given.exits], ["given up", []])
    outside.end(Exit.succeed("late"))
    assert.isTrue(given.exits.length === 1 && Exit.hasInterrupts(given.exits[0]!))
    assert.strictEqual(outside.events[0], "begun for the caller")
  })

  it("is any other effect too, which has a fiber then", () => {
    assert.deepStrictEqual(run(Effect.fail("broken")).exits, [Exit.fail("broken")])
    const never = run(Effect.never)
    never.interrupt()
    assert.isTrue(Exit.hasInterrupts(never.exits[0]!))
  })
})

describe("an ask in one step of its fiber", () => {
  const told = (exit: Exit.Exit<string, unknown>) => Exit.succeed(Exit.isSuccess(exit) ? `told ${exit.value}` : "told")
  const asking = (ref: ActorRef<Ask>, request: Ask, f = told) =>
    Effect.withFiber((fiber) => Pending.askIn(fiber, ref, request, f))

  it.effect("ends as it says, of an actor that is idle, that is busy and that has ended", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      assert.strictEqual(yield* asking(ref, answering("now")), "told now")
      const first = yield* Effect.forkChild(asking(ref, waiting(outside)), { startImmediately: true })
      const second = yield* Effect.forkChild(asking(ref, answering("second")), { startImmediately: true })
      yield* settle
      outside.end(Exit.succeed("first"))
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(second)], ["told first", "told second"])
      yield* system.stop(ref)
      assert.strictEqual(yield* asking(ref, answering("nobody")), "told")
      const broken = asking(ref, answering("nobody"), () => assert.fail("thrown"))
      assert.include(String(yield* Effect.exit(broken)), "thrown")
    })))

  it.effect("is told nothing where it is interrupted", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      const asked = yield* Effect.forkChild(asking(ref, waiting(outside), () => assert.fail("told")), {
        startImmediately: true
      })
      yield* Fiber.interrupt(asked)
      outside.end(Exit.succeed("late"))
      yield* settle
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(asked)))
      assert.strictEqual((yield* system.accounting).lateReplies, 1)
    })))

  it.effect("goes to a member of a pool, and fails where there is none", () =>
    Effect.gen(function*() {
      const { ref } = yield* Pool.start(Pool.make<Ask>({ id: "pool", behaviour: doing, size: 1 }))
      assert.strictEqual(yield* asking(ref, answering("member")), "told member")
      yield* ActorSystem.ActorSystem.use((system) => system.stop(ref))
      assert.strictEqual(yield* asking(ref, answering("nobody")), "told")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest)))
})

describe("an ask without a fiber", () => {
  const asking = Effect.fnUntraced(function*(ref: ActorRef<Ask>, request: Ask, after?: Duration.Input) {
    const told: Array<string> = []
    const takeBack = Pending.askUnsafe(ref, request, {
      context: yield* Effect.context(),
      ttl: "10 seconds",
      alarm: after === undefined ? undefined : { after, ring: () => void told.push("late") },
      onExit: (exit) =>
        told.push(Exit.isSuccess(exit) ? exit.value : Option.getOrThrow(Cause.findErrorOption(exit.cause))._tag)
    })
    return { told, takeBack }
  })

  it.effect("is told the answer, also after its alarm, which does not ring after that", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      const late = yield* asking(ref, waiting(outside), "1 second")
      const behind = yield* asking(ref, answering("second"), "1 minute")
      const tired = yield* asking(ref, answering("third"), 0)
      assert.deepStrictEqual([late.told, behind.told, tired.told], [[], [], ["late"]])
      yield* TestClock.adjust("1 second")
      outside.end(Exit.succeed("first"))
      yield* settle
      assert.deepStrictEqual([late.told, behind.told, tired.told], [["late", "first"], ["second"], ["late", "third"]])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(behind.told, ["second"])
    })))

  it.effect("is told why there is none: its request was too old, its actor crashed or has ended", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const outside = makeOutside()
      const ref = yield* system.spawn(doing)
      const first = yield* asking(ref, waiting(outside))
      const old = yield* asking(ref, answering("second"))
      yield* TestClock.adjust("10 seconds")
      outside.end(Exit.fail("broken"))
      yield* settle
      const gone = yield* asking(ref, answering("third"))
      assert.deepStrictEqual([first.told, old.told, gone.told], [["ActorCrashed"], ["ActorStopped"], ["ActorStopped"]])
      const other = yield* system.spawn(doing)
      const held = makeOutside()
      yield* asking(other, waiting(held))
      const expired = yield* asking(other, answering("late"))
      yield* TestClock.adjust("10 seconds")
      held.end(Exit.succeed("first"))
      yield* settle
      assert.deepStrictEqual(expired.told, ["MessageExpired"])
    })))

  it.effect("is told nothing once it took its request back", () =>
    inSystem(Effect.fnUntraced(function*(system) {
      const ref = yield* system.spawn(doing)
      const { takeBack, told } = yield* asking(ref, answering("late"), "1 second")
      takeBack()
      yield* TestClock.adjust("1 second")
      takeBack()
      assert.deepStrictEqual([told, (yield* system.accounting).lateReplies], [[], 1])
    })))

  it.effect("goes to a member of a pool, and fails where there is none", () =>
    Effect.gen(function*() {
      const { ref } = yield* Pool.start(Pool.make<Ask>({ id: "pool", behaviour: doing, size: 1 }))
      const { told } = yield* asking(ref, answering("member"))
      yield* settle
      yield* ActorSystem.ActorSystem.use((system) => system.stop(ref))
      const gone = yield* asking(ref, answering("nobody"))
      assert.deepStrictEqual([told, gone.told], [["member"], ["ActorStopped"]])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest)))
})
