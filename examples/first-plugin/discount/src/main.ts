import type { CodeError, Discount } from "acme:discount/plugin@1.0.0"
import * as log from "airssys:core/log@0.1.0"

const table = new Map([["SPRING", 10], ["FRIENDS", 25]])

const fail = (error: CodeError): never => {
  throw error
}

export const discount: Discount = {
  percent(code) {
    if (code === "WINTER") return fail({ tag: "ended", val: "2027-02-28" })
    const percent = table.get(code) ?? fail({ tag: "unknown-code", val: code })
    log.write("info", "a code was used", [{ key: "code", value: { tag: "text", val: code } }])
    return percent
  }
}
