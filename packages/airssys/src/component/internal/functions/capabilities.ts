import * as Capability from "../../../security/Capability.ts"
import * as CapabilityKind from "../../../security/CapabilityKind.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"

const id = "airssys:core/capabilities@0.1.0"

const grant = Wit.record({
  kind: Wit.string,
  patterns: Wit.list(Wit.string),
  expires: Wit.option(Wit.string)
})

const own = Capability.none("it is about the component itself")

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: `${id}#allows`,
    params: { kind: Wit.string, resource: Wit.string },
    result: Wit.bool
  }, {
    requires: own,
    fuel: 500,
    handler: ({ allows }) => ({ kind, resource }) => CapabilityKind.isCapabilityKind(kind) && allows(kind, resource)
  }),
  HostFunction.sync({ wit: `${id}#grants`, params: {}, result: Wit.list(grant) }, {
    requires: own,
    fuel: 10_000,
    handler: ({ grants }) => () => grants().map(({ expires, kind, patterns }) => ({ kind, patterns, expires }))
  })
]
