import { assert, describe, it } from "@effect/vitest"
import * as Accounting from "airssys/actor/Accounting"
import type { ActorContext } from "airssys/actor/ActorContext"
import { InvalidMessage } from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import * as ActorSystem from "airssys/actor/ActorSystem"
import { type Behaviour, setup } from "airssys/actor/Behaviour"
import type { DeadLetter } from "airssys/actor/DeadLetter"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Protocol from "airssys/actor/Protocol"
import type { SpawnOptions } from "airssys/actor/SpawnOptions"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const Job = Protocol.make({
  Note: { payload: { text: Schema.String } },
  Get: { payload: {}, reply: Schema.String },
  Wait: { payload: {} },
  Quit: { payload: {} }
})
type Job = Protocol.Message<typeof Job>

const note = (text: string | number) => Job.Note({ text: String(text) })

const boom = new Error("boom")

const settle = Effect.repeat(Effect.yieldNow, { times: 5 })

/** An actor that is busy until the gate opens, and notes what it then handles. */
const withBusy = <A, E>(
  options: SpawnOptions<Job>,
  body: (actors: {
    readonly ref: ActorRef<Job>
    readonly notes: Array<string>
    readonly letters: Array<DeadLetter>
    readonly system: ActorSystem.ActorSystem["Service"]
    readonly open: Effect.Effect<void>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const gate = yield* Deferred.make<void>()
    const notes: Array<string> = []
    const letters: Array<DeadLetter> = []
    yield* Effect.forkScoped(
      Stream.runForEach(system.deadLetters, (letter) => Effect.sync(() => letters.push(letter))),
      { startImmediately: true }
    )
    yield* Effect.yieldNow
    const behaviour: Behaviour<Job> = Effect.succeed((message: Job, context: ActorContext<Job>) => {
      switch (message._tag) {
        case "Note":
          return void notes.push(message.text)
        case "Get":
          return context.reply(message, notes.join(","))
        case "Wait":
          return Deferred.await(gate)
        case "Quit":
          return context.stop()
      }
    })
    const ref = yield* system.spawn(behaviour, { name: "busy", ...options })
    ref.tell(Job.Wait())
    yield* settle
    yield* body({
      ref,
      notes,
      letters,
      system,
      open: Effect.andThen(Deferred.succeed(gate, undefined), settle)
    })
    assert.isTrue(Accounting.isBalanced(yield* system.accounting))
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest))

const lost = (letters: ReadonlyArray<DeadLetter>) =>
  letters.map(({ message, reason }) =>
    `${reason} ${(message as Job)._tag === "Note" ? (message as { text: string }).text : (message as Job)._tag}`
  )

describe("a full mailbox", () => {
  it.effect("Fail: refuses an offer", () =>
    withBusy(
      { mailbox: Mailbox.bounded(2) },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        yield* ref.offer(note(1))
        yield* ref.offer(note(2))
        const full = yield* Effect.flip(ref.offer(note(3)))
        assert.strictEqual(full.message, "The mailbox of busy is full (capacity 2)")
        yield* open
        assert.deepStrictEqual(notes, ["1", "2"])
        assert.deepStrictEqual(lost(letters), ["MailboxFull 3"])
      })
    ))

  it.effect("DropNewest: takes the offer for done and loses it, with a dead letter", () =>
    withBusy(
      { mailbox: Mailbox.bounded(2, "DropNewest") },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        for (const text of [1, 2, 3]) yield* ref.offer(note(text))
        ref.tell(note(4))
        assert.strictEqual((yield* Effect.flip(ref.ask(Job.Get())))._tag, "MailboxFull")
        yield* open
        assert.deepStrictEqual(notes, ["1", "2"])
        assert.deepStrictEqual(lost(letters), ["MailboxFull 3", "MailboxFull 4", "MailboxFull Get"])
      })
    ))

  it.effect("DropOldest: makes room for an offer, a tell and an ask, and fails the asker of what it drops", () =>
    withBusy(
      { mailbox: Mailbox.bounded(2, "DropOldest") },
      Effect.fnUntraced(function*({ letters, open, ref }) {
        const first = yield* Effect.forkChild(Effect.flip(ref.ask(Job.Get())), { startImmediately: true })
        yield* ref.offer(note(1))
        yield* ref.offer(note(2))
        assert.strictEqual((yield* Fiber.join(first))._tag, "MailboxFull")
        ref.tell(note(3))
        const asked = yield* Effect.forkChild(ref.ask(Job.Get()), { startImmediately: true })
        yield* open
        assert.strictEqual(yield* Fiber.join(asked), "3")
        assert.deepStrictEqual(lost(letters), ["Evicted Get", "Evicted 1", "Evicted 2"])
      })
    ))

  it.effect("DropOldest: drops what matters least, and nothing for what matters less", () =>
    withBusy(
      { mailbox: Mailbox.bounded(2, "DropOldest") },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        ref.tell(note("normal"))
        ref.tell(note("low"), { priority: "Low" })
        ref.tell(note("high"), { priority: "High" })
        ref.tell(note("higher"), { priority: "High" })
        ref.tell(note("too low"))
        yield* open
        assert.deepStrictEqual(notes, ["high", "higher"])
        assert.deepStrictEqual(lost(letters), ["Evicted low", "Evicted normal", "MailboxFull too low"])
      })
    ))

  it.effect("DropOldest: keeps the accounts while the actor overflows itself", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ system }) {
        const handled: Array<number> = []
        const accounts: Array<Accounting.Accounting> = []
        const runAccounting = Effect.runSync
        const self = yield* system.spawn(
          Effect.succeed((message: number, context: ActorContext<number>) => {
            handled.push(message)
            if (message !== 0) return
            for (let i = 1; i <= 5; i++) context.self.tell(i)
            accounts.push(runAccounting(system.accounting))
          }),
          { mailbox: Mailbox.bounded(2, "DropOldest") }
        )
        self.tell(0)
        self.tell(9)
        yield* settle
        assert.deepStrictEqual(handled, [0, 4, 5])
        assert.isTrue(accounts.every(Accounting.isBalanced), JSON.stringify(accounts))
        assert.strictEqual(accounts[0]!.evicted, 4)
      })
    ))

  describe("Block", () => {
    const mailbox = Mailbox.bounded(1, "Block")

    it.effect("lets offers wait for room, in their order, and tells not at all", () =>
      withBusy(
        { mailbox },
        Effect.fnUntraced(function*({ letters, notes, open, ref }) {
          const offers = yield* Effect.forEach(
            [1, 2, 3, 4],
            (text) => Effect.forkChild(ref.offer(note(text)), { startImmediately: true })
          )
          assert.deepStrictEqual(offers.map((fiber) => fiber.pollUnsafe() !== undefined), [true, false, false, false])
          ref.tell(note("told"))
          yield* open
          for (const fiber of offers) yield* Fiber.join(fiber)
          assert.deepStrictEqual(notes, ["1", "2", "3", "4"])
          assert.deepStrictEqual(lost(letters), ["MailboxFull told"])
        })
      ))

    it.effect("lets requests wait for room, in their order with offers", () =>
      withBusy(
        { mailbox },
        Effect.fnUntraced(function*({ letters, notes, open, ref }) {
          const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })
          yield* ref.offer(note(1))
          const asked = [yield* fork(ref.ask(Job.Get()))]
          const offered = yield* fork(ref.offer(note(2)))
          asked.push(yield* fork(ref.ask(Job.Get(), { timeout: "1 minute" })))
          const late = yield* fork(Effect.flip(ref.ask(Job.Get(), { timeout: "1 second" })))
          const gone = yield* fork(ref.ask(Job.Get()))
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(late))._tag, "AskTimeout")
          yield* Fiber.interrupt(gone)
          yield* open
          yield* Fiber.join(offered)
          assert.deepStrictEqual([yield* Fiber.join(asked[0]!), yield* Fiber.join(asked[1]!)], ["1", "1,2"])
          assert.deepStrictEqual(notes, ["1", "2"])
          assert.deepStrictEqual(lost(letters), [])
        })
      ))

    it.effect("refuses a request that waits for room when the actor ends", () =>
      withBusy(
        { mailbox },
        Effect.fnUntraced(function*({ letters, ref, system }) {
          yield* ref.offer(note(1))
          const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Job.Get())), { startImmediately: true })
          yield* system.kill(ref)
          assert.strictEqual((yield* Fiber.join(asked))._tag, "ActorStopped")
          assert.deepStrictEqual(lost(letters), ["ActorStopped Get", "Discarded 1"])
        })
      ))

    it.effect("forgets an offer whose fiber is interrupted", () =>
      withBusy(
        { mailbox },
        Effect.fnUntraced(function*({ letters, notes, open, ref, system }) {
          yield* ref.offer(note(1))
          const gone = yield* Effect.forkChild(ref.offer(note(2)), { startImmediately: true })
          const last = yield* Effect.forkChild(ref.offer(note(3)), { startImmediately: true })
          yield* Fiber.interrupt(gone)
          yield* open
          yield* Fiber.join(last)
          assert.deepStrictEqual([notes, letters], [["1", "3"], []])
          assert.strictEqual((yield* system.accounting).offered, 3)
        })
      ))

    it.effect.each(["stop", "kill", "quit"] as const)(
      "ends the waits with the actor: %s",
      (how) =>
        withBusy(
          { mailbox },
          Effect.fnUntraced(function*({ letters, open, ref, system }) {
            if (how === "quit") ref.tell(Job.Quit())
            else yield* ref.offer(note(1))
            const offered = yield* Effect.forkChild(Effect.flip(ref.offer(note(2))), { startImmediately: true })
            const ending = yield* Effect.forkChild(
              how === "stop" ? system.stop(ref) : how === "kill" ? system.kill(ref) : Effect.void,
              { startImmediately: true }
            )
            yield* open
            yield* Fiber.join(ending)
            assert.strictEqual(ref.status(), "Stopped")
            if (how === "quit") {
              // It was let in when `Quit` was taken, and discarded.
              assert.isDefined(offered.pollUnsafe())
              assert.deepStrictEqual(lost(letters), ["Discarded 2"])
              yield* Fiber.interrupt(offered)
            } else {
              assert.strictEqual((yield* Fiber.join(offered))._tag, "ActorStopped")
              assert.include(lost(letters), "ActorStopped 2")
            }
          })
        )
    )

    it.effect("loses no wake-up over ten thousand offers of ten fibers", () =>
      withBusy(
        {},
        Effect.fnUntraced(function*({ system }) {
          let sum = 0
          const adder = yield* system.spawn(
            Effect.succeed((n: number) => {
              sum += n
              return sum % 7 === 0 ? Effect.yieldNow : undefined
            }),
            { mailbox: Mailbox.bounded(3, "Block") }
          )
          const fiber = Effect.forEach(Array.from({ length: 1000 }), () => adder.offer(1), { discard: true })
          yield* Effect.all(Array.from({ length: 10 }, () => fiber), { concurrency: "unbounded", discard: true })
          yield* system.stop(adder)
          assert.strictEqual(sum, 10_000)
        })
      ))
  })
})

describe("priorities", () => {
  it.effect("go before lower ones, in the order they came", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ notes, open, ref }) {
        for (const priority of ["Low", "Normal", "High", "System"] as const) {
          for (const i of [1, 2]) ref.tell(note(priority + i), { priority })
        }
        ref.tell(note("plain"))
        yield* open
        assert.deepStrictEqual(notes, [
          "System1",
          "System2",
          "High1",
          "High2",
          "Normal1",
          "Normal2",
          "plain",
          "Low1",
          "Low2"
        ])
        ref.tell(note("after"))
        yield* settle
        assert.strictEqual(notes.at(-1), "after")
      })
    ))

  it.effect("System is taken by a full mailbox; the others count toward it", () =>
    withBusy(
      { mailbox: Mailbox.bounded(2) },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        ref.tell(note("low"), { priority: "Low" })
        ref.tell(note("high"), { priority: "High" })
        ref.tell(note("more"), { priority: "High" })
        ref.tell(note("plain"))
        ref.tell(note("system"), { priority: "System" })
        yield* open
        assert.deepStrictEqual(notes, ["system", "high", "low"])
        assert.deepStrictEqual(lost(letters), ["MailboxFull more", "MailboxFull plain"])
      })
    ))

  it.effect("are those of asks, too", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ open, ref }) {
        ref.tell(note("first"))
        const asked = yield* Effect.forkChild(ref.ask(Job.Get(), { priority: "High" }), { startImmediately: true })
        yield* open
        assert.strictEqual(yield* Fiber.join(asked), "")
      })
    ))

  it.effect("reach an actor in the middle of a batch", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ system }) {
        const handled: Array<string> = []
        const ref = yield* system.spawn(
          Effect.succeed((message: string, context: ActorContext<string>) => {
            handled.push(message)
            if (message === "1") context.tell(context.self, "urgent", { priority: "High" })
          })
        )
        for (const message of ["1", "2", "3"]) ref.tell(message)
        yield* settle
        assert.deepStrictEqual(handled, ["1", "urgent", "2", "3"])
      })
    ))
})

describe("time to live", () => {
  it.effect("makes a dead letter of what comes too late, and fails its asker", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ letters, notes, open, ref, system }) {
        ref.tell(note("short"), { ttl: "1 second" })
        ref.tell(note("long"), { ttl: "3 seconds" })
        ref.tell(note("low"), { ttl: "1 second", priority: "Low" })
        ref.tell(note("for ever"))
        const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Job.Get(), { ttl: "1 second" })), {
          startImmediately: true
        })
        yield* TestClock.adjust("1 second")
        yield* open
        assert.deepStrictEqual(notes, ["long", "for ever"])
        assert.strictEqual((yield* Fiber.join(asked)).message, "busy did not come to the request within 1000 ms")
        assert.deepStrictEqual(lost(letters), ["Expired short", "Expired Get", "Expired low"])
        assert.strictEqual((yield* system.accounting).expired, 3)
      })
    ))

  it.effect("ends an actor that is killed when it is told of, before its next message", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ letters, notes, open, ref, system }) {
        yield* Effect.forkChild(
          Stream.runForEach(system.deadLetters, ({ recipient }) =>
            Effect.forkChild(system.kill(recipient), { startImmediately: true })),
          { startImmediately: true }
        )
        yield* settle
        ref.tell(note("late"), { ttl: 0 })
        ref.tell(note("next"))
        yield* open
        assert.strictEqual(ref.status(), "Stopped")
        assert.deepStrictEqual(notes, [])
        assert.deepStrictEqual(lost(letters), ["Expired late", "Discarded next"])
      })
    ))

  it.effect("runs while an offer or a request waits for room", () =>
    withBusy(
      { mailbox: Mailbox.bounded(1, "Block") },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        ref.tell(note("first"))
        const offered = yield* Effect.forkChild(ref.offer(note("late"), { ttl: "1 second" }), {
          startImmediately: true
        })
        const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Job.Get(), { ttl: "1 second" })), {
          startImmediately: true
        })
        const good = yield* Effect.forkChild(ref.offer(note("good"), { ttl: "3 seconds" }), {
          startImmediately: true
        })
        yield* TestClock.adjust("2 seconds")
        yield* open
        yield* Fiber.joinAll([offered, good])
        assert.strictEqual((yield* Fiber.join(asked))._tag, "MessageExpired")
        assert.deepStrictEqual(notes, ["first", "good"])
        assert.deepStrictEqual(lost(letters), ["Expired late", "Expired Get"])
      })
    ))
})

describe("a schema", () => {
  it.effect("rejects what is not of it, whoever sends it", () =>
    withBusy(
      { schema: Protocol.schema(Job) },
      Effect.fnUntraced(function*({ letters, notes, open, ref }) {
        const untyped = ref as ActorRef<unknown>
        untyped.tell({ _tag: "Note", text: 1 })
        untyped.tell("nonsense")
        const invalid = yield* Effect.flip(untyped.offer({ _tag: "Note" }))
        assert.strictEqual(invalid._tag, "InvalidMessage")
        assert.include(invalid.message, "text")
        const refused = yield* Effect.flip(ref.ask({ _tag: "Gett" } as never))
        assert.instanceOf(refused, InvalidMessage)
        untyped.tell({ _tag: "Note", text: "plain value" })
        ref.tell(note("message"))
        yield* open
        assert.strictEqual(yield* ref.ask(Job.Get()), "plain value,message")
        assert.deepStrictEqual(notes, ["plain value", "message"])
        assert.deepStrictEqual(letters.map(({ reason }) => reason), ["Invalid", "Invalid", "Invalid", "Invalid"])
      })
    ))

  it.effect("rejects what cannot be read, and lets other timers and timeouts go on", () =>
    withBusy(
      { schema: Protocol.schema(Job) },
      Effect.fnUntraced(function*({ letters, open, ref, system }) {
        const throwing = () => {
          throw boom
        }
        const { proxy: revoked, revoke } = Proxy.revocable({}, {})
        revoke()
        const hostile: ReadonlyArray<unknown> = [
          Object.defineProperty({ _tag: "Note" }, "text", { enumerable: true, get: throwing }),
          new Proxy({}, { get: throwing, getOwnPropertyDescriptor: throwing, has: throwing, ownKeys: throwing }),
          revoked
        ]
        const untyped = ref as ActorRef<unknown>
        for (const message of hostile) {
          untyped.tell(message)
          assert.strictEqual((yield* Effect.flip(untyped.offer(message)))._tag, "InvalidMessage")
          assert.instanceOf(yield* Effect.flip(ref.ask(message as never)), InvalidMessage)
        }
        assert.deepStrictEqual(letters.map(({ reason }) => reason), letters.map(() => "Invalid"))
        yield* system.spawn(
          setup<unknown>(({ timers }) => {
            timers.once("hostile", "1 second", hostile[0])
            return Effect.succeed(() => {})
          }),
          { schema: Protocol.schema(Job) }
        )
        const asked = yield* Effect.forkChild(Effect.flip(ref.ask(Job.Get(), { timeout: "2 seconds" })), {
          startImmediately: true
        })
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual((yield* Fiber.join(asked))._tag, "AskTimeout")
        assert.strictEqual(letters.length, 10)
        yield* open
      })
    ))
})

describe("metrics", () => {
  it.effect("tell what became of the messages of one actor, after its end too", () =>
    withBusy(
      { mailbox: Mailbox.bounded(4) },
      Effect.fnUntraced(function*({ open, ref, system }) {
        ref.tell(note(1))
        ref.tell(note(2), { priority: "High" })
        ref.tell(note(3), { ttl: 0 })
        ref.tell(note(4))
        ref.tell(note(5))
        const before = yield* system.metrics(ref)
        assert.deepStrictEqual(before, {
          size: 4,
          capacity: 4,
          accepted: 5,
          rejected: 1,
          handled: 0,
          failed: 0,
          expired: 0,
          evicted: 0,
          quarantined: 0,
          discarded: 0,
          stashed: 0,
          isRunning: true
        })
        yield* open
        ref.tell(Job.Quit())
        ref.tell(note(6))
        yield* settle
        const after = yield* system.metrics(ref)
        assert.deepStrictEqual(after, {
          ...before,
          size: 0,
          accepted: 7,
          handled: 5,
          expired: 1,
          discarded: 1,
          isRunning: false
        })
      })
    ))
})

describe("dead letters", () => {
  it.effect("come when the accounts are right", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      const seen: Array<readonly [string, boolean]> = []
      yield* Effect.forkScoped(
        Stream.runForEach(system.deadLetters, ({ reason }) =>
          Effect.map(system.accounting, (accounts) =>
            seen.push([reason, Accounting.isBalanced(accounts)]))),
        { startImmediately: true }
      )
      yield* settle
      const ref = yield* system.spawn(
        Effect.succeed(() =>
          Effect.never
        ),
        { mailbox: Mailbox.bounded(2, "DropOldest") }
      )
      for (let i = 0; i < 4; i++) {
        ref.tell(i)
        yield* settle
      }
      yield* system.kill(ref)
      yield* settle
      assert.deepStrictEqual(seen, [["Evicted", true], ["Discarded", true], ["Discarded", true]])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest)))

  it.effect("carry message, recipient, sender and reason, and can be sent again", () =>
    withBusy(
      {},
      Effect.fnUntraced(function*({ letters, notes, open, ref, system }) {
        const senders: Array<string | undefined> = []
        const sender = yield* system.spawn(
          Effect.succeed((to: ActorRef<string>, context: ActorContext<ActorRef<string>>) => context.tell(to, "text")),
          { name: "sender" }
        )
        const receiver = (name: string) =>
          system.spawn(
            Effect.succeed((text: string, context: ActorContext<string>) => {
              senders.push(`${name}: ${text} of ${context.sender?.name}`)
            }),
            { name }
          )
        const first = yield* receiver("first")
        yield* system.stop(first)
        sender.tell(first)
        yield* settle
        const letter = letters[0]!
        assert.deepStrictEqual(
          [letter.message, letter.recipient, letter.sender, letter.reason],
          ["text", first, sender, "ActorStopped"]
        )
        assert.isFalse(yield* system.replay(letter))
        const second = yield* receiver("second")
        assert.isTrue(yield* system.replay(letter, second))
        yield* settle
        assert.deepStrictEqual(senders, ["second: text of sender"])
        assert.strictEqual(letters.length, 2)
        ref.tell(note("still here"))
        yield* open
        assert.deepStrictEqual(notes, ["still here"])
      })
    ))
})
