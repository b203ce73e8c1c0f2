import { assert, describe, it } from "@effect/vitest"
import * as AuditLog from "airssys/security/AuditLog"
import type * as SigningKey from "airssys/security/SigningKey"
import { TrustRegistry } from "airssys/security/TrustRegistry"
import * as Registry from "airssys/security/TrustRegistry"
import * as TrustSource from "airssys/security/TrustSource"
import * as TrustStore from "airssys/security/TrustStore"
import { Effect, Exit, Layer, Result, Schema } from "effect"
import { Digest } from "effect/crypto"
import { TestClock } from "effect/testing"
import { keyOf, layerSignature, releaseOf, rotationOf, start } from "../../src/testing/internal/publisherTrustTest.ts"

const index = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Each as often as it is to happen among the others. */
const acts = [
  ...["evaluate", "evaluate", "evaluate", "evaluate", "start", "start", "start"] as const,
  ...["trust", "trust", "rotate", "rotate", "revoke", "untrust", "give", "take", "wait", "reopen"] as const
] as const

const Drawn = Schema.Struct({
  act: index(acts.length - 1),
  key: index(2),
  other: index(2),
  space: index(2),
  version: index(1),
  ago: index(2)
})
type Step = Omit<typeof Drawn.Type, "act"> & { readonly act: typeof acts[number] }

const spaces = [["acme"], ["labs"], ["acme", "labs"]] as const
const releasesOf = (step: Step) => ({
  key: step.key,
  namespace: spaces[step.space % 2]![0]!,
  version: step.version + 1
})

interface Past extends Step {
  readonly at: number
  /** Who owned its key at that time. */
  readonly of: number
  /** Of an evaluation: the owner of the key, where its signature counted. */
  readonly owner?: number | undefined
}

const sameRelease = (a: Step, b: Step) => a.key === b.key && a.space % 2 === b.space % 2 && a.version === b.version

/** What is trusted, from the list of all that happened: each answer looks through the whole of it. */
class Model {
  readonly past: Array<Past> = []

  owner(key: number): number {
    const from = this.past.find((_) => _.act === "rotate" && _.other === key)
    return from === undefined ? key : this.owner(from.key)
  }
  isKnown(key: number): boolean {
    return this.past.some((_) => _.act === "trust" && _.key === key || _.act === "rotate" && _.other === key)
  }
  retired(key: number): number {
    return this.past.find((_) => _.act === "rotate" && _.key === key)?.at ?? Infinity
  }
  revoked(key: number): number {
    return Math.min(Infinity, ...this.past.filter((_) => _.act === "revoke" && _.key === key).map((_) => _.at - _.ago))
  }
  /** A key that a compromised one named was never the publisher's. */
  compromised(key: number): number {
    const named = this.past.find((_) => _.act === "rotate" && _.other === key)
    const isStolen = named !== undefined && this.compromised(named.key) <= named.at
    return Math.min(this.revoked(key), isStolen ? named.at : Infinity)
  }
  namespaces(key: number): ReadonlyArray<string> {
    const about = this.past.filter((_) => _.act === "trust" || _.act === "untrust")
    const last = about.findLast((_) => _.of === this.owner(key))
    return last?.act === "trust" ? spaces[last.space]! : []
  }
  isLive(key: number): boolean {
    return this.compromised(key) === Infinity && this.retired(key) === Infinity
  }
  allows(step: Step): boolean {
    if (step.act === "trust") return this.isLive(step.key)
    if (step.act !== "rotate") return true
    return this.isLive(step.key) && this.isKnown(step.key) && this.namespaces(step.key).length > 0 &&
      !this.isKnown(step.other) && this.compromised(step.other) === Infinity
  }
  /** Whether the signature of a release speaks for it or against it, or neither. */
  signature(step: Step): "For" | "Against" | "Nothing" {
    const seen = this.past.find((_) => _.owner !== undefined && sameRelease(_, step))?.at ?? Infinity
    if (this.compromised(step.key) <= seen && this.compromised(step.key) < Infinity) return "Against"
    if (!this.isKnown(step.key)) return "Nothing"
    if (this.retired(step.key) <= seen && this.retired(step.key) < Infinity) return "Against"
    if (!this.namespaces(step.key).includes(releasesOf(step).namespace)) return "Nothing"
    const started = this.past.filter((_) =>
      _.act === "start" && _.owner === this.owner(step.key) && _.space % 2 === step.space % 2
    )
    const highest = started.reduce<Past | undefined>(
      (a, b) => a === undefined || b.version > a.version ? b : a,
      undefined
    )
    if (highest === undefined || highest.version < step.version) return "For"
    return highest.version === step.version && highest.key === step.key ? "For" : "Against"
  }
  level(step: Step): string {
    const last = this.past.findLast((_) => (_.act === "give" || _.act === "take") && sameRelease(_, step))
    if (last !== undefined) return last.act === "give" ? "Trusted" : "Unknown"
    return this.signature(step) === "For" ? "Trusted" : "Unknown"
  }
  isRevokedDigest(step: Step): boolean {
    return this.past.findLast((_) => (_.act === "give" || _.act === "take") && sameRelease(_, step))?.act === "take"
  }
}

const digestOf = (step: Step) => `sha256:${`${step.key}${step.space % 2}${step.version}`.padStart(64, "0")}`

type Keys = ReadonlyArray<SigningKey.SigningKey>

const candidate = (step: Step, keys: Keys) => {
  const { key, namespace, version } = releasesOf(step)
  return releaseOf([keys[key]!], { namespace, version: `${version}.0.0`, artifact: digestOf(step) })
}

/** Does a step in a registry; the level of an evaluation, and for a change whether it was allowed. */
const perform = Effect.fnUntraced(function*(registry: TrustRegistry["Service"], step: Step, keys: Keys, now: number) {
  const key = keys[step.key]!
  const isDone = <A, E>(effect: Effect.Effect<A, E>) => Effect.map(Effect.exit(effect), Exit.isSuccess)
  const publisher = Result.getOrThrow(TrustSource.publisher(key.publicKey, spaces[step.space]!))
  switch (step.act) {
    case "trust":
      return yield* isDone(registry.trust(publisher, { reason: "x" }))
    case "untrust":
      return yield* isDone(registry.revoke(publisher, "x"))
    case "rotate": {
      const always = { issued: start, notAfter: start + 1_000_000 }
      return yield* isDone(registry.rotateKey(yield* rotationOf(key, keys[step.other]!, always)))
    }
    case "revoke":
      return yield* isDone(registry.revokeKey(key.publicKey, { compromised: now - step.ago, reason: "x" }))
    case "give":
      return yield* isDone(registry.trustDigest(digestOf(step), "x"))
    case "take":
      return yield* isDone(registry.revokeDigest(digestOf(step), "x"))
    default: {
      const release = yield* candidate(step, keys)
      return (yield* registry.evaluate({ ...release, isStarting: step.act === "start" })).level
    }
  }
})

const history = (steps: ReadonlyArray<Step>) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(start)
    const keys = yield* Effect.forEach([1, 2, 3], keyOf)
    const model = new Model()
    const services = Layer.mergeAll(
      Layer.succeed(AuditLog.AuditLog, yield* AuditLog.AuditLog),
      Layer.succeed(TrustStore.TrustStore, TrustStore.makeMemory()),
      layerSignature,
      Digest.layerWebCrypto
    )
    let rest = steps.filter((step) => step.act !== "rotate" || step.key !== step.other)
    let now = start
    while (rest.length > 0) {
      const until = rest.findIndex((step) => step.act === "reopen")
      const life = until < 0 ? rest : rest.slice(0, until)
      rest = until < 0 ? [] : rest.slice(until + 1)
      yield* Effect.gen(function*() {
        const registry = yield* TrustRegistry
        for (const step of life) {
          yield* TestClock.adjust(1)
          now++
          if (step.act === "wait") continue
          const outcome = yield* perform(registry, step, keys, now)
          const isJudged = step.act === "evaluate" || step.act === "start"
          const isAllowed = model.allows(step)
          assert.strictEqual(outcome, isJudged ? model.level(step) : isAllowed, JSON.stringify([...model.past, step]))
          const counts = isJudged && !model.isRevokedDigest(step) && model.signature(step) === "For"
          const owner = counts ? model.owner(step.key) : undefined
          if (isJudged ? counts : isAllowed) model.past.push({ ...step, at: now, of: model.owner(step.key), owner })
        }
      }).pipe(Effect.provide(Registry.layer().pipe(Layer.provideMerge(services)), { local: true }))
    }
  }).pipe(Effect.provide([AuditLog.layerMemory().pipe(Layer.provide(Digest.layerWebCrypto)), layerSignature]))

const first: Step = { act: "trust", key: 0, other: 0, space: 2, version: 0, ago: 0 }

describe("a registry of trust", () => {
  it.effect.prop(
    "judges as the list of all that happened says, over restarts",
    [Schema.Array(Drawn).check(Schema.isMinLength(12), Schema.isMaxLength(40))],
    ([steps]) => history([first, ...steps.map((step) => ({ ...step, act: acts[step.act]! }))]),
    { arbitrary: { runs: 250 }, timeout: 120_000 }
  )
})
