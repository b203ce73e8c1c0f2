/** Messages to components against the quota of messages, before a mailbox sees them. */
import * as Result from "effect/Result"
import type { Offer } from "../../actor/ActorHooks.ts"
import type { Quotas } from "../../security/Quotas.ts"
import { Callback, Deliver, Invoke } from "../ComponentMessage.ts"
import type { Lives } from "./lives.ts"
import * as quotaRefusals from "./quotaRefusals.ts"

/** What a component is sent by others; its host's own probes are free. */
const tenantOf = (message: unknown): { readonly tenant: string | undefined } | undefined => {
  if (message instanceof Invoke) return message.origin
  return message instanceof Deliver || message instanceof Callback ? message.delivery : undefined
}

export const make =
  (quotas: Quotas["Service"], lives: Lives) => ({ message, recipient }: Offer): string | undefined => {
    const life = lives.of(recipient.name)
    if (life === undefined) return undefined
    const from = tenantOf(message)
    if (from === undefined) return undefined
    const reserved = quotas.reserveUnsafe({ component: life.release.id, tenant: from.tenant }, "messages", 1)
    if (Result.isSuccess(reserved)) {
      reserved.success.commit()
      return undefined
    }
    quotaRefusals.refuse(message as object, reserved.failure)
    return reserved.failure.message
  }
