import * as AddressRange from "airssys/security/AddressRange"
import type { HttpError } from "airssys/security/HttpError"
import * as Pattern from "airssys/security/Pattern"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as dns from "node:dns/promises"
import * as net from "node:net"
import * as tls from "node:tls"
import { httpError, HttpFault } from "./httpFault.ts"

/** Gives the addresses of a name. Asked once for each connection. */
export type Resolve = (host: string) => Promise<ReadonlyArray<string>>

/** As a resolver, so many at a time; the others wait in turn. */
export const fewAtOnce = (resolve: Resolve, most: number): Resolve => {
  const waiting: Array<() => void> = []
  let free = most
  return async (host) => {
    if (free > 0) free--
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await resolve(host)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

/**
 * The system holds a thread for each name until its server answers, and of those
 * there are four, which files need as well: two are left to them.
 */
export const resolveBySystem: Resolve = fewAtOnce(
  async (host) => (await dns.lookup(host, { all: true, order: "verbatim" })).map(({ address }) => address),
  2
)

const addressLimit = 16

/** The host of a URL as names and addresses are written elsewhere. */
const hostOf = (url: URL): string => url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname

export const addressesOf = (
  resource: string,
  url: URL,
  resolve: Resolve
): Effect.Effect<ReadonlyArray<string>, HttpError> => {
  const host = hostOf(url)
  if (net.isIP(host) !== 0) return Effect.succeed([host])
  return Effect.tryPromise({
    try: async () => {
      const addresses = await resolve(host)
      if (addresses.length === 0) throw new HttpFault("NotFound", `${host} has no address`)
      if (addresses.length > addressLimit) throw new HttpFault("NotFound", `${host} has too many addresses`)
      return addresses
    },
    catch: (cause) => httpError(resource, cause)
  })
}

/**
 * The resources of the addresses that the host is not allowed to have as such:
 * a name leads to public ones. Each of them has to be allowed, for a name
 * that leads to one among others is not trusted with the others either.
 */
export const guardedAddresses = (
  resource: string,
  url: URL,
  addresses: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, HttpError> =>
  Effect.suspend(() => {
    const named = Pattern.parse("network.outbound", resource)
    const guarded = new Set<string>()
    for (const address of addresses) {
      if (Result.isSuccess(named) && Pattern.allowsAddress(named.success, address)) continue
      const host = AddressRange.host(address)
      if (host === undefined) {
        return Effect.fail(httpError(resource, new HttpFault("NotFound", `${address} is no address`)))
      }
      guarded.add(`${url.protocol}//${host}${url.port === "" ? "" : `:${url.port}`}`)
    }
    return Effect.succeed([...guarded])
  })

export interface TlsOptions {
  /** Certificates of authorities in PEM, in place of those that Node trusts. */
  readonly authorities?: ReadonlyArray<string> | undefined
}

const open = (url: URL, address: string, options: TlsOptions): net.Socket => {
  const isSecure = url.protocol === "https:"
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port)
  // The address is literal, so that nothing is looked up a second time.
  if (!isSecure) return net.connect({ host: address, port, noDelay: true })
  const host = hostOf(url)
  return tls.connect({
    host: address,
    port,
    servername: net.isIP(host) === 0 ? host : "",
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: true,
    ...(options.authorities === undefined ? undefined : { ca: [...options.authorities] })
  })
}

/** Connects to this address, and to no other; the socket is destroyed with the scope. */
const connectTo = (
  resource: string,
  url: URL,
  address: string,
  options: TlsOptions
): Effect.Effect<net.Socket, HttpError, Scope.Scope> =>
  Effect.gen(function*() {
    const socket = yield* Effect.acquireRelease(
      Effect.try({ try: () => open(url, address, options), catch: (cause) => httpError(resource, cause) }),
      (socket) => Effect.sync(() => socket.destroy())
    )
    let failure: unknown = new HttpFault("Unreachable", `${address} ended the connection`)
    socket.on("error", (error) => {
      failure = error
    })
    yield* Effect.callback<void, HttpError>((resume) => {
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => resume(Effect.void))
      socket.once("close", () => resume(Effect.fail(httpError(resource, failure))))
    })
    return socket
  })

/** Connects to the first of the addresses that takes the connection. */
export const connect = (
  resource: string,
  url: URL,
  addresses: ReadonlyArray<string>,
  options: TlsOptions
): Effect.Effect<net.Socket, HttpError, Scope.Scope> =>
  addresses.slice(1).reduce(
    (earlier, address) =>
      Effect.catchIf(
        earlier,
        ({ reason }) => reason === "Unreachable",
        () => connectTo(resource, url, address, options)
      ),
    connectTo(resource, url, addresses[0]!, options)
  )
