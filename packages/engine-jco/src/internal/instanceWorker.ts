/**
 * Worker entry that holds one instance. Host functions are not here: a call of
 * an import asks the parent and blocks until the answer is there.
 */
import type { WorkerPort } from "airssys/component/WorkerHost"
import { evaluate } from "./generated.ts"
import { Guest } from "./guest.ts"
import type { ImportAnswer, ToInstance } from "./protocol.ts"
import { classify, type Stop } from "./traps.ts"

export const start = (port: WorkerPort): void => {
  let guest: Guest | undefined
  const stopped = (stop: Stop): void =>
    port.post({ _tag: "Stopped", category: stop.category, detail: stop.detail.slice(0, 2000) })

  port.onMessage((received) => {
    const message = received as ToInstance
    try {
      if (message._tag === "Init") {
        guest = new Guest(message.plan, evaluate(message.plan.source), (index, args) => {
          const answer = port.request({ index, args }) as ImportAnswer
          return answer.value
        })
        port.post({ _tag: "Ready", memory: guest.memory() })
        return
      }
      guest!.refill()
      const value = guest!.functions[message.index]!(...message.args)
      if (guest!.stopped === undefined) port.post({ _tag: "Returned", value, memory: guest!.memory() })
      else stopped(guest!.stopped)
    } catch (error) {
      stopped(guest === undefined ? classify(error) : guest.failed(error))
    }
  })
  port.post({ _tag: "Up" })
}
