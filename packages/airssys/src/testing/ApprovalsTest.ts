/**
 * What `Approvals` has to do over every implementation of `ApprovalStore`.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Signature from "effect/crypto/Signature"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Approval } from "../security/Approval.ts"
import * as ApprovalQueue from "../security/ApprovalQueue.ts"
import * as Approvals from "../security/Approvals.ts"
import * as ApprovalStatement from "../security/ApprovalStatement.ts"
import * as ApprovalStore from "../security/ApprovalStore.ts"
import type { AuditEntry } from "../security/AuditEntry.ts"
import { AuditError } from "../security/AuditError.ts"
import * as AuditLog from "../security/AuditLog.ts"
import * as CapabilitySet from "../security/CapabilitySet.ts"
import type { ResourceLimits } from "../security/ResourceLimits.ts"
import * as SigningKey from "../security/SigningKey.ts"
import * as Statement from "../security/Statement.ts"

const crypto = Layer.mergeAll(
  Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto)),
  Digest.layerWebCrypto
)

const artifact = (text: string): string => `sha256:${text.repeat(64).slice(0, 64)}`

const keyOf = (seed: number) => SigningKey.fromSeed(Redacted.make(new Uint8Array(32).fill(seed)))

const day = 24 * 60 * 60 * 1000

const rates = [{ kind: "storage.read", patterns: ["rates/**"], reason: "Keep rates." }] as const
const fewer = [{ kind: "storage.read", patterns: ["rates/today"], reason: "Keep rates." }] as const
const more = [...rates, { kind: "process.spawn", patterns: ["git"], reason: "Fetch." }] as const

const limits = { memory: 32 * 1024 * 1024, fuel: 1_000_000 }

interface Asked {
  readonly nonce?: string
  readonly component?: string
  readonly version?: string
  readonly artifact?: string
  readonly wants?: ReadonlyArray<ApprovalStatement.Wanted>
  readonly limits?: ResourceLimits
  readonly change?: Partial<ApprovalStatement.Request>
  readonly judged?: Approvals.Judged
}

interface World {
  readonly approvals: Approvals.Approvals["Service"]
  readonly store: ApprovalStore.ApprovalStore["Service"]
  readonly audit: AuditLog.AuditLog["Service"]
  readonly keys: Readonly<Record<"host" | "ada" | "ben" | "author" | "mallory", SigningKey.SigningKey>>
}

const keys = Effect.all({ host: keyOf(1), ada: keyOf(2), ben: keyOf(3), author: keyOf(4), mallory: keyOf(5) })

const unknown: Approvals.Judged = { level: "Unknown" }

const request = ({ keys }: World, asked: Asked = {}, by: keyof World["keys"] = "author") =>
  Effect.gen(function*() {
    const wants = asked.wants ?? rates
    const value: ApprovalStatement.Request = {
      host: keys.host.publicKey,
      nonce: (asked.nonce ?? "1").repeat(22).slice(0, 22),
      component: asked.component ?? "acme:rates",
      version: asked.version ?? "1.0.0",
      artifact: asked.artifact ?? artifact("a"),
      manifest: artifact("b"),
      capabilities: yield* CapabilitySet.digest(wants),
      wants,
      limits: asked.limits ?? limits,
      reason: "Invoices.",
      issued: 0,
      notAfter: 30 * day,
      ...asked.change
    }
    return yield* Statement.sign(ApprovalStatement.request, value, [keys[by]])
  })

const submit = (world: World, asked: Asked = {}, by: keyof World["keys"] = "author") =>
  Effect.flatMap(request(world, asked, by), (signed) => world.approvals.submit(signed, asked.judged ?? unknown))

const about = ({ keys }: World, approval: Approval) => ({
  host: keys.host.publicKey,
  request: approval.id,
  revision: approval.revision,
  issued: 0
})

const claim = (world: World, approval: Approval, by: keyof World["keys"] = "ada") =>
  Effect.flatMap(
    Statement.sign(ApprovalStatement.claim, { ...about(world, approval), notAfter: day }, [world.keys[by]]),
    world.approvals.claim
  )

const decision = (world: World, approval: Approval, by: keyof World["keys"] = "ada", options: {
  readonly verdict?: "approve" | "deny" | undefined
  readonly change?: Partial<ApprovalStatement.Decision> | undefined
} = {}) =>
  Statement.sign(ApprovalStatement.decision, {
    ...about(world, approval),
    nonce: approval.asked.nonce,
    artifact: approval.asked.artifact,
    capabilities: approval.asked.capabilities,
    verdict: options.verdict ?? "approve",
    reason: "Read it.",
    notAfter: 10 * day,
    ...(approval.publisher === undefined ? undefined : { publisher: approval.publisher }),
    ...options.change
  }, [world.keys[by]])

const approve = (world: World, approval: Approval, by: keyof World["keys"] = "ada") =>
  Effect.flatMap(
    claim(world, approval, by),
    (claimed) => Effect.flatMap(decision(world, claimed, by), world.approvals.decide)
  )

const revoke = (world: World, approval: Approval) =>
  Effect.flatMap(
    Statement.sign(ApprovalStatement.revocation, { ...about(world, approval), reason: "Leaked." }, [world.keys.ada]),
    world.approvals.revoke
  )

/** The same queue for those who decide in another process. */
const besideIt = (world: World, options: { readonly quorum?: number } = {}) =>
  Effect.map(
    Effect.provideService(
      ApprovalQueue.make({
        host: world.keys.host.publicKey,
        operators: [world.keys.ada.publicKey, world.keys.ben.publicKey],
        ...options
      }),
      ApprovalStore.ApprovalStore,
      world.store
    ),
    (queue): World => ({ ...world, approvals: { ...world.approvals, ...queue } })
  )

const releaseOf = ({ asked }: Approval): Approvals.Release => ({
  component: asked.component,
  artifact: asked.artifact,
  manifest: asked.manifest,
  capabilities: asked.capabilities,
  limits: asked.limits
})

const holds = (world: World, approval: Approval, judged: Approvals.Judged = unknown) =>
  world.approvals.require(releaseOf(approval), judged).pipe(
    Effect.map(({ id }) => id === approval.id),
    Effect.catchTag("NotApproved", () => Effect.succeed(false))
  )

const isApproval = ({ event }: AuditEntry) => event._tag === "ApprovalChanged" && event.to === "Approved"

/** A log in memory that cannot be written while `fails` says so; `before` happens before each entry. */
const failing = (fails: () => boolean = () => false, before: () => Effect.Effect<unknown> = () => Effect.void) =>
  Layer.effect(
    AuditLog.AuditLog,
    Effect.map(AuditLog.AuditLog, (audit) =>
      AuditLog.AuditLog.of({
        ...audit,
        append: (event) =>
          Effect.suspend(() =>
            fails()
              ? Effect.fail(new AuditError({ reason: "Unwritable", detail: "disk full" }))
              : Effect.andThen(before(), audit.append(event))
          )
      }))
  ).pipe(Layer.provide(AuditLog.layerMemory()))

/**
 * Registers the tests. Each call of `layer` gives an empty store.
 *
 * @category testing
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: () => Layer.Layer<ApprovalStore.ApprovalStore, E>): void => {
  const run = <A, E2>(
    test: (world: World) => Effect.Effect<A, E2, Signature.Signature | Digest.Digest>,
    options: Partial<Approvals.Options> & {
      readonly fails?: () => boolean
      readonly before?: () => Effect.Effect<unknown>
    } = {}
  ) =>
    Effect.gen(function*() {
      const made = yield* keys
      const operators = [made.ada.publicKey, made.ben.publicKey]
      const world = Effect.gen(function*() {
        return yield* test({
          approvals: yield* Approvals.Approvals,
          store: yield* ApprovalStore.ApprovalStore,
          audit: yield* AuditLog.AuditLog,
          keys: made
        })
      })
      return yield* world.pipe(
        Effect.provide(
          Approvals.layer({ hostKey: made.host, operators, ...options }).pipe(
            Layer.provideMerge(Layer.mergeAll(layer(), failing(options.fails, options.before))),
            Layer.provideMerge(crypto)
          )
        )
      )
    }).pipe(Effect.provide(crypto))

  describe(`Approvals (${name})`, () => {
    it.effect("lets a release run from when an operator approved it until that ends", () =>
      run((world) =>
        Effect.gen(function*() {
          const pending = yield* submit(world)
          assert.strictEqual(pending.state._tag, "Pending")
          assert.isFalse(yield* holds(world, pending))
          assert.strictEqual((yield* claim(world, pending)).state._tag, "Reviewing")
          assert.isFalse(yield* holds(world, pending))
          const approved = yield* approve(world, yield* world.approvals.get(pending.id))
          assert.strictEqual(approved.state._tag, "Approved")
          assert.isTrue(yield* holds(world, approved))
          yield* TestClock.adjust("10 days")
          assert.isFalse(yield* holds(world, approved))
          assert.strictEqual((yield* world.approvals.get(pending.id)).state._tag, "Expired")
        })
      ))

    it.effect("is for one artifact with exactly one set of capabilities and of limits", () =>
      run((world) =>
        Effect.gen(function*() {
          const approved = yield* approve(world, yield* submit(world))
          for (
            const other of [
              { artifact: artifact("f") },
              { manifest: artifact("f") },
              { capabilities: yield* CapabilitySet.digest(more) },
              { capabilities: yield* CapabilitySet.digest(fewer) },
              { component: "acme:totals" },
              { limits: { ...limits, memory: limits.memory * 2 } },
              { limits: { ...limits, fuel: limits.fuel + 1 } },
              { limits: { memory: limits.memory, timeout: 1 } }
            ]
          ) {
            const error = yield* Effect.flip(world.approvals.require({ ...releaseOf(approved), ...other }, unknown))
            assert.strictEqual(error._tag, "NotApproved")
          }
        })
      ))

    it.effect("says of what is not approved what became of the request", () =>
      run((world) =>
        Effect.gen(function*() {
          const pending = yield* submit(world)
          const error = yield* Effect.flip(world.approvals.require(releaseOf(pending), unknown))
          assert.include(error.message, `request ${pending.id} is Pending`)
          const claimed = yield* claim(world, pending)
          yield* Effect.flatMap(decision(world, claimed, "ada", { verdict: "deny" }), world.approvals.decide)
          const denied = yield* Effect.flip(world.approvals.require(releaseOf(pending), unknown))
          assert.include(denied.message, `request ${pending.id} is Denied`)
        })
      ))

    it.effect("refuses who asked, who is no operator, and signatures that do not verify", () =>
      run((world) =>
        Effect.gen(function*() {
          const own = yield* submit(world, {}, "ada")
          const refused = yield* Effect.flip(claim(world, own))
          assert.strictEqual(refused._tag === "ApprovalRefused" && refused.reason, "OwnRequest")
          const stranger = yield* Effect.flip(claim(world, own, "mallory"))
          assert.strictEqual(stranger._tag === "ApprovalRefused" && stranger.reason, "NotOperator")
          const claimed = yield* claim(world, own, "ben")
          const forged = yield* decision(world, claimed, "mallory")
          const error = yield* Effect.flip(world.approvals.decide({
            ...forged,
            signatures: [{ key: world.keys.ben.publicKey, signature: forged.signatures[0]!.signature }]
          }))
          assert.strictEqual(error._tag === "StatementError" && error.reason, "BadSignature")
          assert.strictEqual((yield* approve(world, claimed, "ben")).state._tag, "Approved")
        })
      ))

    it.effect("takes no statement twice, of another host or of another request", () =>
      run((world) =>
        Effect.gen(function*() {
          const claimed = yield* claim(world, yield* submit(world))
          const signed = yield* decision(world, claimed)
          const reasonOf = (statement: Statement.Signed) =>
            Effect.map(
              Effect.flip(world.approvals.decide(statement)),
              (error) => error._tag === "ApprovalRefused" ? error.reason : error._tag
            )
          const elsewhere = yield* decision(world, claimed, "ada", { change: { host: world.keys.ben.publicKey } })
          assert.strictEqual(yield* reasonOf(elsewhere), "WrongHost")
          const nowhere = yield* decision(world, claimed, "ada", { change: { request: artifact("e") } })
          assert.strictEqual(yield* reasonOf(nowhere), "UnknownRequest")
          yield* world.approvals.decide(signed)
          assert.strictEqual(yield* reasonOf(signed), "Stale")
          yield* revoke(world, yield* world.approvals.get(claimed.id))
          assert.strictEqual(yield* reasonOf(signed), "Stale")
        })
      ))

    it.effect("decides one request once, however many decide at the same time", () =>
      run((world) =>
        Effect.gen(function*() {
          const first = yield* claim(world, yield* submit(world))
          const both = yield* claim(world, first, "ben")
          const yes = yield* decision(world, both, "ada")
          const no = yield* decision(world, both, "ben", { verdict: "deny" })
          const results = yield* Effect.forEach([yes, no, yes, no], (_) => Effect.exit(world.approvals.decide(_)), {
            concurrency: "unbounded"
          })
          assert.strictEqual(results.filter((_) => _._tag === "Success").length, 1)
          const entries = yield* world.audit.entries
          const decided = entries.filter(({ event }) =>
            event._tag === "ApprovalChanged" && (event.to === "Approved" || event.to === "Denied")
          )
          assert.strictEqual(decided.length, 1)
        })
      ))

    it.effect("asks two operators where two are needed", () =>
      run((world) =>
        Effect.gen(function*() {
          const one = yield* approve(world, yield* submit(world))
          assert.strictEqual(one.state._tag, "Reviewing")
          assert.isFalse(yield* holds(world, one))
          const again = yield* approve(world, one)
          assert.isFalse(yield* holds(world, again))
          const two = yield* approve(world, again, "ben")
          assert.strictEqual(two.state._tag, "Approved")
          assert.isTrue(yield* holds(world, two))
        }), { quorum: 2 }))

    it.effect("takes an approval back at once", () =>
      run((world) =>
        Effect.gen(function*() {
          const approved = yield* approve(world, yield* submit(world))
          const revoked = yield* revoke(world, approved)
          assert.strictEqual(revoked.state._tag, "Revoked")
          assert.isFalse(yield* holds(world, approved))
        })
      ))

    it.effect("refuses a request of another host, past its time, of another digest, of no pattern, or with a used nonce", () =>
      run((world) =>
        Effect.gen(function*() {
          const reasonOf = (asked: Asked) =>
            Effect.map(Effect.flip(submit(world, asked)), (error) =>
              error._tag === "RequestRefused" ? error.reason : error._tag)
          assert.strictEqual(yield* reasonOf({ change: { host: world.keys.ada.publicKey } }), "WrongHost")
          assert.strictEqual(yield* reasonOf({ change: { notAfter: 0 } }), "Over")
          assert.strictEqual(yield* reasonOf({ change: { notAfter: 91 * day } }), "Over")
          assert.strictEqual(yield* reasonOf({ change: { capabilities: artifact("c") } }), "WrongDigest")
          const wants = [{ kind: "filesystem.read", patterns: ["inbox:/../etc"], reason: "No." }] as const
          assert.strictEqual(yield* reasonOf({ wants }), "InvalidPattern")
          const pending = yield* submit(world)
          assert.deepStrictEqual(yield* submit(world), pending)
          assert.strictEqual(yield* reasonOf({ version: "1.0.1" }), "Replayed")
        })
      ))

    it.effect("passes what is trusted and what DevMode runs, as entries of their own", () =>
      run((world) =>
        Effect.gen(function*() {
          const trusted = yield* submit(world, { judged: { level: "Trusted" } })
          assert.strictEqual(trusted.state._tag, "AutoApproved")
          assert.isTrue(yield* holds(world, trusted, { level: "Trusted" }))
          assert.isFalse(yield* holds(world, trusted))
          const dev = yield* submit(world, { nonce: "2", artifact: artifact("d"), judged: { level: "DevMode" } })
          assert.strictEqual(dev.state._tag, "DevBypassed")
          assert.isTrue(yield* holds(world, dev, { level: "DevMode" }))
          assert.isFalse(yield* holds(world, dev))
          const entries = yield* world.audit.entries
          assert.deepStrictEqual(
            entries.flatMap(({ event }) => event._tag === "ApprovalChanged" ? [[event.from, event.to]] : []),
            [["none", "Pending"], ["Pending", "AutoApproved"], ["none", "Pending"], ["Pending", "DevBypassed"]]
          )
          yield* TestClock.adjust("1 day")
          assert.isFalse(yield* holds(world, dev, { level: "DevMode" }))
        })
      ))

    it.effect("reviews what is trusted where the host says so", () =>
      run((world) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* submit(world, { judged: { level: "Trusted" } })).state._tag, "Pending")
        }), { passTrusted: false }))

    it.effect("passes an upgrade of the same publisher that asks for no more, while its basis holds", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          const first = yield* approve(world, yield* submit(world, { judged }))
          const next = (nonce: string, wants: Asked["wants"], by: Approvals.Judged = judged) =>
            submit(world, {
              nonce,
              version: `1.${nonce}.0`,
              artifact: artifact(nonce),
              wants: wants ?? rates,
              judged: by
            })
          const equal = yield* next("2", rates)
          const narrower = yield* next("3", fewer)
          assert.strictEqual(equal.state._tag, "AutoApproved")
          assert.strictEqual(narrower.state._tag, "AutoApproved")
          assert.strictEqual((yield* next("4", more)).state._tag, "Pending")
          assert.strictEqual((yield* next("5", rates, unknown)).state._tag, "Pending")
          const other = { level: "Unknown", publisher: world.keys.mallory.publicKey } as const
          assert.strictEqual((yield* next("6", rates, other)).state._tag, "Pending")
          assert.isTrue(yield* holds(world, equal, judged))
          assert.isFalse(yield* holds(world, equal, other))
          yield* revoke(world, first)
          const shown = yield* world.approvals.difference(yield* next("7", fewer))
          assert.lengthOf(shown.widened, 1, "what passed because of it is none that somebody saw")
          assert.isFalse(yield* holds(world, equal, judged))
          assert.isFalse(yield* holds(world, narrower, judged))
        })
      ))

    it.effect("passes no version below one that is approved, or that has passed, of the same publisher", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          const ask = (nonce: string, version: string, by: Approvals.Judged = judged) =>
            submit(world, { nonce, version, artifact: artifact(nonce), judged: by })
          yield* approve(world, yield* ask("1", "2.0.0"))
          for (const [nonce, version] of [["2", "1.9.9"], ["3", "2.0.0-rc.1"], ["4", "2"], ["5", "02.0.0"]] as const) {
            assert.strictEqual((yield* ask(nonce, version)).state._tag, "Pending", version)
          }
          assert.strictEqual((yield* ask("6", "2.1.0")).state._tag, "AutoApproved")
          assert.strictEqual((yield* ask("7", "2.0.1")).state._tag, "Pending")
          const other: Approvals.Judged = { level: "Unknown", publisher: world.keys.mallory.publicKey }
          yield* approve(world, yield* ask("8", "9.0.0", other))
          assert.strictEqual((yield* ask("9", "2.1.0")).state._tag, "AutoApproved")
        })
      ))

    it.effect("passes no upgrade of a publisher of which an operator has since refused a release", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          const ask = (nonce: string, wants: Asked["wants"] = rates) =>
            submit(world, { nonce, version: `1.${nonce}.0`, artifact: artifact(nonce), judged, wants })
          const deny = (approval: Approval) =>
            Effect.flatMap(claim(world, approval), (claimed) =>
              Effect.flatMap(decision(world, claimed, "ada", { verdict: "deny" }), world.approvals.decide))
          yield* approve(world, yield* ask("1"))
          yield* deny(yield* ask("2", more))
          const passed = yield* ask("3")
          assert.strictEqual(passed.state._tag, "AutoApproved", "what was denied asked for more")
          yield* revoke(world, passed)
          const next = yield* ask("4")
          assert.strictEqual(next.state._tag, "Pending")
          yield* approve(world, next)
          assert.strictEqual((yield* ask("5")).state._tag, "AutoApproved")
          const twin = yield* submit(world, { nonce: "6", version: "1.6.0", artifact: artifact("6") })
          yield* deny(twin)
          assert.strictEqual((yield* ask("7")).state._tag, "AutoApproved", "nobody knows who published what was denied")
        })
      ))

    it.effect("passes no upgrade of whom nobody knows", () =>
      run((world) =>
        Effect.gen(function*() {
          yield* approve(world, yield* submit(world))
          assert.strictEqual((yield* submit(world, { nonce: "2", artifact: artifact("d") })).state._tag, "Pending")
          const same = yield* submit(world, { nonce: "3", wants: fewer })
          assert.strictEqual(same.state._tag, "AutoApproved")
          const other = yield* submit(world, { nonce: "4", wants: fewer, change: { manifest: artifact("f") } })
          assert.strictEqual(other.state._tag, "Pending", "the same bytes with other settings")
        })
      ))

    it.effect("passes no upgrade that asks for longer", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          const until = (expires: string) => [{ ...rates[0], expires }]
          yield* approve(world, yield* submit(world, { judged, wants: until("2027-03-31") }))
          const ask = (nonce: string, wants: Asked["wants"]) =>
            submit(world, { nonce, artifact: artifact(nonce), judged, wants: wants ?? rates })
          assert.strictEqual((yield* ask("2", until("2027-03-30"))).state._tag, "AutoApproved")
          assert.strictEqual((yield* ask("3", until("2027-04-01"))).state._tag, "Pending")
          assert.strictEqual((yield* ask("4", rates)).state._tag, "Pending")
        })
      ))

    it.effect("passes no upgrade whose limits are wider, and shows these alone", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          yield* approve(world, yield* submit(world, { judged }))
          const { fuel, memory } = limits
          const ask = (nonce: string, limits: ResourceLimits, of = artifact(nonce)) =>
            submit(world, { nonce, artifact: of, judged, limits })
          for (const [nonce, of] of [["2", undefined], ["3", artifact("a")]] as const) {
            const wider = yield* ask(nonce, { memory: memory + 1, fuel }, of)
            assert.strictEqual(wider.state._tag, "Pending")
            assert.deepStrictEqual(yield* world.approvals.difference(wider), {
              widened: [],
              dropped: [],
              limits: [{ limit: "memory", from: memory, to: memory + 1 }]
            })
          }
          assert.strictEqual((yield* ask("4", { memory, timeout: 1 })).state._tag, "Pending")
          assert.strictEqual((yield* ask("5", { memory, fuel: fuel + 1, timeout: 1 })).state._tag, "Pending")
          assert.strictEqual((yield* ask("6", { memory: memory - 1, fuel, timeout: 1 })).state._tag, "AutoApproved")
        })
      ))

    it.effect("takes no request of more patterns than can be compared", () =>
      run((world) =>
        Effect.gen(function*() {
          const wants = Array.from({ length: 5 }, (_, block) => ({
            kind: "storage.read" as const,
            patterns: Array.from({ length: block < 4 ? 256 : 1 }, (_, index) => `r${block}/${index}`),
            reason: "Keep rates."
          }))
          assert.strictEqual((yield* submit(world, { wants: wants.slice(0, 4) })).state._tag, "Pending")
          const error = yield* Effect.flip(submit(world, { nonce: "2", wants }))
          assert.strictEqual(error._tag === "StatementError" && error.reason, "InvalidValue")
        })
      ))

    it.effect("never lengthens an approval by upgrades", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          yield* approve(world, yield* submit(world, { judged }))
          yield* TestClock.adjust("9 days")
          const second = yield* submit(world, { nonce: "2", artifact: artifact("d"), judged })
          assert.isTrue(yield* holds(world, second, judged))
          assert.strictEqual(second.state._tag === "AutoApproved" && second.state.notAfter, 10 * day)
          yield* TestClock.adjust("1 day")
          assert.isFalse(yield* holds(world, second, judged))
          const third = yield* submit(world, { nonce: "3", artifact: artifact("e"), judged })
          assert.strictEqual(third.state._tag, "Pending")
        })
      ))

    it.effect("shows what an upgrade asks for beyond what is approved, the greatest risk first", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          yield* approve(world, yield* submit(world, { judged }))
          const wants = [...fewer, { kind: "clock", patterns: [], reason: "Date." }, ...more.slice(1)] as const
          const wider = yield* submit(world, { nonce: "2", artifact: artifact("d"), wants, judged })
          const { dropped, widened } = yield* world.approvals.difference(wider)
          assert.deepStrictEqual(widened.map(({ kind, risk }) => [kind, risk.level]), [
            ["process.spawn", "Critical"],
            ["clock", "Low"]
          ])
          assert.deepStrictEqual(dropped.map(({ pattern }) => pattern), ["rates/**"])
          for (const other of [unknown, { level: "Unknown", publisher: world.keys.mallory.publicKey }] as const) {
            const nonce = other.publisher === undefined ? "3" : "4"
            const theirs = yield* submit(world, { nonce, artifact: artifact("e"), judged: other })
            const all = yield* world.approvals.difference(theirs)
            assert.deepStrictEqual(all.widened.map(({ pattern }) => pattern), ["rates/**"])
          }
        })
      ))

    it.effect("lets nothing pass by itself that an operator denied or took back, however often it is asked", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = { level: "Unknown", publisher: world.keys.author.publicKey }
          yield* approve(world, yield* submit(world, { judged }))
          const ask = (nonce: string, of: string, by: Approvals.Judged = judged, wants = rates) =>
            submit(world, { nonce, artifact: artifact(of), judged: by, wants })
          const upgrade = yield* ask("2", "d")
          const twin = yield* ask("3", "d")
          assert.isTrue(yield* holds(world, twin, judged))
          yield* revoke(world, upgrade)
          assert.isFalse(yield* holds(world, twin, judged))
          assert.strictEqual((yield* ask("4", "d")).state._tag, "Pending")
          assert.strictEqual((yield* ask("5", "d", { level: "Trusted" })).state._tag, "Pending")
          assert.strictEqual((yield* ask("6", "d", { level: "DevMode" })).state._tag, "Pending")
          const wide = yield* claim(world, yield* submit(world, { nonce: "7", artifact: artifact("e"), wants: more }))
          yield* Effect.flatMap(decision(world, wide, "ada", { verdict: "deny" }), world.approvals.decide)
          assert.strictEqual((yield* ask("8", "e")).state._tag, "Pending")
          const again = yield* approve(world, yield* ask("9", "d"))
          assert.isTrue(yield* holds(world, again, judged))
        })
      ))

    it.effect("lets nobody decide on a release that their key signed", () =>
      run((world) =>
        Effect.gen(function*() {
          const own = yield* submit(world, { judged: { level: "Unknown", publisher: world.keys.ada.publicKey } })
          const refused = yield* Effect.flip(claim(world, own))
          assert.strictEqual(refused._tag === "ApprovalRefused" && refused.reason, "OwnRequest")
          const approvals = [yield* decision(world, own)]
          const state = { _tag: "Approved", approvals, notAfter: 10 * day } as const
          assert.isTrue(yield* world.store.update({ ...own, revision: 1, isRecorded: true, state }))
          assert.isFalse(yield* holds(world, own))
        })
      ))

    it.effect("lets nobody decide on a release that any of their keys signed, whenever that is found out", () =>
      run((world) =>
        Effect.gen(function*() {
          const judged: Approvals.Judged = {
            level: "Unknown",
            publisher: world.keys.author.publicKey,
            signers: [world.keys.author.publicKey, world.keys.ada.publicKey]
          }
          const refused = yield* Effect.flip(claim(world, yield* submit(world, { judged })))
          assert.strictEqual(refused._tag === "ApprovalRefused" && refused.reason, "OwnRequest")
          const { signers, ...alone } = judged
          const approved = yield* approve(world, yield* submit(world, { nonce: "2", judged: alone, wants: fewer }))
          assert.isTrue(yield* holds(world, approved, alone))
          assert.isFalse(yield* holds(world, approved, { ...alone, signers }))
        })
      ))

    it.effect("believes no record about who published a release or how it was judged", () =>
      run((world) =>
        Effect.gen(function*() {
          const mallory: Approvals.Judged = { level: "Unknown", publisher: world.keys.mallory.publicKey }
          const approved = yield* approve(world, yield* submit(world))
          const stolen = { ...approved, revision: approved.revision + 1, publisher: world.keys.mallory.publicKey }
          assert.isTrue(yield* world.store.update({ ...stolen, isRecorded: true }))
          assert.isFalse(yield* holds(world, approved))
          assert.strictEqual(
            (yield* submit(world, { nonce: "2", artifact: artifact("d"), judged: mallory })).state._tag,
            "Pending"
          )
          const trusted = yield* submit(world, { nonce: "3", artifact: artifact("e"), judged: { level: "Trusted" } })
          const level = { ...trusted, revision: trusted.revision + 1, level: "Unknown", isRecorded: true } as const
          assert.isTrue(yield* world.store.update(level))
          assert.isFalse(yield* holds(world, trusted))
          assert.isFalse(yield* holds(world, trusted, { level: "Trusted" }))
        })
      ))

    it.effect("finds a record by what it says, not by how it is filed", () =>
      run((world) =>
        Effect.gen(function*() {
          const approved = yield* approve(world, yield* submit(world))
          const misfiling = ApprovalStore.ApprovalStore.of({
            ...world.store,
            list: () => Effect.succeed({ approvals: [approved] })
          })
          const approvals = yield* Effect.provide(
            Approvals.Approvals,
            Approvals.layer({ hostKey: world.keys.host, operators: [world.keys.ada.publicKey] }).pipe(
              Layer.provide(Layer.succeed(ApprovalStore.ApprovalStore, misfiling)),
              Layer.provide(Layer.succeed(AuditLog.AuditLog, world.audit)),
              Layer.provide(crypto)
            )
          )
          const release = releaseOf(approved)
          assert.strictEqual((yield* approvals.require(release, unknown)).id, approved.id)
          for (const change of [{ artifact: artifact("f") }, { component: "acme:totals" }]) {
            const error = yield* Effect.flip(approvals.require({ ...release, ...change }, unknown))
            assert.strictEqual(error._tag, "NotApproved")
          }
          assert.lengthOf((yield* approvals.difference(approved)).widened, 0)
          const other = { ...approved, asked: { ...approved.asked, component: "acme:totals" } }
          assert.isNotEmpty((yield* approvals.difference(other)).widened)
        })
      ))

    it.effect("counts no approval that was taken back while it was recorded", () => {
      let meanwhile: Effect.Effect<unknown> = Effect.void
      let fails = false
      return run((world) =>
        Effect.gen(function*() {
          const claimed = yield* claim(world, yield* submit(world))
          const signed = yield* decision(world, claimed)
          fails = true
          yield* Effect.flip(world.approvals.decide(signed))
          fails = false
          const approved = (yield* world.store.get(claimed.id))!
          meanwhile = Effect.orDie(world.store.update({
            ...approved,
            revision: approved.revision + 1,
            state: { _tag: "Revoked", revocation: signed, reason: "Leaked." }
          }))
          assert.isFalse(yield* holds(world, approved))
        }), { fails: () => fails, before: () => meanwhile })
    })

    it.effect("lets what was trusted pass no longer once the host reviews what is trusted", () =>
      run((world) =>
        Effect.gen(function*() {
          const trusted = yield* submit(world, { judged: { level: "Trusted" } })
          assert.isTrue(yield* holds(world, trusted, { level: "Trusted" }))
          const strict = yield* Effect.provide(
            Approvals.Approvals,
            Approvals.layer({
              hostKey: world.keys.host,
              operators: [world.keys.ada.publicKey],
              passTrusted: false
            }).pipe(
              Layer.provide(Layer.succeed(ApprovalStore.ApprovalStore, world.store)),
              Layer.provide(Layer.succeed(AuditLog.AuditLog, world.audit)),
              Layer.provide(crypto)
            )
          )
          assert.isFalse(yield* holds({ ...world, approvals: strict }, trusted, { level: "Trusted" }))
        })
      ))

    it.effect("takes no options that make one key several, or the host an operator", () =>
      Effect.gen(function*() {
        const { ada, ben, host } = yield* keys
        const taken = (operators: ReadonlyArray<SigningKey.SigningKey>, quorum?: number) =>
          Effect.isSuccess(
            Effect.scoped(
              Layer.build(
                Approvals.layer({ hostKey: host, operators: operators.map((_) => _.publicKey), quorum }).pipe(
                  Layer.provide(Layer.mergeAll(layer(), failing())),
                  Layer.provide(crypto)
                )
              )
            )
          )
        assert.isTrue(yield* taken([]))
        assert.isTrue(yield* taken([ada, ben], 2))
        assert.isFalse(yield* taken([ada, ben, ada], 2))
        assert.isFalse(yield* taken([host, ada], 2))
        for (const quorum of [0, 3, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          assert.isFalse(yield* taken([ada, ben], quorum))
        }
      }).pipe(Effect.provide(crypto)))

    it.effect("believes no record that its signatures do not carry", () =>
      run((world) =>
        Effect.gen(function*() {
          const pending = yield* submit(world)
          const forged = yield* decision(world, pending, "mallory")
          const states: ReadonlyArray<Approval["state"]> = [
            { _tag: "Approved", approvals: [], notAfter: 10 * day },
            { _tag: "Approved", approvals: [forged], notAfter: 10 * day },
            { _tag: "AutoApproved", automatic: forged, because: "yes", notAfter: 10 * day },
            { _tag: "DevBypassed", automatic: forged, because: "yes", notAfter: 10 * day }
          ]
          let revision = pending.revision
          for (const state of states) {
            assert.isTrue(yield* world.store.update({ ...pending, revision: ++revision, isRecorded: true, state }))
            assert.isFalse(yield* holds(world, pending))
          }
          const approved = yield* approve(world, yield* submit(world, { nonce: "2", artifact: artifact("d") }))
          const wants = [...more]
          const capabilities = yield* CapabilitySet.digest(wants)
          let next = approved.revision
          for (
            const change of [{ wants, capabilities }, { wants }, { component: "acme:totals" }, { version: "9.0.0" }]
          ) {
            const asked = { ...approved.asked, ...change }
            assert.isTrue(yield* world.store.update({ ...approved, revision: ++next, isRecorded: true, asked }))
            assert.isFalse(yield* holds(world, { ...approved, asked }))
          }
          assert.isTrue(yield* world.store.update({ ...approved, revision: ++next, isRecorded: true }))
          assert.isTrue(yield* holds(world, approved))
        })
      ))

    it.effect("believes no record that hides who asked, and none that another than the host let pass", () =>
      run((world) =>
        Effect.gen(function*() {
          const own = yield* submit(world, {}, "ada")
          const approvals = [yield* decision(world, own)]
          const state = { _tag: "Approved", approvals, notAfter: 10 * day } as const
          const requesters = [world.keys.author.publicKey]
          const hidden = { ...own, requesters, revision: 1, isRecorded: true, state }
          assert.isTrue(yield* world.store.update(hidden))
          assert.isFalse(yield* holds(world, hidden))
          assert.isTrue(yield* world.store.update({ ...hidden, requesters: own.requesters, revision: 2 }))
          assert.isFalse(yield* holds(world, hidden))
          const value = {
            ...about(world, own),
            artifact: own.asked.artifact,
            capabilities: own.asked.capabilities,
            kind: "AutoApproved" as const,
            because: "I say so.",
            level: own.level,
            notAfter: 10 * day
          }
          const pass = (...by: readonly [SigningKey.SigningKey, ...Array<SigningKey.SigningKey>]) =>
            Effect.map(Statement.sign(ApprovalStatement.automatic, value, by), (automatic): Approval => ({
              ...own,
              revision: 3,
              isRecorded: true,
              state: { _tag: "AutoApproved", automatic, because: "", notAfter: 10 * day }
            }))
          assert.isTrue(yield* world.store.update(yield* pass(world.keys.ben)))
          assert.isFalse(yield* holds(world, own))
          const both = yield* pass(world.keys.host, world.keys.ben)
          assert.isTrue(yield* world.store.update({ ...both, revision: 4 }))
          assert.isFalse(yield* holds(world, own))
        })
      ))

    it.effect("counts no approval that the audit log does not have, and counts it once it has", () => {
      let fails = false
      return run((world) =>
        Effect.gen(function*() {
          const claimed = yield* claim(world, yield* submit(world))
          const signed = yield* decision(world, claimed)
          fails = true
          assert.strictEqual((yield* Effect.flip(world.approvals.decide(signed)))._tag, "AuditError")
          const release = releaseOf(claimed)
          assert.strictEqual((yield* Effect.flip(world.approvals.require(release, unknown)))._tag, "AuditError")
          assert.strictEqual((yield* world.store.get(claimed.id))?.isRecorded, false)
          fails = false
          assert.isTrue(yield* holds(world, claimed))
          const entries = yield* world.audit.entries
          assert.isTrue(entries.some(({ event }) => event._tag === "ApprovalChanged" && event.to === "Approved"))
        }), { fails: () => fails })
    })

    it.effect("takes back also what it cannot record", () => {
      let fails = false
      return run((world) =>
        Effect.gen(function*() {
          const approved = yield* approve(world, yield* submit(world))
          fails = true
          assert.strictEqual((yield* Effect.flip(revoke(world, approved)))._tag, "AuditError")
          fails = false
          assert.isFalse(yield* holds(world, approved))
          assert.strictEqual((yield* world.approvals.get(approved.id)).state._tag, "Revoked")
        }), { fails: () => fails })
    })

    it.effect("counts what was decided beside it when it has recorded it, and each operator once", () =>
      run((world) =>
        Effect.gen(function*() {
          const beside = yield* besideIt(world, { quorum: 2 })
          const pending = yield* submit(world)
          assert.strictEqual((yield* approve(beside, pending, "ada")).state._tag, "Reviewing")
          assert.strictEqual(
            (yield* approve(beside, yield* beside.approvals.get(pending.id), "ada")).state._tag,
            "Reviewing"
          )
          const approved = yield* approve(beside, yield* beside.approvals.get(pending.id), "ben")
          assert.strictEqual(approved.state._tag, "Approved")
          assert.isFalse(approved.isRecorded)
          assert.isFalse((yield* world.audit.entries).some(isApproval))
          assert.isTrue(yield* holds(world, approved))
          assert.isTrue((yield* world.audit.entries).some(isApproval))
          assert.strictEqual((yield* revoke(beside, yield* beside.approvals.get(pending.id))).state._tag, "Revoked")
          assert.isFalse(yield* holds(world, approved))
        }), { quorum: 2 }))

    it.effect("holds beside it to the same rules", () =>
      run((world) =>
        Effect.gen(function*() {
          const beside = yield* besideIt(world)
          const pending = yield* submit(world)
          assert.strictEqual((yield* Effect.flip(claim(beside, pending, "mallory")))._tag, "ApprovalRefused")
          assert.strictEqual((yield* Effect.flip(claim(beside, pending, "author")))._tag, "ApprovalRefused")
          const approved = yield* approve(beside, pending)
          const again = yield* Effect.flip(approve(world, pending, "ben"))
          assert.strictEqual(again._tag === "ApprovalRefused" ? again.reason : "", "Stale")
          assert.strictEqual(approved.state._tag, "Approved")
        })
      ))

    it.effect("records what another process stored as soon as the store says so, and tells of it", () =>
      run((world) =>
        Effect.gen(function*() {
          const written = yield* Queue.unbounded<void>()
          const store = ApprovalStore.ApprovalStore.of({ ...world.store, changes: Stream.fromQueue(written) })
          const pending = yield* submit(world)
          yield* world.store.insert({
            ...pending,
            id: artifact("f"),
            asked: { ...pending.asked, nonce: "f".repeat(22), host: world.keys.mallory.publicKey },
            isRecorded: false
          })
          const beside = yield* besideIt(world)
          const operators = [world.keys.ada.publicKey]
          const other = Approvals.layer({ hostKey: world.keys.host, operators }).pipe(
            Layer.provide(Layer.succeed(ApprovalStore.ApprovalStore, store)),
            Layer.provide(Layer.succeed(AuditLog.AuditLog, world.audit))
          )
          const told = yield* Effect.provide(
            Effect.gen(function*() {
              const { changes } = yield* Approvals.Approvals
              const first = yield* Effect.forkChild(Stream.runHead(changes), { startImmediately: true })
              yield* approve(beside, pending)
              yield* Queue.offer(written, undefined)
              const heard = yield* Fiber.join(first)
              yield* Effect.yieldNow
              return heard
            }),
            other
          )
          assert.strictEqual(Option.getOrUndefined(told)?.state._tag, "Approved")
          assert.isTrue((yield* world.store.get(pending.id))?.isRecorded)
          assert.isFalse((yield* world.store.get(artifact("f")))?.isRecorded)
        })
      ))

    it.effect("lists the queue as it is at this time", () =>
      run((world) =>
        Effect.gen(function*() {
          yield* submit(world)
          yield* submit(world, { nonce: "2", artifact: artifact("d"), change: { notAfter: day } })
          yield* TestClock.adjust("1 day")
          const { approvals } = yield* world.approvals.list({ states: ["Pending", "Expired"] })
          assert.deepStrictEqual(approvals.map(({ state }) => state._tag), ["Pending", "Expired"])
        })
      ))

    it.effect("never gives back time: what expired stays so when the clock goes back", () =>
      run((world) =>
        Effect.gen(function*() {
          const approved = yield* approve(world, yield* submit(world))
          yield* TestClock.adjust("10 days")
          assert.isFalse(yield* holds(world, approved))
          yield* TestClock.setTime(0)
          assert.isFalse(yield* holds(world, approved))
        })
      ))
  })
}
