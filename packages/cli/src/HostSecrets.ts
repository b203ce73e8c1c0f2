/**
 * Secrets that an `airssys.toml` names by the place where they are.
 *
 * @since 0.1.0
 */
import * as NodeSecret from "@airssys/platform-node/NodeSecret"
import type * as HostConfig from "airssys/component/HostConfig"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * A secret cannot be had from where the file says it is.
 *
 * @category errors
 * @since 0.1.0
 */
export class SecretMissing extends Schema.TaggedError<SecretMissing>("@airssys/cli/SecretMissing")("SecretMissing", {
  component: Schema.String,
  key: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `error: the secret ${this.key} of ${this.component}: ${this.detail}. Nothing was started.`
  }
}

const inEnvironment = (name: string): Effect.Effect<Redacted.Redacted, string> =>
  Effect.mapError(
    Config.Redacted(name),
    () => `the environment has no ${name}, or an empty one: set it, or name a file`
  )

const fetch = (source: HostConfig.SecretSource): Effect.Effect<Redacted.Redacted, string> =>
  source._tag === "Environment"
    ? inEnvironment(source.name)
    : Effect.mapError(NodeSecret.fromFile(source.file), ({ detail }) => detail)

/**
 * The values of the secrets of a component, which print their label alone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const values = Effect.fnUntraced(function*(
  component: string,
  secrets: ReadonlyMap<string, HostConfig.SecretSource>
): Effect.fn.Return<Readonly<Record<string, Redacted.Redacted>>, SecretMissing> {
  const found: Record<string, Redacted.Redacted> = Object.create(null)
  for (const [key, source] of secrets) {
    found[key] = yield* Effect.mapError(
      fetch(source),
      (detail) => new SecretMissing({ component, key, detail })
    )
  }
  return found
})
