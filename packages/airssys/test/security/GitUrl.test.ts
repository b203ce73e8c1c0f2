import { assert, describe, it } from "@effect/vitest"
import { GitUrl } from "airssys/security"
import { Arbitrary, Effect, Result, Schema } from "effect"

const normal = (url: string): string | undefined => {
  const result = GitUrl.normalize(url)
  return Result.isSuccess(result) ? result.success : undefined
}

describe("GitUrl", () => {
  it.each<[string, string]>([
    ["https://acme.example/rates", "https://acme.example/rates"],
    ["HTTPS://ACME.Example/rates", "https://acme.example/rates"],
    ["https://acme.example:443/rates.git", "https://acme.example/rates"],
    ["https://acme.example/rates.git///", "https://acme.example/rates"],
    ["https://acme.example:8443/Team/Rates", "https://acme.example:8443/Team/Rates"],
    ["https://192.0.2.1/rates", "https://192.0.2.1/rates"],
    ["https://acme.example/~ada/rates-2.0_x+y", "https://acme.example/~ada/rates-2.0_x+y"],
    ["git@acme.example:team/rates.git", "ssh://git@acme.example/team/rates"],
    ["git@acme.example:/team/rates", "ssh://git@acme.example/team/rates"],
    ["ssh://git@acme.example:22/team/rates.git", "ssh://git@acme.example/team/rates"],
    ["ssh://git@acme.example:2222/team/rates", "ssh://git@acme.example:2222/team/rates"]
  ])("writes %s as %s, and that as itself", (url, expected) => {
    assert.strictEqual(normal(url), expected)
    assert.strictEqual(normal(expected), expected)
    assert.isTrue(Schema.is(GitUrl.GitUrl)(expected))
    assert.strictEqual(Schema.is(GitUrl.GitUrl)(url), url === expected)
  })

  it.each([
    "",
    "acme.example/rates",
    "https://acme.example",
    "https://acme.example/",
    "https://acme.example/.git",
    "https:///rates",
    "https://ada@acme.example/rates",
    "https://ada:secret@acme.example/rates",
    "https://acme.example@evil.example/rates",
    "https://@acme.example/rates",
    "ssh://acme.example/rates",
    "ssh://root@acme.example/rates",
    "ssh://git:secret@acme.example/rates",
    "acme.example:rates",
    "root@acme.example:rates",
    "http://acme.example/rates",
    "git://acme.example/rates",
    "file:///srv/rates",
    "ext::sh -c evil",
    "ssh://git@-oProxyCommand=evil/rates",
    "git@-oProxyCommand=evil:rates",
    "https://acme.example/-rates",
    "https://acme.example/a/../b",
    "https://acme.example/a/./b",
    "https://acme.example//rates",
    "https://acme.example/a%2fb",
    "https://acme%2eexample/rates",
    "https://acme.example/rates?x=1",
    "https://acme.example/rates#main",
    "https://acme.example\\@evil.example/rates",
    "https://acme.example/a\\b",
    "https://acme.example./rates",
    "https://acme..example/rates",
    "https://acme_x.example/rates",
    "https://\u0430cme.example/rates",
    "https://acme.example/r\u00e4tes",
    "https://acme.example/rates\n",
    " https://acme.example/rates",
    "https://acme.example/ra\0tes",
    "https://acme.example:0/rates",
    "https://acme.example:65536/rates",
    "https://acme.example:0443/rates",
    "https://acme.example:+443/rates",
    "https://[::1]/rates",
    "https://127.1/rates",
    "https://0x7f000001/rates",
    "https://2130706433/rates",
    "https://127.0.0.01/rates",
    "https://1.2.3.4.5/rates",
    "https://acme.example/rates.git.git",
    "https://acme.example/rates.GIT",
    "https://acme.example/__proto__\u202e",
    `https://acme.example/${"a".repeat(512)}`,
    `https://${"a".repeat(64)}.example/rates`
  ])("refuses %s", (url) => {
    assert.isUndefined(normal(url))
  })

  const oneOf = <const T extends ReadonlyArray<string>>(...texts: T) => Arbitrary.schema(Schema.Literals(texts))
  // dprint-ignore
  const piece = oneOf(
    "https://", "HTTPS://", "ssh://", "git@", "ada@", "acme.example", "Acme.Example", "evil.example", ":", "443", "22",
    "/", "//", "team", "rates", ".git", "..", ".", "@", "%2e", "?", "#", "\\", "-", "~", " ", "\0", "\u0430"
  )
  const start = oneOf("https://acme.example/", "git@acme.example:", "ssh://git@acme.example", "")

  it.effect.prop(
    "is normal after one step, whatever it was made of",
    { start, pieces: Arbitrary.array(piece, { maxLength: 8 }) },
    ({ pieces, start }) =>
      Effect.sync(() => {
        const once = normal(start + pieces.join(""))
        if (once !== undefined) assert.strictEqual(normal(once), once)
      }),
    { arbitrary: { runs: 2000 } }
  )

  const label = oneOf("acme", "evil", "a-b", "x1", "xn--cme-7cd", "example")
  const segment = oneOf("team", "Team", "rates", "rates-2", "r.s", "_x")

  it.effect.prop(
    "has the host, port and path that a reader of URLs finds, and so never those of another",
    {
      scheme: oneOf("https", "ssh"),
      labels: Arbitrary.array(label, { minLength: 1, maxLength: 3 }),
      port: oneOf("", ":443", ":22", ":8080"),
      path: Arbitrary.array(segment, { minLength: 1, maxLength: 3 }),
      tail: oneOf("", ".git", "/", ".git/")
    },
    ({ labels, path, port, scheme, tail }) =>
      Effect.sync(() => {
        const host = labels.join(".")
        const user = scheme === "ssh" ? "git@" : ""
        const found = new URL(
          normal(`${scheme.toUpperCase()}://${user}${host.toUpperCase()}${port}/${path.join("/")}${tail}`)!
        )
        const expected = new URL(`${scheme}://${user}${host}${port}/${path.join("/")}`)
        const portOf = (url: URL) => url.port === "" ? (url.protocol === "https:" ? "443" : "22") : url.port
        assert.deepStrictEqual(
          [found.protocol, found.hostname, portOf(found), found.pathname],
          [expected.protocol, host, portOf(expected), expected.pathname]
        )
      })
  )

  it("is refused with a remedy, and without what a terminal obeys", () => {
    const refused = GitUrl.normalize("https://acme.example/\u001b[2J")
    assert.isTrue(Result.isFailure(refused))
    if (Result.isFailure(refused)) {
      assert.strictEqual(
        refused.failure.message,
        "\"https://acme.example/\\u{1b}[2J\" has spaces or letters beyond ASCII: write the host in Punycode"
      )
    }
  })
})
