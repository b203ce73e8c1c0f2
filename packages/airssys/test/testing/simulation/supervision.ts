/**
 * Programs about crashes and who restarts.
 */
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ChildSpec from "airssys/actor/ChildSpec"
import type * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { check, intact, pause, type Program, Record, send, stubborn, together, Work, working } from "./worker.ts"

export const supervised = Effect.fnUntraced(function*(record: Record) {
  const { services } = yield* Supervisor.start(Supervisor.make({
    strategy: "OneForOne",
    intensity: { restarts: 1000, within: "1 second" },
    children: [ChildSpec.make({
      id: "worker",
      behaviour: working(record, true),
      backoff: { base: "1 millis", factor: 4, cap: "20 millis" },
      provide: (ref) => Context.make(Worker, ref)
    })]
  }))
  return Context.get(services, Worker)
})
export class Worker extends Context.Service<Worker, ActorRef<Work>>()("test/simulation/Worker") {}

/** A supervised actor crashes while others send, ask, and use the contexts of its earlier lives. */
export const restarts = (onlyOwnCrashes: boolean): Program =>
  Effect.gen(function*() {
    const record = new Record()
    yield* intact(record)
    const worker = yield* supervised(record)
    const asking: Array<Fiber.Fiber<unknown, unknown>> = []
    const ask = (request: Extract<Work, Protocol.Request<number>>) =>
      Effect.map(Effect.forkScoped(worker.ask(request)), (fiber) => void asking.push(fiber))
    let late = 0
    const disturb = Effect.gen(function*() {
      for (let i = 0; i < 4; i++) {
        yield* ask(Work.Hold())
        yield* pause
        worker.tell(Work.Crash())
        yield* ask(Work.Later())
        yield* Effect.sleep("7 millis")
        for (const old of record.contexts.slice(0, -1)) {
          old.stop()
          old.tell(worker, Work.Add({ from: 9, number: ++late }))
        }
      }
    })
    yield* together([send(worker, 1, 8), send(worker, 2, 8), disturb])
    yield* stubborn(worker)
    worker.tell(Work.Crash())
    yield* ask(Work.Total())
    yield* Effect.sleep("1 minute")
    check(asking.at(-1)?.pollUnsafe() !== undefined, "what waited for the next life is forgotten")
    check(!onlyOwnCrashes || record.lives <= 6, `${record.lives} lives after 5 crashes`)
    worker.tell(Work.Release())
    yield* stubborn(worker)
    yield* Effect.sleep("1 second")
    const left = asking.filter((fiber) => fiber.pollUnsafe() === undefined)
    check(left.length === 0, `${left.length} askers are left waiting`)
    check(worker.status() === "Running", `the worker is ${worker.status()}`)
    check(record.released === record.lives - 1, `${record.released} of ${record.lives} lives were released`)
  })

/** Children crash under each strategy; none starts while one that is stopped with it still runs. */
export const strategies = (strategy: Supervisor.Strategy): Program =>
  Effect.gen(function*() {
    const records = [new Record(), new Record(), new Record()]
    for (const record of records) yield* intact(record)
    const refs: Array<ActorRef<Work>> = []
    const child = (record: Record, index: number) =>
      ChildSpec.make({
        id: `child-${index}`,
        behaviour: Effect.andThen(
          Effect.sync(() => {
            const later = records.slice(index + 1).filter(({ alive }) => alive > 0)
            if (strategy !== "OneForOne" && later.length > 0) record.wrong ??= "a later child runs"
          }),
          working(record, true)
        ),
        backoff: { base: "1 millis", factor: 1, cap: "5 millis" },
        provide: (ref: ActorRef<Work>) => {
          refs[index] = ref
          return Context.empty()
        }
      })
    yield* Supervisor.start(Supervisor.make({
      strategy,
      intensity: { restarts: 1000, within: "1 second" },
      children: records.map(child)
    }))
    const asking: Array<Fiber.Fiber<unknown, unknown>> = []
    const disturb = Effect.fnUntraced(function*(index: number) {
      for (let i = 0; i < 3; i++) {
        refs[index]!.tell(Work.Slow({ from: i, number: 1 + i }))
        asking.push(yield* Effect.forkScoped(refs[index]!.ask(Work.Later())))
        yield* pause
        refs[index]!.tell(Work.Crash())
        yield* Effect.sleep("5 millis")
      }
    })
    yield* together([disturb(0), disturb(1), disturb(2)])
    yield* Effect.sleep("1 minute")
    check(asking.every((fiber) => fiber.pollUnsafe() !== undefined), "an asker is left waiting")
    for (const [index, ref] of refs.entries()) {
      yield* stubborn(ref)
      const { alive, lives, released } = records[index]!
      check(alive === 1 && released === lives - 1, `child ${index}: ${released} of ${lives} lives were released`)
    }
    if (strategy === "OneForOne") {
      for (const { lives } of records) check(lives === 4, `${lives} lives after 3 crashes`)
    }
  })
