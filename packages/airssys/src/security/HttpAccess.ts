/**
 * The capability to send requests to one host.
 *
 * A resource is `https://host[:port]` or `http://`. The name is looked up once
 * and the connection goes to the address that was looked at. An address that is
 * not public is a resource of its own, `https://10.0.0.7`, which has to be
 * granted as well, and so is every host that a redirect leads to.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Capability from "./Capability.ts"
import type { CapabilityError } from "./CapabilityError.ts"
import type { HttpError } from "./HttpError.ts"

/**
 * @category models
 * @since 0.1.0
 */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS"

/**
 * @category models
 * @since 0.1.0
 */
export type Headers = ReadonlyArray<readonly [name: string, value: string]>

/**
 * How long the parts of an exchange may take.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timeouts {
  /** Looking the name up, connecting and agreeing on encryption; default 10 s. */
  readonly connect?: Duration.Input | undefined
  /** From then to the head of the answer; default 30 s. */
  readonly response?: Duration.Input | undefined
  /** Between two pieces of a body, in either direction; default 30 s. */
  readonly idle?: Duration.Input | undefined
  /** All of it, redirects and the body of the answer included; default 5 min. */
  readonly total?: Duration.Input | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Request<out E = never, out R = never> {
  /** Default `GET`. */
  readonly method?: Method | undefined
  /** From the first `/`, with the query; default `/`. */
  readonly path?: string | undefined
  /** At most 64, together 16 KiB. What is about the connection is not for a request to say. */
  readonly headers?: Headers | undefined
  /** Not with `GET` and `HEAD`. */
  readonly body?: Uint8Array | Stream.Stream<Uint8Array, E, R> | undefined
  /** Redirects that are followed, at most 10; default 0, which gives the redirect as the response. */
  readonly redirects?: number | undefined
  /** Asks for a compressed body and gives it decompressed; default false. */
  readonly decompress?: boolean | undefined
  /** Bytes of the body of the response, decompressed; default 16 MiB. */
  readonly maxBytes?: number | undefined
  /** Bytes of the body of the request; default 16 MiB. */
  readonly maxRequestBytes?: number | undefined
  readonly timeouts?: Timeouts | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Response {
  /** Who answered: after redirects another than was asked. */
  readonly resource: string
  readonly status: number
  /** In the order they came, names in lower case. */
  readonly headers: Headers
  /** Read as it is asked for, and once. */
  readonly body: Stream.Stream<Uint8Array, HttpError | CapabilityError>
  /** What is left of the body, in one piece. */
  readonly bytes: Effect.Effect<Uint8Array, HttpError | CapabilityError>
}

/**
 * Power to send requests to what was named in `HttpAccess.on(resource)`.
 *
 * @category services
 * @since 0.1.0
 */
export class HttpAccess extends Capability.Service<HttpAccess, {
  readonly resource: string
  /**
   * Sends a request and gives the head of the response. The connection is for
   * this request alone; it is closed with the scope, and when a grant goes that
   * it needs.
   */
  readonly request: <E = never, R = never>(
    request?: Request<E, R>
  ) => Effect.Effect<Response, E | HttpError | CapabilityError, R | Scope.Scope>
}>()("network.outbound", "http") {}
