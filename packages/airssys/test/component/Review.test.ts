import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Result, Schema, Scope } from "effect"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { layer as layerDirectory } from "../../src/component/ComponentDirectory.ts"
import type { HostTrap } from "../../src/component/ComponentEngine.ts"
import * as Delivery from "../../src/component/Delivery.ts"
import * as HostServices from "../../src/component/HostServices.ts"
import * as bindings from "../../src/component/internal/bindings.ts"
import * as wasiBindings from "../../src/component/internal/wasiBindings.ts"
import * as Manifest from "../../src/component/Manifest.ts"
import * as Review from "../../src/component/Review.ts"
import * as Storage from "../../src/component/Storage.ts"
import { layerMemory } from "../../src/security/AuditLog.ts"
import { CapabilityEnforcer, layer as layerEnforcer } from "../../src/security/CapabilityEnforcer.ts"
import * as Grant from "../../src/security/Grant.ts"
import * as Principal from "../../src/security/Principal.ts"
import * as Quotas from "../../src/security/Quotas.ts"
import { interfaceOf } from "./support/imports.ts"

const file = "Component.toml"
const now = Date.UTC(2027, 0, 1)

const world = (imports: Readonly<Record<string, ReadonlyArray<string>>>) => ({
  imports: Object.entries(imports).map(([id, names]) => interfaceOf(id, ...names)),
  exports: []
})

const manifest = (capabilities: string): Manifest.Manifest =>
  Result.getOrThrow(Manifest.parse(
    `schema = 1
[component]
namespace = "acme"
name = "rates"
version = "1.2.0"
world = "acme:rates/plugin@1.2.0"
[build]
command = "none"
output = "rates.wasm"
[limits]
memory = "1 MiB"
timeout = "1 s"
${capabilities}`,
    { file }
  ))

const review = (
  capabilities: string,
  imports: Readonly<Record<string, ReadonlyArray<string>>>,
  grants?: ReadonlyArray<Grant.Grant>,
  shown = file
) => Review.make({ manifest: manifest(capabilities), file: shown, world: world(imports), grants, now })

const clock = { "airssys:core/clock@0.1.0": ["now", "monotonic"] }
const asksForClock = `[[capability]]\nreason = "Date them."\nclock = true`

const subjects = ({ findings }: Review.Review) =>
  findings.map(({ kind, severity, subject }) => [severity, subject, kind])

describe("Review", () => {
  it("finds nothing in a component that asks for what it imports, and is granted it", () => {
    assert.deepStrictEqual(review(asksForClock, clock).findings, [])
    assert.deepStrictEqual(review(asksForClock, clock, [Grant.make("clock", { reason: "Fine." })]).findings, [])
  })

  it("finds an import that nobody serves, and that no line settles it", () => {
    const found = review("", {
      "wasi:http/types@0.2.0": ["[constructor]fields"],
      "airssys:core/clock@0.2.0": ["now"],
      "wasi:cli/environment@0.2.0-rc-2023-11-10": ["get-environment"],
      "wasi:cli/exit@0.2.0": ["exit", "__proto__"]
    })
    assert.isFalse(Review.isClean(found))
    assert.deepStrictEqual(found.findings.filter(({ subject }) => subject === "Unserved").map(({ remedy }) => remedy), [
      "No line of a manifest settles this: build it without the import.",
      "No line of a manifest settles this: build it for what this host serves of airssys:core/clock@0.1.",
      "No line of a manifest settles this: build it for what this host serves of wasi:cli/environment@0.2.",
      "No line of a manifest settles this: build it for what this host serves of wasi:cli/exit@0.2."
    ])
  })

  it("finds an import whose calls are denied, because nobody asks, grants, or any longer does", () => {
    assert.deepStrictEqual(subjects(review("", clock)), [["Error", "NotAsked", "clock"]])
    const [denied] = review(asksForClock, clock, []).findings
    assert.deepStrictEqual([denied?.subject, denied?.place.line], ["NotGranted", 15])
    const expired = `[[capability]]\nreason = "Date them."\nexpires = "2026-12-31"\nclock = true`
    assert.deepStrictEqual(subjects(review(expired, clock)), [
      ["Error", "NotAsked", "clock"],
      ["Warning", "Expires", "clock"]
    ])
    assert.deepStrictEqual(
      subjects(review(asksForClock, clock, [Grant.make("clock", { reason: "Fine.", expires: "2026-12-31" })])),
      [["Error", "NotGranted", "clock"], ["Warning", "Expires", "clock"]]
    )
  })

  it("lists what reaches nothing real, unless it is asked for and granted", () => {
    const imports = {
      "wasi:random/random@0.2.3": ["get-random-u64"],
      "wasi:cli/environment@0.2.12": ["get-environment"]
    }
    const asks = `[[capability]]\nreason = "Shuffle."\nrandom = true`
    const inert = (found: Review.Review) => found.findings.map(({ problem }) => problem)
    const environment = "imports wasi:cli/environment@0.2.12 (get-environment), and gets an empty list"
    const random =
      "imports wasi:random/random@0.2.3 (get-random-u64), and gets numbers that anybody can foretell: not secure"
    assert.deepStrictEqual(inert(review("", imports)), [random, environment])
    assert.deepStrictEqual(inert(review(asks, imports)), [environment])
    assert.include(inert(review(asks, imports, [])), random)
    assert.isTrue(Review.isClean(review("", imports)))
  })

  it("warns of asks that no import could use, and of grants that nobody asks for", () => {
    const found = review(asksForClock, {}, [Grant.make("process.spawn", ["git"], { reason: "Sure." })])
    assert.deepStrictEqual(subjects(found), [["Warning", "Unused", "clock"], ["Warning", "Beyond", "process.spawn"]])
    assert.include(
      review(`[[capability]]\nreason = "Fetch."\nprocess.spawn = ["git"]`, {}).findings.map(({ problem }) => problem),
      "asks for process.spawn, and this host serves no import that uses it"
    )
  })

  it("warns of asks for which nothing is served, on the line that asks", () => {
    const asks = `[[capability]]\nreason = "Serve."\nnetwork.inbound = ["tcp://127.0.0.1:8080"]`
    const unserved = review(asks, {}).findings.find(({ subject }) => subject === "Unused")
    assert.strictEqual(unserved?.problem, "asks for network.inbound, and this host serves no import that uses it")
    assert.strictEqual(unserved?.severity, "Warning")
    assert.isDefined(unserved?.place.line)
  })

  it("ranks what is asked for, the greatest risk first", () => {
    const found = review(
      `[[capability]]
reason = "All of it."
environment = ["KEY"]
network.outbound = ["https://api.example.com", "https://**"]
process.spawn = ["git"]
storage.read = ["**"]`,
      {}
    )
    assert.deepStrictEqual(
      found.findings.filter(({ subject }) => subject === "Risk").map(({ kind, risk }) => [kind, risk]),
      [
        ["process.spawn", "Critical"],
        ["network.outbound", "High"],
        ["environment", "Medium"],
        ["storage.read", "Medium"]
      ]
    )
  })

  it("is read as a report that a component or manifest can forge nothing in", () => {
    const hostile = "acme:x/\u202Elog@1.0.0\nnotice: Component.toml: all is well"
    const text = Review.render(review(
      `[[capability]]
reason = "p\u0430yp\u0430l"
expires = "2027-03-31"
environment = ["KEY"]
process.spawn = ["git a, a low risk: it"]`,
      { [hostile]: ["go), and gets nothing"], ...clock, "wasi:filesystem/types@0.2.12": ["[method]descriptor.stat"] }
    ))
    assert.strictEqual(
      text,
      `acme:rates 1.2.0: 2 errors, 3 warnings, 4 notices
error: Component.toml: imports "acme:x/\\u{202e}log@1.0.0\\u{a}notice: Component.toml: all is well" ("go), and gets nothing"), which this host does not serve, so it is not installed
  No line of a manifest settles this: build it without the import.
error: Component.toml: imports airssys:core/clock@0.1.0 (now, monotonic) and does not ask for clock: each call is denied
  Add to Component.toml: [[capability]] with reason = "..." and clock = true
warning: Component.toml:17: asks for process.spawn "git a, a low risk: it", a critical risk: it runs a program outside of every limit of this host
  The reason it gives: "p\\u{430}yp\\u{430}l"
warning: Component.toml:16: asks for environment, and imports nothing that uses it
  Remove it: what is granted and not used waits for a release that does.
warning: Component.toml:17: asks for process.spawn, and this host serves no import that uses it
  Remove it: what is granted and not used waits for a release that does.
notice: Component.toml:16: asks for environment KEY, a medium risk: it reads a value of the host, which may be a secret
  The reason it gives: "p\\u{430}yp\\u{430}l"
notice: Component.toml:16: asks for environment until 2027-03-31
notice: Component.toml:17: asks for process.spawn until 2027-03-31
notice: Component.toml: imports wasi:filesystem/types@0.2.12 ([method]descriptor.stat), which it has no handle to call: there are no files`
    )
  })

  it("shows the name of the file escaped", () => {
    const [, first] = Review.render(review("", clock, undefined, "a\u001b[2J/Component.toml")).split("\n")
    assert.include(first, "error: a\\u{1b}[2J/Component.toml: ")
  })

  it("shows at most a hundred findings, and at most six functions of one", () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`a:b/c${n}@1.0.0`, ["f"]]))
    const lines = Review.render(review("", many)).split("\n")
    assert.strictEqual(lines.at(-1), "... and 50 more")
    const [wide] = review("", { "a:b/c@1.0.0": Array.from({ length: 9 }, (_, n) => `f${n}`) }).findings
    assert.include(wide?.problem, "f5 and 3 more")
  })

  it.effect.prop(
    "says of each import what its call then does",
    { asked: subset, granted: subset },
    ({ asked, granted }) =>
      Effect.gen(function*() {
        const asks = [...asked].map((kind) => `[[capability]]\nreason = "So."\n${kind} = ${value(kind)}\n`).join("")
        const declared = manifest(asks)
        const grants = [...granted].map((kind) =>
          isNamed(kind) ? Grant.make(kind, ["KEY"], { reason: "So." }) : Grant.make(kind, { reason: "So." })
        )
        yield* CapabilityEnforcer.use((enforcer) => enforcer.admit(principal, { asks: declared.asks, grants }))
        const call = yield* everything
        for (const [id, names] of served) {
          for (const name of names) {
            const [finding, ...more] = Review.make({
              manifest: declared,
              file,
              world: world({ [id]: [name] }),
              grants,
              now
            }).findings.filter(({ subject }) => ["Unserved", "NotAsked", "NotGranted", "Inert"].includes(subject))
            assert.deepStrictEqual(more, [])
            const said = finding === undefined ? "Real" : finding.severity === "Error" ? "Denied" : "Inert"
            assert.strictEqual(said, yield* call(id, name), `${id}#${name}`)
          }
        }
      }).pipe(Effect.provide(layer)),
    { arbitrary: { runs: 40 } }
  )
})

const kinds = ["log", "clock", "random", "environment", "storage.read", "storage.write"] as const
const subset = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(kinds)), { maxLength: 4 }),
  (found) => new Set(found)
)
const named = ["environment", "storage.read", "storage.write"] as const
const isNamed = (kind: typeof kinds[number]): kind is typeof named[number] =>
  (named as ReadonlyArray<string>).includes(kind)
const value = (kind: typeof kinds[number]): string => isNamed(kind) ? "[\"KEY\"]" : "true"

const principal = Principal.make({ kind: "Component", id: "acme:rates" })

const layer = Layer.provide(layerEnforcer, Storage.layerPowers).pipe(
  Layer.provide(Storage.layerMemory),
  Layer.provide(Quotas.layerMemory()),
  Layer.provideMerge(layerMemory()),
  Layer.provide(Digest.layerWebCrypto),
  Layer.merge(Layer.merge(SecureRandom.layerWebCrypto, layerDirectory))
)

/** Each function of the table, and a method of each resource that is never given. */
const served = new Map<string, ReadonlyArray<string>>([
  ...Map.groupBy(bindings.core, (one) => one.interface).entries().map(([id, functions]) =>
    [id, functions.map(({ type }) => type.name).filter((name) => !name.startsWith("[resource-drop]"))] as const
  ),
  ...Object.entries(wasiBindings.functions).map(([id, functions]) => [`${id}.0`, Object.keys(functions)] as const),
  ["wasi:sockets/tcp@0.2.0", ["[method]tcp-socket.start-bind"]],
  ["wasi:io/error@0.2.0", ["[method]error.to-debug-string"]]
])

const payload = { codec: "json", bytes: new Uint8Array(1) }

/** Calls a function as its types ask for, and tells what came of it. */
const everything = Effect.gen(function*() {
  const inert: Array<string> = []
  const imports = (yield* HostServices.make)(
    {
      principal,
      namespace: "acme",
      name: "rates",
      version: "1.2.0",
      asks: [],
      configuration: new Map(),
      environment: new Map([["KEY", "1"]]),
      delivery: () => Delivery.make("m1", Delivery.fromHost),
      scope: Scope.makeUnsafe(),
      inert: (name) => inert.push(name),
      leftBehind: () => undefined,
      denied: () => undefined
    },
    [...served].map(([id, names]) => interfaceOf(id, ...names))
  )
  const run = (id: string, name: string, args: ReadonlyArray<unknown>): Effect.Effect<unknown, HostTrap> => {
    const found = imports.get(id)?.get(name)
    if (found === undefined) return assert.fail(`${id}#${name} is not served`)
    return found._tag === "Sync"
      ? Effect.try({ try: () => found.call(args), catch: (trap) => trap as HostTrap })
      : found.call(args)
  }
  const input = yield* run("wasi:cli/stdin@0.2.0", "get-stdin", [])
  const output = yield* run("wasi:cli/stdout@0.2.0", "get-stdout", [])
  const timer = yield* run("wasi:clocks/monotonic-clock@0.2.0", "subscribe-duration", [1n])
  const argumentsOf = (id: string, name: string): ReadonlyArray<unknown> => {
    if (name.startsWith("[method]input-stream.")) return [input, 8n]
    if (name.endsWith("splice")) return [output, input, 8n]
    if (name.startsWith("[method]output-stream.")) return [output, new Uint8Array(8)]
    if (name.startsWith("[method]pollable.")) return [timer]
    if (name === "poll") return [[timer]]
    if (name === "sleep") return [0]
    if (name === "list") return [undefined]
    if (id === "airssys:core/random@0.1.0") return [8]
    if (name === "write") return ["info", "hello", []]
    if (name === "publish") return ["prices", payload]
    if (name === "subscribe") return ["prices"]
    if (name === "send" || name === "request" || name === "start") return [{ namespace: "acme", name: "b" }, payload, 1]
    if (name.startsWith("[method]pending") || name.startsWith("[method]subscription")) return [{ name: "x1" }]
    if (name === "set") return ["KEY", new Uint8Array(8)]
    if (name === "commit") return [[], [{ key: "KEY", value: undefined }]]
    if (name === "list-keys" || name === "compare-and-set") return ["KEY", undefined, undefined]
    return ["get", "exists", "usage", "delete"].includes(name) ? ["KEY"] : [8n]
  }
  return (id: string, name: string): Effect.Effect<"Real" | "Inert" | "Denied"> =>
    Effect.gen(function*() {
      inert.length = 0
      const answer = yield* Effect.result(run(id, name, argumentsOf(id, name)))
      const denied = { tag: "err", val: { tag: "access-denied" } }
      if (Result.isFailure(answer)) {
        return answer.failure.category === "Denied" || inert.length > 0 ? "Inert" : "Real"
      }
      if (inert.length > 0) return "Inert"
      return JSON.stringify(answer.success, big) === JSON.stringify(denied) ? "Denied" : "Real"
    })
})

const big = (_: string, inner: unknown) => typeof inner === "bigint" ? String(inner) : inner
