/** What a manifest asks for and an operator grants, as findings. */
import type * as WitType from "@airssys/engine/WitType"
import type { Ask } from "../../security/Ask.ts"
import * as CapabilityDiff from "../../security/CapabilityDiff.ts"
import type * as CapabilityKind from "../../security/CapabilityKind.ts"
import * as ExpiryDate from "../../security/ExpiryDate.ts"
import type { Grant } from "../../security/Grant.ts"
import * as Risk from "../../security/Risk.ts"
import * as SafeText from "../../security/SafeText.ts"
import type { Finding, Options } from "../Review.ts"
import { kindsOf } from "./binding.ts"
import * as bindings from "./bindings.ts"

/** Whether its last day is over. */
export const isOver = ({ expires }: { readonly expires?: string | undefined }, now: number): boolean =>
  expires !== undefined && now >= ExpiryDate.end(expires)

export const findings = (options: Options): ReadonlyArray<Finding> => {
  const table = bindings.of(options.functions)
  const used = usable(options.world, table)
  return [
    ...options.manifest.asks.flatMap((
      ask
    ) => [...unused(ask, used, table), ...risks(ask), ...expiry(ask, options.now)]),
    ...(options.grants === undefined ? [] : granted(options, options.grants))
  ]
}

/** The capabilities that the imports of a world could use. */
const usable = (
  world: WitType.World,
  table: bindings.Bindings
): ReadonlySet<CapabilityKind.CapabilityKind> =>
  new Set(
    world.imports.flatMap(({ functions, id }) =>
      functions.flatMap(({ name }) => {
        const binding = table.find(id, name)
        return binding === undefined ? [] : kindsOf(binding)
      })
    )
  )

const unused = (
  { kind, place }: Ask,
  used: ReadonlySet<CapabilityKind.CapabilityKind>,
  table: bindings.Bindings
): ReadonlyArray<Finding> =>
  used.has(kind) ? [] : [{
    severity: "Warning",
    subject: "Unused",
    place,
    kind,
    problem: table.isUsed(kind)
      ? `asks for ${kind}, and imports nothing that uses it`
      : `asks for ${kind}, and this host serves no import that uses it`,
    remedy: "Remove it: what is granted and not used waits for a release that does."
  }]

const subject = (kind: string, pattern: string): string => pattern === "" ? kind : `${kind} ${SafeText.word(pattern)}`

const risks = (ask: Ask): ReadonlyArray<Finding> =>
  CapabilityDiff.items([ask]).flatMap(({ kind, pattern }): ReadonlyArray<Finding> => {
    const { because, level } = Risk.assess(kind, pattern)
    return level === "Low" ? [] : [{
      severity: level === "Medium" ? "Notice" : "Warning",
      subject: "Risk",
      place: ask.place,
      kind,
      risk: level,
      problem: `asks for ${subject(kind, pattern)}, a ${level.toLowerCase()} risk: it ${because}`,
      remedy: `The reason it gives: ${JSON.stringify(ask.reason)}`
    }]
  })

const expiry = ({ expires, kind, place }: Ask, now: number): ReadonlyArray<Finding> =>
  expires === undefined ? [] : [
    isOver({ expires }, now)
      ? {
        severity: "Warning",
        subject: "Expires",
        place,
        kind,
        problem: `asks for ${kind} until ${expires}, which is over`,
        remedy: "Remove it, or move the day."
      }
      : { severity: "Notice", subject: "Expires", place, kind, problem: `asks for ${kind} until ${expires}` }
  ]

const granted = ({ file, manifest: { asks }, now }: Options, grants: ReadonlyArray<Grant>): ReadonlyArray<Finding> => {
  const current = grants.filter((grant) => !isOver(grant, now))
  const from = current.map(({ kind, patterns }) => ({ kind, patterns }))
  const partly = asks.filter(({ kind }) => current.some((grant) => grant.kind === kind))
  return [
    ...partly.flatMap((ask) =>
      CapabilityDiff.make({ from, to: [{ kind: ask.kind, patterns: ask.patterns }] }).widened.map(
        ({ kind, pattern }): Finding => ({
          severity: "Notice",
          subject: "NotGranted",
          place: ask.place,
          kind,
          problem: `asks for ${subject(kind, pattern)}, which is not granted as a whole`
        })
      )
    ),
    ...grants.flatMap((grant): ReadonlyArray<Finding> => {
      const { expires, kind } = grant
      if (!asks.some((ask) => ask.kind === kind)) {
        const problem = `is granted ${kind}, for which it does not ask: the grant gives nothing`
        return [{ severity: "Warning", subject: "Beyond", place: { file }, kind, problem, remedy: "Remove the grant." }]
      }
      if (expires === undefined) return []
      const isPast = isOver(grant, now)
      const problem = `is granted ${kind} until ${expires}${isPast ? ", which is over" : ""}`
      return [{ severity: isPast ? "Warning" : "Notice", subject: "Expires", place: { file }, kind, problem }]
    })
  ]
}
