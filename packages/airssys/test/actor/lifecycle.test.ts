import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorEvent } from "airssys/actor/ActorEvent"
import { ActorHooks } from "airssys/actor/ActorHooks"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Behaviour from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import { TurnScheduler } from "airssys/actor/TurnScheduler"
import * as Arbitrary from "effect/Arbitrary"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

/** Builds a layer by hand, so that its closing can be watched. */
const opened = Effect.fnUntraced(function*(layer: Layer.Layer<ActorSystem.ActorSystem>) {
  const events: Array<ActorEvent> = []
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope).pipe(
    Effect.provideService(ActorHooks, { onEvent: (event) => events.push(event) })
  )
  return {
    system: Context.get(context, ActorSystem.ActorSystem),
    close: Scope.close(scope, Exit.void),
    ends: () =>
      events.flatMap((event) =>
        event._tag === "Stopped"
          ? `${event.name} ${event.reason}`
          : event._tag === "Abandoned"
          ? `${event.name} abandoned`
          : []
      )
  }
})

describe("layerTest", () => {
  it.effect("kills what waits for a clock that stands still", () =>
    Effect.gen(function*() {
      const { close, ends, system } = yield* opened(ActorSystem.layerTest)
      const sleeping = yield* system.spawn(
        Behaviour.setup((context: ActorContext<string>) => {
          context.timers.periodic("tick", "1 second", "tick")
          return Effect.as(
            Effect.addFinalizer(() => Effect.yieldNow),
            () => Effect.sleep("1 hour")
          )
        }),
        { name: "sleeping", shutdown: "1 hour" }
      )
      sleeping.tell("sleep")
      sleeping.tell("more")
      yield* Effect.yieldNow
      const asked = yield* Effect.forkChild(Effect.flip(sleeping.offer("x")), { startImmediately: true })
      yield* Fiber.interrupt(asked)
      yield* close
      assert.deepStrictEqual(ends(), ["sleeping Killed"])
    }))
})

describe("shutdown", () => {
  it.effect("ends under load: actors that never stop telling each other", () =>
    Effect.gen(function*() {
      const { close, ends, system } = yield* opened(ActorSystem.layerWith({ shutdown: "10 seconds" }))
      let handled = 0
      const refs: Array<ActorRef<number>> = []
      for (let i = 0; i < 10; i++) {
        refs.push(
          yield* system.spawn(
            Effect.succeed((n: number, context: ActorContext<number>) => {
              handled++
              context.tell(refs[(n * 7 + 1) % 10]!, n + 1)
              context.self.tell(n + 3)
            }),
            { name: `${i}`, mailbox: Mailbox.bounded(50) }
          )
        )
      }
      for (const ref of refs) ref.tell(1)
      yield* Effect.yieldNow
      yield* close
      assert.deepStrictEqual(ends(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((it) => `${it} Shutdown`))
      assert.isAbove(handled, 100)
      const accounts = yield* system.accounting
      assert.isTrue(Accounting.isBalanced(accounts))
      assert.deepStrictEqual([accounts.running, accounts.waiting], [0, 0])
    }))

  it.effect("discards what waits for a restart that is stuck, and fails its askers", () =>
    Effect.gen(function*() {
      const { close, ends, system } = yield* opened(
        ActorSystem.layerWith({ shutdown: "1 second", abandonAfter: "1 minute" })
      )
      const restart = { _tag: "Restart", restart: { attempt: 1, max: 1, delayMillis: 0 } } as const
      const ref = yield* system.spawn(
        Effect.as(Effect.addFinalizer(() => Effect.never), (): void => {
          throw new Error("boom")
        }),
        { name: "stuck", guardian: { decide: () => restart, started: () => {}, ended: () => {} } }
      )
      ref.tell(Command.Note())
      yield* Effect.yieldNow
      assert.strictEqual(ref.status(), "Restarting")
      ref.tell(Command.Note())
      const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Command.Get())), { startImmediately: true })
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
      assert.deepStrictEqual(ends(), ["stuck abandoned", "stuck DeadlineExceeded"])
      const accounts = yield* system.accounting
      assert.isTrue(Accounting.isBalanced(accounts))
      assert.deepStrictEqual([accounts.failed, accounts.discarded], [1, 2])
    }))

  it.effect("ends a tree of any depth", () =>
    Effect.gen(function*() {
      const { close, system } = yield* opened(ActorSystem.layer)
      const refs: Array<ActorRef<number>> = []
      const nested: Behaviour.Behaviour<number> = Effect.succeed((depth, context) =>
        depth === 0 ? undefined : Effect.map(context.spawn(nested), (child) => {
          refs.push(child)
          child.tell(depth - 1)
        })
      )
      const root = yield* system.spawn(nested)
      root.tell(1500)
      while (refs.length < 1500) yield* Effect.yieldNow
      yield* close
      assert.deepStrictEqual([root, ...refs].filter((ref) => ref.status() !== "Stopped"), [])
    }))
})

const Command = Protocol.make({
  Note: { payload: {} },
  Get: { payload: {}, reply: Schema.String },
  Crash: { payload: {} },
  Sleep: { payload: {} },
  Stash: { payload: {}, reply: Schema.String },
  Unstash: { payload: {} },
  Become: { payload: {} },
  Timer: { payload: {} },
  Cancel: { payload: {} },
  Idle: { payload: {} },
  Pipe: { payload: {} },
  Continue: { payload: {} },
  Watch: { payload: {} },
  Link: { payload: {} },
  Spawn: { payload: {} },
  Hold: { payload: {}, reply: Schema.String },
  Flood: { payload: {} },
  Quit: { payload: {} }
})
type Command = Protocol.Message<typeof Command>

const commands = [
  "Note",
  "Get",
  "Crash",
  "Sleep",
  "Stash",
  "Unstash",
  "Become",
  "Timer",
  "Cancel",
  "Idle",
  "Pipe",
  "Continue",
  "Watch",
  "Link",
  "Spawn",
  "Hold",
  "Flood",
  "Quit"
] as const

const step = Schema.Union([
  Schema.Struct({
    actor: Schema.Literals([0, 1, 2, 3]),
    how: Schema.Literals(["tell", "offer", "ask", "late", "high", "low", "system"]),
    command: Schema.Literals(commands)
  }),
  Schema.Struct({ actor: Schema.Literals([0, 1, 2, 3]), how: Schema.Literals(["stop", "kill", "interrupt"]) }),
  Schema.Struct({ how: Schema.Literals(["turn", "turn", "time"]) })
])

const policies: ReadonlyArray<Mailbox.Mailbox> = [
  Mailbox.unbounded,
  Mailbox.bounded(2, "Block"),
  Mailbox.bounded(2, "DropOldest"),
  Mailbox.bounded(3, "Fail")
]

describe("any interleaving of everything an actor can do", () => {
  it.effect.prop(
    "keeps the accounts, ends every asker, and releases once what was acquired",
    { steps: Arbitrary.array(Arbitrary.schema(step), { maxLength: 80 }), isInline: Arbitrary.schema(Schema.Boolean) },
    ({ isInline, steps }) => {
      const turns: Array<() => void> = []
      const manual: TurnScheduler = {
        soon: (task) => void turns.push(task),
        later: (task) => void turns.push(task),
        ...(isInline ? { inline: (task: () => void) => task() } : {})
      }
      const waiting: Array<Fiber.Fiber<unknown, unknown>> = []
      const releases: Array<number> = []
      return Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const refs: Array<ActorRef<Command>> = []
        const changed: Behaviour.Handler<Command> = (message, context) => {
          if (message._tag === "Become") context.become(normal)
          else return normal(message, context)
        }
        const normal: Behaviour.Handler<Command> = (message, context) => {
          switch (message._tag) {
            case "Note":
              return
            case "Get":
              return context.reply(message, "")
            case "Hold":
              return
            case "Crash":
              return Exit.die("boom")
            case "Sleep":
              return Effect.sleep("700 millis")
            case "Stash":
              return context.stash(message)
            case "Unstash":
              return context.unstashAll()
            case "Become":
              return context.become(changed)
            case "Timer":
              return context.timers.periodic("timer", "900 millis", Command.Note())
            case "Cancel":
              return context.timers.cancel("timer")
            case "Idle":
              return context.receiveTimeout("1500 millis", Command.Note())
            case "Pipe":
              return context.pipeToSelf(Effect.sleep("300 millis"), () => Command.Note())
            case "Continue":
              return context.continueWith(Command.Note())
            case "Watch":
              return context.watch(refs[1]!, () => Command.Note())
            case "Link":
              return context.link(refs[2]!)
            case "Spawn":
              return Effect.asVoid(Effect.exit(context.spawn(behaviour)))
            case "Flood":
              for (let i = 0; i < 4; i++) context.self.tell(Command.Note())
              return
            case "Quit":
              return context.stop()
          }
        }
        const behaviour: Behaviour.Behaviour<Command, never, Scope.Scope> = Effect.suspend(() => {
          const life = releases.push(0) - 1
          return Effect.as(
            Effect.addFinalizer(() =>
              Effect.sync(() => {
                releases[life]!++
              })
            ),
            normal
          )
        })
        const supervisor = yield* Supervisor.start(Supervisor.make({
          strategy: "OneForOne",
          intensity: { restarts: 6, within: "5 seconds" },
          children: []
        }))
        for (let i = 0; i < 4; i++) {
          const { ref } = yield* supervisor.startChild(ChildSpec.make({
            id: `${i}`,
            behaviour,
            mailbox: policies[i],
            restart: "Transient",
            shutdown: "1 second",
            backoff: { base: "200 millis", factor: 1, cap: "200 millis" }
          }))
          refs.push(ref)
        }
        const await_ = <A, E>(effect: Effect.Effect<A, E>) =>
          Effect.map(Effect.forkChild(effect, { startImmediately: true }), (fiber) => void waiting.push(fiber))
        const check = Effect.map(system.accounting, (accounts) => {
          assert.isTrue(Accounting.isBalanced(accounts), JSON.stringify(accounts))
          return accounts
        })
        for (const it of steps) {
          switch (it.how) {
            case "turn":
              turns.shift()?.()
              break
            case "time":
              yield* TestClock.adjust("400 millis")
              break
            case "stop":
              yield* await_(system.stop(refs[it.actor]!))
              break
            case "kill":
              yield* await_(system.kill(refs[it.actor]!))
              break
            case "interrupt": {
              const fiber = waiting[it.actor]
              if (fiber !== undefined) yield* Fiber.interrupt(fiber)
              break
            }
            default: {
              const ref = refs[it.actor]!
              const message = Command[it.command]()
              if (it.how === "tell") ref.tell(message)
              else if (it.how === "offer") yield* await_(ref.offer(message))
              else if (it.how === "ask") {
                yield* await_(ref.ask(message as Extract<Command, { readonly _tag: "Get" }>, { timeout: "2 seconds" }))
              } else if (it.how === "late") ref.tell(message, { ttl: "300 millis" })
              else ref.tell(message, { priority: it.how === "high" ? "High" : it.how === "low" ? "Low" : "System" })
            }
          }
          yield* check
        }
        for (const ref of refs) yield* await_(system.stop(ref))
        for (let i = 0; i < 40; i++) {
          while (turns.length > 0) turns.shift()!()
          yield* TestClock.adjust("200 millis")
        }
        const accounts = yield* check
        assert.deepStrictEqual([accounts.stashed, accounts.running, accounts.waiting], [0, 0, 0])
        for (const ref of refs) assert.include(["Stopped", "Failed"], ref.status())
        for (const fiber of waiting) assert.isDefined(fiber.pollUnsafe(), "somebody was left waiting")
        assert.isTrue(releases.every((count) => count === 1), `released: ${releases.join()}`)
        for (const ref of refs) {
          const { handled, size } = yield* system.metrics(ref)
          assert.isTrue(size === 0 && handled >= 0)
        }
      }).pipe(
        Effect.scoped,
        Effect.provide(Layer.fresh(ActorSystem.layer)),
        Effect.provideService(TurnScheduler, manual)
      )
    }
  )
})
