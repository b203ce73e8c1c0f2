/**
 * A worker that notices what is lost, doubled, out of order or left over, and
 * what programs do with it.
 */
import type { ActorContext } from "airssys/actor/ActorContext"
import type { ActorRef } from "airssys/actor/ActorRef"
import type * as ActorSystem from "airssys/actor/ActorSystem"
import type { Behaviour, Handler } from "airssys/actor/Behaviour"
import * as Protocol from "airssys/actor/Protocol"
import * as Simulation from "airssys/testing/Simulation"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

export type System = ActorSystem.ActorSystem
export type Program = Effect.Effect<void, unknown, System | Scope.Scope>

export const Work = Protocol.make({
  Add: { payload: { from: Schema.Int, number: Schema.Int } },
  Slow: { payload: { from: Schema.Int, number: Schema.Int } },
  Total: { payload: {}, reply: Schema.Int },
  Later: { payload: {}, reply: Schema.Int },
  Hold: { payload: {}, reply: Schema.Int },
  Release: { payload: {} },
  Crash: { payload: {} },
  Ended: { payload: { who: Schema.String } }
})
export type Work = Protocol.Message<typeof Work>
export type Held = Extract<Work, { readonly _tag: "Hold" }>

export const check = (holds: boolean, otherwise: string): void => {
  if (!holds) throw new Error(otherwise)
}

/** What all lives of one actor leave behind. */
export class Record {
  handled = 0
  lives = 0
  alive = 0
  released = 0
  inWork = 0
  wrong: string | undefined = undefined
  readonly last = new Map<number, number>()
  readonly contexts: Array<ActorContext<Work>> = []

  /** What one sender sends has to come in order; once a crash may lose some, in no other. */
  note(from: number, number: number, mayMiss: boolean): void {
    const before = this.last.get(from) ?? 0
    const isNext = mayMiss ? number > before : number === before + 1
    if (!isNext) this.wrong ??= `sender ${from}: ${number} after ${before}`
    this.last.set(from, number)
    this.handled++
  }
}

export const pause = Effect.flatMap(Random.nextBoolean, (now) => now ? Effect.void : Effect.sleep("3 millis"))

export const working = (record: Record, mayMiss: boolean): Behaviour<Work, never, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        record.alive++
        if (record.alive > 1) record.wrong ??= "two lives at a time"
      }),
      () =>
        Effect.andThen(
          pause,
          Effect.sync(() => {
            record.alive--
            record.released++
          })
        )
    )
    const life = ++record.lives
    const held: Array<Held> = []
    const handler: Handler<Work> = (message, context) => {
      if (life !== record.lives) record.wrong ??= "an old life handles a message"
      if (record.inWork > 0) record.wrong ??= "two messages at a time"
      if (!record.contexts.includes(context)) record.contexts.push(context)
      switch (message._tag) {
        case "Add":
          return record.note(message.from, message.number, mayMiss)
        case "Slow":
          record.note(message.from, message.number, mayMiss)
          record.inWork++
          return Effect.ensuring(Effect.sleep("10 millis"), Effect.sync(() => record.inWork--))
        case "Total":
          return context.reply(message, record.handled)
        case "Later":
          return Effect.andThen(Effect.sleep("5 millis"), Effect.sync(() => context.reply(message, record.handled)))
        case "Hold":
          held.push(message)
          return
        case "Release":
          for (const request of held.splice(0)) context.reply(request, record.handled)
          return
        case "Crash":
          throw new Error("crash")
        case "Ended":
          return
      }
    }
    return handler
  })

export const send = Effect.fnUntraced(function*(worker: ActorRef<Work>, from: number, count: number) {
  for (let number = 1; number <= count; number++) {
    worker.tell((yield* Random.nextBoolean) ? Work.Add({ from, number }) : Work.Slow({ from, number }))
    yield* pause
  }
})

export const together = (effects: ReadonlyArray<Effect.Effect<unknown, unknown, System | Scope.Scope>>) =>
  Effect.all(effects, { concurrency: "unbounded", discard: true })

export const intact = (record: Record) =>
  Simulation.always("the worker is in order", () => {
    check(record.wrong === undefined, record.wrong ?? "")
    return true
  })

export const stubborn = Effect.fnUntraced(function*(worker: ActorRef<Work>) {
  for (let i = 0; i < 50; i++) {
    const answer = yield* Effect.option(worker.ask(Work.Total(), { timeout: "1 second" }))
    if (answer._tag === "Some") return answer.value
  }
  return yield* Effect.die(new Error("the worker does not answer any more"))
})
