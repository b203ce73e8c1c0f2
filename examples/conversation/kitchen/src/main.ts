import type { Error, MessageHandler } from "acme:kitchen/plugin@1.0.0"
import { fromJson, toJson } from "../../json.ts"

const minutes = new Map([["soup", 5], ["roast", 40]])

export const messageHandler: MessageHandler = {
  handleMessage({ payload }) {
    const dish = String(fromJson(payload.bytes))
    const wait = minutes.get(dish)
    if (wait === undefined) throw { tag: "failed", val: `there is no ${dish} today` } satisfies Error
    return { codec: "json", bytes: toJson(`${dish} in ${wait} minutes`) }
  }
}
