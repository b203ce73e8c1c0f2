/**
 * An elevator: each state is a handler, and going to another state is `become`.
 *
 *     idle --call--> moving --arrived--> open --doors closed--> idle
 *
 * Who calls while it is busy is stashed, and answered when the doors are open
 * on their floor.
 */
import type { ActorContext } from "airssys"
import { Behaviour, Protocol } from "airssys"
import { Duration, Effect } from "effect"

/** Answered with the floor once the doors are open there. */
export class Call extends Protocol.request<number>()("Call")<{ readonly floor: number }> {}

export type Message = Call | { readonly _tag: "Arrived" } | { readonly _tag: "DoorsClosed" }

export interface Options {
  readonly floor: number
  readonly perFloor: Duration.Input
  readonly doorsOpen: Duration.Input
}

export const elevator = ({ doorsOpen, floor, perFloor }: Options): Behaviour.Behaviour<Message> =>
  Behaviour.setup((context: ActorContext.ActorContext<Message>) => {
    type State = Behaviour.Handler<Message>

    const idle = (at: number): State => (message) => {
      if (message._tag !== "Call") return
      if (message.floor === at) return arrive(message)
      const way = Duration.times(Duration.fromInputUnsafe(perFloor), Math.abs(message.floor - at))
      context.timers.once("way", way, { _tag: "Arrived" })
      context.become(moving(message))
    }

    const moving = (call: Call): State => (message) => {
      if (message._tag === "Call") return context.stash(message)
      return message._tag === "Arrived" ? arrive(call) : undefined
    }

    const open = (at: number): State => (message) => {
      if (message._tag === "Call") return message.floor === at ? arrive(message) : context.stash(message)
      if (message._tag !== "DoorsClosed") return
      context.become(idle(at))
      return context.unstash()
    }

    /** Doors that are open stay open for whoever comes. */
    const arrive = (call: Call): void => {
      context.timers.once("doors", doorsOpen, { _tag: "DoorsClosed" })
      context.become(open(call.floor))
      context.reply(call, call.floor)
    }

    return Effect.succeed(idle(floor))
  })
