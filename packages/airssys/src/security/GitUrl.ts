/**
 * The address of a repository, in the one form in which it is compared.
 *
 * `https://host/path` or `ssh://git@host/path`. The form `git@host:path` is the
 * latter, as the large hosts of repositories read it. What a reader or a
 * resolver could take for another host is refused and not repaired: user names
 * and passwords, escapes, letters beyond ASCII, queries, `..`, transports that
 * do not know whom they talk to.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "./SafeText.ts"

/**
 * Schema of a normal address.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GitUrl = Schema.String.check(
  Schema.makeFilter((text: string) => isNormal(text) || "the normal address of a repository")
).pipe(Schema.brand("airssys/security/GitUrl"))

/**
 * @category models
 * @since 0.1.0
 */
export type GitUrl = typeof GitUrl.Type

/**
 * An address that is not taken; `detail` says what about it.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidGitUrl extends Schema.TaggedError<InvalidGitUrl>("airssys/security/InvalidGitUrl")(
  "InvalidGitUrl",
  { url: Schema.String, detail: Schema.String, remedy: Schema.String }
) {
  override get message(): string {
    return `"${SafeText.escape(this.url, 128)}" ${this.detail}: ${this.remedy}`
  }
}

const longest = 512

const example = "write \"https://host/owner/name\" or \"ssh://git@host/owner/name\""

const defaultPorts: ReadonlyMap<string, string> = new Map([["https", "443"], ["ssh", "22"]])

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
const hostName = new RegExp(`^${label}(?:\\.${label})*$`)
const byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
const address = new RegExp(`^${byte}(?:\\.${byte}){3}$`)

/** A last label that begins with a digit is a number to some resolver, in some notation. */
const isHost = (host: string): boolean =>
  host.length <= 253 && hostName.test(host) && (!/(?:^|\.)[0-9][^.]*$/.test(host) || address.test(host))

const isPort = (port: string): boolean => /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535

const isSegment = (segment: string): boolean =>
  /^[A-Za-z0-9_~][A-Za-z0-9._~+-]*$/.test(segment) && !/\.(?:git|lock)$/i.test(segment)

/** Scheme, user, host, port and path; undefined where there is no such form. */
const partsOf = (url: string) => {
  const scp = /^([^@:/]+)@([^@:/]+):([^:]+)$/.exec(url)
  if (scp !== null) return { scheme: "ssh", user: scp[1]!, host: scp[2]!, port: "", path: scp[3]!.replace(/^\//, "") }
  const full = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^@/]*)@)?([^@:/]+)(?::([^@:/]*))?\/(.*)$/.exec(url)
  if (full === null) return undefined
  const [, scheme = "", user, host = "", port = "", path = ""] = full
  return { scheme: scheme.toLowerCase(), user, host, port, path }
}

/**
 * The normal form of an address. A default port, `.git` at the end and slashes
 * behind it are left out; the host is in small letters, the path as it is.
 *
 * ```ts
 * import { GitUrl } from "airssys/security"
 * import { Result } from "effect"
 *
 * const normal = (url: string) => Result.getOrElse(GitUrl.normalize(url), (error) => error.detail)
 * normal("HTTPS://Git.Acme.Example:443/rates.git/") // => "https://git.acme.example/rates"
 * normal("git@acme.example:team/rates.git") // => "ssh://git@acme.example/team/rates"
 * normal("https://ada:secret@acme.example/rates") // => "carries a user or a password"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const normalize = (url: string): Result.Result<GitUrl, InvalidGitUrl> => {
  const fail = (detail: string, remedy: string) =>
    Result.fail(new InvalidGitUrl({ url: typeof url === "string" ? url.slice(0, 128) : "", detail, remedy }))
  if (typeof url !== "string") return fail("is no text", example)
  if (url.length > longest) return fail(`has more than ${longest} characters`, "shorten it")
  if (!/^[\x21-\x7e]*$/.test(url)) return fail("has spaces or letters beyond ASCII", "write the host in Punycode")
  const parts = partsOf(url)
  if (parts === undefined) return fail("is no address of a repository", example)
  const { path, port, scheme, user } = parts
  const host = parts.host.toLowerCase()
  if (!defaultPorts.has(scheme)) return fail(`has the scheme "${scheme}"`, "use https or ssh")
  if (scheme === "https" && user !== undefined) return fail("carries a user or a password", "remove it")
  if (scheme === "ssh" && user !== "git") return fail("has another user than git", example)
  if (!isHost(host)) return fail("names no host", "write its name, or an IPv4 address")
  if (port !== "" && !isPort(port)) return fail("has no possible port", "write 1 to 65535")
  const segments = path.replace(/\/+$/, "").replace(/\.git$/, "").split("/")
  if (!segments.every(isSegment)) {
    return fail("has a path that could be read in two ways", "use letters, digits and \"._~+-\"")
  }
  const shownPort = port === "" || port === defaultPorts.get(scheme) ? "" : `:${port}`
  const origin = scheme === "ssh" ? `ssh://git@${host}${shownPort}` : `https://${host}${shownPort}`
  return Result.succeed(`${origin}/${segments.join("/")}` as GitUrl)
}

const isNormal = (text: string): boolean => {
  const normal = normalize(text)
  return Result.isSuccess(normal) && normal.success === text
}
