import { assert, describe, it } from "@effect/vitest"
import type { CapabilityKind } from "airssys/security/CapabilityKind"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"
import { type Sampler, samplers, seeded } from "./patternSamples.ts"

const compile = (kind: CapabilityKind, texts: ReadonlyArray<string>): ReadonlyArray<Pattern.Pattern> =>
  texts.flatMap((text) => Result.match(Pattern.parse(kind, text), { onFailure: () => [], onSuccess: (made) => [made] }))

const sample = (kind: CapabilityKind, { pattern, resource }: Sampler, seed: number) => {
  const random = seeded(seed)
  const texts = new Set(Array.from({ length: 400 }, () => resource(random)))
  return {
    patterns: compile(kind, [...new Set(Array.from({ length: 400 }, () => pattern(random)))].slice(0, 160)),
    resources: [...texts].map((text) => Pattern.parseResource(kind, text)).filter((found) => found !== undefined)
  }
}

describe.each(samplers)("laws of %s", (kind, sampler) => {
  const { patterns, resources } = sample(kind, sampler, 7)

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
