/**
 * The least manifest that admits what a component was seen to do.
 *
 * Every use in a log is admitted, and no rule could be left out. Resources are
 * named as they were seen; only where enough siblings differ in one segment of
 * a path, a key, a topic or a resource of the host's own does a `*` stand for
 * it. It stands for one segment, at most once in a pattern, never for the first
 * and never directly below a root. A label of a host is left open only where at
 * least three follow it. Variables, programs, look-ups, listeners and
 * recipients are never left open.
 *
 * What is proposed is for a person to read: a log shows what was done, not what
 * ought to be.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { AuditEntry } from "./AuditEntry.ts"
import type { AuditEvent } from "./AuditEvent.ts"
import * as CapabilityDiff from "./CapabilityDiff.ts"
import * as CapabilityKind from "./CapabilityKind.ts"
import * as Pattern from "./Pattern.ts"
import * as SafeText from "./SafeText.ts"

/**
 * A capability that was used, or that somebody tried to use: `count` times.
 * `resource` is empty for a kind without resources.
 *
 * @category models
 * @since 0.1.0
 */
export interface Use {
  readonly principal: string
  readonly kind: CapabilityKind.CapabilityKind
  readonly resource: string
  readonly wasAllowed: boolean
  readonly count: number
}

/**
 * `ungrantable` are the uses that no pattern could admit, because they are
 * malformed or always refused: they are not admitted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inference {
  readonly capabilities: ReadonlyArray<CapabilityDiff.Block>
  readonly ungrantable: ReadonlyArray<Use>
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How many siblings a `*` takes the place of, at least. From 2, default 4; `Infinity` for none at all. */
  readonly siblings?: number | undefined
}

const useOf = (event: AuditEvent): Use | undefined =>
  event._tag === "CapabilityUsed" || event._tag === "CapabilityDenied"
    ? {
      principal: event.principal.id,
      kind: event.kind,
      resource: event.resource,
      wasAllowed: event._tag === "CapabilityUsed",
      count: event.count ?? 1
    }
    : undefined

/**
 * The uses in a log, of one principal or of all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const uses = (entries: ReadonlyArray<AuditEntry>, principal?: string): ReadonlyArray<Use> =>
  entries.flatMap(({ event }) => {
    const use = useOf(event)
    return use === undefined || (principal !== undefined && use.principal !== principal) ? [] : [use]
  })

/** A text taken apart, so that one part can be left open. */
interface Parts {
  readonly parts: ReadonlyArray<string>
  readonly join: (parts: ReadonlyArray<string>) => string
  /** The positions that may be left open. */
  readonly open: (index: number) => boolean
}

const host = /^([a-z]+:\/\/)([^:/[]+)(:.*)?$/

const segments = (prefix: string, rest: string, separator: string, first: number): Parts => ({
  parts: rest.split(separator),
  join: (parts) => prefix + parts.join(separator),
  open: (index) => index >= first
})

const partsOf = (kind: CapabilityKind.CapabilityKind, text: string): Parts | undefined => {
  switch (kind) {
    case "storage.read":
    case "storage.write":
      return segments("", text, "/", 1)
    case "filesystem.read":
    case "filesystem.write": {
      const start = text.indexOf(":/") + 2
      return segments(text.slice(0, start), text.slice(start), "/", 1)
    }
    case "messaging.publish":
    case "messaging.subscribe":
      return segments("", text, ".", 1)
    case "network.outbound": {
      const [, scheme = "", name = "", rest = ""] = host.exec(text) ?? []
      const labels = name.split(".")
      return labels.length < 4 || labels.every((label) => /^[0-9]+$/.test(label)) ? undefined : {
        parts: labels,
        join: (parts) => scheme + parts.join(".") + rest,
        open: (index) => index === 0
      }
    }
    default:
      return kind.startsWith("custom.") ? segments("", text, "/", 1) : undefined
  }
}

/** The texts with one part open, for each part that may be. */
const opened = (kind: CapabilityKind.CapabilityKind, text: string): ReadonlyArray<string> => {
  const parts = text.includes("*") ? undefined : partsOf(kind, text)
  return parts === undefined ?
    [] :
    parts.parts.flatMap((_, index) =>
      parts.open(index) ? [parts.join(parts.parts.map((part, at) => at === index ? "*" : part))] : []
    )
}

const isPattern = (kind: CapabilityKind.CapabilityKind, text: string): boolean =>
  Result.isSuccess(Pattern.parse(kind, text))

/** Puts open texts in the place of enough siblings, those with the most siblings first. */
const generalize = (
  kind: CapabilityKind.CapabilityKind,
  texts: ReadonlyArray<string>,
  siblings: number
): ReadonlyArray<string> => {
  const groups = new Map<string, Set<string>>()
  for (const text of texts) {
    for (const open of opened(kind, text)) groups.set(open, (groups.get(open) ?? new Set()).add(text))
  }
  const left = new Set(texts)
  const found: Array<string> = []
  for (const [open, members] of [...groups].toSorted(([, a], [, b]) => b.size - a.size)) {
    const closed = [...members].filter((text) => left.has(text))
    if (!(closed.length >= siblings) || !isPattern(kind, open)) continue
    found.push(open)
    for (const text of closed) left.delete(text)
  }
  return [...found, ...left]
}

/** Which of the resources each pattern covers. */
const coverage = (
  kind: CapabilityKind.CapabilityKind,
  patterns: ReadonlyArray<string>,
  resources: ReadonlyArray<string>
): ReadonlyMap<string, ReadonlyArray<Pattern.Resource>> => {
  const filed = new Map<number, Array<Pattern.Resource>>()
  for (const text of resources) {
    const resource = Pattern.parseResource(kind, text)
    for (const anchor of resource === undefined ? [] : Pattern.anchors(resource)) {
      const found = filed.get(anchor)
      if (found === undefined) filed.set(anchor, [resource!])
      else found.push(resource!)
    }
  }
  return new Map(patterns.map((text) => {
    const pattern = Result.getOrThrow(Pattern.parse(kind, text))
    return [text, (filed.get(Pattern.anchor(pattern)) ?? []).filter((resource) => Pattern.covers(pattern, resource))]
  }))
}

/** The patterns without which something would not be covered. */
const needed = (
  kind: CapabilityKind.CapabilityKind,
  patterns: ReadonlyArray<string>,
  resources: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const covered = coverage(kind, patterns, resources)
  const times = new Map<Pattern.Resource, number>()
  const count = (resource: Pattern.Resource, change: number) => times.set(resource, (times.get(resource) ?? 0) + change)
  for (const found of covered.values()) for (const resource of found) count(resource, 1)
  return patterns.filter((pattern) => {
    const found = covered.get(pattern) ?? []
    if (found.some((resource) => times.get(resource) === 1)) return true
    for (const resource of found) count(resource, -1)
    return false
  })
}

const isGrantable = ({ kind, resource }: Use): boolean =>
  !CapabilityKind.takesPatterns(kind) ||
  (Pattern.parseResource(kind, resource) !== undefined && isPattern(kind, resource))

/**
 * Proposes the least capabilities that admit all uses, allowed or denied, in
 * the order of the kinds.
 *
 * ```ts
 * import { Inference } from "airssys/security"
 *
 * const use = (resource: string) => ({
 *   principal: "acme:rates",
 *   kind: "storage.read" as const,
 *   resource,
 *   wasAllowed: false,
 *   count: 1
 * })
 * const seen = ["rates/eur", "rates/usd", "rates/gbp", "rates/jpy", "totals/may"].map(use)
 * Inference.infer(seen).capabilities // => [{ kind: "storage.read", patterns: ["rates/*", "totals/may"] }]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const infer = (seen: ReadonlyArray<Use>, options: Options = {}): Inference => {
  const siblings = Math.max(2, options.siblings ?? 4)
  const resources = new Map<CapabilityKind.CapabilityKind, Set<string>>()
  const grantable = seen.filter(isGrantable)
  for (const { kind, resource } of grantable) {
    resources.set(kind, (resources.get(kind) ?? new Set()).add(resource))
  }
  return {
    capabilities: [...resources].map(([kind, found]): CapabilityDiff.Block => {
      if (!CapabilityKind.takesPatterns(kind)) return { kind, patterns: [] }
      const texts = [...found]
      return { kind, patterns: needed(kind, generalize(kind, texts, siblings), texts).toSorted() }
    }).toSorted((a, b) => orderOf(a.kind) - orderOf(b.kind) || (a.kind < b.kind ? -1 : 1)),
    ungrantable: seen.filter((use) => !isGrantable(use))
  }
}

const orderOf = (kind: CapabilityKind.CapabilityKind): number => {
  const index = (CapabilityKind.all as ReadonlyArray<string>).indexOf(kind)
  return index < 0 ? CapabilityKind.all.length : index
}

/**
 * What a candidate would do to a log: how many uses it would allow and deny,
 * and which it would deny that were allowed, the most frequent first.
 *
 * @category models
 * @since 0.1.0
 */
export interface Replay {
  readonly allowed: number
  readonly denied: number
  /** Each with the sum of its counts. */
  readonly denials: ReadonlyArray<Use>
  /** Uses that were allowed and would be denied. */
  readonly newlyDenied: number
  /** Uses that were denied and would be allowed. */
  readonly newlyAllowed: number
}

/**
 * Replays uses against capabilities that could be granted, or against any other
 * rule.
 *
 * @category combinators
 * @since 0.1.0
 */
export const replay = (
  seen: ReadonlyArray<Use>,
  candidate: ReadonlyArray<CapabilityDiff.Block> | ((use: Use) => boolean)
): Replay => {
  const admits = typeof candidate === "function" ? candidate : admitter(candidate)
  const denials = new Map<string, Use>()
  let allowed = 0
  let denied = 0
  let newlyDenied = 0
  let newlyAllowed = 0
  for (const use of seen) {
    if (admits(use)) {
      allowed += use.count
      if (!use.wasAllowed) newlyAllowed += use.count
      continue
    }
    denied += use.count
    if (use.wasAllowed) newlyDenied += use.count
    const key = JSON.stringify([use.principal, use.kind, use.resource])
    const known = denials.get(key)
    denials.set(
      key,
      known === undefined ? use : {
        ...known,
        wasAllowed: known.wasAllowed || use.wasAllowed,
        count: known.count + use.count
      }
    )
  }
  return {
    allowed,
    denied,
    denials: [...denials.values()].toSorted((a, b) => b.count - a.count),
    newlyDenied,
    newlyAllowed
  }
}

const admitter = (blocks: ReadonlyArray<CapabilityDiff.Block>): (use: Use) => boolean => {
  const byKind = new Map<CapabilityKind.CapabilityKind, Map<number, Array<Pattern.Pattern>>>()
  for (const { kind, pattern } of CapabilityDiff.items(blocks)) {
    const filed = byKind.get(kind) ?? new Map<number, Array<Pattern.Pattern>>()
    byKind.set(kind, filed)
    const compiled = pattern === "" ? undefined : Result.getOrUndefined(Pattern.parse(kind, pattern))
    if (compiled === undefined) continue
    const anchor = Pattern.anchor(compiled)
    const beside = filed.get(anchor)
    if (beside === undefined) filed.set(anchor, [compiled])
    else beside.push(compiled)
  }
  return ({ kind, resource }) => {
    const filed = byKind.get(kind)
    if (filed === undefined || !CapabilityKind.takesPatterns(kind)) return filed !== undefined
    const subject = Pattern.parseResource(kind, resource)
    return subject !== undefined &&
      Pattern.anchors(subject).some((anchor) => filed.get(anchor)?.some((_) => Pattern.covers(_, subject)) === true)
  }
}

/**
 * The blocks of a `Component.toml` that ask for capabilities. The reasons are
 * left for a person to write: a manifest with them as they are is refused.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toToml = (capabilities: ReadonlyArray<CapabilityDiff.Block>): string =>
  capabilities.map(({ expires, kind, patterns }) =>
    [
      "[[capability]]",
      "reason = \"\"",
      ...(expires === undefined ? [] : [`expires = ${expires}`]),
      `${kind} = ${patterns.length === 0 ? "true" : `[${patterns.map(SafeText.tomlString).join(", ")}]`}`,
      ""
    ].join("\n")
  ).join("\n")
