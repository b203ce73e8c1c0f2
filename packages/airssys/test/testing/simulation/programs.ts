/**
 * Programs whose outcome is known whatever the order: each fails when
 * something is lost, doubled, out of order or left over.
 */
import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Simulation from "airssys/testing/Simulation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

type System = ActorSystem.ActorSystem
type Program = Effect.Effect<void, unknown, System | Scope.Scope>

const Work = Protocol.make({
  Add: { payload: { from: Schema.Int, number: Schema.Int } },
  Slow: { payload: { from: Schema.Int, number: Schema.Int } },
  Total: { payload: {}, reply: Schema.Int },
  Later: { payload: {}, reply: Schema.Int },
  Hold: { payload: {}, reply: Schema.Int },
  Release: { payload: {} },
  Crash: { payload: {} },
  Ended: { payload: { who: Schema.String } }
})
type Work = Protocol.Message<typeof Work>
type Held = Extract<Work, { readonly _tag: "Hold" }>

const check = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

/** What all lives of one actor leave behind. */
class Record {
  handled = 0
  lives = 0
  alive = 0
  released = 0
  inWork = 0
  wrong: string | undefined = undefined
  readonly last = new Map<number, number>()
  readonly contexts: Array<ActorContext<Work>> = []

  /** What one sender sends has to come in order; once a crash may lose some, in no other. */
  note(from: number, number: number, mayMiss: boolean): void {
    const before = this.last.get(from) ?? 0
    const isNext = mayMiss ? number > before : number === before + 1
    if (!isNext) this.wrong ??= `sender ${from}: ${number} after ${before}`
    this.last.set(from, number)
    this.handled++
  }
}

const pause = Effect.flatMap(Random.nextBoolean, (now) => now ? Effect.void : Effect.sleep("3 millis"))

const working = (record: Record, mayMiss: boolean): Behaviour<Work, never, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        record.alive++
        if (record.alive > 1) record.wrong ??= "two lives at a time"
      }),
      () =>
        Effect.andThen(
          pause,
          Effect.sync(() => {
            record.alive--
            record.released++
          })
        )
    )
    const life = ++record.lives
    const held: Array<Held> = []
    const handler: Handler<Work> = (message, context) => {
      if (life !== record.lives) record.wrong ??= "an old life handles a message"
      if (record.inWork > 0) record.wrong ??= "two messages at a time"
      if (!record.contexts.includes(context)) record.contexts.push(context)
      switch (message._tag) {
        case "Add":
          return record.note(message.from, message.number, mayMiss)
        case "Slow":
          record.note(message.from, message.number, mayMiss)
          record.inWork++
          return Effect.ensuring(Effect.sleep("10 millis"), Effect.sync(() => record.inWork--))
        case "Total":
          return context.reply(message, record.handled)
        case "Later":
          return Effect.andThen(Effect.sleep("5 millis"), Effect.sync(() => context.reply(message, record.handled)))
        case "Hold":
          held.push(message)
          return
        case "Release":
          for (const request of held.splice(0)) context.reply(request, record.handled)
          return
        case "Crash":
          throw new Error("crash")
        case "Ended":
          return
      }
    }
    return handler
  })

const send = Effect.fnUntraced(function*(worker: ActorRef<Work>, from: number, count: number) {
  for (let number = 1; number <= count; number++) {
    worker.tell((yield* Random.nextBoolean) ? Work.Add({ from, number }) : Work.Slow({ from, number }))
    yield* pause
  }
})

const together = (effects: ReadonlyArray<Effect.Effect<unknown, unknown, System | Scope.Scope>>) =>
  Effect.all(effects, { concurrency: "unbounded", discard: true })

const intact = (record: Record) =>
  Simulation.always("the worker is in order", () => {
    check(record.wrong === undefined, record.wrong ?? "")
    return true
  })

/** Several fibers send to one actor and ask it, and some messages take time. */
const senders: Program = Effect.gen(function*() {
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

const supervised = Effect.fnUntraced(function*(record: Record) {
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
class Worker extends Context.Service<Worker, ActorRef<Work>>()("test/simulation/Worker") {}

const stubborn = Effect.fnUntraced(function*(worker: ActorRef<Work>) {
  for (let i = 0; i < 50; i++) {
    const answer = yield* Effect.option(worker.ask(Work.Total(), { timeout: "1 second" }))
    if (answer._tag === "Some") return answer.value
  }
  return yield* Effect.die(new Error("the worker does not answer any more"))
})

/** A supervised actor crashes while others send, ask, and use the contexts of its earlier lives. */
const restarts = (onlyOwnCrashes: boolean): Program =>
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

/** Small mailboxes are flooded while their actors are stopped and killed. */
const endings: Program = Effect.gen(function*() {
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
const families: Program = Effect.gen(function*() {
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

const Ledger = Protocol.make({
  Pay: { payload: { id: Schema.Int }, reply: Schema.Int },
  Paid: { payload: {}, reply: Schema.Int }
})
type Ledger = Protocol.Message<typeof Ledger>

/** Payments over a network that loses, doubles and delays; the ledger may crash. Each is made once. */
const payments = (isIdempotent: boolean): Program =>
  Effect.gen(function*() {
    const paid: Array<number> = []
    const ledger: Behaviour<Ledger> = Effect.succeed((message, context) => {
      if (message._tag === "Paid") return context.reply(message, paid.length)
      if (!isIdempotent || !paid.includes(message.id)) paid.push(message.id)
      context.reply(message, message.id)
    })
    const { services } = yield* Supervisor.start(Supervisor.make({
      strategy: "OneForOne",
      intensity: { restarts: 1000, within: "1 second" },
      children: [ChildSpec.make({
        id: "ledger",
        behaviour: ledger,
        backoff: { base: "10 millis", factor: 1, cap: "10 millis" },
        provide: (ref) => Context.make(Book, ref)
      })]
    }))
    const book = Context.get(services, Book)
    const pay = (id: number) => Effect.retry(book.ask(Ledger.Pay({ id }), { timeout: "100 millis" }), { times: 100 })
    yield* together([1, 2, 3, 4].map(pay))
    check(new Set(paid).size === 4, `paid ${paid.join()}`)
    check(paid.length === 4, `paid twice: ${paid.join()}`)
  })
class Book extends Context.Service<Book, ActorRef<Ledger>>()("test/simulation/Book") {}

interface Simulated {
  readonly program: Program
  readonly settings: Simulation.Settings
}

const reliable = (program: Program): Simulated => ({ program, settings: {} })

const faults: Simulation.Faults = { crash: 0.1, drop: 0.1, duplicate: 0.1, delay: 0.1, longestDelay: "300 millis" }

export const programs = {
  endings: reliable(endings),
  families: reliable(families),
  restarts: reliable(restarts(true)),
  senders: reliable(senders),
  crashes: { program: restarts(false), settings: { faults: { crash: 0.05 } } },
  payments: { program: payments(true), settings: { faults } },
  doublePayments: { program: payments(false), settings: { faults } }
}
