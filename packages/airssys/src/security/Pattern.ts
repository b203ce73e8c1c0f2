/**
 * Patterns of resources: parsed and compiled once, matched in linear time.
 *
 * `*` is exactly one segment, label, level of a topic or argument and `**` any
 * number of them, also none. `docs/reference/patterns.md` has the grammar of
 * each kind.
 *
 * Resources are matched in the very form a pattern is written in, which is one
 * for each: what is not in that form (another case, `..`, `//`, percent escapes,
 * an address in octal) matches nothing.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CapabilityKind from "./CapabilityKind.ts"
import * as addressBlocks from "./internal/addressBlocks.ts"
import * as anchoring from "./internal/anchor.ts"
import * as commandPattern from "./internal/commandPattern.ts"
import * as grammar from "./internal/grammar.ts"
import * as hostName from "./internal/hostName.ts"
import * as networkPattern from "./internal/networkPattern.ts"
import * as patternShape from "./internal/patternShape.ts"
import * as plainResource from "./internal/plainResource.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as SafeText from "./SafeText.ts"

const TypeId = "~airssys/security/Pattern"

/**
 * A compiled pattern of one kind of capability.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pattern {
  readonly [TypeId]: typeof TypeId
  readonly kind: CapabilityKind.CapabilityKind
  /** The pattern as it was written. */
  readonly text: string
}

interface Compiled extends Pattern {
  readonly shape: patternShape.Shape
  readonly anchor: number
  readonly prefix: string | undefined
}

/**
 * A resource that has the form of its kind, to be compared with many patterns.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resource {
  readonly kind: CapabilityKind.CapabilityKind
  readonly text: string
}

/**
 * A text that is no pattern of its kind. `remedy` is what to write instead and
 * `note` the rule behind it; `offset` and `length` are the part at fault, in
 * UTF-16 units of `text`.
 *
 * @category errors
 * @since 0.1.0
 */
export class PatternError extends Schema.TaggedError<PatternError>("airssys/security/Pattern/PatternError")(
  "PatternError",
  {
    kind: Schema.String,
    text: Schema.String,
    problem: Schema.String,
    remedy: Schema.String,
    offset: Schema.Int,
    length: Schema.Int,
    note: Schema.String
  }
) {
  override get message(): string {
    return SafeText.escape(`"${this.text}": ${this.problem}: ${this.remedy}`, 2048)
  }
}

const textLimit = 1024
const resourceLimit = 4096

/**
 * @category guards
 * @since 0.1.0
 */
export const isPattern = (u: unknown): u is Pattern => untrusted.look(() => Predicate.hasProperty(u, TypeId), false)

/**
 * Compiles the text of a pattern: at most 1,024 characters and 30 segments.
 *
 * ```ts
 * import { Pattern } from "airssys/security"
 * import { Result } from "effect"
 *
 * const files = Result.getOrThrow(Pattern.parse("filesystem.read", "inbox:/**\/*.csv"))
 * Pattern.matches(files, "inbox:/2027/rates.csv") // => true
 * Pattern.matches(files, "inbox:/../rates.csv") // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (kind: CapabilityKind.CapabilityKind, text: string): Result.Result<Pattern, PatternError> => {
  const failed = (problem: patternShape.Problem) =>
    Result.fail(
      new PatternError({ kind: CapabilityKind.isCapabilityKind(kind) ? kind : "", text: shorten(text), ...problem })
    )
  if (typeof text !== "string") return parse(kind, "")
  const everything = { offset: 0, length: Math.min(text.length, textLimit), note: "" }
  const read = grammar.of(kind)
  if (read === undefined) {
    return failed(
      CapabilityKind.isCapabilityKind(kind)
        ? { ...everything, problem: `${kind} takes no pattern`, remedy: `write ${kind} = true` }
        : { ...everything, problem: "there is no such kind of capability", remedy: "name one of CapabilityKind.all" }
    )
  }
  if (text === "") {
    return failed({ ...everything, problem: "the pattern is empty", remedy: "name a resource", length: 1 })
  }
  if (text.length > textLimit) {
    return failed({ ...everything, problem: `a pattern has at most ${textLimit} characters`, remedy: "shorten it" })
  }
  const shape = read(text)
  if (Result.isFailure(shape)) return failed(shape.failure)
  if (shape.success.tokens.length > patternShape.tokenLimit) {
    return failed({
      ...everything,
      problem: `a pattern has at most ${patternShape.tokenLimit} segments`,
      remedy: "write ** for the last ones"
    })
  }
  const normal = { ...shape.success, tokens: patternShape.normalize(shape.success.tokens) }
  const compiled: Compiled = {
    [TypeId]: TypeId,
    kind,
    text,
    shape: normal,
    anchor: anchoring.deepest(normal),
    prefix: plainResource.prefixOf(kind, text)
  }
  return Result.succeed(compiled)
}

const shorten = (text: string): string => text.length > textLimit ? text.slice(0, textLimit) : text

/**
 * Reads a resource of a kind once. A resource has the form of a pattern
 * without wildcards; a port may be left out where the scheme has one. Only the
 * resource of `messaging.subscribe` may have wildcards. `undefined` for what
 * has another form or more than 4,096 characters: no pattern covers it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parseResource = (kind: CapabilityKind.CapabilityKind, text: string): Resource | undefined =>
  typeof text === "string" ? plainResource.read(kind, text) ?? grammar.read(kind, text) : undefined

/**
 * Whether the pattern covers a resource of its kind. A subscription is covered
 * when every topic it stands for is.
 *
 * @category combinators
 * @since 0.1.0
 */
export const covers = (pattern: Pattern, resource: Resource): boolean =>
  pattern.kind === resource.kind &&
  (resource as patternShape.Subject).isCoveredBy((pattern as Compiled).shape, (pattern as Compiled).prefix)

/**
 * Whether the pattern covers a resource that is read for this one comparison:
 * `parseResource`, then `covers`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const matches = (pattern: Pattern, resource: string): boolean => {
  const subject = parseResource(pattern.kind, resource)
  return subject !== undefined && covers(pattern, subject)
}

/**
 * Whether a rule that takes away what the pattern names concerns a resource: no
 * wildcard is kept off private hosts, metadata or options of commands, `**`
 * stands for every address too, and one topic in common is enough for a
 * subscription.
 *
 * ```ts
 * import { Pattern } from "airssys/security"
 * import { Result } from "effect"
 *
 * const everywhere = Result.getOrThrow(Pattern.parse("network.outbound", "https://**"))
 * Pattern.matches(everywhere, "https://10.0.0.1") // => false
 * Pattern.meets(everywhere, "https://10.0.0.1") // => true
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const meets = (pattern: Pattern, resource: string): boolean => {
  const shape = typeof resource === "string" ? grammar.resource(pattern.kind, resource) : undefined
  return shape !== undefined && patternShape.meets((pattern as Compiled).shape, shape)
}

/**
 * Whether every resource that `narrower` covers is covered by `wider`, as what
 * is delegated has to be covered by what one has. Also false where only several
 * wildcards together would cover it.
 *
 * ```ts
 * import { Pattern } from "airssys/security"
 * import { Result } from "effect"
 *
 * const keys = (text: string) => Result.getOrThrow(Pattern.parse("storage.read", text))
 * Pattern.subsumes(keys("rates/**"), keys("rates/eur/*.json")) // => true
 * Pattern.subsumes(keys("rates/*"), keys("rates/**")) // => false
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const subsumes = (wider: Pattern, narrower: Pattern): boolean =>
  wider.kind === narrower.kind &&
  patternShape.covers((wider as Compiled).shape, (narrower as Compiled).shape)

/**
 * Whether a resource may be of both patterns; where it is not decided, it may.
 *
 * @category combinators
 * @since 0.1.0
 */
export const overlaps = (self: Pattern, that: Pattern): boolean => {
  const [one, other] = [(self as Compiled).shape, (that as Compiled).shape]
  return self.kind === that.kind && (patternShape.meets(one, other) || patternShape.meets(other, one))
}

/**
 * A key to file the pattern under: it covers only resources that have the key
 * among their `anchors`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const anchor = (pattern: Pattern): number => (pattern as Compiled).anchor

/**
 * The depth at which a key files, from 0 to 3.
 *
 * @category combinators
 * @since 0.1.0
 */
export const depthOf = (anchor: number): number => anchoring.depthOf(anchor)

/**
 * The key of a resource at a depth, if it has one: what covers the resource and
 * is filed at that depth is filed under it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const anchorAt = (resource: Resource, depth: number): number | undefined =>
  (resource as patternShape.Subject).anchorAt(depth)

/**
 * The keys of a resource at all depths, the deepest first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const anchors = (resource: Resource): ReadonlyArray<number> =>
  [3, 2, 1, 0].map((depth) => anchorAt(resource, depth)).filter((found) => found !== undefined)

/**
 * Whether a connection that the pattern allows may go to an IP address, given
 * as a resolver gives it. A range or an address allows its own. A host allows
 * public addresses; `localhost` also loopback, and a host of metadata its
 * address. Only patterns of `network.outbound` allow any.
 *
 * @see {@link AddressRange} for the classes of addresses
 * @category combinators
 * @since 0.1.0
 */
export const allowsAddress = (pattern: Pattern, address: string): boolean => {
  const { kind, shape } = pattern as Compiled
  const parsed = addressBlocks.parse(address)
  if (kind !== "network.outbound" || parsed === undefined) return false
  if (shape.network !== undefined) {
    return patternShape.holdsNetwork(shape, networkPattern.shapeOf(addressBlocks.unmapped(parsed)))
  }
  const found = addressBlocks.classOf(parsed)
  if (found === "Public") return true
  const name = hostName.nameOf(shape.tokens)
  return found === "Loopback" && hostName.isLocal(name) || found === "Metadata" && hostName.isMetadata(name)
}

/**
 * The resource of `process.spawn` for a program and its arguments, each taken
 * as it is: `git commit -m 'first light'`.
 *
 * ```ts
 * import { Pattern } from "airssys/security"
 *
 * Pattern.command("git", ["commit", "-m", "it's done"]) // => "git commit -m 'it''s done'"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const command = (program: string, args: ReadonlyArray<string>): string =>
  [program, ...args].map(commandPattern.quote).join(" ")

/**
 * The program and the arguments that a resource of `process.spawn` names, as
 * they were given to `command`; undefined for a text that is none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const commandOf = (
  resource: string
): { readonly program: string; readonly args: ReadonlyArray<string> } | undefined => {
  const [program, ...args] = resource.length > resourceLimit ? [] : commandPattern.words(resource) ?? []
  return program === undefined ? undefined : { program, args }
}
