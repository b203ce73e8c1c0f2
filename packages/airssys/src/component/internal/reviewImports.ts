/** What becomes of the imports of a component, as findings. */
import type * as WitType from "@airssys/engine/WitType"
import * as CapabilityKind from "../../security/CapabilityKind.ts"
import * as SafeText from "../../security/SafeText.ts"
import type { Finding, Options } from "../Review.ts"
import { type Binding, kindsOf } from "./binding.ts"
import * as bindings from "./bindings.ts"
import { isOver } from "./reviewAsks.ts"
import * as witDifference from "./witDifference.ts"

const namesShown = 6

const listed = (names: ReadonlyArray<string>): string => {
  const shown = names.slice(0, namesShown).map(SafeText.word).join(", ")
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown
}

export const findings = (options: Options): ReadonlyArray<Finding> => {
  const table = bindings.of(options.functions)
  return options.world.imports.flatMap((imported) => {
    const groups = new Map<string, { readonly binding: Binding | undefined; readonly names: Array<string> }>()
    for (const func of imported.functions) {
      const binding = fitting(table.find(imported.id, func.name), func)
      const key = keyOf(binding)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { binding, names: [func.name] })
      else group.names.push(func.name)
    }
    return [...groups.values()].flatMap(({ binding, names }) => {
      const shown = `${imported.id === undefined ? "the world's own" : SafeText.word(imported.id)} (${listed(names)})`
      return binding === undefined ? [unserved(options, imported.id, shown, table)] : ofBinding(options, shown, binding)
    })
  })
}

/** Undefined for a function of another type than the one that is served. */
const fitting = (binding: Binding | undefined, func: WitType.Func): Binding | undefined =>
  binding?._tag === "Served" && witDifference.ofFunctions(binding.function.type, func) !== undefined
    ? undefined
    : binding

/** Functions of an interface that come to the same are told of together. */
const keyOf = (binding: Binding | undefined): string =>
  binding?._tag === "Served"
    ? JSON.stringify(["Served", kindsOf(binding), "_tag" in binding.function.requires])
    : JSON.stringify(binding ?? null)

const unserved = (
  { file }: Options,
  id: string | undefined,
  shown: string,
  table: bindings.Bindings
): Finding => ({
  severity: "Error",
  subject: "Unserved",
  place: { file },
  problem: `imports ${shown}, which this host does not serve, so it is not installed`,
  remedy: withoutIt(id, table)
})

const ofBinding = (options: Options, shown: string, binding: Binding): ReadonlyArray<Finding> => {
  const place = { file: options.file }
  switch (binding._tag) {
    case "Served":
      return "_tag" in binding.function.requires
        ? []
        : kindsOf(binding).flatMap((kind) => lacking(options, shown, kind) ?? [])
    case "Unreachable":
      return [{
        severity: "Notice",
        subject: "Inert",
        place,
        problem: `imports ${shown}, which it has no handle to call: ${binding.because}`
      }]
    case "Inert": {
      const { gives, kind } = binding
      if (kind !== undefined && lacking(options, shown, kind) === undefined) return []
      return [{
        severity: "Notice",
        subject: "Inert",
        place,
        problem: `imports ${shown}, and gets ${gives}`,
        kind,
        ...(kind === undefined ? undefined : { remedy: `It is real with ${kind}, asked for and granted.` })
      }]
    }
    case "Open":
      return []
  }
}

const withoutIt = (id: string | undefined, table: bindings.Bindings): string => {
  const served = id === undefined ? [] : table.servedFamilies(id)
  return served.length === 0
    ? "No line of a manifest settles this: build it without the import."
    : `No line of a manifest settles this: build it for what this host serves of ${served.join(", ")}.`
}

const lines = (header: string, kind: CapabilityKind.CapabilityKind): string =>
  `[[${header}]] with reason = "..." and ${kind} = ${CapabilityKind.takesPatterns(kind) ? "[\"...\"]" : "true"}`

/** Why calls that need the capability are denied, or undefined. */
const lacking = (
  { file, grants, manifest, now }: Options,
  shown: string,
  kind: CapabilityKind.CapabilityKind
): Finding | undefined => {
  const ask = manifest.asks.find((one) => one.kind === kind && !isOver(one, now))
  const base = { severity: "Error", kind } as const
  if (ask === undefined) {
    const over = manifest.asks.find((one) => one.kind === kind)
    return {
      ...base,
      subject: "NotAsked",
      place: over?.place ?? { file },
      problem: `imports ${shown} and ${
        over === undefined ? "does not ask" : "asks no longer"
      } for ${kind}: each call is denied`,
      remedy: over === undefined
        ? `Add to ${file}: ${lines("capability", kind)}`
        : "Move its expires to a later day, or remove it."
    }
  }
  if (grants === undefined || grants.some((one) => one.kind === kind && !isOver(one, now))) return undefined
  return {
    ...base,
    subject: "NotGranted",
    place: ask.place,
    problem: `imports ${shown} and asks for ${kind}, which is not granted: each call is denied`,
    remedy: `Add below its [[component]] in airssys.toml: ${lines("component.grant", kind)}`
  }
}
