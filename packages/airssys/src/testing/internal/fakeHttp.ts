import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CapabilityError } from "../../security/CapabilityError.ts"
import { type Headers, HttpAccess, type Method, type Request, type Response } from "../../security/HttpAccess.ts"
import { HttpError } from "../../security/HttpError.ts"
import * as Powers from "../../security/Powers.ts"
import type { Desk } from "./desk.ts"
import { joined } from "./joined.ts"

interface Reply {
  readonly status?: number | undefined
  readonly headers?: Headers | undefined
  readonly body?: string | Uint8Array | undefined
}

interface Arrived {
  readonly method: Method
  readonly path: string
  readonly headers: Headers
  readonly body: Uint8Array
}

type Routes = ReadonlyMap<string, Reply | ((request: Arrived) => Reply)>

interface Hop {
  readonly resource: string
  readonly arrived: Arrived
}

const defaultMaxBytes = 16 * 1_024 * 1_024

const answer = (routes: Routes, { arrived, resource }: Hop): Reply => {
  const [place] = arrived.path.split("?")
  const route = routes.get(`${arrived.method} ${resource}${place}`)
  return typeof route === "function" ? route(arrived) : route ?? { status: 404 }
}

const bodyOf = <E, R>(resource: string, request: Request<E, R>): Effect.Effect<Uint8Array, E | HttpError, R> => {
  const { body = new Uint8Array(), maxRequestBytes = defaultMaxBytes, method = "GET" } = request
  if (request.body !== undefined && (method === "GET" || method === "HEAD")) {
    return Effect.fail(new HttpError({ resource, reason: "InvalidRequest" }))
  }
  const bytes = body instanceof Uint8Array ? Effect.succeed(body) : Effect.map(Stream.runCollect(body), joined)
  return Effect.filterOrFail(
    bytes,
    ({ length }) => length <= maxRequestBytes,
    () => new HttpError({ resource, reason: "TooLarge" })
  )
}

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Where a reply leads to; undefined where it is none that does. */
const redirected = (reply: Reply, { arrived, resource }: Hop): Hop | undefined => {
  const location = reply.headers?.find(([name]) => name.toLowerCase() === "location")?.[1]
  if (location === undefined || !statuses.has(reply.status ?? 200)) return undefined
  const url = new URL(location, resource)
  const path = `${url.pathname}${url.search}`
  const isKept = reply.status === 307 || reply.status === 308
  return {
    resource: `${url.protocol}//${url.host}`,
    arrived: isKept ? { ...arrived, path } : { ...arrived, path, method: "GET", body: new Uint8Array() }
  }
}

const responseOf = (
  lease: Powers.Lease,
  resource: string,
  reply: Reply,
  maxBytes: number
): Response => {
  const given = reply.body ?? ""
  const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given.slice()
  const read = lease.useOn(
    resource,
    bytes.length > maxBytes ? Effect.fail(new HttpError({ resource, reason: "TooLarge" })) : Effect.succeed(bytes)
  )
  return {
    resource,
    status: reply.status ?? 200,
    headers: (reply.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const),
    body: Stream.fromEffect(read),
    bytes: read
  }
}

const make = <K extends string>(desk: Desk<K>, routes: Routes) => (lease: Powers.Lease): HttpAccess["Service"] => {
  const { resource } = lease

  const hop = (at: Hop, left: number, maxBytes: number): Effect.Effect<
    Response,
    HttpError | CapabilityError,
    Scope.Scope
  > =>
    lease.openOn(
      at.resource,
      desk.step(
        lease,
        `${at.arrived.method} ${at.arrived.path}`,
        () => Effect.sync(() => answer(routes, at)),
        at.resource
      )
    ).pipe(
      Effect.flatMap((reply) => {
        const next = left === 0 ? undefined : redirected(reply, at)
        return next === undefined
          ? Effect.succeed(responseOf(lease, at.resource, reply, maxBytes))
          : hop(next, left - 1, maxBytes)
      })
    )

  return {
    resource,
    request: <E, R>(request: Request<E, R> = {}) => {
      const { headers = [], maxBytes = defaultMaxBytes, method = "GET", path = "/", redirects = 0 } = request
      const { response = "30 seconds", total = "5 minutes" } = request.timeouts ?? {}
      const limit = Duration.min(Duration.fromInputUnsafe(response), Duration.fromInputUnsafe(total))
      return Effect.flatMap(
        bodyOf(resource, request),
        (body) => hop({ resource, arrived: { method, path, headers, body } }, redirects, maxBytes)
      ).pipe(
        Effect.timeoutOrElse({
          duration: limit,
          orElse: () => Effect.fail(new HttpError({ resource, reason: "Timeout" }))
        })
      )
    }
  }
}

/** Hosts that answer by a table. No name is looked up, and no address decided on. */
export const source = <K extends string>(desk: Desk<K>, routes: Routes): Powers.Source =>
  Powers.source(HttpAccess, make(desk, routes))
