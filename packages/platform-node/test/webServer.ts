import type { HttpAccess } from "airssys/security/HttpAccess"
import { HttpAccess as Http } from "airssys/security/HttpAccess"
import { Effect } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo, Socket } from "node:net"
import * as net from "node:net"
import * as NodeHttpAccess from "../src/NodeHttpAccess.ts"
import { certificate, privateKey } from "./certificate.ts"
import { type Granted, granted } from "./granted.ts"

export interface WebServer {
  readonly port: number
  /** Connections that were made, and those of them that are open. */
  readonly made: () => number
  readonly open: () => number
}

/** A server on loopback that ends with the scope, whatever is connected to it. */
const listening = (server: net.Server) =>
  Effect.acquireRelease(
    Effect.callback<WebServer & { readonly close: () => void }>((resume) => {
      const sockets = new Set<Socket>()
      let made = 0
      server.on("connection", (socket: Socket) => {
        made++
        sockets.add(socket)
        socket.on("error", () => undefined).once("close", () => sockets.delete(socket))
      })
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({
          port: (server.address() as AddressInfo).port,
          made: () => made,
          open: () => sockets.size,
          close: () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
        })))
    }),
    ({ close }) => Effect.sync(close)
  )

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export const webServer = (handler: Handler) => listening(createServer(handler))

export const secureServer = (handler: Handler) =>
  listening(createSecureServer({ cert: certificate, key: privateKey }, handler))

/** Says what it likes, whatever it is asked. */
export const rawServer = (handler: (socket: Socket) => void) => listening(net.createServer(handler))

/** Every name is on loopback. */
const onLoopback: NodeHttpAccess.Options["resolve"] = () => Promise.resolve(["127.0.0.1"])

export const web =
  (grants: ReadonlyArray<string>, options: NodeHttpAccess.Options = {}) =>
  <A, E>(test: Parameters<typeof granted<A, E>>[2]) =>
    granted(
      [NodeHttpAccess.source({ resolve: onLoopback, ...options })],
      [["network.outbound", ...grants]] satisfies Granted,
      test
    )

/** Runs with the power for a resource, its connections closed at the end. */
export const withHttp = <A, E, R>(use: (http: HttpAccess["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(Http, use))
