/**
 * Quotas of an `airssys.toml`.
 *
 * @since 0.1.0
 */
import type * as HostConfig from "airssys/component/HostConfig"
import * as Runtime from "airssys/Runtime"
import type { AuditError } from "airssys/security/AuditError"
import * as Quota from "airssys/security/Quota"
import * as Quotas from "airssys/security/Quotas"
import * as Effect from "effect/Effect"

/**
 * What components and tenants without quotas of their own are held to, and what
 * the file says of tenants by name.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostQuotas {
  readonly component: Quota.Limits
  readonly tenant: Quota.Limits
  readonly tenants: ReadonlyMap<string, HostConfig.Limits>
}

/**
 * What the file says, and the defaults of a host where it says nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ component, tenant, tenants }: HostConfig.Quotas): HostQuotas => ({
  component: { ...Quota.defaults, ...Runtime.defaultQuotas.component, ...component },
  tenant: { ...Quota.unlimited, ...tenant },
  tenants
})

/** Limits of one component or tenant are entries of the audit log, like each change of them. */
const limit = (
  subject: Quota.Subject,
  others: Quota.Limits,
  limits: HostConfig.Limits
): Effect.Effect<void, AuditError, Quotas.Quotas> =>
  Object.keys(limits).length === 0
    ? Effect.void
    : Quotas.Quotas.use((quotas) => quotas.setLimits(subject, { ...others, ...limits }, "airssys.toml"))

/**
 * Holds a component to quotas of its own.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitComponent = (
  self: HostQuotas,
  id: string,
  limits: HostConfig.Limits
): Effect.Effect<void, AuditError, Quotas.Quotas> => limit({ kind: "Component", id }, self.component, limits)

/**
 * Holds the tenants to theirs that the file names.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitTenants = (self: HostQuotas): Effect.Effect<void, AuditError, Quotas.Quotas> =>
  Effect.forEach(
    self.tenants,
    ([id, limits]) => limit({ kind: "Tenant", id }, self.tenant, limits),
    { discard: true }
  )
