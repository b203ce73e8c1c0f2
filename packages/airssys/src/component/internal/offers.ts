/** Messages to components against the quota of messages, before a mailbox sees them. */
import * as Result from "effect/Result"
import type { Offer } from "../../actor/ActorHooks.ts"
import type { Quotas } from "../../security/Quotas.ts"
import type { ComponentMessage } from "../ComponentMessage.ts"
import type { Origin } from "../Delivery.ts"
import type { Lives } from "./lives.ts"
import * as quotaRefusals from "./quotaRefusals.ts"

/**
 * What counts against the quota of the recipient. Components pay for the
 * messages that they send, so that a flood of one is not at the expense of whom
 * it is for. The host's own probes are free.
 */
const originOf = (message: ComponentMessage): Origin | undefined => {
  switch (message._tag) {
    case "Invoke":
      return message.origin
    case "Check":
      return undefined
    default:
      return message.delivery.sender._tag === "Component" ? undefined : message.delivery
  }
}

export const make =
  (quotas: Quotas["Service"], lives: Lives) => ({ message, recipient }: Offer): string | undefined => {
    const life = lives.of(recipient.name)
    if (life === undefined) return undefined
    const origin = originOf(message as ComponentMessage)
    if (origin === undefined) return undefined
    const { tenant } = origin
    if (tenant === undefined && life.isUnlimited("messages")) return undefined
    const reserved = quotas.reserveUnsafe({ component: life.release.id, tenant }, "messages", 1)
    if (Result.isSuccess(reserved)) {
      reserved.success.commit()
      return undefined
    }
    quotaRefusals.refuse(message as object, reserved.failure)
    return reserved.failure.message
  }
