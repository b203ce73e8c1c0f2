import { ClockAccess } from "../../../security/ClockAccess.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { error, milliseconds } from "./types.ts"

const longest = 60_000

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.make({
    wit: "airssys:core/timers@0.1.0#sleep",
    params: { duration: milliseconds },
    result: Wit.result(undefined, error)
  }, {
    requires: [ClockAccess.on()],
    fuel: 1_000,
    deadline: 2 * longest,
    handler: ({ duration }) => ClockAccess.use((clock) => clock.sleep(Math.min(duration, longest)))
  })
]
