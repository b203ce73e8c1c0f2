import * as NodeApprovalStore from "@airssys/platform-node/NodeApprovalStore"
import type { Approval } from "airssys/security/Approval"
import { ApprovalStore } from "airssys/security/ApprovalStore"
import { Effect } from "effect"
import { approval, signed } from "./approvalSample.ts"

const [file = "", what, count = "0", state = "Denied"] = process.argv.slice(2)
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
