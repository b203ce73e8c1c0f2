import * as Capability from "../../../security/Capability.ts"
import { Environment } from "../../../security/Environment.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import { error, invalid, ok } from "./types.ts"

const id = "airssys:core/environment@0.1.0"

const named = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: `${id}#get`,
    params: { name: Wit.string },
    result: Wit.result(Wit.option(Wit.string), error)
  }, {
    requires: [Environment.on((input) => input.name)],
    fuel: 500,
    check: ({ name }) => named.test(name) ? undefined : invalid("a name has 1 to 128 of A-Z, a-z, 0-9 and _"),
    handler: ({ environment }) => ({ name }) => ok(environment.get(name))
  }),
  HostFunction.sync({ wit: `${id}#names`, params: {}, result: Wit.result(Wit.list(Wit.string), error) }, {
    requires: Capability.none("it gives the names that are granted, and no others", "environment"),
    fuel: 2_000,
    handler: ({ environment, holds }) => () =>
      ok([...environment.keys()].filter((name) => named.test(name) && holds("environment", name)).toSorted())
  })
]
