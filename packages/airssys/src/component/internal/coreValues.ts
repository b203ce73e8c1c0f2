/** Values of `airssys:core` as guests get them. */
import * as Result from "effect/Result"
import type { Callback, Deliver } from "../ComponentMessage.ts"
import type { Sender } from "../Delivery.ts"
import type * as Wit from "../Wit.ts"
import type * as types from "./functions/types.ts"

export const componentId = (id: string) => {
  const [namespace = "", name = ""] = id.split(":")
  return { namespace, name }
}

export const sender = (sender: Sender): Wit.Value<typeof types.sender> => {
  switch (sender._tag) {
    case "Host":
      return { tag: "host" }
    case "Operator":
      return { tag: "operator" }
    case "Component":
      return { tag: "component", val: componentId(sender.id) }
  }
}

export const message = ({ delivery, payload, topic, wantsReply }: Deliver) => ({
  id: delivery.id,
  sender: sender(delivery.sender),
  topic,
  wantsReply,
  payload
})

export const reply = ({ reply }: Callback) =>
  Result.isSuccess(reply) ? { tag: "ok", val: reply.success } : { tag: "err", val: reply.failure }
