import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ExpiryDate } from "../../security/ExpiryDate.ts"
import * as TrustSource from "../../security/TrustSource.ts"
import { check, checkKeys, type KeyProblem, type Problem } from "./decodeToml.ts"
import { line, pathBeside, quote, SchemaVersion, text } from "./fieldSchema.ts"

const isDigest: (value: unknown) => boolean = Schema.is(TrustSource.Digest)
const isExpiryDate: (value: unknown) => boolean = Schema.is(ExpiryDate)

const DigestField = text({
  expected: "a digest such as \"sha256:...\"",
  description: "The digest of an artifact.",
  keywords: { pattern: "^sha256:[0-9a-f]{64}$" }
}, (value) =>
  isDigest(value)
    ? undefined
    : { problem: `${quote(value)} is no digest`, hint: "write sha256: and 64 lower-case hex digits" })

/** A problem of a source whose other parts are taken to be right. */
const sourceProblem = <A>(
  source: Result.Result<A, TrustSource.InvalidSource>,
  hint: string
): Problem | undefined => Result.isSuccess(source) ? undefined : { problem: source.failure.detail, hint }

const anyCommit = "0".repeat(40)
const anyKey = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"

const common = {
  reason: line(200, "Why; shown to the operator and in verdicts."),
  expires: Schema.optionalKey(
    text({
      expected: "a date such as 2027-03-31",
      description: "The last valid day, UTC: 2027-03-31.",
      keywords: { pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }
    }, (value) =>
      isExpiryDate(value)
        ? undefined
        : { problem: `${quote(value)} is no day of the calendar`, hint: "write 2027-03-31" })
  )
}

const Git = Schema.Struct({
  url: text(
    { expected: "an address of a repository", description: "https://host/path or ssh://git@host/path." },
    (value) => sourceProblem(TrustSource.git(value, { commit: anyCommit }), "write \"https://host/owner/name\"")
  ),
  ref: Schema.optionalKey(text(
    { expected: "a ref such as \"refs/tags/v1.2.0\"", description: "A branch or tag, in full." },
    (value) => sourceProblem(TrustSource.git("https://a.example/b", { ref: value }), "write \"refs/tags/v1.2.0\"")
  )),
  commit: Schema.optionalKey(text(
    { expected: "a commit id", description: "All hex digits of a commit." },
    (value) => sourceProblem(TrustSource.git("https://a.example/b", { commit: value }), "write 40 hex digits")
  )),
  ...common
}).check(check(({ commit, ref }) =>
  commit === undefined && ref === undefined
    ? { problem: "whoever can push to the repository would be trusted", hint: "add commit = \"...\" or ref = \"...\"" }
    : undefined
))

const Publisher = Schema.Struct({
  key: text(
    { expected: "a key such as \"ed25519:...\"", description: "The public key of the publisher." },
    (value) => sourceProblem(TrustSource.publisher(value, ["*"]), "write ed25519: and 43 characters of base64url")
  ),
  namespaces: Schema.Array(text(
    { expected: "a namespace such as \"acme\"", description: "A namespace, all of acme-*, or every one as *." },
    (value) => sourceProblem(TrustSource.publisher(anyKey, [value]), "write \"acme\", \"acme-*\" or \"*\"")
  )).annotate({ expected: "a list such as [\"acme\"]" }).check(
    check((list: ReadonlyArray<string>) =>
      list.length === 0 || list.length > 64
        ? { problem: "a key is trusted for 1 to 64 namespaces", hint: "name them" }
        : undefined
    )
  ),
  ...common
})

const Pinned = Schema.Struct({
  path: pathBeside("A folder or file, relative to the folder of this file."),
  digest: Schema.optionalKey(DigestField),
  ...common
})

interface Sources {
  readonly git?: ReadonlyArray<typeof Git.Type>
  readonly publisher?: ReadonlyArray<typeof Publisher.Type>
  readonly path?: ReadonlyArray<typeof Pinned.Type>
}

const repeated = <A>(table: string, blocks: ReadonlyArray<A> = [], name: (block: A) => string) => {
  const seen = new Set<string>()
  return blocks.flatMap((block, index): ReadonlyArray<KeyProblem> => {
    const known = seen.size
    return seen.add(name(block)).size > known
      ? []
      : [{ path: [table, index], problem: { problem: "this source is there twice", hint: "keep one of them" } }]
  })
}

/** The source of a block that passed its checks. */
export const gitOf = ({ commit, ref, url }: typeof Git.Type): TrustSource.TrustSource =>
  Result.getOrThrow(TrustSource.git(url, { commit, ref }))

/** The source of a block that passed its checks. */
export const publisherOf = ({ key, namespaces }: typeof Publisher.Type): TrustSource.TrustSource =>
  Result.getOrThrow(TrustSource.publisher(key, namespaces))

const gitName = (block: typeof Git.Type): string => {
  const source = TrustSource.git(block.url, block)
  return Result.isSuccess(source) ? TrustSource.identity(source.success) : JSON.stringify(block)
}

/** What `[trust]` of a host's file and of a file of its own hold. */
export const Trust = Schema.Struct({
  paths: Schema.optionalKey(
    Schema.Array(pathBeside("A folder or file, relative to the folder of this file."))
      .annotate({ expected: "a list of paths", description: "Everything below these paths is trusted." })
  ),
  digests: Schema.optionalKey(
    Schema.Array(DigestField).annotate({
      expected: "a list of digests",
      description: "Exactly these artifacts are trusted."
    })
  ),
  "dev-mode": Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Lets unknown components run as if trusted; refused unless NODE_ENV is development or test."
    })
  ),
  git: Schema.optionalKey(Schema.Array(Git).annotate({ expected: "[[trust.git]] blocks" })),
  publisher: Schema.optionalKey(Schema.Array(Publisher).annotate({ expected: "[[trust.publisher]] blocks" })),
  path: Schema.optionalKey(Schema.Array(Pinned).annotate({ expected: "[[trust.path]] blocks" }))
}).check(checkKeys(({ git, path, publisher }: Sources) => [
  ...repeated("git", git, gitName),
  ...repeated("publisher", publisher, (_) => _.key),
  ...repeated("path", path, (_) => JSON.stringify([_.path, _.digest]))
]))

/** The whole of `trust.toml`. */
export const TrustFile = Schema.Struct({ schema: SchemaVersion, trust: Schema.optionalKey(Trust) })
