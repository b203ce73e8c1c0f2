import * as Capability from "../../../security/Capability.ts"
import * as HostFunction from "../../HostFunction.ts"
import * as Wit from "../../Wit.ts"
import * as coreValues from "../coreValues.ts"
import { componentId } from "./types.ts"

const most = 256

const running = Wit.record({ id: componentId, version: Wit.string })

export const functions: ReadonlyArray<HostFunction.HostFunction> = [
  HostFunction.sync({
    wit: "airssys:core/components@0.1.0#list",
    params: { after: Wit.option(componentId) },
    result: Wit.list(running)
  }, {
    requires: Capability.none("it gives those to which the component may send, and no others", "messaging.send"),
    fuel: 20_000,
    handler: ({ holds, running }) => ({ after }) => {
      const last = after === undefined ? "" : `${after.namespace}:${after.name}`
      const listed: Array<{ readonly id: Wit.Value<typeof componentId>; readonly version: string }> = []
      for (const { id, version } of running()) {
        if (listed.length === most) break
        if (id > last && holds("messaging.send", id)) listed.push({ id: coreValues.componentId(id), version })
      }
      return listed
    }
  })
]
