import { assert, describe, it } from "@effect/vitest"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import type { Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Groups from "airssys/actor/Groups"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import { Arbitrary, Context, Effect, Exit, Fiber, Layer, Queue, Schema, Scope, Stream } from "effect"
import * as TestClock from "effect/testing/TestClock"

const Work = Protocol.make({
  Do: { payload: {}, reply: Schema.Void },
  Crash: { payload: {} }
})
type Work = Protocol.Message<typeof Work>
const Other = Protocol.make({ Do: { payload: {}, reply: Schema.Void }, Crash: { payload: {} } })

const worker = Effect.succeed<Handler<Work>>((message, context) => {
  if (message._tag === "Do") return context.reply(message, undefined)
  return Exit.die(new Error("boom"))
})

const layer = Layer.merge(ActorSystem.layerTest, Groups.layer)
const group = Groups.make(Work, "workers")
const names = (refs: ReadonlyArray<ActorRef<Work>>) => refs.map(({ name }) => name).join(",")
const spawn = (name: string) => ActorSystem.ActorSystem.use((system) => system.spawn(worker, { name }))

const changes = Effect.fnUntraced(function*(of: Groups.Group<Work>) {
  const groups = yield* Groups.Groups
  const queue = yield* Queue.unbounded<string>()
  const fiber = yield* Effect.forkChild(
    Stream.runForEach(
      groups.monitor(of),
      ({ joined, left, members }) => Queue.offer(queue, `+${names(joined)} -${names(left)} =${names(members)}`)
    ),
    { startImmediately: true }
  )
  yield* Effect.yieldNow
  return { fiber, take: Queue.take(queue) }
})

describe("Groups", () => {
  it.effect("has members until they leave, each as many times as it joined", () =>
    Effect.gen(function*() {
      const groups = yield* Groups.Groups
      const [a, b] = yield* Effect.all([spawn("a"), spawn("b")])
      yield* groups.join(group, a)
      yield* groups.join(group, b)
      yield* groups.join(group, a)
      assert.strictEqual(names(yield* groups.members(group)), "a,a,b")
      assert.strictEqual(names(yield* groups.local(group)), "a,a,b")
      assert.isTrue(yield* groups.leave(group, a))
      assert.isTrue(yield* groups.leave(group, a))
      assert.isFalse(yield* groups.leave(group, a))
      assert.strictEqual(names(yield* groups.members(group)), "b")
      assert.deepStrictEqual(yield* groups.names(Work), ["workers"])
      yield* groups.leave(group, b)
      assert.deepStrictEqual(yield* groups.names(Work), [])
    }).pipe(Effect.provide(layer)))

  it.effect("keeps groups of two protocols apart, and takes any name", () =>
    Effect.gen(function*() {
      const groups = yield* Groups.Groups
      yield* groups.join(Groups.make(Work, "__proto__"), yield* spawn("a"))
      assert.strictEqual((yield* groups.members(Groups.make(Work, "__proto__"))).length, 1)
      assert.strictEqual((yield* groups.members(Groups.make(Other, "__proto__"))).length, 0)
    }).pipe(Effect.provide(layer)))

  it.effect.each(["stop", "kill"] as const)(
    "ends every membership with the actor: %s",
    (end) =>
      Effect.gen(function*() {
        const groups = yield* Groups.Groups
        const system = yield* ActorSystem.ActorSystem
        const a = yield* spawn("a")
        const second = Groups.make(Work, "second")
        yield* groups.join(group, a)
        yield* groups.join(group, a)
        yield* groups.join(second, a)
        yield* system[end](a)
        assert.deepStrictEqual(yield* groups.members(group), [])
        assert.deepStrictEqual(yield* groups.names(Work), [])
        assert.strictEqual((yield* Effect.flip(groups.join(group, a)))._tag, "ActorStopped")
      }).pipe(Effect.provide(layer))
  )

  it.effect("ends every membership with the groups: nothing is left with members that live longer", () =>
    Effect.gen(function*() {
      const a = yield* spawn("a")
      const groups = yield* Groups.Groups.use((groups) => Effect.as(groups.join(group, a), groups)).pipe(
        Effect.provide(Groups.layer)
      )
      assert.strictEqual(names(yield* groups.members(group)), "")
      assert.strictEqual((yield* Effect.flip(groups.join(group, a))).message, "The registry of groups is stopped")
      assert.strictEqual(names(yield* groups.members(group)), "")
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("ends with the groups what monitors them, then and later", () =>
    Effect.gen(function*() {
      const a = yield* spawn("a")
      const scope = yield* Scope.make()
      const groups = Context.get(yield* Layer.buildWithScope(Groups.layer, scope), Groups.Groups)
      yield* groups.join(group, a)
      const changes = Stream.runCollect(Stream.map(groups.monitor(group), ({ members }) => names(members)))
      const seen = yield* Effect.forkChild(changes, { startImmediately: true })
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* Fiber.join(seen), ["a"])
      assert.deepStrictEqual(yield* changes, [])
    }).pipe(Effect.provide(ActorSystem.layerTest)))

  it.effect("keeps a membership over a restart", () =>
    Effect.gen(function*() {
      const groups = yield* Groups.Groups
      const supervisor = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: { restarts: 1, within: "1 minute" },
        children: []
      }))
      const { ref } = yield* supervisor.startChild(
        ChildSpec.make({ id: "a", behaviour: worker, backoff: { base: "1 second", factor: 1, cap: "1 second" } })
      )
      yield* groups.join(group, ref)
      ref.tell(Work.Crash())
      yield* TestClock.adjust("1 second")
      yield* ref.ask(Work.Do())
      assert.deepStrictEqual(yield* groups.members(group), [ref])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("tells its monitors who is there, who joins and who leaves or ends", () =>
    Effect.gen(function*() {
      const groups = yield* Groups.Groups
      const system = yield* ActorSystem.ActorSystem
      const [a, b] = yield* Effect.all([spawn("a"), spawn("b")])
      yield* groups.join(group, a)
      const { fiber, take } = yield* changes(group)
      assert.strictEqual(yield* take, "+a - =a")
      yield* groups.join(group, b)
      assert.strictEqual(yield* take, "+b - =a,b")
      yield* groups.leave(group, a)
      assert.strictEqual(yield* take, "+ -a =b")
      yield* system.kill(b)
      assert.strictEqual(yield* take, "+ -b =")
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(layer)))

  it.effect("makes one change of those that a slow monitor has not taken", () =>
    Effect.gen(function*() {
      const groups = yield* Groups.Groups
      const [a, b] = yield* Effect.all([spawn("a"), spawn("b")])
      yield* groups.join(group, a)
      const pulled: Array<string> = []
      const gate = yield* Queue.unbounded<void>()
      yield* Effect.forkChild(
        Stream.runForEach(groups.monitor(group), ({ joined, left, members }) => {
          pulled.push(`+${names(joined)} -${names(left)} =${names(members)}`)
          return Queue.take(gate)
        }),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      for (let i = 0; i < 1000; i++) {
        yield* groups.join(group, b)
        yield* groups.leave(group, b)
      }
      yield* groups.leave(group, a)
      yield* groups.join(group, b)
      yield* Queue.offer(gate, undefined)
      yield* Effect.yieldNow
      assert.deepStrictEqual(pulled, ["+a - =a", "+b -a =b"])
    }).pipe(Effect.provide(layer)))

  const commands = Arbitrary.array(
    Arbitrary.schema(Schema.Struct({
      command: Schema.Literals(["join", "leave", "kill", "turn"]),
      actor: Schema.Literals([0, 1, 2])
    })),
    { maxLength: 40 }
  )

  it.effect.prop(
    "brings its monitors, by the changes alone, to who is there",
    { commands },
    ({ commands }) =>
      Effect.gen(function*() {
        const groups = yield* Groups.Groups
        const system = yield* ActorSystem.ActorSystem
        const refs = yield* Effect.all([spawn("0"), spawn("1"), spawn("2")])
        let members: Array<ActorRef<Work>> = []
        const monitor = yield* Effect.forkChild(
          Stream.runForEach(groups.monitor(group), ({ joined, left, members: now }) =>
            Effect.sync(() => {
              for (const ref of left) members.splice(members.indexOf(ref), 1)
              members.push(...joined)
              assert.sameMembers(members, [...now])
            })),
          { startImmediately: true }
        )
        let model: Array<number> = []
        for (const { actor, command } of commands) {
          const ref = refs[actor]!
          const isAlive = ref.status() === "Running"
          if (command === "join") {
            const exit = yield* Effect.exit(groups.join(group, ref))
            assert.strictEqual(Exit.isSuccess(exit), isAlive)
            if (isAlive) model.push(actor)
          } else if (command === "leave") {
            assert.strictEqual(yield* groups.leave(group, ref), model.includes(actor))
            if (model.includes(actor)) model.splice(model.indexOf(actor), 1)
          } else if (command === "kill") {
            yield* system.kill(ref)
            model = model.filter((other) => other !== actor)
          } else yield* Effect.yieldNow
          assert.sameMembers((yield* groups.members(group)).map(({ name }) => Number(name)), model)
        }
        yield* Effect.yieldNow
        assert.sameMembers(members.map(({ name }) => Number(name)), model)
        yield* Fiber.interrupt(monitor)
      }).pipe(Effect.provide(Layer.fresh(layer)))
  )
})
