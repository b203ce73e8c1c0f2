import { assert, describe, it } from "@effect/vitest"
import * as PolicyFile from "airssys/component/PolicyFile"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Principal from "airssys/security/Principal"
import { Result } from "effect"

const parse = (text: string) => PolicyFile.parse(text, { file: "policy.toml" })

const report = (text: string): ReadonlyArray<string> => {
  const result = parse(text)
  return Result.isFailure(result) ? result.failure.message.split("\n") : ["taken"]
}

const text = `
schema = 1

[[entry]]
effect = "deny"
principal = "acme:*"
reason = "Closed for the audit."
storage.write = ["rates/**"]
[[entry.when]]
attribute = "quarter"
is = ["closed"]

[[role]]
name = "reader"
storage.read = ["rates/**"]
clock = true

[[role]]
name = "writer"
inherits = ["reader"]
storage.write = ["rates/**", "totals/*"]

[[assignment]]
principal = "acme:rates"
roles = ["writer"]

[[assignment]]
principal = "acme:ada"
principal-kind = "operator"
roles = ["reader"]
`

const verdict = (
  source: string,
  id: string,
  kind: CapabilityKind,
  resource: string,
  attributes: Record<string, string> = { quarter: "open" },
  principalKind: Principal.Kind = "Component"
) =>
  Result.getOrThrow(parse(source)).evaluate({
    principal: Principal.make({ kind: principalKind, id }),
    attributes: new Map(Object.entries(attributes)),
    kind,
    resource
  })

describe("PolicyFile", () => {
  it("is what its entries, roles and assignments say", () => {
    assert.strictEqual(verdict(text, "acme:rates", "storage.write", "rates/usd")._tag, "Permit")
    assert.strictEqual(verdict(text, "acme:rates", "storage.read", "rates/usd")._tag, "Permit")
    assert.strictEqual(verdict(text, "acme:rates", "clock", "")._tag, "Permit")
    assert.strictEqual(verdict(text, "acme:ada", "clock", "")._tag, "Deny")
    assert.strictEqual(verdict(text, "acme:ada", "clock", "", {}, "Operator")._tag, "Permit")
    assert.strictEqual(verdict(text, "acme:rates", "storage.write", "rates/usd", {})._tag, "Deny")
    assert.deepStrictEqual(verdict(text, "acme:rates", "storage.write", "rates/usd", { quarter: "closed" }), {
      _tag: "Deny",
      by: { policy: "policy.toml", rule: "entry 1" },
      because: "Closed for the audit."
    })
  })

  it("denies what it does not speak of, unless it leaves that to the grants", () => {
    assert.strictEqual(verdict(text, "acme:rates", "random", "")._tag, "Deny")
    assert.strictEqual(verdict("schema = 1", "acme:rates", "random", "")._tag, "Deny")
    const open = text.replace("schema = 1", "schema = 1\nunmatched = \"grants\"")
    assert.strictEqual(verdict(open, "acme:rates", "random", "")._tag, "Abstain")
    assert.strictEqual(verdict(open, "acme:rates", "storage.write", "rates/usd", { quarter: "closed" })._tag, "Deny")
  })

  it.each([
    ["an unknown key", text.replace("inherits", "inherit"), "error: policy.toml:20:1: unknown key \"inherit\""],
    [
      "an unknown key of a capability",
      text.replace("storage.read", "storage.reed"),
      "error: policy.toml:15:9: unknown"
    ],
    ["a pattern that is none", text.replace("totals/*", "../totals"), "error: policy.toml:21:"],
    ["roles in a circle", text.replace("clock = true", "inherits = [\"writer\"]"), "error: policy.toml:"],
    ["a role that is none", text.replace("[\"writer\"]", "[\"writr\"]"), "error: policy.toml:23:"],
    ["an entry of nothing", text.replace("storage.write = [\"rates/**\"]\n", ""), "error: policy.toml:4:"],
    ["an entry without an effect", text.replace("effect = \"deny\"\n", ""), "error: policy.toml:4:"],
    ["a star within a segment", text.replace("\"acme:*\"", "\"acm*:x\""), "error: policy.toml:4:"],
    ["another version", text.replace("schema = 1", "schema = 2"), "error: policy.toml:2:"],
    ["no TOML", "[[entry", "error: policy.toml:1:"]
  ])("refuses %s, with its place", (_, source, start) => {
    const lines = report(source)
    assert.isTrue(lines[0]?.startsWith(start), lines.join("\n"))
    assert.match(lines.at(-1) ?? "", /No policy was changed\.$/)
  })

  it("shows the circle that roles inherit in", () => {
    assert.include(
      report(text.replace("clock = true", "inherits = [\"writer\"]")).join("\n"),
      "inherits from itself: reader -> writer -> reader"
    )
  })
})
