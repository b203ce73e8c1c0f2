/** An audit store that takes nothing any more when files beside it are lost. */
import * as AuditError from "airssys/security/AuditError"
import type { AuditStore } from "airssys/security/AuditStore"
import * as Effect from "effect/Effect"
import type { HeldFiles } from "./heldFiles.ts"

export const make = (store: AuditStore["Service"], held: HeldFiles): AuditStore["Service"] => {
  const inPlace = <A>(write: Effect.Effect<A, AuditError.AuditError>): Effect.Effect<A, AuditError.AuditError> =>
    Effect.suspend(() => {
      const detail = held.lost
      return detail === undefined ? write : Effect.fail(new AuditError.AuditError({ reason: "ForeignWriter", detail }))
    })
  return {
    ...store,
    append: (bytes) => inPlace(store.append(bytes)),
    begin: (segment, bytes) => inPlace(store.begin(segment, bytes))
  }
}
