import { isAccessDenied } from "@airssys/sdk/HostError"
import type { RateError, Rates } from "acme:rates/plugin@1.2.0"
import * as clock from "airssys:core/clock@0.1.0"
import * as environment from "airssys:core/environment@0.1.0"
import * as log from "airssys:core/log@0.1.0"
import { table } from "./table.ts"

const fail = (error: RateError): never => {
  throw error
}

export const rates: Rates = {
  latest(currency) {
    const rate = table.get(currency)
    if (rate === undefined) {
      return fail({ tag: "no-such-currency", val: currency })
    }
    const day = Math.floor(Number(clock.now().seconds) / 86_400)
    log.write("info", "rate served", [
      { key: "currency", value: { tag: "text", val: currency } },
      { key: "rate", value: { tag: "number", val: rate } },
      { key: "day", value: { tag: "integer", val: day } }
    ])
    return rate
  },

  currencies() {
    return [...table.keys()].sort()
  },

  peekSecret() {
    try {
      return environment.get("STRIPE_KEY") === null ? "no value" : "a value"
    } catch (error) {
      return isAccessDenied(error) ? "access denied" : "an error"
    }
  },

  takeSecret() {
    return environment.get("STRIPE_KEY") ?? fail({ tag: "unavailable" })
  }
}
