import { assert, describe, it, vi } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"
import * as patternShape from "../../src/security/internal/patternShape.ts"
import { reference } from "./patternReference.ts"
import { listOf, pick, type Random, samplers, seeded } from "./patternSamples.ts"

const fragments = [
  ..."*/.:\\%?#@[]'\"~ -_\0\n\t$|;&(){}<>^=+,",
  "**",
  "..",
  "//",
  "./",
  "../",
  "/..",
  "%2e%2e",
  "%00",
  "%2f",
  "\u0000",
  "\u0080",
  "\u00ad",
  "\u0301",
  "e\u0301",
  "\u00e9",
  "\u034f",
  "\u115f",
  "\u200b",
  "\u200d",
  "\u202e",
  "\u2024",
  "\u2025",
  "\u2028",
  "\u2044",
  "\u2060",
  "\u212a",
  "\u2215",
  "\u3000",
  "\u3002",
  "\ufe0f",
  "\ufeff",
  "\uff0e",
  "\uff0f",
  "\uff41",
  "\u0430",
  "\u017f",
  "\u00df",
  "\u0130",
  "\ud800",
  "\udc00",
  "\ud83d\ude00",
  "\ufdfa",
  "xn--",
  "xn--mnchen-3ya",
  "XN--",
  "0x7f",
  "0177",
  "127.1",
  "::ffff:",
  "::1",
  "%25lo",
  "0",
  ":0:",
  "0000",
  "::",
  "1.",
  "/8",
  ":443",
  ":0443",
  "https://",
  "HTTPS://",
  "inbox:/",
  "~1",
  "::$DATA",
  ":x",
  ".ssh",
  ".SSH",
  "NUL",
  "git",
  "--",
  "''",
  "' '",
  "__proto__",
  "constructor",
  "toString"
]

/** A text that is nearly right. */
const hostile = (random: Random, seed: string): string => {
  let text = seed
  for (let change = 0; change <= random() * 3; change++) {
    const at = Math.floor(random() * (text.length + 1))
    const end = random() < 0.5 ? at : at + Math.floor(random() * 3)
    text = text.slice(0, at) + pick(random, fragments) + text.slice(end)
  }
  return text
}

const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu

const decoded = (text: string): string => text.replace(/%(?:00|25|2e|2f|5c)/gi, (escape) => decodeURIComponent(escape))

/** What some file system takes a path for, case aside. */
const pathOf = (text: string): string => {
  const [root, path = ""] = text.split(/:\/(.*)/s)
  const plain = decoded(path).normalize("NFC").replace(invisible, "").replaceAll("\\", "/")
  const found: Array<string> = []
  for (const segment of plain.split("/")) {
    const name = segment.replace(/:.*$/s, "").replace(/[. ]+$/, (end) => segment === end ? end : "")
    if (name === "..") found.pop()
    else if (name !== "" && name !== ".") found.push(name)
  }
  return `${root}:/${found.join("/")}`
}

/** What a resolver takes a host for; a port that the scheme implies may be written or not. */
const hostOf = (text: string): string => {
  const [, scheme = "", rest = text] = /^([^:]*:\/\/)(.*)$/s.exec(text) ?? []
  const [, host = rest, port = ""] = /^(.*?)(:[0-9]+)?$/s.exec(rest) ?? []
  return `${scheme}${URL.parse(`https://${host}`)?.hostname.replace(/\.$/, "")}${port.replace(/^:0+/, ":")}`
}

/** The words that a shell reads, written again. */
const commandOf = (text: string): string => {
  const words = (text.match(/(?:'(?:[^']|'')*'|[^ '])+/g) ?? []).map((word) =>
    word.replaceAll(/'((?:[^']|'')*)'/g, (_, inner: string) => inner.replaceAll("''", "'"))
  )
  return Pattern.command(words[0] ?? "", words.slice(1))
}

/** The one form of whatever a text may be read as. */
const formOf = (kind: CapabilityKind): (text: string) => string => {
  if (kind.startsWith("network.")) return hostOf
  if (kind.startsWith("filesystem.")) return pathOf
  return kind === "process.spawn" ? commandOf : (text) => decoded(text).normalize("NFC").replace(invisible, "")
}

describe.each(samplers)("hostile texts of %s", (kind, sampler) => {
  const random = seeded(23)
  const seeds = Array.from({ length: 200 }, () => random() < 0.5 ? sampler.pattern(random) : sampler.resource(random))
  const texts = [
    ...fragments,
    ...Array.from({ length: 6000 }, () => hostile(random, pick(random, seeds))),
    ...Array.from({ length: 2000 }, () => listOf(random, fragments, 8).join(""))
  ]

  it("are parsed or refused, and what is refused is shown escaped", () => {
    for (const text of texts) {
      const parsed = Pattern.parse(kind, text)
      if (Result.isSuccess(parsed)) {
        assert.strictEqual(parsed.success.text, text)
        continue
      }
      const { length, message, offset } = parsed.failure
      assert.notMatch(message, /[\p{Cc}\p{Cf}\p{Cs}]/u)
      assert.isAtLeast(offset, 0)
      assert.isAtLeast(length, 1)
      assert.isAtMost(offset + length, Math.max(1, text.length + 1), text)
    }
  })

  it("name one resource in one way", () => {
    const form = formOf(kind)
    let taken = 0
    for (const text of texts) {
      if (Pattern.parseResource(kind, text) === undefined) continue
      taken++
      assert.strictEqual(form(text), text)
    }
    assert.isAbove(taken, 20)
  })

  it("are the same as patterns and as resources", () => {
    for (const text of texts) {
      const resource = Pattern.parseResource(kind, text)
      const parsed = Pattern.parse(kind, text)
      if (resource !== undefined) assert(Result.isSuccess(parsed), text)
      if (Result.isFailure(parsed)) continue
      assert.strictEqual(Pattern.matches(parsed.success, text), resource !== undefined, text)
    }
  })

  it("are covered by nothing that a naive reference does not cover them with", () => {
    const covers = reference.get(kind)
    assert(covers !== undefined)
    const patterns = seeds.flatMap((seed) => {
      const parsed = Pattern.parse(kind, seed)
      return Result.isSuccess(parsed) ? [parsed.success] : []
    })
    for (const text of texts) {
      const resource = Pattern.parseResource(kind, text)
      if (resource === undefined) continue
      for (const pattern of patterns) {
        if (Pattern.covers(pattern, resource)) assert.isTrue(covers(pattern.text, text), `${pattern.text} ${text}`)
      }
    }
  })
})

/** Tokens that count how often one is looked at. */
const counted = (tokens: ReadonlyArray<patternShape.Token>) => {
  const count = { reads: 0 }
  const seen = new Proxy(tokens, {
    get: (target, key) => {
      if (typeof key === "string" && /^[0-9]+$/.test(key)) count.reads++
      return Reflect.get(target, key)
    }
  })
  return { tokens: seen, count }
}

describe("work", () => {
  const { any, literal, one, open, partial } = patternShape

  it("is at most tokens times segments, whatever both hold", () => {
    const wild = [any, one, literal("a"), partial("a", ""), partial("", "a")]
    const random = seeded(31)
    for (let round = 0; round < 300; round++) {
      const tokens = patternShape.normalize(listOf(random, wild, patternShape.tokenLimit))
      const subject = listOf(random, [literal("a"), literal("aa"), literal("b")], 400)
      const pattern = counted(tokens)
      patternShape.covers(open("", pattern.tokens), open("", subject))
      assert.isAtMost(pattern.count.reads, (tokens.length + 1) * (subject.length + 1))
    }
  })

  it("does not grow out of all bounds for the pattern that backtracking cannot end", () => {
    const tokens = Array.from({ length: 15 }, () => [any, literal("a")]).flat().slice(0, 29).concat(literal("b"))
    const subject = Array.from({ length: 2000 }, () => literal("a"))
    const pattern = counted(patternShape.normalize(tokens))
    assert.isFalse(patternShape.covers(open("", pattern.tokens), open("", subject)))
    assert.isAtMost(pattern.count.reads, 30 * 2002)
    assert.isAbove(pattern.count.reads, 2000)
  })

  /** The characters that are given to regular expressions, normalised or split meanwhile. */
  const charactersRead = (run: () => void): number => {
    const exec = vi.spyOn(RegExp.prototype, "exec")
    const methods = (["normalize", "split", "toUpperCase"] as const).map((name) => vi.spyOn(String.prototype, name))
    try {
      run()
      const texts = [
        ...exec.mock.calls.map(([text]) => text),
        ...methods.flatMap(({ mock }) => mock.contexts.map(String))
      ]
      return texts.reduce((sum, text) => sum + text.length, 0)
    } finally {
      for (const spy of [exec, ...methods]) spy.mockRestore()
    }
  }

  it.each(samplers.map(([kind]) => kind))("reads no megabytes of %s, and the rest a few times", (kind) => {
    const units = [
      "a",
      "a/",
      "a.",
      ".",
      "*",
      "/",
      ":",
      "\0",
      "\u202e",
      "[",
      "%2e",
      "\ufdfa",
      " ",
      "-",
      "'",
      "a ",
      "~1/"
    ]
    const starts = ["", "https://", "inbox:/", "git ", "https://[", "https://xn--", "git '"]
    for (const unit of units) {
      for (const start of starts) {
        const huge = start + unit.repeat(Math.floor(1e6 / unit.length))
        const full = huge.slice(0, 4096)
        assert.isAtMost(charactersRead(() => Pattern.parseResource(kind, huge)), 64)
        assert.isAtMost(charactersRead(() => Pattern.parseResource(kind, full)), 100 * 4096, full.slice(0, 40))
        assert.isAtMost(charactersRead(() => Pattern.parse(kind, huge)), 4096)
        const pattern = huge.slice(0, 1024)
        assert.isAtMost(charactersRead(() => Pattern.parse(kind, pattern)), 100 * 1024, pattern.slice(0, 40))
      }
    }
  })
})
