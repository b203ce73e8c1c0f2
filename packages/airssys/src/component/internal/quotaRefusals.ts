/** Messages that were refused because a quota is used up, until their senders are told. */
import type { QuotaExceeded } from "../../security/Quota.ts"
import { ComponentError } from "../ComponentError.ts"
import * as Contract from "../Contract.ts"

const refusals = new WeakMap<object, QuotaExceeded>()

export const refuse = (message: object, exceeded: QuotaExceeded): void => {
  refusals.set(message, exceeded)
}

export const of = (message: object): QuotaExceeded | undefined => refusals.get(message)

export const toError = (component: string, target: Contract.Target, exceeded: QuotaExceeded): ComponentError =>
  new ComponentError({
    component,
    export: Contract.exportName(target),
    reason: { _tag: "QuotaExceeded", exceeded },
    detail: exceeded.message,
    denials: []
  })
