import { assert, describe, it } from "@effect/vitest"
import * as SafeText from "airssys/security/SafeText"

describe("SafeText", () => {
  it("escapes what a terminal obeys and leaves what people read", () => {
    assert.strictEqual(SafeText.escape("STRIPE\u202E_KEY\n"), "STRIPE\\u{202e}_KEY\\u{a}")
    assert.strictEqual(SafeText.escape("Zürich 東京 \u{1f600} \"quoted\""), "Zürich 東京 \u{1f600} \"quoted\"")
    assert.strictEqual(SafeText.escape("\ud800x\u{e0041}"), "\\u{d800}x\\u{e0041}")
    for (const invisible of [0x34f, 0x115f, 0x17b4, 0x180b, 0x2800, 0x3164, 0xfe0f, 0xffa0, 0xe0100]) {
      const text = `ac${String.fromCodePoint(invisible)}me`
      assert.strictEqual(SafeText.escape(text), `ac\\u{${invisible.toString(16)}}me`)
    }
  })

  it("cuts long text and says how much is missing", () => {
    assert.strictEqual(SafeText.escape("abcdef", 4), "abcd... (2 more)")
    assert.strictEqual(SafeText.escape("a".repeat(1_000_000)).length, 512 + "... (999488 more)".length)
  })

  it("spells out words that could be taken for others, and leaves those of one script", () => {
    for (
      const [text, shown] of [
        ["p\u0430ypal", "p\\u{430}ypal"],
        ["\u0440\u0430\u0443\u0440\u0430l", "\\u{440}\\u{430}\\u{443}\\u{440}\\u{430}l"],
        ["\u0430\u0441\u0435", "\\u{430}\\u{441}\\u{435}"],
        ["\uff41cme", "\\u{ff41}cme"],
        ["\u{1d41a}cme", "\\u{1d41a}cme"],
        ["a\u0301cme", "a\\u{301}cme"],
        ["acme\u202e", "acme\\u{202e}"],
        ["acme\u200b", "acme\\u{200b}"],
        ["\u13aa\u13a2", "\\u{13aa}\\u{13a2}"],
        ["\ua4d0\ua4ee", "\\u{a4d0}\\u{a4ee}"],
        ["\u0585\u0578\u0565 \u0585\u0578", "\u0585\u0578\u0565 \\u{585}\\u{578}"],
        ["\u03bd\u03bf", "\\u{3bd}\\u{3bf}"],
        ["\u0475\u04cf", "\\u{475}\\u{4cf}"],
        ["\u0261it", "\\u{261}it"],
        ["x\u0338", "x\\u{338}"],
        [" \u0338", " \\u{338}"],
        ["rates\u2215all", "rates\\u{2215}all"],
        ["\u201d\u00a0ok", "\\u{201d}\\u{a0}ok"],
        ["g\u101d\u101dgle", "g\\u{101d}\\u{101d}gle"],
        ["\u{15ea}evil", "\\u{15ea}evil"],
        ["ok.\u02ee \u02bcx", "ok.\\u{2ee} \\u{2bc}x"]
      ] as const
    ) assert.strictEqual(SafeText.escapeLookAlikes(text), shown)
    for (
      const text of [
        "Z\u00fcrich",
        "\u6771\u4eac",
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u0414\u043b\u044f \u0441\u0447\u0435\u0442\u0430",
        "\u4f7f\u7528API",
        "T\u30b7\u30e3\u30c4",
        "acme:rates 1.2.0"
      ]
    ) {
      assert.strictEqual(SafeText.escapeLookAlikes(text), text)
    }
    assert.strictEqual(
      SafeText.escapeLookAlikes("\u0430".repeat(1_000_000)).length,
      512 * 7 + "... (999488 more)".length
    )
  })

  it("quotes what is not one word, so that nothing of it ends the quotation", () => {
    for (
      const [text, shown] of [
        ["acme:rates", "acme:rates"],
        ["", "\"\""],
        ["a b", "\"a b\""],
        ["\"", "\"\\\"\""],
        ["\\\"", "\"\\\\\\\"\""],
        ["\u202e", "\"\\u{202e}\""],
        ["\\u{202e}", "\"\\\\u{202e}\""],
        ["\n  1  LOW", "\"\\u{a}  1  LOW\""]
      ] as const
    ) assert.strictEqual(SafeText.word(text), shown)
  })

  it("keeps the line ends of a report", () => {
    assert.strictEqual(SafeText.escapeLines("a\u001b\nb"), "a\\u{1b}\nb")
  })

  it("writes a TOML string that ends where it should", () => {
    assert.strictEqual(SafeText.tomlString("a\"\\\n\u202e"), "\"a\\\"\\\\\\U0000000a\\U0000202e\"")
  })
})
