/**
 * What patterns mean, said without care for time: every way to place a
 * wildcard is tried. Takes texts that are well formed.
 */
type Accepts = (token: string, segment: string) => boolean

interface Globs {
  readonly one: Accepts
  readonly many: Accepts
  readonly isMany: (token: string) => boolean
}

const glob = (
  globs: Globs,
  [token, ...tokens]: ReadonlyArray<string>,
  subject: ReadonlyArray<string>
): boolean => {
  if (token === undefined) return subject.length === 0
  const [segment, ...others] = subject
  if (globs.isMany(token)) {
    return glob(globs, tokens, subject) ||
      segment !== undefined && globs.many(token, segment) && glob(globs, [token, ...tokens], others)
  }
  return segment !== undefined && globs.one(token, segment) && glob(globs, tokens, others)
}

const around: Accepts = (token, segment) => {
  const star = token.indexOf("*")
  if (star === -1) return token === segment
  const [start, end] = [token.slice(0, star), token.slice(star + 1)]
  return segment.length > start.length + end.length && segment.startsWith(start) && segment.endsWith(end)
}

const plain: Globs = { one: around, many: () => true, isMany: (token) => token === "**" }

const joined = (separator: string) => (pattern: string, resource: string): boolean =>
  glob(plain, pattern.split(separator), resource.split(separator))

const file = (pattern: string, resource: string): boolean => {
  const [root, path = ""] = pattern.split(":/")
  const [otherRoot, otherPath = ""] = resource.split(":/")
  return root === otherRoot && joined("/")(path, otherPath)
}

/** Quotations stay as they are: equal words are written equally, and a quoted star is no wildcard. */
const wordsOf = (text: string): ReadonlyArray<string> => text.match(/'(?:[^']|'')*'|[^ ]+/g) ?? []
const isOption = (word: string): boolean => word.startsWith("-") || word.startsWith("'-")

const commands: Globs = {
  isMany: (token) => token === "**" || token === "-**",
  many: (token, word) => token === "-**" || word !== "''" && !isOption(word),
  one: (token, word) => {
    if (token.startsWith("'") || !token.includes("*")) return token === word
    const value = word.startsWith("'") ? word.slice(1, -1) : word
    return around(token, value) && !(token.startsWith("*") && isOption(word))
  }
}

const metadata = new Set(["169.254.169.254", "[fd00:ec2::253]", "[fd00:ec2::254]"])

const bitsOf = (host: string): string => {
  if (!host.startsWith("[")) {
    return `4${host.split(".").map((part) => Number(part).toString(2).padStart(8, "0")).join("")}`
  }
  const [head = [], tail = []] = host.slice(1, -1).split("::").map((half) => half === "" ? [] : half.split(":"))
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail]
  return `6${groups.map((group) => parseInt(group, 16).toString(2).padStart(16, "0")).join("")}`
}

const isAddress = (host: string): boolean => host.startsWith("[") || /^[0-9./]+$/.test(host)

const isInRange = (pattern: string, host: string): boolean => {
  const [, start = pattern, bits] = /^(\[?[^/\]]+)\/(\d+)\]?$/.exec(pattern) ?? []
  if (bits === undefined) return pattern === host
  const first = start.startsWith("[") ? `${start}]` : start
  return !metadata.has(host) && bitsOf(host).startsWith(bitsOf(first).slice(0, 1 + Number(bits)))
}

const host = (pattern: string, subject: string): boolean => {
  if (isAddress(pattern) || isAddress(subject)) {
    return isAddress(pattern) && isAddress(subject) && isInRange(pattern, subject)
  }
  if (pattern === subject) return true
  const labels = subject.split(".")
  const last = labels.at(-1)
  if (labels.length === 1 || last === "localhost" || subject === "metadata.goog") return false
  if (last === "local" && !pattern.endsWith(".local")) return false
  return glob(plain, pattern.split("."), labels)
}

const split = (text: string) => {
  const [, scheme = "", name = "", first, last] = /^(\w+):\/\/(.*?)(?::(\d+)(?:-(\d+))?)?$/.exec(text) ?? []
  const low = Number(first ?? (scheme === "https" ? 443 : 80))
  return { scheme, name, low, high: Number(last ?? low) }
}

const endpoint = (pattern: string, resource: string): boolean => {
  const wide = split(pattern)
  const one = split(resource)
  return wide.scheme === one.scheme && wide.low <= one.low && one.low <= wide.high && host(wide.name, one.name)
}

export const reference: ReadonlyMap<string, (pattern: string, resource: string) => boolean> = new Map([
  ["environment", (pattern: string, resource: string) => pattern === resource],
  ["network.outbound", endpoint],
  ["network.inbound", endpoint],
  ["network.resolve", host],
  ["storage.read", joined("/")],
  ["storage.write", joined("/")],
  ["filesystem.read", file],
  ["filesystem.write", file],
  ["messaging.send", joined(":")],
  ["messaging.publish", joined(".")],
  ["messaging.subscribe", joined(".")],
  ["process.spawn", (pattern, resource) => glob(commands, wordsOf(pattern), wordsOf(resource))],
  ["custom.printer", joined("/")]
])
