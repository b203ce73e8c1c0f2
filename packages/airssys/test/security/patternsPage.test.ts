import { assert, describe, it } from "@effect/vitest"
import * as AddressRange from "airssys/security/AddressRange"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"
import * as fs from "node:fs"

const page = fs.readFileSync(new URL("../../../../docs/reference/patterns.md", import.meta.url), "utf8")

/** The code of each cell of the table below a header. */
const rows = (header: RegExp): ReadonlyArray<ReadonlyArray<ReadonlyArray<string>>> => {
  const lines = page.split("\n")
  const start = lines.findIndex((line) => header.test(line))
  assert.isAbove(start, 0)
  const below = lines.slice(start + 2)
  return below.slice(0, below.findIndex((line) => !line.startsWith("|"))).map((line) =>
    line.split("|").slice(1, -1).map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!))
  )
}

const compile = (kind: CapabilityKind.CapabilityKind, text: string): Pattern.Pattern =>
  Result.getOrThrow(Pattern.parse(kind, text))

describe("docs/reference/patterns.md", () => {
  it("says what patterns match, of every kind", () => {
    const table = rows(/^\| kind +\| pattern +\| matches/)
    const kinds = new Set<string>()
    for (const [kind = "", pattern = "", matched = "", unmatched = ""] of table.map((row) => row.flat())) {
      assert(CapabilityKind.isCapabilityKind(kind), kind)
      kinds.add(kind)
      const compiled = compile(kind, pattern)
      assert.isTrue(Pattern.matches(compiled, matched), `${pattern} ${matched}`)
      assert.isFalse(Pattern.matches(compiled, unmatched), `${pattern} ${unmatched}`)
    }
    for (const kind of CapabilityKind.all) {
      if (CapabilityKind.takesPatterns(kind)) assert.isTrue(kinds.has(kind), kind)
    }
  })

  it("says what to write instead", () => {
    const table = rows(/^\| written +\| write/)
    assert.isAbove(table.length, 3)
    for (const [written, instead] of table) {
      const parsed = Pattern.parse("network.outbound", written?.[0] ?? "")
      assert(Result.isFailure(parsed), written?.[0])
      assert.strictEqual(parsed.failure.remedy, `write "${instead?.[0]}"`)
    }
  })

  it("gives addresses of every class", () => {
    const table = rows(/^\| class +\| addresses/)
    assert.strictEqual(table.length, 13)
    for (const [name, addresses] of table) {
      assert.isAbove(addresses?.length ?? 0, 0)
      for (const address of addresses ?? []) assert.strictEqual(AddressRange.classify(address), name?.[0], address)
    }
  })

  it("lists hosts that are none", () => {
    const [, sentence = ""] = /a host nowhere: (.*)/.exec(page) ?? []
    const hosts = [...sentence.matchAll(/`([^`]{2,})`/g)].map((match) => match[1])
    assert.strictEqual(hosts.length, 4)
    for (const host of hosts) assert.isUndefined(Pattern.parseResource("network.outbound", `https://${host}`), host)
  })

  it("lists what is always refused", () => {
    const table = rows(/^\| what +\| for example/)
    assert.isAbove(table.length, 5)
    const everything = compile("filesystem.read", "inbox:/**")
    for (const path of table.flatMap(([, paths]) => paths ?? [])) {
      for (const text of [path, path.toUpperCase(), path.toLowerCase()]) {
        assert.isFalse(Pattern.matches(everything, `inbox:/${text}`), text)
      }
    }
  })
})
