/**
 * An actor in front of a service that fails at times.
 *
 * Closed, it passes requests on. After so many failures in a row it opens and
 * refuses requests at once, to spare the service and whoever would wait for it.
 * After a while it lets one request through: what becomes of that decides.
 */
import type { ActorContext } from "airssys"
import { Behaviour, Protocol } from "airssys"
import { Data, type Duration, Effect, Exit } from "effect"

export class ServiceFailed extends Data.TaggedError("ServiceFailed")<{ readonly key: string }> {}

/** The breaker is open; the service has not been asked. */
export class CircuitOpen extends Data.TaggedError("CircuitOpen")<{ readonly key: string }> {}

export class Fetch extends Protocol.request<string, ServiceFailed | CircuitOpen>()("Fetch")<
  { readonly key: string }
> {}

interface Fetched {
  readonly _tag: "Fetched"
  readonly request: Fetch
  readonly exit: Exit.Exit<string, ServiceFailed>
}

export type Message = Fetch | Fetched | { readonly _tag: "Try" }

export interface Options {
  readonly service: (key: string) => Effect.Effect<string, ServiceFailed>
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it stays open before it lets one request through. */
  readonly resetAfter: Duration.Input
}

export const circuitBreaker = ({ failures, resetAfter, service }: Options): Behaviour.Behaviour<Message> =>
  Behaviour.setup((context: ActorContext.ActorContext<Message>) => {
    let failed = 0

    const ask = (request: Fetch): void =>
      context.pipeToSelf(service(request.key), (exit) => ({ _tag: "Fetched", request, exit }))

    const refuse = (request: Fetch): void => context.fail(request, new CircuitOpen({ key: request.key }))

    const answer = ({ exit, request }: Fetched): void => {
      if (Exit.isSuccess(exit)) context.reply(request, exit.value)
      else context.fail(request, new ServiceFailed({ key: request.key }))
    }

    const open = (): void => {
      context.timers.once("reset", resetAfter, { _tag: "Try" })
      context.become(opened)
    }

    const closed: Behaviour.Handler<Message> = (message) => {
      if (message._tag === "Fetch") return ask(message)
      if (message._tag === "Try") return
      answer(message)
      failed = Exit.isSuccess(message.exit) ? 0 : failed + 1
      if (failed >= failures) open()
    }

    /** Those that were on their way when it opened are still answered. */
    const opened: Behaviour.Handler<Message> = (message) => {
      if (message._tag === "Fetch") return refuse(message)
      if (message._tag === "Try") return context.become(halfOpen)
      answer(message)
    }

    let trial: Fetch | undefined
    const halfOpen: Behaviour.Handler<Message> = (message) => {
      if (message._tag === "Fetch") {
        if (trial !== undefined) return refuse(message)
        trial = message
        return ask(message)
      }
      if (message._tag === "Try") return
      answer(message)
      if (message.request !== trial) return
      trial = undefined
      failed = 0
      if (Exit.isSuccess(message.exit)) context.become(closed)
      else open()
    }

    return Effect.succeed(closed)
  })
