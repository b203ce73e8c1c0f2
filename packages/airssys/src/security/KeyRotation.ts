/**
 * How a publisher replaces its key: a statement that both keys sign.
 *
 * The old key says who follows it, the new one that somebody holds it. Neither
 * can do it alone, so nobody is made the successor of a stranger, and a thief of
 * one key who has no other signed statement is not followed by anybody until an
 * operator applies what he signed.
 *
 * @since 0.1.0
 */
import type * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Time } from "./internal/statementField.ts"
import * as PublicKey from "./PublicKey.ts"
import * as Statement from "./Statement.ts"

/**
 * Schema of what is said; times are in milliseconds since the epoch.
 *
 * @category schemas
 * @since 0.1.0
 */
export const KeyRotation = Schema.Struct({
  from: PublicKey.PublicKey,
  issued: Time,
  notAfter: Time,
  to: PublicKey.PublicKey
}).check(
  Schema.makeFilter(({ from, to }) => from !== to || "two different keys"),
  Schema.makeFilter(({ issued, notAfter }) => issued < notAfter || "a statement that holds after it was issued")
)

/**
 * @category models
 * @since 0.1.0
 */
export interface KeyRotation extends Schema.Schema.Type<typeof KeyRotation> {}

/**
 * The kind of statement, for `Statement.sign` and `Statement.parse`.
 *
 * @category models
 * @since 0.1.0
 */
export const statement: Statement.Statement<KeyRotation> = Statement.make("airssys/key-rotation/1", KeyRotation)

/**
 * What is said: every signature verifies, and the signers are the old key and
 * the new one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const open = (
  signed: Statement.Signed
): Effect.Effect<KeyRotation, Statement.StatementError, Signature.Signature> =>
  Effect.flatMap(
    Statement.open(statement, signed),
    ({ signers, value }) =>
      signers.length === 2 && signers.includes(value.from) && signers.includes(value.to)
        ? Effect.succeed(value)
        : Effect.fail(
          new Statement.StatementError({
            domain: statement.domain,
            reason: "Unsigned",
            detail: "it is signed by the old key and the new one, and by nobody else"
          })
        )
  )
