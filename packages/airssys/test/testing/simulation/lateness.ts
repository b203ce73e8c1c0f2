/**
 * A program about what an actor keeps for later: stashed messages, timers, and
 * Effects whose results it sends itself.
 */
import type { ActorRef } from "airssys/actor/ActorRef"
import * as Behaviour from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Simulation from "airssys/testing/Simulation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { check, pause, type Program, together } from "./worker.ts"

const Desk = Protocol.make({
  Job: { payload: { from: Schema.Int, number: Schema.Int }, reply: Schema.Int },
  Open: { payload: { life: Schema.Int } },
  Close: { payload: {} },
  Tick: { payload: { life: Schema.Int } },
  Idle: { payload: { life: Schema.Int } },
  Done: { payload: { life: Schema.Int } },
  Crash: { payload: {} },
  Silence: { payload: {} }
})
type Desk = Protocol.Message<typeof Desk>

class Counter extends Context.Service<Counter, ActorRef<Desk>>()("test/simulation/Counter") {}

/** Opens some time after its start, stashes the jobs that come before, and crashes now and then. */
export const lateness: Program = Effect.gen(function*() {
  let wrong: string | undefined
  let lives = 0
  let isSilent = false
  const desk = Behaviour.setup<Desk>((context) =>
    Effect.sync(() => {
      const life = ++lives
      const last = new Map<number, number>()
      const own = (message: { readonly life: number; readonly _tag: string }): void => {
        if (message.life !== life) wrong ??= `${message._tag} of life ${message.life} in life ${life}`
        if (isSilent && message._tag !== "Open") wrong ??= `${message._tag} after it was cancelled`
      }
      const close = () => context.timers.once("open", "5 millis", Desk.Open({ life }))
      const closed: Behaviour.Handler<Desk> = (message) => {
        switch (message._tag) {
          case "Job":
            return context.stash(message)
          case "Open":
            own(message)
            context.become(open)
            return context.unstashAll()
          default:
            return always(message)
        }
      }
      const open: Behaviour.Handler<Desk> = (message) => {
        switch (message._tag) {
          case "Job":
            if (message.number <= (last.get(message.from) ?? 0)) {
              wrong ??= `job ${message.number} of ${message.from} again`
            }
            last.set(message.from, message.number)
            return context.reply(message, message.number)
          case "Close":
            context.become(closed)
            return close()
          default:
            return always(message)
        }
      }
      const always = (message: Desk): void => {
        if (message._tag === "Crash") throw new Error("crash")
        if (message._tag === "Silence") {
          isSilent = true
          context.timers.cancel("tick")
          return context.receiveTimeout(undefined)
        }
        if (message._tag === "Tick" || message._tag === "Idle" || message._tag === "Done") own(message)
      }
      isSilent = false
      close()
      context.timers.periodic("tick", "3 millis", Desk.Tick({ life }))
      context.receiveTimeout("4 millis", Desk.Idle({ life }))
      context.pipeToSelf(Effect.sleep("6 millis"), () => Desk.Done({ life }))
      return closed
    })
  )
  yield* Simulation.always("only this life's messages arrive, each once", () => {
    check(wrong === undefined, wrong ?? "")
    return true
  })
  const { services } = yield* Supervisor.start(Supervisor.make({
    strategy: "OneForOne",
    intensity: { restarts: 1000, within: "1 second" },
    children: [ChildSpec.make({
      id: "desk",
      behaviour: desk,
      backoff: { base: "1 millis", factor: 1, cap: "1 millis" },
      provide: (ref) => Context.make(Counter, ref)
    })]
  }))
  const ref = Context.get(services, Counter)
  const asking: Array<Fiber.Fiber<unknown, unknown>> = []
  const send = Effect.fnUntraced(function*(from: number) {
    for (let number = 1; number <= 5; number++) {
      asking.push(
        yield* Effect.forkScoped(ref.ask(Desk.Job({ from: from * 10 + number, number })), { startImmediately: true })
      )
      ref.tell(Desk.Job({ from, number }))
      if ((yield* Random.nextIntBetween(0, 6)) === 0) ref.tell(Desk.Close())
      yield* pause
    }
  })
  const disturb = Effect.gen(function*() {
    for (let i = 0; i < 3; i++) {
      yield* Effect.sleep("4 millis")
      yield* pause
      ref.tell(Desk.Crash())
    }
  })
  yield* together([send(1), send(2), disturb])
  yield* Effect.sleep("1 second")
  ref.tell(Desk.Silence())
  yield* Effect.sleep("1 second")
  const left = asking.filter((fiber) => fiber.pollUnsafe() === undefined)
  check(left.length === 0, `${left.length} askers are left waiting`)
  check(lives === 4, `${lives} lives after 3 crashes`)
})
