import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, Layer, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { beforeAll } from "vitest"
import { ComponentHost } from "../../src/component/ComponentHost.ts"
import * as Manifest from "../../src/component/Manifest.ts"
import { Runtime } from "../../src/Runtime.ts"
import type { Approval } from "../../src/security/Approval.ts"
import * as Approvals from "../../src/security/Approvals.ts"
import * as ApprovalStatement from "../../src/security/ApprovalStatement.ts"
import * as ApprovalStore from "../../src/security/ApprovalStore.ts"
import * as CapabilitySet from "../../src/security/CapabilitySet.ts"
import * as ReleaseStatement from "../../src/security/ReleaseStatement.ts"
import * as SigningKey from "../../src/security/SigningKey.ts"
import * as Statement from "../../src/security/Statement.ts"
import * as TrustRegistry from "../../src/security/TrustRegistry.ts"
import { actorGuest, manifest } from "./support/actorGuest.ts"
import { approvals, asks, bounced, call, crypto, events, type File, layer, start, until } from "./support/actorHost.ts"

const day = 24 * 60 * 60 * 1000

const keyOf = (seed: number) => SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(seed)))

const keys = Effect.provide(Effect.all({ host: keyOf(1), ada: keyOf(2), publisher: keyOf(3) }), crypto)

const recorded = asks.replace("[[capability]]", "[[capability]]\naudit = \"before-use\"")

const wider = `${asks}\n[[capability]]\nreason = "See."\nclock = true`

/** A release that its publisher signed. */
const signed = (
  version: string,
  more: string,
  artifact: Uint8Array,
  edit: (manifest: string) => string = (_) => _
) =>
  Effect.gen(function*() {
    const { publisher } = yield* keys
    const text = edit(manifest(more).replace("version = \"1.0.0\"", `version = "${version}"`))
    const parsed = yield* Effect.fromResult(Manifest.parse(text, { file: "Component.toml" }))
    const statement = yield* Statement.sign(ReleaseStatement.statement, {
      algorithm: "ed25519",
      artifact: `sha256:${createHash("sha256").update(artifact).digest("hex")}`,
      capabilities: yield* CapabilitySet.digest(parsed.asks),
      issued: 0,
      key: publisher.publicKey,
      manifest: yield* Statement.digest(text),
      name: "probe",
      namespace: "acme",
      notAfter: 100 * day,
      version
    }, [publisher])
    return { manifest: text, artifact, signature: Statement.print(statement) }
  }).pipe(Effect.provide(crypto), Effect.runPromise)

const files: Record<string, File & { signature?: string }> = {}

beforeAll(async () => {
  const artifact = await actorGuest()
  const other = await actorGuest({ init: "(call $next)" })
  files["/probe"] = { manifest: manifest(asks), artifact }
  files["/other"] = { manifest: manifest(asks), artifact: other }
  files["/wider"] = { manifest: manifest(wider), artifact }
  files["/recorded"] = { manifest: manifest(recorded), artifact }
  files["/signed-recorded"] = await signed("1.0.0", recorded, artifact)
  files["/nothing"] = { manifest: manifest(), artifact }
  files["/nothing-long"] = { manifest: manifest("", "fuel = 900_000_000_000\ntimeout = \"1 min\""), artifact }
  files["/nothing-large"] = { manifest: manifest().replace("1 MiB", "1 GiB"), artifact }
  files["/signed-wide"] = await signed("1.0.0", wider, artifact)
  files["/signed-less"] = await signed("1.1.0", asks, other)
  files["/preset"] = { manifest: manifest(`${asks}\n[config.script]\ntype = "string"\ndefault = "x"`), artifact }
  files["/open"] = { manifest: manifest(`${asks}\n[messages]\nfrom = ["*:*"]`), artifact }
  files["/signed-old"] = await signed("0.9.0", asks, other)
  files["/signed"] = await signed("1.0.0", asks, artifact)
  files["/larger"] = await signed(
    "1.0.0",
    asks,
    artifact,
    (_) => _.replace("1 MiB", "64 MiB").replace("1 s", "2 s")
  )
  const smaller = (text: string) => text.replace("1_000_000", "900_000")
  files["/smaller"] = await signed("1.0.0", asks, artifact, smaller)
  files["/unsigned-smaller"] = { manifest: smaller(manifest(asks)), artifact }
  files["/signed-more"] = await signed("1.2.0", `${wider}\n[[capability]]\nreason = "R."\nrandom = true`, other)
})

type Services = Layer.Success<ReturnType<typeof layer<Approvals.Approvals, never>>>

const hosting = <A, E>(test: Effect.Effect<A, E, Services>, options: TrustRegistry.Options = {}) =>
  Effect.gen(function*() {
    const { ada, host } = yield* keys
    const services = approvals({ hostKey: host, operators: [ada.publicKey] })
    return yield* Effect.provide(test, layer(files, services, options))
  })

const waiting = Effect.gen(function*() {
  const { list } = yield* Approvals.Approvals
  return (yield* list({ states: ["Pending"] })).approvals
})

const about = (approval: Approval) => ({
  host: approval.asked.host,
  request: approval.id,
  revision: approval.revision,
  issued: 0
})

const decide = (approval: Approval, verdict: "approve" | "deny", notAfter = 10 * day) =>
  Effect.gen(function*() {
    const { ada } = yield* keys
    const { claim, decide } = yield* Approvals.Approvals
    const claimed = yield* claim(
      yield* Statement.sign(ApprovalStatement.claim, { ...about(approval), notAfter: day }, [ada])
    )
    const { artifact, capabilities, nonce } = approval.asked
    return yield* decide(
      yield* Statement.sign(ApprovalStatement.decision, {
        ...about(claimed),
        nonce,
        artifact,
        capabilities,
        verdict,
        reason: "Read it.",
        notAfter,
        ...(approval.publisher === undefined ? undefined : { publisher: approval.publisher })
      }, [ada])
    )
  })

const revoke = (approval: Approval) =>
  Effect.gen(function*() {
    const { ada } = yield* keys
    const { revoke } = yield* Approvals.Approvals
    const statement = { ...about(approval), reason: "Leaked." }
    return yield* revoke(yield* Statement.sign(ApprovalStatement.revocation, statement, [ada]))
  })

/** Starts what nobody has approved, and gives the refusal. */
const refused = (source: string) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(start(source))
    return error._tag === "ApprovalRequired" ? error : assert.fail(error._tag)
  })

/** Approves what waits, and starts it. */
const approved = (source: string, notAfter?: number) =>
  Effect.gen(function*() {
    yield* refused(source)
    const [request] = yield* waiting
    const approval = yield* decide(request!, "approve", notAfter)
    yield* start(source)
    return approval
  })

const state = Effect.flatMap(
  ComponentHost,
  ({ statusOf }) => Effect.map(statusOf("acme:probe"), (found) => found?.state)
)

const passes = (clock: Duration.Input) => until("Stopped", TestClock.adjust(clock))

describe("approval", () => {
  it.effect("is asked for at the start of what nobody trusts, and who decides is said", () =>
    hosting(Effect.gen(function*() {
      const error = yield* refused("/probe")
      assert.strictEqual(error.state, "Pending")
      assert.deepStrictEqual(error.asks, ["environment KEY"])
      assert.include(error.message, "It asks for environment KEY. Operators of this host decide it")
      assert.lengthOf(yield* waiting, 1)
      assert.isFalse((yield* events).some(({ _tag }) => _tag === "Granted" || _tag === "Started"))
      assert.strictEqual(yield* state, "Failed")
    })))

  it.effect("is asked for once, however often a start is tried", () =>
    hosting(Effect.gen(function*() {
      const first = yield* refused("/probe")
      const second = yield* refused("/probe")
      assert.strictEqual(second.request, first.request)
      assert.lengthOf(yield* waiting, 1)
    })))

  it.effect("lets a release start, and its restarts", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/probe")
      assert.deepStrictEqual(yield* call("key"), { tag: "ok", val: "1" })
      yield* bounced(Effect.flip(call("dig")))
      assert.deepStrictEqual(yield* call("key"), { tag: "ok", val: "1" })
    })))

  it.effect("is of one artifact and one set of capabilities, and of no other", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/probe")
      yield* (yield* Runtime).stop("acme:probe")
      assert.strictEqual((yield* refused("/other")).state, "Pending")
      const error = yield* refused("/wider")
      assert.strictEqual(error.state, "Pending")
      assert.deepStrictEqual(error.asks, ["clock"])
    })))

  it.effect("is of one manifest, of which also other things than what it asks for reach the guest", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/probe")
      yield* (yield* Runtime).stop("acme:probe")
      for (const other of ["/preset", "/open", "/unsigned-smaller"]) {
        const error = yield* refused(other)
        assert.deepStrictEqual([error.state, error.asks], ["Pending", []], other)
      }
      yield* start("/probe")
    })))

  it.effect("is not needed by what asks for nothing, nor by what is trusted", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      yield* start("/nothing")
      yield* runtime.stop("acme:probe")
      const { digest } = yield* runtime.install("/probe")
      yield* (yield* TrustRegistry.TrustRegistry).trustDigest(digest, "ours")
      yield* start("/probe")
      assert.lengthOf(yield* waiting, 0)
    })))

  it.effect("is needed by what asks for nothing and may use up much, unless the host gives it less", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      const long = yield* refused("/nothing-long")
      assert.deepStrictEqual(long.asks, [])
      assert.deepStrictEqual(long.limits, [
        "900000000000 of fuel, above 10000000000",
        "60000 ms of time, above 10000 ms"
      ])
      assert.deepStrictEqual((yield* refused("/nothing-large")).limits, ["1024 MiB of memory, above 256 MiB"])
      for (const limits of [{ timeout: "10 seconds" }, { fuel: 10_000_000_000 }] as const) {
        yield* start("/nothing-long", { limits })
        yield* runtime.stop("acme:probe")
      }
      const request = (yield* waiting).find(({ asked }) => asked.limits.fuel === 900_000_000_000)
      const approval = yield* decide(request!, "approve")
      yield* start("/nothing-long")
      yield* until("Stopped", revoke(approval))
      assert.strictEqual((yield* refused("/nothing-long")).state, "Revoked")
    })))

  it.effect("is passed over in DevMode, and the audit log says so", () =>
    hosting(
      Effect.gen(function*() {
        yield* start("/probe")
        const passed = (yield* events).flatMap((event) => event._tag === "ApprovalChanged" ? [event.to] : [])
        assert.deepStrictEqual(passed, ["Pending", "DevBypassed"])
      }),
      { devMode: true }
    ))

  it.effect("that was denied is not asked for again", () =>
    hosting(Effect.gen(function*() {
      yield* refused("/probe")
      const [request] = yield* waiting
      yield* decide(request!, "deny")
      const error = yield* refused("/probe")
      assert.strictEqual(error.state, "Denied")
      assert.include(error.message, "an operator's decision is Denied")
      assert.lengthOf(yield* waiting, 0)
    })))

  it.effect("that is revoked ends the component at once, and nothing restarts it", () =>
    hosting(Effect.gen(function*() {
      const approval = yield* approved("/probe")
      yield* until("Stopped", revoke(approval))
      assert.strictEqual(yield* state, "Quarantined")
      const error = yield* Effect.flip((yield* Runtime).call("acme:probe", "probe.count", []))
      assert.strictEqual(error.reason._tag, "Stopped")
      const killed = (yield* events).flatMap((event) => event._tag === "Killed" ? [event.detail] : [])
      assert.lengthOf(killed, 1)
      assert.include(killed[0], "decision is Revoked")
      assert.strictEqual((yield* refused("/probe")).state, "Revoked")
    })))

  it.effect("that another process revokes ends the component within a minute", () =>
    Effect.gen(function*() {
      const { ada, host } = yield* keys
      const options = { hostKey: host, operators: [ada.publicKey] }
      const services = Approvals.layer(options).pipe(Layer.provideMerge(ApprovalStore.layerMemory))
      const test = Effect.gen(function*() {
        const approval = yield* approved("/probe")
        yield* Effect.provide(revoke(approval), Approvals.layer(options))
        assert.strictEqual(yield* call("count"), 0)
        yield* passes("1 minute")
        assert.strictEqual(yield* state, "Quarantined")
      })
      yield* Effect.provide(test, layer(files, services))
    }))

  it.effect("that is over ends the component", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/probe", 2 * day)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* call("count"), 0)
      yield* passes("1 day")
      assert.strictEqual(yield* state, "Quarantined")
    })))

  it.effect("that hangs on trust is over within a minute of it", () =>
    hosting(Effect.gen(function*() {
      const { digest } = yield* (yield* Runtime).install("/probe")
      const { revokeDigest, trustDigest } = yield* TrustRegistry.TrustRegistry
      yield* trustDigest(digest, "ours")
      yield* start("/probe")
      const decided = Effect.map(events, (all) => all.filter(({ _tag }) => _tag === "TrustDecided").length)
      const before = yield* decided
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual(yield* decided, before)
      yield* revokeDigest(digest, "leaked")
      assert.strictEqual(yield* call("count"), 0)
      yield* passes("1 minute")
      assert.strictEqual(yield* state, "Quarantined")
    })))

  it.effect("of another component changes nothing", () =>
    hosting(Effect.gen(function*() {
      const approval = yield* approved("/other")
      yield* (yield* Runtime).stop("acme:probe")
      yield* approved("/probe")
      yield* revoke(approval)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* call("count"), 0)
    })))

  it.effect("passes on to a release of the same publisher that asks for no more, and to none that does", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/signed-wide")
      yield* (yield* Runtime).stop("acme:probe")
      yield* start("/signed-less")
      assert.lengthOf(yield* waiting, 0)
      yield* (yield* Runtime).stop("acme:probe")
      assert.deepStrictEqual((yield* refused("/signed-more")).asks, ["clock", "random"])
    })))

  it.effect("passes on to none of a publisher whose key is revoked, and ends what it was passed on to", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      const { publisher } = yield* keys
      yield* approved("/signed-wide")
      yield* runtime.stop("acme:probe")
      yield* start("/signed-less")
      const { revokeKey } = yield* TrustRegistry.TrustRegistry
      yield* revokeKey(publisher.publicKey, { reason: "stolen" })
      assert.strictEqual(yield* call("count"), 1)
      yield* passes("1 minute")
      assert.strictEqual(yield* state, "Quarantined")
      assert.deepStrictEqual((yield* refused("/signed-less")).asks, ["environment KEY"])
    })))

  it.effect("passes on to no version below the one that was approved", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/signed-wide")
      yield* (yield* Runtime).stop("acme:probe")
      assert.strictEqual((yield* refused("/signed-old")).state, "Pending")
    })))

  it.effect("is of the limits of the manifest: wider ones are asked for, smaller ones pass", () =>
    hosting(Effect.gen(function*() {
      const runtime = yield* Runtime
      yield* approved("/signed")
      yield* runtime.stop("acme:probe")
      const error = yield* refused("/larger")
      assert.deepStrictEqual(error.asks, [])
      assert.deepStrictEqual(error.limits, ["64 MiB of memory, above 1 MiB", "2000 ms of time, above 1000 ms"])
      assert.include(error.message, "Its limits are wider: 64 MiB of memory, above 1 MiB; 2000 ms of time")
      yield* start("/smaller")
      assert.lengthOf(yield* waiting, 1)
      yield* runtime.stop("acme:probe")
      const [request] = yield* waiting
      yield* decide(request!, "approve")
      yield* start("/larger")
      assert.strictEqual(yield* call("count"), 0)
    })))

  it.effect("passes on to none that wants its uses recorded no more before they happen", () =>
    hosting(Effect.gen(function*() {
      yield* approved("/recorded")
      yield* (yield* Runtime).stop("acme:probe")
      assert.deepStrictEqual((yield* refused("/probe")).asks, ["environment KEY"])
    })).pipe(Effect.andThen(hosting(Effect.gen(function*() {
      yield* approved("/signed-recorded")
      yield* (yield* Runtime).stop("acme:probe")
      assert.deepStrictEqual((yield* refused("/signed-less")).asks, ["environment KEY"])
    })))))

  it.effect("tells of each change of a request to who listens", () =>
    hosting(Effect.gen(function*() {
      const { changes } = yield* Approvals.Approvals
      const seen: Array<string> = []
      yield* Effect.forkChild(
        Stream.runForEach(changes, ({ state }) => Effect.sync(() => seen.push(state._tag))),
        { startImmediately: true }
      )
      yield* revoke(yield* approved("/probe"))
      assert.deepStrictEqual(seen, ["Reviewing", "Approved", "Revoked"])
    })))
})
