/**
 * Secrets in files that nobody but this user may read.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { codeOf, PathFault, readOwned } from "./internal/ownedPaths.ts"

/**
 * A file that holds no secret which may be used. Nothing of what it holds is in
 * `detail`.
 *
 * @category errors
 * @since 0.1.0
 */
export class SecretRefused extends Schema.TaggedError<SecretRefused>("@airssys/platform-node/NodeSecret/SecretRefused")(
  "SecretRefused",
  { file: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return this.detail
  }
}

const sizeLimit = 64 * 1024

const detailOf = (file: string, cause: unknown): string =>
  cause instanceof PathFault
    ? cause.message
    : codeOf(cause) === "ENOENT"
    ? `there is no ${file}`
    : `${file} cannot be read`

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, "")
  } catch {
    return undefined
  }
}

/**
 * The text in a file of at most 64 KiB of UTF-8, without one line feed at its end.
 * The file is this user's and closed to others, and no link.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFile = (file: string): Effect.Effect<Redacted.Redacted, SecretRefused> =>
  Effect.tryPromise({
    try: () => readOwned(file, sizeLimit, { isNone: "no file of a secret", exposed: "chmod 600" }),
    catch: (cause) => new SecretRefused({ file, detail: detailOf(file, cause) })
  }).pipe(Effect.flatMap((bytes) => {
    const text = textOf(bytes)
    return text === undefined || text === ""
      ? Effect.fail(new SecretRefused({ file, detail: `${file} is ${text === "" ? "empty" : "no text in UTF-8"}` }))
      : Effect.succeed(Redacted.make(text, { label: "secret" }))
  }))
