import type { ActorContext } from "airssys/actor/ActorContext"
import type { OfferError, StashFull } from "airssys/actor/ActorError"
import * as ActorRef from "airssys/actor/ActorRef"
import * as Behaviour from "airssys/actor/Behaviour"
import * as Protocol from "airssys/actor/Protocol"
import type { Terminated } from "airssys/actor/Termination"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Sink from "effect/Sink"
import { describe, expect, test } from "tstyche"

const Store = Protocol.make({
  Put: { payload: { key: Schema.String } },
  Get: { payload: { key: Schema.String }, reply: Schema.Finite }
})
type Store = Protocol.Message<typeof Store>

declare const context: ActorContext<Store>
declare const ref: ActorRef.ActorRef<Store>
declare const onTerminated: (terminated: Terminated) => Store
declare const onNumber: (exit: Exit.Exit<number, "no">) => Store
declare const onString: (exit: Exit.Exit<string, "no">) => Store
declare const onStore: (message: Store) => void
declare const onText: (message: string) => void
declare const other: ActorRef.ActorRef<string>

describe("what an actor sends itself", () => {
  test("is of its own protocol", () => {
    expect(context.watch).type.toBeCallableWith(other, onTerminated)
    expect(context.watch).type.not.toBeCallableWith(other, () => "text")
    expect(context.timers.once).type.toBeCallableWith("x", "1 second", Store.Put({ key: "" }))
    expect(context.timers.once).type.not.toBeCallableWith("x", "1 second", "text")
    expect(context.receiveTimeout).type.toBeCallableWith(undefined)
    expect(context.receiveTimeout).type.not.toBeCallableWith("1 second")
    expect(context.receiveTimeout).type.not.toBeCallableWith("1 second", "text")
    expect(context.continueWith).type.not.toBeCallableWith("text")
    expect(context.stash).type.not.toBeCallableWith("text")
    expect(context.stash(Store.Put({ key: "" }))).type.toBe<Exit.Exit<void, StashFull>>()
  })

  test("is made of the typed exit of an Effect", () => {
    const effect = null as unknown as Effect.Effect<number, "no", Scope.Scope>
    expect(context.pipeToSelf).type.toBeCallableWith(
      effect,
      onNumber
    )
    expect(context.pipeToSelf).type.not.toBeCallableWith(effect, onString)
    expect(context.fork(effect)).type.toBe<Fiber.Fiber<number, "no">>()
  })

  test("an Effect that needs more than the scope cannot be forked", () => {
    const needing = null as unknown as Effect.Effect<void, never, { readonly db: unique symbol }>
    expect(context.fork).type.not.toBeCallableWith(needing)
  })

  test("become takes a handler of the same messages", () => {
    expect(context.become).type.toBeCallableWith(onStore)
    expect(context.become).type.not.toBeCallableWith(onText)
  })
})

describe("setup", () => {
  test("keeps the error and the requirements of what it makes", () => {
    const make = null as unknown as (
      context: ActorContext<Store>
    ) => Behaviour.Behaviour<Store, "failed", Scope.Scope>
    expect(Behaviour.setup(make)).type.toBe<Behaviour.Behaviour<Store, "failed", Scope.Scope>>()
  })
})

describe("adapters", () => {
  test("a sink takes what the ref takes", () => {
    expect(ActorRef.toSink(ref)).type.toBe<Sink.Sink<void, Store, never, OfferError>>()
  })

  test("a promise gives the reply, and only requests are asked", () => {
    expect(ActorRef.askPromise(ref, Store.Get({ key: "" }))).type.toBe<Promise<number>>()
    expect(ActorRef.askPromise<Store, unknown, unknown>).type.not.toBeCallableWith(ref, Store.Put({ key: "" }))
  })
})

describe("transitions", () => {
  test("are those of a life and no others", () => {
    expect<{ readonly from: "Starting"; readonly to: "Running" }>().type.toBeAssignableTo<ActorRef.Transition>()
    expect<{ readonly from: "Stopped"; readonly to: "Running" }>().type.not.toBeAssignableTo<ActorRef.Transition>()
    expect<{ readonly from: "Running"; readonly to: "Starting" }>().type.not.toBeAssignableTo<ActorRef.Transition>()
    expect<{ readonly from: "Stopping"; readonly to: "Running" }>().type.not.toBeAssignableTo<ActorRef.Transition>()
  })
})
