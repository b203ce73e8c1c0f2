import { isHostError } from "@airssys/sdk/HostError"
import type { OrderError, Waiter } from "acme:waiter/plugin@1.0.0"
import * as messaging from "airssys:core/messaging@0.1.0"
import { fromJson, toJson } from "../../json.ts"

const ask = (name: string, what: string): string => {
  try {
    const reply = messaging.request({ namespace: "acme", name }, { codec: "json", bytes: toJson(what) }, 1_000)
    return String(fromJson(reply.bytes))
  } catch (error) {
    if (!isHostError(error)) throw error
    const { tag, val } = error.payload as { readonly tag: string; readonly val?: string }
    throw { tag: "refused", val: val ?? tag } satisfies OrderError
  }
}

export const waiter: Waiter = {
  order: (dish) => ask("kitchen", dish),
  orderDrink: (drink) => ask("bar", drink)
}
