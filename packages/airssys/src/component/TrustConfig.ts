/**
 * `[trust]` of a host's file, or of a file of its own: whom the operator trusts.
 *
 * What is declared here is trusted from the start of a host on and ends when it
 * is taken out. What was revoked while a host ran stays revoked.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SafeText from "../security/SafeText.ts"
import type { Declared } from "../security/TrustRegistry.ts"
import * as TrustSource from "../security/TrustSource.ts"
import { Diagnostic, render } from "./Diagnostic.ts"
import * as decodeToml from "./internal/decodeToml.ts"
import * as trustSchema from "./internal/trustSchema.ts"

/**
 * A decoded table. Paths are as they were written: relative to the folder of
 * the file.
 *
 * @category models
 * @since 0.1.0
 */
export interface TrustConfig {
  readonly paths: ReadonlyArray<string>
  readonly digests: ReadonlyArray<string>
  readonly devMode: boolean
  /** Repositories and publishers. */
  readonly sources: ReadonlyArray<Declared>
  /** Paths with a reason, a digest or an end of their own. */
  readonly pinned: ReadonlyArray<{
    readonly path: string
    readonly digest?: string | undefined
    readonly reason: string
    readonly expires?: string | undefined
  }>
}

/**
 * A file of trust that was not taken; `message` is the report of all its
 * problems, at most 20.
 *
 * @category errors
 * @since 0.1.0
 */
export class TrustConfigError extends Schema.TaggedError<TrustConfigError>("airssys/component/TrustConfigError")(
  "TrustConfigError",
  { problems: Schema.Array(Diagnostic) }
) {
  override get message(): string {
    return render(this.problems, "Nothing was changed.")
  }
}

const until = ({ expires, reason }: { readonly reason: string; readonly expires?: string }) => ({
  reason,
  ...(expires === undefined ? undefined : { expires })
})

/**
 * The trust in a table that was decoded with a file.
 *
 * @internal
 */
export const fromTable = (table: typeof trustSchema.Trust.Type | undefined): TrustConfig => ({
  paths: table?.paths ?? [],
  digests: table?.digests ?? [],
  devMode: table?.["dev-mode"] === true,
  sources: [
    ...(table?.git ?? []).map((block) => ({ source: trustSchema.gitOf(block), ...until(block) })),
    ...(table?.publisher ?? []).map((block) => ({ source: trustSchema.publisherOf(block), ...until(block) }))
  ],
  pinned: table?.path ?? []
})

/**
 * Decodes the text of a file that holds trust alone. `file` is shown in reports.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (
  text: string,
  options: { readonly file: string }
): Result.Result<TrustConfig, TrustConfigError> => {
  const decoded = decodeToml.decode(trustSchema.TrustFile, text, options.file)
  return Result.isFailure(decoded)
    ? Result.fail(new TrustConfigError({ problems: decoded.failure }))
    : Result.succeed(fromTable(decoded.success.value.trust))
}

/**
 * All sources of a table, for `TrustRegistry.Options`. `absolute` makes a path
 * of the file absolute and free of links.
 *
 * @category combinators
 * @since 0.1.0
 */
export const declared = <E, R>(
  config: TrustConfig,
  absolute: (path: string) => Effect.Effect<string, E, R>
): Effect.Effect<ReadonlyArray<Declared>, E | TrustSource.InvalidSource, R> =>
  Effect.gen(function*() {
    const reason = "given to this host"
    const all: Array<Declared> = [...config.sources]
    for (const digest of config.digests) {
      all.push({ source: yield* Effect.fromResult(TrustSource.digest(digest)), reason })
    }
    for (const pinned of [...config.paths.map((path) => ({ path, reason })), ...config.pinned]) {
      const { digest, expires, path, reason }: TrustConfig["pinned"][number] = pinned
      all.push({
        source: yield* Effect.fromResult(TrustSource.path(yield* absolute(path), { digest })),
        reason,
        expires
      })
    }
    return all
  })

/**
 * What can be added to a file: a repository, a publisher, or a path of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Addition {
  readonly source: Extract<TrustSource.TrustSource, { readonly _tag: "Git" | "Publisher" }> | {
    readonly _tag: "Path"
    readonly path: string
    readonly digest?: string | undefined
  }
  readonly reason: string
  readonly expires?: string | undefined
}

const blockOf = ({ expires, reason, source }: Addition): string => {
  const { _tag, ...fields } = source
  const lines = Object.entries({ ...fields, reason }).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [
        `${key} = ${
          typeof value === "string" ? SafeText.tomlString(value) : `[${value.map(SafeText.tomlString).join(", ")}]`
        }`
      ]
  )
  return [
    `[[trust.${_tag.toLowerCase()}]]`,
    ...lines,
    ...(expires === undefined ? [] : [`expires = ${SafeText.tomlString(expires)}`])
  ]
    .map((line) => `${line}\n`).join("")
}

/**
 * The text of a file with one more source, and otherwise as it was. Fails where
 * the file or what would become of it is not taken.
 *
 * @category combinators
 * @since 0.1.0
 */
export const add = (
  text: string,
  addition: Addition,
  options: { readonly file: string }
): Result.Result<string, TrustConfigError> =>
  Result.flatMap(parse(text, options), () => {
    const next = `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}\n${blockOf(addition)}`
    return Result.map(parse(next, options), () => next)
  })

/**
 * The JSON Schema of a file of trust, for editors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const jsonSchema = (): object => decodeToml.jsonSchema(trustSchema.TrustFile, "trust.toml")
