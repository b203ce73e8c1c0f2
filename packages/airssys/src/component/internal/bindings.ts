/**
 * What this host does with each function that a guest may import. Imports are
 * made from this table and from nothing else, and a review reads it: what has
 * no binding is served to nobody.
 */
import type { Ask } from "../../security/Ask.ts"
import type { CapabilityKind } from "../../security/CapabilityKind.ts"
import { InvalidArgument, shown } from "../Argument.ts"
import type { HostFunction } from "../HostFunction.ts"
import { type Binding, kindsOf, type Served, type Unreachable } from "./binding.ts"
import * as capabilities from "./functions/capabilities.ts"
import * as clock from "./functions/clock.ts"
import * as components from "./functions/components.ts"
import * as configuration from "./functions/configuration.ts"
import * as environment from "./functions/environment.ts"
import * as identity from "./functions/identity.ts"
import * as log from "./functions/log.ts"
import * as messaging from "./functions/messaging.ts"
import * as random from "./functions/random.ts"
import * as storage from "./functions/storage.ts"
import * as timers from "./functions/timers.ts"
import * as wasiBindings from "./wasiBindings.ts"

/** The functions of `airssys:core`. */
export const core: ReadonlyArray<HostFunction> = [
  ...log.functions,
  ...clock.functions,
  ...timers.functions,
  ...random.functions,
  ...environment.functions,
  ...configuration.functions,
  ...identity.functions,
  ...messaging.functions,
  ...components.functions,
  ...capabilities.functions,
  ...storage.functions
]

const series = /^(.+@(?:0\.[1-9][0-9]*|[1-9][0-9]*(?=\.[0-9]+\.)))\.[0-9.]+$/

/** Interfaces of one family are compatible: `wasi:io/poll@0.2` for `wasi:io/poll@0.2.12`. */
export const family = (id: string): string => series.exec(id)?.[1] ?? id

type Table<A> = ReadonlyMap<string, ReadonlyMap<string, A>>

const tableOf = <A>(entries: Readonly<Record<string, Readonly<Record<string, A>>>>): Table<A> =>
  new Map(Object.entries(entries).map(([id, inner]) => [id, new Map(Object.entries(inner))]))

const absent = tableOf<Unreachable["because"]>(wasiBindings.absent)

/** By interface without what its family does not have, and function. */
const serving = (functions: ReadonlyArray<HostFunction>): Table<Served> => {
  const table = new Map<string, Map<string, Served>>()
  for (const one of functions) {
    const id = family(one.interface)
    const members = table.get(id) ?? new Map<string, Served>()
    table.set(id, members.set(one.type.name, { _tag: "Served", function: one }))
  }
  return table
}

/** What a host program may not serve: functions of a package that is not its own, and two of one name. */
export const clash = (functions: ReadonlyArray<HostFunction>, name: string): InvalidArgument | undefined => {
  const seen = new Map<string, string>()
  for (const [at, { interface: id, type }] of functions.entries()) {
    const argument = `${name}[${at}]`
    const found = shown(`${id}#${type.name}`)
    if (/^(?:airssys|wasi):/.test(id)) {
      return new InvalidArgument({ argument, found, expected: "functions of your own packages" })
    }
    const key = `${family(id)}#${type.name}`
    const other = seen.get(key)
    if (other !== undefined) {
      return new InvalidArgument({ argument, found: `${found}, as ${other}`, expected: "one function for both" })
    }
    seen.set(key, `${argument} is ${found}`)
  }
  return undefined
}

/** The bindings of one host. */
export interface Bindings {
  /** The binding of a function of an imported interface; undefined where nobody serves it. */
  readonly find: (id: string | undefined, name: string) => Binding | undefined
  /** Whether any function uses the capability. */
  readonly isUsed: (kind: CapabilityKind) => boolean
  /** The versions of an interface that are served, for a guest that asks for another one. */
  readonly servedFamilies: (id: string) => ReadonlyArray<string>
}

const none: ReadonlyArray<HostFunction> = []

/**
 * The functions that may wait for a component with these asks, as
 * `interface#function`; of an interface of WASI the first version of its family.
 */
export const waiting = (
  functions: ReadonlyArray<HostFunction>,
  asks: ReadonlyArray<Pick<Ask, "audit" | "kind">>
): ReadonlyArray<string> => {
  const recorded = new Set(asks.flatMap(({ audit, kind }) => audit === undefined ? [] : [kind]))
  const wasi = Object.entries(wasiBindings.functions).flatMap(([id, members]) =>
    Object.entries<Binding>(members).flatMap(([name, binding]) =>
      binding._tag === "Inert" && binding.kind !== undefined && recorded.has(binding.kind) ? [`${id}.0#${name}`] : []
    )
  )
  const served = [...core, ...functions].flatMap(({ interface: id, requires, run, type }) =>
    run._tag === "Async" || !("_tag" in requires) && requires.some(({ kind }) => recorded.has(kind))
      ? [`${id}#${type.name}`]
      : []
  )
  return [...served, ...wasi]
}

const made = new WeakMap<ReadonlyArray<HostFunction>, Bindings>()

/** The bindings of a host whose program adds these functions. */
export const of = (functions: ReadonlyArray<HostFunction> = none): Bindings => {
  const known = made.get(functions) ?? make(functions)
  made.set(functions, known)
  return known
}

const make = (functions: ReadonlyArray<HostFunction>): Bindings => {
  const table: Table<Binding> = new Map<string, ReadonlyMap<string, Binding>>([
    ...tableOf<Binding>(wasiBindings.functions),
    ...serving([...functions, ...core])
  ])
  return {
    find: (id, name) => id === undefined ? undefined : table.get(family(id))?.get(name) ?? unreachable(id, name),
    isUsed: (kind) =>
      [...table.values()].some((inner) => [...inner.values()].some((one) => kindsOf(one).includes(kind))),
    servedFamilies: (id) => {
      const name = id.replace(/@.*$/, "@")
      return [...table.keys()].filter((other) => other.startsWith(name))
    }
  }
}

const unreachable = (id: string, name: string): Unreachable | undefined => {
  const [, resource] = /^\[method\]([^.]+)\./.exec(name) ?? []
  const because = resource === undefined ? undefined : absent.get(family(id))?.get(resource)
  return because === undefined ? undefined : { _tag: "Unreachable", because }
}
