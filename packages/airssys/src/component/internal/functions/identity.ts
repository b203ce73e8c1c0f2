import * as Capability from "../../../security/Capability.ts"
import { fromHost } from "../../Delivery.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import * as coreValues from "../coreValues.ts"
import { componentId, messageId, sender } from "./types.ts"

const id = "airssys:core/identity@0.1.0"

const told = Capability.none("its host told it all of this")

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: `${id}#this-release`,
    params: {},
    result: Wit.record({ id: componentId, version: Wit.string })
  }, {
    requires: told,
    fuel: 100,
    handler: ({ name, namespace, version }) => () => ({ id: { namespace, name }, version })
  }),
  HostFunction.sync({ wit: `${id}#current-message`, params: {}, result: Wit.option(messageId) }, {
    requires: told,
    fuel: 100,
    handler: ({ delivery }) => () => delivery()?.id
  }),
  HostFunction.sync({ wit: `${id}#current-sender`, params: {}, result: sender }, {
    requires: told,
    fuel: 100,
    handler: ({ delivery }) => () => coreValues.sender(delivery()?.sender ?? fromHost.sender)
  })
]
