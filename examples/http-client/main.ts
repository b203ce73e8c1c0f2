/**
 * A plugin that reads pages, from the one server that it was granted.
 */
import { GuestBuild } from "@airssys/cli"
import { NodeHost } from "@airssys/platform-node"
import { NodeRuntime } from "@effect/platform-node"
import { Grant, Runtime } from "airssys"
import { ComponentHost } from "airssys/component"
import { Explanation } from "airssys/security"
import { Console, Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { get } from "./http.ts"
import { News } from "./news.gen.ts"

/** A server on this machine, until the scope closes. */
const serving = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ origin: `http://127.0.0.1:${port}`, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const folder = fileURLToPath(new URL("news", import.meta.url))

const program = Effect.gen(function*() {
  const runtime = yield* Runtime.Runtime
  const other = yield* serving((_, response) => response.end("You should not read this.\n"))
  const paper = yield* serving(({ url }, response) => {
    if (url === "/today") response.end("Rain in the north\nSun in the south\nSnow in the hills\n")
    else if (url === "/moved") response.writeHead(302, { location: `${other.origin}/` }).end()
    else response.writeHead(404).end()
  })

  yield* GuestBuild.build(folder)
  const { client } = yield* runtime.start(News, folder, {
    grants: [Grant.make("network.outbound", [paper.origin], { reason: "The paper that we read." })]
  })
  const pages = {
    today: `${paper.origin}/today`,
    gone: `${paper.origin}/gone`,
    other: `${other.origin}/`,
    moved: `${paper.origin}/moved`
  }
  for (const [name, url] of Object.entries(pages)) {
    const text = yield* client.headlines(url, 2).pipe(
      Effect.match({
        onSuccess: (lines) => lines.join(", "),
        onFailure: (error) => error._tag === "acme:news/Unavailable" ? error.value : "access denied"
      })
    )
    yield* Console.log(`${name.padEnd(8)}${text}`)
  }
  const host = yield* ComponentHost.ComponentHost
  for (const { explanation } of (yield* host.denials).toReversed()) {
    yield* Console.log(Explanation.render(explanation).split("\n")[0])
  }
})

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide(NodeHost.layer({ http: {}, functions: [get] }))))
