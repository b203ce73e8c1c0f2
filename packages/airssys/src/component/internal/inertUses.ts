import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as AuditEvent from "../../security/AuditEvent.ts"
import type { AuditLog } from "../../security/AuditLog.ts"
import type { Principal } from "../../security/Principal.ts"

/**
 * Records the uses of inert functions by one instance: the first of each name,
 * and the number of the others when the scope ends. A first one that finds no
 * room in the log is recorded at the next use.
 */
export const make = (
  audit: AuditLog["Service"],
  principal: Principal,
  release: string
): Effect.Effect<(name: string) => void, never, Scope.Scope> => {
  const further = new Map<string, number>()
  const record = (name: string, count: number | undefined): boolean =>
    audit.recordUnsafe({
      _tag: "InertUsed",
      principal: AuditEvent.actor(principal),
      import: name,
      release,
      ...(count === undefined ? undefined : { count })
    }) !== undefined
  return Effect.as(
    Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const [name, count] of further) if (count > 0) record(name, count)
      })
    ),
    (name) => {
      const count = further.get(name)
      if (count !== undefined) further.set(name, count + 1)
      else if (record(name, undefined)) further.set(name, 0)
    }
  )
}
