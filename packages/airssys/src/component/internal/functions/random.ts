import { Random } from "../../../security/Random.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { error, invalid, ok } from "./types.ts"

const id = "airssys:core/random@0.1.0"

const most = 65_536

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({ wit: `${id}#bytes`, params: { length: Wit.u32 }, result: Wit.result(Wit.bytes, error) }, {
    requires: [Random.on()],
    fuel: 50_000,
    check: ({ length }) => length > most ? invalid(`length is at most ${most}`) : undefined,
    handler: ({ randomBytes }) => ({ length }) => ok(randomBytes(length))
  }),
  HostFunction.sync({ wit: `${id}#number`, params: {}, result: Wit.result(Wit.u64, error) }, {
    requires: [Random.on()],
    fuel: 1_000,
    handler: ({ randomBytes }) => () => {
      const drawn = randomBytes(8)
      return ok(new DataView(drawn.buffer, drawn.byteOffset, 8).getBigUint64(0, true))
    }
  })
]
