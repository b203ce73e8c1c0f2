/**
 * Programs about small mailboxes.
 */
import * as ActorSystem from "airssys/actor/ActorSystem"
import * as Mailbox from "airssys/actor/Mailbox"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import { check, intact, pause, type Program, Record, together, Work, working } from "./worker.ts"

export const priorities = ["System", "High", "Normal", "Low"] as const

/**
 * Several fibers flood a small mailbox with messages of all kinds, and some of
 * them lose patience; those that come in time are in order, and nobody waits
 * for ever.
 */
export const flooded = (policy: Mailbox.Policy): Program =>
  Effect.gen(function*() {
    const system = yield* ActorSystem.ActorSystem
    const record = new Record()
    yield* intact(record)
    const worker = yield* system.spawn(working(record, true), {
      name: "worker",
      mailbox: Mailbox.bounded(2, policy),
      shutdown: "1 second"
    })
    const waiting: Array<Fiber.Fiber<unknown, unknown>> = []
    const flood = Effect.fnUntraced(function*(from: number) {
      for (let number = 1; number <= 6; number++) {
        const priority = yield* Random.nextIntBetween(0, priorities.length - 1)
        const message = (yield* Random.nextBoolean) ? Work.Add : Work.Slow
        const options = {
          priority: priorities[priority],
          ttl: (yield* Random.nextBoolean) ? "8 millis" : "1 hour"
        } as const
        const sender = from * 10 + priority
        switch (yield* Random.nextIntBetween(0, 3)) {
          case 0:
            worker.tell(message({ from: sender, number }), options)
            break
          case 1:
            waiting.push(yield* Effect.forkScoped(worker.ask(Work.Total(), options)))
            break
          case 2: {
            const offer = yield* Effect.forkScoped(
              worker.offer(message({ from: from * 100 + number, number }), options)
            )
            waiting.push(offer)
            yield* pause
            yield* Fiber.interrupt(offer)
            break
          }
          default: {
            yield* Effect.exit(worker.offer(message({ from: sender, number }), options))
          }
        }
        yield* pause
      }
    })
    const end = Effect.gen(function*() {
      yield* Effect.sleep("20 millis")
      yield* (yield* Random.nextBoolean) ? system.stop(worker) : system.kill(worker)
    })
    yield* together([flood(1), flood(2), flood(3), ...((yield* Random.nextBoolean) ? [end] : [])])
    yield* Effect.sleep("1 minute")
    yield* system.stop(worker)
    yield* Effect.sleep("1 second")
    check(waiting.every((fiber) => fiber.pollUnsafe() !== undefined), "somebody is left waiting")
    check(record.released === 1, `released ${record.released} times`)
  })

/** An actor that is told by all fibers at once, under the policy that loses nothing. */
export const lossless: Program = Effect.gen(function*() {
  const system = yield* ActorSystem.ActorSystem
  const record = new Record()
  yield* intact(record)
  const worker = yield* system.spawn(working(record, false), { name: "worker", mailbox: Mailbox.bounded(2, "Block") })
  const offer = Effect.fnUntraced(function*(from: number) {
    for (let number = 1; number <= 5; number++) {
      yield* worker.offer((yield* Random.nextBoolean) ? Work.Add({ from, number }) : Work.Slow({ from, number }))
    }
  })
  yield* together([offer(1), offer(2), offer(3)])
  yield* Effect.sleep("1 minute")
  check(record.handled === 15, `${record.handled} of 15 messages`)
})
