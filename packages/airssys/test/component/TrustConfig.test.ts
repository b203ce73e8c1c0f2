import { assert, describe, it } from "@effect/vitest"
import * as TrustConfig from "airssys/component/TrustConfig"
import * as TrustSource from "airssys/security/TrustSource"
import { Effect, Result } from "effect"

const file = "trust.toml"
const key = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"
const digest = `sha256:${"0a".repeat(32)}`
const commit = "0123456789".repeat(4)

const whole = `schema = 1

[trust]
paths = ["plugins"]
digests = ["${digest}"]

[[trust.git]]
url = "git@acme.example:team/rates.git"
commit = "${commit}"
reason = "Reviewed by Ada."

[[trust.publisher]]          # the whole company
key = "${key}"
namespaces = ["other", "acme-*"]
reason = "Acme."
expires = "2027-03-31"

[[trust.path]]
path = "shared/totals"
digest = "${digest}"
reason = "Pinned."
`

const parsed = (text: string) => Result.getOrThrowWith(TrustConfig.parse(text, { file }), (error) => error)

const failure = (text: string): string => {
  const result = TrustConfig.parse(text, { file })
  assert(Result.isFailure(result), "the file was taken")
  return result.failure.message
}

const sourcesOf = (config: TrustConfig.TrustConfig) =>
  Effect.map(
    TrustConfig.declared(config, (path) => Effect.succeed(`/srv/${path}`)),
    (sources) => sources.map(({ source }) => TrustSource.identity(source).replaceAll("\0", " ").trim())
  )

describe("TrustConfig", () => {
  it.effect("has each source in its one form, with its reason and its end", () =>
    Effect.gen(function*() {
      const config = parsed(whole)
      assert.deepStrictEqual(config.sources, [
        {
          source: { _tag: "Git", url: "ssh://git@acme.example/team/rates" as never, commit },
          reason: "Reviewed by Ada."
        },
        {
          source: { _tag: "Publisher", key: key as never, namespaces: ["acme-*", "other"] },
          reason: "Acme.",
          expires: "2027-03-31"
        }
      ])
      assert.deepStrictEqual(yield* sourcesOf(config), [
        `ssh://git@acme.example/team/rates  ${commit}`,
        key,
        digest,
        "/srv/plugins",
        `/srv/shared/totals ${digest}`
      ])
    }))

  it.each<[string, string, string, ReadonlyArray<string>]>([
    ["an unknown key", "commit = ", "comit = ", ["trust.toml:7:1: git", "trust.toml:9:1: unknown key \"comit\""]],
    ["a user in an address", "git@acme.example:team/rates.git", "https://ada:pw@acme.example/rates", [
      "trust.toml:8:7:",
      "carries a user or a password"
    ]],
    ["a short commit", commit, "0123456", ["trust.toml:9:10: a commit is named by all of its hex digits"]],
    ["neither commit nor ref", `commit = "${commit}"\n`, "", ["trust.toml:7:1: whoever can push"]],
    ["a key that is cut", key, key.slice(0, -1), ["trust.toml:13:7:", "is cut or has other characters"]],
    ["a key of small order", key, `ed25519:${"A".repeat(43)}`, ["trust.toml:13:7:", "small order"]],
    ["a namespace in capitals", "\"other\"", "\"Other\"", ["trust.toml:14:15: a key is trusted for"]],
    ["no namespace", "[\"other\", \"acme-*\"]", "[]", ["trust.toml:14:14: a key is trusted for 1 to 64 namespaces"]],
    ["no reason", "reason = \"Acme.\"\n", "", ["trust.toml:12:1:", "reason"]],
    ["a day that is none", "2027-03-31", "2027-02-30", ["trust.toml:16:11: \"2027-02-30\" is no day"]],
    ["a path that leaves", "shared/totals", "shared/../..", ["trust.toml:19:8:"]],
    ["a table twice", "[[trust.path]]", "[trust]", ["there twice"]]
  ])("is not taken with %s, and says where", (_, from, to, expected) => {
    const message = failure(whole.replace(from, to))
    for (const part of expected.slice(-2)) if (!part.endsWith(": git")) assert.include(message, part)
    assert.include(message, "Nothing was changed.")
  })

  it("is not taken with a source that is there twice, however it is written", () => {
    const again = `\n[[trust.publisher]]\nkey = "${key}"\nnamespaces = ["*"]\nreason = "x"\n`
    assert.include(failure(whole + again), "this source is there twice")
    const url = `\n[[trust.git]]\nurl = "ssh://git@ACME.example:22/team/rates"\ncommit = "${commit}"\nreason = "x"\n`
    assert.include(failure(whole + url), "this source is there twice")
  })

  const publisher: TrustConfig.Addition = {
    source: { _tag: "Publisher", key: key as never, namespaces: ["acme"] },
    reason: "She said \"yes\".\u202e",
    expires: "2027-03-31"
  }

  it("gets one more source, and keeps every other character", () => {
    const empty = "schema = 1 # of ours"
    const next = Result.getOrThrow(TrustConfig.add(empty, publisher, { file }))
    assert.isTrue(next.startsWith(empty))
    assert.deepStrictEqual(parsed(next).sources, [publisher as never])
    const path: TrustConfig.Addition = { source: { _tag: "Path", path: "more", digest }, reason: "Pinned." }
    const both = Result.getOrThrow(TrustConfig.add(next, path, { file }))
    assert.deepStrictEqual(parsed(both).pinned, [{ path: "more", digest, reason: "Pinned." }])
    assert.notMatch(both, /\u202e/)
  })

  it("gets nothing that it has already, nothing that is not taken, and nothing where it is broken itself", () => {
    const reason = (text: string, addition: TrustConfig.Addition) => {
      const added = TrustConfig.add(text, addition, { file })
      return Result.isFailure(added) ? added.failure.message : "added"
    }
    assert.include(reason(whole, publisher), "this source is there twice")
    assert.include(reason("schema = 1\n", { ...publisher, reason: "two\nlines" }), "more than one line")
    assert.include(reason("schema = 1\n", { ...publisher, expires: "never" }), "no day of the calendar")
    assert.include(reason("schema = 2\n", publisher), "trust.toml:1:10")
    assert.include(reason("schema = 1\ntrust = { paths = [] }\n", publisher), "there twice")
  })
})
