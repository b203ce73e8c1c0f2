/**
 * Keys that sign, in files of 32 bytes that nobody but this user may read.
 *
 * @since 0.1.0
 */
import * as SigningKey from "airssys/security/SigningKey"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { keyIn, PathFault } from "./internal/ownedPaths.ts"
import * as NodeSignature from "./NodeSignature.ts"

/**
 * A file that holds no key which may be used.
 *
 * @category errors
 * @since 0.1.0
 */
export class KeyFileRefused extends Schema.TaggedError<KeyFileRefused>(
  "@airssys/platform-node/NodeSigningKey/KeyFileRefused"
)("KeyFileRefused", { file: Schema.String, detail: Schema.String, cause: Schema.Defect() }) {
  override get message(): string {
    return this.detail
  }
}

const refused = (file: string) => (cause: unknown) =>
  new KeyFileRefused({
    file,
    detail: cause instanceof PathFault ? cause.message : `${file} cannot be used as a key`,
    cause
  })

/**
 * The key in a file, which is made with a random key if there is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = (file: string): Effect.Effect<SigningKey.SigningKey, KeyFileRefused> =>
  Effect.tryPromise({ try: () => keyIn(file), catch: refused(file) }).pipe(
    Effect.flatMap((seed) => Effect.mapError(SigningKey.fromSeed(Redacted.make(seed)), refused(file))),
    Effect.provide(NodeSignature.layer)
  )
