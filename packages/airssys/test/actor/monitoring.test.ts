import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import { MessageRefused } from "airssys/actor/ActorError"
import * as ActorEvent from "airssys/actor/ActorEvent"
import { ActorHooks, layerLog, type Offer } from "airssys/actor/ActorHooks"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as DynamicSupervisor from "airssys/actor/DynamicSupervisor"
import * as Inspect from "airssys/actor/Inspect"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import * as Snapshot from "airssys/actor/Snapshot"
import * as Supervisor from "airssys/actor/Supervisor"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Option, References, Schema, Tracer } from "effect"
import * as TestClock from "effect/testing/TestClock"

const Probe = Protocol.make({
  Add: { payload: { by: Schema.Int } },
  Get: { payload: {}, reply: Schema.Int },
  Refuse: { payload: {}, reply: Schema.Int, error: Schema.String },
  Wait: { payload: {} },
  Crash: { payload: {} },
  /** Tells or asks another one, told by `to`. */
  Forward: { payload: { how: Schema.Literals(["tell", "ask"]) }, reply: Schema.Int }
})
type Probe = Protocol.Message<typeof Probe>

const Count = Inspect.key<number>("count")

const counter = (to?: () => ActorRef<Probe>) =>
  Effect.gen(function*() {
    let count = 0
    yield* Inspect.expose(Count, () => count)
    const handler: Handler<Probe> = (message, context) => {
      switch (message._tag) {
        case "Add":
          count += message.by
          return
        case "Get":
          return context.reply(message, count)
        case "Refuse":
          return context.fail(message, "no")
        case "Wait":
          return Effect.sleep("1 minute")
        case "Crash":
          return Exit.die(new Error("boom"))
        case "Forward":
          if (message.how === "ask") {
            return Effect.map(context.ask(to!(), Probe.Get()), (value) => context.reply(message, value))
          }
          context.tell(to!(), Probe.Add({ by: 1 }))
          return context.reply(message, 0)
      }
    }
    return handler
  })

const settle = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

const layer = ActorSystem.layerTest

const spawn = (name: string, to?: () => ActorRef<Probe>) =>
  ActorSystem.ActorSystem.use((system) => system.spawn(counter(to), { name }))

const withEvents = <A, E, R>(
  body: (events: Array<ActorEvent.ActorEvent>) => Effect.Effect<A, E, R | ActorSystem.ActorSystem>,
  options: ActorSystem.Options
) =>
  Effect.suspend(() => {
    const events: Array<ActorEvent.ActorEvent> = []
    return body(events).pipe(
      Effect.provide(ActorSystem.layerWith({ shutdown: "1 second", ...options })),
      Effect.provideService(ActorHooks, { onEvent: (event) => events.push(event) })
    )
  })

describe("ActorEvent.severity", () => {
  it.effect("is an error for what is lost, a warning for what is dealt with", () =>
    Effect.suspend(() => {
      const severities: Array<string> = []
      const note = (event: ActorEvent.ActorEvent) => severities.push(`${event._tag} ${ActorEvent.severity(event)}`)
      return Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const { startChild } = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
        const { ref } = yield* startChild(
          ChildSpec.make({ id: "a", behaviour: counter(), backoff: { base: "1 second", factor: 1, cap: "1 second" } })
        )
        severities.length = 0
        ref.tell(Probe.Crash())
        yield* TestClock.adjust("1 second")
        yield* ref.ask(Probe.Get())
        yield* system.kill(ref)
        const other = yield* spawn("b")
        other.tell(Probe.Crash())
        yield* settle
        assert.deepStrictEqual(severities, [
          "Crashed Warning",
          "Restarting Debug",
          "Restarted Info",
          "Stopped Warning",
          "Started Info",
          "Crashed Warning",
          "Failed Error"
        ])
      }).pipe(
        Effect.scoped,
        Effect.provide(layer),
        Effect.provideService(ActorHooks, { onEvent: note })
      )
    }))
})

describe("ActorHooks.layerLog", () => {
  const boom = "boom"

  it.effect("logs each event by its severity, with its cause, and tells the hooks", () =>
    Effect.suspend(() => {
      const lines: Array<string> = []
      const events: Array<string> = []
      const logger = Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
        const { "airssys.actor.name": name } = fiber.getRef(References.CurrentLogAnnotations)
        const crash = cause.reasons.length > 0 ? `: ${Cause.pretty(cause).split("\n")[0]}` : ""
        lines.push(`${logLevel} [${String(name)}] ${String(message)}${crash}`)
      })
      return Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const ref = yield* system.spawn(Effect.succeed<Handler<string>>(() => Effect.fail(boom)), { name: "a" })
        const other = yield* system.spawn(Effect.succeed<Handler<string>>(() => {}), { name: "b" })
        yield* system.stop(other)
        ref.tell("x")
        yield* settle
        assert.deepStrictEqual(lines, [
          "Info [a] a started",
          "Info [b] b started",
          "Info [b] b stopped (Shutdown)",
          "Warn [a] a crashed: Error: boom",
          "Error [a] a failed, and is not restarted: Error: boom"
        ])
        assert.deepStrictEqual(events, ["Started", "Started", "Stopped", "Crashed", "Failed"])
      }).pipe(
        Effect.provide(Layer.provide(ActorSystem.layerTest, layerLog)),
        Effect.provideService(ActorHooks, { onEvent: ({ _tag }) => events.push(_tag) }),
        Effect.provide(Logger.layer([logger]))
      )
    }))
})

describe("Snapshot", () => {
  it.effect("is the tree with states, depths, restarts and, between two, rates", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const { startChild } = yield* Supervisor.start(
        Supervisor.make({ id: "top", strategy: "OneForOne", children: [] })
      )
      const backoff = { base: "1 second", factor: 1, cap: "1 second" } as const
      const a = (yield* startChild(ChildSpec.make({ id: "a", behaviour: counter(), backoff }))).ref
      const b = (yield* startChild(ChildSpec.make({ id: "b\u001b[2J", behaviour: counter() }))).ref
      a.tell(Probe.Crash())
      yield* TestClock.adjust("1 second")
      yield* a.ask(Probe.Get())
      b.tell(Probe.Wait())
      yield* settle
      for (let i = 0; i < 3; i++) b.tell(Probe.Add({ by: 1 }))
      const before = yield* system.snapshot
      assert.strictEqual(
        Snapshot.render(before),
        [
          "top         Running     waiting 0  handled 0",
          "├ a         Running     waiting 0  handled 1  restarts 1",
          "└ b?[2J     Running     waiting 3  handled 0"
        ].join("\n").replace(
          /^(.{12})(.*)$/gm,
          (_, name: string, rest: string) => `${name.trimEnd().padEnd(7)}  ${rest}`
        )
      )
      assert.deepStrictEqual(Snapshot.flatten(before).map(({ kind }) => kind), ["Supervisor", "Worker", "Worker"])
      assert.isTrue(Accounting.isBalanced(before.accounting))
      for (let i = 0; i < 50; i++) a.tell(Probe.Add({ by: 1 }))
      yield* TestClock.adjust("10 seconds")
      const after = yield* system.snapshot
      const rates = Snapshot.rates(before, after).get(a.id)
      assert.deepStrictEqual(rates, { accepted: 5, handled: 5, failed: 0, rejected: 0 })
      assert.include(Snapshot.render(after, { since: before }), "waiting 0  5/s")
      assert.strictEqual(Snapshot.rates(after, after).size, 0)
      yield* system.kill(b)
    }).pipe(Effect.scoped, Effect.provide(layer)))
})

describe("a hundred and fifty thousand children", () => {
  it.effect("are looked at, counted and shown like any others", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const size = 150_000
      const idle = Effect.succeed<Handler<number>>(() => {})
      const top = yield* DynamicSupervisor.start(DynamicSupervisor.make({
        template: (n: number) => ChildSpec.make({ id: `${n}`, behaviour: idle })
      }))
      for (let n = 0; n < size; n++) yield* top.startChild(n)
      const snapshot = yield* system.snapshot
      assert.isTrue(Accounting.isBalanced(snapshot.accounting))
      assert.strictEqual(Snapshot.flatten(snapshot).length, size + 1)
      assert.strictEqual(Snapshot.render(snapshot).split("\n").length, size + 1)
      // The watchdog looks at all of them.
      yield* TestClock.adjust("1 minute")
      yield* system.kill(top.self)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerWith({ watchdog: {} }))), 60_000)
})

describe("the watchdog", () => {
  it.effect("tells of a mailbox without progress, once until there is some", () =>
    withEvents(
      Effect.fnUntraced(function*(events) {
        const ref = yield* spawn("slow")
        const stuck = () =>
          events.flatMap((event) =>
            event._tag === "StuckMailbox" ? [`${event.name} ${event.depth} ${event.forMillis}`] : []
          )
        ref.tell(Probe.Wait())
        yield* settle
        ref.tell(Probe.Wait())
        ref.tell(Probe.Add({ by: 1 }))
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(stuck(), [])
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(stuck(), ["slow 2 10000"])
        yield* TestClock.adjust("49 seconds")
        assert.deepStrictEqual(stuck(), ["slow 2 10000"])
        yield* TestClock.adjust("12 seconds")
        assert.deepStrictEqual(stuck(), ["slow 2 10000", "slow 1 10000"])
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(stuck().length, 2)
      }),
      { watchdog: {} }
    ))

  it.effect("takes no eviction for progress", () =>
    withEvents(
      Effect.fnUntraced(function*(events) {
        const system = yield* ActorSystem.ActorSystem
        const ref = yield* system.spawn(counter(), { mailbox: Mailbox.bounded(1, "DropOldest") })
        ref.tell(Probe.Wait())
        yield* settle
        for (let second = 0; second < 15; second++) {
          for (let i = 0; i <= second; i++) ref.tell(Probe.Add({ by: 1 }))
          yield* TestClock.adjust("1 second")
        }
        assert.strictEqual(events.filter(({ _tag }) => _tag === "StuckMailbox").length, 1)
        yield* system.kill(ref)
      }),
      { watchdog: {} }
    ))

  it.effect("names the actors that wait for each other, once while they do", () =>
    withEvents(
      Effect.fnUntraced(function*(events) {
        const cycles = () => events.flatMap((event) => event._tag === "AskCycle" ? [event.actors.join(" ")] : [])
        const refs: Record<string, ActorRef<Probe>> = {}
        const asks = (name: string, other: string, through: () => Probe) =>
          ActorSystem.ActorSystem.use((system) =>
            system.spawn(
              Effect.succeed<Handler<Probe>>((message, context) =>
                message._tag === "Forward"
                  ? Effect.asVoid(Effect.exit(context.ask(refs[other]!, through() as never, { timeout: "5 seconds" })))
                  : message._tag === "Get"
                  ? context.reply(message, 1)
                  : undefined
              ),
              { name }
            )
          )
        const forward = () => Probe.Forward({ how: "ask" })
        refs.a = yield* asks("a", "b", forward)
        refs.b = yield* asks("b", "c", forward)
        refs.c = yield* asks("c", "a", () => Probe.Get())
        refs.d = yield* asks("d", "a", forward)
        refs.c.tell(Probe.Get())
        refs.a.tell(Probe.Forward({ how: "ask" }))
        refs.d.tell(Probe.Forward({ how: "ask" }))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(cycles(), ["a b c"])
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(cycles(), ["a b c"])
        yield* TestClock.adjust("10 seconds")
        const self = yield* asks("self", "self", () => Probe.Get())
        refs.self = self
        self.tell(Probe.Forward({ how: "ask" }))
        yield* TestClock.adjust("1 second")
        assert.include(cycles(), "self")
        yield* TestClock.adjust("1 minute")
      }),
      { watchdog: {} }
    ))

  it.effect("names nobody who waits in a line", () =>
    withEvents(
      Effect.fnUntraced(function*(events) {
        const last = yield* spawn("last")
        const second = yield* spawn("second", () => last)
        last.tell(Probe.Wait())
        second.tell(Probe.Forward({ how: "ask" }))
        yield* TestClock.adjust("5 seconds")
        assert.isFalse(events.some(({ _tag }) => _tag === "AskCycle"))
        yield* TestClock.adjust("1 minute")
      }),
      { watchdog: {} }
    ))
})

describe("Inspect", () => {
  it.effect("gives the state that a behaviour publishes, of its current life", () =>
    Effect.gen(function*() {
      const { startChild } = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
      const { ref } = yield* startChild(
        ChildSpec.make({ id: "a", behaviour: counter(), backoff: { base: "1 second", factor: 1, cap: "1 second" } })
      )
      ref.tell(Probe.Add({ by: 3 }))
      yield* ref.ask(Probe.Get())
      assert.deepStrictEqual(yield* Inspect.getState(ref, Count), Option.some(3))
      assert.isTrue(Option.isNone(yield* Inspect.getState(ref, Inspect.key<number>("count"))))
      ref.tell(Probe.Crash())
      yield* settle
      assert.isTrue(Option.isNone(yield* Inspect.getState(ref, Count)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Inspect.getState(ref, Count), Option.some(0))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("traces what an actor handles and sends, over restarts, until the scope closes", () =>
    Effect.gen(function*() {
      const { startChild } = yield* Supervisor.start(Supervisor.make({ strategy: "OneForOne", children: [] }))
      const other = yield* spawn("other")
      const { ref } = yield* startChild(
        ChildSpec.make({
          id: "a",
          behaviour: counter(() => other),
          backoff: { base: "1 second", factor: 1, cap: "1 second" }
        })
      )
      const entries = yield* Effect.scoped(Effect.gen(function*() {
        const trace = yield* Inspect.trace(ref)
        const short = yield* Inspect.trace(ref, { capacity: 2 })
        yield* ref.ask(Probe.Forward({ how: "tell" }))
        yield* ref.ask(Probe.Forward({ how: "ask" }))
        yield* Effect.exit(ref.ask(Probe.Refuse()))
        ref.tell(Probe.Crash())
        yield* TestClock.adjust("1 second")
        yield* ref.ask(Probe.Get())
        assert.deepStrictEqual((yield* short.entries).map(({ _tag }) => _tag), ["Received", "Replied"])
        assert.strictEqual(yield* short.dropped, 9)
        return yield* trace.entries
      }))
      const shown = entries.map((entry) =>
        entry._tag === "Received"
          ? `Received ${(entry.message as Probe)._tag}`
          : entry._tag === "Told" || entry._tag === "Asked"
          ? `${entry._tag} ${entry.to.name} ${(entry.message as Probe)._tag}`
          : entry._tag === "Replied"
          ? `Replied ${(entry.request as Probe)._tag} ${entry.value}`
          : `Refused ${(entry.request as Probe)._tag} ${entry.error}`
      )
      assert.deepStrictEqual(shown, [
        "Received Forward",
        "Told other Add",
        "Replied Forward 0",
        "Received Forward",
        "Asked other Get",
        "Replied Forward 1",
        "Received Refuse",
        "Refused Refuse no",
        "Received Crash",
        "Received Get",
        "Replied Get 0"
      ])
      yield* ref.ask(Probe.Get())
      assert.strictEqual(Object.getOwnPropertyDescriptor(ref, "handler")?.get, undefined)
      assert.strictEqual(yield* ref.ask(Probe.Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("keeps a whole number of entries", () =>
    Effect.gen(function*() {
      const ref = yield* spawn("a")
      for (const capacity of [0, 1.5, 65_537]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(Inspect.trace(ref, { capacity }))))
      }
    }).pipe(Effect.scoped, Effect.provide(layer)))
})

interface Seen {
  readonly name: string
  readonly parent: string | undefined
  readonly kind: string
  readonly status: () => string
}

/** A tracer that notes its spans. */
const recording = () => {
  const seen: Array<Seen> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const { parent } = options
      seen.push({
        name: options.name,
        parent: Option.isSome(parent) && parent.value._tag === "Span" ? parent.value.name : undefined,
        kind: options.kind,
        status: () => span.status._tag === "Ended" ? span.status.exit._tag : span.status._tag
      })
      return span
    }
  })
  return { seen, tracer }
}

describe("tracing", () => {
  const traced = <A, E, R>(isTracing: boolean, body: (seen: Array<Seen>) => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const { seen, tracer } = recording()
      return body(seen).pipe(
        Effect.provide(ActorSystem.layerWith({ tracing: isTracing, shutdown: "1 second" })),
        Effect.provideService(Tracer.Tracer, tracer)
      )
    })

  const work = Effect.fnUntraced(function*() {
    const last = yield* spawn("last")
    const second = yield* spawn("second", () => last)
    last.tell(Probe.Add({ by: 1 }))
    yield* settle
    yield* Effect.withSpan(
      Effect.all([
        second.ask(Probe.Forward({ how: "ask" })),
        second.ask(Probe.Forward({ how: "tell" })),
        Effect.exit(second.ask(Probe.Refuse())),
        Effect.exit(last.ask(Probe.Crash() as never))
      ]),
      "request"
    )
  })

  it.effect("handles what is sent within a span in a child of it, and so on", () =>
    traced(true, (seen) =>
      Effect.gen(function*() {
        yield* work()
        assert.deepStrictEqual(
          seen.map(({ kind, name, parent, status }) => `${name} < ${parent} ${kind} ${status()}`),
          [
            "request < undefined internal Success",
            "second Forward < request server Success",
            "last Get < second Forward server Success",
            "second Forward < request server Success",
            "last Add < second Forward consumer Success",
            "second Refuse < request server Success",
            "last Crash < request server Failure"
          ]
        )
      })))

  it.effect("adds nothing where it is off", () =>
    traced(false, (seen) =>
      Effect.gen(function*() {
        yield* work()
        assert.deepStrictEqual(seen.map(({ name }) => name), ["request"])
      })))
})

describe("ActorHooks", () => {
  const hooked = <A, E, R>(
    hooks: Partial<ActorHooks>,
    body: (system: ActorSystem.ActorSystem["Service"]) => Effect.Effect<A, E, R>
  ) =>
    Effect.flatMap(ActorSystem.ActorSystem, body).pipe(
      Effect.provide(layer),
      Effect.provideService(ActorHooks, { onEvent: () => {}, ...hooks })
    )

  const refuseAdd = ({ message, recipient, sender }: Offer) =>
    ["Add", "Refuse"].includes((message as Probe)._tag)
      ? `${sender?.name ?? "nobody"} may not add to ${recipient.name}`
      : undefined

  it.effect("refuse a message before the mailbox sees it, whatever way it is sent", () =>
    hooked({ onOffer: refuseAdd }, (system) =>
      Effect.gen(function*() {
        const ref = yield* spawn("a")
        const other = yield* spawn("other", () => ref)
        ref.tell(Probe.Add({ by: 1 }))
        ref.tell(Probe.Add({ by: 1 }), { priority: "High" })
        const error = yield* Effect.flip(ref.offer(Probe.Add({ by: 1 })))
        assert.strictEqual(error.message, "A message to a was refused: nobody may not add to a")
        yield* other.ask(Probe.Forward({ how: "tell" }))
        assert.strictEqual(yield* ref.ask(Probe.Get()), 0)
        assert.instanceOf(yield* Effect.flip(ref.ask(Probe.Refuse())), MessageRefused)
        const accounts = yield* system.accounting
        assert.isTrue(Accounting.isBalanced(accounts))
        assert.strictEqual(accounts.rejected, 5)
        assert.strictEqual((yield* system.metrics(ref)).rejected, 5)
      })))

  it.effect("refuse an offer that would wait for room, once", () =>
    Effect.suspend(() => {
      let isClosed = false
      const offers: Array<string> = []
      return hooked({
        onOffer: ({ message }) => {
          offers.push((message as Probe)._tag)
          return isClosed || ((message as Probe)._tag === "Add" && offers.length > 4) ? "enough" : undefined
        }
      }, (system) =>
        Effect.gen(function*() {
          const ref = yield* system.spawn(counter(), { mailbox: Mailbox.bounded(1, "Block") })
          ref.tell(Probe.Wait())
          yield* settle
          ref.tell(Probe.Add({ by: 1 }))
          const waiting = yield* Effect.forkChild(ref.offer(Probe.Add({ by: 1 })), { startImmediately: true })
          const other = yield* Effect.forkChild(ref.offer(Probe.Get()), { startImmediately: true })
          const refused = yield* Effect.flip(ref.offer(Probe.Add({ by: 1 })))
          assert.strictEqual(refused._tag, "MessageRefused")
          isClosed = true
          assert.strictEqual((yield* Effect.flip(ref.ask(Probe.Get())))._tag, "MessageRefused")
          isClosed = false
          yield* TestClock.adjust("1 minute")
          yield* Fiber.joinAll([waiting, other])
          assert.strictEqual(offers.length, 6)
          assert.strictEqual(yield* ref.ask(Probe.Get()), 2)
        }))
    }))

  it.effect("see a request to an idle actor once, also where they give its actor something to do before it", () =>
    Effect.suspend(() => {
      const offers: Array<string> = []
      let isBusy: ActorRef<Probe> | undefined
      return hooked({
        onOffer: ({ message }) => {
          const { _tag } = message as Probe
          offers.push(_tag)
          if (_tag === "Get") isBusy?.tell(Probe.Add({ by: 1 }))
          return _tag === "Refuse" ? "no" : undefined
        }
      }, (system) =>
        Effect.gen(function*() {
          const ref = yield* spawn("a")
          let isAnswered = false
          const ask = Effect.map(ref.ask(Probe.Get()), () => {
            isAnswered = true
          })
          yield* Effect.forkChild(ask, { startImmediately: true })
          assert.isTrue(isAnswered)
          isBusy = ref
          assert.strictEqual(yield* ref.ask(Probe.Get()), 1)
          assert.instanceOf(yield* Effect.flip(ref.ask(Probe.Refuse())), MessageRefused)
          assert.deepStrictEqual(offers, ["Get", "Get", "Add", "Refuse"])
          const accounts = yield* system.accounting
          assert.deepStrictEqual([accounts.handled, accounts.rejected], [3, 1])
          assert.isTrue(Accounting.isBalanced(accounts))
        }))
    }))

  it.effect("refuse what they fail on", () =>
    hooked({
      onOffer: () => {
        throw new Error("broken")
      }
    }, () =>
      Effect.gen(function*() {
        const ref = yield* spawn("a")
        assert.strictEqual((yield* Effect.flip(ref.offer(Probe.Wait())))._tag, "MessageRefused")
      })).pipe(Effect.provide(Logger.layer([]))))

  it.effect("are called before an actor is killed or ended at its deadline, while its work still runs", () =>
    Effect.suspend(() => {
      const calls: Array<string> = []
      return hooked({
        beforeKill: (ref, reason) => {
          calls.push(`${ref.name} ${reason}`)
          throw new Error("ignored")
        }
      }, (system) =>
        Effect.gen(function*() {
          const working = Effect.succeed<Handler<Probe>>(() =>
            Effect.onInterrupt(Effect.never, () => Effect.sync(() => calls.push("interrupted")))
          )
          const killed = yield* system.spawn(working, { name: "killed" })
          killed.tell(Probe.Wait())
          yield* settle
          yield* system.kill(killed)
          const late = yield* system.spawn(working, { name: "late", shutdown: "1 second" })
          late.tell(Probe.Wait())
          yield* settle
          const stopping = yield* Effect.forkChild(system.stop(late), { startImmediately: true })
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(stopping)
          yield* system.stop(yield* spawn("good"))
          assert.deepStrictEqual(calls, ["killed Killed", "interrupted", "late DeadlineExceeded", "interrupted"])
        })).pipe(Effect.provide(Logger.layer([])))
    }))
})
