import type { SpawnError } from "airssys/actor/ActorError"
import type { ActorRef } from "airssys/actor/ActorRef"
import type { ActorSystem } from "airssys/actor/ActorSystem"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as DynamicSupervisor from "airssys/actor/DynamicSupervisor"
import * as Supervisor from "airssys/actor/Supervisor"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

interface Rates {
  readonly rates: unique symbol
}
interface Totals {
  readonly totals: unique symbol
}
interface Engine {
  readonly engine: unique symbol
}

declare const behaviour: Behaviour<string, "RatesFailed", Engine | Scope.Scope>
declare const plain: Behaviour<number>
declare const ratesOf: (ref: ActorRef<string>) => Context.Context<Rates>
declare const totalsOf: (ref: ActorRef<number>) => Context.Context<Totals>

const rates = ChildSpec.make({ id: "rates", behaviour, provide: ratesOf })
const totals = ChildSpec.make({ id: "totals", behaviour: plain, provide: totalsOf })
const silent = ChildSpec.make({ id: "silent", behaviour: plain })

const intensity = { restarts: 3, within: "10 seconds" } as const

describe("ChildSpec", () => {
  test("carries services, error and requirements", () => {
    expect(rates).type.toBe<ChildSpec.ChildSpec<Rates, "RatesFailed", Engine, string>>()
    expect(silent).type.toBe<ChildSpec.ChildSpec<never, never, never, number>>()
  })

  test("a name is a text, or false for none", () => {
    expect(ChildSpec.make).type.toBeCallableWith({ id: "silent", name: "other", behaviour: plain })
    expect(ChildSpec.make).type.toBeCallableWith({ id: "silent", name: false, behaviour: plain })
    expect(ChildSpec.make).type.not.toBeCallableWith({ id: "silent", name: true, behaviour: plain })
    expect(Supervisor.make).type.not.toBeCallableWith({ name: true, strategy: "OneForOne", children: [] })
  })

  test("provide takes the ref of its behaviour", () => {
    expect(ChildSpec.make).type.not.toBeCallableWith({ id: "totals", behaviour: plain, provide: ratesOf })
  })
})

describe("Supervisor", () => {
  test("its layer provides the union of its children's services", () => {
    expect(Supervisor.layer({ strategy: "OneForOne", intensity, children: [rates, totals, silent] })).type.toBe<
      Layer.Layer<Rates | Totals, "RatesFailed" | Supervisor.StartError, ActorSystem | Engine>
    >()
  })

  test("a strategy that OTP does not have is not accepted", () => {
    expect(Supervisor.make).type.toBeCallableWith({ strategy: "RestForOne", intensity, children: [] })
    expect(Supervisor.make).type.not.toBeCallableWith({ strategy: "AllForOne", intensity, children: [] })
  })

  test("a supervisor is a child: its services, errors and requirements go up", () => {
    const below = Supervisor.make({ id: "below", strategy: "OneForAll", intensity, children: [rates] })
    expect(Supervisor.layer({ strategy: "RestForOne", intensity, children: [below, totals] })).type.toBe<
      Layer.Layer<Rates | Totals, "RatesFailed" | Supervisor.StartError, ActorSystem | Engine>
    >()
  })

  test("a child started later keeps its message type and services", () => {
    const handle = null as unknown as Supervisor.Handle<never>
    expect(handle.startChild(totals)).type.toBe<
      Effect.Effect<ChildSpec.Child<Totals, number>, Supervisor.StartError>
    >()
  })
})

describe("DynamicSupervisor", () => {
  const sessions = DynamicSupervisor.make({
    template: (user: string, level: number) => ChildSpec.make({ id: `${user}-${level}`, behaviour, provide: ratesOf })
  })

  test("takes what its template needs when it starts, and its arguments at each child", () => {
    expect(DynamicSupervisor.start(sessions)).type.toBe<
      Effect.Effect<
        DynamicSupervisor.Handle<[user: string, level: number], Rates, "RatesFailed", string>,
        SpawnError,
        ActorSystem | Scope.Scope | Engine
      >
    >()
    const handle = null as unknown as DynamicSupervisor.Handle<[string, number], Rates, "RatesFailed", string>
    expect(handle.startChild).type.toBeCallableWith("ada", 1)
    expect(handle.startChild).type.not.toBeCallableWith("ada")
    expect(handle.startChild("ada", 1)).type.toBe<
      Effect.Effect<ChildSpec.Child<Rates, string>, "RatesFailed" | Supervisor.StartError>
    >()
  })
})
