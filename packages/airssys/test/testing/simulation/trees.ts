/**
 * Programs about trees of supervisors, pools, and messages that are delivered
 * again.
 */
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Pool from "airssys/actor/Pool"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Simulation from "airssys/testing/Simulation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { check, intact, pause, type Program, Record, together, Work, working } from "./worker.ts"

const backoff = { base: "1 millis", factor: 2, cap: "5 millis" } as const

/** Workers of a tree crash and are killed until supervisors give up, and restart others. */
export const escalation: Program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const names = ["first", "second", "third", "pool-0", "pool-1"]
  const records = new Map(names.map((name) => [name, new Record()]))
  for (const record of records.values()) yield* intact(record)
  const child = (id: string) =>
    ChildSpec.make({ id, behaviour: working(records.get(id)!, true), backoff, protocol: Work })
  const asking: Array<Fiber.Fiber<unknown, unknown>> = []
  let status: () => Supervisor.SupervisorStatus = () => "Starting"
  yield* Effect.scoped(Effect.gen(function*() {
    const handle = yield* Supervisor.start(Supervisor.make({
      strategy: "RestForOne",
      intensity: { restarts: 4, within: "1 second" },
      children: [
        child("first"),
        Supervisor.make({
          id: "below",
          strategy: "OneForAll",
          intensity: { restarts: 2, within: "20 millis" },
          backoff,
          children: [child("second"), child("third")]
        }),
        Pool.make({ id: "pool", size: 2, behaviour: Effect.flatten(Effect.sync(() => working(next(), true))), backoff })
      ]
    }))
    function next(): Record {
      const free = ["pool-0", "pool-1"].map((name) => records.get(name)!)
      return free.find(({ alive }) => alive === 0) ?? new Record()
    }
    status = handle.status
    const disturb = Effect.fnUntraced(function*(name: string) {
      for (let i = 0; i < 4; i++) {
        yield* pause
        const found = yield* system.lookup(name, Work)
        if (Option.isNone(found)) continue
        asking.push(yield* Effect.forkScoped(found.value.ask(Work.Later()), { startImmediately: true }))
        const choice = yield* Random.nextIntBetween(0, 5)
        if (choice < 3) found.value.tell(Work.Crash())
        else if (choice === 3) yield* Effect.forkScoped(system.kill(found.value))
        else found.value.tell(Work.Slow({ from: 1, number: i + 1 + records.get(name)!.handled }))
      }
    })
    const manage = Effect.gen(function*() {
      for (let i = 0; i < 3; i++) {
        yield* Effect.sleep("4 millis")
        yield* Effect.ignore(handle.stopChild("first"))
        yield* pause
        yield* Effect.ignore(handle.restartChild("first"))
        yield* Effect.ignore(handle.startChild(child("first")))
      }
    })
    yield* together([disturb("first"), disturb("second"), disturb("third"), manage])
    yield* Effect.sleep("1 minute")
    check(asking.every((fiber) => fiber.pollUnsafe() !== undefined), "an asker is left waiting")
  }))
  check(status() !== "Running", `the supervisor is ${status()} after its scope`)
  for (const [name, { alive }] of records) check(alive === 0, `${name} outlives its supervisor`)
})

const Mill = Protocol.make({
  Grind: { payload: { number: Schema.Int }, reply: Schema.Int },
  Ground: { payload: {}, reply: Schema.Int }
})
type Mill = Protocol.Message<typeof Mill>
class Stone extends Context.Service<Stone, ActorRef<Mill>>()("test/simulation/Stone") {}

/** Messages crash their handler now and then, and are delivered again; in the end each was handled once. */
export const redelivery: Program = Effect.gen(function*() {
  const ground: Array<number> = []
  let wrong: string | undefined
  yield* Simulation.always("each is handled once, and in order", () => wrong === undefined)
  const attempts = new Map<number, number>()
  const told = new Set<number>()
  const behaviour: Behaviour<Mill> = Effect.succeed((message, context) => {
    if (message._tag === "Ground") return context.reply(message, ground.length)
    const { number } = message
    const attempt = (attempts.get(number) ?? 0) + 1
    attempts.set(number, attempt)
    return Effect.gen(function*() {
      yield* pause
      if (attempt <= number % 4) return yield* Effect.fail("stuck")
      if (ground.includes(number)) wrong ??= `${number} twice`
      if (told.has(number) && ground.some((other) => told.has(other) && other > number)) wrong ??= `${number} too late`
      ground.push(number)
      context.reply(message, number)
    })
  })
  const { services } = yield* Supervisor.start(Supervisor.make({
    strategy: "OneForOne",
    intensity: { restarts: 1000, within: "1 second" },
    children: [ChildSpec.make({
      id: "mill",
      behaviour,
      redeliver: 2,
      backoff,
      provide: (ref) => Context.make(Stone, ref)
    })]
  }))
  const mill = Context.get(services, Stone)
  const asking: Array<Fiber.Fiber<unknown, unknown>> = []
  for (let number = 1; number <= 8; number++) {
    if (yield* Random.nextBoolean) {
      told.add(number)
      mill.tell(Mill.Grind({ number }))
    } else asking.push(yield* Effect.forkScoped(mill.ask(Mill.Grind({ number })), { startImmediately: true }))
    yield* pause
  }
  yield* Effect.sleep("1 minute")
  check(wrong === undefined, wrong ?? "")
  check(asking.every((fiber) => fiber.pollUnsafe() !== undefined), "an asker is left waiting")
  check(ground.toSorted((a, b) => a - b).join() === "1,2,4,5,6,8", `handled ${ground.join()}; 3 and 7 crash too often`)
})
