/**
 * A process that writes an audit log until it is killed: `auditVictim.ts <kind>
 * <path> <life>`. It prints `open` when the log is, and then a line for each group
 * of events once it is durable: the sequence of its last one, its number and its
 * size.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as AuditLog from "airssys/security/AuditLog"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { writeSync } from "node:fs"
import { crashed, layerOf, sizeOf } from "./auditGroups.ts"

const [kind = "", path = "", life = ""] = process.argv.slice(2)

const say = (line: string): void => void writeSync(1, `${line}\n`)

const group = (audit: AuditLog.AuditLog["Service"], number: number) => {
  const size = sizeOf(life, number)
  for (let index = 0; index < number % 3; index++) audit.recordUnsafe(crashed(life, number, `use ${index}`))
  const events = Array.from({ length: size }, (_, index) => crashed(life, number, String(index)))
  return Effect.map(audit.appendAll(events), (sequence) => say(`${sequence} ${number} ${size}`))
}

const program = Effect.gen(function*() {
  const audit = yield* AuditLog.AuditLog
  say("open")
  for (let number = 0;; number += 3) {
    yield* Effect.all([group(audit, number), group(audit, number + 1), group(audit, number + 2)], {
      concurrency: "unbounded"
    })
  }
})

await Effect.runPromise(Effect.provide(
  program,
  AuditLog.layer({ flushEvery: "5 millis", rotate: { bytes: 20_000 } }).pipe(
    Layer.provide([layerOf(kind, path), NodeCrypto.layerDigest])
  )
))
