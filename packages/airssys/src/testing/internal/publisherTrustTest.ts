import { assert, describe, it } from "@effect/vitest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import type { AuditLog } from "../../security/AuditLog.ts"
import * as KeyRotation from "../../security/KeyRotation.ts"
import * as ReleaseStatement from "../../security/ReleaseStatement.ts"
import * as SigningKey from "../../security/SigningKey.ts"
import * as Statement from "../../security/Statement.ts"
import type { TrustRegistry } from "../../security/TrustRegistry.ts"
import * as TrustSource from "../../security/TrustSource.ts"
import type { Candidate } from "../../security/TrustVerdict.ts"

type Services = TrustRegistry | AuditLog | Signature.Signature

/** Runs a test with a registry of its own. */
export type Run<E0> = <A, E>(
  test: (registry: TrustRegistry["Service"]) => Effect.Effect<A, E, Services>,
  options?: { readonly devMode?: boolean | undefined; readonly env?: Record<string, string> | undefined }
) => Effect.Effect<A, E | E0>

export const layerSignature: Layer.Layer<Signature.Signature> = Signature.layerWebCrypto.pipe(
  Layer.provide(SecureRandom.layerWebCrypto)
)

export const keyOf = (byte: number) => Effect.orDie(SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(byte))))

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`

/** The time at which tests start, in milliseconds since the epoch. */
export const start = 1_800_000_000_000
export const day = 86_400_000

type Keys = readonly [SigningKey.SigningKey, ...Array<SigningKey.SigningKey>]

/** A release that the keys signed, and what a host finds of it. */
export const releaseOf = Effect.fnUntraced(function*(
  keys: Keys,
  options: Partial<ReleaseStatement.ReleaseStatement> = {}
) {
  const value: ReleaseStatement.ReleaseStatement = {
    algorithm: "ed25519",
    artifact: digestOf("a"),
    capabilities: digestOf("c"),
    issued: start,
    key: keys[0].publicKey,
    manifest: digestOf("d"),
    name: "rates",
    namespace: "acme",
    notAfter: start + 1000 * day,
    version: "1.0.0",
    ...options
  }
  const { artifact, capabilities, manifest, name, namespace, version } = value
  const statement = yield* Effect.orDie(Statement.sign(ReleaseStatement.statement, value, keys))
  return { digest: artifact, signed: { statement, manifest, capabilities, namespace, name, version } }
})

export const rotationOf = (
  from: SigningKey.SigningKey,
  to: SigningKey.SigningKey,
  at: { issued: number; notAfter: number }
) =>
  Effect.orDie(
    Statement.sign(KeyRotation.statement, { from: from.publicKey, to: to.publicKey, ...at }, [from, to])
  )

const publisher = (key: SigningKey.SigningKey, ...namespaces: ReadonlyArray<string>) =>
  Result.getOrThrow(TrustSource.publisher(key.publicKey, namespaces))

const always = { issued: start, notAfter: start + 1000 * day }

const levelOf = (registry: TrustRegistry["Service"], release: Candidate) =>
  Effect.map(registry.evaluate(release), (_) => _.level)

const because = (registry: TrustRegistry["Service"], release: Candidate) =>
  Effect.map(registry.evaluate(release), (_) => _.because)

/** Trusts key 1 for `acme` at the start. */
const withPublisher = <A, E, E0>(
  run: Run<E0>,
  test: (
    registry: TrustRegistry["Service"],
    keys: {
      readonly one: SigningKey.SigningKey
      readonly two: SigningKey.SigningKey
      readonly three: SigningKey.SigningKey
    }
  ) => Effect.Effect<A, E, Services>,
  options?: Parameters<Run<E0>>[1]
) =>
  Effect.andThen(
    TestClock.setTime(start),
    run((registry) =>
      Effect.gen(function*() {
        const keys = { one: yield* keyOf(1), two: yield* keyOf(2), three: yield* keyOf(3) }
        yield* registry.trust(publisher(keys.one, "acme"), { reason: "the Acme company" })
        return yield* test(registry, keys)
      }), options)
  )

const signatures = <E0>(run: Run<E0>): void => {
  it.effect("trusts what a publisher signed in its namespaces, and in no other", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* registry.evaluate(yield* releaseOf([one])), {
          level: "Trusted",
          because: `${one.publicKey}, which signed it, is trusted: the Acme company`,
          publisher: one.publicKey,
          signers: [one.publicKey]
        })
        for (const namespace of ["acmeevil", "acme-labs", "evil"]) {
          assert.strictEqual(yield* levelOf(registry, yield* releaseOf([one], { namespace })), "Unknown", namespace)
        }
      })))

  it.effect("names the publisher while nothing speaks against it, and the keys of who signed in any case", () =>
    withPublisher(run, (registry, { one, three, two }) =>
      Effect.gen(function*() {
        const authors = (release: Candidate) =>
          Effect.map(registry.evaluate(release), ({ publisher, signers }) => ({ publisher, signers }))
        const stranger = yield* releaseOf([three])
        assert.deepStrictEqual(yield* authors(stranger), { publisher: three.publicKey, signers: [three.publicKey] })
        const over = yield* releaseOf([three], { notAfter: start + 1, issued: start })
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(yield* authors(over), { publisher: undefined, signers: [three.publicKey] })
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        const kin = [one.publicKey, two.publicKey]
        const next = yield* releaseOf([two], { version: "2.0.0" })
        assert.sameMembers([...(yield* authors({ ...next, isStarting: true })).signers ?? []], kin)
        const older = yield* authors(yield* releaseOf([two], { version: "1.9.0", artifact: digestOf("b") }))
        assert.strictEqual(older.publisher, undefined, "a version above it was here")
        const retired = yield* authors(yield* releaseOf([one], { version: "3.0.0" }))
        assert.strictEqual(retired.publisher, undefined, "its key was replaced")
        assert.sameMembers([...retired.signers ?? []], kin)
        yield* registry.revokeKey(three.publicKey, { reason: "stolen" })
        yield* registry.trust(Result.getOrThrow(TrustSource.digest(stranger.digest)), { reason: "these bytes" })
        assert.deepStrictEqual(yield* authors(stranger), { publisher: undefined, signers: [three.publicKey] })
        const helped = yield* authors(yield* releaseOf([three, two], { artifact: digestOf("f"), version: "2.1.0" }))
        assert.strictEqual(helped.publisher, undefined, "who signs beside it does not answer for it")
        assert.deepStrictEqual(yield* authors({ digest: stranger.digest }), {
          publisher: undefined,
          signers: undefined
        })
      })))

  it.effect("trusts a publisher in all namespaces that begin with a word and a dash, or in all there are", () =>
    withPublisher(run, (registry, { three, two }) =>
      Effect.gen(function*() {
        yield* registry.trust(publisher(two, "acme-*"), { reason: "their labs" })
        yield* registry.trust(publisher(three, "*"), { reason: "our own" })
        const levels = (key: SigningKey.SigningKey) =>
          Effect.forEach(["acme-labs", "acme", "acmeevil", "evil"], (namespace) =>
            Effect.flatMap(releaseOf([key], { namespace }), (release) => levelOf(registry, release)))
        assert.deepStrictEqual(yield* levels(two), ["Trusted", "Unknown", "Unknown", "Unknown"])
        assert.deepStrictEqual(yield* levels(three), ["Trusted", "Trusted", "Trusted", "Trusted"])
        for (
          const namespaces of [[], ["acme*"], ["*-labs"], ["Acme"], ["acme-"], ["**"], ["acme:rates"], ["acm\u0435"]]
        ) {
          assert.isTrue(Result.isFailure(TrustSource.publisher(two.publicKey, namespaces)), namespaces.join())
        }
      })))

  it.effect("trusts nothing that a stranger signed, and nothing that nobody signed", () =>
    withPublisher(run, (registry, { two }) =>
      Effect.gen(function*() {
        const release = yield* releaseOf([two])
        assert.include(yield* because(registry, release), `nobody trusts ${two.publicKey}`)
        assert.strictEqual(yield* levelOf(registry, { digest: release.digest }), "Unknown")
      })))

  it.effect.each(["digest", "manifest", "capabilities", "namespace", "name", "version"])(
    "does not trust by a statement that is of another %s, not even in a trusted folder",
    (field) =>
      withPublisher(run, (registry, { one }) =>
        Effect.gen(function*() {
          const release = yield* releaseOf([one])
          const found = field === "version" ? "1.0.1" : field.startsWith("name") ? "other" : digestOf("e")
          const changed: Candidate = field === "digest"
            ? { ...release, digest: found }
            : { ...release, signed: { ...release.signed, [field]: found } }
          yield* registry.trustPath("/srv/plugins", "our own build")
          const verdict = yield* registry.evaluate({ ...changed, path: "/srv/plugins/rates" })
          assert.strictEqual(verdict.level, "Unknown")
          assert.include(verdict.because, `of another ${field === "digest" ? "artifact" : field}`)
          assert.strictEqual(
            yield* levelOf(registry, { digest: changed.digest, path: "/srv/plugins/rates" }),
            "Trusted"
          )
        }))
  )

  it.effect("does not trust by a signature that does not verify, in DevMode neither", () =>
    withPublisher(run, (registry, { one, two }) =>
      Effect.gen(function*() {
        const release = yield* releaseOf([one])
        const stolen = yield* releaseOf([two], { key: one.publicKey })
        const signature = stolen.signed.statement.signatures[0]!.signature
        const forged = {
          ...release,
          signed: {
            ...release.signed,
            statement: { text: stolen.signed.statement.text, signatures: [{ key: one.publicKey, signature }] }
          }
        }
        assert.include(yield* because(registry, forged), "does not verify")
        assert.strictEqual(yield* levelOf(registry, forged), "Unknown")
        assert.strictEqual(yield* levelOf(registry, { digest: release.digest }), "DevMode")
      }), { devMode: true, env: { NODE_ENV: "test" } }))

  it.effect("trusts a statement from five minutes before it was issued until it ends", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const at = { issued: start + day, notAfter: start + 2 * day }
        const release = yield* releaseOf([one], at)
        const levels: Array<string> = []
        for (const time of [at.issued - 300_001, at.issued - 300_000, at.notAfter - 1, at.notAfter, at.issued]) {
          yield* TestClock.setTime(time)
          levels.push(yield* levelOf(registry, release))
        }
        assert.deepStrictEqual(levels, ["Unknown", "Trusted", "Trusted", "Unknown", "Unknown"])
      })))

  it.effect("trusts a publisher until the end of its last day, and for the namespaces it was given last", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        yield* registry.trust(publisher(one, "other", "acme-*"), { reason: "moved", expires: "2027-01-20" })
        assert.strictEqual(yield* levelOf(registry, yield* releaseOf([one])), "Unknown")
        const release = yield* releaseOf([one], { namespace: "acme-labs" })
        yield* TestClock.setTime(Date.UTC(2027, 0, 20, 23, 59, 59, 999))
        assert.strictEqual(yield* levelOf(registry, release), "Trusted")
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* levelOf(registry, release), "Unknown")
      })))

  it.effect("does not trust a publisher whose trust was taken away", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const release = yield* releaseOf([one])
        yield* registry.revoke(publisher(one, "acme"), "we parted")
        assert.include(yield* because(registry, release), "not trusted any more")
      })))
}

const revocations = <E0>(run: Run<E0>): void => {
  it.effect("takes from a revoked key what came here since it was compromised, whatever the statement says", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const before = yield* releaseOf([one])
        yield* registry.evaluate(before)
        yield* TestClock.adjust(day)
        const after = yield* releaseOf([one], { version: "1.0.1", artifact: digestOf("b"), issued: start - day })
        assert.strictEqual(yield* levelOf(registry, after), "Trusted")
        yield* TestClock.adjust(day)
        yield* registry.revokeKey(one.publicKey, { compromised: start + day, reason: "stolen" })
        assert.strictEqual(yield* levelOf(registry, before), "Trusted")
        assert.include(yield* because(registry, after), "was revoked: stolen")
        const late = yield* releaseOf([one], { version: "0.9.0", artifact: digestOf("e"), issued: start - day })
        assert.strictEqual(yield* levelOf(registry, late), "Unknown")
        assert.strictEqual(yield* levelOf(registry, late), "Unknown")
      })))

  it.effect("takes everything from a key that is revoked without a time, and never gives it back", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const release = yield* releaseOf([one])
        yield* registry.evaluate(release)
        yield* registry.revokeKey(one.publicKey, { reason: "stolen" })
        assert.strictEqual(yield* levelOf(registry, release), "Unknown")
        yield* TestClock.adjust(day)
        yield* registry.revokeKey(one.publicKey, { compromised: start + day, reason: "later than we thought" })
        assert.strictEqual(yield* levelOf(registry, release), "Unknown")
        const again = yield* Effect.flip(registry.trust(publisher(one, "acme"), { reason: "again" }))
        assert.strictEqual(again._tag === "TrustRefused" && again.reason, "KeyRevoked")
      })))

  it.effect("revokes a key that it never heard of, so that trust in it is refused", () =>
    withPublisher(run, (registry, { three }) =>
      Effect.gen(function*() {
        yield* registry.revokeKey(three.publicKey, { reason: "on a list" })
        assert.include(yield* because(registry, yield* releaseOf([three])), "was revoked")
        yield* Effect.flip(registry.trust(publisher(three, "*"), { reason: "x" }))
      })))

  it.effect("takes no time of a compromise that has not come", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        for (const compromised of [start + 1, -1, 0.5, Number.NaN, Infinity]) {
          const error = yield* Effect.flip(registry.revokeKey(one.publicKey, { compromised, reason: "x" }))
          assert.strictEqual(error._tag, "TrustRefused")
        }
        assert.strictEqual(yield* levelOf(registry, yield* releaseOf([one])), "Trusted")
      })))
}

const refused = (
  registry: TrustRegistry["Service"],
  rotation: Effect.Effect<Statement.Signed, never, Signature.Signature>
) =>
  Effect.map(
    Effect.flatMap(rotation, (_) => Effect.flip(registry.rotateKey(_))),
    (error) => "reason" in error ? error.reason : error._tag
  )

const rotations = <E0>(run: Run<E0>): void => {
  it.effect("goes on with a key that the old one and itself signed for", () =>
    withPublisher(run, (registry, { one, two }) =>
      Effect.gen(function*() {
        const old = yield* releaseOf([one])
        yield* registry.evaluate(old)
        yield* TestClock.adjust(day)
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        const next = yield* releaseOf([two], { version: "1.1.0", artifact: digestOf("b") })
        assert.strictEqual(yield* levelOf(registry, next), "Trusted")
        assert.strictEqual(yield* levelOf(registry, old), "Trusted", "it was here before")
        const late = yield* releaseOf([one], { version: "1.2.0", artifact: digestOf("e") })
        assert.include(yield* because(registry, late), "replaced by another key")
        assert.strictEqual(yield* levelOf(registry, yield* releaseOf([two], { namespace: "evil" })), "Unknown")
      })))

  it.effect("trusts a release that both keys signed before and after the change", () =>
    withPublisher(run, (registry, { one, two }) =>
      Effect.gen(function*() {
        const first = yield* releaseOf([one, two])
        assert.strictEqual(yield* levelOf(registry, first), "Trusted")
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        const second = yield* releaseOf([one, two], { version: "1.1.0", artifact: digestOf("b") })
        assert.strictEqual(yield* levelOf(registry, second), "Trusted")
        yield* TestClock.adjust(day)
        yield* registry.revokeKey(one.publicKey, { compromised: start + day, reason: "stolen" })
        assert.strictEqual(yield* levelOf(registry, second), "Trusted")
        yield* registry.revokeKey(two.publicKey, { reason: "stolen as well" })
        assert.strictEqual(yield* levelOf(registry, second), "Unknown")
      })))

  it.effect("takes the keys with a stolen one that took its place since, and none that did before", () =>
    withPublisher(run, (registry, { one, three, two }) =>
      Effect.gen(function*() {
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        yield* TestClock.adjust(day)
        const honest = yield* releaseOf([two])
        assert.strictEqual(yield* levelOf(registry, honest), "Trusted")
        yield* TestClock.adjust(day)
        yield* registry.rotateKey(yield* rotationOf(two, three, always))
        const next = yield* releaseOf([three], { version: "1.1.0", artifact: digestOf("b") })
        assert.strictEqual(yield* levelOf(registry, next), "Trusted")
        yield* registry.revokeKey(one.publicKey, { compromised: start + day, reason: "found in a cellar" })
        assert.strictEqual(yield* levelOf(registry, next), "Trusted", "it was out of use by then")
        yield* registry.revokeKey(two.publicKey, { compromised: start + 2 * day, reason: "stolen" })
        assert.include(yield* because(registry, next), "follows")
        assert.strictEqual(yield* levelOf(registry, honest), "Trusted", "it was here before the thief")
        assert.strictEqual(yield* refused(registry, rotationOf(three, yield* keyOf(4), always)), "KeyRevoked")
        const again = yield* Effect.flip(registry.trust(publisher(three, "acme"), { reason: "x" }))
        assert.strictEqual(again._tag, "TrustRefused")
      })))

  it.effect("goes on with no key that only one of them signed for", () =>
    withPublisher(run, (registry, { one, three, two }) =>
      Effect.gen(function*() {
        const value = { from: one.publicKey, to: two.publicKey, ...always }
        for (const keys of [[one], [two], [two, three], [one, three]] as const) {
          const signed = Effect.orDie(Statement.sign(KeyRotation.statement, value, [...keys]))
          assert.strictEqual(yield* refused(registry, signed), "Unsigned")
        }
        assert.strictEqual(yield* levelOf(registry, yield* releaseOf([two])), "Unknown")
      })))

  it.effect("goes on from no key that is unknown, replaced or revoked, to none that is known or revoked", () =>
    withPublisher(run, (registry, { one, three, two }) =>
      Effect.gen(function*() {
        const four = yield* keyOf(4)
        assert.strictEqual(yield* refused(registry, rotationOf(two, three, always)), "KeyUnknown")
        yield* registry.revokeKey(four.publicKey, { reason: "on a list" })
        assert.strictEqual(yield* refused(registry, rotationOf(one, four, always)), "KeyKnown")
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        assert.strictEqual(yield* refused(registry, rotationOf(one, two, always)), "KeyReplaced")
        assert.strictEqual(yield* refused(registry, rotationOf(one, three, always)), "KeyReplaced")
        assert.strictEqual(yield* refused(registry, rotationOf(two, one, always)), "KeyKnown")
        yield* registry.revokeKey(two.publicKey, { reason: "stolen" })
        assert.strictEqual(yield* refused(registry, rotationOf(two, three, always)), "KeyRevoked")
      })))

  it.effect("goes on only while the statement of it holds, and while the publisher is trusted", () =>
    withPublisher(run, (registry, { one, two }) =>
      Effect.gen(function*() {
        const early = rotationOf(one, two, { issued: start + 1, notAfter: start + day })
        assert.strictEqual(yield* refused(registry, early), "OutOfTime")
        const late = rotationOf(one, two, { issued: start - day, notAfter: start })
        assert.strictEqual(yield* refused(registry, late), "OutOfTime")
        yield* registry.revoke(publisher(one, "acme"), "we parted")
        assert.strictEqual(yield* refused(registry, rotationOf(one, two, always)), "KeyUnknown")
      })))
}

const versions = <E0>(run: Run<E0>): void => {
  const versionOf = (keys: Keys, version: string, letter: string) =>
    releaseOf(keys, { version, artifact: digestOf(letter) })

  it.effect("trusts no version below one that started, however it is numbered", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        yield* registry.evaluate({ ...yield* versionOf([one], "1.10.0", "a"), isStarting: true })
        for (const lower of ["1.9.0", "1.10.0-rc.1", "0.99.99"]) {
          assert.include(yield* because(registry, yield* versionOf([one], lower, "b")), "going back", lower)
        }
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([one], "1.10.1-rc.1", "b")), "Trusted")
      })))

  it.effect("takes a version for what was here under its name, and other bytes for something else", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const release = yield* versionOf([one], "1.0.0", "a")
        yield* registry.evaluate({ ...release, isStarting: true })
        assert.strictEqual(yield* levelOf(registry, release), "Trusted")
        assert.include(yield* because(registry, yield* versionOf([one], "1.0.0", "b")), "with other bytes")
        assert.include(yield* because(registry, yield* versionOf([one], "1.0.0+2", "b")), "with other bytes")
      })))

  it.effect("does not take what was only looked at for what was here", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        yield* registry.evaluate(yield* versionOf([one], "2.0.0", "b"))
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([one], "1.0.0", "a")), "Trusted")
      })))

  it.effect("counts versions for each publisher and component, over a change of keys", () =>
    withPublisher(run, (registry, { one, three, two }) =>
      Effect.gen(function*() {
        yield* registry.trust(publisher(three, "acme"), { reason: "a second one" })
        yield* registry.evaluate({ ...yield* versionOf([one], "2.0.0", "a"), isStarting: true })
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([three], "1.0.0", "b")), "Trusted")
        assert.strictEqual(yield* levelOf(registry, yield* releaseOf([one], { name: "totals" })), "Trusted")
        yield* registry.rotateKey(yield* rotationOf(one, two, always))
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([two], "1.0.0", "b")), "Unknown")
      })))

  it.effect("goes back as far as an operator allowed, and says so in the log", () =>
    withPublisher(run, (registry, { one }) =>
      Effect.gen(function*() {
        const at = (version: string) => ({
          publisher: one.publicKey,
          component: "acme:rates",
          version,
          reason: "2.0.0 loses data"
        })
        yield* registry.evaluate({ ...yield* versionOf([one], "2.0.0", "a"), isStarting: true })
        for (const version of ["2.0.0", "3.0.0", "x"]) {
          assert.strictEqual((yield* Effect.flip(registry.allowDowngrade(at(version))))._tag, "TrustRefused", version)
        }
        yield* registry.allowDowngrade(at("1.5.0"))
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([one], "1.5.0", "b")), "Trusted")
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([one], "1.4.0", "b")), "Unknown")
        yield* registry.evaluate({ ...yield* versionOf([one], "1.5.0", "b"), isStarting: true })
        assert.strictEqual(yield* levelOf(registry, yield* versionOf([one], "1.5.0", "e")), "Unknown")
      })))
}

/** Publishers, as every implementation of `TrustRegistry` has to treat them. */
export const publisherTrust = <E0>(run: Run<E0>): void => {
  describe("publishers", () => {
    signatures(run)
    revocations(run)
    rotations(run)
    versions(run)
  })
}
