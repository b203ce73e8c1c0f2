import { assert, describe, it } from "@effect/vitest"
import * as SafeText from "airssys/security/SafeText"

describe("SafeText", () => {
  it("escapes what a terminal obeys and leaves what people read", () => {
    assert.strictEqual(SafeText.escape("STRIPE\u202E_KEY\n"), "STRIPE\\u{202e}_KEY\\u{a}")
    assert.strictEqual(SafeText.escape("Zürich 東京 \u{1f600} \"quoted\""), "Zürich 東京 \u{1f600} \"quoted\"")
    assert.strictEqual(SafeText.escape("\ud800x\u{e0041}"), "\\u{d800}x\\u{e0041}")
  })

  it("cuts long text and says how much is missing", () => {
    assert.strictEqual(SafeText.escape("abcdef", 4), "abcd... (2 more)")
    assert.strictEqual(SafeText.escape("a".repeat(1_000_000)).length, 512 + "... (999488 more)".length)
  })

  it("keeps the line ends of a report", () => {
    assert.strictEqual(SafeText.escapeLines("a\u001b\nb"), "a\\u{1b}\nb")
  })

  it("writes a TOML string that ends where it should", () => {
    assert.strictEqual(SafeText.tomlString("a\"\\\n\u202e"), "\"a\\\"\\\\\\U0000000a\\U0000202e\"")
  })
})
