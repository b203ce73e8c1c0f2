/**
 * Messages to components that are hosted, and their typed answers, through all
 * that a host puts between the two: the actor, the bound principal, the limits,
 * the receipt. `actor` is the same message to an actor that adds by itself.
 */
import { ActorSystem, type Behaviour, Protocol } from "airssys"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Work as SuiteWork } from "../../harness/Suite.ts"
import * as Work from "../component/Work.ts"
import type { Fuel } from "./guest.ts"
import * as hosting from "./hosting.ts"

type Add = (a: number, b: number) => Effect.Effect<number, unknown>

/** Asks for one sum after the other, each in the fiber that had the last. */
const inOrder = Effect.fnUntraced(function*(add: Add, count: number) {
  let sum = 0
  for (let call = 0; call < count; call++) sum = yield* add(sum, 1)
  return sum
})

/** The sums are shared by as many fibers as there are functions. */
const sums = (adds: ReadonlyArray<Add>, close: () => Promise<void>): SuiteWork => {
  const [only] = adds
  const run = (count: number) =>
    adds.length === 1
      ? inOrder(only!, count)
      : Effect.map(
        Effect.forEach(adds, (add) => inOrder(add, count / adds.length), { concurrency: "unbounded" }),
        (sums) => sums.reduce((total, sum) => total + sum, 0)
      )
  return Work.adding((count) => Effect.runPromise(run(count)), close)
}

const hosted = async (count: number, fuel: Fuel, receipts = false) => {
  const { close, receipts: kept, runtime } = await hosting.open(await hosting.copies(count, fuel), { receipts })
  const clients = await Effect.runPromise(
    Effect.forEach(
      Array.from({ length: count }, (_, index) => `bench:work-${index}`),
      (id) => Effect.map(hosting.start(runtime, id), ({ client }) => client)
    )
  )
  return { clients, close, kept }
}

export const components = async (count: number, fuel: Fuel): Promise<SuiteWork> => {
  const { clients, close } = await hosted(count, fuel)
  return sums(clients.map(({ add }) => add), close)
}

/** Each receipt is in the store, and the store on the disk, when the time is taken. */
export const kept = async (): Promise<SuiteWork> => {
  const { clients: [client], close, kept } = await hosted(1, "immediate", true)
  if (client === undefined || kept === undefined) throw new Error("no component whose receipts are kept")
  const received = async () => {
    const { kept: stored, removed } = await Effect.runPromise(kept.metrics)
    return stored + removed
  }
  let before = await received()
  const work = Work.adding(
    (count) => Effect.runPromise(Effect.andThen(inOrder(client.add, count), (sum) => Effect.as(kept.flush, sum))),
    close
  )
  return {
    ...work,
    check: async (count) => {
      await work.check(count)
      const after = await received()
      if (after - before !== count) throw new Error(`${after - before} receipts were kept, not ${count}`)
      before = after
    }
  }
}

export const checked = async (): Promise<SuiteWork> => {
  const { clients, close } = await hosted(1, "immediate")
  return sums(clients.map(({ checked }) => (a) => checked(a)), close)
}

class Sum extends Protocol.request<number>()("Sum")<{ readonly a: number; readonly b: number }> {}

const adder: Behaviour.Behaviour<Sum> = Effect.succeed((message, context) =>
  context.reply(message, message.a + message.b)
)

const spawned = async (count: number) => {
  const scope = Scope.makeUnsafe()
  const context = await Effect.runPromise(Layer.buildWithScope(ActorSystem.layer, scope))
  const refs = await Effect.runPromise(Effect.provideContext(
    ActorSystem.ActorSystem.use((system) => Effect.replicateEffect(system.spawn(adder), count)),
    context
  ))
  return {
    adds: refs.map((ref): Add => (a, b) => ref.ask(new Sum({ a, b }))),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

export const actors = async (count: number): Promise<SuiteWork> => {
  const { adds, close } = await spawned(count)
  return sums(adds, close)
}
