import { assert, describe, it } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"
import * as grammar from "../../src/security/internal/grammar.ts"
import { reference } from "./patternReference.ts"
import { listOf, type Sampler, samplers, seeded } from "./patternSamples.ts"

const compile = (kind: CapabilityKind, texts: ReadonlyArray<string>): ReadonlyArray<Pattern.Pattern> =>
  texts.flatMap((text) => Result.match(Pattern.parse(kind, text), { onFailure: () => [], onSuccess: (made) => [made] }))

/** A resource as it is read in place, where it is plain, and as its grammar reads it. */
const readings = (kind: CapabilityKind, text: string): ReadonlyArray<Pattern.Resource> =>
  [Pattern.parseResource(kind, text), grammar.read(kind, text)].filter((found) => found !== undefined)

const sample = (kind: CapabilityKind, { pattern, resource }: Sampler, seed: number) => {
  const random = seeded(seed)
  const texts = new Set(Array.from({ length: 250 }, () => resource(random)))
  return {
    patterns: compile(kind, [...new Set(Array.from({ length: 400 }, () => pattern(random)))].slice(0, 160)),
    resources: [...texts].flatMap((text) => readings(kind, text))
  }
}

describe.each(samplers)("laws of %s", (kind, sampler) => {
  const { patterns, resources } = sample(kind, sampler, 7)

  it("covers exactly what a naive reference does", () => {
    const covers = reference.get(kind)
    assert(covers !== undefined)
    let covered = 0
    for (const pattern of patterns) {
      for (const resource of resources) {
        const expected = covers(pattern.text, resource.text)
        if (expected) covered++
        assert.strictEqual(Pattern.covers(pattern, resource), expected, `${pattern.text} ${resource.text}`)
      }
    }
    assert.isAtLeast(covered, patterns.length / 2)
  })

  it("a pattern that subsumes another covers whatever that one covers", () => {
    let subsumed = 0
    let met = 0
    for (const wider of patterns) {
      for (const narrower of patterns) {
        if (!Pattern.subsumes(wider, narrower)) continue
        subsumed++
        for (const resource of resources) {
          if (!Pattern.covers(narrower, resource)) continue
          met++
          assert.isTrue(Pattern.covers(wider, resource), `${wider.text} ${narrower.text} ${resource.text}`)
        }
      }
    }
    assert.isAtLeast(subsumed, patterns.length)
    assert.isAtLeast(met, patterns.length / 2)
  })

  it("a pattern subsumes itself, and what the subsumed subsume", () => {
    const wide = patterns.map((pattern) => patterns.filter((other) => Pattern.subsumes(pattern, other)))
    for (const [index, pattern] of patterns.entries()) {
      assert.isTrue(Pattern.subsumes(pattern, pattern), pattern.text)
      for (const between of wide[index]!) {
        for (const narrow of wide[patterns.indexOf(between)]!) {
          assert.isTrue(Pattern.subsumes(pattern, narrow), `${pattern.text} ${between.text} ${narrow.text}`)
        }
      }
    }
  })

  it("a pattern subsumes what it covers, named in full", () => {
    for (const resource of resources) {
      const named = Pattern.parse(kind, resource.text)
      if (Result.isFailure(named)) continue
      for (const pattern of patterns) {
        assert.strictEqual(
          Pattern.subsumes(pattern, named.success),
          Pattern.covers(pattern, resource),
          `${pattern.text} ${resource.text}`
        )
      }
    }
  })

  it("a pattern that covers a resource is filed under one of its anchors", () => {
    for (const resource of resources) {
      const anchors = Pattern.anchors(resource)
      assert.isAtMost(anchors.length, 4)
      for (const pattern of patterns) {
        if (Pattern.covers(pattern, resource)) assert.include(anchors, Pattern.anchor(pattern), pattern.text)
      }
    }
  })
})

describe("a subscription", () => {
  it("is covered only if every topic it stands for is", () => {
    const [, sampler] = samplers.find(([kind]) => kind === "messaging.subscribe")!
    const { patterns, resources } = sample("messaging.subscribe", sampler, 11)
    let covered = 0
    for (const pattern of patterns) {
      for (const wide of patterns) {
        const subscription = Pattern.parseResource("messaging.subscribe", wide.text)
        assert(subscription !== undefined)
        if (!Pattern.covers(pattern, subscription)) continue
        covered++
        for (const topic of resources) {
          assert.isTrue(!Pattern.covers(wide, topic) || Pattern.covers(pattern, topic), `${pattern.text} ${wide.text}`)
        }
      }
    }
    assert.isAbove(covered, patterns.length)
  })
})

describe("Pattern.command", () => {
  const pieces = ["a", "-", " ", "'", "\"", "*", "$", "\n", "\\", "\u00e9", "\ud83d\ude00", "="]

  it("writes different programs and arguments differently, each a resource or none", () => {
    const random = seeded(5)
    const written = new Map<string, string>()
    const word = () => random() < 0.1 ? "" : listOf(random, pieces, 3).join("")
    for (let round = 0; round < 20_000; round++) {
      const program = random() < 0.8 ? "git" : word()
      const args = Array.from({ length: Math.floor(random() * 4) }, word)
      const text = Pattern.command(program, args)
      const whole = JSON.stringify([program, ...args])
      assert.strictEqual(written.get(text) ?? whole, whole)
      written.set(text, whole)
      if (program === "git") assert.isDefined(Pattern.parseResource("process.spawn", text), text)
    }
    assert.isAbove(written.size, 10_000)
  })

  it("makes no other program of a name with spaces", () => {
    assert.isUndefined(Pattern.parseResource("process.spawn", Pattern.command("git status", [])))
    assert.isUndefined(Pattern.parseResource("process.spawn", Pattern.command("", ["git"])))
  })
})
