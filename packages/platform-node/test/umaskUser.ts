/** Has a host that keeps everything in one folder, and one that keeps it in many places, under an umask. */
import * as SigningKey from "airssys/security/SigningKey"
import { Effect } from "effect"
import { join } from "node:path"
import * as NodeHost from "../src/NodeHost.ts"
import * as NodeSignature from "../src/NodeSignature.ts"
import * as loadGuest from "./loadGuest.ts"

const [umask, base] = process.argv.slice(2) as [string, string]
process.umask(Number.parseInt(umask, 8))

const generate = () => Effect.runPromise(Effect.provide(SigningKey.generate, NodeSignature.layer))
const [hostKey, operator] = [await generate(), await generate()]
const source = await loadGuest.put(base)

const use = async (options: NodeHost.Options) => {
  const host = await NodeHost.runtime({
    ...options,
    trust: [source],
    approvals: { hostKey, operators: [operator.publicKey] }
  })
  const client = await host.start(loadGuest.Load, source)
  await client.spin(1)
  return host
}

await (await use({ folder: join(base, "host") })).close()
const host = await use({ folder: join(base, "host") })
const other = await use({
  audit: join(base, "audit.ndjson"),
  storage: join(base, "storage.sqlite"),
  receipts: join(base, "receipts.sqlite"),
  approvalStore: join(base, "approvals.sqlite"),
  trustStore: join(base, "trust"),
  cache: { folder: join(base, "cache"), key: join(base, "cache.key") }
})
process.stdout.write("ready\n")
process.stdin.once("data", () => void Promise.all([host.close(), other.close()]))
