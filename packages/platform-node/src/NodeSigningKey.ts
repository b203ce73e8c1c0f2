/**
 * Keys that sign, in files of 32 bytes that nobody but this user may read.
 *
 * @since 0.1.0
 */
import * as SigningKey from "airssys/security/SigningKey"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as path from "node:path"
import { codeOf, keyIn, makeFolders, makeKey, PathFault, readKey } from "./internal/ownedPaths.ts"
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

const detailOf = (file: string, cause: unknown): string => {
  if (cause instanceof PathFault) return cause.message
  switch (codeOf(cause)) {
    case "ENOENT":
      return `there is no ${file}`
    case "EEXIST":
      return `${file} is there already, and is not written over: name another file`
    default:
      return `${file} cannot be used as a key`
  }
}

const refused = (file: string) => (cause: unknown) => new KeyFileRefused({ file, detail: detailOf(file, cause), cause })

const keyOf = (
  file: string,
  seed: () => Promise<Uint8Array>
): Effect.Effect<SigningKey.SigningKey, KeyFileRefused> =>
  Effect.tryPromise({ try: seed, catch: refused(file) }).pipe(
    Effect.flatMap((seed) => Effect.mapError(SigningKey.fromSeed(Redacted.make(seed)), refused(file))),
    Effect.provide(NodeSignature.layer)
  )

/**
 * The key in a file, which is made with a random key if there is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = (file: string): Effect.Effect<SigningKey.SigningKey, KeyFileRefused> =>
  keyOf(file, () => keyIn(file))

/**
 * The key in a file that is there.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (file: string): Effect.Effect<SigningKey.SigningKey, KeyFileRefused> =>
  keyOf(file, () => readKey(file))

/**
 * Makes a random key in a file that is not there yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const create = (file: string): Effect.Effect<SigningKey.SigningKey, KeyFileRefused> =>
  keyOf(file, async () => {
    await makeFolders(path.dirname(path.resolve(file)))
    await makeKey(file)
    return await readKey(file)
  })
