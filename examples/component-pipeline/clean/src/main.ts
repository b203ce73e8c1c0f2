import type { Lifecycle, MessageHandler } from "acme:clean/plugin@1.0.0"
import * as messaging from "airssys:core/messaging@0.1.0"
import { subscribe, type Subscription } from "airssys:core/subscriptions@0.1.0"
import { fromJson, toJson } from "../../../conversation/json.ts"

/** Ends with the instance. */
const subscriptions: Array<Subscription> = []

export const lifecycle: Lifecycle = {
  init: () => void subscriptions.push(subscribe("readings.raw")),
  shutdown: () => undefined
}

export const messageHandler: MessageHandler = {
  handleMessage({ payload }) {
    const [, sensor, degrees] = /^(\w+): (-?\d+(?:\.\d+)?)$/.exec(String(fromJson(payload.bytes))) ?? []
    if (sensor !== undefined) {
      const reading = { sensor, degrees: Number(degrees) }
      messaging.publish("readings.clean", { codec: "json", bytes: toJson(reading) })
    }
    return null
  }
}
