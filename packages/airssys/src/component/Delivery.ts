/**
 * What a host knows of the message that an instance handles: who sent it, on
 * whose account, on whose behalf. All of it is set by the host; a sender cannot
 * choose it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { ActingFor, Correlation, CurrentPrincipal, type Principal } from "../security/Principal.ts"

/**
 * Who sent a message: the program that hosts the component, a person or tool
 * that operates the host, or another component, by `namespace:name`.
 *
 * @category models
 * @since 0.1.0
 */
export type Sender =
  | { readonly _tag: "Host" }
  | { readonly _tag: "Operator"; readonly id: string }
  | { readonly _tag: "Component"; readonly id: string }

/**
 * Where a message comes from. `tenant` is on whose account it is handled;
 * `correlation` the request or job that it is a part of, where there is one;
 * `onBehalfOf` for whom the sender acts: whoever handles the message may do
 * only what each of them may.
 *
 * @category models
 * @since 0.1.0
 */
export interface Origin {
  readonly sender: Sender
  readonly tenant: string | undefined
  readonly correlation: string | undefined
  readonly onBehalfOf: ReadonlyArray<Principal>
}

/**
 * A message that is being handled. `id` has at most 64 ASCII characters: the
 * name of this run of the host, of 64 random bits, and a number, which is
 * counted for the component that handles it where it is a call. `correlation`
 * is its own where the message is a part of nothing else. A host that is
 * started anew gives no id again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery extends Origin {
  readonly id: string
  readonly correlation: string
}

/**
 * The tenant on whose account the current fiber works, of 1 to 256 characters.
 * None by default.
 *
 * @category references
 * @since 0.1.0
 */
export const Tenant: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "airssys/component/Delivery/Tenant",
  { defaultValue: () => undefined }
)

/**
 * A message from the program of the host, that is a part of nothing else.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHost: Origin = { sender: { _tag: "Host" }, tenant: undefined, correlation: undefined, onBehalfOf: [] }

/** Contexts do not change, and who calls often does so in the same one. */
const origins = new WeakMap<Context.Context<never>, Origin>()

/**
 * Where a message comes from that is sent in a context: its principal is the
 * sender, and the host where none is bound.
 *
 * @category constructors
 * @since 0.1.0
 */
export const originOf = (context: Context.Context<never>): Origin => {
  const known = origins.get(context)
  if (known !== undefined) return known
  const origin = read(context)
  origins.set(context, origin)
  return origin
}

const read = (context: Context.Context<never>): Origin => {
  const principal = Context.getOrUndefined(context, CurrentPrincipal)
  const tenant = Context.get(context, Tenant)
  const correlation = Context.get(context, Correlation)
  const onBehalfOf = Context.get(context, ActingFor)
  return principal === undefined && tenant === undefined && correlation === undefined && onBehalfOf.length === 0
    ? fromHost
    : { sender: senderOf(principal), tenant, correlation, onBehalfOf }
}

const senderOf = (principal: Principal | undefined): Sender =>
  principal === undefined || principal.kind === "Host"
    ? fromHost.sender
    : { _tag: principal.kind, id: principal.id }

/**
 * Makes what is known of a message that arrived.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (id: string, { correlation = id, onBehalfOf, sender, tenant }: Origin): Delivery => ({
  id,
  sender,
  tenant,
  correlation,
  onBehalfOf
})
