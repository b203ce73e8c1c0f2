/** A host function whose handler is an Effect, or is begun without a fiber. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Pending from "../../actor/Pending.ts"
import { CapabilityError } from "../../security/CapabilityError.ts"
import * as Explanation from "../../security/Explanation.ts"
import { ActingFor, Correlation, CurrentPrincipal } from "../../security/Principal.ts"
import type * as Engine from "../ComponentEngine.ts"
import { type Delivery, Tenant } from "../Delivery.ts"
import * as HostFunction from "../HostFunction.ts"
import * as errorCase from "./errorCase.ts"
import type { Input, Serving } from "./servedFunction.ts"
import { trap } from "./serving.ts"

export const err = (val: unknown) => ({ tag: "err", val })

export const isTakenAway = ({ reason }: Explanation.Explanation): boolean =>
  reason === "Revoked" || reason === "Expired"

type Run = Extract<HostFunction.HostFunction["run"], { readonly _tag: "Async" }>
type Services = CurrentPrincipal | HostFunction.Caller
type Answer = Exit.Exit<unknown, Engine.HostTrap>
type Handled<R> = Effect.Effect<unknown, HostFunction.AnyFailure, R>

export const asynchronous = (serving: Serving, run: Run) => {
  const timedOut = errorCase.timedOut(serving.result)
  const late = Effect.suspend(() =>
    timedOut === undefined
      ? Effect.fail(trap("HostFailure", "it took longer than it may"))
      : Effect.succeed(err(timedOut))
  )
  const contextOf = contexts(serving)
  const handler = run.handler as (input: Input) => Handled<Services>
  return (args: ReadonlyArray<unknown>): Effect.Effect<unknown, Engine.HostTrap> => {
    const { calls, check, guest } = serving
    const input = serving.input(args)
    const malformed = check?.(input)
    if (malformed !== undefined) return Exit.succeed(err(malformed))
    const { overdue } = calls
    if (overdue !== undefined) {
      const { label } = guest.principal
      return unavailable(serving, `${label}: too many of its calls go on after their end, of ${overdue.join(", ")}`)
    }
    const delivery = guest.delivery()
    const power = run.begin === undefined ? undefined : powerOf(serving, input, delivery)
    if (power !== undefined && Result.isFailure(power)) return refused(serving, power.failure)
    const begun = power === undefined ? undefined : run.begin!(power.success as never, input as never)
    if (begun !== undefined) {
      return Pending.make((context, end) => begun(contextOf(context, delivery), (exit) => end(answerOf(serving, exit))))
    }
    const held = power === undefined
      ? required(serving, input, handler)
      : Effect.provideService(handler(input), serving.requirements[0]!.request.capability, power.success)
    return Effect.provideContext(
      calls.within(serving.name, settled(serving, held), run.deadline, late),
      contextOf(Context.empty(), delivery)
    )
  }
}

/** The power of a function that requires one thing; undefined where the log has to be waited for. */
const powerOf = ({ enforcer, guest, requirements }: Serving, input: Input, delivery: Delivery | undefined) => {
  const { request, resource } = requirements[0]!
  return enforcer.powerUnsafe(
    { ...request, resource: resource(input) },
    guest.principal,
    delivery?.onBehalfOf,
    delivery?.correlation
  )
}

const required = (
  { enforcer, requirements }: Serving,
  input: Input,
  handler: (input: Input) => Handled<Services>
): Handled<Services> =>
  requirements.reduceRight(
    (effect, { request, resource }) => enforcer.require({ ...request, resource: resource(input) })(effect),
    Effect.suspend(() => handler(input))
  )

/** Adds for whom a call is to the context that it runs in. A guest may make many in the course of one message. */
const contexts = ({ enforcer, guest }: Serving) => {
  const { name, namespace, principal, scope, version } = guest
  let last: {
    readonly base: Context.Context<never>
    readonly delivery: Delivery | undefined
    readonly context: Context.Context<Services>
  } | undefined
  return (base: Context.Context<never>, delivery: Delivery | undefined): Context.Context<Services> => {
    if (last !== undefined && last.base === base && last.delivery === delivery) return last.context
    const holds: HostFunction.Call["holds"] = (kind, resource) =>
      enforcer.check(principal, kind, resource, delivery?.onBehalfOf)._tag === "Allowed"
    const context = base.pipe(
      Context.add(CurrentPrincipal, principal),
      Context.add(ActingFor, delivery?.onBehalfOf ?? []),
      Context.add(Correlation, delivery?.correlation),
      Context.add(Tenant, delivery?.tenant),
      Context.add(HostFunction.Caller, { principal, namespace, name, version, delivery, scope, holds })
    )
    last = { base, delivery, context }
    return context
  }
}

const settled = <R>(serving: Serving, effect: Handled<R>): Effect.Effect<unknown, Engine.HostTrap, R> =>
  Effect.flatMap(Effect.exit(effect), (exit) => answerOf(serving, exit))

/** What the guest gets of how a handler ended. */
const answerOf = (serving: Serving, exit: Exit.Exit<unknown, HostFunction.AnyFailure>): Answer => {
  if (Exit.isSuccess(exit)) {
    return Exit.succeed(serving.result?.kind === "result" ? { tag: "ok", val: exit.value } : exit.value)
  }
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) return Exit.failCause(exit.cause as Cause.Cause<never>)
  return failure.error instanceof CapabilityError
    ? refused(serving, failure.error)
    : Exit.succeed(err(failure.error))
}

/** What its host has to see to. */
const unavailable = ({ calls, result }: Serving, text: string): Answer => {
  calls.tell(text)
  const told = errorCase.unavailable(result)
  return told === undefined ? Exit.fail(trap("HostFailure", text)) : Exit.succeed(err(told))
}

const refused = (serving: Serving, error: CapabilityError): Answer => {
  const { reason } = error
  if (reason._tag === "PowerMissing") return unavailable(serving, error.message)
  serving.denied(reason.explanation, reason.entry)
  return serving.denial === undefined
    ? Exit.fail(
      trap(
        reason._tag !== "Denied" || isTakenAway(reason.explanation) ? "Revoked" : "Denied",
        Explanation.subject(reason.explanation)
      )
    )
    : Exit.succeed(err(serving.denial))
}
