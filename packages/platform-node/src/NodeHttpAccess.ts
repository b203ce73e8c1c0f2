/**
 * The power to send HTTP requests from this host.
 *
 * Nothing is taken from the surroundings: no proxy, no cookies, no credentials
 * of an environment, no connection that another request made. A name is looked
 * up once; the address is looked at, and the connection goes to that address.
 *
 * @since 0.1.0
 */
import type { CapabilityError } from "airssys/security/CapabilityError"
import { HttpAccess, type Request, type Response } from "airssys/security/HttpAccess"
import { HttpError } from "airssys/security/HttpError"
import * as Powers from "airssys/security/Powers"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Socket } from "node:net"
import { addressesOf, connect, guardedAddresses, type Resolve, resolveBySystem } from "./internal/httpConnect.ts"
import { exchange, type Head, pull, within } from "./internal/httpExchange.ts"
import { httpError, HttpFault } from "./internal/httpFault.ts"
import { locationOf, type Message, messageOf, redirected, resourceOf } from "./internal/httpMessage.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Gives the addresses of a name; by default the system is asked. */
  readonly resolve?: ((host: string) => Promise<ReadonlyArray<string>>) | undefined
  /** Certificates of authorities in PEM, in place of those that Node trusts. */
  readonly authorities?: ReadonlyArray<string> | undefined
}

const defaultMaxBytes = 16 * 1_024 * 1_024

/** An exchange whose head has come. */
interface Answered extends Head {
  readonly socket: Socket
  readonly resource: string
  /** What has to stay allowed while the body comes. */
  readonly needs: ReadonlyArray<string>
}

interface Times {
  readonly connect: Duration.Input
  readonly response: Duration.Input
  readonly idle: Duration.Input
  readonly total: Duration.Input
}

const timesOf = ({ connect, idle, response, total }: NonNullable<Request["timeouts"]>): Times => ({
  connect: connect ?? "10 seconds",
  response: response ?? "30 seconds",
  idle: idle ?? "30 seconds",
  total: total ?? "5 minutes"
})

const make = (lease: Powers.Lease, options: Options): HttpAccess["Service"] => {
  const resolve: Resolve = options.resolve ?? resolveBySystem

  const openAll = <A, E, R>(
    resources: ReadonlyArray<string>,
    acquire: Effect.Effect<A, E, R | Scope.Scope>
  ): Effect.Effect<A, E | CapabilityError, R | Scope.Scope> =>
    resources.reduceRight<Effect.Effect<A, E | CapabilityError, R | Scope.Scope>>(
      (inner, resource) => lease.openOn(resource, inner),
      acquire
    )

  const useAll = <A, E, R>(
    resources: ReadonlyArray<string>,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CapabilityError, R> =>
    resources.reduceRight<Effect.Effect<A, E | CapabilityError, R>>(
      (inner, resource) => lease.useOn(resource, inner),
      effect
    )

  /** One exchange with one host, under the grants for the host and for where it turns out to be. */
  const hop = <E, R>(message: Message<E, R>, times: Times, maxRequestBytes: number) =>
    Effect.gen(function*() {
      const resource = resourceOf(message)
      const { url } = message
      const started = yield* Clock.currentTimeMillis
      const addresses = yield* within(resource, times.connect)(addressesOf(resource, url, resolve))
      const left = Duration.toMillis(times.connect) - ((yield* Clock.currentTimeMillis) - started)
      const guarded = yield* guardedAddresses(resource, url, addresses)
      const answered = yield* openAll(
        guarded,
        Effect.gen(function*() {
          const socket = yield* within(resource, Math.max(0, left))(connect(resource, url, addresses, options))
          return { socket, head: yield* exchange(socket, message, { ...times, maxRequestBytes }) }
        })
      )
      return { ...answered.head, socket: answered.socket, resource, needs: guarded } satisfies Answered
    })

  const follow = <E, R>(
    first: Message<E, R>,
    redirects: number,
    times: Times,
    maxRequestBytes: number
  ): Effect.Effect<Answered, E | HttpError | CapabilityError, R | Scope.Scope> =>
    Effect.gen(function*() {
      let message = first
      for (let left = redirects;; left--) {
        const resource = resourceOf(message)
        const isFirst = message.url.origin === first.url.origin
        const answered: Answered = yield* openAll(isFirst ? [] : [resource], hop(message, times, maxRequestBytes))
        const location = redirects === 0 ? undefined : locationOf(answered.status, answered.headers)
        if (location === undefined) {
          return { ...answered, needs: [lease.resource, ...isFirst ? [] : [resource], ...answered.needs] }
        }
        answered.socket.destroy()
        message = yield* Effect.try({
          try: () => {
            if (left === 0) throw new HttpFault("Redirect", `more than ${redirects}`)
            return redirected(message, answered.status, location)
          },
          catch: (cause) => httpError(resource, cause)
        })
      }
    })

  const responseOf = (answered: Answered, maxBytes: number, times: Times, left: number) =>
    Effect.gen(function*() {
      const { body, headers, needs, resource, socket, status } = answered
      let isOverdue = false
      let received = 0
      yield* Effect.forkScoped(Effect.delay(
        Effect.sync(() => {
          isOverdue = true
          socket.destroy()
        }),
        left
      ))
      const fail = (reason: HttpError["reason"]) => Effect.fail(new HttpError({ resource, reason }))
      const next = useAll(needs, within(resource, times.idle)(pull(resource, body))).pipe(
        Effect.catchTag("HttpError", (error) => isOverdue ? fail("Timeout") : Effect.fail(error)),
        Effect.tap((piece) => {
          received += piece?.length ?? 0
          return received > maxBytes ? fail("TooLarge") : Effect.void
        }),
        Effect.onError(() => Effect.sync(() => socket.destroy()))
      )
      const pieces = Stream.paginate(undefined, () =>
        Effect.map(next, (piece) =>
          [piece === undefined ? [] : [piece], piece === undefined ? Option.none() : Option.some(undefined)] as const))
      return {
        resource,
        status,
        headers,
        body: pieces,
        bytes: Effect.map(Stream.runCollect(pieces), joined)
      } satisfies Response
    })

  return {
    resource: lease.resource,
    request: <E, R>(request: Request<E, R> = {}) => {
      const times = timesOf(request.timeouts ?? {})
      return lease.open(Effect.gen(function*() {
        const started = yield* Clock.currentTimeMillis
        const message = yield* Effect.try({
          try: () => messageOf(lease.resource, request),
          catch: (cause) => httpError(lease.resource, cause)
        })
        const { maxBytes = defaultMaxBytes, maxRequestBytes = defaultMaxBytes, redirects = 0 } = request
        const answered = yield* within(lease.resource, times.total)(
          follow(message, redirects, times, maxRequestBytes)
        )
        const left = Duration.toMillis(times.total) - ((yield* Clock.currentTimeMillis) - started)
        return yield* responseOf(answered, maxBytes, times, Math.max(0, left))
      }))
    }
  }
}

const joined = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let filled = 0
  for (const piece of pieces) {
    bytes.set(piece, filled)
    filled += piece.length
  }
  return bytes
}

/**
 * The source of `HttpAccess`, to be given to `Powers.layer`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source = (options: Options = {}): Powers.Source =>
  Powers.source(HttpAccess, (lease) => make(lease, options))
