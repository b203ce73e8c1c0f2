import * as NodeApprovalStore from "@airssys/platform-node/NodeApprovalStore"
import type { Approval } from "airssys/security/Approval"
import { ApprovalStore } from "airssys/security/ApprovalStore"
import type { PublicKey } from "airssys/security/PublicKey"
import { Effect } from "effect"

const [file = "", what, count = "0", state = "Denied"] = process.argv.slice(2)
const key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" as PublicKey
const signed = { text: "", signatures: [] }
const digest = (text: string): string => `sha256:${text.padStart(64, "0")}`

const approval = (index: number): Approval => ({
  id: digest(String(index)),
  request: signed,
  asked: {
    host: key,
    nonce: String(index).padStart(22, "n"),
    component: "acme:rates",
    version: "1.0.0",
    artifact: digest("a"),
    manifest: digest("b"),
    capabilities: digest("c"),
    wants: [],
    reason: "Needed.",
    issued: 0,
    notAfter: 1
  },
  requesters: [key],
  level: "Unknown",
  revision: 0,
  isRecorded: false,
  state: { _tag: "Pending" }
})

const decided = (index: number): Approval => ({
  ...approval(index),
  revision: 1,
  state: state === "Denied" ? { _tag: "Denied", denial: signed, reason: "no" } : { _tag: "Expired" }
})

const program = Effect.gen(function*() {
  const store = yield* ApprovalStore
  for (let index = 0; index < Number(count); index++) {
    if (what === "insert") yield* store.insert(approval(index))
    else if (yield* store.update(decided(index))) process.stdout.write(`${index}\n`)
  }
})

await Effect.runPromise(Effect.provide(program, NodeApprovalStore.layer({ path: file })))
