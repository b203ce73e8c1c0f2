import type { Lifecycle, MessageHandler } from "acme:board/plugin@1.0.0"
import * as log from "airssys:core/log@0.1.0"
import * as messaging from "airssys:core/messaging@0.1.0"
import { subscribe, type Subscription } from "airssys:core/subscriptions@0.1.0"
import { fromJson, toJson } from "../../../conversation/json.ts"

/** Ends with the instance. */
const subscriptions: Array<Subscription> = []

export const lifecycle: Lifecycle = {
  init({ settings }) {
    for (const { key, value } of settings) if (key === "topic") subscriptions.push(subscribe(value))
  },
  shutdown: () => undefined
}

export const messageHandler: MessageHandler = {
  handleMessage({ payload, topic }) {
    const celsius = Number(fromJson(payload.bytes))
    log.write("info", `${topic}: ${celsius} degrees`, [])
    if (celsius < 0) messaging.publish("alarms.frost", { codec: "json", bytes: toJson(topic) })
    return null
  }
}
