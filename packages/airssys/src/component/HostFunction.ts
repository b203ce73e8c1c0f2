/**
 * A function that a host gives to guests, as data: its WIT type, what it
 * requires, what it costs, and what it does.
 *
 * What it requires is decided before it does anything, for each call, with the
 * principal of the instance that calls; the handler of an Effect has the powers
 * of what it requires, and no others compile. A denial is the `access-denied`
 * (or `denied`, `not-permitted`) of the function's own error type, where it has
 * one, and stops the guest where it has none.
 *
 * @since 0.1.0
 */
import type * as WitType from "@airssys/engine/WitType"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import type * as Capability from "../security/Capability.ts"
import type { CapabilityError } from "../security/CapabilityError.ts"
import type * as CapabilityKind from "../security/CapabilityKind.ts"
import type { Grant } from "../security/Grant.ts"
import type { CurrentPrincipal, Principal } from "../security/Principal.ts"
import type { Delivery } from "./Delivery.ts"
import type * as Wit from "./Wit.ts"

/**
 * The component that calls, and the message in whose course it does.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  readonly principal: Principal
  readonly namespace: string
  readonly name: string
  readonly version: string
  /** The message that is being handled; undefined outside of one. */
  readonly delivery: Delivery | undefined
  /** The life of the instance: what it holds longer than for a call is released with it. */
  readonly scope: Scope.Scope
  /** Whether the component, and each for whom it acts, holds a capability now. Records nothing. */
  readonly holds: (kind: CapabilityKind.CapabilityKind, resource?: string) => boolean
}

/**
 * The call that a handler is part of. It stays the same when the instance goes
 * on to another message.
 *
 * @category services
 * @since 0.1.0
 */
export class Caller extends Context.Service<Caller, Call>()("airssys/component/HostFunction/Caller") {}

/**
 * The instance for which a synchronous handler is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Guest extends Omit<Call, "delivery"> {
  /** The message that is being handled now; undefined outside of one. */
  readonly delivery: () => Delivery | undefined
  /** The values that the operator gives to components by name. */
  readonly environment: ReadonlyMap<string, string>
  /** The keys of the manifest, each with its value where it has one. */
  readonly configuration: ReadonlyMap<string, Setting | undefined>
  /** Whether the component itself is allowed a use now. Records nothing. */
  readonly allows: (kind: CapabilityKind.CapabilityKind, resource?: string) => boolean
  /** What was granted to the component and has not ended. */
  readonly grants: () => ReadonlyArray<Grant>
  /** The components that run, in ascending order of their ids. */
  readonly running: () => ReadonlyArray<{ readonly id: string; readonly version: string }>
  readonly clock: Clock.Clock
  /** Nanoseconds of the monotonic clock when the instance was made. */
  readonly started: bigint
  /** The level below which the host keeps no lines. */
  readonly minimum: LogLevel.LogLevel
  readonly randomBytes: (size: number) => Uint8Array
  /** Writes a line to the host's log for the guest; false once it wrote what one message may. */
  readonly log: (severity: LogLevel.Severity, message: string, fields: ReadonlyArray<LogField>) => boolean
}

/**
 * A value of a component's configuration.
 *
 * @category models
 * @since 0.1.0
 */
export type Setting =
  | { readonly tag: "text"; readonly val: string }
  | { readonly tag: "integer"; readonly val: bigint }
  | { readonly tag: "number"; readonly val: number }
  | { readonly tag: "boolean"; readonly val: boolean }
  | { readonly tag: "secret"; readonly val: string }

/**
 * @category models
 * @since 0.1.0
 */
export interface LogField {
  readonly key: string
  readonly value: { readonly tag: string; readonly val?: unknown }
}

/**
 * A capability on a resource, or on the one that the input names.
 *
 * @category models
 * @since 0.1.0
 */
export type Requirement<Input> =
  & { readonly capability: { readonly key: string }; readonly kind: CapabilityKind.CapabilityKind }
  & ({ readonly resource: string } | { readonly resource: (input: Input) => string })

/**
 * What has to be held, in the order in which it is decided, or why nothing has.
 *
 * @category models
 * @since 0.1.0
 */
export type Requires<Input> = readonly [Requirement<Input>, ...ReadonlyArray<Requirement<Input>>] | Capability.None

/**
 * The capabilities that are required, as they stand in `R`.
 *
 * @category models
 * @since 0.1.0
 */
export type PowersOf<Q> = Q extends ReadonlyArray<infer One>
  ? One extends { readonly capability: Context.Key<infer Id, infer _Power> } ? Id : never
  : never

/**
 * The power of the only thing that is required.
 *
 * @category models
 * @since 0.1.0
 */
export type PowerOf<Q> = Q extends readonly [{ readonly capability: Context.Key<infer _Id, infer Power> }] ? Power
  : never

/**
 * What is begun in a context, without a fiber. Calls `end` once, at once or
 * later, also after what it gives was called, which stops it.
 *
 * @category models
 * @since 0.1.0
 */
export type Begun<out A, out E> = (
  context: Context.Context<never>,
  end: (exit: Exit.Exit<A, E>) => void
) => () => void

/**
 * The name of a function and its type. `wit` is the interface and, behind `#`,
 * the function: `acme:queue/queue@1.0.0#push`. Parameters go by their names in
 * the WIT; the input of the handler has them in camelCase.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signature<P extends Wit.Fields, T extends Wit.Type<unknown> | undefined> {
  readonly wit: string
  readonly params: P
  readonly result?: T
}

/**
 * What a function of this result type succeeds with.
 *
 * @category models
 * @since 0.1.0
 */
export type Success<T> = T extends Wit.Result<infer A, infer _E> ? A : Wit.Value<T>

/**
 * What a function of this result type fails with: the `err` of its `result`.
 *
 * @category models
 * @since 0.1.0
 */
export type Failure<T> = T extends Wit.Result<infer _A, infer E> ? E : never

/**
 * Any failure of a handler: a value of the error type, or of authority.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyFailure = CapabilityError | object | string | number | bigint | boolean | undefined

interface Common<Input, Q, F> {
  readonly requires: Q
  /** What a call costs the guest, besides what the engine charges for any call. */
  readonly fuel: number
  /** The failure of an input that is malformed, before anything is decided. */
  readonly check?: ((input: Input) => F) | undefined
}

/**
 * What runs when the guest calls, on a fiber that ends with the call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Input, T, Q, F> extends Common<Input, Q, F> {
  /**
   * How long it may take, 30 seconds by default. Beyond, it is interrupted, and
   * the guest is given `timed-out` or, where the error type has no such case, is
   * stopped. The time limit of the message holds as well. What cannot be
   * interrupted goes on, sixteen of them for a component at most: beyond, its
   * calls are `unavailable`.
   */
  readonly deadline?: Duration.Input | undefined
  readonly handler: (
    input: Input
  ) => Effect.Effect<Success<T>, Failure<T> | CapabilityError, PowersOf<Q> | Caller | CurrentPrincipal>
  /**
   * `handler` without a fiber, for a function that requires one thing and keeps
   * its deadline itself. Where it gives nothing, `handler` runs.
   */
  readonly begin?:
    | ((power: PowerOf<Q>, input: Input) => Begun<Success<T>, Failure<T> | CapabilityError> | undefined)
    | undefined
}

/**
 * What runs at once when the guest calls. `handler` is applied once to each
 * instance, and to the input at each call; it gives the value of the WIT type,
 * `{ tag, val }` for a `result`.
 *
 * @category models
 * @since 0.1.0
 */
export interface SyncOptions<Input, A, Q, F> extends Common<Input, Q, F> {
  readonly handler: (guest: Guest) => (input: Input) => A
}

/**
 * @category models
 * @since 0.1.0
 */
export interface HostFunction {
  /** Id of the interface. */
  readonly interface: string
  readonly type: WitType.Func
  readonly requires: Requires<never>
  readonly fuel: number
  readonly check: ((input: never) => unknown) | undefined
  readonly run:
    | { readonly _tag: "Sync"; readonly handler: (guest: Guest) => (input: never) => unknown }
    | {
      readonly _tag: "Async"
      readonly deadline: Duration.Duration
      readonly handler: (input: never) => Effect.Effect<unknown, AnyFailure, Caller | CurrentPrincipal>
      readonly begin: ((power: never, input: never) => Begun<unknown, AnyFailure> | undefined) | undefined
    }
}

const defaultDeadline = Duration.seconds(30)
const name = /^([a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*(?:@[0-9A-Za-z.+-]+)?)#(.+)$/

const base = <P extends Wit.Fields, T extends Wit.Type<unknown> | undefined>(
  { params, result, wit }: Signature<P, T>,
  { check, fuel, requires }: Common<never, Requires<never>, unknown>
): Omit<HostFunction, "run"> => {
  const [, owner, member] = name.exec(wit) ?? []
  if (owner === undefined || member === undefined) {
    throw new TypeError(`${JSON.stringify(wit)} is no function such as "acme:queue/queue@1.0.0#push"`)
  }
  if (!Number.isSafeInteger(fuel) || fuel < 0) throw new TypeError(`${wit}: ${fuel} is no amount of fuel`)
  return {
    interface: owner,
    type: {
      name: member,
      params: Object.entries(params).map(([name, { type }]) => ({ name, type })),
      result: result?.type,
      async: false
    },
    requires,
    fuel,
    check
  }
}

/**
 * Makes a function whose handler is an Effect. Throws a `TypeError` for a name
 * that is none of a function, for fuel that is no whole number from 0, and for a
 * deadline that is over at once.
 *
 * The signature is an argument of its own, so that the types of requirements
 * and handler follow from it.
 *
 * ```ts
 * import { HostFunction, Wit } from "airssys/component"
 * import { Capability } from "airssys/security"
 * import { Effect } from "effect"
 *
 * class Queue extends Capability.Service<Queue, {
 *   readonly push: (text: string) => Effect.Effect<number>
 * }>()("custom.queue") {}
 *
 * const push = HostFunction.make({
 *   wit: "acme:queue/queue@1.0.0#push",
 *   params: { "queue-name": Wit.string, text: Wit.string },
 *   result: Wit.result(Wit.u32, Wit.enumeration("access-denied", "full"))
 * }, {
 *   requires: [Queue.on((input) => input.queueName)],
 *   fuel: 1_000,
 *   handler: ({ text }) =>
 *     Queue.use((queue) => queue.push(text)).pipe(
 *       Effect.filterOrFail((length) => length < 100, () => "full" as const)
 *     )
 * })
 * push.type.params.map(({ name }) => name) // => ["queue-name", "text"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  const P extends Wit.Fields,
  const Q extends Requires<Wit.ValueOfFields<P>>,
  T extends Wit.Type<unknown> | undefined = undefined,
  const F extends Failure<NoInfer<T>> | undefined = undefined
>(
  signature: Signature<P, T>,
  options: Options<Wit.ValueOfFields<P>, NoInfer<T>, Q, F>
): HostFunction => {
  const { begin, handler } = options
  const deadline = Duration.fromInputUnsafe(options.deadline ?? defaultDeadline)
  if (!(Duration.toMillis(deadline) > 0)) throw new TypeError(`${signature.wit}: its deadline is over at once`)
  return {
    ...base(signature, options as Common<never, Requires<never>, unknown>),
    run: {
      _tag: "Async",
      deadline,
      // Serving it discharges the powers: they are those of `requires`, which the type of the options says.
      handler: handler as (input: never) => Effect.Effect<unknown, AnyFailure, Caller | CurrentPrincipal>,
      begin: begin as ((power: never, input: never) => Begun<unknown, AnyFailure> | undefined) | undefined
    }
  }
}

/**
 * Makes a function that never waits. It is decided and done within the call of
 * the guest, which costs no fiber; where a use has to be durable before it
 * happens, the guest waits for that. Throws as `make` does.
 *
 * ```ts
 * import { HostFunction, Wit } from "airssys/component"
 * import { Capability } from "airssys/security"
 *
 * const id = HostFunction.sync({ wit: "acme:shop/shop@1.0.0#id", params: {}, result: Wit.string }, {
 *   requires: Capability.none("every component of this shop may know its name"),
 *   fuel: 50,
 *   handler: () => () => "berlin-2"
 * })
 * id.fuel // => 50
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const sync = <
  const P extends Wit.Fields,
  const Q extends Requires<Wit.ValueOfFields<P>>,
  const A extends Wit.Value<NoInfer<T>>,
  T extends Wit.Type<unknown> | undefined = undefined,
  const F extends Failure<NoInfer<T>> | undefined = undefined
>(
  signature: Signature<P, T>,
  options: SyncOptions<Wit.ValueOfFields<P>, A, Q, F>
): HostFunction => ({
  ...base(signature, options as Common<never, Requires<never>, unknown>),
  run: { _tag: "Sync", handler: options.handler }
})

/**
 * The kinds of capability that a function asks for; for one that requires
 * nothing, the kind that changes what it answers.
 *
 * @category combinators
 * @since 0.1.0
 */
export const kinds = ({ requires }: HostFunction): ReadonlyArray<CapabilityKind.CapabilityKind> =>
  "_tag" in requires
    ? requires.kind === undefined ? [] : [requires.kind]
    : requires.map(({ kind }) => kind)
