/**
 * A host function as one guest calls it: what it requires is decided, and
 * recorded, before anything of it runs.
 */
import type * as WitType from "@airssys/engine/WitType"
import { camelCase } from "@airssys/engine/WitValue"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Capability from "../../security/Capability.ts"
import type { CapabilityEnforcer } from "../../security/CapabilityEnforcer.ts"
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import * as Explanation from "../../security/Explanation.ts"
import { Correlation, type Principal } from "../../security/Principal.ts"
import type * as Engine from "../ComponentEngine.ts"
import type * as HostFunction from "../HostFunction.ts"
import type { ComponentCalls } from "./componentCalls.ts"
import * as errorCase from "./errorCase.ts"
import { asynchronous, err, isTakenAway } from "./servedEffect.ts"
import { stop, tellOfGrant } from "./serving.ts"

export interface Caller {
  readonly guest: HostFunction.Guest
  /** Told of each denial, with its audit entry where it could be recorded. */
  readonly denied: (explanation: Explanation.Explanation, entry: number | undefined) => void
  /** The kinds some of whose uses have to be durable in the audit log before they happen. */
  readonly beforeUse: ReadonlySet<CapabilityKind>
  readonly calls: ComponentCalls
}

export type Input = Readonly<Record<string, unknown>>

export interface Requirement {
  readonly kind: HostFunction.Requirement<Input>["kind"]
  readonly resource: (input: Input) => string
  readonly request: Capability.Request<unknown, unknown>
}

export interface Serving extends Caller {
  readonly enforcer: CapabilityEnforcer["Service"]
  readonly name: string
  readonly requirements: ReadonlyArray<Requirement>
  readonly input: (args: ReadonlyArray<unknown>) => Input
  readonly check: ((input: Input) => unknown) | undefined
  readonly result: WitType.WitType | undefined
  readonly denial: errorCase.Case | undefined
}

/** Gives the function that makes an import of one guest. */
export const binder =
  (enforcer: CapabilityEnforcer["Service"], caller: Caller) =>
  (served: HostFunction.HostFunction): Engine.HostFunction => {
    const { check, fuel, interface: id, requires, run, type } = served
    const serving: Serving = {
      ...caller,
      enforcer,
      name: `${id}#${type.name}`,
      requirements: requirementsOf(requires),
      input: inputOf(type.params),
      check: check as Serving["check"],
      result: type.result,
      denial: errorCase.denied(type.result)
    }
    if (run._tag === "Async") return { _tag: "Async", fuel, call: asynchronous(serving, run) }
    const handler = run.handler(caller.guest) as (input: Input) => unknown
    return serving.requirements.some(({ kind }) => caller.beforeUse.has(kind))
      ? { _tag: "Async", fuel, call: recorded(serving, handler) }
      : { _tag: "Sync", fuel, call: synchronous(serving, handler) }
  }

const requirementsOf = (requires: HostFunction.Requires<never>): ReadonlyArray<Requirement> =>
  "_tag" in requires ? [] : requires.map((one) => {
    const resource = one.resource as string | ((input: Input) => string)
    return {
      kind: one.kind,
      resource: typeof resource === "string" ? () => resource : resource,
      request: one as unknown as Capability.Request<unknown, unknown>
    }
  })

const inputOf = (params: ReadonlyArray<WitType.Field>): Serving["input"] => {
  const keys = params.map(({ name }) => camelCase(name))
  return (args) => {
    const input: Record<string, unknown> = {}
    for (let index = 0; index < keys.length; index++) input[keys[index]!] = args[index]
    return input
  }
}

/** The error value of a denial. Stops a guest that could not be told. */
const refuse = (
  { denial, denied }: Serving,
  explanation: Explanation.Explanation,
  entry: number | undefined
): unknown => {
  denied(explanation, entry)
  return denial === undefined
    ? stop(isTakenAway(explanation) ? "Revoked" : "Denied", Explanation.subject(explanation))
    : err(denial)
}

const synchronous = (serving: Serving, handler: (input: Input) => unknown) => (args: ReadonlyArray<unknown>) => {
  const { calls, check, enforcer, guest, requirements } = serving
  const input = serving.input(args)
  const malformed = check?.(input)
  if (malformed !== undefined) return err(malformed)
  if (requirements.length === 0) return handler(input)
  const delivery = guest.delivery()
  for (const { kind, resource } of requirements) {
    const named = resource(input)
    const { decision, entry } = enforcer.decideUnsafe(
      guest.principal,
      kind,
      named,
      delivery?.onBehalfOf,
      delivery?.correlation
    )
    if (decision._tag === "Denied") {
      const { explanation } = decision
      if (explanation.reason === "AuditUnavailable") tellOfGrant(enforcer, calls, guest.principal, kind, named)
      return refuse(serving, explanation, entry)
    }
  }
  return handler(input)
}

/** The same, once the log has it. What went while the log wrote of another requirement is denied. */
const recorded = (serving: Serving, handler: (input: Input) => unknown) => {
  const { enforcer, guest: { principal }, requirements } = serving
  const decided = Effect.fnUntraced(function*(input: Input, onBehalfOf: ReadonlyArray<Principal> | undefined) {
    const wanted = requirements.map(({ kind, resource }) => ({ kind, resource: resource(input) }))
    const isDenied = ({ kind, resource }: typeof wanted[number]) =>
      enforcer.check(principal, kind, resource, onBehalfOf)._tag === "Denied"
    for (const { kind, resource } of wanted) {
      const { decision, entry } = yield* enforcer.decide(principal, kind, resource, onBehalfOf)
      if (decision._tag === "Denied") return refuse(serving, decision.explanation, entry)
    }
    for (let gone = wanted.find(isDenied); gone !== undefined; gone = wanted.find(isDenied)) {
      const { decision, entry } = yield* enforcer.decide(principal, gone.kind, gone.resource, onBehalfOf)
      if (decision._tag === "Denied") return refuse(serving, decision.explanation, entry)
    }
    return handler(input)
  })
  return (args: ReadonlyArray<unknown>): Effect.Effect<unknown> => {
    const input = serving.input(args)
    const malformed = serving.check?.(input)
    if (malformed !== undefined) return Exit.succeed(err(malformed))
    const delivery = serving.guest.delivery()
    return Effect.provideService(decided(input, delivery?.onBehalfOf), Correlation, delivery?.correlation)
  }
}
