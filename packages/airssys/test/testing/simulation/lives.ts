/**
 * Programs about messages, starts and ends.
 */
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { check, intact, pause, type Program, Record, send, together, Work, working } from "./worker.ts"

/** Several fibers send to one actor and ask it, and some messages take time. */
export const senders: Program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const record = new Record()
  yield* intact(record)
  const worker = yield* system.spawn(working(record, false), { name: "worker" })
  const totals: Array<number> = []
  const asks = Effect.gen(function*() {
    for (let i = 0; i < 4; i++) totals.push(yield* worker.ask(i % 2 === 0 ? Work.Total() : Work.Later()))
  })
  yield* together([send(worker, 1, 6), send(worker, 2, 6), send(worker, 3, 6), asks])
  check((yield* worker.ask(Work.Total())) === 18, `${record.handled} of 18 messages`)
  check(totals.every((total, i) => i === 0 || total >= totals[i - 1]!), `totals ${totals.join()}`)
  const other = yield* system.spawn(working(new Record(), false), { name: "other" })
  yield* together([worker.ask(Work.Total()), other.ask(Work.Total())])
  yield* send(worker, 4, 6)
  yield* system.stop(worker)
  check(record.handled === 24, `${record.handled} of 24 messages`)
  check(record.released === 1, `released ${record.released} times`)
})

/** Small mailboxes are flooded while their actors are stopped and killed. */
export const endings: Program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const one = Effect.fnUntraced(function*(name: string) {
    const record = new Record()
    yield* intact(record)
    const worker = yield* system.spawn(working(record, true), {
      name,
      mailbox: Mailbox.bounded(3),
      shutdown: "30 millis"
    })
    const asking: Array<Fiber.Fiber<unknown, unknown>> = []
    const flood = Effect.gen(function*() {
      for (let number = 1; number <= 8; number++) {
        asking.push(yield* Effect.forkScoped(worker.offer(Work.Slow({ from: number, number }))))
        if (number % 3 === 0) asking.push(yield* Effect.forkScoped(worker.ask(Work.Hold())))
        yield* pause
      }
    })
    const end = Effect.gen(function*() {
      yield* Effect.sleep("8 millis")
      yield* (yield* Random.nextBoolean) ? system.stop(worker) : system.kill(worker)
      check(worker.status() === "Stopped", `ended, but ${worker.status()}`)
    })
    yield* together([flood, end, end])
    yield* Effect.sleep("1 second")
    check(asking.every((fiber) => fiber.pollUnsafe() !== undefined), "an asker is left waiting")
    check(record.alive === 0 && record.released === 1, `released ${record.released} times`)
  })
  yield* together([one("a"), one("b")])
})

/** Actors are spawned, watched and killed; each watcher hears of each end once. */
export const families: Program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const heard = new Map<string, number>()
  let children = 0
  const watcher = yield* system.spawn(
    Effect.succeed<Handler<Work>>((message) => {
      if (message._tag === "Ended") heard.set(message.who, (heard.get(message.who) ?? 0) + 1)
    }),
    { name: "watcher" }
  )
  const parent = (name: string): Behaviour<Work> =>
    Effect.as(pause, (message, context) => {
      if (message._tag === "Crash") throw new Error("crash")
      if (message._tag !== "Add") return
      const leaf: Behaviour<Work, never, Scope.Scope> = Effect.as(
        Effect.acquireRelease(
          Effect.andThen(pause, Effect.sync(() => children++)),
          () => Effect.sync(() => children--)
        ),
        () => {}
      )
      return Effect.ignore(context.spawn(leaf, { name: `${name}-${message.number}` }))
    })
  const one = Effect.fnUntraced(function*(name: string) {
    const spawning = yield* Effect.forkScoped(system.spawn(parent(name), { name }))
    if (yield* Random.nextBoolean) yield* Effect.yieldNow
    const isInterrupted = yield* Random.nextBoolean
    if (isInterrupted) {
      yield* Fiber.interrupt(spawning)
      const found = yield* system.lookup(name)
      check(found._tag === "None" || found.value.status() === "Running", `nobody waits for ${name}, and it starts`)
      if (spawning.pollUnsafe()?._tag !== "Success") return
    }
    const ref: ActorRef<Work> = yield* Fiber.join(spawning)
    watching.push({ name, ref })
    for (let number = 1; number <= 3; number++) {
      ref.tell(Work.Add({ from: 0, number }))
      yield* pause
    }
    if (yield* Random.nextBoolean) ref.tell(Work.Crash())
    yield* (yield* Random.nextBoolean) ? system.stop(ref) : system.kill(ref)
  })
  const watching: Array<{ readonly name: string; readonly ref: ActorRef<Work> }> = []
  const observer = yield* system.spawn(
    Effect.succeed<Handler<Work>>((message, context) => {
      if (message._tag === "Ended") return watcher.tell(message)
      if (message._tag !== "Release") return
      for (const { name, ref } of watching.splice(0)) context.watch(ref, () => Work.Ended({ who: name }))
    }),
    { name: "observer" }
  )
  const seen = new Set<string>()
  const names = ["a", "b", "c", "d", "e"]
  const observe = Effect.gen(function*() {
    for (let i = 0; i < 10; i++) {
      for (const { name } of watching) seen.add(name)
      observer.tell(Work.Release())
      yield* Effect.sleep("2 millis")
    }
  })
  yield* together([...names.map(one), observe])
  for (const { name } of watching) seen.add(name)
  observer.tell(Work.Release())
  yield* Effect.sleep("1 minute")
  for (const name of seen) check(heard.get(name) === 1, `the end of ${name} was told ${heard.get(name)} times`)
  check(children === 0, `${children} children are left`)
})
