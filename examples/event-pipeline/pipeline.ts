/**
 * Lines of sales are parsed, summed up in batches, and kept: three actors under
 * rest-for-one.
 *
 * They are started in the order of what they need: the ledger, the batch that
 * goes to the ledger, the parser that fills the batch. When one crashes, it is
 * restarted with those after it. A line that cannot be parsed costs the parser's
 * life and nothing else; a sale that the batch cannot take costs the open batch;
 * the ledger keeps what it has. Lines that wait go on waiting, and a full mailbox
 * makes the stream of lines wait.
 */
import { ActorRef, ActorSystem, Backoff, type Behaviour, ChildSpec, Mailbox, Protocol, Supervisor } from "airssys"
import { Data, Effect, Option, Schema, Stream } from "effect"

const Sale = { product: Schema.String, amount: Schema.Int }

const Ledger = Protocol.make({
  Add: { payload: { sales: Schema.Array(Schema.Struct(Sale)) } },
  Read: { payload: {}, reply: Schema.Array(Schema.Tuple([Schema.String, Schema.Int])) }
})

const Batch = Protocol.make({
  Sell: { payload: Sale },
  /** Answered when what is in the batch is on its way to the ledger. */
  Close: { payload: {}, reply: Schema.Void }
})

const Parser = Protocol.make({
  Line: { payload: { text: Schema.String } },
  /** Answered when all lines before it have gone through. */
  End: { payload: {}, reply: Schema.Void }
})

export class Malformed extends Data.TaggedError("Malformed")<{ readonly text: string }> {}

export class Negative extends Data.TaggedError("Negative")<{ readonly product: string }> {}

const stage = <P extends Protocol.Any>(name: string, protocol: P) =>
  Effect.flatMap(ActorSystem.ActorSystem, (system) => Effect.map(system.lookup(name, protocol), Option.getOrThrow))

const ledger: Behaviour.Behaviour<Protocol.Message<typeof Ledger>> = Effect.sync(() => {
  const totals = new Map<string, number>()
  return (message, context) => {
    if (message._tag === "Read") return context.reply(message, [...totals])
    for (const { amount, product } of message.sales) totals.set(product, (totals.get(product) ?? 0) + amount)
  }
})

const batch = Effect.map(stage("ledger", Ledger), (ledger): Behaviour.Handler<Protocol.Message<typeof Batch>> => {
  const sales: Array<{ readonly product: string; readonly amount: number }> = []
  const close = () => ledger.tell(Ledger.Add({ sales: sales.splice(0) }))
  return (message, context) => {
    if (message._tag === "Close") {
      close()
      return context.reply(message, undefined)
    }
    const { amount, product } = message
    if (amount < 0) return Effect.fail(new Negative({ product }))
    return sales.push({ product, amount }) < 3 ? undefined : close()
  }
})

const parser = Effect.map(
  stage("batch", Batch),
  (batch): Behaviour.Handler<Protocol.Message<typeof Parser>> => (message, context) => {
    if (message._tag === "End") {
      return Effect.map(context.ask(batch, Batch.Close()), () => context.reply(message, undefined))
    }
    const [, product, amount] = /^(\w+),(-?\d{1,9})$/.exec(message.text) ?? []
    if (product === undefined) return Effect.fail(new Malformed({ text: message.text }))
    return batch.tell(Batch.Sell({ product, amount: Number(amount) }))
  }
)

const specification = Supervisor.make({
  strategy: "RestForOne",
  intensity: { restarts: 10, within: "1 minute" },
  children: [
    ChildSpec.make({ id: "ledger", behaviour: ledger, protocol: Ledger }),
    ChildSpec.make({ id: "batch", behaviour: batch, protocol: Batch, backoff: Backoff.none }),
    ChildSpec.make({
      id: "parser",
      behaviour: parser,
      protocol: Parser,
      mailbox: Mailbox.bounded(16, "Block"),
      // It may be waiting for the batch with which it is restarted.
      shutdown: "Brutal",
      backoff: Backoff.none
    })
  ]
})

/** Runs lines through the stages, and gives what the ledger has then. */
export const run = Effect.fnUntraced(function*(lines: Stream.Stream<string>) {
  yield* Supervisor.start(specification)
  const parser = yield* stage("parser", Parser)
  yield* Stream.run(Stream.map(lines, (text) => Parser.Line({ text })), ActorRef.toSink(parser))
  // A stage may be restarted while the last lines are on their way.
  yield* Effect.retry(parser.ask(Parser.End()), {
    while: ({ _tag }) => _tag === "ActorRestarted" || _tag === "ActorCrashed"
  })
  return yield* Effect.flatMap(stage("ledger", Ledger), (ledger) => ledger.ask(Ledger.Read()))
}, Effect.scoped)
