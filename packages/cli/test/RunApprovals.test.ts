import * as HostFolder from "@airssys/cli/HostFolder"
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeHost from "@airssys/platform-node/NodeHost"
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import * as NodeSigningKey from "@airssys/platform-node/NodeSigningKey"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Approvals } from "airssys/security/Approvals"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { approve, revoke } from "../../../examples/approval/operator.ts"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const root = fileURLToPath(new URL("../../..", import.meta.url))
const hosted = mkdtempSync(join(root, ".tmp-cli-"))
afterAll(() => rmSync(hosted, { recursive: true, force: true }))

const run = () =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    execFile(
      process.execPath,
      [bin, "run", "."],
      { cwd: hosted, encoding: "utf8" },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    )
  })

const ada = Effect.runPromise(NodeSigningKey.fromFile(join(hosted, "ada.key")))

const write = async (more = "") =>
  writeFileSync(
    join(hosted, "airssys.toml"),
    `schema = 1
folder = ".airssys"
[approvals]
key = "keys/host.key"
operators = ["${(await ada).publicKey}"]
${more}
[[component]]
source = "totals"
[[component.grant]]
reason = "Say what it does."
log = true
[[call]]
title = "A sum"
component = "acme:totals"
export = "totals.sum"
args = [[{ quantity = 2, cents = 1050 }]]
`
  )

/** What a program of the operators does while the host does not run. */
const decide = async (act: typeof approve | typeof revoke, state: "Pending" | "Approved") => {
  const key = await ada
  return await Effect.runPromise(
    Effect.gen(function*() {
      const host = yield* HostFolder.read(hosted)
      const hostKey = yield* NodeSigningKey.fromFile(host.approvals!.key)
      const { operators } = host.approvals!
      yield* Effect.gen(function*() {
        const { approvals } = yield* (yield* Approvals).list({ states: [state] })
        assert.strictEqual(approvals.length, 1)
        yield* act(approvals[0]!.id, key, "Read its source.")
      }).pipe(Effect.provide(NodeHost.layer({ ...host.options, approvals: { hostKey, operators } })))
    }).pipe(Effect.provide([NodeServices.layer, NodeSignature.layer, NodeDigest.layer]))
  )
}

describe("airssys run with approvals", { timeout: 120_000 }, () => {
  it("starts what operators approved, and nothing else", async () => {
    cpSync(join(root, "examples/plugins/totals"), join(hosted, "totals"), { recursive: true })
    await write()
    const pending = await run()
    assert.strictEqual(pending.code, 1)
    assert.match(pending.err, /acme:totals [^]*needs the approval of an operator; the request is Pending[^]*log/)
    assert.notInclude(pending.out, "2100")
    assert.include(readdirSync(join(hosted, ".airssys")), "approvals.sqlite")

    await decide(approve, "Pending")
    const approved = await run()
    assert.strictEqual(approved.code, 0, approved.err)
    assert.include(approved.out, "2100")

    await decide(revoke, "Approved")
    const revoked = await run()
    assert.strictEqual(revoked.code, 1)
    assert.match(revoked.err, /an operator's decision is Revoked/)
    assert.notInclude(revoked.out, "2100")
  })

  it("passes what the folder trusts by itself, unless operators are to see that too", async () => {
    rmSync(join(hosted, ".airssys"), { recursive: true })
    const trusted = "[trust]\npaths = [\"totals\"]"
    await write(trusted)
    const passed = await run()
    assert.strictEqual(passed.code, 0, passed.err)
    rmSync(join(hosted, ".airssys"), { recursive: true })
    await write(`pass-trusted = false\n${trusted}`)
    const waiting = await run()
    assert.strictEqual(waiting.code, 1)
    assert.include(waiting.err, "needs the approval of an operator")
  })
})
