/**
 * What an operator can trust: bytes, a place, a repository, a publisher.
 *
 * A source is plain data in one form: two that mean the same are written the
 * same. A publisher is bound to namespaces; its key answers for nothing else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as GitUrl from "./GitUrl.ts"
import * as statementField from "./internal/statementField.ts"
import * as trustPath from "./internal/trustPath.ts"
import * as untrusted from "./internal/untrusted.ts"
import * as PublicKey from "./PublicKey.ts"
import * as SafeText from "./SafeText.ts"

/**
 * Schema of a digest: `sha256:` and 64 lower-case hex digits.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Digest: Schema.String = statementField.Digest

const isDigest: (u: unknown) => boolean = Schema.is(Digest)

const words = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"

/**
 * Schema of the namespaces that a key may publish in: one by its name, all that
 * begin with `acme-` as `acme-*`, or every one as `*`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const NamespacePattern = Schema.String.check(
  Schema.isMaxLength(64),
  Schema.isPattern(new RegExp(`^(?:\\*|${words}|${words}-\\*)$`))
)

/**
 * Whether a pattern covers a namespace.
 *
 * ```ts
 * import { TrustSource } from "airssys/security"
 *
 * TrustSource.covers("acme", "acme") // => true
 * TrustSource.covers("acme", "acme-labs") // => false
 * TrustSource.covers("acme-*", "acme-labs") // => true
 * TrustSource.covers("acme-*", "acmeevil") // => false
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const covers = (pattern: string, namespace: string): boolean =>
  pattern === "*" ||
  (pattern.endsWith("-*")
    ? namespace.startsWith(pattern.slice(0, -1)) && namespace.length >= pattern.length
    : pattern === namespace)

/** A full name: what a short one means depends on what else is in the repository. */
const Ref = Schema.String.check(
  Schema.isMaxLength(256),
  Schema.isPattern(/^refs\/(?:heads|tags)(?:\/[A-Za-z0-9_](?:\.?[A-Za-z0-9_+-])*)+$/),
  Schema.makeFilter((ref: string) => !/\.lock(?:\/|$)/.test(ref) || "a ref")
)

const Commit = Schema.String.check(Schema.isPattern(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/))

const Path = Schema.String.check(
  Schema.makeFilter((path: string) => trustPath.normalize(path) === path || "an absolute path in its normal form")
)

/**
 * Schema of `TrustSource`. Paths and addresses are in their normal form.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TrustSource = Schema.TaggedUnion({
  /** Exactly these bytes, wherever they lie. */
  Digest: { digest: Digest },
  /** A file, or all that lies below a folder; with a digest, these bytes there. */
  Path: { path: Path, digest: Schema.optionalKey(Digest) },
  /** What a repository has at a commit, or wherever a ref of it leads. */
  Git: { url: GitUrl.GitUrl, ref: Schema.optionalKey(Ref), commit: Schema.optionalKey(Commit) },
  /** What the owner of a key signs in these namespaces. */
  Publisher: {
    key: PublicKey.PublicKey,
    namespaces: Schema.Array(NamespacePattern).check(Schema.isMinLength(1), Schema.isMaxLength(64))
  }
})

/**
 * @category models
 * @since 0.1.0
 */
export type TrustSource = typeof TrustSource.Type

/**
 * A source that no trust can be tied to. A path has to be absolute, below the
 * root and without `..`, because what `..` leads to depends on links.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSource extends Schema.TaggedError<InvalidSource>("airssys/security/InvalidSource")(
  "InvalidSource",
  { source: Schema.String, detail: Schema.String }
) {
  override get message(): string {
    return `trust in ${SafeText.escape(this.source)}: ${this.detail}`
  }
}

const invalid = (source: string, detail: string): Result.Result<never, InvalidSource> =>
  Result.fail(new InvalidSource({ source: typeof source === "string" ? source.slice(0, 128) : "", detail }))

/**
 * @category constructors
 * @since 0.1.0
 */
export const digest = (text: string): Result.Result<TrustSource, InvalidSource> =>
  isDigest(text)
    ? Result.succeed({ _tag: "Digest", digest: text })
    : invalid(text, "a digest is sha256: and 64 lower-case hex digits")

/**
 * @category constructors
 * @since 0.1.0
 */
export const path = (text: string, options?: {
  /** Trusts these bytes alone. */
  readonly digest?: string | undefined
}): Result.Result<TrustSource, InvalidSource> => {
  const normal = trustPath.normalize(text)
  if (normal === undefined) return invalid(text, "a path has to be absolute, below the root and without .. segments")
  if (options?.digest === undefined) return Result.succeed({ _tag: "Path", path: normal })
  return Result.map(digest(options.digest), () => ({ _tag: "Path", path: normal, digest: options.digest! }))
}

const isRef = Schema.is(Ref)
const isCommit = Schema.is(Commit)

/**
 * A repository, at a full commit id or at a full ref, `refs/tags/v1.2.0`. With
 * both, that commit alone, and only as what the ref led to.
 *
 * @category constructors
 * @since 0.1.0
 */
export const git = (url: string, at: {
  readonly ref?: string | undefined
  readonly commit?: string | undefined
}): Result.Result<TrustSource, InvalidSource> => {
  const normal = GitUrl.normalize(url)
  if (Result.isFailure(normal)) return invalid(url, normal.failure.message)
  const { commit, ref } = at
  if (commit === undefined && ref === undefined) {
    return invalid(url, "name a commit or a ref: whoever can push is trusted")
  }
  if (commit !== undefined && !isCommit(commit)) return invalid(url, "a commit is named by all of its hex digits")
  if (ref !== undefined && !isRef(ref)) return invalid(url, "a ref is named in full, such as refs/tags/v1.2.0")
  return Result.succeed({
    _tag: "Git",
    url: normal.success,
    ...(ref === undefined ? undefined : { ref }),
    ...(commit === undefined ? undefined : { commit })
  })
}

const isNamespaces = Schema.is(TrustSource.cases.Publisher.fields.namespaces)

/**
 * A publisher, by its key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const publisher = (
  key: string,
  namespaces: ReadonlyArray<string>
): Result.Result<TrustSource, InvalidSource> => {
  const parsed = PublicKey.fromText(key)
  if (Result.isFailure(parsed)) return invalid(key, parsed.failure.message)
  return isNamespaces(namespaces)
    ? Result.succeed({ _tag: "Publisher", key: parsed.success, namespaces: [...new Set(namespaces)].toSorted() })
    : invalid(key, "a key is trusted for 1 to 64 namespaces, such as \"acme\", \"acme-*\" or \"*\"")
}

/**
 * What identifies a source: the namespaces of a publisher are no part of it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const identity = (source: TrustSource): string => {
  switch (source._tag) {
    case "Digest":
      return source.digest
    case "Path":
      return source.digest === undefined ? source.path : `${source.path}\0${source.digest}`
    case "Git":
      return [source.url, source.ref, source.commit].map((_) => _ ?? "").join("\0")
    case "Publisher":
      return source.key
  }
}

const decodeSource = untrusted.decoder(TrustSource)

/**
 * Takes a source that somebody else made: it is in its one form or refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const decode = (input: unknown): Effect.Effect<TrustSource, InvalidSource> =>
  Effect.suspend(() => {
    const decoded = decodeSource(input)
    if (Result.isFailure(decoded)) {
      return Effect.fail(new InvalidSource({ source: "a source", detail: decoded.failure }))
    }
    const source = decoded.success
    return Effect.fromResult(source._tag === "Git" ? git(source.url, source) : Result.succeed(source))
  })
