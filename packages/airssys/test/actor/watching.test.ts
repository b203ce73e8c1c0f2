import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import { type Behaviour, setup } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Supervisor from "airssys/actor/Supervisor"
import type { Terminated } from "airssys/actor/Termination"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/testing/TestClock"

const boom = new Error("boom")

type Context = ActorContext<Message>
type Message = string | ((context: Context) => void | Effect.Effect<unknown>)

/** Notes the texts it is told, and does what it is told to do. */
const doing = (notes: Array<string>): Behaviour<Message> =>
  Effect.succeed((message, context) => typeof message === "string" ? void notes.push(message) : message(context))

const told = ({ reason, ref }: Terminated): string => `${ref.name} ${reason._tag}`

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

const crash = () => Exit.die(boom)

const withPair = <A, E>(
  body: (
    actors: {
      readonly a: ActorRef<Message>
      readonly b: ActorRef<Message>
      readonly notes: Array<string>
      readonly system: ActorSystem.ActorSystem["Service"]
    }
  ) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const notes: Array<string> = []
    const a = yield* system.spawn(doing(notes), { name: "a" })
    const b = yield* system.spawn(doing([]), { name: "b" })
    yield* body({ a, b, notes, system })
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.provide(ActorSystem.layerTest))

const ends: ReadonlyArray<
  readonly [
    string,
    (
      system: ActorSystem.ActorSystem["Service"],
      ref: ActorRef<Message>
    ) => Effect.Effect<void>
  ]
> = [
  ["Normal", (_, ref) => Effect.sync(() => ref.tell((context) => context.stop()))],
  ["Shutdown", (system, ref) => system.stop(ref)],
  ["Killed", (system, ref) => system.kill(ref)],
  ["Failed", (_, ref) => Effect.sync(() => ref.tell(crash))]
]

describe("watch", () => {
  it.effect.each(ends)(
    "tells how the other ended, once: %s",
    ([reason, end]) =>
      withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
        a.tell((context) => context.watch(b, told))
        yield* settle
        assert.deepStrictEqual(notes, [])
        yield* end(system, b)
        assert.strictEqual(
          (yield* system.awaitEnd(b))._tag,
          reason === "Normal" || reason === "Failed" ? reason : "NoActor"
        )
        yield* system.kill(b)
        yield* settle
        assert.deepStrictEqual(notes, [`b ${reason}`])
      }))
  )

  it.effect("tells at once of an actor that has ended", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      yield* system.kill(b)
      a.tell((context) => context.watch(b, told))
      yield* settle
      assert.deepStrictEqual(notes, ["b NoActor"])
    })))

  it.effect("tells after what the other had sent before", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      a.tell((context) => context.watch(b, told))
      b.tell((context) => {
        context.tell(a, "last words")
        context.stop()
      })
      yield* system.awaitEnd(b)
      yield* settle
      assert.deepStrictEqual(notes, ["last words", "b Normal"])
    })))

  it.effect("is taken back by unwatch, and replaced by a second watch", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      const c = yield* system.spawn(doing([]), { name: "c" })
      a.tell((context) => {
        context.watch(b, told)
        context.watch(c, () => "first")
        context.watch(c, () => "second")
        context.unwatch(b)
      })
      yield* settle
      yield* system.kill(b)
      yield* system.kill(c)
      yield* settle
      assert.deepStrictEqual(notes, ["second"])
    })))

  it.effect("is taken back by unwatch with the message that already waits, or replaced with its reason", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      const c = yield* system.spawn(doing([]), { name: "c" })
      a.tell((context) => {
        context.watch(b, told)
        context.watch(c, told)
        return Effect.andThen(
          Effect.sleep("1 second"),
          Effect.sync(() => {
            context.unwatch(b)
            context.watch(c, (terminated) => `second: ${told(terminated)}`)
          })
        )
      })
      yield* settle
      yield* system.kill(b)
      yield* system.kill(c)
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(notes, ["second: c Killed"])
      assert.strictEqual((yield* system.accounting).discarded, 2)
    })))

  it.effect("tells an actor whose mailbox is full", () =>
    withPair(Effect.fnUntraced(function*({ b, system }) {
      const notes: Array<string> = []
      const full = yield* system.spawn(doing(notes), { mailbox: Mailbox.bounded(1) })
      full.tell((context) => context.watch(b, told))
      yield* settle
      full.tell(() => Effect.sleep("1 second"))
      yield* settle
      full.tell("waits")
      yield* system.kill(b)
      assert.strictEqual((yield* Effect.flip(full.offer("too much")))._tag, "MailboxFull")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(notes, ["waits", "b Killed"])
      yield* full.offer("room again")
    })))

  it.effect("crashes the watcher where its function throws", () =>
    withPair(Effect.fnUntraced(function*({ a, b, system }) {
      a.tell((context) =>
        context.watch(b, () => {
          throw boom
        })
      )
      yield* settle
      yield* system.kill(b)
      const reason = yield* Effect.sync(() => a.status())
      assert.strictEqual(reason, "Failed")
    })))

  it.effect("outlives restarts of the watched, and ends with that of the watcher", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const notes: Array<string> = []
      const child = (id: string) =>
        ChildSpec.make({ id, behaviour: doing(notes), backoff: { base: "1 second", factor: 1, cap: "1 second" } })
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: { restarts: 5, within: "1 minute" },
        children: [child("watched")]
      }))
      const { ref: watcher } = yield* supervisor.startChild(child("watcher"))
      const { ref: restarting } = yield* supervisor.startChild(child("restarting"))
      const { ref: watched } = yield* supervisor.startChild(child("other"))
      watcher.tell((context) => context.watch(watched, told))
      restarting.tell((context) => context.watch(watched, () => "heard by a later life"))
      yield* settle
      watched.tell(crash)
      restarting.tell(crash)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([watched.status(), restarting.status()], ["Running", "Running"])
      assert.deepStrictEqual(notes, [])
      yield* system.stop(watched)
      yield* settle
      assert.deepStrictEqual(notes, ["other Shutdown"])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest)))
})

describe("link", () => {
  const expected: Record<string, string> = {
    Normal: "Running",
    Shutdown: "Stopped",
    Killed: "Failed",
    Failed: "Failed"
  }

  it.effect.each(ends)(
    "ends both or leaves the other alone: %s",
    ([reason, end]) =>
      withPair(Effect.fnUntraced(function*({ a, b, system }) {
        a.tell((context) => context.link(b))
        yield* settle
        yield* end(system, b)
        yield* settle
        assert.strictEqual(a.status(), expected[reason])
      }))
  )

  it.effect.each(ends)(
    "holds in both directions: %s",
    ([reason, end]) =>
      withPair(Effect.fnUntraced(function*({ a, b, system }) {
        b.tell((context) => context.link(a))
        yield* settle
        yield* end(system, b)
        yield* settle
        assert.strictEqual(a.status(), expected[reason])
      }))
  )

  it.effect.each(ends)(
    "tells an actor that traps exits, which goes on: %s",
    ([reason, end]) =>
      withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
        a.tell((context) => {
          context.link(b)
          context.trapExit(told)
        })
        yield* settle
        yield* end(system, b)
        yield* settle
        assert.deepStrictEqual(notes, [`b ${reason}`])
        assert.strictEqual(a.status(), "Running")
      }))
  )

  it.effect("says in the cause which actor broke it, and how", () =>
    withPair(Effect.fnUntraced(function*({ a, b, system }) {
      a.tell((context) => context.link(b))
      yield* settle
      const ending = yield* Effect.forkChild(system.awaitEnd(a), { startImmediately: true })
      yield* system.kill(b)
      const reason = yield* Effect.flatMap(Effect.sync(() => ending.pollUnsafe()), (exit) => exit!)
      const error = reason._tag === "Failed" ? Cause.squash(reason.cause) : undefined
      assert.strictEqual(String(error), "LinkBroken: a was linked to b, which ended: Killed")
    })))

  it.effect("interrupts what the other runs, and fails its asker", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      a.tell((context) => context.link(b))
      a.tell(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => notes.push("interrupted"))))
      yield* settle
      yield* system.kill(b)
      yield* settle
      assert.deepStrictEqual(notes, ["interrupted"])
      assert.strictEqual(a.status(), "Failed")
      assert.strictEqual((yield* system.accounting).failed, 1)
    })))

  it.effect("ends a chain of any length", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const refs = [yield* system.spawn(doing([]))]
      for (let i = 0; i < 2000; i++) {
        const before = refs.at(-1)!
        const next = yield* system.spawn(doing([]))
        next.tell((context) => context.link(before))
        refs.push(next)
      }
      yield* settle
      yield* system.kill(refs[0]!)
      assert.deepStrictEqual(refs.filter((ref) => ref.status() !== "Failed"), [refs[0]])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("ends after its message an actor that kills its own partner", () =>
    withPair(Effect.fnUntraced(function*({ a, b, notes, system }) {
      const context = yield* Effect.context()
      a.tell((actor) => {
        actor.link(b)
        Effect.runForkWith(context)(system.kill(b))
        notes.push("goes on")
      })
      a.tell("never")
      yield* settle
      assert.deepStrictEqual(notes, ["goes on"])
      assert.strictEqual(a.status(), "Failed")
      assert.strictEqual((yield* system.accounting).handled, 1)
    })))

  it.effect("is taken back by either", () =>
    withPair(Effect.fnUntraced(function*({ a, b, system }) {
      a.tell((context) => context.link(b))
      b.tell((context) => context.unlink(a))
      yield* settle
      yield* system.kill(b)
      yield* settle
      assert.strictEqual(a.status(), "Running")
    })))

  it.effect("to an actor that has ended crashes the one who links", () =>
    withPair(Effect.fnUntraced(function*({ a, b, system }) {
      yield* system.stop(b)
      a.tell((context) => context.link(b))
      yield* settle
      assert.strictEqual(a.status(), "Failed")
    })))

  it.effect.each<readonly [string, boolean]>([["crashes it when it has begun", false], [
    "tells it where it traps",
    true
  ]])(
    "ties the next life of an actor that waits for its restart: %s",
    ([, isTrapping]) =>
      Effect.gen(function*() {
        const system = yield* ActorSystem.ActorSystem
        const notes: Array<string> = []
        const behaviour = setup<Message>((context) => {
          if (isTrapping) context.trapExit(told)
          notes.push("start")
          return doing(notes)
        })
        const supervisor = yield* Supervisor.start(Supervisor.make({
          strategy: "OneForOne",
          intensity: { restarts: 9, within: "1 minute" },
          children: []
        }))
        const { ref } = yield* supervisor.startChild(
          ChildSpec.make({ id: "b", behaviour, backoff: { base: "1 second", factor: 1, cap: "1 second" } })
        )
        const linker = yield* system.spawn(doing([]), { name: "a" })
        ref.tell(crash)
        yield* settle
        linker.tell((context) => context.link(ref))
        linker.tell(crash)
        ref.tell("waits")
        yield* settle
        assert.deepStrictEqual([linker.status(), ref.status()], ["Failed", "Restarting"])
        yield* TestClock.adjust("1 second")
        yield* settle
        assert.deepStrictEqual(notes.slice(2), isTrapping ? ["waits", "a Failed"] : [])
        yield* TestClock.adjust("1 second")
        yield* settle
        assert.strictEqual(ref.status(), "Running")
        if (!isTrapping) assert.deepStrictEqual(notes, ["start", "start", "start", "waits"])
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest))
  )

  it.effect("restarts both where both are supervised, and holds for one life", () =>
    Effect.gen(function*() {
      const starts: Array<string> = []
      const child = (id: string) =>
        ChildSpec.make({
          id,
          behaviour: Effect.andThen(Effect.sync(() => starts.push(id)), doing([])),
          backoff: { base: "1 second", factor: 1, cap: "1 second" }
        })
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: { restarts: 9, within: "1 minute" },
        children: []
      }))
      const { ref: a } = yield* supervisor.startChild(child("a"))
      const { ref: b } = yield* supervisor.startChild(child("b"))
      a.tell((context) => context.link(b))
      yield* settle
      b.tell(crash)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(starts, ["a", "b", "b", "a"])
      b.tell(crash)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(starts, ["a", "b", "b", "a", "b"])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest)))
})
