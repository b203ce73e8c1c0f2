/**
 * What this host does with each function that a guest may import. Imports are
 * made from this table and from nothing else, and a review reads it: what has
 * no binding is served to nobody.
 */
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import { type Binding, guarded, kindOf, open } from "./binding.ts"
import * as wasiBindings from "./wasiBindings.ts"

/** By interface without its last number, and function. */
export const core = {
  "airssys:core/log@0.1": {
    write: guarded("log"),
    enabled: open("false without the capability", "log")
  },
  "airssys:core/clock@0.1": {
    now: guarded("clock"),
    monotonic: guarded("clock")
  },
  "airssys:core/environment@0.1": {
    get: guarded("environment"),
    names: open("the names that are granted", "environment")
  },
  "airssys:core/identity@0.1": {
    "this-release": open("its own id and version"),
    "current-message": open("the id of the message"),
    "current-sender": open("that the host sent it")
  }
} as const

/** Interfaces of one family are compatible: `wasi:io/poll@0.2` for `wasi:io/poll@0.2.12`. */
export const family = (id: string): string => /^(.+@0\.[1-9][0-9]*)\.(?:0|[1-9][0-9]*)$/.exec(id)?.[1] ?? id

const tableOf = <A>(entries: Readonly<Record<string, Readonly<Record<string, A>>>>) =>
  new Map(Object.entries(entries).map(([id, inner]) => [id, new Map(Object.entries(inner))]))

const functions: ReadonlyMap<string, ReadonlyMap<string, Binding>> = tableOf<Binding>({
  ...core,
  ...wasiBindings.functions
})

const absent = tableOf(wasiBindings.absent)

/** The binding of a function of an imported interface; undefined where nobody serves it. */
export const find = (id: string | undefined, name: string): Binding | undefined => {
  if (id === undefined) return undefined
  const known = functions.get(family(id))?.get(name)
  if (known !== undefined) return known
  const [, resource] = /^\[method\]([^.]+)\./.exec(name) ?? []
  const because = resource === undefined ? undefined : absent.get(family(id))?.get(resource)
  return because === undefined ? undefined : { _tag: "Unreachable", because }
}

/** Whether any function of this host uses the capability. */
export const isUsed = (kind: CapabilityKind): boolean =>
  [...functions.values()].some((inner) => [...inner.values()].some((binding) => kindOf(binding) === kind))

/** The versions of an interface that this host serves, for a guest that asks for another one. */
export const servedFamilies = (id: string): ReadonlyArray<string> => {
  const name = id.replace(/@.*$/, "@")
  return [...functions.keys()].filter((other) => other.startsWith(name))
}
