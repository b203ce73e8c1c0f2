import { assert, describe, it } from "@effect/vitest"
import type * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import type { CapabilityError } from "airssys/security/CapabilityError"
import * as Grant from "airssys/security/Grant"
import { HttpAccess, type Response } from "airssys/security/HttpAccess"
import type { HttpError } from "airssys/security/HttpError"
import type { CurrentPrincipal } from "airssys/security/Principal"
import { Effect, Fiber, Queue, type Scope, Stream } from "effect"
import { billing, descriptors, until } from "./granted.ts"
import { type Handler, web, type WebServer, webServer, withHttp } from "./webServer.ts"

type Failure = HttpError | CapabilityError

/** Sends a head, and pieces of a body for as long as anybody takes them. */
const endless: Handler = (_, response) => {
  response.writeHead(200)
  const more = (): void => {
    if (response.write(Buffer.alloc(1_000))) setImmediate(more)
  }
  response.on("drain", more)
  more()
}

const silent: Handler = (request) => void request.resume()

interface World extends WebServer {
  readonly enforcer: CapabilityEnforcer.CapabilityEnforcer["Service"]
  readonly resource: string
  /** Takes back the grants for a host, or all of them. */
  readonly revoke: (host?: string) => Effect.Effect<void>
  readonly request: (http: HttpAccess["Service"]) => Effect.Effect<Response, Failure, Scope.Scope>
}

/** A program that may ask `a.test`, which redirects to `b.test`, both being on loopback. */
const served = <A, E>(handler: Handler, test: (world: World) => Effect.Effect<A, E, CurrentPrincipal>) =>
  Effect.scoped(Effect.gen(function*() {
    let port = 0
    const server = yield* webServer((request, response) => {
      if (request.url === "/away") response.writeHead(302, { location: `http://b.test:${port}/` }).end()
      else handler(request, response)
    })
    port = server.port
    const hosts = ["a.test", "b.test", "127.0.0.1"]
    return yield* web(["https://unused.test"])((enforcer) =>
      Effect.gen(function*() {
        const ids = new Map<string, number>()
        for (const host of hosts) {
          ids.set(
            host,
            yield* Effect.orDie(
              enforcer.grant(billing, Grant.make("network.outbound", [`http://${host}:${port}`], { reason: "test" }))
            )
          )
        }
        const revoke = (host?: string) =>
          Effect.orDie(
            enforcer.revoke(billing, { grant: host === undefined ? undefined : ids.get(host), reason: "over" })
          )
        return yield* test({
          ...server,
          enforcer,
          resource: `http://a.test:${port}`,
          revoke: (host) => Effect.asVoid(revoke(host)),
          request: (http) => http.request({ path: "/away", redirects: 1, maxBytes: 1e12 })
        })
      })
    )
  }))

const isOver = (error: Failure): void => assert.strictEqual(error._tag, "CapabilityError")

describe("A revocation", () => {
  for (const host of [undefined, "a.test", "b.test", "127.0.0.1"]) {
    const what = host ?? "everything"
    it.effect(`of ${what} ends the body that is being read, and its connection`, () =>
      served(endless, ({ enforcer, open, request, resource, revoke }) =>
        withHttp((http) =>
          Effect.gen(function*() {
            const { body } = yield* request(http)
            let pieces = 0
            isOver(
              yield* Effect.flip(Stream.runForEach(body, () => ++pieces === 3 ? revoke(host) : Effect.void))
            )
            assert.strictEqual(pieces, 3)
            yield* until(() => open() === 0)
          })
        ).pipe(enforcer.require(HttpAccess.on(resource)))))

    it.effect(`of ${what} ends a connection that nobody reads from`, () =>
      served(endless, ({ enforcer, open, request, resource, revoke }) =>
        withHttp((http) =>
          Effect.gen(function*() {
            const { bytes } = yield* request(http)
            const sockets = descriptors("socket:")
            assert.strictEqual(open(), 1)
            yield* revoke(host)
            yield* until(() => open() === 0)
            assert.isBelow(descriptors("socket:"), sockets)
            isOver(yield* Effect.flip(bytes))
          })
        ).pipe(enforcer.require(HttpAccess.on(resource)))))

    it.effect(`of ${what} ends the wait for an answer`, () =>
      served(silent, ({ enforcer, made, open, request, resource, revoke }) =>
        Effect.gen(function*() {
          const waiting = yield* Effect.forkChild(withHttp(request).pipe(enforcer.require(HttpAccess.on(resource))))
          yield* until(() => made() === 2 && open() >= 1)
          yield* revoke(host)
          isOver(yield* Effect.flip(Fiber.join(waiting)))
          yield* until(() => open() === 0)
        })))
  }

  it.effect("ends an upload under way, and asks its source for no more", () => {
    let received = 0
    return served(
      (request) => void request.on("data", (piece: Buffer) => received += piece.length),
      (world) =>
        Effect.gen(function*() {
          const sent = yield* Queue.unbounded<number>()
          const body = Stream.tap(
            Stream.concat(Stream.range(1, 50), Stream.never),
            (piece) => Queue.offer(sent, piece)
          ).pipe(Stream.map(() => new Uint8Array(1_000)))
          const upload = yield* Effect.forkChild(
            withHttp((http) => http.request({ method: "POST", body })).pipe(
              world.enforcer.require(HttpAccess.on(world.resource))
            )
          )
          for (let piece = 0; piece < 50; piece++) yield* Queue.take(sent)
          yield* until(() => received >= 50_000)
          yield* world.revoke()
          isOver(yield* Effect.flip(Fiber.join(upload)))
          yield* until(() => world.open() === 0)
        })
    )
  })

  it.effect("ends the look-up of a name, whose answer is not used", () =>
    Effect.scoped(Effect.gen(function*() {
      const { made, port } = yield* webServer(silent)
      let answer: (addresses: ReadonlyArray<string>) => void = () => undefined
      let isAsked = false
      const resolve = () => {
        isAsked = true
        return new Promise<ReadonlyArray<string>>((resolve) => {
          answer = resolve
        })
      }
      const resource = `http://a.test:${port}`
      yield* web([resource, `http://127.0.0.1:${port}`], { resolve })((enforcer) =>
        Effect.gen(function*() {
          const asking = yield* Effect.forkChild(
            withHttp((http) => http.request()).pipe(enforcer.require(HttpAccess.on(resource)))
          )
          yield* until(() => isAsked)
          yield* Effect.orDie(enforcer.revoke(billing, { reason: "over" }))
          isOver(yield* Effect.flip(Fiber.join(asking)))
          answer(["127.0.0.1"])
          yield* until(() => true)
          assert.strictEqual(made(), 0)
        })
      )
    })))

  it.effect("ends fifty at once that read, wait and send", () =>
    served(
      (request, response) => (request.method === "GET" ? endless : silent)(request, response),
      (world) =>
        Effect.gen(function*() {
          const begun = yield* Queue.unbounded<void>()
          const note = Queue.offer(begun, undefined)
          const reading = withHttp((http) =>
            Effect.flatMap(world.request(http), ({ body }) => Stream.runForEach(body, () => note))
          )
          const forEver = Stream.concat(Stream.make(new Uint8Array(10_000)), Stream.never)
          const sending = withHttp((http) => http.request({ method: "POST", body: forEver }))
          const all = yield* Effect.forEach(Array.from({ length: 25 }), () =>
            Effect.forEach(
              [reading, sending],
              (use: Effect.Effect<unknown, Failure, HttpAccess>) =>
                Effect.forkChild(use.pipe(world.enforcer.require(HttpAccess.on(world.resource))))
            ))
          for (let index = 0; index < 200; index++) yield* Queue.take(begun)
          yield* until(() => world.open() >= 50)
          yield* world.revoke()
          for (const fiber of all.flat()) isOver(yield* Effect.flip(Fiber.join(fiber)))
          yield* until(() => world.open() === 0)
        })
    ))
})
