import * as Result from "effect/Result"
import * as CapabilityKind from "../CapabilityKind.ts"
import * as anchor from "./anchor.ts"
import * as commandPattern from "./commandPattern.ts"
import * as namePattern from "./namePattern.ts"
import * as networkPattern from "./networkPattern.ts"
import * as pathPattern from "./pathPattern.ts"
import * as patternShape from "./patternShape.ts"

const grammars: Readonly<Record<typeof CapabilityKind.all[number], patternShape.Parse | undefined>> = {
  "log": undefined,
  "clock": undefined,
  "random": undefined,
  "environment": namePattern.parseVariable,
  "network.outbound": networkPattern.parseEndpoint,
  "network.inbound": networkPattern.parseEndpoint,
  "network.resolve": networkPattern.parseName,
  "storage.read": pathPattern.parseKey,
  "storage.write": pathPattern.parseKey,
  "filesystem.read": pathPattern.parsePath,
  "filesystem.write": pathPattern.parsePath,
  "messaging.send": namePattern.parseRecipient,
  "messaging.publish": namePattern.parseTopic,
  "messaging.subscribe": namePattern.parseTopic,
  "process.spawn": commandPattern.parse
}

/** How patterns of a kind are read; undefined for a kind that takes none. */
export const of = (kind: CapabilityKind.CapabilityKind): patternShape.Parse | undefined =>
  CapabilityKind.isBuiltIn(kind) ? grammars[kind] : CapabilityKind.isCustom(kind) ? pathPattern.parseKey : undefined

const longest = 4096

/** What all keys are below: only `**` reaches it. No pattern names it. */
const root = patternShape.open("", [])

/**
 * The shape of a resource; undefined for what is none. Only what is subscribed
 * to has wildcards.
 */
export const resource = (kind: CapabilityKind.CapabilityKind, text: string): patternShape.Shape | undefined => {
  const grammar = of(kind)
  if (grammar === undefined || text.length > longest) return undefined
  if (text === "" && kind === "storage.read") return root
  const result = grammar(text)
  if (Result.isFailure(result)) return undefined
  const shape = result.success
  if (patternShape.isNamed(shape)) return shape
  return kind === "messaging.subscribe" ? { ...shape, tokens: patternShape.normalize(shape.tokens) } : undefined
}

/** A resource as its grammar reads it, whatever is in it. */
export const read = (kind: CapabilityKind.CapabilityKind, text: string): patternShape.Subject | undefined => {
  const shape = resource(kind, text)
  return shape && {
    kind,
    text,
    isCoveredBy: (pattern) => patternShape.covers(pattern, shape),
    anchorAt: (depth) => anchor.at(shape, depth)
  }
}
