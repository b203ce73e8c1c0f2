import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Behaviour from "airssys/actor/Behaviour"
import * as Broker from "airssys/actor/Broker"
import * as Groups from "airssys/actor/Groups"
import * as Pool from "airssys/actor/Pool"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Topic from "airssys/actor/Topic"
import { Arbitrary, Context, Effect, Exit, Fiber, Layer, Option, Random, Schema, Stream } from "effect"
import * as TestClock from "effect/testing/TestClock"

const Work = Protocol.make({
  /** Answers who did it. */
  Do: { payload: { key: Schema.String }, reply: Schema.String },
  Wait: { payload: {}, reply: Schema.String },
  Crash: { payload: {} }
})
type Work = Protocol.Message<typeof Work>

const worker = Effect.succeed<Behaviour.Handler<Work>>((message, context) => {
  switch (message._tag) {
    case "Do":
      return context.reply(message, context.self.name)
    case "Wait":
      return Effect.andThen(
        Effect.sleep("1 second"),
        Effect.sync(() => context.reply(message, context.self.name))
      )
    case "Crash":
      return Exit.die(new Error("boom"))
  }
})

const layer = Layer.mergeAll(ActorSystem.layerTest, Groups.layer, Broker.layer)

const pool = (size: number, options?: Partial<Parameters<typeof Pool.make<Work>>[0]>) =>
  Pool.make<Work>({
    id: "pool",
    size,
    behaviour: worker,
    intensity: { restarts: 100, within: "1 minute" },
    backoff: { base: "1 second", factor: 1, cap: "1 second" },
    ...options
  })

const act = (ref: ActorRef<Work>, key = "") => ref.ask(Work.Do({ key }))
const actAll = (ref: ActorRef<Work>, times: number) =>
  Effect.map(Effect.all(Array.from({ length: times }, () => act(ref))), (names) => names.join(","))

/** Lets the fibers and the actors go as far as they come without time. */
const settle = Effect.andThen(Effect.yieldNow, Effect.yieldNow)

describe("Pool", () => {
  it.effect("gives each message to the next member: round robin", () =>
    Effect.gen(function*() {
      const { ref } = yield* Pool.start(pool(3))
      assert.strictEqual(yield* actAll(ref, 4), "pool-0,pool-1,pool-2,pool-0")
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("gives each message to any member, by Random: random", () =>
    Effect.gen(function*() {
      const { ref } = yield* Pool.start(pool(3, { routing: Pool.random }))
      assert.strictEqual(yield* actAll(ref, 4), "pool-2,pool-0,pool-2,pool-1")
    }).pipe(
      Effect.provideService(Random.Random, {
        nextDoubleUnsafe: ((doubles) => () => doubles.shift()!)([0.99, 0, 0.7, 0.34]),
        nextIntUnsafe: () => 0
      }),
      Effect.scoped,
      Effect.provide(layer)
    ))

  it.effect("gives each message to the member with the fewest: least loaded", () =>
    Effect.gen(function*() {
      const { ref } = yield* Pool.start(pool(3, { routing: Pool.leastLoaded }))
      const waits = yield* Effect.all(
        Array.from(
          { length: 7 },
          () => Effect.forkChild(ref.ask(Work.Wait()), { startImmediately: true })
        )
      )
      // Two have two, one has three: the work of the other two is done first.
      yield* TestClock.adjust("2 seconds")
      yield* settle
      const done = waits.filter((fiber) => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(done.length, 6)
      const busy = yield* Effect.forkChild(Fiber.join(waits[6]!), { startImmediately: true })
      const free = yield* actAll(ref, 4)
      yield* TestClock.adjust("1 second")
      const last = yield* Fiber.join(busy)
      assert.isFalse(free.includes(last), `${last} in ${free}`)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("gives messages of one key to one member: consistent hash", () =>
    Effect.gen(function*() {
      const byKey = Pool.consistentHash((message: Work) => message._tag === "Do" ? message.key : 0)
      const { ref } = yield* Pool.start(pool(5, { routing: byKey }))
      const first = yield* Effect.forEach(keys, (key) => act(ref, key))
      assert.deepStrictEqual(yield* Effect.forEach(keys, (key) => act(ref, key)), first)
      for (const place of [0, 1, 2, 3, 4]) {
        const share = first.filter((name) => name === `pool-${place}`).length / keys.length
        assert.isTrue(share > 0.1 && share < 0.3, `pool-${place}: ${share}`)
      }
    }).pipe(Effect.scoped, Effect.provide(layer)))

  const keys = Array.from({ length: 500 }, (_, index) => `key-${index}`)

  it.effect.prop(
    "moves no key between two members when others come or go",
    { sizes: Arbitrary.array(Arbitrary.schema(Schema.Literals([1, 2, 3, 5, 8])), { minLength: 2, maxLength: 4 }) },
    ({ sizes }) =>
      Effect.gen(function*() {
        const byKey = Pool.consistentHash((message: Work) => message._tag === "Do" ? message.key : 0)
        const { members, ref, resize } = yield* Pool.start(pool(sizes[0]!, { routing: byKey }))
        const some = keys.slice(0, 60)
        let before: ReadonlyArray<string> | undefined
        let there = new Set<string>()
        for (const size of sizes) {
          yield* resize(size)
          const names = new Set((yield* members).map(({ name }) => name))
          const after = yield* Effect.forEach(some, (key) => act(ref, key))
          before?.forEach((name, index) => {
            const stays = after[index] === name
            assert.isTrue(stays || !names.has(name) || !there.has(after[index]!), `${name} to ${after[index]}`)
          })
          before = after
          there = names
        }
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(layer)))
  )

  it.effect("passes over a member that restarts, and keeps its place for a consistent hash", () =>
    Effect.gen(function*() {
      const { members, ref } = yield* Pool.start(pool(2))
      ref.tell(Work.Crash())
      yield* settle
      assert.strictEqual((yield* members)[0]!.status(), "Restarting")
      assert.strictEqual(yield* actAll(ref, 3), "pool-1,pool-1,pool-1")
      yield* TestClock.adjust("1 second")
      assert.include(yield* actAll(ref, 2), "pool-0")

      const one = yield* Pool.start(pool(3, { id: "one", routing: Pool.consistentHash(() => 7) }))
      const owner = yield* act(one.ref)
      one.ref.tell(Work.Crash())
      const asker = yield* Effect.forkChild(act(one.ref), { startImmediately: true })
      yield* settle
      assert.isUndefined(asker.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(asker), owner)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("makes dead letters and fails asks when no member is left", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const letters: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(system.deadLetters, ({ reason, recipient }) =>
          Effect.sync(() => letters.push(`${reason} to ${recipient.name}`))),
        { startImmediately: true }
      )
      yield* settle
      const { members, ref } = yield* Pool.start(pool(2, { restart: "Temporary" }))
      for (const member of yield* members) {
        yield* system.kill(member)
      }
      assert.deepStrictEqual(yield* members, [])
      ref.tell(Work.Crash())
      assert.strictEqual((yield* Effect.flip(act(ref)))._tag, "ActorStopped")
      assert.strictEqual((yield* Effect.flip(ref.offer(Work.Crash())))._tag, "ActorStopped")
      yield* settle
      assert.deepStrictEqual(
        letters,
        Array.from({ length: 3 }, () =>
          "ActorStopped to pool")
      )
      const accounts = yield* system.accounting
      assert.isTrue(Accounting.isBalanced(accounts))
      assert.strictEqual(accounts.rejected, 3)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("grows into the lowest free places, and lets those it drops finish", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const { members, ref, resize } = yield* Pool.start(pool(1))
      const names = Effect.map(members, (refs) => refs.map(({ name }) => name).join(","))
      yield* resize(4)
      assert.strictEqual(yield* names, "pool-0,pool-1,pool-2,pool-3")
      yield* system.kill((yield* members)[1]!)
      assert.strictEqual(yield* names, "pool-0,pool-2,pool-3")
      yield* resize(3)
      assert.strictEqual(yield* names, "pool-0,pool-2,pool-3")
      yield* resize(4)
      assert.strictEqual(yield* names, "pool-0,pool-1,pool-2,pool-3")
      const waits = yield* Effect.all(
        Array.from({ length: 8 }, () => Effect.forkChild(ref.ask(Work.Wait()), { startImmediately: true }))
      )
      const shrinking = yield* Effect.forkChild(resize(1), { startImmediately: true })
      assert.strictEqual(yield* names, "pool-0")
      assert.strictEqual(yield* Effect.map(Effect.forkChild(act(ref)), () => ref.status()), "Running")
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(shrinking)
      assert.strictEqual((yield* Fiber.joinAll(waits)).filter((name) => name !== "pool-0").length, 6)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(resize(-1))))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("grows by so many starts, whether the members stay or not", () =>
    Effect.gen(function*() {
      let starts = 0
      const behaviour = Behaviour.setup<Work>((context) =>
        Effect.sync(() => {
          if (++starts < 1000) context.stop()
          return () => {}
        })
      )
      const { members, resize } = yield* Pool.start(pool(0, { behaviour, restart: "Temporary" }))
      yield* resize(3)
      assert.strictEqual(starts, 3)
      assert.strictEqual((yield* members).length, 0)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("is as large as it may be, and resized, within seconds", () =>
    Effect.gen(function*() {
      const start = process.threadCpuUsage()
      const { members, ref, resize } = yield* Pool.start(pool(50_000))
      yield* resize(100_000)
      assert.strictEqual(yield* act(ref), "pool-0")
      yield* resize(10)
      assert.strictEqual((yield* members).length, 10)
      const { system, user } = process.threadCpuUsage(start)
      assert.isBelow((user + system) / 1e6, 20, "seconds of the processor")
    }).pipe(Effect.scoped, Effect.provide(layer)), 240_000)

  it.effect("is told, watched, stopped, subscribed and joined like one actor", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const broker = yield* Broker.Broker
      const groups = yield* Groups.Groups
      const { ref } = yield* Pool.start(pool(2))
      const topic = Topic.make(Work, "work")
      const group = Groups.make(Work, "pools")
      const subscription = yield* broker.subscribe(ref, topic)
      yield* groups.join(group, ref)
      assert.strictEqual(yield* broker.request(topic, Work.Do({ key: "" })), "pool-0")
      assert.strictEqual(yield* broker.request(topic, Work.Do({ key: "" })), "pool-1")
      const ended: Array<string> = []
      const Watch = Protocol.make({ Go: { payload: {}, reply: Schema.String }, Ended: { payload: {} } })
      const watcher = yield* system.spawn(
        Effect.succeed<Behaviour.Handler<Protocol.Message<typeof Watch>>>((message, context) => {
          if (message._tag === "Ended") return void ended.push("ended")
          context.watch(ref, () => Watch.Ended())
          return Effect.map(context.ask(ref, Work.Do({ key: "" })), (name) => context.reply(message, name))
        })
      )
      assert.strictEqual(yield* watcher.ask(Watch.Go()), "pool-0")
      yield* system.stop(ref)
      yield* settle
      assert.deepStrictEqual(ended, ["ended"])
      assert.strictEqual(ref.status(), "Stopped")
      assert.isFalse(subscription.isActive())
      assert.deepStrictEqual(yield* groups.members(group), [])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("is found by its name, with its protocol as a ref that can be told", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const { ref } = yield* Pool.start(pool(2, { protocol: Work }))
      assert.strictEqual(Option.getOrThrow(yield* system.lookup("pool", Work)), ref)
      assert.strictEqual(Option.getOrThrow(yield* system.lookup("pool")), ref)
      const other = Protocol.make({ Do: { payload: {} } })
      assert.isTrue(Option.isNone(yield* system.lookup("pool", other)))
      yield* system.stop(ref)
      assert.isTrue(Option.isNone(yield* system.lookup("pool", Work)))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("has its id, another name or none, and its members one of it or none", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      yield* Pool.start(pool(1))
      const { ref } = yield* Pool.start(pool(1, { name: "other" }))
      assert.strictEqual(Option.getOrThrow(yield* system.lookup("other")), ref)
      assert.strictEqual(yield* act(ref), "other-0")
      const { members, ref: nameless, resize } = yield* Pool.start(pool(3, { name: false }))
      assert.match(yield* act(nameless), /^\$\d+$/)
      yield* resize(1)
      yield* resize(2)
      assert.strictEqual((yield* members).length, 2)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("is a child of a supervisor, which brings it back with its first size behind the same ref", () =>
    Effect.gen(function*() {
      class Workers extends Context.Service<Workers, Pool.Handle<Work>>()("test/Workers") {}
      const handle = yield* Supervisor.start(Supervisor.make({
        strategy: "OneForOne",
        intensity: { restarts: 1, within: "1 minute" },
        children: [
          pool(2, {
            intensity: { restarts: 0, within: "1 minute" },
            provide: (workers) => Context.make(Workers, workers)
          })
        ]
      }))
      const { members, ref, resize } = Context.get(handle.services as Context.Context<Workers>, Workers)
      yield* resize(3)
      ref.tell(Work.Crash())
      yield* settle
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* members).length, 2)
      assert.strictEqual((yield* actAll(ref, 2)).split(",").toSorted().join(","), "pool-0,pool-1")
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it("throws for a size that is no whole number from 0 to 100,000", () => {
    for (const size of [-1, 1.5, 100_001, NaN]) assert.throws(() => pool(size), RangeError)
  })
})
