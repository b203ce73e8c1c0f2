/**
 * `Component.toml`: what a component is and what it asks for.
 *
 * It travels with the component and is immutable once released. Asking gives
 * nothing: what a component gets is in the host's `airssys.toml` or code.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Ask } from "../security/Ask.ts"
import { Diagnostic, render } from "./Diagnostic.ts"
import { type Block, entriesOf } from "./internal/capabilityBlock.ts"
import * as decodeToml from "./internal/decodeToml.ts"
import { bytesOf, durationOf } from "./internal/fieldSchema.ts"
import { ManifestFile } from "./internal/manifestSchema.ts"
import type { Codec } from "./Payload.ts"

/**
 * A decoded manifest. `id` is `namespace:name`; `memory` is in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Manifest {
  readonly id: string
  readonly component: {
    readonly namespace: string
    readonly name: string
    readonly version: string
    readonly world: string
    readonly description: string | undefined
    readonly authors: ReadonlyArray<string>
    readonly license: string | undefined
  }
  readonly build: { readonly command: string; readonly output: string }
  readonly limits: {
    readonly memory: number
    readonly fuel: number | undefined
    readonly timeout: Duration.Duration | undefined
  }
  readonly config: ReadonlyMap<string, ConfigEntry>
  readonly messages: Messages
  /** One for each kind of each `[[capability]]` block, in their order. */
  readonly asks: ReadonlyArray<Ask>
  /** Ranges of versions by component id. */
  readonly dependencies: ReadonlyMap<string, string>
}

/**
 * A value that the host sets and the guest reads.
 *
 * @category models
 * @since 0.1.0
 */
export interface ConfigEntry {
  readonly type: "string" | "integer" | "boolean" | "float" | "secret"
  readonly default: string | number | boolean | undefined
  readonly isOptional: boolean
}

/**
 * What a component says about its messages. `accepts` and `sends` are the
 * codecs of messages and of replies alike, none where nothing is said; `from`
 * are patterns of the components that may send to it, undefined for all that
 * hold the capability.
 *
 * @category models
 * @since 0.1.0
 */
export interface Messages {
  readonly accepts: ReadonlyArray<Codec>
  readonly sends: ReadonlyArray<Codec>
  readonly from: ReadonlyArray<string> | undefined
}

/**
 * A manifest that was not taken; `message` is the report of all its problems,
 * at most 20.
 *
 * @category errors
 * @since 0.1.0
 */
export class ManifestError extends Schema.TaggedError<ManifestError>("airssys/component/ManifestError")(
  "ManifestError",
  { problems: Schema.Array(Diagnostic) }
) {
  override get message(): string {
    return render(this.problems, "Nothing was installed.")
  }
}

/**
 * Decodes the text of a manifest. `file` is shown in reports and in the places
 * of asks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string, options: { readonly file: string }): Result.Result<Manifest, ManifestError> => {
  const decoded = decodeToml.decode(ManifestFile, text, options.file)
  if (Result.isFailure(decoded)) return Result.fail(new ManifestError({ problems: decoded.failure }))
  const { lineOf, value } = decoded.success
  const { component, limits } = value
  const asks = (value.capability ?? []).flatMap((entry, index): ReadonlyArray<Ask> => {
    const block = entry as Block
    return entriesOf(block).map(({ kind, patterns }) => ({
      kind,
      patterns,
      reason: block.reason,
      ...(block.expires === undefined ? undefined : { expires: block.expires }),
      ...(block.audit === undefined ? undefined : { audit: block.audit }),
      place: { file: options.file, line: lineOf(["capability", index, ...kind.split(".")]) }
    }))
  })
  return Result.succeed({
    id: `${component.namespace}:${component.name}`,
    component: {
      namespace: component.namespace,
      name: component.name,
      version: component.version,
      world: component.world,
      description: component.description,
      authors: component.authors ?? [],
      license: component.license
    },
    build: value.build,
    limits: {
      memory: bytesOf(limits.memory) ?? 0,
      fuel: limits.fuel,
      timeout: limits.timeout === undefined ? undefined : durationOf(limits.timeout)
    },
    config: new Map(
      Object.entries(value.config ?? {}).map(([key, entry]) => [
        key,
        { type: entry.type, default: entry.default, isOptional: entry.optional === true }
      ])
    ),
    messages: {
      accepts: value.messages?.accepts ?? [],
      sends: value.messages?.sends ?? [],
      from: value.messages?.from
    },
    asks,
    dependencies: new Map(Object.entries(value.dependencies ?? {}))
  })
}

/**
 * The JSON Schema of a manifest, for editors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const jsonSchema = (): object => decodeToml.jsonSchema(ManifestFile, "Component.toml")
