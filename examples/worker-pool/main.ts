/**
 * A pool of workers behind one ref: jobs of one customer go to one worker, a
 * crash costs one job, and the pool grows while it works.
 */
import { NodeRuntime } from "@effect/platform-node"
import { ActorSystem, type Behaviour, Pool, Protocol } from "airssys/actor"
import { Console, Effect, Exit, Schema } from "effect"

class Unreadable extends Schema.TaggedError<Unreadable>("examples/Unreadable")("Unreadable", {}) {}

const Job = Protocol.make({
  Resize: {
    payload: { customer: Schema.String, image: Schema.String },
    reply: Schema.String,
    error: Unreadable
  }
})
type Job = Protocol.Message<typeof Job>

const worker = Effect.sync((): Behaviour.Handler<Job> => {
  let done = 0
  return (job, context) => {
    if (job.image === "") return context.fail(job, new Unreadable())
    if (job.image === "bomb.png") return Exit.die(new Error("out of memory"))
    return Effect.map(
      Effect.sleep("10 millis"),
      () => context.reply(job, `${job.image} by ${context.self.name}, its job ${++done}`)
    )
  }
})

const images = Pool.make({
  id: "images",
  size: 3,
  behaviour: worker,
  routing: Pool.consistentHash((job: Job) => job.customer),
  backoff: { base: "50 millis", factor: 2, cap: "1 second" },
  intensity: { restarts: 10, within: "1 minute" }
})

const program = Effect.scoped(Effect.gen(function*() {
  const { members, ref, resize } = yield* Pool.start(images)
  const order = (customer: string, image: string) =>
    ref.ask(Job.Resize({ customer, image }), { timeout: "1 second" }).pipe(
      Effect.catch((error) => Effect.succeed(`${image === "" ? "nothing" : image}: ${error._tag}`)),
      Effect.flatMap((text) => Console.log(`${customer}: ${text}`))
    )

  yield* order("ada", "cat.png")
  yield* order("ada", "dog.png")
  yield* order("bob", "")
  // The worker of ada restarts; her next job waits for it, with the state of a fresh start.
  yield* order("ada", "bomb.png")
  yield* order("ada", "owl.png")

  const jobs = ["ada", "bob", "cyd", "dan", "eve", "fay"].map((customer) =>
    Effect.exit(ref.ask(Job.Resize({ customer, image: "fox.png" })))
  )
  const all = yield* Effect.all(jobs, { concurrency: "unbounded" })
  yield* Console.log(`${all.filter(Exit.isSuccess).length} foxes`)

  yield* resize(5)
  yield* Console.log(`${(yield* members).length} workers`)
  yield* resize(1)
  yield* Console.log(`${(yield* members).map(({ name }) => name)} is left`)
}))

NodeRuntime.runMain(Effect.provide(program, ActorSystem.layer))
