import * as LogLevel from "effect/LogLevel"
import * as Capability from "../../../security/Capability.ts"
import { Log } from "../../../security/Log.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { err, error, ok } from "./types.ts"

const id = "airssys:core/log@0.1.0"

const level = Wit.enumeration("trace", "debug", "info", "warn", "error")

const severities: Readonly<Record<Wit.Value<typeof level>, LogLevel.Severity>> = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error"
}

const value = Wit.variant({ text: Wit.string, integer: Wit.s64, number: Wit.f64, boolean: Wit.bool })

const field = Wit.record({ key: Wit.string, value })

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: `${id}#write`,
    params: { level, message: Wit.string, context: Wit.list(field) },
    result: Wit.result(undefined, error)
  }, {
    requires: [Log.on()],
    fuel: 2_000,
    handler: (guest) => ({ context, level, message }) =>
      guest.log(severities[level], message, context) ? ok(undefined) : err({ tag: "exhausted" })
  }),
  HostFunction.sync({ wit: `${id}#enabled`, params: { level }, result: Wit.bool }, {
    requires: Capability.none("it says no more than that nothing is written: false without the capability", "log"),
    fuel: 100,
    handler: (guest) => ({ level }) =>
      guest.holds("log") && LogLevel.isGreaterThanOrEqualTo(severities[level], guest.minimum)
  })
]
