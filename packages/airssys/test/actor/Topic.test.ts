import { assert, describe, it } from "@effect/vitest"
import * as Protocol from "airssys/actor/Protocol"
import * as Topic from "airssys/actor/Topic"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { type Listener, parseSegments, Trie } from "../../src/actor/internal/topics.ts"

const Note = Protocol.make({ Note: { payload: { text: Schema.String } } })
const Other = Protocol.make({ Note: { payload: { text: Schema.String } } })

const faultOf = <A>(result: Result.Result<A, Topic.InvalidTopic>): string =>
  Result.isFailure(result) ? result.failure.fault : "none"

/** Recursion on the definition, one segment at a time. */
const isFor = ([first, ...rest]: ReadonlyArray<string>, topic: ReadonlyArray<string>): boolean =>
  first === undefined
    ? topic.length === 0
    : first === "#"
    ? rest.length === 0 && topic.length >= 0
    : topic.length > 0 && (first === "*" || first === topic[0]) && isFor(rest, topic.slice(1))

const word = Arbitrary.schema(Schema.Literals(["a", "b", "__proto__"]))
const topics = Arbitrary.array(word, { minLength: 1, maxLength: 4 })
const patterns = Arbitrary.schema(Schema.Struct({
  segments: Schema.Array(Schema.Literals(["a", "b", "__proto__", "*"])).check(
    Schema.isMaxLength(4),
    Schema.isMinLength(1)
  ),
  isOpen: Schema.Boolean
}))

describe("Topic", () => {
  it.each(
    [
      ["", "Segment"],
      [".", "Segment"],
      ["a.", "Segment"],
      ["a..b", "Segment"],
      ["a b", "Segment"],
      ["a\u202eb", "Segment"],
      ["a\n", "Segment"],
      ["x".repeat(65), "Segment"],
      ["x".repeat(64), "none"],
      [Array.from({ length: 16 }, () => "x").join("."), "none"],
      [Array.from({ length: 17 }, () => "x").join("."), "TooLong"],
      [".".repeat(10_000_000), "TooLong"],
      ["a.*", "Wildcard"],
      ["#", "Wildcard"],
      ["a*", "Segment"],
      [7, "NotText"],
      [null, "NotText"],
      [{ toString: () => "a" }, "NotText"],
      ["__proto__.constructor", "none"]
    ] as const
  )("parses the topic %j: %s", (input, fault) => {
    assert.strictEqual(faultOf(Topic.parse(Note, input)), fault)
  })

  it.each(
    [
      ["#", "none"],
      ["*.#", "none"],
      ["a.*.b", "none"],
      ["a.#.b", "HashNotLast"],
      ["#.#", "HashNotLast"],
      ["a#", "WildcardInSegment"],
      ["**", "WildcardInSegment"],
      ["a.*b", "WildcardInSegment"],
      ["", "Segment"]
    ] as const
  )("parses the pattern %j: %s", (input, fault) => {
    assert.strictEqual(faultOf(Topic.parsePattern(Note, input)), fault)
  })

  it("shows the beginning of what it refuses, and no control character", () => {
    const result = Topic.parse(Note, `\u001b[2J${"x".repeat(1000)}`)
    assert.isTrue(Result.isFailure(result))
    if (Result.isFailure(result)) assert.match(result.failure.message, /^"\?\[2Jx{76}" has a segment/)
  })

  it("throws for a literal that is no topic", () => {
    assert.throws(() => Topic.make(Note, "a.#"), /wildcard/)
    assert.throws(() => Topic.pattern(Note, "#.a"), /not at its end/)
  })

  it("keeps topics of two protocols apart", () => {
    assert.isFalse(Topic.matches(Topic.pattern(Other, "#") as never, Topic.make(Note, "a")))
  })

  it.effect.prop(
    "matches as the definition says, compiled or not, while patterns come and go",
    { topics: Arbitrary.array(topics, { maxLength: 5 }), patterns: Arbitrary.array(patterns, { maxLength: 20 }) },
    ({ patterns, topics }) =>
      Effect.sync(() => {
        const trie = new Trie<Listener>({})
        const entries = patterns.map(({ isOpen, segments }): Listener => {
          const text = [...segments, ...(isOpen ? ["#"] : [])].join(".")
          return { segments: parseSegments(text, false) as ReadonlyArray<string>, at: -1 }
        })
        const here = new Set<Listener>()
        const check = () => {
          for (const topic of topics) {
            const reached = trie.route(topic).places.flatMap(({ entries }) => entries.filter((_) => _ !== undefined))
            assert.sameMembers(reached, [...here].filter(({ segments }) => isFor(segments, topic)))
            for (const { segments } of entries) {
              const compiled = Topic.matches(
                Topic.pattern(Note, segments.join(".")),
                Topic.make(Note, topic.join("."))
              )
              assert.strictEqual(compiled, isFor(segments, topic))
            }
          }
        }
        for (const [index, entry] of entries.entries()) {
          trie.add(entry)
          here.add(entry)
          const leaver = entries[Math.floor(index / 2)]!
          if (index % 3 === 0 && here.delete(leaver)) trie.remove(leaver)
          check()
        }
        for (const entry of here) trie.remove(entry)
        here.clear()
        check()
      })
  )
})
