import * as Effect from "effect/Effect"
import { AuditLog } from "../../security/AuditLog.ts"
import * as Explanation from "../../security/Explanation.ts"
import type { Principal } from "../../security/Principal.ts"
import { ComponentEngine } from "../ComponentEngine.ts"
import { ComponentError } from "../ComponentError.ts"
import type { Denial, Placement } from "../ComponentHost.ts"
import type { ComponentMessage } from "../ComponentMessage.ts"
import * as Contract from "../Contract.ts"
import * as Delivery from "../Delivery.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import * as HostServices from "../HostServices.ts"
import type * as componentLimits from "./componentLimits.ts"
import * as coreExports from "./coreExports.ts"
import * as handling from "./handling.ts"
import * as inertUses from "./inertUses.ts"
import * as lifecycle from "./lifecycle.ts"

/** The message in work and its denials are of the instance: it handles one at a time. */
export const make = Effect.gen(function*() {
  const audit = yield* AuditLog
  const engine = yield* ComponentEngine
  const makeImports = yield* HostServices.make
  const counters = new Map<string, Counter>()
  const denials: Array<Denial> = []

  const instance = Effect.fnUntraced(function*(
    principal: Principal,
    { limits, release, tier }: Placement,
    settings: ReadonlyArray<componentLimits.Setting>,
    environment: HostingOptions["environment"]
  ) {
    const counter = counters.get(release.id) ?? { messages: 0 }
    counters.set(release.id, counter)
    let handled: ComponentMessage | undefined
    let delivery: Delivery.Delivery | undefined
    const denied: Array<string> = []
    const inert = yield* inertUses.make(audit, principal, release.digest)
    const imports = makeImports({
      principal,
      namespace: release.manifest.component.namespace,
      name: release.manifest.component.name,
      version: release.version,
      environment: new Map(Object.entries(environment ?? {})),
      delivery: () => {
        if (handled === undefined) return undefined
        delivery ??= handled._tag === "Invoke"
          ? Delivery.make(`m${counter.messages}`, handled.origin)
          : handled.delivery
        return delivery
      },
      inert,
      denied: (explanation, entry) => {
        const subject = Explanation.subject(explanation)
        if (denied.length < deniedLimit && !denied.includes(subject)) denied.push(subject)
        denials.unshift({ explanation, entry })
        if (denials.length > denialsLimit) denials.pop()
      }
    }, release.component.world.imports)
    const instance = yield* engine.instantiate(release.component, { imports, limits, tier })
    const named = (target: Contract.Target) => (failure: ComponentError): ComponentError =>
      new ComponentError({
        component: release.id,
        export: Contract.exportName(target),
        reason: failure.reason,
        detail: failure.detail,
        denials: denied.slice(),
        ...(failure.cause === undefined ? undefined : { cause: failure.cause })
      })

    if (coreExports.isExportedBy(coreExports.lifecycle, release.component.world)) {
      yield* lifecycle.run(release, { settings, limits }, {
        call: (target, args) =>
          Effect.mapError(
            Effect.suspend(() => {
              handled = undefined
              delivery = undefined
              return engine.call(instance, target, args)
            }),
            named(target)
          ),
        isOver: () => instance.isPoisoned()
      })
    }

    return handling.make({
      component: release.id,
      engine,
      instance,
      named,
      begin: (message) => {
        handled = message
        delivery = undefined
        denied.length = 0
        counter.messages++
      },
      end: () => {
        handled = undefined
        delivery = undefined
      }
    })
  })

  return { make: instance, denials: Effect.sync(() => denials.slice()) }
})

const deniedLimit = 16
const denialsLimit = 64

/** Goes on over the restarts of a component. */
interface Counter {
  messages: number
}
