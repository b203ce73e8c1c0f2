/**
 * An HTTP server of the usual kind, without Effect. What its plugins are, it
 * does not know: it calls functions that return promises.
 */
import { ComponentError } from "airssys/component/ComponentError"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { json } from "node:stream/consumers"

export interface Line {
  readonly quantity: number
  readonly cents: number
}

export interface Plugins {
  readonly totals: { readonly sum: (lines: ReadonlyArray<Line>) => Promise<number> }
  readonly miner: { readonly dig: () => Promise<unknown>; readonly spin: () => Promise<unknown> }
}

type Route = (plugins: Plugins, request: IncomingMessage) => Promise<unknown>

const routes = new Map<string, Route>([
  ["POST /invoice", async ({ totals }, request) => ({ cents: await totals.sum(await json(request) as Array<Line>) })],
  ["GET /dig", ({ miner }) => miner.dig()],
  ["GET /spin", ({ miner }) => miner.spin()]
])

/** What a failure of a plugin is to a caller of this server. */
const statusOf = (error: unknown): number => {
  if (!(error instanceof ComponentError)) return 422
  switch (error.reason._tag) {
    case "BadArgument":
      return 400
    case "DeadlineExceeded":
      return 504
    case "Busy":
    case "Restarting":
      return 503
    default:
      return 502
  }
}

export const makeServer = (plugins: Plugins): Server =>
  createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    }
    const route = routes.get(`${request.method} ${request.url}`)
    if (route === undefined) return answer(404, { error: "not found" })
    route(plugins, request).then(
      (body) => answer(200, body),
      (error: Error) =>
        answer(statusOf(error), { error: error instanceof ComponentError ? error.detail : error.message })
    )
  })
