import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorEvent } from "airssys/actor/ActorEvent"
import { ActorHooks } from "airssys/actor/ActorHooks"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Backoff from "airssys/actor/Backoff"
import * as Setup from "airssys/actor/Behaviour"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import type { DeadLetter } from "airssys/actor/DeadLetter"
import * as DynamicSupervisor from "airssys/actor/DynamicSupervisor"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import * as Snapshot from "airssys/actor/Snapshot"
import * as Supervisor from "airssys/actor/Supervisor"
import * as SupervisorError from "airssys/actor/SupervisorError"
import * as Simulation from "airssys/testing/Simulation"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const Worker = Protocol.make({
  Add: { payload: {} },
  Get: { payload: {}, reply: Schema.Finite },
  Crash: { payload: {}, reply: Schema.Finite },
  Block: { payload: {} }
})
type Worker = Protocol.Message<typeof Worker>

const boom = new Error("boom")

const worker: Behaviour<Worker> = Effect.sync((): Handler<Worker> => {
  let count = 0
  return (message, context) => {
    switch (message._tag) {
      case "Add":
        count++
        return
      case "Get":
        return context.reply(message, count)
      case "Crash":
        return Exit.die(boom)
      case "Block":
        return Effect.never
    }
  }
})

const slowly = { base: "1 second", factor: 1, cap: "1 second" } as const
const atOnce = { base: 0, factor: 1, cap: 0 } as const

type Options = Partial<Parameters<typeof ChildSpec.make<Worker>>[0]>

const child = (id: string, options?: Options) =>
  ChildSpec.make({ id, behaviour: worker, protocol: Worker, backoff: atOnce, ...options })

const intensity = { restarts: 5, within: "10 seconds" } as const

const settle = Effect.gen(function*() {
  for (let i = 0; i < 40; i++) yield* Effect.yieldNow
})

const refOf = Effect.fnUntraced(function*(id: string): Effect.fn.Return<
  ActorRef<Worker>,
  never,
  ActorSystem.ActorSystem
> {
  const system = yield* ActorSystem.ActorSystem
  return Option.getOrThrow(yield* system.lookup(id, Worker))
})

const crash = (ref: ActorRef<Worker>) => Effect.flip(ref.ask(Worker.Crash()))

const inSystem = <A, E>(
  body: (events: Array<string>) => Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>
) =>
  Effect.suspend(() => {
    const events: Array<string> = []
    return Effect.scoped(body(events)).pipe(
      Effect.provide(ActorSystem.layerTest),
      Effect.provideService(ActorHooks, {
        onEvent: (event: ActorEvent) => {
          if (!event.name.startsWith("$")) events.push(`${event.name} ${event._tag}`)
        }
      })
    )
  })

const statusOf = (...ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => Effect.map(refOf(id), (ref) => ref.status()))

describe("children that are restarted together", () => {
  it.effect("keep their refs, names and waiting messages, and are told of as restarts", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForAll",
        intensity,
        children: [child("a"), child("b", { backoff: slowly }), child("c")]
      }))
      const [a, b, c] = yield* Effect.all([refOf("a"), refOf("b"), refOf("c")])
      a.tell(Worker.Add())
      yield* settle
      yield* crash(b)
      yield* settle
      a.tell(Worker.Add())
      a.tell(Worker.Add())
      assert.deepStrictEqual(yield* statusOf("a", "b", "c"), ["Restarting", "Restarting", "Restarting"])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* a.ask(Worker.Get()), 2)
      assert.strictEqual(yield* refOf("c"), c)
      assert.strictEqual(yield* supervisor.restarts, 1)
      assert.deepStrictEqual(events.slice(3), [
        "b Crashed",
        "b Restarting",
        "c Restarting",
        "a Restarting",
        "a Restarted",
        "b Restarted",
        "c Restarted"
      ])
    })))

  it.effect("finish the message in work within their shutdown time, and are interrupted after it", () =>
    inSystem(Effect.fnUntraced(function*() {
      const ended: Array<string> = []
      const busy = (id: string): Behaviour<Worker> =>
        Effect.succeed((message) =>
          message._tag === "Block"
            ? Effect.onExit(
              id === "slow" ? Effect.sleep("2 seconds") : Effect.never,
              (exit) => Effect.sync(() => ended.push(`${id} ${exit._tag}`))
            )
            : message._tag === "Crash"
            ? Exit.die(boom)
            : undefined
        )
      yield* Supervisor.start(Supervisor.make({
        strategy: "OneForAll",
        intensity,
        children: [
          child("slow", { behaviour: busy("slow"), shutdown: "3 seconds" }),
          child("stuck", { behaviour: busy("stuck"), shutdown: "3 seconds" }),
          child("b", { behaviour: busy("b") })
        ]
      }))
      for (const id of ["slow", "stuck"]) (yield* refOf(id)).tell(Worker.Block())
      yield* settle
      const asked = yield* Effect.forkChild(Effect.flip((yield* refOf("stuck")).ask(Worker.Get())), {
        startImmediately: true
      })
      yield* crash(yield* refOf("b"))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(ended, ["slow Success"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ended, ["slow Success", "stuck Failure"])
      assert.deepStrictEqual(yield* statusOf("slow", "stuck", "b"), ["Running", "Running", "Running"])
      yield* Fiber.interrupt(asked)
    })))

  it.effect.each(["Crashed", "GaveUp"] as const)(
    "end where a hook kills them when it is told: %s",
    (told) =>
      Effect.gen(function*() {
        const events: Array<string> = []
        let kill: Effect.Effect<void> = Effect.void
        yield* Effect.gen(function*() {
          const system = yield* ActorSystem.ActorSystem
          const busy: Behaviour<Worker> = Effect.succeed(() => Effect.andThen(Effect.sleep("1 second"), Exit.die(boom)))
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForAll",
            intensity: { restarts: told === "GaveUp" ? 0 : 5, within: "1 minute" },
            children: [child("a"), child("b", { behaviour: busy })]
          }))
          const [a, b] = yield* Effect.all([refOf("a"), refOf("b")])
          kill = system.kill(b)
          b.tell(Worker.Block())
          yield* settle
          if (told === "Crashed") yield* crash(a)
          yield* TestClock.adjust("1 second")
          yield* settle
          assert.strictEqual(b.status(), "Stopped")
          assert.strictEqual(a.status(), told === "Crashed" ? "Running" : "Stopped")
        }).pipe(
          Effect.scoped,
          Effect.provide(ActorSystem.layerTest),
          Effect.provideService(ActorHooks, {
            onEvent: ({ _tag, name }) => {
              events.push(`${name} ${_tag}`)
              if (name === "b" && _tag === told) Effect.runFork(kill)
            }
          })
        )
        assert.include(events, "b Stopped")
      })
  )

  it.effect("end where who sees their dead letters or restarts kills them", () =>
    inSystem(Effect.fnUntraced(function*() {
      const system = yield* ActorSystem.ActorSystem
      const killed: Array<string> = []
      const kill = ({ id, name }: { readonly id: number; readonly name: string }, why: string) =>
        Effect.gen(function*() {
          const ref = yield* system.lookup(name)
          if (Option.isNone(ref) || ref.value.id !== id) return
          killed.push(`${name} ${why}`)
          yield* Effect.forkChild(system.kill(ref.value), { startImmediately: true })
        })
      yield* Effect.forkScoped(
        Stream.runForEach(system.deadLetters, ({ reason, recipient }) => kill(recipient, reason)),
        { startImmediately: true }
      )
      yield* Effect.forkScoped(
        Stream.runForEach(
          system.events,
          (event) => event._tag === "Restarting" && event.name === "c" ? kill(event, event._tag) : Effect.void
        ),
        { startImmediately: true }
      )
      yield* settle
      const stashing: Behaviour<Worker> = Effect.succeed((message, context) =>
        message._tag === "Crash" ? Exit.die(boom) : context.stash(message)
      )
      const below = Supervisor.make({
        id: "below",
        strategy: "OneForOne",
        intensity: { restarts: 0, within: "1 second" },
        backoff: atOnce,
        children: [child("c"), child("d")]
      })
      yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [
          child("a", { behaviour: stashing }),
          child("b", { behaviour: stashing, redeliver: 1 }),
          below
        ]
      }))
      const refs = yield* Effect.all(["a", "b", "c"].map(refOf))
      refs[0]!.tell(Worker.Add())
      refs[0]!.tell(Worker.Crash())
      refs[1]!.tell(Worker.Crash())
      ;(yield* refOf("d")).tell(Worker.Crash())
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(refs.map((ref) => ref.status()), ["Stopped", "Stopped", "Stopped"])
      assert.sameMembers(killed, ["a Discarded", "b Quarantined", "c Restarting"])
    })))

  it.effect.each(["decide", "started", "ended"] as const)(
    "go on where their guardian fails: %s",
    (broken) =>
      Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const guardian = {
          decide: () => ({ _tag: "End" }) as const,
          started: () => {},
          ended: () => {},
          [broken]: () => {
            throw boom
          }
        }
        const ref = yield* system.spawn(worker, { guardian })
        const ended = yield* Effect.forkChild(system.awaitEnd(ref), { startImmediately: true })
        yield* crash(ref)
        assert.strictEqual((yield* Fiber.join(ended))._tag, "Failed")
      }).pipe(Effect.provide([ActorSystem.layerTest, Logger.layer([])]))
  )

  it.effect("wait for a backoff during which the supervisor answers and the others run", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "RestForOne",
        intensity,
        children: [child("a"), child("b", { backoff: slowly }), child("c")]
      }))
      const a = yield* refOf("a")
      yield* crash(yield* refOf("b"))
      yield* settle
      assert.strictEqual(yield* a.ask(Worker.Get()), 0)
      const { ref: d } = yield* supervisor.startChild(child("d"))
      assert.strictEqual(d.status(), "Running")
      yield* supervisor.stopChild("c")
      assert.deepStrictEqual(
        (yield* supervisor.whichChildren).map(({ id, status }) => `${id} ${status}`),
        ["a Running", "b Restarting", "c Stopped", "d Running"]
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        (yield* supervisor.whichChildren).map(({ id, status }) => `${id} ${status}`),
        ["a Running", "b Running", "c Stopped", "d Running"]
      )
    })))

  it.effect("are taken over by an earlier child that crashes while they wait", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "RestForOne",
        intensity,
        children: [child("a", { backoff: slowly }), child("b", { backoff: slowly }), child("c")]
      }))
      yield* crash(yield* refOf("b"))
      yield* TestClock.adjust("500 millis")
      yield* crash(yield* refOf("a"))
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(yield* statusOf("a", "b", "c"), ["Restarting", "Restarting", "Restarting"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* statusOf("a", "b", "c"), ["Running", "Running", "Running"])
      assert.deepStrictEqual(events.slice(-3), ["a Restarted", "b Restarted", "c Restarted"])
      assert.strictEqual(yield* supervisor.restarts, 2)
    })))

  it.effect("are all restarted again when one crashes while a later one still starts", () =>
    inSystem(Effect.fnUntraced(function*() {
      const starts: Array<string> = []
      const counting = (id: string): Options => ({
        behaviour: Effect.suspend(() => {
          starts.push(id)
          return id === "c" ? Effect.delay(worker, "1 second") : worker
        })
      })
      const starting = yield* Effect.forkChild(
        Supervisor.start(Supervisor.make({
          strategy: "OneForAll",
          intensity,
          children: ["a", "b", "c"].map((id) => child(id, counting(id)))
        })),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      const supervisor = yield* Fiber.join(starting)
      yield* crash(yield* refOf("b"))
      yield* settle
      assert.deepStrictEqual(yield* statusOf("a", "b", "c"), ["Running", "Running", "Restarting"])
      yield* crash(yield* refOf("a"))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(starts.join(""), "abcabcabc")
      assert.deepStrictEqual(yield* statusOf("a", "b", "c"), ["Running", "Running", "Running"])
      assert.strictEqual(yield* supervisor.restarts, 2)
    })))

  it.effect("are all stopped when the supervisor is stopped while they wait", () =>
    inSystem(Effect.fnUntraced(function*() {
      const scope = yield* Scope.make()
      yield* Scope.provide(
        Supervisor.start(Supervisor.make({
          strategy: "OneForAll",
          intensity,
          children: [child("a"), child("b", { backoff: slowly }), child("c")]
        })),
        scope
      )
      const refs = yield* Effect.all([refOf("a"), refOf("b"), refOf("c")])
      yield* crash(refs[1])
      yield* settle
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(refs.map((ref) => ref.status()), ["Stopped", "Stopped", "Stopped"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(refs.map((ref) => ref.status()), ["Stopped", "Stopped", "Stopped"])
    })))

  it.effect("are without those that are stopped or killed meanwhile, however the restart goes on", () =>
    inSystem(Effect.fnUntraced(function*() {
      const started: Array<string> = []
      const opened = yield* Deferred.make<void>()
      const gated = (id: string): Options => ({
        behaviour: Effect.suspend(() =>
          started.push(id) > 4 && id === "b" ? Effect.andThen(Deferred.await(opened), worker) : worker
        )
      })
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForAll",
        intensity,
        children: ["a", "b", "c", "d"].map((id) => child(id, gated(id)))
      }))
      const system = yield* ActorSystem.ActorSystem
      const d = yield* refOf("d")
      yield* crash(yield* refOf("a"))
      yield* settle
      // The first restart waits for b; the second one has taken it over.
      yield* crash(yield* refOf("a"))
      yield* settle
      yield* supervisor.stopChild("c")
      yield* system.kill(d)
      yield* Deferred.succeed(opened, undefined)
      yield* settle
      assert.deepStrictEqual(
        (yield* supervisor.whichChildren).map(({ id, status }) => `${id} ${status}`),
        ["a Running", "b Running", "c Stopped", "d Stopped"]
      )
      assert.deepStrictEqual(started.join(""), "abcdabab")
    })))
})

describe("a tree", () => {
  class Counter extends Context.Service<Counter, { readonly get: Effect.Effect<number> }>()("test/Counter") {}

  const below = (options?: Partial<Parameters<typeof Supervisor.make>[0]>) =>
    Supervisor.make({
      id: "below",
      strategy: "OneForOne",
      intensity: { restarts: 0, within: "1 second" },
      backoff: atOnce,
      ...options,
      children: [
        ChildSpec.make({
          id: "counter",
          behaviour: worker,
          protocol: Worker,
          provide: (ref) => Context.make(Counter, { get: Effect.orDie(ref.ask(Worker.Get())) })
        }),
        child("other")
      ]
    })

  it.effect("keeps refs, services and waiting messages when a supervisor is restarted whole", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [below({ backoff: slowly })]
      }))
      const counter = yield* refOf("counter")
      counter.tell(Worker.Add())
      yield* settle
      yield* crash(yield* refOf("other"))
      yield* settle
      counter.tell(Worker.Add())
      counter.tell(Worker.Add())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Context.get(supervisor.services, Counter).get, 2)
      assert.strictEqual(yield* refOf("counter"), counter)
      assert.strictEqual(supervisor.status(), "Running")
    })))

  it.effect("tells why a supervisor gave up, down to the first crash", () =>
    inSystem(Effect.fnUntraced(function*() {
      const system = yield* ActorSystem.ActorSystem
      const failed = yield* Effect.forkChild(
        Stream.runHead(Stream.filter(system.events, ({ _tag, name }) => _tag === "Failed" && name === "root")),
        { startImmediately: true }
      )
      yield* settle
      const supervisor = yield* Supervisor.start(Supervisor.make({
        id: "root",
        strategy: "OneForOne",
        intensity: { restarts: 0, within: "1 second" },
        children: [below()]
      }))
      const counter = yield* refOf("counter")
      yield* crash(yield* refOf("other"))
      const event = Option.getOrThrow(yield* Fiber.join(failed))
      const squash = (cause: Cause.Cause<unknown>) => Cause.squash(cause) as SupervisorError.SupervisorGaveUp
      const root = squash(event._tag === "Failed" ? event.cause : Cause.empty)
      assert.strictEqual(root.message, "root gave up at below: more than 0 restarts in 1000 ms")
      assert.strictEqual(squash(root.cause).message, "below gave up at other: more than 0 restarts in 1000 ms")
      assert.strictEqual(Cause.squash(squash(root.cause).cause), boom)
      assert.strictEqual(supervisor.status(), "GaveUp")
      assert.strictEqual(counter.status(), "Stopped")
    })))

  it.effect("is reached by its refs, from the supervisor above", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [below({ backoff: slowly })]
      }))
      const control = Option.getOrThrow(Option.flatMap(supervisor.ref("below"), Supervisor.of))
      yield* control.stopChild("other")
      assert.deepStrictEqual(yield* control.countChildren, { specs: 2, active: 1, supervisors: 0, workers: 2 })
      yield* crash(yield* refOf("counter"))
      yield* settle
      assert.strictEqual(control.status(), "Restarting")
      assert.strictEqual((yield* Effect.flip(control.restartChild("other")))._tag, "SupervisorStopped")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(control.status(), "Running")
      assert.isTrue(Option.isNone(Supervisor.of(yield* refOf("counter"))))
    })))

  it.effect("leaves nothing behind when a supervisor is stopped, restarted or deleted", () =>
    inSystem(Effect.fnUntraced(function*() {
      const system = yield* ActorSystem.ActorSystem
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [] }))
      for (let i = 0; i < 3; i++) {
        yield* supervisor.startChild(below())
        yield* supervisor.stopChild("below")
        yield* supervisor.restartChild("below")
        yield* supervisor.stopChild("below")
        yield* supervisor.deleteChild("below")
        for (const name of ["below", "counter", "other"]) {
          assert.isTrue(Option.isNone(yield* system.lookup(name)))
        }
      }
      assert.deepStrictEqual(yield* supervisor.whichChildren, [])
    })))

  it.effect("fails to start with the error of the child, at any depth", () =>
    inSystem(Effect.fnUntraced(function*() {
      const failing = ChildSpec.make({ id: "failing", behaviour: Effect.fail("no" as const) })
      const error = yield* Effect.flip(Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [
          child("a"),
          Supervisor.make({ id: "middle", strategy: "OneForAll", children: [child("b"), failing] })
        ]
      })))
      assert.strictEqual(error, "no")
      const system = yield* ActorSystem.ActorSystem
      assert.deepStrictEqual(
        yield* Effect.map(Effect.all([system.lookup("a"), system.lookup("b")]), (found) => found.map(Option.isSome)),
        [false, false]
      )
    })))
})

describe("a start", () => {
  it.effect("that takes longer than its time fails, and stops what was started before", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      const starting = yield* Effect.forkChild(
        Effect.flip(Supervisor.start(Supervisor.make({
          strategy: "OneForAll",
          intensity,
          children: [child("a"), child("b", { behaviour: Effect.never, startTimeout: "2 seconds" })]
        }))),
        { startImmediately: true }
      )
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(starting)
      assert.strictEqual(error._tag, "ActorStartTimeout")
      assert.deepStrictEqual(events, ["a Started", "b Failed", "a Stopped"])
    })))

  it.effect("that takes longer at a restart counts as a crash, and is tried again", () =>
    inSystem(Effect.fnUntraced(function*() {
      let starts = 0
      const behaviour = Effect.suspend(() => ++starts === 2 ? Effect.never : worker)
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForAll",
        intensity,
        children: [child("a"), child("b", { behaviour, startTimeout: "2 seconds" })]
      }))
      yield* crash(yield* refOf("b"))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* statusOf("a", "b"), ["Running", "Running"])
      assert.strictEqual(starts, 3)
      assert.strictEqual(yield* supervisor.restarts, 2)
    })))

  it.effect("of a supervisor fails when a child that has started keeps crashing meanwhile", () =>
    inSystem(Effect.fnUntraced(function*() {
      const starting = yield* Effect.forkChild(
        Effect.flip(Supervisor.start(Supervisor.make({
          id: "root",
          strategy: "OneForOne",
          intensity: { restarts: 0, within: "1 second" },
          children: [child("a"), child("b", { behaviour: Effect.never })]
        }))),
        { startImmediately: true }
      )
      const a = yield* refOf("a")
      yield* crash(a)
      const error = yield* Fiber.join(starting)
      assert.instanceOf(error, SupervisorError.SupervisorGaveUp)
      assert.strictEqual(a.status(), "Failed")
    })))
})

describe("a child that is started later", () => {
  it.effect("needs nothing of whoever starts it but what it says", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [] }))
      const alone = Effect.updateContext(
        supervisor.startChild(child("a")),
        (context: Context.Context<never>) => Context.omit(ActorSystem.ActorSystem)(context) as Context.Context<never>
      )
      assert.strictEqual((yield* alone).ref.status(), "Running")
    })))

  it.effect("runs with the services of whoever started it, at restarts too", () =>
    inSystem(Effect.fnUntraced(function*() {
      class Name extends Context.Service<Name, string>()("test/Name") {}
      const system = yield* ActorSystem.ActorSystem
      const names: Array<string> = []
      const behaviour = Effect.gen(function*() {
        names.push(yield* Name)
        assert.strictEqual(yield* ActorSystem.ActorSystem, system)
        return yield* worker
      })
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForAll", intensity, children: [] }))
      for (const name of ["a", "b"]) {
        yield* Effect.provideService(supervisor.startChild(child(name, { behaviour } as never)), Name, name)
      }
      yield* crash(yield* refOf("a"))
      yield* settle
      yield* supervisor.stopChild("b")
      yield* Effect.provideService(supervisor.restartChild("b"), Name, "other")
      assert.deepStrictEqual(names, ["a", "b", "a", "b", "b"])
    })))

  it.effect("can be stopped before it has started", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [] }))
      const starting = yield* Effect.forkChild(
        Effect.flip(supervisor.startChild(child("a", { behaviour: Effect.never }))),
        { startImmediately: true }
      )
      yield* supervisor.stopChild("a")
      assert.strictEqual((yield* Fiber.join(starting))._tag, "ActorStopped")
      assert.deepStrictEqual(events, ["a Stopped"])
      assert.deepStrictEqual(yield* supervisor.whichChildren, [])
    })))
})

describe("what is done to one child at once", () => {
  it.effect("is done as if one after the other", () =>
    Simulation.explore(
      { seeds: 200 },
      Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [child("a")] }))
        yield* supervisor.stopChild("a")
        const exits = yield* Effect.forEach(
          [
            supervisor.restartChild("a"),
            supervisor.deleteChild("a"),
            supervisor.restartChild("a"),
            supervisor.deleteChild("a"),
            supervisor.startChild(child("a"))
          ],
          (each) => Effect.exit(Effect.asVoid<unknown, { readonly _tag: string }, never>(each)),
          { concurrency: "unbounded" }
        )
        const tags = exits.map((exit) => Option.getOrUndefined(Exit.findErrorOption(exit))?._tag)
        assert.notInclude(tags, "ChildNotStarted")
        assert.notInclude(tags, "ActorNameTaken")
        const places = yield* supervisor.whichChildren
        assert.strictEqual(Option.isSome(yield* system.lookup("a")), places.length === 1, tags.join())
      })
    ))

  it.effect("leaves no place without a child when a start is interrupted", () =>
    Simulation.explore(
      { seeds: 400 },
      Effect.gen(function*() {
        const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
        const fiber = yield* Effect.forkChild(supervisor.startChild(child("a")))
        for (let left = yield* Random.nextIntBetween(0, 12); left > 0; left--) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        for (const { status } of yield* supervisor.whichChildren) assert.strictEqual(status, "Running")
      })
    ))

  it.effect("leaves no child without a place when a start is interrupted, and no supervisor without a scope", () =>
    Simulation.explore(
      { seeds: 500 },
      Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const spec = Supervisor.make({ strategy: "OneForOne", children: [child("b")] })
        const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
        const fibers = [
          yield* Effect.forkChild(supervisor.startChild(child("a"))),
          yield* Effect.forkChild(Effect.scoped(Supervisor.start(spec)))
        ]
        for (let left = yield* Random.nextIntBetween(0, 20); left > 0; left--) yield* Effect.yieldNow
        yield* Fiber.interruptAll(fibers)
        const places = yield* supervisor.whichChildren
        assert.deepStrictEqual(
          Snapshot.flatten(yield* system.snapshot).map(({ name }) => name),
          [supervisor.self.name, ...places.map(({ id }) => id)]
        )
      })
    ))

  it.effect("leaves no child behind whose services cannot be made", () =>
    inSystem(Effect.fnUntraced(function*() {
      const system = yield* ActorSystem.ActorSystem
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
      const exit = yield* Effect.exit(supervisor.startChild(child("a", {
        provide: () => {
          throw boom
        }
      })))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === boom)
      assert.deepStrictEqual(yield* supervisor.whichChildren, [])
      assert.isTrue(Option.isNone(yield* system.lookup("a")))
    })))

  it.effect("stops a start that has made no actor so far, as soon as it has", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
      const late = child("a")
      const starting = yield* Effect.forkChild(
        Effect.flip(
          supervisor.startChild({ ...late, spawn: (guardian) => Effect.delay(late.spawn(guardian), "1 second") })
        ),
        { startImmediately: true }
      )
      const stopping = yield* Effect.forkChild(supervisor.stopChild("a"), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(stopping)
      assert.strictEqual((yield* Fiber.join(starting))._tag, "ActorStopped")
      assert.deepStrictEqual(yield* supervisor.whichChildren, [])
    })))

  it.effect("stops a supervisor without a name while it starts", () =>
    inSystem(Effect.fnUntraced(function*() {
      const supervisor = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
      const starting = yield* Effect.forkChild(
        Effect.flip(supervisor.startChild(Supervisor.make({
          strategy: "OneForOne",
          children: [child("a", { behaviour: Effect.never })]
        }))),
        { startImmediately: true }
      )
      yield* supervisor.stopChild("supervisor")
      assert.strictEqual((yield* Fiber.join(starting))._tag, "ActorStopped")
    })))
})

describe("the reason of a stop", () => {
  const waits = [Worker.Crash(), Worker.Add()]
  const cases: ReadonlyArray<readonly [string, string, ReadonlyArray<Worker>, Effect.Effect<void>]> = [
    ["an idle actor", "Shutdown", [], settle],
    ["one that handles what waits", "Shutdown", [Worker.Add()], Effect.void],
    ["one that waits for its restart", "Shutdown", [Worker.Crash()], settle],
    ["one with messages that waits for its restart", "DeadlineExceeded", waits, settle],
    ["one that crashes before", "DeadlineExceeded", waits, Effect.void]
  ]

  it.effect.each(cases)(
    "says whether what waited was handled: %s",
    ([, expected, messages, meanwhile]) =>
      inSystem(Effect.fnUntraced(function*() {
        const system = yield* ActorSystem.ActorSystem
        yield* Supervisor.start(
          Supervisor.make({ strategy: "OneForOne", intensity, children: [child("a", { backoff: slowly })] })
        )
        const a = yield* refOf("a")
        const ended = yield* Effect.forkChild(system.awaitEnd(a), { startImmediately: true })
        for (const message of messages) a.tell(message)
        yield* meanwhile
        yield* system.stop(a)
        assert.strictEqual((yield* Fiber.join(ended))._tag, expected)
        assert.strictEqual((yield* system.accounting).discarded, expected === "Shutdown" ? 0 : 1)
      }))
  )
})

describe("backoff", () => {
  it.effect("grows while restarts fail, however long the child had run before", () =>
    inSystem(Effect.fnUntraced(function*() {
      const clock = yield* Clock.Clock
      const startedAt: Array<number> = []
      yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: { restarts: 100, within: "5 seconds" },
        children: [child("a", {
          behaviour: Effect.suspend(() =>
            startedAt.push(clock.currentTimeMillisUnsafe()) === 1 ? worker : Exit.die(boom)
          ),
          backoff: Backoff.standard
        })]
      }))
      yield* TestClock.adjust("10 seconds")
      yield* crash(yield* refOf("a"))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(startedAt, [0, 10_100, 10_300, 10_700, 11_500])
    })))

  it.effect("is spread by its jitter, and never longer than without", () =>
    Effect.gen(function*() {
      const backoff = Backoff.make({ base: "1 second", factor: 2, cap: "8 seconds", jitter: 0.5 })
      for (let restart = 0; restart < 6; restart++) {
        const whole = Math.min(1000 * 2 ** restart, 8000)
        const random = yield* Random.next
        const delay = Backoff.delayMillis(backoff, restart, () => random)
        assert.isAtMost(delay, whole)
        assert.isAbove(delay, whole / 2)
      }
      assert.strictEqual(Backoff.delayMillis(backoff, 0, () => 0), 1000)
      assert.throws(() => Backoff.make({ base: 1, factor: 1, cap: 1, jitter: 1.1 }), RangeError)
    }))

  it.effect("takes its chances from the random numbers of the supervisor", () =>
    Effect.gen(function*() {
      const delays = (seed: string) =>
        Effect.scoped(Effect.gen(function*() {
          const found: Array<number> = []
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a", { backoff: { ...slowly, jitter: 1 } })]
          })).pipe(Effect.andThen(Effect.gen(function*() {
            for (let i = 0; i < 3; i++) {
              yield* crash(yield* refOf("a"))
              yield* TestClock.adjust("1 second")
            }
          }))).pipe(
            Effect.provide(ActorSystem.layerTest),
            Effect.provideService(ActorHooks, {
              onEvent: (event) => {
                if (event._tag === "Restarting") found.push(event.delayMillis)
              }
            })
          )
          return found
        })).pipe(Random.withSeed(seed))
      const first = yield* delays("one")
      assert.strictEqual(new Set(first).size, 3)
      assert.deepStrictEqual(yield* delays("one"), first)
      assert.notDeepEqual(yield* delays("two"), first)
    }))
})

describe("a probe", () => {
  const probed = (options: Partial<ChildSpec.Probe<Worker>>, strategy: Supervisor.Strategy = "OneForOne") =>
    Supervisor.start(Supervisor.make({
      strategy,
      intensity,
      children: [
        child("a", {
          probe: {
            check: (ref) => ref.ask(Worker.Get()),
            every: "1 second",
            timeout: "1 second",
            failures: 2,
            ...options
          }
        }),
        child("b")
      ]
    }))

  it.effect("leaves a healthy child alone", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      yield* probed({})
      yield* TestClock.adjust("1 hour")
      assert.isFalse(events.includes("a Crashed"))
    })))

  it.effect("crashes a child that does not answer in time so often, and its askers know", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      yield* probed({})
      const a = yield* refOf("a")
      a.tell(Worker.Block())
      yield* TestClock.adjust("3999 millis")
      assert.isFalse(events.includes("a Crashed"))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(a.status(), "Running")
      assert.deepStrictEqual(events.slice(-3), ["a Crashed", "a Restarting", "a Restarted"])
      assert.strictEqual(yield* a.ask(Worker.Get()), 0)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(events.filter((event) => event === "a Crashed").length, 1)
    })))

  it.effect("counts failures in a row only", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      let probes = 0
      yield* probed({ check: () => ++probes % 2 === 0 ? Effect.void : Effect.fail("sick") })
      yield* TestClock.adjust("20 seconds")
      assert.isAbove(probes, 10)
      assert.isFalse(events.includes("a Crashed"))
    })))

  it.effect("brings the others down by the strategy, with the cause of the last failure", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      const system = yield* ActorSystem.ActorSystem
      const crashed = yield* Effect.forkChild(
        Stream.runHead(Stream.filter(system.events, ({ _tag }) => _tag === "Crashed")),
        { startImmediately: true }
      )
      yield* settle
      let isSick = true
      yield* probed({ check: () => isSick ? Effect.fail("sick") : Effect.void, failures: 1 }, "OneForAll")
      yield* TestClock.adjust("1 second")
      isSick = false
      const event = Option.getOrThrow(yield* Fiber.join(crashed))
      const error = Cause.squash(event._tag === "Crashed" ? event.cause : Cause.empty)
      assert.deepInclude(error, { _tag: "ProbeFailed", actor: "a", failures: 1 })
      assert.deepStrictEqual(events.slice(-5), [
        "a Crashed",
        "a Restarting",
        "b Restarting",
        "a Restarted",
        "b Restarted"
      ])
    })))

  it.effect("ends with the life it probes", () =>
    inSystem(Effect.fnUntraced(function*() {
      let probes = 0
      const supervisor = yield* probed({ check: () => Effect.sync(() => probes++) })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(probes, 3)
      yield* crash(yield* refOf("a"))
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(probes, 6)
      yield* supervisor.stopChild("a")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(probes, 6)
    })))
})

describe("redelivery", () => {
  /** Crashes as often as it is told, whoever asks. */
  const flaky = (crashes: number, seen: Array<string>): Behaviour<Worker> => {
    let left = crashes
    return Effect.sync(() => {
      seen.push("start")
      return (message, context) => {
        seen.push(message._tag)
        if (message._tag === "Crash" && left-- > 0) return Exit.die(boom)
        if (message._tag === "Crash" || message._tag === "Get") context.reply(message, 1)
        return
      }
    })
  }

  const start = (crashes: number, redeliver: number, seen: Array<string>, options?: Options) =>
    Effect.andThen(
      Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [child("a", { behaviour: flaky(crashes, seen), redeliver, ...options })]
      })),
      refOf("a")
    )

  const accounts = ActorSystem.ActorSystem.use((system) => system.accounting)

  it.effect("delivers the message that crashed again, before all others, and answers its asker", () =>
    inSystem(Effect.fnUntraced(function*() {
      const seen: Array<string> = []
      const a = yield* start(2, 2, seen)
      const asked = yield* Effect.forkChild(a.ask(Worker.Crash()), { startImmediately: true })
      a.tell(Worker.Add())
      assert.strictEqual(yield* Fiber.join(asked), 1)
      yield* settle
      assert.deepStrictEqual(seen, ["start", "Crash", "start", "Crash", "start", "Crash", "Add"])
      const counted = yield* accounts
      assert.deepInclude(counted, { accepted: 2, handled: 2, failed: 0, quarantined: 0 })
      assert.isTrue(Accounting.isBalanced(counted))
    })))

  it.effect("quarantines it after one crash more: a dead letter, and its asker fails", () =>
    inSystem(Effect.fnUntraced(function*() {
      const system = yield* ActorSystem.ActorSystem
      const letters: Array<DeadLetter> = []
      yield* Effect.forkChild(
        Stream.runForEach(system.deadLetters, (letter) => Effect.sync(() => letters.push(letter))),
        { startImmediately: true }
      )
      yield* settle
      const seen: Array<string> = []
      const a = yield* start(9, 2, seen)
      const error = yield* Effect.flip(a.ask(Worker.Crash()))
      assert.strictEqual(error._tag, "ActorCrashed")
      yield* settle
      assert.strictEqual(yield* a.ask(Worker.Get()), 1)
      assert.deepStrictEqual(seen, ["start", "Crash", "start", "Crash", "start", "Crash", "start", "Get"])
      assert.deepStrictEqual(
        letters.map(({ message, reason }) => [(message as Worker)._tag, reason]),
        [["Crash", "Quarantined"]]
      )
      const counted = yield* accounts
      assert.deepInclude(counted, { handled: 1, failed: 0, quarantined: 1, deadLetters: 1 })
      assert.isTrue(Accounting.isBalanced(counted))
    })))

  it.effect("counts each message by itself", () =>
    inSystem(Effect.fnUntraced(function*() {
      const seen: Array<string> = []
      const a = yield* start(2, 1, seen)
      a.tell(Worker.Crash())
      yield* settle
      // The first one crashed twice and is quarantined; the second does not crash.
      assert.strictEqual(yield* a.ask(Worker.Crash()), 1)
      assert.deepInclude(yield* accounts, { handled: 1, quarantined: 1 })
    })))

  it.effect("holds for what runs as an Effect, in a full mailbox, and before what is urgent", () =>
    inSystem(Effect.fnUntraced(function*() {
      const seen: Array<string> = []
      let crashes = 1
      const behaviour: Behaviour<Worker> = Effect.succeed((message) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.suspend(() => {
            seen.push(message._tag)
            return message._tag === "Crash" && crashes-- > 0 ? Effect.die(boom) : Effect.void
          })
        )
      )
      const a = yield* start(0, 1, [], { behaviour, backoff: slowly, mailbox: Mailbox.bounded(3) })
      a.tell(Worker.Crash())
      yield* settle
      a.tell(Worker.Add())
      a.tell(Worker.Block(), { priority: "High" })
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(seen, ["Crash", "Crash", "Block", "Add"])
      assert.isTrue(Accounting.isBalanced(yield* accounts))
    })))

  it.effect("goes after what the next life continues with", () =>
    inSystem(Effect.fnUntraced(function*() {
      const seen: Array<string> = []
      const behaviour = Setup.setup<Worker>((context) => {
        context.continueWith(Worker.Get())
        return flaky(0, seen)
      })
      let crashes = 1
      const crashing: Behaviour<Worker> = Effect.map(behaviour, (handle) => (message, context) => {
        if (message._tag !== "Crash" || crashes-- === 0) return handle(message, context)
        return Exit.die(boom)
      })
      const a = yield* start(0, 1, [], { behaviour: crashing })
      assert.strictEqual(yield* a.ask(Worker.Crash()), 1)
      assert.deepStrictEqual(seen, ["start", "Get", "start", "Get", "Crash"])
    })))

  it.effect("does not outlive the actor: at its end the message has failed", () =>
    inSystem(Effect.fnUntraced(function*() {
      const a = yield* start(9, 5, [], { restart: "Temporary" })
      const error = yield* Effect.flip(a.ask(Worker.Crash()))
      assert.strictEqual(error._tag, "ActorCrashed")
      assert.deepInclude(yield* accounts, { failed: 1, quarantined: 0, discarded: 0, waiting: 0 })
    })))

  it.effect("does not outlive the supervisor: when that gives up, the message has failed", () =>
    inSystem(Effect.fnUntraced(function*() {
      const spec = child("a", { redeliver: 5 })
      yield* Supervisor.start(
        Supervisor.make({ strategy: "OneForOne", intensity: { restarts: 0, within: 1 }, children: [spec] })
      )
      const a = yield* refOf("a")
      assert.strictEqual((yield* crash(a))._tag, "ActorCrashed")
      yield* settle
      assert.strictEqual(a.status(), "Failed")
      assert.deepInclude(yield* accounts, { failed: 1, quarantined: 0, discarded: 0, waiting: 0 })
    })))

  it.effect("does not happen without being asked for", () =>
    inSystem(Effect.fnUntraced(function*() {
      const seen: Array<string> = []
      const a = yield* start(9, 0, seen)
      yield* crash(a)
      yield* settle
      assert.deepStrictEqual(seen, ["start", "Crash", "start"])
      assert.deepInclude(yield* accounts, { failed: 1, quarantined: 0 })
    })))
})

describe("dynamic children", () => {
  it.effect("run with the services of their supervisor and are restarted from their template", () =>
    inSystem(Effect.fnUntraced(function*() {
      class Limit extends Context.Service<Limit, number>()("test/Limit") {}
      const sessions = yield* DynamicSupervisor.start(DynamicSupervisor.make({
        intensity,
        template: (user: string, start: number) =>
          ChildSpec.make({
            id: user,
            protocol: Worker,
            backoff: atOnce,
            behaviour: Effect.map(Limit, (limit): Handler<Worker> => {
              let count = start
              return (message, context) => {
                if (message._tag === "Add") count = Math.min(limit, count + 1)
                if (message._tag === "Get") context.reply(message, count)
                return message._tag === "Crash" ? Exit.die(boom) : undefined
              }
            })
          })
      })).pipe(Effect.provideService(Limit, 7))
      const { ref } = yield* sessions.startChild("ada", 6)
      ref.tell(Worker.Add())
      ref.tell(Worker.Add())
      assert.strictEqual(yield* ref.ask(Worker.Get()), 7)
      yield* crash(ref)
      yield* settle
      assert.strictEqual(yield* ref.ask(Worker.Get()), 6)
      assert.strictEqual((yield* Effect.flip(sessions.startChild("ada", 1)))._tag, "ChildExists")
      yield* sessions.stopChild("ada")
      assert.strictEqual(yield* (yield* sessions.startChild("ada", 1)).ref.ask(Worker.Get()), 1)
    })))

  it.effect("stop at once, all together", () =>
    inSystem(Effect.fnUntraced(function*() {
      const scope = yield* Scope.make()
      const sessions = yield* Scope.provide(
        DynamicSupervisor.start(DynamicSupervisor.make({
          intensity,
          template: (id: string) => child(id, { shutdown: "5 seconds" })
        })),
        scope
      )
      const refs = yield* Effect.forEach(Array.from({ length: 100 }, (_, i) => `s${i}`), (id) =>
        Effect.map(sessions.startChild(id), ({ ref }) => ref))
      for (const ref of refs) {
        ref.tell(Worker.Block())
      }
      yield* settle
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(closing)
      assert.isTrue(refs.every((ref) =>
        ref.status() === "Stopped"
      ))
    })))

  it.effect("are started by who is given their supervisor as a service", () =>
    inSystem(Effect.fnUntraced(function*() {
      class Sessions extends Context.Service<Sessions, {
        readonly open: (user: string) => Effect.Effect<ActorRef<Worker>, Supervisor.StartError>
      }>()("test/Sessions") {}
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity,
        children: [
          DynamicSupervisor.make({
            id: "sessions",
            intensity: { restarts: 0, within: "1 second" },
            backoff: atOnce,
            template: (user: string) => child(user),
            provide: (handle) =>
              Context.make(Sessions, { open: (user) => Effect.map(handle.startChild(user), ({ ref }) => ref) })
          })
        ]
      }))
      const { open } = Context.get(supervisor.services, Sessions)
      const ada = yield* open("ada")
      yield* crash(ada)
      yield* settle
      assert.strictEqual(ada.status(), "Failed")
      assert.strictEqual((yield* open("ada")).status(), "Running")
    })))
})

describe("the name of a child", () => {
  const below = (name: string | false | undefined, options?: Options) =>
    Supervisor.make({ id: "below", name, strategy: "OneForOne", intensity, children: [child("a", options)] })

  const named = Effect.fnUntraced(function*(name: string) {
    return (yield* (yield* ActorSystem.ActorSystem).lookup(name))._tag
  })

  it.effect("is its id, which two supervisors cannot both give to theirs", () =>
    inSystem(Effect.fnUntraced(function*() {
      const first = yield* Supervisor.start(below("first"))
      assert.strictEqual(Option.getOrThrow(first.ref("a")).name, "a")
      const error = yield* Effect.flip(Supervisor.start(below("second")))
      assert.strictEqual(error._tag, "ActorNameTaken")
    })))

  it.effect("is another one, or none, where that is said, and stays so over restarts", () =>
    inSystem(Effect.fnUntraced(function*(events) {
      yield* Supervisor.start(below("first"))
      yield* Supervisor.start(below("second", { name: "other" }))
      const third = yield* Supervisor.start(below(false, { name: false }))
      assert.deepStrictEqual(yield* Effect.forEach(["first", "a", "second", "other", "below"], named), [
        "Some",
        "Some",
        "Some",
        "Some",
        "None"
      ])
      yield* crash(yield* refOf("other"))
      yield* settle
      assert.isTrue(events.includes("other Restarted"))
      const ref = Option.getOrThrow(third.ref("a"))
      assert.match(ref.name, /^\$\d+$/)
      yield* third.stopChild("a")
      assert.match((yield* third.restartChild("a")).name, /^\$\d+$/)
    })))

  it.effect("may be none for the children of a template, so that several supervisors have one of each id", () =>
    inSystem(Effect.fnUntraced(function*() {
      const of = (name: string) =>
        DynamicSupervisor.make({ name, template: (id: string) => child(id, { name: false }) })
      const first = yield* DynamicSupervisor.start(of("first"))
      const second = yield* DynamicSupervisor.start(of("second"))
      const { ref } = yield* first.startChild("ada")
      const other = yield* second.startChild("ada")
      assert.notStrictEqual(ref.id, other.ref.id)
      assert.deepStrictEqual((yield* second.whichChildren).map(({ id }) => id), ["ada"])
      assert.strictEqual((yield* Effect.flip(second.startChild("ada")))._tag, "ChildExists")
      assert.deepStrictEqual(yield* Effect.forEach(["first", "second", "ada"], named), ["Some", "Some", "None"])
    })))
})

describe("a layer", () => {
  class Workers extends Context.Service<Workers, Supervisor.Handle<never>>()("test/Workers") {}

  it.effect("provides the handle of its supervisor, and stops it when it closes", () =>
    Effect.gen(function*() {
      const spec = Supervisor.make({ strategy: "OneForOne", intensity, children: [child("a")] })
      const handle = yield* Workers.use((workers) => Effect.as(workers.startChild(child("b")), workers)).pipe(
        Effect.provide(Supervisor.layerHandle(Workers, spec))
      )
      assert.strictEqual(handle.status(), "Stopped")
    }).pipe(Effect.provide(ActorSystem.layerTest)))
})

describe("specifications", () => {
  it("are checked when they are made", () => {
    const significant = child("a", { restart: "Transient", isSignificant: true })
    const make = (options: Partial<Parameters<typeof Supervisor.make>[0]>) => () =>
      Supervisor.make({ strategy: "OneForOne", intensity, children: [], ...options })
    assert.throws(make({ intensity: { restarts: 1.5, within: 1 } }), /whole number of restarts/)
    assert.throws(make({ children: [child("a"), child("a")] }), /Two children are called a/)
    assert.throws(make({ children: [significant] }), /needs a supervisor with an automatic shutdown/)
    assert.throws(() => child("a", { isSignificant: true }), /cannot be significant/)
    assert.throws(() => child("a", { redeliver: -1 }), /whole number of times/)
    assert.throws(() => child("a", { probe: { check: () => Effect.void, failures: 0 } }), /whole number of times/)
    assert.doesNotThrow(make({ autoShutdown: "AnySignificant", children: [significant] }))
  })
})
