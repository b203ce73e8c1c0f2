/**
 * What signs the checkpoints of an audit log, with a key in a file.
 *
 * The file is made with a random key if there is none, and nobody but this user
 * may read it. Whoever deletes it does not get past the witnesses: they take no
 * checkpoint of another key.
 *
 * @since 0.1.0
 */
import * as AuditCheckpoint from "airssys/security/AuditCheckpoint"
import { AuditError } from "airssys/security/AuditError"
import * as Effect from "effect/Effect"
import * as NodeDigest from "./NodeDigest.ts"
import * as NodeSignature from "./NodeSignature.ts"
import * as NodeSigningKey from "./NodeSigningKey.ts"

/**
 * The signer of a log with the key in a file, which holds its 32 bytes. `origin`
 * names the log and the key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = (options: {
  readonly file: string
  readonly origin: string
}): Effect.Effect<AuditCheckpoint.Signer, AuditError> =>
  NodeSigningKey.fromFile(options.file).pipe(
    Effect.flatMap((key) => AuditCheckpoint.signer({ key, origin: options.origin })),
    Effect.provide([NodeSignature.layer, NodeDigest.layer]),
    Effect.mapError((cause) => new AuditError({ reason: "InvalidOptions", detail: cause.message, cause }))
  )
