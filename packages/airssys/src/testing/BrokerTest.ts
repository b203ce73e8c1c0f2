/**
 * What every implementation of `Broker` has to do.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Accounting from "../actor/Accounting.ts"
import type { ActorRef } from "../actor/ActorRef.ts"
import * as ActorSystem from "../actor/ActorSystem.ts"
import * as Behaviour from "../actor/Behaviour.ts"
import { Broker } from "../actor/Broker.ts"
import type { SubscribeError } from "../actor/BrokerError.ts"
import type { Guardian } from "../actor/Guardian.ts"
import * as Mailbox from "../actor/Mailbox.ts"
import * as Protocol from "../actor/Protocol.ts"
import type { SpawnOptions } from "../actor/SpawnOptions.ts"
import * as Topic from "../actor/Topic.ts"
import { TurnScheduler } from "../actor/TurnScheduler.ts"

const Probe = Protocol.make({
  Note: { payload: { text: Schema.String } },
  Notes: { payload: {}, reply: Schema.String },
  Ask: { payload: {}, reply: Schema.String, error: Schema.String },
  Release: { payload: {} },
  Crash: { payload: {} }
})
type Probe = Protocol.Message<typeof Probe>
type Asked = Extract<Probe, { readonly _tag: "Ask" }>

type OnAsk = "Answer" | "Refuse" | "Crash" | "Wait" | "Hold" | "Ignore"

/** Keeps notes, and does with an `Ask` what it is told to at its spawn. */
const probe = (onAsk: OnAsk) =>
  Effect.sync(() => {
    const notes: Array<string> = []
    let held: Asked | undefined
    const handler: Behaviour.Handler<Probe> = (message, context) => {
      switch (message._tag) {
        case "Note":
          notes.push(message.text)
          return
        case "Notes":
          return context.reply(message, notes.join(","))
        case "Release":
          if (held !== undefined) context.reply(held, "released")
          return
        case "Crash":
          return Exit.die(new Error("boom"))
        case "Ask":
          switch (onAsk) {
            case "Answer":
              return context.reply(message, context.self.name)
            case "Refuse":
              return context.fail(message, "refused")
            case "Crash":
              return Exit.die(new Error("boom"))
            case "Wait":
              return Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => context.reply(message, "waited")))
            case "Hold":
              held = message
              return
            case "Ignore":
              return
          }
      }
    }
    return handler
  })

const restarting: Guardian = {
  decide: () => ({ _tag: "Restart", restart: { delayMillis: 0, attempt: 1, max: 1 } }),
  started: () => {},
  ended: () => {}
}

const topics = new Map<string, Topic.Topic<Probe>>()

/** Kept, as a program keeps its topics: a broker may remember something with them. */
const topic = (name: string): Topic.Topic<Probe> => {
  const known = topics.get(name)
  if (known !== undefined) return known
  const made = Topic.make(Probe, name)
  topics.set(name, made)
  return made
}
const pattern = (text: string) => Topic.pattern(Probe, text)
const note = (text: string) => Probe.Note({ text })

interface World {
  readonly broker: Broker["Service"]
  readonly system: ActorSystem.ActorSystem["Service"]
  readonly spawn: (onAsk?: OnAsk, options?: SpawnOptions<Probe>) => Effect.Effect<ActorRef<Probe>>
  readonly notesOf: (ref: ActorRef<Probe>) => Effect.Effect<string>
}

/**
 * Registers the tests. The layer gives a fresh broker each time it is built.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = (name: string, layer: Layer.Layer<Broker>): void => {
  const inWorld = <A, E, R>(body: (world: World) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const system = yield* ActorSystem.ActorSystem
      return yield* body({
        system,
        broker: yield* Broker,
        spawn: (onAsk = "Answer", options) => Effect.orDie(system.spawn(probe(onAsk), options)),
        notesOf: (ref) => Effect.orDie(ref.ask(Probe.Notes()))
      })
    }).pipe(Effect.provide(Layer.merge(Layer.fresh(ActorSystem.layerTest), Layer.fresh(layer))))

  describe(`Broker: ${name}`, () => {
    describe("publish", () => {
      it.effect("tells each subscriber whose pattern matches, in the order it was published", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const [exact, word, tail, other] = yield* Effect.all([spawn(), spawn(), spawn(), spawn()])
          yield* broker.subscribe(exact, topic("a.b"))
          yield* broker.subscribe(word, pattern("a.*"))
          yield* broker.subscribe(tail, pattern("a.#"))
          yield* broker.subscribe(other, pattern("*"))
          broker.publish(topic("a.b"), note("1"))
          broker.publish(topic("a.c"), note("2"))
          broker.publish(topic("a"), note("3"))
          broker.publish(topic("a.b.c"), note("4"))
          broker.publish(topic("a.b"), note("5"))
          const notes = yield* Effect.forEach([exact, word, tail, other], notesOf)
          assert.deepStrictEqual(notes, ["1,5", "1,2,5", "1,2,3,4,5", "3"])
        })))

      it.effect("tells a subscriber once for each of its subscriptions", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const ref = yield* spawn()
          const first = yield* broker.subscribe(ref, pattern("a.*"))
          yield* broker.subscribe(ref, topic("a.b"))
          broker.publish(topic("a.b"), note("x"))
          assert.strictEqual(yield* notesOf(ref), "x,x")
          yield* broker.unsubscribe(first)
          yield* broker.unsubscribe(first)
          assert.isFalse(first.isActive())
          broker.publish(topic("a.b"), note("y"))
          assert.strictEqual(yield* notesOf(ref), "x,x,y")
          const { delivered, published, subscriptions } = yield* broker.metrics
          assert.deepStrictEqual([published, delivered, subscriptions], [2, 3, 1])
        })))

      it.effect("counts what nobody listens to, and loses nothing else", () =>
        inWorld(Effect.fnUntraced(function*({ broker, system }) {
          broker.publish(topic("a"), note("x"))
          assert.strictEqual((yield* broker.metrics).unheard, 1)
          assert.strictEqual((yield* system.accounting).offered, 0)
        })))

      it.effect("lets no subscriber that is slow, full or dead harm the others; each delivery is accounted for", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn, system }) {
          const slow = yield* spawn("Wait", { mailbox: Mailbox.bounded(1) })
          const dying = yield* spawn()
          const well = yield* spawn()
          for (const ref of [slow, dying, well]) yield* broker.subscribe(ref, topic("a"))
          slow.tell(Probe.Ask())
          yield* Effect.yieldNow
          for (const text of ["1", "2", "3"]) {
            broker.publish(topic("a"), note(text))
            if (text === "1") yield* system.kill(dying)
          }
          assert.strictEqual(yield* notesOf(well), "1,2,3")
          const accounts = yield* system.accounting
          assert.isTrue(Accounting.isBalanced(accounts))
          const { delivered, subscriptions } = yield* broker.metrics
          assert.deepStrictEqual([delivered, subscriptions], [7, 2])
          // Besides the deliveries: what made the one slow, and the question for notes.
          assert.strictEqual(accounts.offered, delivered + 2)
          assert.strictEqual(accounts.rejected, 2)
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* notesOf(slow), "1")
        })))

      it.effect("names the publisher as the sender", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn, system }) {
          const publisher = yield* spawn("Answer", { name: "publisher" })
          const senders: Array<string | undefined> = []
          const ref = yield* system.spawn(
            Effect.succeed<Behaviour.Handler<Probe>>((message, context) => {
              senders.push(context.sender?.name)
              if (message._tag === "Notes") context.reply(message, "")
            })
          )
          yield* broker.subscribe(ref, topic("a"))
          broker.publish(topic("a"), note("x"), { sender: publisher })
          broker.publish(topic("a"), note("x"))
          yield* ref.ask(Probe.Notes())
          assert.deepStrictEqual(senders.slice(0, 2), ["publisher", undefined])
        })))
    })

    describe("subscriptions", () => {
      it.effect.each(["stop", "kill", "crash"] as const)(
        "end with the actor: %s",
        (end) =>
          inWorld(Effect.fnUntraced(function*({ broker, spawn, system }) {
            const ref = yield* spawn()
            const subscription = yield* broker.subscribe(ref, pattern("#"))
            if (end === "crash") {
              ref.tell(Probe.Crash())
              yield* Effect.exit(ref.ask(Probe.Notes()))
            } else yield* system[end](ref)
            assert.isFalse(subscription.isActive())
            broker.publish(topic("a"), note("x"))
            const { subscriptions, unheard } = yield* broker.metrics
            assert.deepStrictEqual([subscriptions, unheard], [0, 1])
          }))
      )

      it.effect("end at a restart, and can be made again", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const ref = yield* spawn("Answer", { guardian: restarting })
          const subscription = yield* broker.subscribe(ref, topic("a"))
          ref.tell(Probe.Crash())
          assert.strictEqual(yield* notesOf(ref), "")
          assert.isFalse(subscription.isActive())
          broker.publish(topic("a"), note("x"))
          assert.strictEqual(yield* notesOf(ref), "")
          yield* broker.subscribe(ref, topic("a"))
          broker.publish(topic("a"), note("y"))
          assert.strictEqual(yield* notesOf(ref), "y")
        })))

      it.effect("are made anew by a behaviour that makes them at its start", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, system }) {
          const ref = yield* system.spawn(
            Behaviour.setup<Probe, SubscribeError>((context) =>
              Effect.andThen(broker.subscribe(context.self, topic("a")), probe("Ignore"))
            ),
            { guardian: restarting }
          )
          ref.tell(Probe.Crash())
          yield* notesOf(ref)
          broker.publish(topic("a"), note("x"))
          assert.strictEqual(yield* notesOf(ref), "x")
        })))

      it.effect("are refused to an actor that has ended", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn, system }) {
          const ref = yield* spawn()
          yield* system.stop(ref)
          assert.strictEqual((yield* Effect.flip(broker.subscribe(ref, topic("a"))))._tag, "ActorStopped")
        })))
    })

    describe("retained messages", () => {
      it.effect("bring a later subscriber up to date with the latest of each topic", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          broker.publish(topic("a.b"), note("old"), { retain: true })
          broker.publish(topic("a.c"), note("c"), { retain: true })
          broker.publish(topic("a.b"), note("new"), { retain: true })
          broker.publish(topic("a.b"), note("passing"))
          broker.publish(topic("b"), note("other"), { retain: true })
          const ref = yield* spawn()
          yield* broker.subscribe(ref, pattern("a.#"))
          assert.strictEqual(yield* notesOf(ref), "c,new")
          assert.deepStrictEqual(yield* broker.retained(topic("b")), Option.some(note("other")))
          yield* broker.forget(topic("b"))
          assert.isTrue(Option.isNone(yield* broker.retained(topic("b"))))
          const { delivered, retained } = yield* broker.metrics
          assert.deepStrictEqual([delivered, retained], [2, 2])
        })))
    })

    describe("request", () => {
      it.effect("is answered by the subscribers of its topic; the first answer counts", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn }) {
          for (const name of ["one", "two"]) {
            yield* broker.subscribe(yield* spawn("Answer", { name }), pattern("ask.*"))
          }
          assert.strictEqual(yield* broker.request(topic("ask.name"), Probe.Ask()), "one")
          yield* Effect.yieldNow
          assert.strictEqual((yield* broker.metrics).lateReplies, 1)
        })))

      it.effect("gets an answer that comes while it is being sent", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn }) {
          yield* broker.subscribe(yield* spawn("Answer", { name: "one" }), topic("ask"))
          assert.strictEqual(yield* broker.request(topic("ask"), Probe.Ask()), "one")
        })).pipe(Effect.provideService(TurnScheduler, { soon: (task) => task(), later: (task) => task() })))

      it.effect("fails at once without a subscriber", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn }) {
          yield* broker.subscribe(yield* spawn(), topic("other"))
          const error = yield* Effect.flip(broker.request(topic("ask"), Probe.Ask()))
          assert.strictEqual(typeof error === "string" ? error : error._tag, "NoResponder")
        })))

      it.effect("fails with the typed error of a responder", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn }) {
          yield* broker.subscribe(yield* spawn("Refuse"), topic("ask"))
          assert.strictEqual(yield* Effect.flip(broker.request(topic("ask"), Probe.Ask())), "refused")
        })))

      it.effect("outlives responders that crash, end or are full, unless all do", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn, system }) {
          const ending = yield* spawn("Wait")
          const full = yield* spawn("Wait", { mailbox: Mailbox.bounded(1) })
          const crashing = yield* spawn("Crash")
          for (const ref of [crashing, full, ending]) yield* broker.subscribe(ref, topic("ask"))
          const last = yield* spawn("Wait", { name: "last" })
          yield* broker.subscribe(last, topic("ask"))
          full.tell(Probe.Ask())
          yield* Effect.yieldNow
          full.tell(note("x"))
          const asker = yield* Effect.forkChild(broker.request(topic("ask"), Probe.Ask()), { startImmediately: true })
          yield* Effect.yieldNow
          yield* system.kill(ending)
          assert.isUndefined(asker.pollUnsafe())
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* Fiber.join(asker), "waited")
          yield* system.kill(last)
          yield* system.kill(full)
          yield* broker.subscribe(yield* spawn("Crash"), topic("ask"))
          const error = yield* Effect.flip(broker.request(topic("ask"), Probe.Ask()))
          assert.strictEqual(typeof error === "string" ? error : error._tag, "ActorCrashed")
        })))

      it.effect("times out; the late answer is discarded and counted", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const ref = yield* spawn("Wait")
          yield* broker.subscribe(ref, topic("ask"))
          const asker = yield* Effect.forkChild(
            Effect.flip(broker.request(topic("ask"), Probe.Ask(), { timeout: "100 millis" })),
            { startImmediately: true }
          )
          yield* TestClock.adjust("100 millis")
          const error = yield* Fiber.join(asker)
          assert.deepStrictEqual(
            typeof error === "string" ? error : error.message,
            "Nobody answered on ask within 100 ms"
          )
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* notesOf(ref), "")
          assert.strictEqual((yield* broker.metrics).lateReplies, 1)
        })))

      it.effect("can be given up; the late answer is discarded and counted", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const ref = yield* spawn("Wait")
          yield* broker.subscribe(ref, topic("ask"))
          const asker = yield* Effect.forkChild(broker.request(topic("ask"), Probe.Ask()), { startImmediately: true })
          yield* Effect.yieldNow
          yield* Fiber.interrupt(asker)
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* notesOf(ref), "")
          assert.strictEqual((yield* broker.metrics).lateReplies, 1)
        })))

      it.effect("counts the answer of a responder that held it when another had answered", () =>
        inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn }) {
          const holding = yield* spawn("Hold")
          yield* broker.subscribe(holding, topic("ask"))
          yield* broker.subscribe(yield* spawn("Answer", { name: "quick" }), topic("ask"))
          assert.strictEqual(yield* broker.request(topic("ask"), Probe.Ask()), "quick")
          holding.tell(Probe.Release())
          yield* notesOf(holding)
          assert.strictEqual((yield* broker.metrics).lateReplies, 1)
        })))

      it.effect("ends when those that would not answer have ended", () =>
        inWorld(Effect.fnUntraced(function*({ broker, spawn, system }) {
          const refs = yield* Effect.all([spawn("Ignore"), spawn("Hold")])
          for (const ref of refs) yield* broker.subscribe(ref, topic("ask"))
          const asker = yield* Effect.forkChild(Effect.flip(broker.request(topic("ask"), Probe.Ask())), {
            startImmediately: true
          })
          yield* Effect.yieldNow
          yield* system.stop(refs[0])
          assert.isUndefined(asker.pollUnsafe())
          yield* system.stop(refs[1])
          const error = yield* Fiber.join(asker)
          assert.strictEqual(typeof error === "string" ? error : error._tag, "ActorStopped")
        })))
    })

    const Command = Schema.Literals(["subscribe", "unsubscribe", "publish", "kill", "crash", "turn", "request"])
    const commands = Arbitrary.array(
      Arbitrary.schema(
        Schema.Struct({
          command: Command,
          actor: Schema.Literals([0, 1, 2]),
          pattern: Schema.Literals(["a", "a.b", "a.*", "*.b", "a.#", "#"]),
          topic: Schema.Literals(["a", "a.b", "a.c", "b"])
        })
      ),
      { maxLength: 60 }
    )

    it.effect.prop("delivers once for each subscription of a live actor, in any interleaving", { commands }, ({
      commands
    }) =>
      inWorld(Effect.fnUntraced(function*({ broker, notesOf, spawn, system }) {
        const refs = yield* Effect.all([
          spawn("Ignore", { guardian: restarting }),
          spawn("Answer", { guardian: restarting }),
          spawn("Hold", { guardian: restarting })
        ])
        let model: Array<{ readonly actor: number; readonly pattern: string; readonly subscription: unknown }> = []
        let wanted = 0
        for (const { actor, command, ...text } of commands) {
          const ref = refs[actor]!
          switch (command) {
            case "subscribe": {
              const exit = yield* Effect.exit(broker.subscribe(ref, pattern(text.pattern)))
              assert.strictEqual(exit._tag === "Success", ref.status() !== "Stopped")
              if (exit._tag === "Success") model.push({ actor, pattern: text.pattern, subscription: exit.value })
              break
            }
            case "unsubscribe": {
              const [first, ...rest] = model
              if (first !== undefined) yield* broker.unsubscribe(first.subscription as never)
              model = rest
              break
            }
            case "publish":
              broker.publish(topic(text.topic), note("x"))
              wanted += model.filter((_) => Topic.matches(pattern(_.pattern), topic(text.topic))).length
              break
            case "kill":
              yield* system.kill(ref)
              model = model.filter((_) => _.actor !== actor)
              break
            case "crash":
              if (ref.status() === "Stopped") break
              ref.tell(Probe.Crash())
              yield* notesOf(ref)
              model = model.filter((_) => _.actor !== actor)
              break
            case "turn":
              yield* Effect.yieldNow
              break
            case "request": {
              wanted += model.filter((_) => Topic.matches(pattern(_.pattern), topic(text.topic))).length
              yield* Effect.forkChild(Effect.exit(broker.request(topic(text.topic), Probe.Ask())), {
                startImmediately: true
              })
              break
            }
          }
          const { delivered, subscriptions } = yield* broker.metrics
          assert.deepStrictEqual([delivered, subscriptions], [wanted, model.length])
          assert.isTrue(Accounting.isBalanced(yield* system.accounting))
        }
      })))
  })
}
