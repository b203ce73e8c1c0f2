import type { Lifecycle, MessageHandler } from "acme:average/plugin@1.0.0"
import * as messaging from "airssys:core/messaging@0.1.0"
import { subscribe, type Subscription } from "airssys:core/subscriptions@0.1.0"
import { fromJson, toJson } from "../../../conversation/json.ts"

interface Reading {
  readonly sensor: string
  readonly degrees: number
}

/** Ends with the instance. */
const subscriptions: Array<Subscription> = []
const sums = new Map<string, { sum: number; count: number }>()

export const lifecycle: Lifecycle = {
  init: () => void subscriptions.push(subscribe("readings.clean")),
  shutdown: () => undefined
}

export const messageHandler: MessageHandler = {
  handleMessage({ payload }) {
    const { degrees, sensor } = fromJson(payload.bytes) as Reading
    const of = sums.get(sensor) ?? { sum: 0, count: 0 }
    sums.set(sensor, of)
    of.sum += degrees
    of.count++
    messaging.publish(`averages.${sensor}`, { codec: "json", bytes: toJson(of.sum / of.count) })
    return null
  }
}
