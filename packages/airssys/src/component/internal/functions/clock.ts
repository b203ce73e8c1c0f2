import { ClockAccess } from "../../../security/ClockAccess.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { error, ok } from "./types.ts"

const id = "airssys:core/clock@0.1.0"

const datetime = Wit.record({ seconds: Wit.u64, nanoseconds: Wit.u32 })

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({ wit: `${id}#now`, params: {}, result: Wit.result(datetime, error) }, {
    requires: [ClockAccess.on()],
    fuel: 300,
    handler: ({ clock }) => () => {
      const millis = clock.currentTimeMillisUnsafe()
      const seconds = Math.floor(millis / 1000)
      return ok({ seconds: BigInt(seconds), nanoseconds: Math.floor(millis - seconds * 1000) * 1_000_000 })
    }
  }),
  HostFunction.sync({ wit: `${id}#monotonic`, params: {}, result: Wit.result(Wit.u64, error) }, {
    requires: [ClockAccess.on()],
    fuel: 300,
    handler: ({ clock, started }) => () => ok(clock.monotonicTimeNanosUnsafe() - started)
  })
]
