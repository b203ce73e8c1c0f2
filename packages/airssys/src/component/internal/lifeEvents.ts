import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import { ProbeFailed } from "../../actor/ActorError.ts"
import type { ActorEvent } from "../../actor/ActorEvent.ts"
import type * as AuditEvent from "../../security/AuditEvent.ts"
import * as SafeText from "../../security/SafeText.ts"
import { ApprovalRequired } from "../ApprovalRequired.ts"
import { ComponentError, InstantiateError } from "../ComponentError.ts"
import type { GuestError } from "../GuestError.ts"
import { InstallRefused } from "../Release.ts"

const detailLimit = 512

/** An event in a few words; nothing in them is a guest's choice. */
export const detail = (event: ActorEvent): string => {
  switch (event._tag) {
    case "Crashed":
    case "Failed":
      return crashDetail(event.cause)
    case "Stopped":
      return event.reason
    default:
      return event._tag
  }
}

/** The edges of a component's life that the audit log records; `condemned` is why it was taken out. */
export const auditEvent = (
  principal: AuditEvent.Actor,
  event: ActorEvent,
  digest: string,
  condemned: string | undefined
): AuditEvent.AuditEvent | undefined => {
  switch (event._tag) {
    case "Started":
      return { _tag: "Started", principal, digest }
    case "Restarted":
      return { _tag: "Restarted", principal, attempt: event.attempt }
    case "Crashed":
      return { _tag: "Crashed", principal, detail: crashDetail(event.cause) }
    case "Failed":
      return { _tag: "Stopped", principal, detail: `Failed: ${crashDetail(event.cause)}` }
    case "Stopped":
      return event.reason === "Killed"
        ? { _tag: "Killed", principal, detail: SafeText.escape(condemned ?? event.reason, detailLimit) }
        : { _tag: "Stopped", principal, detail: event.reason }
    default:
      return undefined
  }
}

/** As `detail`, of a `shutdown` that did not return well. */
export const hookDetail = (failure: ComponentError | GuestError): string =>
  failure._tag === "GuestError" ? `${failure.export}: ${failure.error.tag}` : failureDetail(failure)

const failureDetail = ({ export: name, reason }: ComponentError): string =>
  SafeText.escape(`${name}: ${reason._tag}${reason._tag === "Trap" ? ` ${reason.category}` : ""}`, detailLimit)

/** As `detail`, of a message that takes long. */
export const workDetail = (name: string, millis: number): string =>
  SafeText.escape(`it has worked on ${name} for ${Duration.format(Duration.millis(millis))}`, detailLimit)

/** The kind of a failure and never its text, which a guest may have chosen and which may hold a secret. */
const crashDetail = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof ComponentError) return failureDetail(error)
  if (error instanceof InstantiateError || error instanceof InstallRefused) return `${error._tag} ${error.reason}`
  if (error instanceof ApprovalRequired) return `${error._tag} ${error.state}`
  if (error instanceof ProbeFailed) return error._tag
  return SafeText.escape(error instanceof Error ? error.name : typeof error, detailLimit)
}
