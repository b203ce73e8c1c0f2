import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ActorContext } from "../../actor/ActorContext.ts"
import type { Handler } from "../../actor/Behaviour.ts"
import * as Pending from "../../actor/Pending.ts"
import { AuditLog } from "../../security/AuditLog.ts"
import * as Explanation from "../../security/Explanation.ts"
import type { Principal } from "../../security/Principal.ts"
import { type CallResult, ComponentEngine } from "../ComponentEngine.ts"
import { ComponentError } from "../ComponentError.ts"
import type { Denial, Invoke, Placement } from "../ComponentHost.ts"
import * as Contract from "../Contract.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import * as HostServices from "../HostServices.ts"
import type * as componentLimits from "./componentLimits.ts"
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
    let message: number | undefined
    const denied: Array<string> = []
    const inert = yield* inertUses.make(audit, principal, release.digest)
    const imports = makeImports({
      principal,
      namespace: release.manifest.component.namespace,
      name: release.manifest.component.name,
      version: release.version,
      environment: new Map(Object.entries(environment ?? {})),
      message: () => message === undefined ? undefined : `m${message}`,
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

    if (lifecycle.isExportedBy(release.component.world)) {
      yield* lifecycle.run(release, { settings, limits }, {
        call: (target, args) =>
          Effect.mapError(
            Effect.suspend(() => {
              message = undefined
              return engine.call(instance, target, args)
            }),
            named(target)
          ),
        isOver: () => instance.isPoisoned()
      })
    }

    const failed = (
      cause: Cause.Cause<ComponentError>,
      request: Invoke,
      context: ActorContext<Invoke>
    ): Exit.Exit<void, ComponentError> => {
      const failure = Cause.findErrorOption(cause)
      if (Option.isNone(failure)) return Exit.failCause(cause)
      const error = named(request)(failure.value)
      if (instance.isPoisoned()) return Exit.fail(error)
      context.fail(request, error)
      return Exit.void
    }

    const handler: Handler<Invoke> = (request, context) => {
      message = ++counter.messages
      denied.length = 0
      const settle = (exit: Exit.Exit<CallResult, ComponentError>): Exit.Exit<void, ComponentError> => {
        message = undefined
        if (Exit.isFailure(exit)) return failed(exit.cause, request, context)
        context.reply(request, exit.value)
        return Exit.void
      }
      const exit = engine.callUnsafe(instance, request, request.args)
      return exit === undefined ? Pending.settle(engine.call(instance, request, request.args), settle) : settle(exit)
    }
    return handler
  })

  return { make: instance, denials: Effect.sync(() => denials.slice()) }
})

const deniedLimit = 16
const denialsLimit = 64

/** Goes on over the restarts of a component. */
interface Counter {
  messages: number
}
