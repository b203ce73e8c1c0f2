import type { Headers } from "airssys/security/HttpAccess"
import { HttpError } from "airssys/security/HttpError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as http from "node:http"
import type { Socket } from "node:net"
import type { Readable } from "node:stream"
import { pipeline } from "node:stream"
import * as zlib from "node:zlib"
import { httpError, HttpFault } from "./httpFault.ts"
import { type Message, resourceOf } from "./httpMessage.ts"

const headBytesLimit = 32 * 1_024
const headersLimit = 256

export interface Limits {
  readonly idle: Duration.Input
  readonly response: Duration.Input
  readonly maxRequestBytes: number
}

export interface Head {
  readonly status: number
  readonly headers: Headers
  /** Where the rest comes from, decompressed if it was asked for. */
  readonly body: Readable
}

export const within = (resource: string, limit: Duration.Input) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(effect, {
    duration: limit,
    orElse: () => Effect.fail(new HttpError({ resource, reason: "Timeout" }))
  })

/** What is said of the length of a body, and of the connection, which no request can say. */
const framing = (body: Message<unknown, unknown>["body"], method: string): Headers => {
  if (body === undefined) return method === "GET" || method === "HEAD" ? [] : [["content-length", "0"]]
  return body instanceof Uint8Array
    ? [["content-length", String(body.length)]]
    : [["transfer-encoding", "chunked"]]
}

const ended = new HttpFault("Closed", "the other side ended the connection")

const begin = (socket: Socket, message: Message<unknown, unknown>): http.ClientRequest => {
  const accepted: Headers = message.headers.some(([name]) => name === "accept-encoding")
    ? []
    : [["accept-encoding", message.decompress ? "gzip, deflate, br" : "identity"]]
  const request = http.request({
    createConnection: () => socket,
    method: message.method,
    path: message.path,
    setHost: false,
    setDefaultHeaders: false,
    maxHeaderSize: headBytesLimit,
    insecureHTTPParser: false,
    headers: [
      ["host", message.url.host],
      ["connection", "close"],
      ...framing(message.body, message.method),
      ...accepted,
      ...message.headers
    ].flat()
  })
  request.maxHeadersCount = headersLimit
  return request.on("error", unheard)
}

/** Failures are read from what failed, by whoever asks it next. */
const unheard = (): void => undefined

const write = (resource: string, request: http.ClientRequest, bytes: Uint8Array): Effect.Effect<void, HttpError> =>
  Effect.callback((resume) => {
    const settle = (effect: Effect.Effect<void, HttpError>): void => {
      request.off("drain", drained).off("close", closed)
      resume(effect)
    }
    const drained = (): void => settle(Effect.void)
    const closed = (): void => settle(Effect.fail(httpError(resource, request.errored ?? ended)))
    if (request.destroyed) return closed()
    if (request.write(bytes)) return drained()
    request.once("drain", drained).once("close", closed)
    return Effect.sync(() => request.off("drain", drained).off("close", closed))
  })

/** Sends the body as fast as the other side takes it. */
const upload = <E, R>(
  request: http.ClientRequest,
  message: Message<E, R>,
  { idle, maxRequestBytes }: Limits
): Effect.Effect<void, E | HttpError, R> => {
  const resource = resourceOf(message)
  const { body } = message
  let size = 0
  const send = (bytes: Uint8Array) => {
    size += bytes.length
    return size > maxRequestBytes
      ? Effect.fail(new HttpError({ resource, reason: "TooLarge" }))
      : within(resource, idle)(write(resource, request, bytes))
  }
  const sending = body === undefined
    ? Effect.void
    : body instanceof Uint8Array
    ? send(body)
    : Stream.runForEach(body, send)
  return Effect.andThen(sending, Effect.sync(() => void request.end()))
}

const answer = (resource: string, request: http.ClientRequest): Effect.Effect<http.IncomingMessage, HttpError> =>
  Effect.callback((resume) => {
    request.once("response", (response) => resume(Effect.succeed(response)))
    request.once("error", (error) => resume(Effect.fail(httpError(resource, error))))
    request.once("close", () => resume(Effect.fail(httpError(resource, request.errored ?? ended))))
  })

/** Sends a request over a connection of its own and gives the head of what comes back. */
export const exchange = <E, R>(
  socket: Socket,
  message: Message<E, R>,
  limits: Limits
): Effect.Effect<Head, E | HttpError, R | Scope.Scope> =>
  Effect.gen(function*() {
    const resource = resourceOf(message)
    const request = yield* Effect.acquireRelease(
      Effect.try({ try: () => begin(socket, message), catch: (cause) => httpError(resource, cause) }),
      (request) => Effect.sync(() => request.destroy())
    )
    const answered = yield* Effect.forkScoped(answer(resource, request), { startImmediately: true })
    const uploaded = yield* Effect.forkScoped(
      Effect.tapCause(upload(request, message, limits), () => Effect.sync(() => request.destroy())),
      { startImmediately: true }
    )
    const response = yield* Effect.raceFirst(
      Fiber.join(answered),
      Effect.andThen(Fiber.join(uploaded), within(resource, limits.response)(Effect.never))
    )
    return yield* Effect.try({
      try: () => decoded({ status: response.statusCode ?? 0, headers: headersOf(response), body: response }, message),
      catch: (cause) => httpError(resource, cause)
    })
  })

const headersOf = ({ rawHeaders }: http.IncomingMessage): Headers => {
  const headers: Array<readonly [string, string]> = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index]!.toLowerCase(), rawHeaders[index + 1]!])
  }
  return headers
}

const decoders: ReadonlyMap<string, () => zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress> = new Map([
  ["gzip", () => zlib.createGunzip()],
  ["x-gzip", () => zlib.createGunzip()],
  ["deflate", () => zlib.createInflate()],
  ["br", () => zlib.createBrotliDecompress()]
])

/** One encoding is taken off, piece by piece as it is asked for; the headers then say nothing of it. */
const decoded = (head: Head, { decompress, method }: Message<unknown, unknown>): Head => {
  head.body.on("error", unheard)
  const encodings = head.headers
    .filter(([name]) => name === "content-encoding")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity")
  const isEmpty = method === "HEAD" || head.status === 204 || head.status === 304
  if (!decompress || isEmpty || encodings.length === 0) return head
  const decoder = decoders.get(encodings.join(", "))
  if (decoder === undefined) throw new HttpFault("Encoding", `content-encoding ${encodings.join(", ").slice(0, 100)}`)
  return {
    status: head.status,
    headers: head.headers.filter(([name]) => name !== "content-encoding" && name !== "content-length"),
    body: pipeline(head.body, decoder(), unheard).on("error", unheard)
  }
}

/** The next piece of a body in memory of its own; undefined at its end. */
export const pull = (resource: string, body: Readable): Effect.Effect<Uint8Array | undefined, HttpError> =>
  Effect.callback((resume) => {
    const events = ["readable", "end", "error", "close"] as const
    const settle = (effect: Effect.Effect<Uint8Array | undefined, HttpError>): void => {
      for (const event of events) body.off(event, look)
      resume(effect)
    }
    const look = (): void => {
      const piece: Uint8Array | null = body.destroyed ? null : body.read()
      if (piece !== null) settle(Effect.succeed(new Uint8Array(piece)))
      else if (body.readableEnded) settle(Effect.succeed(undefined))
      else if (body.destroyed) settle(Effect.fail(httpError(resource, body.errored ?? ended)))
    }
    for (const event of events) body.on(event, look)
    look()
    return Effect.sync(() => {
      for (const event of events) body.off(event, look)
    })
  })
