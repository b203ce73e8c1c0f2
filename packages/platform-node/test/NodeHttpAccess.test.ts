import { assert, describe, it, vi } from "@effect/vitest"
import type * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import { HttpAccess, type Request } from "airssys/security/HttpAccess"
import type { HttpError } from "airssys/security/HttpError"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createSocket } from "node:dgram"
import { Resolver } from "node:dns/promises"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { certificate } from "./certificate.ts"
import { until } from "./granted.ts"
import { type Handler, rawServer, secureServer, web, webServer, withHttp } from "./webServer.ts"

type Enforcer = CapabilityEnforcer.CapabilityEnforcer["Service"]

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Status and body of one request. */
const send = <E = never, R = never>(enforcer: Enforcer, resource: string, request: Request<E, R> = {}) =>
  withHttp((http) =>
    Effect.flatMap(
      http.request(request),
      (response) => Effect.map(response.bytes, (body) => ({ ...response, body: text(body) }))
    )
  ).pipe(enforcer.require(HttpAccess.on(resource)))

const reasonOf = (error: HttpError | CapabilityError): string =>
  error._tag === "HttpError"
    ? error.reason
    : error.reason._tag === "Denied"
    ? `Denied ${error.reason.explanation.resource}`
    : error.reason._tag

/** Why a request to a server fails. */
const failure = <E extends HttpError | CapabilityError = never>(
  port: number,
  request: Request<E> = {}
) =>
  web([`http://api.test:${port}`, `http://127.0.0.1:${port}`])((enforcer) =>
    Effect.map(Effect.flip(send(enforcer, `http://api.test:${port}`, request)), reasonOf)
  )

const bodyOf = (request: http.IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks).toString()))
  })

const echo: Handler = (request, response) => {
  void bodyOf(request).then((body) =>
    response.writeHead(200, [["set-cookie", "a=1"], ["set-cookie", "b=2"]].flat()).end(
      JSON.stringify([request.method, request.url, request.rawHeaders, body])
    )
  )
}

describe("A request", () => {
  it.effect("says what it was told and the least that has to be said, over a connection of its own", () =>
    Effect.scoped(Effect.gen(function*() {
      const { made, open, port } = yield* webServer(echo)
      const resource = `http://api.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`])((enforcer) =>
        Effect.gen(function*() {
          const got = yield* send(enforcer, resource, { path: "/a?b=%20c", headers: [["X-Id", "7"]] })
          assert.deepStrictEqual(JSON.parse(got.body), [
            "GET",
            "/a?b=%20c",
            ["host", `api.test:${port}`, "connection", "close", "accept-encoding", "identity", "x-id", "7"],
            ""
          ])
          assert.strictEqual(got.status, 200)
          assert.strictEqual(got.resource, resource)
          assert.deepStrictEqual(got.headers.filter(([name]) => name === "set-cookie"), [["set-cookie", "a=1"], [
            "set-cookie",
            "b=2"
          ]])
          const streamed = yield* send(enforcer, resource, {
            method: "DELETE",
            body: Stream.make(bytes("in "), bytes("pieces"))
          })
          assert.deepStrictEqual(JSON.parse(streamed.body), [
            "DELETE",
            "/",
            [
              "host",
              `api.test:${port}`,
              "connection",
              "close",
              "transfer-encoding",
              "chunked",
              "accept-encoding",
              "identity"
            ],
            "in pieces"
          ])
          const whole = yield* send(enforcer, resource, { method: "POST", body: bytes("whole") })
          assert.include(JSON.parse(whole.body)[2], "content-length")
          assert.strictEqual(JSON.parse(whole.body)[3], "whole")
        })
      )
      assert.strictEqual(made(), 3)
      yield* until(() => open() === 0)
    })))

  it.effect("takes no proxy from the environment", () =>
    Effect.scoped(Effect.gen(function*() {
      const proxy = yield* webServer((_, response) => response.end("proxy"))
      const { port } = yield* webServer((_, response) => response.end("direct"))
      yield* Effect.acquireRelease(
        Effect.sync(() => http.setGlobalProxyFromEnv({ http_proxy: `http://127.0.0.1:${proxy.port}` })),
        (restore) => Effect.sync(restore)
      )
      const resource = `http://api.test:${port}`
      const { body } = yield* web([resource, `http://127.0.0.1:${port}`])((enforcer) => send(enforcer, resource))
      assert.strictEqual(body, "direct")
    })))

  it.effect("that says more than a request may is not sent", () =>
    Effect.scoped(Effect.gen(function*() {
      const { made, port } = yield* webServer(echo)
      const refused: ReadonlyArray<Request> = [
        ...[
          "Host",
          "connection",
          "Content-Length",
          "Transfer-Encoding",
          "TE",
          "Upgrade",
          "Expect",
          "Keep-Alive",
          "Proxy-Authorization",
          "proxy-anything",
          "Via"
        ].map((name) => ({ headers: [[name, "x"]] as const })),
        { headers: [["a b", "x"]] },
        { headers: [["", "x"]] },
        { headers: [["x", "a\r\nhost: evil"]] },
        { headers: [["x", "a\0"]] },
        { headers: [["x", "\u0130"]] },
        { headers: Array.from({ length: 65 }, (_, index) => [`x${index}`, ""] as const) },
        { headers: [["x", "y".repeat(20_000)]] },
        ...["", "a", "https://evil/", "/a b", "/a\r\n", "/a#b", "/\u00e9", `/${"a".repeat(9_000)}`].map((path) => ({
          path
        })),
        { method: "CONNECT" as never },
        { method: "get" as never },
        { body: bytes("x") },
        { redirects: 11 },
        { redirects: -1 },
        { maxBytes: 0.5 }
      ]
      for (const request of refused) {
        assert.strictEqual(yield* failure(port, request), "InvalidRequest", JSON.stringify(request))
      }
      assert.strictEqual(made(), 0)
    })))

  it.effect("goes to https and http alone", () =>
    web(["tcp://127.0.0.1:80"])((enforcer) =>
      Effect.map(
        Effect.flip(send(enforcer, "tcp://127.0.0.1:80")),
        (error) => assert.strictEqual(reasonOf(error), "InvalidRequest")
      )
    ))
})

describe("An address", () => {
  it.effect("that is not public needs a grant of its own, in whatever form it comes", () =>
    Effect.scoped(Effect.gen(function*() {
      const { made, port } = yield* webServer(echo)
      const denied = (addresses: ReadonlyArray<string>, resource = `http://api.test:${port}`) =>
        web([`http://api.test:${port}`, `http://localhost:${port}`], { resolve: () => Promise.resolve(addresses) })(
          (enforcer) => Effect.map(Effect.flip(send(enforcer, resource)), reasonOf)
        )
      assert.strictEqual(yield* denied(["127.0.0.1"]), `Denied http://127.0.0.1:${port}`)
      assert.strictEqual(yield* denied(["::ffff:127.0.0.1"]), `Denied http://127.0.0.1:${port}`)
      assert.strictEqual(yield* denied(["::1"]), `Denied http://[::1]:${port}`)
      assert.strictEqual(yield* denied(["10.1.2.3"]), `Denied http://10.1.2.3:${port}`)
      assert.strictEqual(yield* denied(["169.254.169.254"]), `Denied http://169.254.169.254:${port}`)
      assert.strictEqual(yield* denied(["fd00:ec2::254"]), `Denied http://[fd00:ec2::254]:${port}`)
      assert.strictEqual(yield* denied(["64:ff9b::a9fe:a9fe"]), `Denied http://[64:ff9b::a9fe:a9fe]:${port}`)
      assert.strictEqual(yield* denied(["0.0.0.0"]), `Denied http://0.0.0.0:${port}`)
      assert.strictEqual(yield* denied(["93.184.215.14", "127.0.0.1"]), `Denied http://127.0.0.1:${port}`)
      assert.strictEqual(yield* denied(["fe80::1%eth0"]), "NotFound")
      assert.strictEqual(yield* denied([]), "NotFound")
      assert.strictEqual(yield* denied(["10.0.0.1"], `http://localhost:${port}`), `Denied http://10.0.0.1:${port}`)
      assert.strictEqual(made(), 0)
      const local = yield* web([`http://localhost:${port}`])((enforcer) => send(enforcer, `http://localhost:${port}`))
      assert.strictEqual(local.status, 200)
    })))

  it.effect("is looked up once, and is the one that is connected to, whatever the name server says next", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port } = yield* webServer(echo)
      const dns = yield* nameServer(["127.0.0.1", "169.254.169.254"])
      const resource = `http://api.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`], { resolve: dns.resolve })((enforcer) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* send(enforcer, resource)).status, 200)
          assert.strictEqual(dns.asked(), 1)
          assert.strictEqual(
            reasonOf(yield* Effect.flip(send(enforcer, resource))),
            `Denied http://169.254.169.254:${port}`
          )
          assert.strictEqual(dns.asked(), 2)
        })
      )
    })))

  it.effect("is the next one where the first takes no connection", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port } = yield* webServer(echo)
      const resource = `http://api.test:${port}`
      const grants = [resource, `http://127.0.0.1:${port}`, `http://127.0.0.2:${port}`]
      const { status } = yield* web(grants, { resolve: () => Promise.resolve(["127.0.0.2", "127.0.0.1"]) })((
        enforcer
      ) => send(enforcer, resource))
      assert.strictEqual(status, 200)
    })))
})

describe("Encryption", () => {
  it.effect("is for the name that was granted, at whatever address", () =>
    Effect.scoped(Effect.gen(function*() {
      const names: Array<unknown> = []
      const { port } = yield* secureServer((request, response) => {
        names.push((request.socket as unknown as { readonly servername: unknown }).servername)
        response.end()
      })
      const outcome = (name: string, authorities?: ReadonlyArray<string>) =>
        web([`https://${name}:${port}`, `https://127.0.0.1:${port}`], { authorities })((enforcer) =>
          Effect.match(send(enforcer, `https://${name}:${port}`), {
            onFailure: reasonOf,
            onSuccess: ({ status }) => String(status)
          })
        )
      assert.strictEqual(yield* outcome("api.test", [certificate]), "200")
      assert.deepStrictEqual(names, ["api.test"])
      assert.strictEqual(yield* outcome("other.test", [certificate]), "Insecure")
      assert.strictEqual(yield* outcome("127.0.0.1", [certificate]), "Insecure")
      assert.strictEqual(yield* outcome("api.test"), "Insecure")
      assert.deepStrictEqual(names, ["api.test"])
    })))

  it.effect("is asked for by no environment to be left out", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port } = yield* secureServer((_, response) => response.end())
      yield* Effect.acquireRelease(
        Effect.sync(() => vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0")),
        () => Effect.sync(() => vi.unstubAllEnvs())
      )
      const error = yield* web([`https://api.test:${port}`, `https://127.0.0.1:${port}`])((enforcer) =>
        Effect.flip(send(enforcer, `https://api.test:${port}`))
      )
      assert.strictEqual(reasonOf(error), "Insecure")
    })))
})

describe("A redirect", () => {
  const redirecting = (status: number, location: (port: number) => string) =>
    Effect.gen(function*() {
      const seen: Array<readonly [string | undefined, string | undefined, ReadonlyArray<string>, string]> = []
      let port = 0
      const server = yield* webServer((request, response) => {
        void bodyOf(request).then((body) => {
          seen.push([request.method, request.url, request.rawHeaders, body])
          if (request.url !== "/from") return response.end("there")
          return response.writeHead(status, { location: location(port) }).end("moved")
        })
      })
      port = server.port
      const send_ = (grants: ReadonlyArray<string>, request: Request) =>
        web([`http://127.0.0.1:${port}`, ...grants.map((name) => `http://${name}:${port}`)])((enforcer) =>
          Effect.match(
            send(enforcer, `http://a.test:${port}`, { path: "/from", redirects: 3, ...request }),
            {
              onFailure: reasonOf,
              onSuccess: ({ body, status }) => `${status} ${body}`
            }
          )
        )
      return { seen, send: send_, port, server }
    })

  it.effect("is the response, unless it is to be followed", () =>
    Effect.scoped(Effect.gen(function*() {
      const { seen, send } = yield* redirecting(302, () => "/to")
      assert.strictEqual(yield* send(["a.test"], { redirects: 0 }), "302 moved")
      assert.strictEqual(yield* send(["a.test"], {}), "200 there")
      assert.deepStrictEqual(seen.map(([, url]) => url), ["/from", "/from", "/to"])
    })))

  it.effect("is decided on as any other request, and leads to nothing that was not granted", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port, seen, send } = yield* redirecting(302, (port) => `http://b.test:${port}/to`)
      assert.strictEqual(yield* send(["a.test"], {}), `Denied http://b.test:${port}`)
      assert.strictEqual(yield* send(["a.test", "b.test"], {}), "200 there")
      assert.deepStrictEqual(seen.map(([, url]) => url), ["/from", "/from", "/to"])
      const metadata = yield* redirecting(302, () => "http://169.254.169.254/latest/meta-data/")
      assert.strictEqual(yield* metadata.send(["a.test"], {}), "Denied http://169.254.169.254")
      const hidden = yield* redirecting(302, () => "http://[::ffff:169.254.169.254]/")
      assert.strictEqual(yield* hidden.send(["a.test"], {}), "Denied http://[::ffff:a9fe:a9fe]")
      const number = yield* redirecting(302, () => "http://2852039166/")
      assert.strictEqual(yield* number.send(["a.test"], {}), "Denied http://169.254.169.254")
    })))

  it.effect("goes on to no other scheme, no user name and no further than was said", () =>
    Effect.scoped(Effect.gen(function*() {
      for (
        const location of ["file:///etc/passwd", "ftp://b.test/", "http://user@b.test/", "http://[", "javascript:1"]
      ) {
        const { send, server } = yield* redirecting(302, () => location)
        assert.strictEqual(yield* send(["a.test"], {}), "Redirect", location)
        assert.strictEqual(server.made(), 1)
      }
      const { port } = yield* secureServer((_, response) =>
        response.writeHead(302, { location: "http://b.test/" }).end()
      )
      const options = { authorities: [certificate] }
      const downgraded = yield* web(
        [`https://api.test:${port}`, `https://127.0.0.1:${port}`, "http://b.test"],
        options
      )(
        (enforcer) => Effect.flip(send(enforcer, `https://api.test:${port}`, { redirects: 1 }))
      )
      assert.strictEqual(reasonOf(downgraded), "Redirect")
      const loop = yield* redirecting(302, () => "/from")
      assert.strictEqual(yield* loop.send(["a.test"], {}), "Redirect")
      assert.strictEqual(loop.server.made(), 4)
      yield* until(() => loop.server.open() === 0)
    })))

  it.effect("tells another host nothing of who asks", () =>
    Effect.scoped(Effect.gen(function*() {
      const { port, seen, send } = yield* redirecting(307, (port) => `http://b.test:${port}/to`)
      const headers = [["authorization", "Bearer x"], ["cookie", "s=1"], ["x-api-key", "k"], ["accept", "a/b"]] as const
      assert.strictEqual(yield* send(["a.test", "b.test"], { headers }), "200 there")
      assert.deepStrictEqual(seen[1]?.[2], [
        "host",
        `b.test:${port}`,
        "connection",
        "close",
        "accept-encoding",
        "identity",
        "accept",
        "a/b"
      ])
    })))

  it.effect("repeats a body where it says so, and none that was a stream", () =>
    Effect.scoped(Effect.gen(function*() {
      const moved = yield* redirecting(303, () => "/to")
      assert.strictEqual(
        yield* moved.send(["a.test"], { method: "POST", body: bytes("x"), headers: [["content-type", "a/b"]] }),
        "200 there"
      )
      assert.deepStrictEqual([moved.seen[1]?.[0], moved.seen[1]?.[3]], ["GET", ""])
      assert.notInclude(moved.seen[1]?.[2] ?? [], "content-type")
      const kept = yield* redirecting(308, () => "/to")
      assert.strictEqual(yield* kept.send(["a.test"], { method: "PUT", body: bytes("x") }), "200 there")
      assert.deepStrictEqual([kept.seen[1]?.[0], kept.seen[1]?.[3]], ["PUT", "x"])
      assert.strictEqual(yield* kept.send(["a.test"], { method: "PUT", body: Stream.make(bytes("x")) }), "Redirect")
    })))
})

describe("What comes back", () => {
  it.effect("is decompressed within the limit, and no further", () =>
    Effect.scoped(Effect.gen(function*() {
      const plain = Buffer.alloc(2 * 1_024 * 1_024, "a")
      const encoded = new Map([
        ["/gzip", gzipSync(plain)],
        ["/br", brotliCompressSync(plain)],
        ["/deflate", deflateSync(plain)],
        ["/broken", gzipSync(plain).subarray(0, 1_000)],
        ["/false", Buffer.from("no gzip")]
      ])
      const { port } = yield* webServer((request, response) => {
        const name = request.url === "/false" || request.url === "/broken" ? "gzip" : request.url!.slice(1)
        response.writeHead(200, { "content-encoding": name }).end(encoded.get(request.url!) ?? Buffer.alloc(10))
      })
      const resource = `http://api.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`])((enforcer) =>
        Effect.gen(function*() {
          const get = (path: string, maxBytes = plain.length) =>
            send(enforcer, resource, { path, decompress: true, maxBytes })
          for (const path of ["/gzip", "/br", "/deflate"]) {
            const { body, headers } = yield* get(path)
            assert.strictEqual(body.length, plain.length)
            assert.isFalse(headers.some(([name]) => name === "content-encoding" || name === "content-length"))
            assert.strictEqual(reasonOf(yield* Effect.flip(get(path, plain.length - 1))), "TooLarge")
          }
          for (const path of ["/broken", "/false", "/gzip,gzip", "/x"]) {
            assert.strictEqual(reasonOf(yield* Effect.flip(get(path))), "Encoding", path)
          }
          assert.isBelow((yield* send(enforcer, resource, { path: "/gzip" })).body.length, 100_000)
        })
      )
    })))

  it.effect("is bounded in its head, its body and its time, and so is what is sent", () =>
    Effect.scoped(Effect.gen(function*() {
      const { open, port } = yield* webServer((request, response) => {
        if (request.url === "/head") response.writeHead(200, { x: "y".repeat(40_000) })
        response.end("0123456789")
      })
      assert.strictEqual(yield* failure(port, { path: "/head" }), "TooLarge")
      assert.strictEqual(yield* failure(port, { maxBytes: 9 }), "TooLarge")
      assert.strictEqual(
        yield* failure(port, { method: "POST", body: bytes("0123456789"), maxRequestBytes: 9 }),
        "TooLarge"
      )
      const endless = Stream.forever(Stream.make(new Uint8Array(1_000)))
      assert.strictEqual(yield* failure(port, { method: "POST", body: endless, maxRequestBytes: 100_000 }), "TooLarge")
      yield* until(() => open() === 0)
    })))

  it.effect("is an error where it is no HTTP, ends early or changes the protocol", () =>
    Effect.scoped(Effect.gen(function*() {
      const answering = (answer: string) =>
        Effect.flatMap(
          rawServer((socket) => void socket.once("data", () => socket.end(answer))),
          ({ port }) => failure(port)
        )
      assert.strictEqual(yield* answering("SSH-2.0-x\r\n"), "Protocol")
      assert.strictEqual(
        yield* answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc"),
        "Protocol"
      )
      assert.strictEqual(
        yield* answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc"),
        "Protocol"
      )
      assert.strictEqual(yield* answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), "Closed")
      assert.strictEqual(
        yield* answering("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
        "Closed"
      )
      assert.strictEqual(yield* answering(""), "Closed")
      const gone = yield* Effect.scoped(rawServer(() => undefined))
      assert.strictEqual(yield* failure(gone.port), "Unreachable")
    })))

  it.effect("is asked for as it is read, and has the failure of what was sent", () =>
    Effect.scoped(Effect.gen(function*() {
      let written = 0
      const { port } = yield* webServer((_, response) => {
        const more = (): void => {
          while (written < 64 * 1_024 * 1_024 && response.write(Buffer.alloc(65_536))) written += 65_536
        }
        response.on("drain", more)
        more()
      })
      const resource = `http://api.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`])((enforcer) =>
        Effect.gen(function*() {
          const first = yield* withHttp((http) =>
            Effect.flatMap(http.request({ maxBytes: 1e9 }), ({ body }) => Stream.runCollect(Stream.take(body, 1)))
          ).pipe(enforcer.require(HttpAccess.on(resource)))
          assert.lengthOf(first, 1)
          assert.isBelow(written, 32 * 1_024 * 1_024)
          const body = Stream.concat(Stream.make(bytes("x")), Stream.fail("mine" as const))
          const failed = yield* Effect.flip(send(enforcer, resource, { method: "POST", body }))
          assert.strictEqual(failed, "mine")
        })
      )
    })))
})

describe("A limit of time", () => {
  const timed = (
    start: (handler: Handler) => ReturnType<typeof webServer>,
    handler: Handler,
    request: Request,
    steps: ReadonlyArray<readonly [seconds: number, isOver: boolean]>,
    resolve?: () => Promise<ReadonlyArray<string>>
  ) =>
    Effect.scoped(Effect.gen(function*() {
      const { open, made, port } = yield* start(handler)
      const resource = `http://api.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`], resolve === undefined ? {} : { resolve })((enforcer) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.flip(send(enforcer, resource, request)))
          if (resolve === undefined) yield* until(() => made() === 1)
          for (const [seconds, isOver] of steps) {
            yield* until(() => true)
            yield* TestClock.adjust(`${seconds} seconds`)
            if (!isOver) assert.isUndefined(fiber.pollUnsafe())
          }
          assert.strictEqual(reasonOf((yield* Fiber.join(fiber)) as HttpError), "Timeout")
        })
      )
      yield* until(() => open() === 0)
    }))

  it.effect("is held for the name", () =>
    timed(webServer, echo, {}, [[9, false], [1, true]], () => new Promise(() => undefined)))

  it.effect("is held for the name and the connection together", () =>
    Effect.scoped(Effect.gen(function*() {
      const { made, port } = yield* rawServer(() => undefined)
      let found: (addresses: ReadonlyArray<string>) => void = () => undefined
      const resolve = () =>
        new Promise<ReadonlyArray<string>>((resume) => {
          found = resume
        })
      const resource = `https://api.test:${port}`
      yield* web([resource, `https://127.0.0.1:${port}`], { resolve })((enforcer) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.flip(send(enforcer, resource)), { startImmediately: true })
          yield* TestClock.adjust("9 seconds")
          found(["127.0.0.1"])
          yield* until(() => made() === 1)
          yield* TestClock.adjust("1 second")
          yield* until(() => fiber.pollUnsafe() !== undefined)
          assert.strictEqual(reasonOf(yield* Fiber.join(fiber)), "Timeout")
        })
      )
    })))

  it.effect("is held for the head of the answer", () => timed(webServer, () => undefined, {}, [[29, false], [2, true]]))

  it.effect("is held for each piece of the body", () =>
    timed(webServer, (_, response) => void response.write("x"), { timeouts: { response: "1 hour" } }, [[29, false], [
      2,
      true
    ]]))

  it.effect("is held for the whole, however steadily pieces come", () =>
    timed(
      webServer,
      (_, response) => void response.write("x"),
      { timeouts: { response: "1 hour", idle: "1 hour", total: "1 minute" } },
      [[59, false], [2, true]]
    ))
})

/** A name server whose answers change. */
const nameServer = (answers: ReadonlyArray<string>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly port: number; readonly asked: () => number; readonly close: () => void }>((resume) => {
        const socket = createSocket("udp4")
        let asked = 0
        socket.on("message", (query, { address, port }) => {
          const answer = answers[Math.min(asked++, answers.length - 1)]!
          const end = query.indexOf(0, 12) + 5
          const head = Buffer.from(query.subarray(0, end))
          head.writeUInt16BE(0x8180, 2)
          head.writeUInt16BE(1, 6)
          head.writeUInt16BE(0, 10)
          const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...answer.split(".").map(Number)])
          socket.send(Buffer.concat([head, record]), port, address)
        })
        socket.bind(0, "127.0.0.1", () =>
          resume(Effect.succeed({
            port: (socket.address() as AddressInfo).port,
            asked: () => asked,
            close: () => void socket.close()
          })))
      }),
      ({ close }) => Effect.sync(close)
    ),
    ({ asked, port }) => {
      const resolver = new Resolver()
      resolver.setServers([`127.0.0.1:${port}`])
      return { asked, resolve: (host: string) => resolver.resolve4(host) }
    }
  )
