import type { ActorContext } from "airssys/actor/ActorContext"
import type {
  ActorStopped,
  AskError,
  InvalidMessage,
  MailboxFull,
  MessageRefused,
  SpawnError
} from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import type { ActorSystem } from "airssys/actor/ActorSystem"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Pool from "airssys/actor/Pool"
import * as Protocol from "airssys/actor/Protocol"
import type { SpawnOptions } from "airssys/actor/SpawnOptions"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

class Missing extends Schema.TaggedError<Missing>("test/Missing")("Missing", {}) {}

const Store = Protocol.make({
  Put: { payload: { key: Schema.String, value: Schema.Finite } },
  Get: { payload: { key: Schema.String }, reply: Schema.Finite, error: Missing },
  Size: { payload: {}, reply: Schema.Finite }
})
type Store = Protocol.Message<typeof Store>

const Other = Protocol.make({ Ping: { payload: {} } })
const More = Protocol.make({ Put: { payload: { key: Schema.String, value: Schema.Finite } }, Ping: { payload: {} } })

class Lookup extends Protocol.request<string, "NotFound">()("Lookup")<{ readonly key: string }> {}

declare const ref: ActorRef<Store>
declare const context: ActorContext<Store>
declare const system: ActorSystem["Service"]

describe("Protocol", () => {
  test("constructors take the payload and nothing else", () => {
    expect(Store.Put).type.toBeCallableWith({ key: "a", value: 1 })
    expect(Store.Put).type.not.toBeCallableWith({ key: "a" })
    expect(Store.Put).type.not.toBeCallableWith()
    expect(Store.Size).type.toBeCallableWith()
    expect(Store.Put({ key: "a", value: 1 })).type.toBeAssignableTo<
      { readonly _tag: "Put"; readonly key: string; readonly value: number }
    >()
  })

  test("a message without a reply is no request", () => {
    expect<ReturnType<typeof Store.Put>>().type.not.toBeAssignableTo<Protocol.Request<unknown, unknown>>()
    expect<ReturnType<typeof Store.Get>>().type.toBeAssignableTo<Protocol.Request<number, Missing>>()
  })
})

describe("ActorRef", () => {
  test("ask infers the reply and the error", () => {
    expect(ref.ask(Store.Get({ key: "a" }))).type.toBe<Effect.Effect<number, Missing | AskError>>()
    expect(ref.ask(Store.Size())).type.toBe<Effect.Effect<number, AskError>>()
    expect<ActorRef<Lookup>["ask"]>().type.toBeCallableWith(new Lookup({ key: "a" }))
  })

  test("ask of a request class infers from the class", () => {
    const lookup = null as unknown as ActorRef<Lookup>
    expect(lookup.ask(new Lookup({ key: "a" }))).type.toBe<Effect.Effect<string, "NotFound" | AskError>>()
  })

  test("asking a message without a reply does not compile", () => {
    expect(ref.ask).type.not.toBeCallableWith(Store.Put({ key: "a", value: 1 }))
  })

  test("asking or telling what the actor does not take does not compile", () => {
    expect(ref.ask).type.not.toBeCallableWith(new Lookup({ key: "a" }))
    expect(ref.tell).type.not.toBeCallableWith(new Lookup({ key: "a" }))
    expect(ref.tell).type.not.toBeCallableWith({ _tag: "Get", key: "a" })
  })

  test("is contravariant in its messages", () => {
    expect<ActorRef<string | number>>().type.toBeAssignableTo<ActorRef<string>>()
    expect<ActorRef<string>>().type.not.toBeAssignableTo<ActorRef<string | number>>()
    expect<ActorRef<Store>>().type.toBeAssignableTo<ActorRef<never>>()
  })

  test("offer fails only when the message is not taken", () => {
    expect(ref.offer(Store.Size())).type.toBe<
      Effect.Effect<void, MailboxFull | ActorStopped | InvalidMessage | MessageRefused>
    >()
  })
})

describe("ActorContext", () => {
  test("answers are checked against the request", () => {
    expect(context.reply).type.toBeCallableWith(Store.Size(), 1)
    expect(context.reply).type.not.toBeCallableWith(Store.Size(), "1")
    expect(context.reply).type.not.toBeCallableWith(Store.Put({ key: "a", value: 1 }), 1)
    expect(context.fail).type.toBeCallableWith(Store.Get({ key: "a" }), new Missing({}))
    expect(context.fail).type.not.toBeCallableWith(Store.Get({ key: "a" }), "missing")
    expect(context.fail).type.not.toBeCallableWith(Store.Size(), new Missing({}))
  })

  test("tells others what they take", () => {
    const other = null as unknown as ActorRef<string>
    expect(context.tell).type.toBeCallableWith(other, "text")
    expect(context.tell).type.not.toBeCallableWith(other, 1)
  })
})

describe("spawn", () => {
  interface Db {
    readonly _: unique symbol
  }

  test("keeps the behaviour's error and requirements, without the scope", () => {
    const behaviour = null as unknown as Behaviour<Store, Missing, Db | Scope.Scope>
    expect(system.spawn(behaviour)).type.toBe<Effect.Effect<ActorRef<Store>, Missing | SpawnError, Db>>()
  })

  test("a handler needs nothing but its scope", () => {
    const needing = null as unknown as Effect.Effect<void, never, Db>
    expect<(message: string) => typeof needing>().type.not.toBeAssignableTo<Handler<string>>()
    expect<(message: string) => Effect.Effect<void, Missing, Scope.Scope>>().type.toBeAssignableTo<Handler<string>>()
  })

  test("a handler returns nothing or an Effect", () => {
    expect<(message: string) => number>().type.not.toBeAssignableTo<Handler<string>>()
    expect<(message: string) => Promise<void>>().type.not.toBeAssignableTo<Handler<string>>()
  })

  test("a protocol of messages that the actor does not take is not accepted", () => {
    const behaviour = null as unknown as Behaviour<Store>
    const wider = null as unknown as Behaviour<Store | "internal">
    expect(system.spawn).type.toBeCallableWith(behaviour, { protocol: Store })
    expect(system.spawn).type.toBeCallableWith(wider, { protocol: Store })
    expect(system.spawn).type.not.toBeCallableWith(behaviour, { protocol: Other })
    expect(system.spawn).type.not.toBeCallableWith(behaviour, { protocol: More })
    expect(context.spawn).type.not.toBeCallableWith(behaviour, { protocol: More })
    expect(ChildSpec.make).type.toBeCallableWith({ id: "store", behaviour, protocol: Store })
    expect(ChildSpec.make).type.not.toBeCallableWith({ id: "store", behaviour, protocol: More })
    expect(Pool.make).type.toBeCallableWith({ id: "store", size: 1, behaviour, protocol: Store })
    expect(Pool.make).type.not.toBeCallableWith({ id: "store", size: 1, behaviour, protocol: More })
    expect<SpawnOptions<Store>>().type.toBeAssignableTo<SpawnOptions<Store | "internal">>()
    expect<SpawnOptions<Store | "internal">>().type.not.toBeAssignableTo<SpawnOptions<Store>>()
  })

  test("a schema of values that the actor does not take is not accepted", () => {
    const behaviour = null as unknown as Behaviour<Store>
    expect(system.spawn).type.toBeCallableWith(behaviour, { schema: Protocol.schema(Store) })
    expect(system.spawn).type.not.toBeCallableWith(behaviour, { schema: Protocol.schema(More) })
    expect(system.spawn).type.not.toBeCallableWith(behaviour, { schema: Schema.Unknown })
    const text = null as unknown as Behaviour<string>
    expect(system.spawn).type.toBeCallableWith(text, { schema: Schema.NonEmptyString })
    expect(system.spawn).type.not.toBeCallableWith(text, { schema: Schema.Finite })
  })

  test("lookup gives a ref that can be told only with the protocol", () => {
    expect(system.lookup("a")).type.toBe<Effect.Effect<Option.Option<ActorRef<never>>>>()
    expect(system.lookup("a", Store)).type.toBe<Effect.Effect<Option.Option<ActorRef<Store>>>>()
  })
})
