import { assert, describe, it } from "@effect/vitest"
import { CapabilityError } from "airssys/security/CapabilityError"
import * as Explanation from "airssys/security/Explanation"
import * as Grant from "airssys/security/Grant"
import * as Principal from "airssys/security/Principal"
import { Effect, Schema } from "effect"

const principal = Principal.make({ kind: "Component", id: "acme:rates", label: "acme:rates 1.2.0" })

const stripe: Explanation.Explanation = {
  principal,
  kind: "environment",
  resource: "STRIPE_KEY",
  reason: "NotAsked"
}

const ecb: Explanation.Explanation = {
  principal,
  kind: "network.outbound",
  resource: "https://api.ecb.europa.eu:443",
  reason: "NotGranted",
  ask: {
    index: 1,
    pattern: "https://api.ecb.europa.eu",
    reason: "Fetch the daily rates.",
    place: { file: "Component.toml", line: 23 }
  }
}

const lines = (explanation: Explanation.Explanation, entry?: number) =>
  Explanation.render(explanation, { entry }).split("\n")

describe("Explanation.render", () => {
  it("says what a new release has to ask for", () => {
    assert.deepStrictEqual(lines(stripe, 14), [
      "DENIED  acme:rates 1.2.0: environment STRIPE_KEY   (audit entry 14)",
      "It does not ask for this, so no grant can give it. A new release has to ask:",
      "    [[capability]]",
      "    reason = \"...\"",
      "    environment = [\"STRIPE_KEY\"]"
    ])
  })

  it("writes true for a kind without resources", () => {
    assert.deepStrictEqual(lines({ principal, kind: "clock", resource: "", reason: "NotAsked" }), [
      "DENIED  acme:rates 1.2.0: clock",
      "It does not ask for this, so no grant can give it. A new release has to ask:",
      "    [[capability]]",
      "    reason = \"...\"",
      "    clock = true"
    ])
  })

  it("names the closest that is asked for, to find a slip of the pen", () => {
    const ask = { index: 2, pattern: "STRIPE_KEYS", reason: "x", place: { file: "Component.toml", line: 9 } }
    assert.strictEqual(
      lines({ ...stripe, ask }).at(-1),
      "The closest that it asks for is STRIPE_KEYS (Component.toml:9)."
    )
  })

  it("names the ask with its place, and the lines that would grant it", () => {
    assert.deepStrictEqual(lines(ecb, 118), [
      "DENIED  acme:rates 1.2.0: network.outbound https://api.ecb.europa.eu:443   (audit entry 118)",
      "It asks for this (Component.toml:23, \"Fetch the daily rates.\"): not granted.",
      "To grant it: airssys grant acme:rates@1.2.0 --only 1",
      "or, below the [[component]] of acme:rates in airssys.toml:",
      "    [[component.grant]]",
      "    reason = \"...\"",
      "    network.outbound = [\"https://api.ecb.europa.eu:443\"]",
      "or, in the host's program: Grant.make(\"network.outbound\", [\"https://api.ecb.europa.eu:443\"], { reason: \"...\" })"
    ])
  })

  it("names the command for what was asked until a day, and quotes what a shell could read", () => {
    const ask = { ...ecb.ask!, index: 2, expires: "2027-03-31" }
    assert.strictEqual(
      Explanation.command({ ...ecb, ask }),
      "airssys grant acme:rates@1.2.0 --only 2 --expires 2027-03-31"
    )
    const hostile = Principal.make({ kind: "Component", id: "a'; rm -rf $(x)\n" })
    assert.strictEqual(
      Explanation.command({ ...ecb, principal: hostile }),
      "airssys grant 'a'\\''; rm -rf $(x)\\u{a}' --only 1"
    )
    assert.isUndefined(Explanation.command(stripe))
  })

  it("says what a program has to grant to an operator", () => {
    const ada = Principal.make({ kind: "Operator", id: "ada" })
    assert.deepStrictEqual(lines({ principal: ada, kind: "environment", resource: "A", reason: "NotGranted" }), [
      "DENIED  ada: environment A",
      "It needs no ask: not granted.",
      "To grant it, in the host's program: Grant.make(\"environment\", [\"A\"], { reason: \"...\" })"
    ])
  })

  it("says who acted on behalf of whom, and who of them may not", () => {
    const ada = Principal.make({ kind: "Operator", id: "ada" })
    assert.deepStrictEqual(
      lines({ principal: ada, actor: principal, kind: "clock", resource: "", reason: "NotGranted" }).slice(0, 3),
      ["DENIED  acme:rates 1.2.0 on behalf of ada: clock", "ada may not:", "It needs no ask: not granted."]
    )
  })

  it("says which grant was revoked or expired, and until when", () => {
    const grant = { id: 3, pattern: "https://api.ecb.europa.eu", reason: "Daily rates", expires: "2027-03-31" }
    assert.include(lines({ ...ecb, reason: "Revoked", grant })[1], "the grant was revoked (grant 3).")
    assert.include(lines({ ...ecb, reason: "Expired", grant })[1], "the grant expired after 2027-03-31.")
    assert.include(lines({ ...ecb, reason: "NoMatch", grant })[1], "the closest is https://api.ecb.europa.eu.")
  })

  it("never lets a guest or a manifest write to the terminal", () => {
    const attack = "K\u001b[2J\u202e\n\u2066DENIED nothing\u0085\u200b\u{e0041}"
    const hostile: Explanation.Explanation = {
      ...ecb,
      principal: { ...principal, id: attack, label: attack },
      resource: attack,
      ask: { index: 1, pattern: attack, reason: attack, place: { file: attack, line: 1 } },
      grant: { id: 1, pattern: attack, reason: attack, expires: attack }
    }
    for (const reason of Explanation.Reason.literals) {
      const { ask, grant, ...bare } = hostile
      for (const given of [hostile, { ...bare, ask }, { ...bare, grant }, bare] as Array<Explanation.Explanation>) {
        const shown = Explanation.render({ ...given, reason }).split("\n")
        assert.notMatch(shown.join(""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, reason)
        assert.isAtMost(shown.length, 7)
      }
    }
    const text = Explanation.render(hostile)
    assert.include(text, "K\\u{1b}[2J\\u{202e}\\u{a}")
  })

  it("quotes a resource so that it cannot leave its TOML string", () => {
    const text = Explanation.render({ ...stripe, kind: "filesystem.read", resource: "inbox:/a\"] #" })
    assert.include(text, "filesystem.read = [\"inbox:/a\\\"] #\"]")
  })

  it.each(["inbox:/../etc/passwd", "inbox:/.ssh/id_ed25519", "/etc/passwd", "", `inbox:/${"a".repeat(2000)}`])(
    "writes no lines that would be refused: %s",
    (resource) => {
      for (const by of [principal, Principal.make({ kind: "Host", id: "billing" })]) {
        for (const reason of ["NotAsked", "NotGranted", "NoMatch"] as const) {
          const shown = lines({ principal: by, kind: "filesystem.read", resource, reason })
          assert.strictEqual(
            shown.at(-1),
            "No line can name it: it is no resource of this kind, one that is given to nobody, or too long."
          )
          assert.isFalse(shown.some((line) => /capability|component|Grant\.make/.test(line)))
        }
      }
    }
  )

  it.effect("travels in its error without loss", () =>
    Effect.gen(function*() {
      const error = new CapabilityError({ reason: { _tag: "Denied", explanation: ecb, entry: 118 } })
      const codec = Schema.fromJsonString(Schema.toCodecJson(CapabilityError))
      const decoded = yield* Schema.decodeEffect(codec)(yield* Schema.encodeEffect(codec)(error))
      assert.instanceOf(decoded, CapabilityError)
      assert.strictEqual(decoded.message, error.message)
    }))

  it("tells a guest nothing", () => {
    assert.strictEqual(Explanation.guestMessage, "access denied")
  })
})

describe("the line for a program of the host", () => {
  const printed = (kind: "process.spawn" | "storage.read", resource: string): string =>
    /Grant\.make\(.*\)$/m.exec(Explanation.render({
      principal: Principal.make({ kind: "Host", id: "billing" }),
      kind,
      resource,
      reason: "NotGranted"
    }))?.[0] ?? ""

  it.each(
    [
      ["process.spawn", "git commit -m 'it''s \\ a \"quote\"'"],
      ["process.spawn", "git commit -m 'two\nlines \u202e'"],
      ["storage.read", Array.from({ length: 6 }, () => "y".repeat(150)).join("/")]
    ] as const
  )("grants %s of exactly what was denied, case %#", (kind, resource) => {
    const made: Grant.Grant = new Function("Grant", `return ${printed(kind, resource)}`)(Grant)
    assert.deepStrictEqual(made.patterns, [resource])
    assert.notMatch(printed(kind, resource), /[\n\u202e]/)
  })
})
