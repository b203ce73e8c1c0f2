/**
 * What supervisors have to do, on any wiring of `ActorSystem`.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Accounting from "../actor/Accounting.ts"
import type { ActorContext } from "../actor/ActorContext.ts"
import type { ActorEvent } from "../actor/ActorEvent.ts"
import { ActorHooks } from "../actor/ActorHooks.ts"
import type { ActorRef, Status } from "../actor/ActorRef.ts"
import * as ActorSystem from "../actor/ActorSystem.ts"
import type { Behaviour, Handler } from "../actor/Behaviour.ts"
import * as ChildSpec from "../actor/ChildSpec.ts"
import * as Protocol from "../actor/Protocol.ts"
import * as Supervisor from "../actor/Supervisor.ts"

const Worker = Protocol.make({
  Add: { payload: {} },
  Get: { payload: {}, reply: Schema.Finite },
  Hold: { payload: {}, reply: Schema.Finite },
  Crash: { payload: {}, reply: Schema.Finite },
  Quit: { payload: {} },
  Block: { payload: {} }
})
type Worker = Protocol.Message<typeof Worker>

const boom = new Error("boom")

/** Counts in its closure: a fresh instance starts at zero. */
const worker: Behaviour<Worker> = Effect.sync((): Handler<Worker> => {
  let count = 0
  return (message, context) => {
    switch (message._tag) {
      case "Add":
        count++
        return
      case "Get":
        return context.reply(message, count)
      case "Hold":
        return
      case "Crash":
        return Exit.die(boom)
      case "Quit":
        return context.stop()
      case "Block":
        return Effect.never
    }
  }
})

const child = (id: string, options?: {
  readonly behaviour?: Behaviour<Worker> | undefined
  readonly restart?: ChildSpec.Restart | undefined
  readonly shutdown?: number | undefined
}) =>
  ChildSpec.make({
    id,
    behaviour: options?.behaviour ?? worker,
    restart: options?.restart,
    shutdown: options?.shutdown,
    backoff: { base: "100 millis", factor: 2, cap: "1 second" },
    protocol: Worker
  })

const intensity = { restarts: 3, within: "10 seconds" } as const

const line = (event: ActorEvent): string => {
  switch (event._tag) {
    case "Restarting":
      return `${event.name} Restarting ${event.attempt}/${event.max} in ${event.delayMillis}`
    case "Restarted":
      return `${event.name} Restarted ${event.attempt}/${event.max} after ${event.afterMillis}`
    case "Stopped":
      return `${event.name} Stopped ${event.reason}`
    case "GaveUp":
      return `${event.name} GaveUp ${event.restarts} in ${event.withinMillis}`
    default:
      return `${event.name} ${event._tag}`
  }
}

const refOf = Effect.fnUntraced(function*(id: string): Effect.fn.Return<
  ActorRef<Worker>,
  never,
  ActorSystem.ActorSystem
> {
  const system = yield* ActorSystem.ActorSystem
  return Option.getOrThrow(yield* system.lookup(id, Worker))
})

const crash = (ref: ActorRef<Worker>) => Effect.flip(ref.ask(Worker.Crash()))

/**
 * Registers the tests.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = (name: string, layer: Layer.Layer<ActorSystem.ActorSystem>): void => {
  const inSystem = <A, E>(
    body: (events: Array<string>) => Effect.Effect<A, E, ActorSystem.ActorSystem | Scope.Scope>
  ) =>
    Effect.suspend(() => {
      const events: Array<string> = []
      return Effect.scoped(body(events)).pipe(
        Effect.provide(Layer.fresh(layer)),
        Effect.provideService(ActorHooks, {
          onEvent: (event) => {
            if (!event.name.startsWith("$")) events.push(line(event))
          }
        })
      )
    })

  describe(`Supervisor: ${name}`, () => {
    describe("OneForOne", () => {
      it.effect("restarts the crashed child alone, afresh, behind the same ref", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a"), child("b")]
          }))
          const a = yield* refOf("a")
          const b = yield* refOf("b")
          a.tell(Worker.Add())
          b.tell(Worker.Add())
          const error = yield* crash(a)
          assert.strictEqual(error._tag === "ActorCrashed" ? Cause.squash(error.cause) : undefined, boom)
          assert.strictEqual(a.status(), "Restarting")
          assert.strictEqual(yield* b.ask(Worker.Get()), 1)
          yield* TestClock.adjust("100 millis")
          assert.strictEqual(a.status(), "Running")
          assert.strictEqual(yield* a.ask(Worker.Get()), 0)
          assert.strictEqual(yield* refOf("a"), a)
          assert.deepStrictEqual(events, [
            "a Started",
            "b Started",
            "a Crashed",
            "a Restarting 1/3 in 100",
            "a Restarted 1/3 after 100"
          ])
        })))

      it.effect("keeps the messages that wait, and does not deliver the crashing one again", () =>
        inSystem(Effect.fnUntraced(function*() {
          yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [child("a")] }))
          const a = yield* refOf("a")
          a.tell(Worker.Add())
          a.tell(Worker.Crash())
          a.tell(Worker.Add())
          const asked = yield* Effect.forkChild(a.ask(Worker.Get()), { startImmediately: true })
          yield* Effect.yieldNow
          assert.strictEqual(a.status(), "Restarting")
          a.tell(Worker.Add())
          yield* TestClock.adjust("100 millis")
          assert.strictEqual(yield* Fiber.join(asked), 1)
          assert.strictEqual(yield* a.ask(Worker.Get()), 2)
          const accounts = yield* ActorSystem.ActorSystem.use((system) => system.accounting)
          assert.isTrue(Accounting.isBalanced(accounts))
          assert.strictEqual(accounts.deadLetters, 0)
        })))

      it.effect("fails the askers that the crashed instance held", () =>
        inSystem(Effect.fnUntraced(function*() {
          yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [child("a")] }))
          const a = yield* refOf("a")
          const held = yield* Effect.forkChild(Effect.flip(a.ask(Worker.Hold())), { startImmediately: true })
          yield* crash(a)
          assert.strictEqual((yield* Fiber.join(held))._tag, "ActorRestarted")
        })))

      it.effect("releases what an instance acquired before the next one starts", () =>
        inSystem(Effect.fnUntraced(function*() {
          const log: Array<string> = []
          let instances = 0
          const behaviour = Effect.gen(function*() {
            const instance = ++instances
            log.push(`acquire ${instance}`)
            yield* Effect.addFinalizer((exit) => {
              log.push(`release ${instance} ${exit._tag}`)
              return instance === 1 ? Effect.sleep("1 second") : Effect.void
            })
            return yield* worker
          })
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [ChildSpec.make({ id: "a", behaviour, protocol: Worker })]
          }))
          yield* crash(yield* refOf("a"))
          assert.deepStrictEqual(log, ["acquire 1", "release 1 Failure"])
          yield* TestClock.adjust("1 second")
          assert.strictEqual(instances, 1)
          yield* TestClock.adjust("100 millis")
          assert.deepStrictEqual(log, ["acquire 1", "release 1 Failure", "acquire 2"])
        })))

      it.effect("ignores the context of an earlier life", () =>
        inSystem(Effect.fnUntraced(function*() {
          const contexts: Array<ActorContext<Worker>> = []
          const held: Array<Extract<Worker, { readonly _tag: "Hold" }>> = []
          const behaviour: Behaviour<Worker> = Effect.succeed((message, context) => {
            contexts.push(context)
            if (message._tag === "Hold") held.push(message)
            return message._tag === "Crash" ? Exit.die(boom) : undefined
          })
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a", { behaviour })]
          }))
          const a = yield* refOf("a")
          yield* crash(a)
          yield* TestClock.adjust("100 millis")
          const asked = yield* Effect.forkChild(a.ask(Worker.Hold()), { startImmediately: true })
          yield* Effect.yieldNow
          contexts[0]!.reply(held[0]!, 1)
          contexts[0]!.stop()
          assert.isTrue(Exit.isFailure(yield* Effect.exit(contexts[0]!.spawn(worker))))
          assert.strictEqual(a.status(), "Running")
          contexts[1]!.reply(held[0]!, 2)
          assert.strictEqual(yield* Fiber.join(asked), 2)
        })))

      it.effect("counts a failing start as a crash", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          let starts = 0
          const behaviour = Effect.suspend(() =>
            ++starts === 2 ? Effect.die(boom) : Effect.andThen(Effect.yieldNow, worker)
          )
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a", { behaviour })]
          }))
          yield* crash(yield* refOf("a"))
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(events.slice(1), [
            "a Crashed",
            "a Restarting 1/3 in 100",
            "a Crashed",
            "a Restarting 2/3 in 200",
            "a Restarted 2/3 after 200"
          ])
        })))
    })

    describe("restart types", () => {
      const matrix: ReadonlyArray<readonly [ChildSpec.Restart, "crash" | "quit" | "stop" | "kill", Status]> = [
        ["Permanent", "crash", "Restarting"],
        ["Permanent", "quit", "Restarting"],
        ["Permanent", "stop", "Stopped"],
        ["Permanent", "kill", "Stopped"],
        ["Transient", "crash", "Restarting"],
        ["Transient", "quit", "Stopped"],
        ["Transient", "stop", "Stopped"],
        ["Transient", "kill", "Stopped"],
        ["Temporary", "crash", "Failed"],
        ["Temporary", "quit", "Stopped"],
        ["Temporary", "stop", "Stopped"],
        ["Temporary", "kill", "Stopped"]
      ]

      it.effect.each(matrix)("%s after %s: %s", ([restart, how, status]) =>
        inSystem(Effect.fnUntraced(function*() {
          const system = yield* ActorSystem.ActorSystem
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a", { restart })]
          }))
          const a = yield* refOf("a")
          if (how === "crash") yield* crash(a)
          else if (how === "stop") yield* system.stop(a)
          else if (how === "kill") yield* system.kill(a)
          else {
            a.tell(Worker.Quit())
            yield* Effect.yieldNow
          }
          assert.strictEqual(a.status(), status)
          assert.deepStrictEqual(
            yield* supervisor.whichChildren,
            restart === "Temporary" ? [] : [{ id: "a", restart, kind: "Worker", status }]
          )
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(a.status(), status === "Restarting" ? "Running" : status)
        })))
    })

    describe("intensity", () => {
      it.effect("gives up at one restart more than the window allows, and stops the others in reverse", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts: 2, within: "10 seconds" },
            children: [child("a"), child("b"), child("c")]
          }))
          const b = yield* refOf("b")
          for (let i = 0; i < 2; i++) {
            yield* crash(b)
            yield* TestClock.adjust("1 second")
            assert.strictEqual(b.status(), "Running")
          }
          yield* crash(b)
          yield* Effect.yieldNow
          assert.strictEqual(b.status(), "Failed")
          assert.strictEqual(supervisor.status(), "GaveUp")
          assert.deepStrictEqual(events.slice(-5), [
            "b Crashed",
            "b GaveUp 2 in 10000",
            "b Failed",
            "c Stopped Shutdown",
            "a Stopped Shutdown"
          ])
          assert.strictEqual((yield* Effect.flip(supervisor.startChild(child("d"))))._tag, "SupervisorStopped")
        })))

      it.effect("counts the restarts of all children together", () =>
        inSystem(Effect.fnUntraced(function*() {
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts: 1, within: "10 seconds" },
            children: [child("a"), child("b")]
          }))
          yield* crash(yield* refOf("a"))
          yield* crash(yield* refOf("b"))
          assert.strictEqual(supervisor.status(), "GaveUp")
        })))

      it.effect.each(
        [
          ["10 seconds", "GaveUp"],
          ["10001 millis", "Running"]
        ] as const
      )(
        "counts a restart for the whole window: %s later, %s",
        ([later, status]) =>
          inSystem(Effect.fnUntraced(function*() {
            const supervisor = yield* Supervisor.start(Supervisor.make({
              strategy: "OneForOne",
              intensity: { restarts: 1, within: "10 seconds" },
              children: [child("a")]
            }))
            yield* crash(yield* refOf("a"))
            yield* TestClock.adjust(later)
            yield* crash(yield* refOf("a"))
            assert.strictEqual(supervisor.status(), status)
          }))
      )

      it.effect("restarts a child without end for crashes that do not count", () =>
        inSystem(Effect.fnUntraced(function*() {
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts: 1, within: "10 seconds" },
            children: [
              ChildSpec.make({
                id: "a",
                behaviour: worker,
                protocol: Worker,
                backoff: { base: "100 millis", factor: 1, cap: "100 millis" },
                isCounted: (cause) => Cause.squash(cause) !== boom
              })
            ]
          }))
          const a = yield* refOf("a")
          for (let i = 0; i < 10; i++) {
            yield* crash(a)
            assert.strictEqual(a.status(), "Restarting")
            yield* TestClock.adjust("100 millis")
          }
          assert.strictEqual(a.status(), "Running")
          assert.strictEqual(supervisor.status(), "Running")
        })))

      it.effect("allows no restart at all with zero", () =>
        inSystem(Effect.fnUntraced(function*() {
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts: 0, within: "1 second" },
            children: [child("a")]
          }))
          const a = yield* refOf("a")
          yield* crash(a)
          assert.strictEqual(a.status(), "Failed")
        })))
    })

    describe("backoff", () => {
      it.effect("grows by the factor to the cap, and starts over after a quiet window", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity: { restarts: 10, within: "20 seconds" },
            children: [child("a")]
          }))
          const a = yield* refOf("a")
          for (let i = 0; i < 6; i++) {
            yield* crash(a)
            yield* TestClock.adjust("2 seconds")
          }
          yield* TestClock.adjust("20 seconds")
          yield* crash(a)
          const delays = events.flatMap((event) => /Restarting .* in (\d+)/.exec(event)?.[1] ?? [])
          assert.deepStrictEqual(delays, ["100", "200", "400", "800", "1000", "1000", "100"])
        })))
    })

    describe("start and stop", () => {
      it.effect("starts in order and stops in reverse", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const scope = yield* Scope.make()
          yield* Scope.provide(
            Supervisor.start(Supervisor.make({
              strategy: "OneForOne",
              intensity,
              children: [child("a"), child("b"), child("c")]
            })),
            scope
          )
          yield* Scope.close(scope, Exit.void)
          assert.deepStrictEqual(events, [
            "a Started",
            "b Started",
            "c Started",
            "c Stopped Shutdown",
            "b Stopped Shutdown",
            "a Stopped Shutdown"
          ])
        })))

      it.effect("stops those before a child that fails to start", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const failing = ChildSpec.make({ id: "b", behaviour: Effect.fail("no" as const) })
          const error = yield* Effect.flip(Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a"), failing, child("c")]
          })))
          assert.strictEqual(error, "no")
          assert.deepStrictEqual(events, ["a Started", "b Failed", "a Stopped Shutdown"])
        })))

      it.effect("kills a child that does not stop in its time", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const scope = yield* Scope.make()
          yield* Scope.provide(
            Supervisor.start(Supervisor.make({
              strategy: "OneForOne",
              intensity,
              children: [child("a", { shutdown: 2000 }), child("b", { shutdown: 0 })]
            })),
            scope
          )
          for (const id of ["a", "b"]) (yield* refOf(id)).tell(Worker.Block())
          yield* Effect.yieldNow
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
          assert.deepStrictEqual(events.slice(2), ["b Stopped DeadlineExceeded"])
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.join(closing)
          assert.deepStrictEqual(events.slice(3), ["a Stopped DeadlineExceeded"])
        })))

      it.effect("stops a child that waits for its restart, at once", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const scope = yield* Scope.make()
          yield* Scope.provide(
            Supervisor.start(Supervisor.make({ strategy: "OneForOne", intensity, children: [child("a")] })),
            scope
          )
          const a = yield* refOf("a")
          yield* crash(a)
          const asked = yield* Effect.forkChild(Effect.flip(a.ask(Worker.Get())), { startImmediately: true })
          yield* Scope.close(scope, Exit.void)
          assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
          assert.strictEqual(a.status(), "Stopped")
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(events.slice(-1), ["a Stopped DeadlineExceeded"])
        })))

      it.effect("starts further children, each id once", () =>
        inSystem(Effect.fnUntraced(function*() {
          const system = yield* ActorSystem.ActorSystem
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a")]
          }))
          const { ref } = yield* supervisor.startChild(child("b"))
          assert.strictEqual(yield* ref.ask(Worker.Get()), 0)
          assert.deepInclude(yield* Effect.flip(supervisor.startChild(child("b"))), {
            _tag: "ChildExists",
            isRunning: true
          })
          yield* system.stop(ref)
          assert.deepInclude(yield* Effect.flip(supervisor.startChild(child("b"))), {
            _tag: "ChildExists",
            isRunning: false
          })
          yield* supervisor.deleteChild("b")
          const again = yield* supervisor.startChild(child("b"))
          assert.notStrictEqual(again.ref, ref)
          assert.strictEqual(Option.getOrUndefined(supervisor.ref("b")), again.ref as ActorRef<never>)
          assert.isTrue(Option.isNone(supervisor.ref("constructor")))
        })))

      it.effect("leaves no child behind when its start is interrupted", () =>
        inSystem(Effect.fnUntraced(function*(events) {
          const supervisor = yield* Supervisor.start(
            Supervisor.make({ strategy: "OneForOne", intensity, children: [] })
          )
          const starting = yield* Effect.forkChild(
            supervisor.startChild(child("a", { behaviour: Effect.never })),
            { startImmediately: true }
          )
          assert.deepStrictEqual(yield* supervisor.whichChildren, [
            { id: "a", restart: "Permanent", kind: "Worker", status: "Starting" }
          ])
          yield* Fiber.interrupt(starting)
          assert.deepStrictEqual(yield* supervisor.whichChildren, [])
          assert.deepStrictEqual(events, ["a Stopped Killed"])
        })))
    })

    describe("events", () => {
      it.effect("are those of its own children, with the cause of a crash", () =>
        inSystem(Effect.fnUntraced(function*() {
          const system = yield* ActorSystem.ActorSystem
          const supervisor = yield* Supervisor.start(Supervisor.make({
            strategy: "OneForOne",
            intensity,
            children: [child("a")]
          }))
          const collecting = yield* Effect.forkChild(
            Stream.runCollect(Stream.take(supervisor.events, 3)),
            { startImmediately: true }
          )
          yield* Effect.yieldNow
          yield* system.spawn(worker, { name: "other" })
          yield* crash(yield* refOf("a"))
          yield* TestClock.adjust("100 millis")
          const events = yield* Fiber.join(collecting)
          assert.deepStrictEqual(events.map(line), [
            "a Crashed",
            "a Restarting 1/3 in 100",
            "a Restarted 1/3 after 100"
          ])
          const first = events[0]!
          assert.strictEqual(first._tag === "Crashed" ? Cause.squash(first.cause) : undefined, boom)
        })))
    })

    describe("layer", () => {
      class Counter extends Context.Service<Counter, { readonly add: Effect.Effect<void> }>()(
        "airssys/testing/SupervisorTest/Counter"
      ) {}
      class Reader extends Context.Service<Reader, { readonly get: Effect.Effect<number> }>()(
        "airssys/testing/SupervisorTest/Reader"
      ) {}
      class Start extends Context.Service<Start, number>()("airssys/testing/SupervisorTest/Start") {}

      const counting = Effect.map(Start, (start): Handler<Worker> => {
        let count = start
        return (message, context) => {
          if (message._tag === "Add") count++
          if (message._tag === "Get") context.reply(message, count)
        }
      })

      const Services = Supervisor.layer({
        strategy: "OneForOne",
        intensity,
        children: [
          ChildSpec.make({
            id: "counter",
            behaviour: counting,
            provide: (ref) => Context.make(Counter, { add: Effect.sync(() => ref.tell(Worker.Add())) })
          }),
          ChildSpec.make({
            id: "reader",
            behaviour: worker,
            provide: (ref) => Context.make(Reader, { get: Effect.orDie(ref.ask(Worker.Get())) })
          })
        ]
      })

      it.effect("provides what its children stand for, and takes what they need", () =>
        Effect.gen(function*() {
          yield* Counter.use((counter) => counter.add)
          assert.strictEqual(yield* Reader.use((reader) => reader.get), 0)
        }).pipe(
          Effect.provide(Services.pipe(
            Layer.provide(Layer.succeed(Start, 5)),
            Layer.provide(Layer.fresh(layer))
          ))
        ))
    })
  })
}
