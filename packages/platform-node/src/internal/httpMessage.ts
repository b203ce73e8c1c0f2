import type { Headers, Method, Request } from "airssys/security/HttpAccess"
import type * as Stream from "effect/Stream"
import { HttpFault } from "./httpFault.ts"

/** A request of one hop, of which every part was looked at. */
export interface Message<E, R> {
  readonly url: URL
  readonly method: Method
  readonly path: string
  readonly headers: Headers
  readonly body: Uint8Array | Stream.Stream<Uint8Array, E, R> | undefined
  readonly decompress: boolean
}

const methods: ReadonlySet<string> = new Set<Method>(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
const printable = /^[\t\x20-\x7e\x80-\xff]*$/
const target = /^\/[\x21\x22\x24-\x7e]*$/

const headerLimit = 64
const headerBytesLimit = 16 * 1_024
const pathLimit = 8 * 1_024
const redirectLimit = 10

/** Headers about the connection, its length and its host, which the host writes itself. */
const ours: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via"
])

const isOurs = (name: string): boolean => ours.has(name) || name.startsWith("proxy-")

/** What another host may be told that the caller meant for the first one. */
const impersonal: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-encoding",
  "content-language",
  "content-type",
  "user-agent"
])

const invalid = (detail: string): HttpFault => new HttpFault("InvalidRequest", detail)

const checkHeaders = (headers: Headers): Headers => {
  if (headers.length > headerLimit) throw invalid(`more than ${headerLimit} headers`)
  let size = 0
  return headers.map(([given, value]) => {
    const name = given.toLowerCase()
    size += name.length + value.length
    if (size > headerBytesLimit) throw invalid(`more than ${headerBytesLimit} bytes of headers`)
    if (!token.test(name)) throw invalid("the name of a header has other characters than a token")
    if (!printable.test(value)) throw invalid(`the value of ${name} has characters that a header cannot have`)
    if (isOurs(name)) throw invalid(`${name} is written by the host`)
    return [name, value.trim()] as const
  })
}

export const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

/** The resource is allowed and so has the form of one; `URL` gives host and port the form of the wire. */
export const messageOf = <E, R>(resource: string, request: Request<E, R>): Message<E, R> => {
  const { body, decompress = false, headers = [], method = "GET", path = "/", redirects = 0 } = request
  if (!/^https?:\/\/[^/?#@\\]+$/.test(resource)) throw invalid("the resource is of another scheme than https and http")
  if (!methods.has(method)) throw invalid("an unknown method")
  if (path.length > pathLimit || !target.test(path)) throw invalid("the path has another form than /path?query")
  if (body !== undefined && (method === "GET" || method === "HEAD")) throw invalid(`${method} has no body`)
  if (!isCount(redirects) || redirects > redirectLimit) throw invalid(`redirects are 0 to ${redirectLimit}`)
  for (const bytes of [request.maxBytes ?? 0, request.maxRequestBytes ?? 0]) {
    if (!isCount(bytes)) throw invalid("a limit is a whole number from 0")
  }
  return { url: new URL(resource), method, path, headers: checkHeaders(headers), body, decompress }
}

/** `scheme://host[:port]`, the resource by which a hop is decided. */
export const resourceOf = ({ url }: Message<unknown, unknown>): string => `${url.protocol}//${url.host}`

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Where a response leads to, if it is a redirect that names a place. */
export const locationOf = (status: number, headers: Headers): string | undefined =>
  redirects.has(status) ? headers.find(([name]) => name === "location")?.[1] : undefined

/**
 * The request that a redirect asks for. To another host go no headers that
 * could say who the caller is. A body that was a stream is gone.
 */
export const redirected = <E, R>(message: Message<E, R>, status: number, location: string): Message<E, R> => {
  const url = parse(location, message)
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new HttpFault("Redirect", "to another scheme than https and http")
  }
  if (url.username !== "" || url.password !== "") throw new HttpFault("Redirect", "to a URL with a user name")
  if (message.url.protocol === "https:" && url.protocol === "http:") {
    throw new HttpFault("Redirect", "from https to http")
  }
  const keepsBody = status === 307 || status === 308 || message.method !== "POST" && status !== 303
  if (keepsBody && message.body !== undefined && !(message.body instanceof Uint8Array)) {
    throw new HttpFault("Redirect", "the body is a stream, which cannot be sent twice")
  }
  const path = `${url.pathname}${url.search}`
  if (path.length > pathLimit || !target.test(path)) throw new HttpFault("Redirect", "to a path that cannot be sent")
  const isSameHost = url.origin === message.url.origin
  return {
    ...message,
    url: new URL(url.origin),
    path,
    method: keepsBody || message.method === "HEAD" ? message.method : "GET",
    body: keepsBody ? message.body : undefined,
    headers: message.headers.filter(([name]) =>
      (isSameHost || impersonal.has(name)) && (keepsBody || !name.startsWith("content-"))
    )
  }
}

const parse = (location: string, { path, url }: Message<unknown, unknown>): URL => {
  if (location.length > pathLimit || !URL.canParse(location, `${url.origin}${path}`)) {
    throw new HttpFault("Redirect", "to what is no URL")
  }
  return new URL(location, `${url.origin}${path}`)
}
