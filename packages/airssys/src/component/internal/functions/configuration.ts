import * as Capability from "../../../security/Capability.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { err, error, ok } from "./types.ts"

const id = "airssys:core/configuration@0.1.0"

const value = Wit.variant({
  text: Wit.string,
  integer: Wit.s64,
  number: Wit.f64,
  boolean: Wit.bool,
  secret: Wit.string
})

const set = Capability.none("its operator set the values for it")

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: `${id}#get`,
    params: { key: Wit.string },
    result: Wit.result(Wit.option(value), error)
  }, {
    requires: set,
    fuel: 300,
    handler: ({ configuration }) => ({ key }) =>
      configuration.has(key) ? ok(configuration.get(key)) : err({ tag: "not-found" })
  }),
  HostFunction.sync({ wit: `${id}#keys`, params: {}, result: Wit.list(Wit.string) }, {
    requires: set,
    fuel: 1_000,
    handler: ({ configuration }) => () => [...configuration.keys()].toSorted()
  })
]
