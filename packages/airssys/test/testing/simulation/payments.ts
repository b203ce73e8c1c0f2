/**
 * A program for a network that is not reliable.
 */
import type { ActorRef } from "airssys/actor/ActorRef"
import type { Behaviour } from "airssys/actor/Behaviour"
import * as ChildSpec from "airssys/actor/ChildSpec"
import * as Protocol from "airssys/actor/Protocol"
import * as Supervisor from "airssys/actor/Supervisor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { check, type Program, together } from "./worker.ts"

export const Ledger = Protocol.make({
  Pay: { payload: { id: Schema.Int }, reply: Schema.Int },
  Paid: { payload: {}, reply: Schema.Int }
})
export type Ledger = Protocol.Message<typeof Ledger>

/** Payments over a network that loses, doubles and delays; the ledger may crash. Each is made once. */
export const payments = (isIdempotent: boolean): Program =>
  Effect.gen(function*() {
    const paid: Array<number> = []
    const ledger: Behaviour<Ledger> = Effect.succeed((message, context) => {
      if (message._tag === "Paid") return context.reply(message, paid.length)
      if (!isIdempotent || !paid.includes(message.id)) paid.push(message.id)
      context.reply(message, message.id)
    })
    const { services } = yield* Supervisor.start(Supervisor.make({
      strategy: "OneForOne",
      intensity: { restarts: 1000, within: "1 second" },
      children: [ChildSpec.make({
        id: "ledger",
        behaviour: ledger,
        backoff: { base: "10 millis", factor: 1, cap: "10 millis" },
        provide: (ref) => Context.make(Book, ref)
      })]
    }))
    const book = Context.get(services, Book)
    const pay = (id: number) => Effect.retry(book.ask(Ledger.Pay({ id }), { timeout: "100 millis" }), { times: 100 })
    yield* together([1, 2, 3, 4].map(pay))
    check(new Set(paid).size === 4, `paid ${paid.join()}`)
    check(paid.length === 4, `paid twice: ${paid.join()}`)
  })
export class Book extends Context.Service<Book, ActorRef<Ledger>>()("test/simulation/Book") {}
