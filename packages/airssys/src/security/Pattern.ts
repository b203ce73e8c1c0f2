/**
 * Patterns of resources, compiled once and matched in bounded time.
 *
 * Everywhere `*` is exactly one segment, label or level, and `**` is any
 * number of them. In paths and storage keys a `*` inside a segment stands for
 * any characters of that segment.
 *
 * | kind | pattern | resource |
 * | --- | --- | --- |
 * | `filesystem.*` | `inbox:/reports/*.csv` | `inbox:/reports/a.csv` |
 * | `network.outbound`, `.inbound` | `https://*.acme.example:8443` | `https://a.acme.example:8443` |
 * | `network.resolve` | `*.acme.example` | `a.acme.example` |
 * | `storage.*` | `rates/*` | `rates/usd` |
 * | `messaging.publish`, `.subscribe` | `invoices.**` | `invoices.paid` |
 * | `messaging.send` | `acme:*` | `acme:rates` |
 * | `environment`, `process.spawn` | `STRIPE_KEY` | `STRIPE_KEY` |
 *
 * Paths are absolute below a named root and normalised. Percent signs stand
 * for themselves: nothing is decoded. Hosts are lower-case ASCII; a wildcard
 * never matches an address, so private, loopback and metadata addresses have
 * to be named. Some files are refused whatever a pattern says.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import type { CapabilityKind } from "./CapabilityKind.ts"

/**
 * A compiled pattern.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pattern {
  readonly kind: CapabilityKind
  readonly text: string
  /** What has to be equal before the segments are compared: root, or scheme and port. */
  readonly head: string
  readonly segments: ReadonlyArray<Segment>
}

/**
 * A segment of a pattern: `**`, or literal parts with any characters between.
 *
 * @category models
 * @since 0.1.0
 */
export type Segment = "**" | ReadonlyArray<string>

/**
 * A pattern that its kind does not take. `offset` and `length` mark the part
 * of the pattern that is wrong, `remedy` says what to write instead, `note`
 * what the kind takes.
 *
 * @category errors
 * @since 0.1.0
 */
export class PatternError extends Data.TaggedError("PatternError")<{
  readonly problem: string
  readonly remedy: string
  readonly note: string
  readonly offset: number
  readonly length: number
}> {
  override get message(): string {
    return `${this.problem}: ${this.remedy}`
  }
}

/** Longest text of a pattern. */
const patternLimit = 1024
/** Longest resource that can match; a longer one never does. */
const resourceLimit = 8192

interface Parts {
  readonly head: string
  readonly segments: ReadonlyArray<string>
}

interface Problem {
  readonly problem: string
  readonly remedy: string
  readonly offset?: number
  readonly length?: number
}

interface Grammar {
  readonly note: string
  /** Splits a resource; undefined when it is malformed. */
  readonly split: (resource: string) => Parts | undefined
  /** The first problem of a pattern. */
  readonly problem: (pattern: string) => Problem | undefined
  /** Resources that no pattern gives. */
  readonly isRefused?: (segments: ReadonlyArray<string>) => boolean
}

/**
 * Compiles a pattern of a kind.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (kind: CapabilityKind, text: string): Result.Result<Pattern, PatternError> => {
  const grammar = grammars.get(kind)
  if (grammar === undefined) {
    return failed(text, { problem: `${kind} takes no patterns`, remedy: `write ${kind} = true` }, "")
  }
  const problem = general(text) ?? grammar.problem(text)
  if (problem !== undefined) return failed(text, problem, grammar.note)
  const parts = grammar.split(text)
  return parts === undefined
    ? failed(text, { problem: "malformed pattern", remedy: "see the note" }, grammar.note)
    : Result.succeed({
      kind,
      text,
      head: parts.head,
      segments: parts.segments.map((segment) => segment === "**" ? "**" : segment.split("*"))
    })
}

/**
 * Whether a resource matches. Malformed resources match nothing.
 *
 * @category combinators
 * @since 0.1.0
 */
export const matches = (self: Pattern, resource: string): boolean => {
  if (resource.length > resourceLimit) return false
  const grammar = grammars.get(self.kind)
  const parts = grammar?.split(resource)
  if (parts === undefined || parts.head !== self.head) return false
  if (grammar?.isRefused?.(parts.segments) === true) return false
  return matchSegments(self.segments, parts.segments)
}

const failed = (text: string, problem: Problem, note: string): Result.Result<never, PatternError> =>
  Result.fail(
    new PatternError({
      problem: problem.problem,
      remedy: problem.remedy,
      note,
      offset: problem.offset ?? 0,
      length: problem.length ?? Math.max(1, text.length - (problem.offset ?? 0))
    })
  )

const general = (text: string): Problem | undefined => {
  if (text.length === 0) return { problem: "an empty pattern", remedy: "name a resource" }
  if (text.length > patternLimit) {
    return { problem: "the pattern is too long", remedy: `write at most ${patternLimit} characters` }
  }
  const at = text.search(controls)
  return at === -1
    ? undefined
    : { problem: "a control or invisible character", remedy: "remove it", offset: at, length: 1 }
}

// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

const matchSegments = (pattern: ReadonlyArray<Segment>, segments: ReadonlyArray<string>): boolean => {
  let p = 0
  let s = 0
  let star = -1
  let resume = 0
  while (s < segments.length) {
    const wanted = pattern[p]
    if (wanted === "**") {
      star = p++
      resume = s
    } else if (wanted !== undefined && matchSegment(wanted, segments[s]!)) {
      p++
      s++
    } else if (star !== -1) {
      p = star + 1
      s = ++resume
    } else return false
  }
  while (pattern[p] === "**") p++
  return p === pattern.length
}

const matchSegment = (parts: ReadonlyArray<string>, segment: string): boolean => {
  const first = parts[0]!
  if (parts.length === 1) return first === segment
  const last = parts[parts.length - 1]!
  if (segment.length < first.length + last.length || !segment.startsWith(first) || !segment.endsWith(last)) return false
  let at = first.length
  const end = segment.length - last.length
  for (let i = 1; i < parts.length - 1; i++) {
    const found = segment.indexOf(parts[i]!, at)
    if (found === -1 || found + parts[i]!.length > end) return false
    at = found + parts[i]!.length
  }
  return true
}

const rootName = /^[a-z][a-z0-9-]{0,63}$/
const refusedRoots: ReadonlySet<string> = new Set(["proc", "sys", "dev"])
const refusedFiles: ReadonlySet<string> = new Set([
  ".airssys",
  ".aws",
  ".env",
  ".gnupg",
  ".netrc",
  ".npmrc",
  ".ssh",
  "airssys.toml",
  "id_ecdsa",
  "id_ed25519",
  "id_rsa"
])

const isSegment = (segment: string): boolean =>
  segment !== "" && segment !== "." && segment !== ".." && !segment.includes("\\") && !controls.test(segment)

const segmentProblem = (segments: ReadonlyArray<string>, start: number): Problem | undefined => {
  let offset = start
  for (const segment of segments) {
    if (!isSegment(segment)) {
      const problem = segment === ""
        ? "an empty segment"
        : segment.includes("\\")
        ? "a backslash in a path"
        : `"${segment}" in a path`
      return { problem, remedy: "write the path without it", offset, length: Math.max(1, segment.length) }
    }
    if (segment.includes("**") && segment !== "**") {
      return { problem: "** is a whole segment", remedy: "write * inside a segment", offset, length: segment.length }
    }
    offset += segment.length + 1
  }
  return undefined
}

const filesystem: Grammar = {
  note: "A path is <root>:/<path>, where the host maps the root to a folder.",
  split: (text) => {
    const colon = text.indexOf(":/")
    if (colon === -1) return undefined
    const head = text.slice(0, colon)
    const segments = text.slice(colon + 2).split("/")
    return rootName.test(head) && segments.every(isSegment) ? { head, segments } : undefined
  },
  problem: (text) => {
    const colon = text.indexOf(":/")
    if (colon === -1) return { problem: "a path needs a root", remedy: `write "inbox:/${text.replace(/^\/+/, "")}"` }
    const root = text.slice(0, colon)
    if (!rootName.test(root)) {
      return { problem: "a root is lower-case with dashes", remedy: `write "inbox:/..."`, length: Math.max(1, colon) }
    }
    if (refusedRoots.has(root)) {
      return { problem: `"${root}" is refused as a root`, remedy: "give the root another name", length: colon }
    }
    const segments = text.slice(colon + 2).split("/")
    const refused = segments.findIndex((segment) => refusedFiles.has(segment.toLowerCase()))
    if (refused !== -1) {
      return { problem: `"${segments[refused]}" is refused whatever is granted`, remedy: "leave it out" }
    }
    return segmentProblem(segments, colon + 2)
  },
  isRefused: (segments) => segments.some((segment) => refusedFiles.has(segment.toLowerCase()))
}

const storage: Grammar = {
  note: "A key is segments joined by /, such as rates/usd.",
  split: (text) => {
    const segments = text.split("/")
    return segments.every(isSegment) ? { head: "", segments } : undefined
  },
  problem: (text) => segmentProblem(text.split("/"), 0)
}

const defaultPorts: ReadonlyMap<string, number> = new Map([["https", 443], ["http", 80], ["wss", 443], ["ws", 80]])
const schemes: ReadonlySet<string> = new Set([...defaultPorts.keys(), "tcp", "udp"])
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

const isAddress = (host: string): boolean => host.startsWith("[") || /^[0-9.]+$/.test(host)

const hostProblem = (host: string, offset: number): Problem | undefined => {
  const at = { offset, length: Math.max(1, host.length) }
  if (host === "") return { problem: "a host is missing", remedy: "name a host", ...at }
  if (host.startsWith("[")) {
    return /^\[[0-9a-f:.]{2,45}\]$/.test(host) && isIpv6(host.slice(1, -1))
      ? undefined
      : { problem: "malformed IPv6 address", remedy: `write it as in "[2001:db8::1]"`, ...at }
  }
  if (/^[0-9.]+$/.test(host)) {
    return isIpv4(host)
      ? undefined
      : { problem: "malformed IPv4 address", remedy: "write four numbers from 0 to 255 without leading zeros", ...at }
  }
  if (host !== host.toLowerCase()) {
    return { problem: "a host in upper case", remedy: `write "${host.toLowerCase()}"`, ...at }
  }
  if (/[^\u0020-\u007e]/.test(host)) {
    return { problem: "a host that is not ASCII", remedy: "write its punycode form (xn--...)", ...at }
  }
  const labels = host.split(".")
  const bad = labels.find((item) => item !== "*" && item !== "**" && !label.test(item))
  if (bad !== undefined) {
    return {
      problem: bad.includes("*") ? "a wildcard stands for a whole label" : "malformed host",
      remedy: bad.includes("*") ? `write "*.example.com"` : "write labels of a-z, 0-9 and - joined by dots",
      ...at
    }
  }
  if (/^(0x[0-9a-f]+|[0-9]+)$/.test(labels[labels.length - 1]!)) {
    return { problem: "malformed host", remedy: "write an address as four decimal numbers", ...at }
  }
  return host.length > 253
    ? { problem: "the host is too long", remedy: "write at most 253 characters", ...at }
    : undefined
}

const isIpv4 = (text: string): boolean => {
  const parts = text.split(".")
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
}

const isIpv6 = (text: string): boolean => {
  const halves = text.split("::")
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"))
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group)) &&
    (halves.length === 2 ? groups.length < 8 : groups.length === 8)
}

/** An address has a head of its own, so that only a pattern that names it has the same. */
const hostParts = (host: string, head: string): Parts | undefined =>
  hostProblem(host, 0) !== undefined
    ? undefined
    : isAddress(host) || host === "localhost"
    ? { head: `${head}=`, segments: [host] }
    : { head, segments: host.split(".") }

const endpoint = /^([a-z]+):\/\/(\[[^\]]*\]|[^:/?#@]*)(?::([0-9]{1,5}))?$/

const network: Grammar = {
  note: "https means port 443, http 80; tcp and udp need a port.",
  split: (text) => {
    const match = endpoint.exec(text)
    if (match === null) return undefined
    const [, scheme = "", host = "", port] = match
    const number = port === undefined ? defaultPorts.get(scheme) : Number(port)
    return !schemes.has(scheme) || number === undefined || number < 1 || number > 65535
      ? undefined
      : hostParts(host, `${scheme}:${number}`)
  },
  problem: (text) => {
    const colon = text.indexOf("://")
    if (colon === -1) return { problem: "a host needs a scheme", remedy: `write "https://${text}"` }
    const scheme = text.slice(0, colon)
    if (!schemes.has(scheme)) {
      return {
        problem: `unknown scheme "${scheme}"`,
        remedy: "write https, http, wss, ws, tcp or udp",
        length: Math.max(1, colon)
      }
    }
    const start = colon + 3
    const rest = text.slice(start)
    const at = rest.search(/[@?#]/)
    if (at !== -1) {
      return { problem: "only scheme, host and port", remedy: "leave the rest out", offset: start + at, length: 1 }
    }
    const slash = rest.indexOf("/")
    if (slash !== -1) {
      return {
        problem: "a host takes no path",
        remedy: `write "${text.slice(0, start + slash)}"`,
        offset: start + slash
      }
    }
    const host = rest.startsWith("[") ? rest.slice(0, rest.indexOf("]") + 1) || rest : rest.split(":")[0]!
    const bad = hostProblem(host, start)
    if (bad !== undefined) return bad
    const port = rest.slice(host.length)
    if (port === "") {
      return defaultPorts.has(scheme)
        ? undefined
        : { problem: `${scheme} needs a port`, remedy: `write "${text}:5432"` }
    }
    return /^:[1-9][0-9]{0,4}$/.test(port) && Number(port.slice(1)) <= 65535
      ? undefined
      : { problem: "malformed port", remedy: "write a number from 1 to 65535", offset: start + host.length }
  }
}

const resolve: Grammar = {
  note: "A name to resolve is a host without scheme and port, such as *.acme.example.",
  split: (text) => hostParts(text, ""),
  problem: (text) =>
    text.includes("://")
      ? { problem: "a name to resolve has no scheme", remedy: `write "${text.slice(text.indexOf("://") + 3)}"` }
      : hostProblem(text, 0)
}

const level = /^[A-Za-z0-9_-]{1,64}$/

const topic: Grammar = {
  note: "A topic is levels of letters, digits, _ and - joined by dots, such as invoices.paid.",
  split: (text) => {
    const segments = text.split(".")
    return segments.every((item) => item === "*" || item === "**" || level.test(item))
      ? { head: "", segments }
      : undefined
  },
  problem: (text) => {
    let offset = 0
    for (const item of text.split(".")) {
      if (item !== "*" && item !== "**" && !level.test(item)) {
        return {
          problem: item === "" ? "an empty level" : "malformed level",
          remedy: "write letters, digits, _ or -, or a whole *",
          offset,
          length: Math.max(1, item.length)
        }
      }
      offset += item.length + 1
    }
    return undefined
  }
}

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

const componentId: Grammar = {
  note: "A component is <namespace>:<name>, such as acme:rates.",
  split: (text) => {
    const segments = text.split(":")
    return segments.length === 2 && segments.every((item) => item === "*" || kebab.test(item))
      ? { head: "", segments }
      : undefined
  },
  problem: (text) => {
    const segments = text.split(":")
    return segments.length === 2 && segments.every((item) => item === "*" || kebab.test(item))
      ? undefined
      : { problem: "malformed component id", remedy: `write "acme:rates" or "acme:*"` }
  }
}

const exact = (shape: RegExp, note: string, problem: string, remedy: string): Grammar => ({
  note,
  split: (text) => shape.test(text) ? { head: "", segments: [text] } : undefined,
  problem: (text) => shape.test(text) ? undefined : { problem, remedy }
})

const environment = exact(
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  "A name is exact: there are no wildcards, so that nobody gets a secret that was added later.",
  "malformed name",
  "write letters, digits and _"
)

const command = exact(
  /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/,
  "A command is an exact name without a path.",
  "malformed command",
  "write the command's name without a path"
)

const grammars: ReadonlyMap<CapabilityKind, Grammar> = new Map<CapabilityKind, Grammar>([
  ["environment", environment],
  ["network.outbound", network],
  ["network.inbound", network],
  ["network.resolve", resolve],
  ["storage.read", storage],
  ["storage.write", storage],
  ["filesystem.read", filesystem],
  ["filesystem.write", filesystem],
  ["messaging.send", componentId],
  ["messaging.publish", topic],
  ["messaging.subscribe", topic],
  ["process.spawn", command]
])
