/**
 * A server whose plugins are components, one of them hostile.
 */
import { NodeHost } from "@airssys/platform-node"
import { build } from "@airssys/sdk/Build"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { Miner } from "../plugins/miner.gen.ts"
import { Totals } from "../plugins/totals.gen.ts"
import { makeServer } from "./server.ts"

const built = async (name: string): Promise<string> => {
  const folder = fileURLToPath(new URL(`../plugins/${name}`, import.meta.url))
  await build({ entry: `${folder}/src/${name}.wat`, out: `${folder}/dist/${name}.wasm`, wit: `${folder}/wit` })
  return folder
}

await using host = await NodeHost.runtime()
const server = makeServer({
  totals: await host.start(Totals, await built("totals")),
  miner: await host.start(Miner, await built("miner"))
})
await once(server.listen(0, "127.0.0.1"), "listening")
const { port } = server.address() as AddressInfo

const ask = async (path: string, body?: unknown): Promise<void> => {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, sent)
  console.log(`${path.padEnd(10)}${response.status}  ${await response.text()}`)
}

await ask("/invoice", [{ quantity: 2, cents: 1050 }])
await ask("/invoice", [{ quantity: -2, cents: 1050 }])
await ask("/invoice", [{ quantity: 4_294_967_295, cents: 4_294_967_295 }])
await Promise.all([ask("/spin"), ask("/invoice", [{ quantity: 1, cents: 5 }])])
await ask("/dig")
await ask("/invoice", [{ quantity: 3, cents: 7 }])

server.closeAllConnections()
server.close()
