/** What becomes of the imports of a component, as findings. */
import * as CapabilityKind from "../../security/CapabilityKind.ts"
import type { Finding, Options } from "../Review.ts"
import type { Binding } from "./binding.ts"
import * as bindings from "./bindings.ts"
import { isOver } from "./reviewAsks.ts"

const namesShown = 6

const listed = (names: ReadonlyArray<string>): string =>
  names.length > namesShown
    ? `${names.slice(0, namesShown).join(", ")} and ${names.length - namesShown} more`
    : names.join(", ")

export const findings = (options: Options): ReadonlyArray<Finding> =>
  options.world.imports.flatMap((imported) => {
    const groups = new Map<string, { readonly binding: Binding | undefined; readonly names: Array<string> }>()
    for (const { name } of imported.functions) {
      const binding = bindings.find(imported.id, name)
      const key = JSON.stringify(binding ?? null)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, { binding, names: [name] })
      else group.names.push(name)
    }
    return [...groups.values()].flatMap(({ binding, names }) => {
      const found = one(options, imported.id, `${imported.id ?? "the world's own"} (${listed(names)})`, binding)
      return found === undefined ? [] : [found]
    })
  })

const one = (
  options: Options,
  id: string | undefined,
  shown: string,
  binding: Binding | undefined
): Finding | undefined => {
  const place = { file: options.file }
  switch (binding?._tag) {
    case undefined:
      return {
        severity: "Error",
        subject: "Unserved",
        place,
        problem: `imports ${shown}, which this host does not serve, so it is not installed`,
        remedy: withoutIt(id)
      }
    case "Guarded":
      return lacking(options, shown, binding.kind)
    case "Unreachable":
      return {
        severity: "Notice",
        subject: "Inert",
        place,
        problem: `imports ${shown}, which it has no handle to call: ${binding.because}`
      }
    case "Inert": {
      const { gives, kind } = binding
      if (kind !== undefined && lacking(options, shown, kind) === undefined) return undefined
      return {
        severity: "Notice",
        subject: "Inert",
        place,
        problem: `imports ${shown}, and gets ${gives}`,
        kind,
        ...(kind === undefined ? undefined : { remedy: `It is real with ${kind}, asked for and granted.` })
      }
    }
    case "Open":
      return undefined
  }
}

const withoutIt = (id: string | undefined): string => {
  const served = id === undefined ? [] : bindings.servedFamilies(id)
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
