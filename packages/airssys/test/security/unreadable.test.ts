import { assert, describe, it } from "@effect/vitest"
import * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as PolicyFile from "airssys/component/PolicyFile"
import * as Acl from "airssys/security/Acl"
import * as AddressRange from "airssys/security/AddressRange"
import { AdmissionError } from "airssys/security/AdmissionError"
import * as ApprovalStatement from "airssys/security/ApprovalStatement"
import * as Ask from "airssys/security/Ask"
import * as CapabilityEnforcer from "airssys/security/CapabilityEnforcer"
import * as ClockAccess from "airssys/security/ClockAccess"
import * as Explanation from "airssys/security/Explanation"
import * as GitUrl from "airssys/security/GitUrl"
import * as Grant from "airssys/security/Grant"
import * as Pattern from "airssys/security/Pattern"
import * as Principal from "airssys/security/Principal"
import * as PublicKey from "airssys/security/PublicKey"
import * as Rbac from "airssys/security/Rbac"
import * as ReleaseStatement from "airssys/security/ReleaseStatement"
import * as SigningKey from "airssys/security/SigningKey"
import * as Statement from "airssys/security/Statement"
import * as TrustSource from "airssys/security/TrustSource"
import { Cause, Effect, Exit, Result } from "effect"
import { webCrypto } from "./webCrypto.ts"

const getter = (name: string, rest: object = {}): object =>
  Object.defineProperty({ ...rest }, name, {
    enumerable: true,
    get: () => {
      throw new Error(name)
    }
  })

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const trap = (): never => {
  throw new Error("trap")
}

const traps = { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap }

/** What throws when it is looked at, and what is of another type than any text, list or table. */
const values: ReadonlyArray<readonly [name: string, value: unknown]> = [
  ["a getter of kind", getter("kind")],
  ["a grant with a getter of kind", getter("kind", { patterns: [], reason: "x" })],
  ["a grant with a getter of patterns", getter("patterns", { kind: "storage.read", reason: "x" })],
  ["a getter of _tag", getter("_tag")],
  ["a principal with a getter of id", getter("id", { kind: "Component", label: "x" })],
  ["a getter of text", getter("text")],
  ["a statement with a getter of signatures", getter("signatures", { text: "x" })],
  ["a revoked proxy of a table", revoked({})],
  ["a revoked proxy of a list", revoked([])],
  ["a revoked proxy of a function", revoked(() => {})],
  ["a proxy of a table that traps", new Proxy({}, traps)],
  ["a proxy of a list that traps", new Proxy([], traps)],
  ["no primitive", { [Symbol.toPrimitive]: trap }],
  ["a thenable", { toString: trap, then: trap, length: 1 }],
  ["undefined", undefined],
  ["null", null],
  ["true", true],
  ["-0", -0],
  ["NaN", Number.NaN],
  ["2 ** 53", 2 ** 53],
  ["a bigint", 10n ** 30n],
  ["a symbol", Symbol("s")],
  ["a function", () => {}],
  ["an empty map", new Map()],
  ["a table without a prototype", Object.create(null)],
  ["a principal of no kind", { kind: "component", id: "acme:rates", label: "x" }],
  ["a principal with a long id", { kind: "Component", id: "a".repeat(1_000_000), label: "x" }]
]

type Entry = readonly [name: string, take: (value: never) => unknown]

const entries: ReadonlyArray<Entry> = [
  ["Grant.fromUnknown", Grant.fromUnknown],
  ["Grant.isGrant", Grant.isGrant],
  ["Ask.fromUnknown", Ask.fromUnknown],
  ["Acl.fromUnknown", (value) => Acl.fromUnknown("acl", [value])],
  ["Rbac.fromUnknown", (value) => Rbac.fromUnknown("roles", value)],
  ["Principal.isPrincipal", Principal.isPrincipal],
  ["Pattern.isPattern", Pattern.isPattern],
  ["Pattern.parse", (value) => Pattern.parse("storage.read", value)],
  ["Pattern.parse of a kind", (value) => Pattern.parse(value, "a")],
  ["Pattern.parseResource", (value) => Pattern.parseResource("storage.read", value)],
  ["SigningKey.isSigningKey", SigningKey.isSigningKey],
  ["PublicKey.isPublicKey", PublicKey.isPublicKey],
  ["PublicKey.fromText", PublicKey.fromText],
  ["GitUrl.normalize", GitUrl.normalize],
  ["AddressRange.isPublic", AddressRange.isPublic],
  ["TrustSource.digest", TrustSource.digest],
  ["TrustSource.path", TrustSource.path],
  ["TrustSource.git", (value) => TrustSource.git(value, { commit: "0".repeat(40) })],
  ["TrustSource.publisher", (value) => TrustSource.publisher(value, ["acme"])],
  ["Statement.parse", (value) => Statement.parse(ReleaseStatement.statement, value)],
  ["Statement.decode", (value) => Statement.decode(ApprovalStatement.decision, value)],
  ["PolicyFile.parse", (value) => PolicyFile.parse(value, { file: "policy.toml" })],
  ["HostConfig.parse", (value) => HostConfig.parse(value, { file: "airssys.toml" })],
  ["Manifest.parse", (value) => Manifest.parse(value, { file: "Component.toml" })]
]

const isRefused = (answer: unknown): boolean =>
  answer === undefined || answer === false || (Result.isResult(answer) && Result.isFailure(answer))

describe("values that cannot be read, or are of another type", () => {
  it.each(entries)("are refused by %s, which does not throw", (_, take) => {
    for (const [name, value] of values) assert.isTrue(isRefused(take(value as never)), name)
  })

  it.effect("are refused as sources of trust and as statements by errors with a name", () =>
    Effect.gen(function*() {
      for (const [name, value] of values) {
        const source = yield* Effect.exit(Effect.asVoid(TrustSource.decode(value)))
        const signed = yield* Effect.exit(Effect.asVoid(Statement.open(ReleaseStatement.statement, value as never)))
        for (const exit of [source, signed] as ReadonlyArray<Exit.Exit<void, unknown>>) {
          assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause), name)
        }
      }
    }).pipe(Effect.provide(webCrypto)))
})

const rates = Principal.make({ kind: "Component", id: "acme:rates" })
const clock = Grant.make("clock", { reason: "x" })

const admitted = Effect.gen(function*() {
  const enforcer = yield* CapabilityEnforcer.CapabilityEnforcer
  const ask = Ask.make({ kind: "clock", reason: "x", place: { file: "c", line: 1 } })
  yield* enforcer.admit(rates, { asks: [ask], grants: [clock] })
  return enforcer
})

describe("what is no principal", () => {
  it.effect("may nothing, and nobody who acts for it may", () =>
    Effect.gen(function*() {
      const enforcer = yield* admitted
      for (const [name, value] of values) {
        const principal = value as Principal.Principal
        const denial = enforcer.check(principal, "clock")
        assert.isTrue(denial._tag === "Denied" && Explanation.render(denial.explanation).includes("DENIED"), name)
        assert.strictEqual(enforcer.decideUnsafe(principal, "clock").decision._tag, "Denied", name)
        assert.strictEqual((yield* enforcer.decide(principal, "clock")).decision._tag, "Denied", name)
        assert.strictEqual(enforcer.why(principal, "clock").decision._tag, "Denied", name)
        assert.strictEqual(enforcer.check(rates, "clock", "", [principal])._tag, "Denied", name)
        if (value !== undefined) {
          assert.strictEqual(enforcer.check(rates, "clock", "", value as never)._tag, "Denied", name)
        }
      }
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Allowed")
    }).pipe(Effect.provide(CapabilityEnforcer.layerTest)))

  it.effect("gets no effect that needs a capability to run, and a typed error", () =>
    Effect.gen(function*() {
      const enforcer = yield* admitted
      for (const [name, value] of values) {
        const error = yield* Effect.flip(
          enforcer.require(ClockAccess.ClockAccess.on())(Effect.die("it ran")).pipe(
            Effect.provideService(Principal.CurrentPrincipal, value as Principal.Principal)
          )
        )
        assert.strictEqual(error._tag === "CapabilityError" && error.reason._tag, "Denied", name)
      }
    }).pipe(Effect.provide(CapabilityEnforcer.layerTest)))

  it.effect("is not admitted, and holds nothing that could be changed", () =>
    Effect.gen(function*() {
      const enforcer = yield* admitted
      for (const [name, value] of values) {
        const principal = value as Principal.Principal
        const error = yield* Effect.flip(enforcer.admit(principal, { asks: [], grants: [clock] }))
        assert.strictEqual(error._tag === "AdmissionError" && error.reason, "NoPrincipal", name)
        for (
          const change of [
            enforcer.grant(principal, clock),
            enforcer.revoke(principal, { reason: "x" }),
            enforcer.observe(principal, { duration: "1 second", reason: "x" }),
            enforcer.enforce(principal, "x")
          ]
        ) {
          const error = yield* Effect.flip(Effect.asVoid<unknown, unknown, never>(change))
          assert.instanceOf(error, AdmissionError, name)
        }
        yield* enforcer.dismiss(principal)
      }
      assert.strictEqual(enforcer.check(rates, "clock")._tag, "Allowed")
    }).pipe(Effect.provide(CapabilityEnforcer.layerTest)))
})
