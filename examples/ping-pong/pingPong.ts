/**
 * Two actors that send one ball back and forth.
 */
import type { ActorRef, Behaviour } from "airssys"
import { ActorSystem } from "airssys"
import { Effect } from "effect"

interface Ball {
  /** How many more times it is to cross the net. */
  readonly crossings: number
  /** Who hit it last. */
  readonly from: ActorRef.ActorRef<Ball>
}

/** Ends when the ball has crossed for the last time: the one who hit it then, and the one who got it. */
const player = (hit: () => void): Behaviour.Behaviour<Ball> =>
  Effect.succeed(({ crossings, from }, context) => {
    if (crossings > 0) {
      hit()
      from.tell({ crossings: crossings - 1, from: context.self })
    }
    if (crossings <= 1) context.stop()
  })

/** Plays a ball that crosses the net so many times, and tells how often each of the two hit it. */
export const play = Effect.fnUntraced(function*(crossings: number) {
  const system = yield* ActorSystem.ActorSystem
  const hits = { ping: 0, pong: 0 }
  const ping = yield* system.spawn(player(() => hits.ping++), { name: "ping" })
  const pong = yield* system.spawn(player(() => hits.pong++), { name: "pong" })
  ping.tell({ crossings, from: pong })
  yield* Effect.all([system.awaitEnd(ping), system.awaitEnd(pong)], { concurrency: 2 })
  return hits
})
