/**
 * The audit log of a folder with an `airssys.toml`.
 *
 * @since 0.1.0
 */
import * as NodeAuditSigner from "@airssys/platform-node/NodeAuditSigner"
import * as NodeDigest from "@airssys/platform-node/NodeDigest"
import * as NodeSignature from "@airssys/platform-node/NodeSignature"
import type * as HostConfig from "airssys/component/HostConfig"
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import type { AuditError } from "airssys/security/AuditError"
import type * as AuditLog from "airssys/security/AuditLog"
import * as AuditWitness from "airssys/security/AuditWitness"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"

/**
 * The options of the log, with the key and the witnesses of its checkpoints.
 * Says with which key they are verified. All paths are absolute.
 *
 * @category constructors
 * @since 0.1.0
 */
export const options: (
  audit: HostConfig.Audit
) => Effect.Effect<
  AuditLog.Options,
  AuditError | AuditWitness.WitnessError,
  FileSystem.FileSystem
> = Effect.fnUntraced(function*(audit: HostConfig.Audit) {
  const { checkpoints } = audit
  if (checkpoints === undefined) return audit.options
  const signer = yield* NodeAuditSigner.fromFile({ file: checkpoints.key, origin: checkpoints.origin })
  const witnesses = yield* Effect.forEach(checkpoints.witnesses, (file) => AuditWitness.makeFile(file, signer))
  if (checkpoints.console) witnesses.push(yield* AuditWitness.makeConsole)
  yield* Effect.logInfo(`the checkpoints of the audit log verify with ${yield* AuditCheckpoint.verifierText(signer)}`)
  return {
    ...audit.options,
    checkpoints: { signer, witnesses, every: checkpoints.every, required: checkpoints.required }
  }
}, Effect.provide([NodeSignature.layer, NodeDigest.layer]))
