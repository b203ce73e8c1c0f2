import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import { Ask, AuditLog, CapabilityEnforcer, ClockAccess, Grant, Powers, Principal } from "airssys/security"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Work } from "../../harness/Suite.ts"
import { expect, neverSeen, patterns, repeated } from "./Work.ts"

const principal = Principal.make({ kind: "Component", id: "acme:orders", label: "acme:orders 1.0.0" })
const place = { file: "Component.toml", line: 1 }
const perGrant = 256
const reason = "Measured."

const build = async () => {
  const scope = Scope.makeUnsafe()
  const layer = CapabilityEnforcer.layer.pipe(
    Layer.provide(AuditLog.layerMemory()),
    Layer.provide([NodeDigest.layer, Powers.layer(ClockAccess.source)])
  )
  const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const run = Effect.runPromiseWith(context)
  const enforcer = await run(CapabilityEnforcer.CapabilityEnforcer)
  return { enforcer, run, context, close: () => run(Scope.close(scope, Exit.void)) }
}

const farAway = "2999-12-31"

const grantsOf = (texts: ReadonlyArray<string>, expires?: string): ReadonlyArray<Grant.Grant> =>
  Array.from(
    { length: Math.ceil(texts.length / perGrant) },
    (_, index) => Grant.make("storage.read", texts.slice(index * perGrant, (index + 1) * perGrant), { reason, expires })
  )

/** A component whose manifest asks for all of its storage, and the namespaces that it is granted. */
const checking = async (count: number, expires?: string) => {
  const kernel = await build()
  await kernel.run(kernel.enforcer.admit(principal, {
    asks: [Ask.make({ kind: "storage.read", patterns: ["**"], reason, place })],
    grants: grantsOf(patterns(count), expires)
  }))
  const { enforcer } = kernel
  return {
    check: (resource: string) => enforcer.check(principal, "storage.read", resource)._tag === "Allowed",
    close: kernel.close
  }
}

export const check = async (count: number, isGranted: boolean): Promise<Work> => {
  const { check, close } = await checking(count)
  return { ...repeated(count, isGranted, check), close }
}

/** Grants that have an end, which is looked at in each decision. */
export const checkExpiring = async (count: number): Promise<Work> => {
  const { check, close } = await checking(count, farAway)
  return { ...repeated(count, true, check), close }
}

export const checkFresh = async (count: number, isGranted: boolean): Promise<Work> => {
  const { check, close } = await checking(count)
  return { ...neverSeen(count, isGranted, check), close }
}

export const require = async (): Promise<Work> => {
  const { close, context, enforcer, run } = await build()
  await run(enforcer.admit(principal, {
    asks: [Ask.make({ kind: "clock", reason, place })],
    grants: [Grant.make("clock", { reason })]
  }))
  const now = enforcer.require(ClockAccess.ClockAccess.on())(ClockAccess.ClockAccess.use((clock) => clock.now)).pipe(
    Effect.provideService(Principal.CurrentPrincipal, principal)
  )
  const runSync = Effect.runSyncWith(context)
  let times = 0
  return {
    run: (count) => {
      for (let index = 0; index < count; index++) if (runSync(now) > 0) times++
    },
    check: (count) => {
      const done = times
      times = 0
      expect(done, count)
    },
    close
  }
}

export const revoke = async (): Promise<Work> => {
  const { close, enforcer, run } = await build()
  const grants = Array.from({ length: 100 }, (_, index) => Grant.make("storage.read", [`key-${index}`], { reason }))
  const restore = async () => {
    await run(enforcer.dismiss(principal))
    await run(enforcer.admit(principal, { asks: [], grants: [] }))
    const ids: Array<number> = []
    for (const grant of grants) ids.push(await run(enforcer.grant(principal, grant)))
    return ids
  }
  let ids = await restore()
  let revoked = 0
  return {
    run: async (count) => {
      for (let index = 0; index < count; index++) {
        revoked += await run(enforcer.revoke(principal, { grant: ids[index]!, reason }))
      }
    },
    check: async (count) => {
      const done = revoked
      revoked = 0
      expect(done, count)
      ids = await restore()
    },
    close
  }
}
