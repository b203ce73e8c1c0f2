/** The interfaces of `airssys:core` that components export, as this host calls them. */
import type { WitType, World } from "@airssys/engine/WitType"
import * as Contract from "../Contract.ts"

/** A function that this host calls. */
export type Target = Contract.Target & { readonly interface: string }

const interfaceId = (name: string): string => `airssys:core/${name}@0.1.0`
const named = (owner: string, name: string) => ({ owner: interfaceId(owner), name })

const string: WitType = { kind: "string" }
const u64: WitType = { kind: "u64" }
const option = (some: WitType): WitType => ({ kind: "option", some })

const error: WitType = {
  kind: "variant",
  name: named("types", "error"),
  cases: [
    { name: "access-denied", type: undefined },
    { name: "invalid-argument", type: string },
    { name: "not-found", type: undefined },
    { name: "timed-out", type: undefined },
    { name: "exhausted", type: undefined },
    { name: "unavailable", type: undefined },
    { name: "failed", type: string }
  ]
}

const result = (ok: WitType | undefined): WitType => ({ kind: "result", ok, err: error })

const componentId: WitType = {
  kind: "record",
  name: named("types", "component-id"),
  fields: [{ name: "namespace", type: string }, { name: "name", type: string }]
}

const sender: WitType = {
  kind: "variant",
  name: named("types", "sender"),
  cases: [
    { name: "host", type: undefined },
    { name: "operator", type: undefined },
    { name: "component", type: componentId }
  ]
}

const payload: WitType = {
  kind: "record",
  name: named("types", "payload"),
  fields: [
    { name: "codec", type: { kind: "enum", name: named("types", "codec"), cases: ["cbor", "json", "borsh"] } },
    { name: "bytes", type: { kind: "list", element: { kind: "u8" } } }
  ]
}

const message: WitType = {
  kind: "record",
  name: named("message-handler", "message"),
  fields: [
    { name: "id", type: string },
    { name: "sender", type: sender },
    { name: "topic", type: option(string) },
    { name: "wants-reply", type: { kind: "bool" } },
    { name: "payload", type: payload }
  ]
}

const configuration: WitType = {
  kind: "record",
  name: named("lifecycle", "configuration"),
  fields: [
    {
      name: "settings",
      type: {
        kind: "list",
        element: {
          kind: "record",
          name: named("lifecycle", "setting"),
          fields: [{ name: "key", type: string }, { name: "value", type: string }]
        }
      }
    },
    {
      name: "limits",
      type: {
        kind: "record",
        name: named("lifecycle", "limits"),
        fields: [
          { name: "memory", type: u64 },
          { name: "fuel", type: option(u64) },
          { name: "timeout", type: option({ kind: "u32" }) }
        ]
      }
    }
  ]
}

const shutdownReason: WitType = {
  kind: "enum",
  name: named("lifecycle", "shutdown-reason"),
  cases: ["stopped", "replaced", "host-exit"]
}

const report: WitType = {
  kind: "record",
  name: named("health", "report"),
  fields: [
    {
      name: "status",
      type: {
        kind: "enum",
        name: named("health", "status"),
        cases: ["healthy", "degraded", "unhealthy", "unknown"]
      }
    },
    { name: "detail", type: option(string) }
  ]
}

type Params = ReadonlyArray<readonly [name: string, type: WitType]>

const definition = (
  id: string,
  functions: Readonly<Record<string, readonly [params: Params, result: WitType]>>
): Contract.Definition => ({
  world: id,
  members: new Map(
    Object.entries(functions).map((
      [name, [params, result]]
    ) => [name, Contract.func(id, name, params, result, undefined)])
  )
})

export const lifecycle = definition(interfaceId("lifecycle"), {
  init: [[["configuration", configuration]], result(undefined)],
  shutdown: [[["reason", shutdownReason]], result(undefined)]
})

export const messageHandler = definition(interfaceId("message-handler"), {
  "handle-message": [[["message", message]], result(option(payload))]
})

export const callbackHandler = definition(interfaceId("callback-handler"), {
  "handle-callback": [[["id", string], ["reply", result(payload)]], result(undefined)]
})

export const health = definition(interfaceId("health"), { check: [[], report] })

export const all: ReadonlyArray<Contract.Definition> = [lifecycle, messageHandler, callbackHandler, health]

export const isExportedBy = (definition: Contract.Definition, world: World): boolean =>
  world.exports.some((item) => item.id === definition.world)

/** The interfaces of a component that only its host calls. */
export const ownOf = (world: World): ReadonlySet<string | undefined> =>
  new Set(all.filter((definition) => isExportedBy(definition, world)).map((definition) => definition.world))

/** A function of one of these, to be called. */
export const target = (definition: Contract.Definition, name: string): Target => ({
  interface: definition.world,
  function: name
})
