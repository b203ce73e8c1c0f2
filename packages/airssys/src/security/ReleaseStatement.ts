/**
 * `Component.sig`: what a publisher says about a release of a component.
 *
 * It names the bytes of the artifact and of the manifest, and what the manifest
 * asks for, so that a host knows before it reads a manifest whether somebody
 * answers for it. During a change of keys it is signed by the old key and the
 * new one.
 *
 * @since 0.1.0
 */
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SemVer from "effect/SemVer"
import { Digest, Time } from "./internal/statementField.ts"
import * as PublicKey from "./PublicKey.ts"
import * as Statement from "./Statement.ts"

const Name = Schema.String.check(Schema.isMaxLength(64), Schema.isPattern(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/))

const Version = Schema.String.check(
  Schema.isMaxLength(128),
  Schema.makeFilter((text: string) => {
    const parsed = SemVer.parse(text)
    return Result.isSuccess(parsed) && SemVer.format(parsed.success) === text || "a semantic version"
  })
)

/**
 * Schema of what is said. `previous` is the digest of the statement before, as
 * `Statement.digest` gives it; `key` is the publisher's, and one of those that
 * sign; times are in milliseconds since the epoch.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReleaseStatement = Schema.Struct({
  algorithm: Schema.Literal("ed25519"),
  artifact: Digest,
  capabilities: Digest,
  issued: Time,
  key: PublicKey.PublicKey,
  manifest: Digest,
  name: Name,
  namespace: Name,
  notAfter: Time,
  previous: Schema.optionalKey(Digest),
  version: Version
}).check(
  Schema.makeFilter(({ issued, notAfter }) => issued < notAfter || "a statement that holds after it was issued")
)

/**
 * @category models
 * @since 0.1.0
 */
export interface ReleaseStatement extends Schema.Schema.Type<typeof ReleaseStatement> {}

/**
 * The kind of statement, for `Statement.sign` and `Statement.parse`.
 *
 * @category models
 * @since 0.1.0
 */
export const statement: Statement.Statement<ReleaseStatement> = Statement.make("airssys/release/1", ReleaseStatement)

/**
 * What is said, and by whom: every signature verifies, and one is of the key
 * that the statement names. Whether it holds at this time, and whether these
 * keys may say it, is for `TrustRegistry` to judge.
 *
 * @category combinators
 * @since 0.1.0
 */
export const open = (
  signed: Statement.Signed
): Effect.Effect<Statement.Opened<ReleaseStatement>, Statement.StatementError, Signature.Signature> =>
  Effect.flatMap(Statement.open(statement, signed), (opened) =>
    opened.signers.includes(opened.value.key)
      ? Effect.succeed(opened)
      : Effect.fail(
        new Statement.StatementError({
          domain: statement.domain,
          reason: "Unsigned",
          detail: "the key that it names has not signed it"
        })
      ))

/**
 * The first field in which a statement differs from what a host found out about
 * a release; undefined where it is of that release.
 *
 * @category combinators
 * @since 0.1.0
 */
export const difference = (
  value: ReleaseStatement,
  found: Pick<ReleaseStatement, "artifact" | "manifest" | "capabilities" | "namespace" | "name" | "version">
): string | undefined => about.find((field) => value[field] !== found[field])

const about = ["artifact", "manifest", "capabilities", "namespace", "name", "version"] as const
